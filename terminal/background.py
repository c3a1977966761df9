"""What asks the payer in the background: a thread that goes step by step, and when it may ask.

While anything is asked for somebody at the desk nothing goes out from here, and a payer that is
silent is left alone for as long as the desk's own line says.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from eligibility.errors import PayerTrustError, PayerUnavailableError
from terminal.errors import StoreError
from terminal.payer_line import Asked, PayerLine
from terminal.question import QuestionProblem

log = logging.getLogger(__name__)

LONGEST_SLEEP = 5.0
"""Seconds; short, since the wall clock may be set meanwhile."""
AFTER_FAULT = 5.0
WHILE_DESK_ASKS = 0.1


class Background:
    """A thread that does one step after the other until it is stopped."""

    def __init__(self, name: str, step: Callable[[], float]) -> None:
        """``step``: does the next thing; returns the seconds until it should be called again."""
        self._step = step
        self._lock = threading.Condition()
        self._stopping = False
        self._woken = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_stopping(self) -> bool:
        """Whether the program ends."""
        return self._stopping

    def start(self) -> None:
        """Begin; what a former run of the program left open goes on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; what is under way is finished."""
        with self._lock:
            self._stopping = True
            self._lock.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def kick(self) -> None:
        """Do the next step now."""
        with self._lock:
            self._woken = True
            self._lock.notify_all()

    def rest(self, seconds: float) -> None:
        """Wait within a step; ends early where the program ends."""
        with self._lock:
            self._lock.wait_for(lambda: self._stopping, seconds)

    def _run(self) -> None:
        while True:
            try:
                wait = self._step()
            except StoreError:
                # what is open in the store is found again
                log.exception("%s stands still", self._thread.name)
                wait = AFTER_FAULT
            except Exception:
                log.exception("%s goes on after a fault", self._thread.name)
                wait = AFTER_FAULT
            with self._lock:
                if wait > 0 and not self._woken and not self._stopping:
                    self._lock.wait(min(wait, LONGEST_SLEEP))
                self._woken = False
                if self._stopping:
                    return


@dataclass(frozen=True, slots=True)
class Tried:
    """What the line must know of something that nobody at the desk waits for."""

    attempts: int
    problem: QuestionProblem | None = None

    @property
    def at_desk_since(self) -> datetime | None:
        """Nobody waits there."""
        return None


class BackgroundLine:
    """When the background may ask; for one thread."""

    def __init__(
        self,
        line: PayerLine,
        now: Callable[[], datetime],
        desk_is_asking: Callable[[], bool],
        payer_spoke: Callable[[], None],
    ) -> None:
        """``line``: the desk's own; ``payer_spoke``: called when the payer answered something."""
        self._line = line
        self._now = now
        self._desk_is_asking = desk_is_asking
        self._payer_spoke = payer_spoke
        self._not_before: datetime | None = None
        self._is_held = False

    @property
    def is_held(self) -> bool:
        """Whether nothing goes out since the payer is silent."""
        return self._is_held

    def wait(self, asked: Asked) -> float:
        """Return the seconds for which this may not be asked, 0 where it goes out now."""
        if self._desk_is_asking():
            return WHILE_DESK_ASKS
        now = self._now()
        if self._is_held and not self._line.is_silent:
            # it spoke to somebody meanwhile: all that waited goes out evenly
            self._is_held = False
            self._not_before = self._line.released_at(asked)
        if self._not_before is not None and now < self._not_before:
            return (self._not_before - now).total_seconds()
        self._not_before = self._line.held_until(asked, by_hand=False)
        if self._not_before is None:
            return 0
        self._is_held = True
        return max(0.2, (self._not_before - now).total_seconds())

    def failed(self, asked: Asked, error: PayerUnavailableError | PayerTrustError) -> None:
        """Leave the payer alone after a call that nobody answered."""
        retry_after = error.retry_after if isinstance(error, PayerUnavailableError) else None
        tried = Tried(max(1, asked.attempts), asked.problem)
        self._not_before = self._line.failed(tried, retry_after)
        self._is_held = True

    def spoke(self) -> None:
        """Take note that the payer answered."""
        self._is_held = False
        self._not_before = None
        self._payer_spoke()

    def not_for(self, seconds: float) -> None:
        """Ask nothing for so long, though the payer speaks."""
        self._not_before = self._now() + timedelta(seconds=seconds)

    def soon(self, asked: Asked) -> None:
        """Wait a little after an answer that was none."""
        self._not_before = self._line.soon(asked)

    def give_way(self, background: Background) -> None:
        """Wait while the desk asks, within a step of ``background``."""
        while self._desk_is_asking() and not background.is_stopping:
            background.rest(WHILE_DESK_ASKS)
