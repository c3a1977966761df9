"""What the desk does with the PIN: typed on the screen, or on the keys of the reader itself.

All of it runs on the desk's thread; the lock is let go while the card and the holder are waited
for.  What staff, the patient or the clock decide in the meantime stands.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from eligibility.payer import Challenge, HolderEvidence, IdentificationMethod, ProofKind
from terminal.access.accounts import HOLDER
from terminal.errors import (
    CardError,
    CardRemovedError,
    CertificateRejectedError,
    InvalidPinError,
    PinBlockedError,
    PinEntryCancelledError,
    PinEntryLengthError,
    PinEntryTimeoutError,
    PinEntryUnsupportedError,
    ReaderBusyError,
    ReaderError,
)
from terminal.reader.types import CardReader
from terminal.recognition import (
    REVOCATION_SECONDS,
    KnownCard,
    prove_pin,
    prove_pin_on_reader,
)
from terminal.views import KioskNotice, KioskStep
from terminal.visit import CloseReason, StaffNeed
from terminal.visit_steps import VisitSteps

log = logging.getLogger(__name__)

PROVING = (KioskStep.CHECKING_PIN, KioskStep.PIN_ON_READER)

ASK_AGAIN = (
    (ReaderBusyError, KioskNotice.CARD_BUSY),
    (PinEntryTimeoutError, KioskNotice.PIN_TIMED_OUT),
    (PinEntryCancelledError, KioskNotice.PIN_CANCELLED),
    (PinEntryLengthError, KioskNotice.PIN_LENGTH),
)
"""What costs no try: the patient is told and may begin anew."""


def wipe(secret: bytearray) -> None:
    """Overwrite what was typed."""
    secret[:] = bytes(len(secret))


class PinWork:
    """Lets the cards of one desk's visits prove that the holder knows the PIN."""

    def __init__(
        self, desk_id: str, reader: CardReader, steps: VisitSteps, now: Callable[[], datetime]
    ) -> None:
        """All parts are the desk's own."""
        self._desk_id = desk_id
        self._reader = reader
        self._steps = steps
        self._kiosk, self._records = steps.kiosk, steps.records
        self._lock, self._cards = steps.lock, steps.cards
        self._now = now

    def prove(self, visit_id: str, pin: bytearray) -> None:
        """Let the card prove that the typed PIN is right; ``pin`` is cleared."""

        def by_screen(known: KnownCard) -> tuple[Challenge, bytes]:
            challenge = known.challenge_for(self._desk_id, visit_id, self._now())
            return challenge, prove_pin(self._reader, known.card, pin, challenge)

        try:
            self._prove(visit_id, by_screen)
        finally:
            wipe(pin)

    def prove_on_reader(self, visit_id: str) -> None:
        """Let the holder type the PIN on the reader, for as long as the reader waits."""

        def by_keys(known: KnownCard) -> tuple[Challenge, bytes]:
            return prove_pin_on_reader(
                self._reader,
                known.card,
                lambda: known.challenge_for(self._desk_id, visit_id, self._now()),
                typed=lambda: self._typed(visit_id),
            )

        self._prove(visit_id, by_keys)

    def _prove(
        self, visit_id: str, by_card: Callable[[KnownCard], tuple[Challenge, bytes]]
    ) -> None:
        with self._lock:
            known = self._cards.get(visit_id)
        if known is None:
            return
        try:
            challenge, signature = by_card(known)
            known.revocation_within(REVOCATION_SECONDS)
        except (CardError, ReaderError) as error:
            log.info("visit %s: %s", visit_id, error)
            with self._lock:
                self._not_proved(visit_id, error)
            return
        evidence = HolderEvidence(
            IdentificationMethod.PIN, ProofKind.AUTH_KEY, self._now(), challenge, signature
        )
        with self._lock:
            if visit_id in self._cards:
                self._steps.identified(visit_id, known, evidence, HOLDER, None)
            else:
                log.info("visit %s was over before its PIN was proved", visit_id)

    def _typed(self, visit_id: str) -> None:
        """Say that the reader has what it needs."""
        with self._lock:
            state = self._kiosk.state
            if (state.step, state.visit_id) == (KioskStep.PIN_ON_READER, visit_id):
                self._kiosk.show(KioskStep.CHECKING_PIN)

    def _not_proved(self, visit_id: str, error: CardError | ReaderError) -> None:
        if isinstance(error, InvalidPinError | PinBlockedError):
            self._records.pin_refused(visit_id)
        state = self._kiosk.state
        if state.visit_id == visit_id and state.step in PROVING:
            self._go_on(visit_id, error)
        elif isinstance(error, PinBlockedError) and visit_id in self._cards:
            # with staff already, who have to know that no PIN can help any more
            self._records.call_staff(visit_id, self._records.need_of_blocked_pin(visit_id))

    def _go_on(self, visit_id: str, error: CardError | ReaderError) -> None:
        """Lead the patient, who stands before the kiosk, to what can be done now."""
        again = next((notice for kind, notice in ASK_AGAIN if isinstance(error, kind)), None)
        if again is not None:
            self._kiosk.wait_for_patient(KioskStep.PIN, notice=again)
        elif isinstance(error, InvalidPinError):
            self._kiosk.wait_for_patient(
                KioskStep.PIN, notice=KioskNotice.PIN_WRONG, tries_left=error.tries_left
            )
        elif isinstance(error, PinEntryUnsupportedError):
            self._kiosk.wait_for_patient(KioskStep.PIN, pin_on_reader=False)
        elif isinstance(error, CardRemovedError):
            self._steps.end_step(CloseReason.CARD_REMOVED)
            self._kiosk.show_card_problem(error)
        elif isinstance(error, CertificateRejectedError):
            self._steps.reject_certificate(visit_id, error.reason)
        elif isinstance(error, PinBlockedError):
            if IdentificationMethod.FACE in self._kiosk.state.ways:
                self._kiosk.wait_for_patient(
                    KioskStep.CHOOSE,
                    notice=KioskNotice.PIN_BLOCKED,
                    ways=(IdentificationMethod.FACE,),
                )
            else:
                need = self._records.need_of_blocked_pin(visit_id)
                self._steps.to_staff(visit_id, need, KioskNotice.PIN_BLOCKED)
        else:
            self._steps.to_staff(visit_id, StaffNeed.CARD_UNREADABLE)
