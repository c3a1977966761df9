"""Consented history as a file: taken by those who may look, under the consent as it is then.

What is taken is read, and written down with its numbers, in one transaction; whether the consent
still holds is asked once more before the file leaves.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory
from eligibility.errors import ConsentRequiredError, ExportNotValidError
from eligibility.export import Table, TakenHistory, rows_of, write_bundle
from eligibility.history import History, Institution
from eligibility.model import Confirmation, Consent, PayerAnswer
from eligibility.numbers import IndividualNumberError, refuse_individual_number
from terminal.access.accounts import Actor
from terminal.audit import Act, AuditEntry
from terminal.config import InstitutionSection
from terminal.consent import Disclosure
from terminal.consent_rules import HISTORY_CATEGORIES, open_categories
from terminal.csv_writing import write_csv
from terminal.errors import ExportReason, ExportRefusedError
from terminal.history_access import HistoryAccess, require_open
from terminal.history_ground import basis_of
from terminal.register.record_link import LinkChoice
from terminal.store import Store, Transaction
from terminal.views import HistoryClosed, OpenHistory
from terminal.visit import Visit

LONGEST_REASON = 200
NOT_VALID = "not-valid"
"""Why no file was handed out, in the audit log; else a :class:`HistoryClosed`."""


class ExportForm(StrEnum):
    """What a file holds, and how."""

    FHIR = "fhir"
    """All that is open, and the coverage, as one FHIR bundle."""
    DRUGS = "drugs"
    CARE = "care"
    CHECKUPS = "checkups"

    @property
    def table(self) -> Table | None:
        """The table that it is, None for the bundle."""
        return None if self is ExportForm.FHIR else Table(self.value)

    @property
    def categories(self) -> frozenset[ConsentCategory]:
        """What it is about."""
        table = self.table
        return frozenset(HISTORY_CATEGORIES if table is None else table.categories)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file to hand out.  ``name``: says nothing of the patient."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a file stands on beside the records themselves."""

    at: datetime
    institution: Institution
    answer: PayerAnswer
    confirmation: Confirmation
    consent: Consent
    wanted: frozenset[ConsentCategory]
    counted: frozenset[ConsentCategory]
    patient_number: str | None

    def with_history(self, history: History) -> TakenHistory:
        """Return what goes into the file: of ``history`` what was written down as taken."""
        taken = self.counted | (history.untold & self.wanted)
        return TakenHistory(
            id=uuid.uuid4().hex,
            exported_at=self.at,
            institution=self.institution,
            adapter=self.answer.adapter,
            as_of=self.confirmation.as_of,
            validity=self.confirmation.qualification_validity,
            coverages=self.answer.results,
            consent=self.consent,
            history=history.narrowed_to(taken),
            wanted=self.wanted,
            patient_number=self.patient_number,
        )


class HistoryExports:
    """Makes files of what the consent of a visit opens, for those to whom it may be opened."""

    def __init__(
        self,
        store: Store,
        disclosure: Disclosure,
        institution: InstitutionSection,
        now: Callable[[], datetime],
    ) -> None:
        """``disclosure``: keeps the history; ``institution``: whose files, and by which rule."""
        self._store = store
        self._disclosure = disclosure
        self._access = HistoryAccess(store, disclosure, now)
        self._institution = Institution(institution.name, institution.code)
        self._rule = institution.history_files
        self._now = now

    @property
    def asks_why(self) -> bool:
        """Whether a reason has to be given."""
        return self._rule == "with-reason"

    def forms(self, opened: OpenHistory) -> tuple[ExportForm, ...]:
        """Return the files that can be made of what is open and was fetched: by consent only."""
        consent = opened.consent
        if self._rule == "off" or consent is None:
            return ()
        kept = self._disclosure.of_visit(consent.visit_id)
        if kept is None or kept.consent_id != consent.id:
            return ()
        opens = open_categories(consent, opened.seen_at) & kept.fetched
        return tuple(form for form in ExportForm if form.categories & opens)

    def take(
        self, actor: Actor, visit_id: str, consent_id: str, form: ExportForm, why: str = ""
    ) -> ExportFile:
        """Return the file; who took what, how many records, and why, stands in the audit log.

        ``consent_id``: the consent that the page named, which must open it now.  Raises RoleError,
        UnknownVisitError, ConsentRequiredError, VisitStateError as a look does; ExportRefusedError;
        ExportNotValidError where the bundle is no valid FHIR, which then stands in the log too.
        """
        reason = self._reason(why)
        basis, closed = self._store.write(
            lambda tx: self._read(tx, actor, visit_id, consent_id, form, reason)
        )
        require_open(actor, visit_id, closed)
        if basis is None:
            raise ExportRefusedError(ExportReason.PERSON)
        taken = self._taken(basis)
        try:
            file = None if taken is None else _file(form, taken)
        except ExportNotValidError:
            self._write_failure(actor, basis.consent, form, NOT_VALID)
            raise
        if taken is None or file is None or not self._still_opens(taken):
            self._write_failure(actor, basis.consent, form, HistoryClosed.ENDED.value)
            raise ConsentRequiredError(HistoryClosed.ENDED.value)
        return file

    def _taken(self, basis: _Basis) -> TakenHistory | None:
        """Return what goes into the file, None where it was deleted just now."""
        history = self._disclosure.open(basis.consent)
        return None if history is None else basis.with_history(history)

    def _reason(self, why: str) -> str:
        if self._rule == "off":
            raise ExportRefusedError(ExportReason.OFF)
        words = " ".join(why.split())
        try:
            refuse_individual_number(words)
        except IndividualNumberError:
            raise ExportRefusedError(ExportReason.NO_REASON) from None
        if len(words) > LONGEST_REASON or (self.asks_why and not words):
            raise ExportRefusedError(ExportReason.NO_REASON)
        return words

    def _read(
        self,
        tx: Transaction,
        actor: Actor,
        visit_id: str,
        consent_id: str,
        form: ExportForm,
        reason: str,
    ) -> tuple[_Basis | None, HistoryClosed | None]:
        """Return what the file stands on, or why there is none; write down what is taken."""
        now = self._now()
        visit = tx.visits.get(visit_id)
        consent = tx.consents.get(consent_id)
        if consent is not None and consent.visit_id != visit_id:
            consent = None
        known = None if consent is None else consent.id
        basis = replace(basis_of(tx, visit_id, now), ground=consent)
        confirmation = basis.confirmation
        closed = self._access.closed(actor, basis)
        opens = open_categories(consent, now) & form.categories
        kept = self._disclosure.of_visit(visit_id)
        if closed is None and not opens:
            closed = HistoryClosed.REFUSED
        if closed is None and (kept is None or not kept.fetched & opens):
            closed = HistoryClosed.NOT_FETCHED
        if closed is not None or consent is None or confirmation is None or kept is None:
            closed = closed or HistoryClosed.NOT_FETCHED
            _write_down(tx, actor, visit, known, Act.HISTORY_REFUSED, closed.value)
            return None, closed
        answer = tx.answers.get(confirmation.answer_id)
        if len({one.person.birthdate for one in answer.results}) != 1:
            _write_down(tx, actor, visit, known, Act.HISTORY_REFUSED, ExportReason.PERSON.value)
            return None, None
        counted = kept.fetched & opens
        counts = sorted((str(one.value), kept.counts[one]) for one in counted)
        note = ExportNote(form.value, tuple(counts), reason)
        _write_down(tx, actor, visit, known, Act.HISTORY_EXPORTED, str(note))
        return (
            _Basis(
                now,
                self._institution,
                answer,
                confirmation,
                consent,
                form.categories,
                counted,
                _patient_number(tx, visit),
            ),
            None,
        )

    def _still_opens(self, taken: TakenHistory) -> bool:
        """Whether the consent did not end while the file was being made."""
        consent = self._store.read(lambda tx: tx.consents.get(taken.consent.id))
        return taken.history.fetched <= open_categories(consent, self._now())

    def _write_failure(self, actor: Actor, consent: Consent, form: ExportForm, why: str) -> None:
        def write(tx: Transaction) -> None:
            visit = tx.visits.get(consent.visit_id)
            _write_down(tx, actor, visit, consent.id, Act.HISTORY_EXPORT_FAILED, f"{form} {why}")

        self._store.write(write)


@dataclass(frozen=True, slots=True)
class ExportNote:
    """What the audit log keeps of a file: form, records of each category (by code), and why."""

    form: str
    counts: tuple[tuple[str, int], ...]
    reason: str = ""

    def __str__(self) -> str:
        """Return it as one line, which :func:`read_note` reads."""
        counted = ",".join(f"{code}={count}" for code, count in self.counts)
        return f"{self.form} {counted}" + (f": {self.reason}" if self.reason else "")

    @property
    def categories(self) -> str:
        """The codes of what was taken, as a look's row names them."""
        return ",".join(code for code, _ in self.counts)


def read_note(text: str) -> ExportNote:
    """Return what an audit row says of a file."""
    told, _, reason = text.partition(": ")
    form, _, counted = told.partition(" ")
    pairs = (one.partition("=") for one in counted.split(","))
    counts = tuple((code, int(count)) for code, _, count in pairs if count.isdecimal())
    return ExportNote(form, counts, reason)


def _write_down(
    tx: Transaction, actor: Actor, visit: Visit, consent_id: str | None, act: Act, told: str
) -> None:
    tx.audit.append(
        AuditEntry(act, actor, visit.id, consent_id=consent_id, subject=visit.subject, reason=told)
    )


def _patient_number(tx: Transaction, visit: Visit) -> str | None:
    """Return the clinic's own number of the patient, where staff linked the two."""
    if visit.subject is None:
        return None
    for link in tx.record_links.of_subject(visit.subject)[:1]:
        if link.choice is LinkChoice.LINKED:
            return link.patient_number
    return None


def _file(form: ExportForm, taken: TakenHistory) -> ExportFile:
    day = taken.exported_at.astimezone(JAPAN).strftime("%Y%m%d")
    name = f"history-{form}-{day}-{taken.id[:8]}"
    if form.table is None:
        return ExportFile(f"{name}.json", "application/fhir+json", write_bundle(taken))
    rows = rows_of(form.table, taken)
    return ExportFile(f"{name}.csv", "text/csv", write_csv(form.table.headers, rows))
