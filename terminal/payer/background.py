"""What asks the payer in the background: a thread that goes step by step, and when it may ask.

While anything is asked for somebody at the desk nothing goes out from here, and a payer that is
silent is left alone for as long as the desk's own line says.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from eligibility.errors import PayerTrustError, PayerUnavailableError
from eligibility.retry import AskingPolicy, Breaker
from terminal.errors import StoreError
from terminal.payer.line import Asked, PayerLine
from terminal.payer.question import QuestionProblem

log = logging.getLogger(__name__)

LONGEST_SLEEP = 5.0
"""Seconds; short, since the wall clock may be set meanwhile."""
AFTER_FAULT = 5.0
WHILE_DESK_ASKS = 0.1


def _chance() -> float:
    # spreads desks, guards nothing
    return random.random()  # noqa: S311


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
    """When the background may ask; for one thread.

    While the desk's line is closed nothing goes out from here but what the line lets out.  Where
    calls from here alone fail, only what is asked from here waits: nobody at the desk is held back
    for them.
    """

    def __init__(
        self,
        line: PayerLine,
        now: Callable[[], datetime],
        desk_is_asking: Callable[[], bool],
        payer_spoke: Callable[[], None],
        policy: AskingPolicy | None = None,
    ) -> None:
        """``line``: the desk's own; ``payer_spoke``: called when the payer answered something."""
        self._line = line
        self._now = now
        self._desk_is_asking = desk_is_asking
        self._payer_spoke = payer_spoke
        self._policy = policy or AskingPolicy()
        self._own = Breaker()
        self._by_line = False
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
        if self._line.is_silent:
            self._wait_for_line(asked, now)
        elif self._is_held and self._spoke_since():
            # to somebody else: what waited goes out evenly
            self._is_held = False
            self._not_before = (
                self._line.released_at(asked)
                if self._by_line
                else self._policy.resumed_at(self._own, None, now, _chance())
            )
        if self._not_before is None or now >= self._not_before:
            return 0
        return max(0.2, (self._not_before - now).total_seconds())

    def _wait_for_line(self, asked: Asked, now: datetime) -> None:
        self._by_line = True
        if self._not_before is None or now >= self._not_before:
            self._not_before = self._line.held_until(asked, by_hand=False)
            self._is_held = self._not_before is not None

    def _spoke_since(self) -> bool:
        if self._by_line:
            return True
        answered, failed = self._line.answered_at, self._own.failed_at
        return answered is not None and failed is not None and answered > failed

    def failed(self, asked: Asked, error: PayerUnavailableError | PayerTrustError) -> None:
        """Leave the payer alone after a call that nobody answered."""
        retry_after = error.retry_after if isinstance(error, PayerUnavailableError) else None
        now = self._now()
        self._is_held = True
        if self._line.is_silent:
            tried = Tried(max(1, asked.attempts), asked.problem)
            self._not_before = self._line.failed(tried, retry_after)
            return
        self._by_line = False
        self._own = self._own.after_failure(now)
        wait = self._policy.silent.wait(self._own.failures, _chance(), retry_after)
        self._not_before = now + timedelta(seconds=wait)

    def spoke(self) -> None:
        """Take note that the payer answered."""
        self._is_held = self._by_line = False
        self._not_before = None
        self._own = self._own.after_success(self._now())
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
