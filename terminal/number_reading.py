"""照合番号B as the camera reads it off the present card, until the card is free for it.

The patient's PIN goes first: while one is asked for or with the card, the number waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from eligibility.calendar import JAPAN
from terminal.access.accounts import TERMINAL
from terminal.card.number_b import NumberB
from terminal.card_camera.face import PrintedNumber
from terminal.card_camera.watch import CardCamera
from terminal.holder_reading import HolderReading
from terminal.kiosk import PIN_STEPS
from terminal.views import KioskStep
from terminal.visit_book import VisitBook
from terminal.visit_steps import VisitSteps

BUSY_STEPS = (KioskStep.READING, *PIN_STEPS)


class NumberReading:
    """Has the camera look at each accepted card.  Safe to call from any thread."""

    def __init__(
        self,
        camera: CardCamera | None,
        *,
        holders: HolderReading,
        steps: VisitSteps,
        book: VisitBook,
        now: Callable[[], datetime],
    ) -> None:
        """``camera``: None where there is none; all other parts are the desk's own."""
        self._camera = camera
        self._holders = holders
        self._kiosk, self._lock = steps.kiosk, steps.lock
        self._book = book
        self._now = now
        self._visit_id: str | None = None
        self._waiting: NumberB | None = None

    def start(self) -> None:
        """Make the camera ready."""
        if self._camera is not None:
            self._camera.start()

    def stop(self) -> None:
        """End the camera; a number that waits is cleared."""
        if self._camera is not None:
            self._camera.stop()
        self.card_gone()

    def card_lies(self, visit_id: str) -> None:
        """Look at the card of a new visit."""
        if self._camera is not None:
            with self._lock:
                self._forget()
                self._visit_id = visit_id
            self._camera.look(partial(self._seen, visit_id))

    def card_gone(self) -> None:
        """Look away: what was seen of the card that lay there is cleared."""
        if self._camera is not None:
            self._camera.look_away()
            with self._lock:
                self._forget()

    def _seen(self, visit_id: str, printed: PrintedNumber) -> None:
        """Keep what the camera saw, where the card it belongs to still lies there."""
        today = self._now().astimezone(JAPAN).date()
        try:
            number_b = NumberB(
                printed.birthdate, printed.expiry_year, printed.security_code, today=today
            )
        finally:
            printed.clear()
        with self._lock:
            if self._visit_id == visit_id:
                self._waiting = number_b
            else:
                number_b.clear()

    def is_due(self) -> bool:
        """Whether a number was seen and nobody's PIN is waited for."""
        with self._lock:
            return self._waiting is not None and self._kiosk.state.step not in BUSY_STEPS

    def try_when_free(self) -> None:
        """Try what was seen, once, where nobody's PIN is waited for; on the desk's thread."""
        with self._lock:
            visit_id, number_b = self._visit_id, self._waiting
            if visit_id is None or number_b is None or self._kiosk.state.step in BUSY_STEPS:
                return
            self._waiting = None
        with number_b:
            if self._book.is_readable(visit_id):
                self._holders.try_number(visit_id, number_b, TERMINAL, automatic=True)

    def _forget(self) -> None:
        if self._waiting is not None:
            self._waiting.clear()
        self._visit_id = self._waiting = None
