"""When to ask again: waiting times and a circuit breaker, as data and pure functions.

Time and chance are passed in, so that a simulation runs what the product runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

_LARGEST_EXPONENT = 64


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential waiting with full jitter; all values in seconds.

    ``longest_retry_after``: the most that a payer's Retry-After may hold us back, so that a wrong
    value does not silence the desk for good.
    """

    first_seconds: float = 2
    factor: float = 2
    longest_seconds: float = 120
    longest_retry_after: float = 3600

    def __post_init__(self) -> None:
        """Refuse values that would wait for nothing or for ever."""
        if not 0 < self.first_seconds <= self.longest_seconds:
            msg = "the first wait lies above 0 and not above the longest"
            raise ValueError(msg)
        if not 1 <= self.factor <= 100:
            msg = "the factor lies between 1 and 100"
            raise ValueError(msg)
        if self.longest_retry_after < 0:
            msg = "the longest Retry-After is not negative"
            raise ValueError(msg)

    def ceiling(self, attempt: int) -> float:
        """Return the most that may be waited after failed attempt number ``attempt`` (from 1)."""
        if attempt < 1:
            msg = "attempts are counted from 1"
            raise ValueError(msg)
        grown = self.first_seconds * self.factor ** min(attempt - 1, _LARGEST_EXPONENT)
        return min(self.longest_seconds, grown)

    def wait(self, attempt: int, random01: float, retry_after: float | None = None) -> float:
        """Return the seconds to wait after failed attempt number ``attempt`` (from 1).

        ``random01``: chance in [0, 1).  ``retry_after``: what the payer asked for; never undercut.
        """
        jittered = random01 * self.ceiling(attempt)
        if retry_after is None:
            return jittered
        return max(jittered, min(retry_after, self.longest_retry_after))


class BreakerState(StrEnum):
    """Whether calls go out."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """A circuit breaker: after some failures in a row it holds calls back, then lets one probe.

    ::

        CLOSED ──failures_to_open failures──▶ OPEN ──open_seconds──▶ HALF_OPEN ──success──▶ CLOSED
                                                ▲────────failure────────┘

    ``probe_at``: when the one probe of HALF_OPEN was sent; a probe that never reports back is
    given up after ``open_seconds``.
    """

    failures_to_open: int = 5
    open_seconds: float = 30
    failures: int = 0
    opened_at: datetime | None = None
    probe_at: datetime | None = None

    def _passed_since(self, moment: datetime, now: datetime) -> bool:
        # A clock that was set back must not hold calls back for longer than it was set.
        return now < moment or now - moment >= timedelta(seconds=self.open_seconds)

    def state(self, now: datetime) -> BreakerState:
        """Return the state at the moment ``now``."""
        if self.opened_at is None:
            return BreakerState.CLOSED
        if self._passed_since(self.opened_at, now):
            return BreakerState.HALF_OPEN
        return BreakerState.OPEN

    def allows(self, now: datetime) -> bool:
        """Whether a call may go out at the moment ``now``."""
        state = self.state(now)
        if state is BreakerState.HALF_OPEN:
            return self.probe_at is None or self._passed_since(self.probe_at, now)
        return state is BreakerState.CLOSED

    def after_sending(self, now: datetime) -> Breaker:
        """Return the breaker after a call went out; in HALF_OPEN that call is the probe."""
        if self.state(now) is BreakerState.HALF_OPEN:
            return replace(self, probe_at=now)
        return self

    def after_success(self) -> Breaker:
        """Return the breaker after a call was answered: closed, nothing held against it."""
        return replace(self, failures=0, opened_at=None, probe_at=None)

    def after_failure(self, now: datetime) -> Breaker:
        """Return the breaker after a call failed at the moment ``now``."""
        failures = self.failures + 1
        if self.state(now) is BreakerState.OPEN or (
            self.opened_at is None and failures < self.failures_to_open
        ):
            return replace(self, failures=failures)
        return replace(self, failures=failures, opened_at=now, probe_at=None)
