"""The steps that a visit takes at the kiosk, whoever causes them: a card, a patient, staff, time.

Each is taken under the desk's lock, which is never held while a card or a payer is waited for.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from eligibility.calendar import JAPAN
from eligibility.payer import HolderEvidence, may_open_history
from eligibility.reconcile import should_be_renewed
from terminal.access.accounts import KIOSK, TERMINAL, Actor
from terminal.card.revocation import NotChecked
from terminal.consent import Disclosure
from terminal.errors import CertificateReason
from terminal.events import EventBus, Topic
from terminal.identification import (
    AttributesSource,
    Identification,
    RevocationState,
    VisualReason,
)
from terminal.kiosk import ANSWER_SECONDS, ASKING_STEPS, UNIDENTIFIED_STEPS, Kiosk
from terminal.kiosk_questions import KioskQuestions
from terminal.payer.enquiries import Enquiries
from terminal.recognition import KnownCard
from terminal.registration import CardRegistrations
from terminal.views import DoneOutcome, KioskNotice, KioskStep
from terminal.visit import CloseReason, StaffNeed
from terminal.visit_book import VisitBook
from terminal.visit_records import VisitRecords

log = logging.getLogger(__name__)


class VisitSteps:
    """What one desk knows of its present visits, and how they go on.

    Every method but :meth:`check_deadline` is called with ``lock`` held.  ``cards``: the accepted
    cards of the visits that are not identified yet.
    """

    def __init__(
        self,
        records: VisitRecords,
        book: VisitBook,
        kiosk: Kiosk,
        enquiries: Enquiries,
        disclosure: Disclosure,
        registrations: CardRegistrations,
        bus: EventBus,
        ask: Callable[[VisitSteps], KioskQuestions],
    ) -> None:
        """All parts are the desk's own; ``ask``: makes what asks identified patients."""
        self.lock = threading.RLock()
        self.records = records
        self.book = book
        self.kiosk = kiosk
        self.cards: dict[str, KnownCard] = {}
        self._enquiries = enquiries
        self._disclosure = disclosure
        self._registrations = registrations
        self._bus = bus
        self.questions = ask(self)

    def identified(
        self,
        visit_id: str,
        known: KnownCard,
        evidence: HolderEvidence,
        actor: Actor,
        reason: VisualReason | None,
    ) -> None:
        """Write down who the holder is, ask the payer, and lead the patient on.

        What is known about revocation by now is recorded; a revoked certificate goes to staff, and
        nothing is asked of the payer.
        """
        revocation = known.revocation_within(0)
        if revocation.state is RevocationState.REVOKED:
            self.reject_certificate(visit_id, CertificateReason.REVOKED)
            return
        if revocation.why not in (None, NotChecked.NOT_CONFIGURED):
            log.warning("visit %s: revocation not checked: %s", visit_id, revocation.why)
        identification = Identification(
            visit_id=visit_id,
            evidence=evidence,
            actor=actor.id,
            certificate=known.card.certificate,
            attributes_source=AttributesSource.PAYER,
            reason=reason,
            revocation=revocation.state,
            revocation_as_of=revocation.as_of,
        )
        self.records.identify(identification, known.verified.subject, actor)
        self.cards.pop(visit_id, None)
        self._enquiries.kick()
        self._bus.publish(Topic.VISIT, visit_id)
        if self.kiosk.state.visit_id != visit_id:
            # the patient is at the desk, not at the kiosk: nobody there to answer
            self.records.finish(visit_id, CloseReason.COMPLETED, {})
            return
        today = evidence.identified_at.astimezone(JAPAN).date()
        renew_card = should_be_renewed(known.verified.not_after, today)
        # nothing is asked that a yes would not open
        opens = may_open_history(evidence.method, evidence.proof)
        self.questions.begin(
            visit_id, may_share=opens and not known.verified.in_grace, renew_card=renew_card
        )

    def answered(self, visit_id: str) -> None:
        """End the part of a patient who has answered everything."""
        self.finish(visit_id, CloseReason.COMPLETED)
        self.show_outcome(visit_id)

    def finish(self, visit_id: str, reason: CloseReason) -> None:
        """End the patient's part at the kiosk: what was asked and not answered is no.

        Who was shown what is shared already, and answered nothing, has said nothing new.
        """
        state = self.kiosk.state
        answers = {} if state.step is KioskStep.MY_CONSENTS else state.settled_answers
        former = self.records.finish(visit_id, reason, answers, state.prescription)
        for one in former:
            self._disclosure.consent_ended(one)
        self._disclosure.advance(visit_id)

    def abandon(self, visit_id: str, reason: CloseReason, actor: Actor) -> None:
        """End a visit whose holder was never identified; its card is forgotten."""
        self.records.abandon(visit_id, reason, actor)
        self.cards.pop(visit_id, None)

    def end_former_days(self, midnight: datetime) -> None:
        """Close what began before ``midnight`` and was never identified, but at the kiosk now."""
        for visit in self.records.left_open(before=midnight):
            if visit.id != self.kiosk.state.visit_id:
                self.abandon(visit.id, CloseReason.DAY_ENDED, TERMINAL)

    def end_step(self, reason: CloseReason) -> None:
        """Settle the visit that stands at the kiosk before its screen goes."""
        step, visit_id = self.kiosk.state.step, self.kiosk.state.visit_id
        if visit_id is None:
            return
        if step in ASKING_STEPS:
            self.finish(visit_id, reason)
        elif step is KioskStep.REGISTER:
            self._finish_asked(visit_id, reason)
        elif step in UNIDENTIFIED_STEPS:
            self.abandon(visit_id, reason, KIOSK)

    def to_staff(
        self, visit_id: str, need: StaffNeed, notice: KioskNotice = KioskNotice.STAFF_COMING
    ) -> None:
        """Let the visit wait for staff, and say so at the kiosk.

        Why is said there by no other ``notice`` than that the PIN cannot be used, which the patient
        has just seen and which is no fault.
        """
        self.records.call_staff(visit_id, need)
        called = need is StaffNeed.CALLED
        self.kiosk.show_with_staff(visit_id, KioskNotice.STAFF_CALLED if called else notice)

    def reject_certificate(self, visit_id: str, reason: CertificateReason) -> None:
        """Give a visit to staff whose card's certificate does not hold: no look can mend that."""
        self.cards.pop(visit_id, None)
        need = StaffNeed.CERTIFICATE_REJECTED
        self.records.call_staff(visit_id, need, reason)
        if self.kiosk.state.visit_id == visit_id:
            self.kiosk.show_with_staff(visit_id, KioskNotice.STAFF_COMING)

    def _finish_asked(self, visit_id: str, reason: CloseReason) -> None:
        """End the patient's part where consents were not all asked: what was not is left out."""
        state = self.kiosk.state
        self.kiosk.touch(asked=tuple(item for item in state.asked if item in state.answers))
        if state.resume is not None:
            self.finish(visit_id, reason)

    def answer_registration(self, visit_id: str, agree: bool) -> None:
        """Take the answer to 健康保険証利用登録: a yes is sent, a no is for staff.

        After a yes the kiosk goes on with the consents where it was interrupted.
        """
        if not agree:
            self._registrations.decline(visit_id)
            self._finish_asked(visit_id, CloseReason.COMPLETED)
            self.kiosk.show_done(DoneOutcome.SEE_STAFF)
            return
        self._registrations.agree(visit_id)
        self._enquiries.kick()
        resume = self.kiosk.state.resume
        if resume is not None:
            self.kiosk.wait_for_patient(resume, resume=None)
        else:
            self.kiosk.show(KioskStep.CHECKING, ends_in=ANSWER_SECONDS)

    def _asks_to_register(self, visit_id: str) -> bool:
        """Ask the patient who is there with the card whether it shall be an insurance card."""
        state = self.kiosk.state
        asked_at = (*ASKING_STEPS, KioskStep.CHECKING)
        if state.step not in asked_at or not state.card_present:
            return False
        if not self._registrations.is_to_be_asked(visit_id):
            return False
        interrupted = state.step if state.step in ASKING_STEPS else None
        self.kiosk.wait_for_patient(KioskStep.REGISTER, resume=interrupted)
        return True

    def show_outcome(self, visit_id: str, *, late: bool = False) -> None:
        """Go from CHECKING to DONE once it is known what may be said in public.

        A card that is not yet an insurance card is asked about first, also amid the consents.
        """
        if self.kiosk.state.visit_id != visit_id or self._asks_to_register(visit_id):
            return
        if self.kiosk.state.step is not KioskStep.CHECKING:
            return
        outcome = self.book.outcome(visit_id) or (DoneOutcome.QUEUED if late else None)
        if outcome is not None:
            self.kiosk.show_done(outcome)

    def confirmation_changed(self, visit_id: str) -> None:
        """Follow a confirmation that was made again: history goes at once where it may not stay."""
        self._disclosure.drop_closed(visit_id)
        self._disclosure.advance(visit_id)
        state = self.kiosk.state
        if state.step is KioskStep.DONE and state.visit_id == visit_id:
            outcome = self.book.outcome(visit_id)
            if outcome is DoneOutcome.SEE_STAFF and state.outcome is not outcome:
                self.kiosk.touch(outcome=outcome)
        self._bus.publish(Topic.VISIT, visit_id)

    def check_deadline(self) -> None:
        """End the kiosk's step when its time is over."""
        with self.lock:
            if not self.kiosk.is_overdue:
                return
            visit_id = self.kiosk.state.visit_id
            if self.kiosk.state.step is KioskStep.CHECKING and visit_id is not None:
                self.show_outcome(visit_id, late=True)
            else:
                self.end_step(CloseReason.WALKED_AWAY)
                self.kiosk.clear()
