"""Visits that staff open without a card: by insured number, or by name in a disaster.

Nobody proves there who they are.  Such a visit has no identification, so no consent is asked and
none can be stored; the payer opens no medical data upon it either.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from eligibility.asking import Capability, NumberQuestion, PersonQuestion
from eligibility.calendar import JAPAN
from eligibility.errors import NotSupportedError
from eligibility.model import NumberSubject, PersonSubject
from eligibility.payer import Payer
from eligibility.subjects import folded
from terminal.access.accounts import Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.desk_enquiry import DeskEnquiry, DocumentSeen
from terminal.disaster import period_now
from terminal.errors import DisasterModeOffError, UnknownPatientError, VisitStateError
from terminal.events import EventBus, Topic
from terminal.payer.asked import new_question_id, question_for
from terminal.payer.question import Question
from terminal.register.entry import RegisterEntry
from terminal.register.record_choice import choice_for
from terminal.register.record_link import LinkChoice, RecordLink
from terminal.store import Store, Transaction
from terminal.visit import (
    CloseReason,
    Visit,
    VisitEvent,
    VisitOrigin,
    VisitState,
    after,
    allowed,
    is_nameless,
)


class EnquiryDesk:
    """Opens such visits.  Raises RoleError, StoreError; safe to call from any thread."""

    def __init__(
        self,
        store: Store,
        payer: Payer,
        bus: EventBus,
        now: Callable[[], datetime],
        kick: Callable[[], None],
        *,
        desk_id: str,
    ) -> None:
        """``kick``: called when there is something to ask."""
        self._store = store
        self._payer = payer
        self._bus = bus
        self._now = now
        self._kick = kick
        self._desk_id = desk_id

    @property
    def may_ask_by_number(self) -> bool:
        """Whether the payer's adapter knows this way."""
        return Capability.BY_NUMBER in self._payer.capabilities

    @property
    def may_ask_by_person(self) -> bool:
        """Whether the payer's adapter knows this way; disaster mode is asked for elsewhere."""
        return Capability.BY_PERSON in self._payer.capabilities

    def patient(self, actor: Actor, patient_number: str) -> RegisterEntry:
        """Return a patient of the clinic's register to ask about; the look is written down.

        Raises UnknownPatientError.
        """
        require_coverage(actor)

        def look(tx: Transaction) -> RegisterEntry:
            entry = tx.clinic_records.find(patient_number)
            if entry is None:
                raise UnknownPatientError("the register has no patient of this number")
            tx.audit.append(AuditEntry(Act.REGISTER_SEEN, actor, reason=patient_number))
            return entry

        return self._store.write(look)

    def ask_by_number(
        self,
        actor: Actor,
        visit_id: str,
        subject: NumberSubject,
        document: DocumentSeen,
        *,
        patient_number: str | None = None,
        follows: str | None = None,
    ) -> None:
        """Open a visit by insured number and ask the payer; sent twice it is done once.

        ``visit_id``: chosen by the form, so that a doubled command is known; ``document``: what
        staff looked at; ``patient_number``: of the clinic's record that staff came from, to which
        the visit is linked where number and birth date are the record's; ``follows``: an earlier
        visit that this one repeats; one in which nobody was named ends with it.

        Raises NotSupportedError, VisitStateError where the id is another visit's.
        """
        require_coverage(actor)
        if not self.may_ask_by_number:
            raise NotSupportedError(Capability.BY_NUMBER)
        now = self._now()
        asked = NumberQuestion(new_question_id(), subject, now.astimezone(JAPAN).date())
        enquiry = DeskEnquiry(visit_id, document, actor.id, now, follows=follows)

        def store(tx: Transaction) -> bool:
            new = self._open(tx, actor, enquiry, subject, question_for(asked, visit_id, now))
            if new and follows is not None:
                _end_nameless(tx, actor, follows, now)
            if new and patient_number is not None:
                _link(tx, actor, visit_id, subject, patient_number, now)
            return new

        self._settle(visit_id, new=self._store.write(store))
        if follows is not None:
            self._bus.publish(Topic.VISIT, follows)

    def ask_by_person(
        self, actor: Actor, visit_id: str, subject: PersonSubject, *, follows: str | None = None
    ) -> None:
        """Open a visit by name, birth date and sex and ask the payer; in disaster mode only.

        What was asked is no longer sent once disaster mode has ended.  Raises
        DisasterModeOffError, NotSupportedError, VisitStateError.
        """
        require_coverage(actor)
        if not self.may_ask_by_person:
            raise NotSupportedError(Capability.BY_PERSON)
        now = self._now()
        asked = PersonQuestion(new_question_id(), subject, now.astimezone(JAPAN).date())

        def store(tx: Transaction) -> bool:
            period = period_now(tx, now)
            if period is None:
                raise DisasterModeOffError
            enquiry = DeskEnquiry(
                visit_id, DocumentSeen.NONE, actor.id, now, period_id=period.id, follows=follows
            )
            return self._open(tx, actor, enquiry, subject, question_for(asked, visit_id, now))

        self._settle(visit_id, new=self._store.write(store))

    def _open(
        self,
        tx: Transaction,
        actor: Actor,
        enquiry: DeskEnquiry,
        subject: NumberSubject | PersonSubject,
        question: Question,
    ) -> bool:
        """Store visit, enquiry and question; return False where this was done already."""
        visit_id = enquiry.visit_id
        if tx.desk_enquiries.of_visit(visit_id) is not None:
            if tx.visits.get(visit_id).subject != subject:
                msg = f"visit {visit_id} is about somebody else"
                raise VisitStateError(msg)
            return False
        by_number = isinstance(subject, NumberSubject)
        visit = Visit(
            id=visit_id,
            desk_id=self._desk_id,
            origin=VisitOrigin.NUMBER if by_number else VisitOrigin.DISASTER,
            opened_at=enquiry.opened_at,
            # the patient has nothing to do at the kiosk
            state=VisitState.FINISHED,
            subject=subject,
            closed_at=enquiry.opened_at,
            close_reason=CloseReason.COMPLETED,
        )
        tx.visits.add(visit)
        tx.desk_enquiries.add(enquiry)
        tx.outbox.add(question)
        for act, reason in (
            (Act.VISIT_OPENED, enquiry.document),
            (Act.QUESTION_COMMITTED, visit.origin),
        ):
            tx.audit.append(AuditEntry(act, actor, visit_id, subject=subject, reason=reason))
        return True

    def _settle(self, visit_id: str, *, new: bool) -> None:
        if new:
            self._bus.publish(Topic.VISIT, visit_id)
            self._kick()


def _end_nameless(tx: Transaction, actor: Actor, visit_id: str, now: datetime) -> None:
    """End the visit of somebody whom the national reader did not name, now asked about here."""
    if not tx.visits.has(visit_id):
        return
    visit = tx.visits.get(visit_id)
    if not (is_nameless(visit) and allowed(visit, VisitEvent.ABANDON)):
        return
    reason = CloseReason.ASKED_BY_NUMBER
    tx.visits.save(
        after(visit, VisitEvent.ABANDON, staff_need=None, closed_at=now, close_reason=reason)
    )
    tx.audit.append(AuditEntry(Act.VISIT_CLOSED, actor, visit_id, reason=reason))


def _link(
    tx: Transaction,
    actor: Actor,
    visit_id: str,
    subject: NumberSubject,
    patient_number: str,
    now: datetime,
) -> None:
    """Link the number to the record that staff came from, if it is still the record's number."""
    entry = tx.clinic_records.find(patient_number)
    if entry is None or not _is_number_of(entry, subject):
        return
    former = choice_for(tx, subject)
    if former is not None and former.patient_number == patient_number:
        return
    link = RecordLink(
        uuid4().hex, subject, LinkChoice.LINKED, now, actor.id, visit_id, patient_number
    )
    tx.record_links.add(link)
    tx.audit.append(
        AuditEntry(Act.RECORD_LINKED, actor, visit_id, subject=subject, reason=patient_number)
    )


def _is_number_of(entry: RegisterEntry, subject: NumberSubject) -> bool:
    record = entry.record
    same_branch = record.insured_branch_number is None or folded(
        record.insured_branch_number
    ) == folded(subject.insured_branch_number)
    return (
        record.birthdate == subject.birthdate
        and record.insurer_number == subject.insurer_number
        and folded(record.insured_identification_number)
        == folded(subject.insured_identification_number)
        and same_branch
    )
