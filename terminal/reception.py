"""The reception desk: runs visits.  The only place where card and payer meet.

One thread, the desk's, takes the reader's events and the work that needs the card, in order, and
watches the kiosk's deadline.  Pages call in from their own threads under one lock, which is never
held while a card or a payer is waited for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from eligibility.model import ConsentDecision
from eligibility.payer import HolderEvidence, IdentificationMethod, Payer, ProofKind
from terminal.accounts import HOLDER, KIOSK, Actor
from terminal.card.certificates import CertificateVerifier, VerifiedCertificate
from terminal.card.jpki import check_pin
from terminal.consent import Disclosure
from terminal.desk_thread import DeskThread
from terminal.enquiries import Enquiries
from terminal.errors import (
    CardError,
    CardRemovedError,
    CertificateRejectedError,
    InvalidPinError,
    PinBlockedError,
    ReaderBusyError,
    ReaderError,
    StoreError,
    VisitStateError,
)
from terminal.events import EventBus, Topic
from terminal.identification import AttributesSource, Identification, VisualReason
from terminal.kiosk import ANSWER_SECONDS, NOTICE_SECONDS, READING_SECONDS, Kiosk
from terminal.reader.types import CardReader, Inserted, ReaderEvent, ReaderState, Removed
from terminal.recognition import CardInReader, KnownCard, prove_pin, read_card
from terminal.store import Store
from terminal.views import (
    ConsentItem,
    DoneOutcome,
    HistoryClosed,
    KioskNotice,
    KioskStep,
    KioskView,
)
from terminal.visit import CloseReason, StaffNeed
from terminal.visit_book import VisitBook, require_coverage
from terminal.visit_records import VisitRecords

log = logging.getLogger(__name__)

READER_NOTICES = {
    ReaderState.NO_READER: KioskNotice.NO_READER,
    ReaderState.PCSC_DOWN: KioskNotice.PCSC_DOWN,
    ReaderState.ACCESS_DENIED: KioskNotice.READER_ACCESS_DENIED,
}


class ReceptionDesk:
    """Runs the visits of one desk.  All methods are safe to call from any thread."""

    def __init__(
        self,
        *,
        desk_id: str,
        idle_seconds: float,
        reader: CardReader,
        verifier: CertificateVerifier,
        payer: Payer,
        store: Store,
        enquiries: Enquiries,
        disclosure: Disclosure,
        bus: EventBus,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``idle_seconds``: the silence after which a kiosk step ends by itself."""
        self._desk_id = desk_id
        self._reader = reader
        self._verifier = verifier
        self._payer = payer
        self._enquiries = enquiries
        self._disclosure = disclosure
        self._bus = bus
        self._now = now
        self._lock = threading.RLock()
        self._records = VisitRecords(store, bus, now, desk_id)
        self._book = VisitBook(store, disclosure, bus, now)
        self._kiosk = Kiosk(bus, monotonic, idle_seconds)
        self._cards: dict[str, KnownCard] = {}
        self._challenges = ThreadPoolExecutor(2, thread_name_prefix="challenge")
        self._thread = DeskThread(self._check_deadline, self._trouble)
        self.today = self._book.today
        self.visit = self._book.visit
        self.history = self._book.history

    def start(self) -> None:
        """Settle what a former run left open, then watch the reader."""
        self._records.settle_leftovers()
        self._thread.start()
        self._reader.start(self._on_event)

    def stop(self) -> None:
        """Let go of the reader and end the desk's thread; open visits are settled at next start."""
        self._reader.stop()
        self._thread.stop()
        self._challenges.shutdown(wait=True, cancel_futures=True)

    # -- what the kiosk's page calls -----------------------------------------------------------

    def kiosk(self) -> KioskView:
        """Return what the kiosk shows now."""
        with self._lock:
            return self._kiosk.view()

    def enter_pin(self, visit_id: str, pin: bytearray) -> None:
        """Hand the typed PIN to the card; the outcome comes as the kiosk's next step.

        ``pin``: cleared here whatever happens.  Raises VisitStateError; ValueError for what is
        not four ASCII digits (no try is lost).
        """
        try:
            check_pin(pin)
            with self._lock:
                self._kiosk.require(visit_id, KioskStep.PIN)
                self._kiosk.show(KioskStep.CHECKING_PIN)
        except (VisitStateError, ValueError):
            _wipe(pin)
            raise
        self._thread.put(lambda: self._prove(visit_id, pin))

    def answer_consent(self, visit_id: str, item: ConsentItem, allow: bool) -> None:
        """Take the patient's answer to the item that is asked now.  Raises VisitStateError."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.CONSENT)
            if item is not self._kiosk.state.next_item:
                msg = f"{item} is not asked now"
                raise VisitStateError(msg)
            decision = ConsentDecision.YES if allow else ConsentDecision.NO
            answers = {**self._kiosk.state.answers, item: decision}
            if len(answers) < len(self._kiosk.state.asked):
                self._kiosk.wait_for_patient(KioskStep.CONSENT, answers=answers)
            else:
                self._kiosk.show(KioskStep.CHECKING, ends_in=ANSWER_SECONDS, answers=answers)
                self._finish(visit_id, CloseReason.COMPLETED)
                self._show_outcome(visit_id)

    def call_staff(self, visit_id: str | None) -> None:
        """Tell staff that the patient needs them; harmless when pressed twice."""
        with self._lock:
            if self._kiosk.state.staff_called or self._kiosk.state.visit_id != visit_id:
                return
            if visit_id is None:
                self._records.open(None, StaffNeed.CALLED)
            elif self._kiosk.state.step is KioskStep.PIN:
                self._to_staff(visit_id, StaffNeed.CALLED)
            else:
                self._records.call_staff(visit_id, StaffNeed.CALLED)
            self._kiosk.touch(staff_called=True)

    def leave(self, visit_id: str) -> None:
        """End the patient's part now; what was not answered is no.  Raises VisitStateError."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.PIN, KioskStep.CONSENT, KioskStep.DONE)
            self._end_step(CloseReason.LEFT)
            self._kiosk.clear()

    def still_there(self, visit_id: str) -> None:
        """Give the patient the whole time again.  Raises VisitStateError."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.PIN, KioskStep.CONSENT, KioskStep.DONE)
            self._kiosk.extend()

    # -- what the staff's pages call (with today, visit and history of the VisitBook) ----------

    def identify_visually(self, actor: Actor, visit_id: str, reason: VisualReason) -> None:
        """Record that staff looked at holder and card (目視確認), and ask the payer.

        Raises RoleError; VisitStateError where the visit is over or its card was not accepted.
        """
        require_coverage(actor)
        with self._lock:
            known = self._cards.get(visit_id)
            if known is None:
                msg = f"visit {visit_id} has no accepted card: it must be tapped again"
                raise VisitStateError(msg)
            evidence = HolderEvidence(
                IdentificationMethod.STAFF_VISUAL, ProofKind.CERTIFICATE_ONLY, self._now()
            )
            self._identified(visit_id, known, evidence, actor, reason)

    def ask_again(self, actor: Actor, visit_id: str) -> None:
        """Ask the payer again now: the open question, or the history that failed to come.

        Raises RoleError; VisitStateError where only a new tap can help.
        """
        if self._book.visit(actor, visit_id).history_closed_because is HistoryClosed.NOT_FETCHED:
            self._disclosure.advance(visit_id)
        else:
            self._enquiries.ask_again(visit_id, actor)

    def close_visit(self, actor: Actor, visit_id: str) -> None:
        """Close a visit that was never identified.  Raises RoleError, VisitStateError."""
        require_coverage(actor)
        with self._lock:
            self._abandon(visit_id, CloseReason.CLOSED_BY_STAFF, actor)
            if self._kiosk.state.visit_id == visit_id:
                self._kiosk.clear()
            elif self._kiosk.state.visit_id is None:
                self._kiosk.touch(staff_called=False)

    def question_changed(self, visit_id: str) -> None:
        """Take note that a visit's question got further (called by the enquiries)."""
        self._disclosure.advance(visit_id)
        with self._lock:
            self._show_outcome(visit_id)

    # -- the desk's thread ---------------------------------------------------------------------

    def _on_event(self, event: ReaderEvent) -> None:
        self._thread.put(lambda: self._take_event(event))

    def _trouble(self, error: Exception) -> None:
        with self._lock:
            if isinstance(error, StoreError):
                step, notice = KioskStep.OUT_OF_SERVICE, KioskNotice.STORE_UNWRITABLE
            else:
                step, notice = KioskStep.CARD_PROBLEM, KioskNotice.CARD_UNREADABLE
            self._kiosk.forget(step, notice=notice, ends_in=NOTICE_SECONDS)

    def _take_event(self, event: ReaderEvent) -> None:
        if isinstance(event, Inserted):
            self._card_inserted(event.reader)
            return
        with self._lock:
            self._kiosk.touch(card_present=False)
            if isinstance(event, Removed):
                self._card_removed()
            elif event.state is not ReaderState.READY:
                self._end_step(CloseReason.CARD_REMOVED)
                self._kiosk.forget(KioskStep.OUT_OF_SERVICE, notice=READER_NOTICES[event.state])
            elif self._kiosk.state.step is KioskStep.OUT_OF_SERVICE:
                self._kiosk.forget(KioskStep.IDLE)
        if not isinstance(event, Removed):
            self._bus.publish(Topic.DEVICE)

    def _card_inserted(self, reader: str) -> None:
        with self._lock:
            self._end_step(CloseReason.ANOTHER_CARD)
            self._kiosk.forget(KioskStep.READING, card_present=True)
        try:
            card = read_card(self._reader, reader)
            verified = self._verifier.verify(card.certificate, self._now())
        except CertificateRejectedError as error:
            log.warning("%s", error)
            with self._lock:
                visit = self._records.open(
                    None, StaffNeed.CERTIFICATE_REJECTED, reason=str(error.reason)
                )
                self._kiosk.show_with_staff(visit.id, KioskNotice.STAFF_COMING)
        except (CardError, ReaderError) as error:
            log.warning("card not read: %s", error)
            with self._lock:
                self._kiosk.show_card_problem(error)
        else:
            with self._lock:
                self._card_accepted(card, verified)

    def _card_accepted(self, card: CardInReader, verified: VerifiedCertificate) -> None:
        need = None
        if not card.has_pin:
            need = StaffNeed.NO_PIN
        elif card.tries_left == 0:
            need = StaffNeed.PIN_BLOCKED
        visit = self._records.open(verified.subject, need)
        # fetched while the patient types, so that the payer's round trip costs nobody's time
        challenge = self._challenges.submit(self._payer.issue_challenge)
        self._cards[visit.id] = KnownCard(card, verified, challenge)
        if need is None:
            self._kiosk.wait_for_patient(
                KioskStep.PIN, visit_id=visit.id, tries_left=card.tries_left
            )
        else:
            self._kiosk.show_with_staff(visit.id, KioskNotice.STAFF_COMING)

    def _card_removed(self) -> None:
        step, visit_id = self._kiosk.state.step, self._kiosk.state.visit_id
        if step is KioskStep.CONSENT and visit_id is not None:
            self._kiosk.show(KioskStep.CHECKING, ends_in=ANSWER_SECONDS)
            self._finish(visit_id, CloseReason.CARD_REMOVED)
            self._show_outcome(visit_id)
        elif step in (KioskStep.PIN, KioskStep.CHECKING_PIN, KioskStep.READING):
            self._end_step(CloseReason.CARD_REMOVED)
            self._kiosk.show_card_problem(CardRemovedError())
        elif step is KioskStep.DONE:
            self._kiosk.show(step, ends_in=READING_SECONDS)
        elif step is KioskStep.WITH_STAFF:
            self._kiosk.show(step, notice=self._kiosk.state.notice, ends_in=NOTICE_SECONDS)
        elif step is KioskStep.CARD_PROBLEM and self._kiosk.state.deadline is None:
            self._kiosk.clear()

    def _check_deadline(self) -> None:
        with self._lock:
            if not self._kiosk.is_overdue:
                return
            visit_id = self._kiosk.state.visit_id
            if self._kiosk.state.step is KioskStep.CHECKING and visit_id is not None:
                self._show_outcome(visit_id, late=True)
            else:
                self._end_step(CloseReason.WALKED_AWAY)
                self._kiosk.clear()

    def _prove(self, visit_id: str, pin: bytearray) -> None:
        with self._lock:
            known = self._cards.get(visit_id)
        try:
            if known is None:
                return
            challenge = known.challenge_for(self._desk_id, visit_id, self._now())
            signature = prove_pin(self._reader, known.card, pin, challenge)
        except InvalidPinError as error:
            with self._lock:
                self._records.pin_refused(visit_id)
                self._kiosk.wait_for_patient(
                    KioskStep.PIN, notice=KioskNotice.PIN_WRONG, tries_left=error.tries_left
                )
        except ReaderBusyError:
            with self._lock:
                self._kiosk.wait_for_patient(KioskStep.PIN, notice=KioskNotice.CARD_BUSY)
        except CardRemovedError as error:
            with self._lock:
                self._end_step(CloseReason.CARD_REMOVED)
                self._kiosk.show_card_problem(error)
        except (CardError, ReaderError) as error:
            log.warning("visit %s: %s", visit_id, error)
            with self._lock:
                self._pin_failed(visit_id, error)
        else:
            evidence = HolderEvidence(
                IdentificationMethod.PIN, ProofKind.AUTH_KEY, self._now(), challenge, signature
            )
            with self._lock:
                self._identified(visit_id, known, evidence, HOLDER, None)
        finally:
            _wipe(pin)

    def _pin_failed(self, visit_id: str, error: CardError | ReaderError) -> None:
        if isinstance(error, PinBlockedError):
            self._records.pin_refused(visit_id)
            self._to_staff(visit_id, StaffNeed.PIN_BLOCKED)
        elif isinstance(error, CertificateRejectedError):
            # what signed is not what the certificate says: no look can mend that
            self._cards.pop(visit_id, None)
            self._to_staff(visit_id, StaffNeed.CERTIFICATE_REJECTED)
        else:
            self._to_staff(visit_id, StaffNeed.CARD_UNREADABLE)

    # -- steps of a visit, under the lock ------------------------------------------------------

    def _identified(
        self,
        visit_id: str,
        known: KnownCard,
        evidence: HolderEvidence,
        actor: Actor,
        reason: VisualReason | None,
    ) -> None:
        identification = Identification(
            visit_id=visit_id,
            evidence=evidence,
            actor=actor.id,
            certificate=known.card.certificate,
            attributes_source=AttributesSource.PAYER,
            reason=reason,
        )
        question_id = self._records.identify(identification, known.verified.subject, actor)
        self._cards.pop(visit_id, None)
        self._enquiries.kick(question_id)
        self._bus.publish(Topic.VISIT, visit_id)
        if self._kiosk.state.visit_id != visit_id:
            # the patient is at the desk, not at the kiosk: nobody there to answer
            self._records.finish(visit_id, CloseReason.COMPLETED, {})
        elif known.verified.in_grace:
            self._kiosk.show(KioskStep.CHECKING, ends_in=ANSWER_SECONDS)
            self._finish(visit_id, CloseReason.COMPLETED)
        else:
            self._kiosk.wait_for_patient(
                KioskStep.CONSENT, asked=tuple(ConsentItem), staff_called=False
            )

    def _finish(self, visit_id: str, reason: CloseReason) -> None:
        """End the patient's part: what was asked and not answered is no."""
        self._records.finish(visit_id, reason, self._kiosk.state.settled_answers)
        self._disclosure.advance(visit_id)

    def _abandon(self, visit_id: str, reason: CloseReason, actor: Actor) -> None:
        self._records.abandon(visit_id, reason, actor)
        self._cards.pop(visit_id, None)

    def _end_step(self, reason: CloseReason) -> None:
        """Settle the visit that stands at the kiosk before its screen goes."""
        step, visit_id = self._kiosk.state.step, self._kiosk.state.visit_id
        if visit_id is None:
            return
        if step is KioskStep.CONSENT:
            self._finish(visit_id, reason)
        elif step in (KioskStep.PIN, KioskStep.CHECKING_PIN):
            self._abandon(visit_id, reason, KIOSK)

    def _to_staff(self, visit_id: str, need: StaffNeed) -> None:
        self._records.call_staff(visit_id, need)
        called = need is StaffNeed.CALLED
        self._kiosk.show_with_staff(
            visit_id, KioskNotice.STAFF_CALLED if called else KioskNotice.STAFF_COMING
        )

    def _show_outcome(self, visit_id: str, *, late: bool = False) -> None:
        """Go from CHECKING to DONE once it is known what may be said in public."""
        state = self._kiosk.state
        if state.step is not KioskStep.CHECKING or state.visit_id != visit_id:
            return
        outcome = self._book.outcome(visit_id) or (DoneOutcome.QUEUED if late else None)
        if outcome is not None:
            self._kiosk.show_done(outcome)


def _wipe(pin: bytearray) -> None:
    pin[:] = bytes(len(pin))
