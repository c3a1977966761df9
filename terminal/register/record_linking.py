"""Staff link a visit's holder to a patient of the register, unlink, and take that back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from eligibility.clinic_record import ClinicRecord
from eligibility.holder import NOTHING_READ
from eligibility.model import (
    PayerAnswer,
    PersonSubject,
)
from eligibility.register import Candidate, is_another_persons
from eligibility.results import one_person
from eligibility.subjects import KnownSubject
from terminal.access.accounts import Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.confirming import known_attributes, known_before_of
from terminal.errors import UnknownPatientError, VisitStateError
from terminal.payer.reconfirming import Reconfirming
from terminal.register.file import read_patient_number
from terminal.register.record_choice import candidates_for, choice_for, record_for
from terminal.register.record_link import LinkChoice, RecordLink, RecordView
from terminal.store import Store, Transaction
from terminal.views import VisitDetail

_ACTS = {
    LinkChoice.LINKED: Act.RECORD_LINKED,
    LinkChoice.UNLINKED: Act.RECORD_UNLINKED,
    LinkChoice.LEFT: Act.RECORD_LINK_UNDONE,
}


class RecordLinking:
    """Links of one store.  Raises RoleError, UnknownVisitError, VisitStateError, StoreError."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        on_change: Callable[[str], None],
    ) -> None:
        """``on_change``: called with each visit whose confirmation or link changed."""
        self._store = store
        self._reconfirming = Reconfirming(now)
        self._now = now
        self._on_change = on_change

    def view(self, actor: Actor, detail: VisitDetail) -> RecordView:
        """Return what the register says beside a visit; whom it names is written down."""
        require_coverage(actor)
        visit_id, subject = detail.row.visit.id, detail.row.visit.subject
        if subject is None or isinstance(subject, PersonSubject):
            return RecordView()

        def look(tx: Transaction) -> RecordView:
            link = choice_for(tx, subject)
            found = _view(tx, subject, link, detail)
            shown = [one.record.patient_number for one in found.candidates]
            beside = (found.record, found.from_before)
            shown += [one.patient_number for one in beside if one is not None]
            if shown:
                tx.audit.append(
                    AuditEntry(
                        Act.REGISTER_SEEN,
                        actor,
                        visit_id,
                        subject=subject,
                        reason=" ".join(dict.fromkeys(shown)),
                    )
                )
            return found

        return self._store.write(look)

    def link(self, actor: Actor, visit_id: str, patient_number: str) -> None:
        """Link the visit's holder, now and at later visits, to the patient of this number.

        The answer is held against the record at once; where it is another person's, that is found
        and blocks.  Raises UnknownPatientError.
        """

        def choose(tx: Transaction, subject: KnownSubject) -> tuple[LinkChoice, str | None]:
            try:
                number = read_patient_number(patient_number)
            except ValueError:
                raise UnknownPatientError("this is no patient number") from None
            if tx.clinic_records.find(number) is None:
                raise UnknownPatientError("the register has no patient of this number")
            return LinkChoice.LINKED, number

        self._choose(actor, visit_id, choose)

    def unlink(self, actor: Actor, visit_id: str) -> None:
        """Link the visit's holder to nobody of the register, now and at later visits."""
        self._choose(actor, visit_id, lambda tx, subject: (LinkChoice.UNLINKED, None))

    def undo(self, actor: Actor, visit_id: str) -> None:
        """Take the last choice back: what held before it holds again.

        Raises VisitStateError where there is none, or it was made at another visit.
        """

        def choose(tx: Transaction, subject: KnownSubject) -> tuple[LinkChoice, str | None]:
            links = tx.record_links.of_subject(subject)
            if not links or links[0].visit_id != visit_id:
                msg = f"visit {visit_id}: there is nothing to take back"
                raise VisitStateError(msg)
            if len(links) == 1:
                return LinkChoice.LEFT, None
            return links[1].choice, links[1].patient_number

        self._choose(actor, visit_id, choose)

    def _choose(
        self,
        actor: Actor,
        visit_id: str,
        choose: Callable[[Transaction, KnownSubject], tuple[LinkChoice, str | None]],
    ) -> None:
        require_coverage(actor)

        def store(tx: Transaction) -> list[str]:
            subject = tx.visits.get(visit_id).subject
            if subject is None or isinstance(subject, PersonSubject):
                msg = f"visit {visit_id} has neither card nor number to link"
                raise VisitStateError(msg)
            choice, number = choose(tx, subject)
            tx.record_links.add(
                RecordLink(
                    uuid.uuid4().hex, subject, choice, self._now(), actor.id, visit_id, number
                )
            )
            tx.audit.append(
                AuditEntry(_ACTS[choice], actor, visit_id, subject=subject, reason=number)
            )
            return self._reconfirming.of_subject(tx, subject)

        for changed in {visit_id, *self._store.write(store)}:
            self._on_change(changed)


def _view(
    tx: Transaction,
    subject: KnownSubject,
    link: RecordLink | None,
    detail: VisitDetail,
) -> RecordView:
    links = tx.record_links.of_subject(subject)
    may_undo = bool(links) and links[0].visit_id == detail.row.visit.id
    record, gone = None, None
    if link is not None and link.patient_number is not None:
        entry = tx.clinic_records.find(link.patient_number)
        record = None if entry is None else entry.record
        gone = link.patient_number if entry is None else None
    elif link is None and detail.answer is not None:
        record = record_for(tx, detail.answer)
    names = {account.id: account.display_name for account in tx.accounts.all()}
    found = () if record is not None else _candidates(tx, subject, detail.answer)
    return RecordView(
        record=record,
        link=link,
        link_made_by=None if link is None else names.get(link.made_by),
        gone=gone,
        candidates=found,
        from_before=None if links or record else _from_before(tx, detail),
        may_link=tx.clinic_records.state()[0] > 0,
        may_undo=may_undo,
    )


def _candidates(
    tx: Transaction, subject: KnownSubject, answer: PayerAnswer | None
) -> tuple[Candidate, ...]:
    """Return who may be the person of the answer, else the holder as the card says."""
    named = None if answer is None else one_person(answer)
    person = known_attributes(tx, subject) if named is None else named
    if person == NOTHING_READ:
        return ()
    reference = None if answer is None else answer.reference_number
    return candidates_for(tx, person, reference).all


def _from_before(tx: Transaction, detail: VisitDetail) -> ClinicRecord | None:
    """Return whom staff linked the patient to by another card or number, if nothing contradicts."""
    answer, holder = detail.answer, detail.holder
    if answer is None:
        return None
    for subject in known_before_of(tx, detail.row.visit.id):
        link = choice_for(tx, subject)
        if link is None:
            continue
        entry = None if link.patient_number is None else tx.clinic_records.find(link.patient_number)
        attributes = NOTHING_READ if holder is None else holder.attributes
        if entry is None or is_another_persons(entry.record, answer, attributes):
            return None
        return entry.record
    return None
