"""When to ask again: waiting times and a circuit breaker, as data and pure functions.

Time and chance are passed in, so that a simulation runs what the product runs.  The numbers of
:class:`AskingPolicy` come from such a simulation of all desks of the country together
(docs/payer.md): none of them knows of the others, so each must be modest by itself.
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

        CLOSED ──failures_to_open failures──▶ OPEN ──open_seconds──▶ HALF_OPEN
           ▲                                  │  ▲                      │
           └───────────── success ────────────┴──┼──────────────────────┤
                                                 └─────── failure ──────┘

    OPEN lets out a probe for somebody who stands at the desk, from ``probe_from`` on; HALF_OPEN a
    probe for anybody; both one at a time.  ``silent_since``, ``failed_at``: the first and the last
    failure of the present run of them; ``answered_at``: when a call was last answered.
    ``probe_at``: when the probe under way was sent; one that never reports back is given up after
    ``probe_seconds``.
    """

    failures_to_open: int = 1
    open_seconds: float = 600
    probe_seconds: float = 150
    failures: int = 0
    silent_since: datetime | None = None
    failed_at: datetime | None = None
    probe_from: datetime | None = None
    probe_at: datetime | None = None
    answered_at: datetime | None = None

    def state(self, now: datetime) -> BreakerState:
        """Return the state at the moment ``now``."""
        if self.failed_at is None or self.failures < self.failures_to_open:
            return BreakerState.CLOSED
        if _passed(self.failed_at, self.open_seconds, now):
            return BreakerState.HALF_OPEN
        return BreakerState.OPEN

    def is_probing(self, now: datetime) -> bool:
        """Whether a probe is under way."""
        return self.probe_at is not None and not _passed(self.probe_at, self.probe_seconds, now)

    def allows(self, now: datetime, *, at_desk: bool = False) -> bool:
        """Whether a call may go out at the moment ``now``.

        ``at_desk``: it is for a patient who stands at the desk.
        """
        state = self.state(now)
        if state is BreakerState.CLOSED:
            return True
        if self.is_probing(now):
            return False
        if state is BreakerState.HALF_OPEN:
            return True
        return at_desk and (self.probe_from is None or now >= self.probe_from)

    def after_sending(self, now: datetime) -> Breaker:
        """Return the breaker after a call went out; unless CLOSED that call is the probe."""
        if self.state(now) is BreakerState.CLOSED:
            return self
        return replace(self, probe_at=now)

    def after_success(self, now: datetime) -> Breaker:
        """Return the breaker after a call was answered: closed, nothing held against it."""
        return replace(
            self,
            failures=0,
            silent_since=None,
            failed_at=None,
            probe_from=None,
            probe_at=None,
            answered_at=now,
        )

    def after_failure(self, now: datetime, probe_after: float = 0.0) -> Breaker:
        """Return the breaker after a call failed at the moment ``now``.

        ``probe_after``: seconds before which nobody may probe.
        """
        return replace(
            self,
            failures=self.failures + 1,
            silent_since=self.silent_since or now,
            failed_at=now,
            probe_from=now + timedelta(seconds=probe_after),
            probe_at=None,
        )


def _passed(moment: datetime, seconds: float, now: datetime) -> bool:
    # A clock that was set back must not hold calls back for longer than it was set.
    return now < moment or now - moment >= timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class AskingPolicy:
    """When one desk's questions go to a payer that fell silent, and once it speaks again.

    A question is asked for a patient ``at_desk_seconds`` long; ``asked_at`` is when that began, or
    None where nobody stands at the desk for it.  While the breaker is open such a question probes
    once, ``probe_low`` to ``probe_high`` seconds after it was asked or after the last failure: late
    enough that one probe serves as long as the patient stands there.  All other questions wait by
    ``silent``, and are let out again evenly.

    One failure is no outage: of those whose call was the first to fail, a ``quick_share`` by chance
    uses that probe ``quick_low`` to ``quick_high`` seconds later.  Not all may, since in an outage
    all would.

    Once the payer speaks, who was at the desk comes first, within ``catch_up_seconds``, or less in
    proportion after a shorter silence; all the rest follows evenly, from ``rest_after_seconds`` on
    until ``drain_seconds`` after the last failure.  An outage that lasted longer than ``share`` of
    that is given more time in proportion, up to ``longest_drain_seconds``, and one that was
    certainly shorter less, so that no desk adds more than about ``share`` to what it asks
    anyway.  ``spoken``: waits where the payer spoke, but gave no whole answer.
    """

    at_desk_seconds: float = 60
    quick_share: float = 0.2
    quick_low: float = 1
    quick_high: float = 4
    probe_low: float = 60
    probe_high: float = 130
    catch_up_seconds: float = 180
    rest_after_seconds: float = 240
    drain_seconds: float = 4440
    longest_drain_seconds: float = 14_400
    share: float = 0.405
    silent: RetryPolicy = RetryPolicy(first_seconds=1110, factor=4, longest_seconds=4440)
    spoken: RetryPolicy = RetryPolicy()
    busy_seconds: float = 12

    def probe_after(self, random01: float, *, first: bool = False) -> float:
        """Return the seconds after which somebody at the desk probes; half fixed, half chance.

        ``first``: after the first failure of all, which may be no outage at all.
        """
        low, high, share = self.probe_low, self.probe_high, 1.0 - self.quick_share
        if first and random01 >= share:
            low, high, random01, share = (
                self.quick_low,
                self.quick_high,
                random01 - share,
                self.quick_share,
            )
        elif not first:
            share = 1.0
        return low + random01 / share * (high - low)

    def is_at_desk(self, asked_at: datetime | None, now: datetime) -> bool:
        """Whether a patient stands at the desk for this question."""
        return asked_at is not None and not _passed(asked_at, self.at_desk_seconds, now)

    def may_probe(self, asked_at: datetime | None, now: datetime) -> bool:
        """Whether this question may still use the one probe that it was promised at the desk."""
        longest = self.at_desk_seconds + self.probe_high
        return asked_at is not None and not _passed(asked_at, longest, now)

    def first_at(
        self, breaker: Breaker, asked_at: datetime | None, now: datetime, random01: float
    ) -> datetime:
        """Return when a new question goes out: now, or at its probe while the payer is silent."""
        state = breaker.state(now)
        if state is BreakerState.CLOSED:
            return now
        if state is BreakerState.HALF_OPEN and not breaker.is_probing(now):
            return now
        if asked_at is None:
            return self.held_until(breaker, asked_at, now, random01)
        return max(breaker.probe_from or now, now + timedelta(seconds=self.probe_after(random01)))

    def held_until(
        self, breaker: Breaker, asked_at: datetime | None, now: datetime, random01: float
    ) -> datetime:
        """Return when to look again at a question that is due and that the breaker holds back."""
        busy = timedelta(seconds=self.busy_seconds * (1 + random01 / 4))
        if breaker.state(now) is not BreakerState.OPEN:
            return now + busy
        if self.is_at_desk(asked_at, now):
            return max(breaker.probe_from or now, now + busy)
        failed_at = breaker.failed_at or now
        start = max(now, failed_at + timedelta(seconds=breaker.open_seconds))
        end = max(start + busy, failed_at + timedelta(seconds=self.drain_seconds))
        return start + random01 * (end - start)

    def again_at(
        self,
        breaker: Breaker,
        asked_at: datetime | None,
        attempts: int,
        now: datetime,
        random01: float,
        retry_after: float | None = None,
    ) -> datetime:
        """Return when a question goes out again whose attempt number ``attempts`` just failed.

        ``breaker``: as it is after that failure.
        """
        if attempts == 1 and self.is_at_desk(asked_at, now):
            planned = breaker.probe_from or now
        else:
            planned = now + timedelta(seconds=self.silent.wait(attempts, random01))
        if retry_after is None:
            return planned
        longest = self.silent.longest_retry_after
        return max(planned, now + timedelta(seconds=min(retry_after, longest)))

    def resumed_at(
        self, breaker: Breaker, asked_at: datetime | None, now: datetime, random01: float
    ) -> datetime:
        """Return when a question that waited goes out, now that the payer speaks again.

        ``breaker``: as it was before the payer's first answer.
        """
        failed_at = min(breaker.failed_at or now, now)
        at_desk_since = failed_at - timedelta(seconds=self.at_desk_seconds)
        if asked_at is not None and asked_at > at_desk_since:
            silence = (now - (breaker.silent_since or now)).total_seconds()
            within = min(self.catch_up_seconds, max(0.0, silence) / self.share)
            return now + timedelta(seconds=random01 * within)
        end = max(now, failed_at + self._drain(breaker, now))
        start = min(now + timedelta(seconds=self.rest_after_seconds), end)
        return start + random01 * (end - start)

    def _drain(self, breaker: Breaker, now: datetime) -> timedelta:
        """Return how long after the last failure all that waited is asked."""
        seconds = self.drain_seconds
        if breaker.failed_at is not None and breaker.silent_since is not None:
            lasted = (breaker.failed_at - breaker.silent_since).total_seconds()
            seconds = max(seconds, lasted / self.share)
        if breaker.answered_at is not None and breaker.answered_at <= now:
            at_most = (now - breaker.answered_at).total_seconds()
            seconds = min(seconds, at_most / self.share)
        return timedelta(seconds=min(seconds, self.longest_drain_seconds))
