"""What the desk may rely on: a confirmation made from an answer, and what was found about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from eligibility.calendar import JAPAN
from eligibility.clinic_record import ClinicRecord
from eligibility.holder import NOTHING_READ, about_holder, is_about_holder
from eligibility.model import (
    CardSubject,
    Confirmation,
    ConfirmationSource,
    Finding,
    FindingCode,
    HolderAttributes,
    PayerAnswer,
    Severity,
    Subject,
)
from eligibility.payer import CardQuestion, IdentificationMethod
from eligibility.personal_number import personal_key
from eligibility.reconcile import reconcile
from eligibility.register import is_about_record
from eligibility.renewal import about_renewal, known_before
from eligibility.subjects import KnownSubject
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry
from terminal.card.certificates import CertificateVerifier
from terminal.decision import differences
from terminal.identification import RevocationState
from terminal.payer.asked import Asked
from terminal.payer.freshness import Freshness, earlier_counts
from terminal.payer.recorded import Recorded, keep_for_visit, last_recorded
from terminal.register.record_choice import record_for
from terminal.staff_look import has_no_photo
from terminal.store import Transaction

DOUBTFUL = frozenset({FindingCode.OTHER_PERSON, FindingCode.SEVERAL_CANDIDATES})
OF_ONE_VISIT = frozenset(
    {
        FindingCode.CARD_RENEWED,
        FindingCode.CERTIFICATE_EXPIRES_SOON,
        FindingCode.CERTIFICATE_EXPIRED,
        FindingCode.REVOCATION_NOT_CHECKED,
        FindingCode.LOOKED_WITHOUT_PHOTO,
        FindingCode.DECIDED_OTHERWISE,
    }
)
"""What was found of a visit's card or of what staff did then, not of the payer's answer."""


def is_doubtful(confirmation: Confirmation) -> bool:
    """Whether it is not sure whose answer this confirmation stands on."""
    return _is_doubted(confirmation.findings)


def _is_doubted(findings: Iterable[Finding]) -> bool:
    return any(finding.code in DOUBTFUL for finding in findings)


def is_another_person(answer: PayerAnswer, attributes: HolderAttributes) -> bool:
    """Whether the card contradicts an answer, which may be older than what was read of the card."""
    return any(one.code is FindingCode.OTHER_PERSON for one in about_holder(attributes, answer))


def trusted_answer(tx: Transaction, subject: Subject) -> PayerAnswer | None:
    """Return the last answer that named somebody without a doubt: what a new one is held against.

    An answer that was stopped as another person's must not become the measure of the next, whether
    it was stopped at once, when the card was read, or because another visit read it since.
    """
    attributes = known_attributes(tx, subject)
    for confirmation in tx.confirmations.live_for(subject):
        if not is_doubtful(confirmation):
            answer = tx.answers.get(confirmation.answer_id)
            if answer.results and not is_another_person(answer, attributes):
                return answer
    return None


def _answers_with_numbers_of(tx: Transaction, answer: PayerAnswer) -> list[PayerAnswer]:
    """Return recorded answers that name a number of this one, doubtful ones left out."""
    keys = {key[0::2] for coverage in answer.results if (key := personal_key(coverage))}
    found = {
        confirmation.answer_id
        for insurer_number, number in keys
        for confirmation in tx.confirmations.live_for_insured(insurer_number, number)
        if not is_doubtful(confirmation)
    }
    return [tx.answers.get(answer_id) for answer_id in found]


def known_before_of(tx: Transaction, visit_id: str) -> tuple[KnownSubject, ...]:
    """Return by which cards and numbers a visit's patient was certainly known before.

    None where it is not sure whose answer the visit stands on.
    """
    confirmation = next(iter(tx.confirmations.of_visit(visit_id)), None)
    if confirmation is None or is_doubtful(confirmation):
        return ()
    answer = tx.answers.get(confirmation.answer_id)
    return known_before(answer, _answers_with_numbers_of(tx, answer))


def known_attributes(tx: Transaction, subject: Subject) -> HolderAttributes:
    """Return what this card said of its holder when it was read last, in whichever visit.

    So that a contradiction that was seen once is not forgotten at the next visit.
    """
    if not isinstance(subject, CardSubject):
        return NOTHING_READ
    record = tx.holders.latest_of(subject)
    return NOTHING_READ if record is None else record.attributes


def linked_record(tx: Transaction, visit_id: str, answer: PayerAnswer) -> ClinicRecord | None:
    """Return the clinic's own record of the visit's patient, and keep its number there."""
    record = record_for(tx, answer)
    number = None if record is None else record.patient_number
    visit = tx.visits.get(visit_id)
    if visit.clinic_patient_id != number:
        tx.visits.save(replace(visit, clinic_patient_id=number, version=visit.version + 1))
    return record


def store_confirmation(
    tx: Transaction,
    visit_id: str,
    answer: PayerAnswer,
    made_at: datetime,
    source: ConfirmationSource,
    findings: tuple[Finding, ...],
    supersedes: str | None,
) -> None:
    """Store what a visit may rely on, and write it down; ``supersedes``: the one before, by id."""
    tx.confirmations.add(
        Confirmation(
            id=uuid.uuid4().hex,
            visit_id=visit_id,
            answer_id=answer.id,
            as_of=answer.received_at,
            made_at=made_at,
            source=source,
            qualification_validity=answer.qualification_validity,
            findings=findings,
            supersedes=supersedes,
        )
    )
    tx.audit.append(
        AuditEntry(Act.CONFIRMED, TERMINAL, visit_id, subject=answer.subject, reason=source.value)
    )


class Confirming:
    """Makes confirmations inside the transaction that the caller began."""

    def __init__(
        self,
        verifier: CertificateVerifier,
        now: Callable[[], datetime],
        freshness: Freshness = Freshness.ALWAYS,
    ) -> None:
        """``verifier``: tells how long the card's certificate holds.

        ``freshness``: when an earlier answer counts as the present one.
        """
        self._verifier = verifier
        self._now = now
        self._freshness = freshness

    def confirm(
        self,
        tx: Transaction,
        visit_id: str,
        asked: Asked,
        answer: PayerAnswer,
        source: ConfirmationSource = ConfirmationSource.LIVE,
    ) -> None:
        """Store an answer and what it means beside the last one for the same subject.

        ``source``: PUSHED where the payer told it unasked.
        """
        recorded = trusted_answer(tx, asked.subject)
        former = tx.confirmations.of_visit(visit_id)
        tx.answers.add(answer)
        findings = self._findings(tx, visit_id, asked, answer, recorded)
        findings += about_renewal(answer, recorded, _answers_with_numbers_of(tx, answer))
        findings += self._about_look(tx, visit_id, asked, answer)
        findings += self._about_decision(tx, visit_id, asked, answer)
        supersedes = former[0].id if former else None
        store_confirmation(tx, visit_id, answer, self._now(), source, findings, supersedes)

    def _about_look(
        self, tx: Transaction, visit_id: str, asked: Asked, answer: PayerAnswer
    ) -> tuple[Finding, ...]:
        """Say that staff looked at a card which, by the holder's birth date, has no photo."""
        if not isinstance(asked, CardQuestion):
            return ()
        visit = tx.visits.get(visit_id)
        if asked.evidence.method is not IdentificationMethod.STAFF_VISUAL or visit.has_photo:
            return ()
        verified = self._verifier.verify(asked.certificate, asked.evidence.identified_at)
        certificate_from = verified.not_before.astimezone(JAPAN).date()
        births = {coverage.person.birthdate for coverage in answer.results}
        if len(births) != 1 or not has_no_photo(births.pop(), certificate_from):
            return ()
        return (Finding(FindingCode.LOOKED_WITHOUT_PHOTO, Severity.WARN, blocks_history=True),)

    def _about_decision(
        self, tx: Transaction, visit_id: str, asked: Asked, answer: PayerAnswer
    ) -> tuple[Finding, ...]:
        """Hold the payer's late answer beside what staff decided without it."""
        decision = next(iter(tx.decisions.of_visit(visit_id)), None)
        if decision is None:
            return ()
        earlier = None if decision.answer_id is None else tx.answers.get(decision.answer_id)
        today = asked.qualification_confirmation_date
        return tuple(differences(decision, answer, earlier, today))

    def confirm_if_current(self, tx: Transaction, visit_id: str, asked: Asked) -> bool:
        """Let the last answer count at once where the policy says so; return whether it does."""
        last = self._last(tx, visit_id, asked)
        if last is None or not self._counts(last):
            return False
        self.confirm_by_record(tx, visit_id, asked)
        made = tx.confirmations.of_visit(visit_id)
        return bool(made) and not any(one.severity is Severity.STOP for one in made[0].findings)

    def _last(self, tx: Transaction, visit_id: str, asked: Asked) -> Recorded | None:
        """Return what the payer said last of this certificate or number before the visit asked."""
        question = tx.outbox.of_visit(visit_id)
        before = self._now() if question is None else question.created_at
        return last_recorded(tx, asked.subject, before)

    def _counts(self, last: Recorded) -> bool:
        """Whether an earlier answer counts as the present one without anybody's word."""
        return earlier_counts(self._freshness, last.as_of, self._now())

    def confirm_by_record(self, tx: Transaction, visit_id: str, asked: Asked) -> None:
        """Let the last answer stand in while the payer is silent, as what it is.

        It is that of an earlier visit or of a check before the day, whichever is newer.  Does
        nothing where the visit has a confirmation already, or where there is no answer for this
        certificate or number, or the last one may be another person's.
        """
        last = self._last(tx, visit_id, asked)
        if last is None or _is_doubted(last.findings) or tx.confirmations.of_visit(visit_id):
            return
        answer = last.answer
        if is_another_person(answer, known_attributes(tx, asked.subject)):
            return
        keep_for_visit(tx, visit_id, last)
        today = self._findings(tx, visit_id, asked, answer, None)
        # what was found then may have rested on what was recorded before it: it still counts
        known = {finding.code for finding in today}
        then = tuple(
            finding
            for finding in last.findings
            if finding.code not in known
            and not is_about_holder(finding)
            and not is_about_record(finding)
            and finding.code not in OF_ONE_VISIT
        )
        severity = Severity.NOTE if self._counts(last) else Severity.WARN
        old = Finding(FindingCode.RECORDED_ANSWER, severity, blocks_history=True)
        found = (old, *today, *then)
        store_confirmation(
            tx, visit_id, answer, self._now(), ConfirmationSource.RECORDED, found, None
        )

    def _findings(
        self,
        tx: Transaction,
        visit_id: str,
        asked: Asked,
        answer: PayerAnswer,
        recorded: PayerAnswer | None,
    ) -> tuple[Finding, ...]:
        record = linked_record(tx, visit_id, answer)
        today = asked.qualification_confirmation_date
        if not isinstance(asked, CardQuestion):
            return reconcile(
                answer,
                recorded=recorded,
                today=today,
                certificate_not_after=None,
                in_grace=False,
                revocation_not_checked=False,
                record=record,
            )
        identification = tx.identifications.of_visit(visit_id)
        verified = self._verifier.verify(asked.certificate, asked.evidence.identified_at)
        return reconcile(
            answer,
            recorded=recorded,
            today=today,
            certificate_not_after=verified.not_after,
            in_grace=verified.in_grace,
            revocation_not_checked=identification is None
            or identification.revocation is RevocationState.NOT_CHECKED,
            attributes=known_attributes(tx, asked.subject),
            record=record,
        )
