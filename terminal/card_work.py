"""What the desk does when a card comes or goes.

All of it runs on the desk's thread, in order; the lock is let go while the card is waited for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from eligibility.calendar import JAPAN
from eligibility.payer import Challenge, IdentificationMethod, Payer
from terminal.access.accounts import Actor
from terminal.card.certificates import CertificateVerifier, VerifiedCertificate
from terminal.card.number_b import NumberB
from terminal.card.revocation import Revocation, RevocationChecker
from terminal.errors import (
    CardError,
    CardRemovedError,
    CertificateReason,
    CertificateRejectedError,
    ReaderError,
    StoreError,
)
from terminal.events import EventBus, Topic
from terminal.face.work import FaceWork, ways_of
from terminal.holder_reading import HolderReading
from terminal.identification import RevocationState
from terminal.kiosk import (
    ANSWER_SECONDS,
    ASKING_STEPS,
    NOTICE_SECONDS,
    READING_SECONDS,
    UNIDENTIFIED_STEPS,
)
from terminal.number_reading import NumberReading
from terminal.payer.line import PayerLine
from terminal.pin_work import PinWork
from terminal.reader.types import (
    CardReader,
    Inserted,
    ReaderEvent,
    ReaderState,
    Removed,
    StateChanged,
)
from terminal.recognition import CardInReader, KnownCard, read_card, why_expired
from terminal.staff_look import PHONES
from terminal.views import KioskNotice, KioskStep
from terminal.visit import CloseReason, StaffNeed
from terminal.visit_steps import VisitSteps

log = logging.getLogger(__name__)

READER_NOTICES = {
    ReaderState.NO_READER: KioskNotice.NO_READER,
    ReaderState.PCSC_DOWN: KioskNotice.PCSC_DOWN,
    ReaderState.ACCESS_DENIED: KioskNotice.READER_ACCESS_DENIED,
}


class CardWork:
    """The card side of one desk."""

    def __init__(
        self,
        *,
        reader: CardReader,
        pins: PinWork,
        verifier: CertificateVerifier,
        revocation: RevocationChecker,
        payer: Payer,
        line: PayerLine,
        steps: VisitSteps,
        holders: HolderReading,
        numbers: NumberReading,
        faces: FaceWork,
        bus: EventBus,
        now: Callable[[], datetime],
    ) -> None:
        """All parts are the desk's own."""
        self._reader = reader
        self._verifier = verifier
        self._revocation = revocation
        self._payer = payer
        self._line = line
        self._pins = pins
        self._steps = steps
        self._holders = holders
        self._numbers = numbers
        self._faces = faces
        self._kiosk, self._records = steps.kiosk, steps.records
        self._lock, self._cards = steps.lock, steps.cards
        self._bus = bus
        self._now = now
        self._lying: bytes | None = None
        self._just_removed: bytes | None = None
        self._busy_reader: str | None = None
        self._challenges = ThreadPoolExecutor(2, thread_name_prefix="challenge")
        self._revocations = ThreadPoolExecutor(2, thread_name_prefix="revocation")

    def stop(self) -> None:
        """Wait for what is asked of others; called once the desk's thread has ended."""
        self._challenges.shutdown(wait=True, cancel_futures=True)
        self._revocations.shutdown(wait=True, cancel_futures=True)

    def take_event(self, event: ReaderEvent) -> None:
        """Do what a card or the reader calls for."""
        if isinstance(event, Inserted):
            self._just_removed = None
            if event.found:
                self._card_found()
            else:
                self._card_inserted(event.reader)
            return
        self._remember_lying(event)
        self._holders.card_gone()
        self._numbers.card_gone()
        with self._lock:
            self._kiosk.card_gone()
            if isinstance(event, Removed):
                self._card_removed()
            elif not self._kiosk.takes_cards:
                self._kiosk.clear()
            elif event.state is not ReaderState.READY:
                self._steps.end_step(CloseReason.CARD_REMOVED)
                self._kiosk.forget(KioskStep.OUT_OF_SERVICE, notice=READER_NOTICES[event.state])
            elif self._kiosk.state.step is KioskStep.OUT_OF_SERVICE:
                self._kiosk.forget(KioskStep.IDLE)
        if not isinstance(event, Removed):
            self._bus.publish(Topic.DEVICE)

    def _remember_lying(self, event: Removed | StateChanged) -> None:
        """Keep the card in mind where it was not lifted: only the way to it was lost.

        A reader that goes tells its card as removed just before.
        """
        if isinstance(event, Removed):
            self._just_removed, self._lying = self._lying, None
        elif event.state is not ReaderState.READY:
            self._lying = self._just_removed or self._lying
            self._just_removed = None

    def _card_found(self) -> None:
        """Let a card that nobody was seen to tap be taken first; it is not read."""
        with self._lock:
            self._steps.end_step(CloseReason.ANOTHER_CARD)
            self._kiosk.touch(card_present=True, is_phone=False)
            self._kiosk.clear()

    def _card_inserted(self, reader: str) -> None:
        self._holders.card_gone()
        self._numbers.card_gone()
        with self._lock:
            self._steps.end_step(CloseReason.ANOTHER_CARD)
            if not self._kiosk.takes_cards:
                # it is not even read: nothing that it told or proved here could be used
                self._kiosk.send_on()
                return
            self._kiosk.forget(KioskStep.READING, card_present=True, is_phone=False)
        self._read(reader)

    def busy_card_is_due(self) -> bool:
        """Tell, once a time, whether a card that another program held is to be tried again."""
        with self._lock:
            due = self._kiosk.shows_busy_card and self._kiosk.is_overdue
            if due:
                self._kiosk.touch(deadline=None)
            return due

    def read_busy_card(self) -> None:
        """Try again to read a card that another program held, if it lies there still."""
        with self._lock:
            reader = self._busy_reader if self._kiosk.shows_busy_card else None
        if reader is not None:
            self._read(reader)

    def _read(self, reader: str) -> None:
        try:
            card = read_card(self._reader, reader)
            if card.certificate == self._lying:
                # it was never lifted since its visit: perhaps nobody is there who owns it
                self._holders.card_is_back(card.certificate)
                with self._lock:
                    self._kiosk.clear()
                return
            self._lying = card.certificate
            verified = self._verifier.verify(card.certificate, self._now())
        except CertificateRejectedError as error:
            log.warning("%s", error)
            reason = error.reason
            if reason is CertificateReason.EXPIRED:
                today = self._now().astimezone(JAPAN).date()
                reason = why_expired(self._reader, reader, today)
            with self._lock:
                visit = self._records.open(None, StaffNeed.CERTIFICATE_REJECTED, reason)
                self._kiosk.show_with_staff(visit.id, KioskNotice.STAFF_COMING)
        except (CardError, ReaderError) as error:
            log.warning("card not read: %s", error)
            with self._lock:
                self._busy_reader = reader
                self._kiosk.show_card_problem(error)
        else:
            with self._lock:
                visit_id = self._card_accepted(card, verified)
                step = self._kiosk.state.step
            if step is KioskStep.PIN_ON_READER:
                self._pins.prove_on_reader(visit_id)

    def _card_accepted(self, card: CardInReader, verified: VerifiedCertificate) -> str:
        face = self._faces.is_offered(card)
        visit = self._records.open_for_card(card, verified, face=face)
        need = visit.staff_need
        # both asked while the patient types, so that the round trips cost nobody's time
        challenge = self._challenges.submit(self._ask_for_challenge)
        revocation = self._revocations.submit(self._revocation.check, card.certificate)
        known = KnownCard(card, verified, challenge, revocation)
        self._cards[visit.id] = known
        ways = ways_of(card, face=face and visit.has_photo is not False)
        self._holders.card_lies(visit.id, known, wants_photo=IdentificationMethod.FACE in ways)
        if card.token not in PHONES:
            self._numbers.card_lies(visit.id)
        self._kiosk.touch(is_phone=card.token in PHONES)
        if need is None and IdentificationMethod.FACE in ways:
            self._kiosk.let_choose(visit.id, ways, card.tries_left, on_reader=card.has_keypad)
        elif need is None:
            self._kiosk.ask_for_pin(visit.id, card.tries_left, on_reader=card.has_keypad)
        else:
            self._kiosk.show_with_staff(visit.id, KioskNotice.PIN_UNUSABLE)
        revocation.add_done_callback(lambda found: self._revocation_known(visit.id, found))
        return visit.id

    def _ask_for_challenge(self) -> Challenge:
        """Return the payer's challenge; while it is silent raise at once, for the desk's own.

        A failure holds nothing back: the question that follows finds out by itself.
        """
        self._line.require_speaking()
        return self._payer.issue_challenge()

    def _revocation_known(self, visit_id: str, found: Future[Revocation]) -> None:
        """Stop a visit as soon as its certificate is known to be revoked."""
        if found.cancelled() or found.result().state is not RevocationState.REVOKED:
            return
        try:
            with self._lock:
                proving = self._kiosk.state.step is KioskStep.CHECKING_PIN
                mine = self._kiosk.state.visit_id == visit_id
                # a PIN that is with the card now is stopped by what comes of it
                if visit_id in self._cards and not (proving and mine):
                    self._steps.reject_certificate(visit_id, CertificateReason.REVOKED)
        except StoreError as error:
            self.trouble(error)

    def _card_removed(self) -> None:
        step, visit_id = self._kiosk.state.step, self._kiosk.state.visit_id
        if step in (*ASKING_STEPS, KioskStep.REGISTER) and visit_id is not None:
            self._steps.end_step(CloseReason.CARD_REMOVED)
            self._kiosk.show(KioskStep.CHECKING, ends_in=ANSWER_SECONDS)
            self._steps.show_outcome(visit_id)
        elif step in (*UNIDENTIFIED_STEPS, KioskStep.READING):
            self._steps.end_step(CloseReason.CARD_REMOVED)
            self._kiosk.show_card_problem(CardRemovedError())
        elif step is KioskStep.DONE:
            self._kiosk.show(step, ends_in=READING_SECONDS)
        elif step is KioskStep.WITH_STAFF:
            self._kiosk.show(step, notice=self._kiosk.state.notice, ends_in=NOTICE_SECONDS)
        elif (
            self._kiosk.shows_busy_card
            or self._kiosk.sends_on
            or (step is KioskStep.CARD_PROBLEM and self._kiosk.state.deadline is None)
        ):
            self._kiosk.clear()

    def try_number_b(
        self, visit_id: str, number_b: NumberB, actor: Actor, *, automatic: bool = False
    ) -> None:
        """Read who the holder is from the visit's card: see :meth:`HolderReading.try_number`."""
        self._holders.try_number(visit_id, number_b, actor, automatic=automatic)

    def trouble(self, error: Exception) -> None:
        """Show that a piece of work failed, without what it was about."""
        with self._lock:
            if isinstance(error, StoreError):
                step, notice = KioskStep.OUT_OF_SERVICE, KioskNotice.STORE_UNWRITABLE
            else:
                step, notice = KioskStep.CARD_PROBLEM, KioskNotice.CARD_UNREADABLE
            self._kiosk.forget(step, notice=notice, ends_in=NOTICE_SECONDS)
