"""What happens to visits, written down: each step and its audit record in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from eligibility.calendar import JAPAN
from eligibility.codes import PrescriptionIssue
from eligibility.consenting import ActingFor, ConsentEnd
from eligibility.model import CardSubject, ConsentDecision
from terminal.access.accounts import KIOSK, TERMINAL, Actor
from terminal.audit import Act, AuditEntry
from terminal.card.certificates import VerifiedCertificate
from terminal.card.jpki import TokenKind
from terminal.card_needs import need_of_card
from terminal.confirming import trusted_answer
from terminal.consent_ending import end_all, living
from terminal.consent_rules import consent_from_answers
from terminal.errors import CertificateReason, LookRefusedError, OwnKeyReason, VisitStateError
from terminal.events import EventBus, Topic
from terminal.identification import HolderRecord, Identification, NumberBEntry
from terminal.payer.enquiries import new_question
from terminal.recognition import CardInReader
from terminal.staff_look import has_no_photo, look_refused_because
from terminal.store import Store, Transaction
from terminal.views import ConsentItem
from terminal.visit import CloseReason, StaffNeed, Visit, VisitEvent, VisitOrigin, VisitState, after


class VisitRecords:
    """Writes the visits of one desk.  Raises VisitStateError, UnknownVisitError, StoreError."""

    def __init__(
        self, store: Store, bus: EventBus, now: Callable[[], datetime], desk_id: str
    ) -> None:
        """``desk_id``: the desk whose visits these are."""
        self._store = store
        self._bus = bus
        self._now = now
        self._desk_id = desk_id

    def open(
        self,
        subject: CardSubject | None,
        need: StaffNeed | None = None,
        reason: CertificateReason | None = None,
        *,
        token: TokenKind | None = None,
        has_photo: bool | None = None,
    ) -> Visit:
        """Begin a visit; with a ``need`` it waits for staff from the start.

        ``reason``: why the certificate was not accepted, if that is the need.  ``token`` and
        ``has_photo``: see :class:`~terminal.visit.Visit`.
        """
        visit = Visit(
            id=uuid.uuid4().hex,
            desk_id=self._desk_id,
            origin=VisitOrigin.CARD,
            opened_at=self._now(),
            state=VisitState.OPENED if need is None else VisitState.WITH_STAFF,
            subject=subject,
            staff_need=need,
            certificate_reason=reason,
            token=token,
            has_photo=has_photo,
        )

        def store(tx: Transaction) -> None:
            tx.visits.add(visit)
            tx.audit.append(
                AuditEntry(
                    Act.VISIT_OPENED, KIOSK, visit.id, subject=subject, reason=reason or need
                )
            )

        self._store.write(store)
        self._bus.publish(Topic.VISIT, visit.id)
        return visit

    def open_for_card(
        self, card: CardInReader, verified: VerifiedCertificate, *, face: bool = False
    ) -> Visit:
        """Begin the visit of an accepted card; it waits for staff where its PIN cannot be used.

        ``face``: a camera can verify faces, so that a card with a photo needs no PIN.

        That the card bears no photo is known where the clinic's own record tells the holder's birth
        date.
        """
        certificate_from = verified.not_before.astimezone(JAPAN).date()

        def look(tx: Transaction) -> bool:
            answer = trusted_answer(tx, verified.subject)
            results = () if answer is None else answer.results
            births = {coverage.person.birthdate for coverage in results}
            return len(births) == 1 and has_no_photo(births.pop(), certificate_from)

        has_photo = False if self._store.read(look) else None
        by_face = face and has_photo is not False
        need = None if by_face else need_of_card(card, has_photo=has_photo)
        return self.open(verified.subject, need, token=card.token, has_photo=has_photo)

    def need_of_blocked_pin(self, visit_id: str) -> StaffNeed:
        """Return what a visit needs whose PIN has just been blocked: there was one."""
        visit = self._store.read(lambda tx: tx.visits.get(visit_id))
        return StaffNeed.PIN_BLOCKED if _may_look(visit) else StaffNeed.NO_PIN_NO_PHOTO

    def need_without_face(self, visit_id: str, card: CardInReader) -> StaffNeed:
        """Return what a visit needs whose face is not verified and whose PIN cannot be used."""
        visit = self._store.read(lambda tx: tx.visits.get(visit_id))
        need = need_of_card(card, has_photo=visit.has_photo)
        return need or self.need_of_blocked_pin(visit_id)

    def require_look(self, visit_id: str) -> None:
        """Raise LookRefusedError where a look cannot identify this visit's holder."""
        visit = self._store.read(lambda tx: tx.visits.get(visit_id))
        reason = look_refused_because(visit)
        if reason is not None:
            raise LookRefusedError(visit_id, reason)

    def photo_seen(self, visit_id: str, has_photo: bool) -> None:
        """Record whether the card bears a photo, once its visual record was read."""

        def store(tx: Transaction) -> None:
            visit = tx.visits.get(visit_id)
            if visit.has_photo is not has_photo:
                tx.visits.save(replace(visit, has_photo=has_photo, version=visit.version + 1))

        self._store.write(store)
        self._bus.publish(Topic.VISIT, visit_id)

    def call_staff(
        self, visit_id: str, need: StaffNeed, reason: CertificateReason | None = None
    ) -> None:
        """Let a visit wait for staff: in place of the patient, or beside one who goes on.

        ``reason``: why the certificate was not accepted, if that is the need.
        """

        def change(visit: Visit) -> Visit:
            visit = replace(visit, certificate_reason=reason)
            if visit.state is VisitState.OPENED:
                return after(visit, VisitEvent.CALL_STAFF, staff_need=need)
            return replace(visit, staff_need=need, version=visit.version + 1)

        self._change(
            visit_id, change, AuditEntry(Act.STAFF_CALLED, KIOSK, visit_id, reason=reason or need)
        )

    def identify(self, identification: Identification, subject: CardSubject, actor: Actor) -> str:
        """Record who the holder is and commit the question to the payer; return its id."""
        visit_id = identification.visit_id
        question = new_question(identification, subject, self._now())

        def store(tx: Transaction) -> None:
            visit = tx.visits.get(visit_id)
            tx.visits.save(after(visit, VisitEvent.IDENTIFY, staff_need=None))
            tx.identifications.add(identification)
            if tx.holders.of_visit(visit_id) is not None:
                tx.identifications.attributes_were_read(visit_id)
            tx.outbox.add(question)
            tx.audit.append(
                AuditEntry(
                    Act.IDENTIFIED,
                    actor,
                    visit_id,
                    subject=subject,
                    reason=identification.reason or identification.method,
                )
            )
            tx.audit.append(AuditEntry(Act.QUESTION_COMMITTED, TERMINAL, visit_id, subject=subject))

        self._store.write(store)
        return question.id

    def finish(
        self,
        visit_id: str,
        reason: CloseReason,
        answers: Mapping[ConsentItem, ConsentDecision],
        prescription: PrescriptionIssue | None = None,
    ) -> tuple[str, ...]:
        """End an identified visit's part at the kiosk, with the answers to what was asked.

        A new consent takes the place of all that the same certificate's holder gave before; the
        visits of those are returned.
        """
        now = self._now()

        def store(tx: Transaction) -> tuple[str, ...]:
            visit = tx.visits.get(visit_id)
            former: tuple[str, ...] = ()
            tx.visits.save(
                after(
                    visit,
                    VisitEvent.FINISH,
                    staff_need=None,
                    closed_at=now,
                    close_reason=reason,
                    prescription=prescription,
                )
            )
            if answers and visit.subject is not None:
                identified = tx.identifications.of_visit(visit_id)
                acting_for = None if identified is None else identified.acting_for
                earlier = living(tx, visit.subject, now)
                former = end_all(tx, earlier, ConsentEnd.REPLACED, KIOSK, now)
                consent = consent_from_answers(visit_id, visit.subject, answers, now, acting_for)
                tx.consents.add(consent)
                tx.audit.append(
                    AuditEntry(
                        Act.CONSENT_GIVEN,
                        KIOSK,
                        visit_id,
                        consent_id=consent.id,
                        subject=visit.subject,
                        reason=",".join(f"{c.value}={d}" for c, d in consent.decisions.items()),
                    )
                )
            if prescription is not None:
                chosen = AuditEntry(
                    Act.PRESCRIPTION_CHOSEN, KIOSK, visit_id, reason=prescription.name.lower()
                )
                tx.audit.append(chosen)
            tx.audit.append(AuditEntry(Act.VISIT_CLOSED, KIOSK, visit_id, reason=reason))
            return former

        former = self._store.write(store)
        self._bus.publish(Topic.VISIT, visit_id)
        return former

    def abandon(self, visit_id: str, reason: CloseReason, actor: Actor) -> None:
        """End a visit whose holder was never identified."""

        def change(visit: Visit) -> Visit:
            return after(
                visit,
                VisitEvent.ABANDON,
                staff_need=None,
                closed_at=self._now(),
                close_reason=reason,
            )

        self._change(visit_id, change, AuditEntry(Act.VISIT_CLOSED, actor, visit_id, reason=reason))

    def pin_refused(self, visit_id: str) -> None:
        """Record that the card refused a PIN."""
        entry = AuditEntry(Act.PIN_REFUSED, KIOSK, visit_id)
        self._store.write(lambda tx: tx.audit.append(entry))

    def face_compared(self, visit_id: str, figures: str) -> None:
        """Record what came of comparing a face with the card's photo: figures alone."""
        entry = AuditEntry(Act.FACE_COMPARED, TERMINAL, visit_id, reason=figures)
        self._store.write(lambda tx: tx.audit.append(entry))

    def number_b_refused(self, visit_id: str, actor: Actor, entry: NumberBEntry) -> None:
        """Record that the card refused a 照合番号B."""
        audit = AuditEntry(Act.NUMBER_B_REFUSED, actor, visit_id, reason=entry)
        self._store.write(lambda tx: tx.audit.append(audit))

    def holder_read(
        self,
        record: HolderRecord,
        subject: CardSubject,
        actor: Actor,
        own_key: OwnKeyReason | None,
        confirm_again: Callable[[Transaction, CardSubject], list[str]],
    ) -> list[str]:
        """Record what the card said of its holder, and confirm again what stands on it.

        ``own_key``: why the card's own key proves nothing, if that was asked.  Returns the ids of
        the visits whose confirmation changed.
        """
        visit_id = record.visit_id

        def store(tx: Transaction) -> list[str]:
            tx.holders.add(record)
            tx.identifications.attributes_were_read(visit_id)
            read = AuditEntry(
                Act.ATTRIBUTES_READ, actor, visit_id, subject=subject, reason=record.entry
            )
            tx.audit.append(read)
            if own_key is not None:
                tx.audit.append(AuditEntry(Act.OWN_KEY_REFUSED, TERMINAL, visit_id, reason=own_key))
            return confirm_again(tx, subject)

        return self._store.write(store)

    def acted_for(self, visit_id: str, acting: ActingFor | None, actor: Actor) -> None:
        """Record who acted for the holder, None for nobody.

        Raises VisitStateError where the holder is not identified.
        """

        def store(tx: Transaction) -> None:
            if tx.identifications.of_visit(visit_id) is None:
                msg = f"the holder of visit {visit_id} is not identified"
                raise VisitStateError(msg)
            tx.identifications.save_acting_for(visit_id, acting)
            tx.audit.append(
                AuditEntry(Act.ACTING_RECORDED, actor, visit_id, reason=acting or "nobody")
            )

        self._store.write(store)
        self._bus.publish(Topic.VISIT, visit_id)

    def settle_leftovers(self) -> None:
        """Close what a former run left open: what was not answered then is no."""
        for visit in self._store.read(lambda tx: tx.visits.unfinished()):
            if visit.origin is VisitOrigin.PUSHED:
                continue  # it was never at this kiosk: staff still have to see to it
            if visit.state is VisitState.IDENTIFIED:
                self.finish(visit.id, CloseReason.RESTARTED, {})
            else:
                self.abandon(visit.id, CloseReason.RESTARTED, TERMINAL)

    def left_open(self, before: datetime) -> list[Visit]:
        """Return visits that began earlier and whose holder was never identified, oldest first."""
        unfinished = self._store.read(lambda tx: tx.visits.unfinished())
        return [
            visit
            for visit in unfinished
            if visit.opened_at < before and visit.state is not VisitState.IDENTIFIED
        ]

    def _change(self, visit_id: str, change: Callable[[Visit], Visit], entry: AuditEntry) -> None:
        def store(tx: Transaction) -> None:
            tx.visits.save(change(tx.visits.get(visit_id)))
            tx.audit.append(entry)

        self._store.write(store)
        self._bus.publish(Topic.VISIT, visit_id)


def _may_look(visit: Visit) -> bool:
    return look_refused_because(visit) is None
