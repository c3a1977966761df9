"""What one desk knows of the way to its payer: who may ask now, and when the others may."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from eligibility.retry import AskingPolicy, Breaker, BreakerState
from terminal.question import Question
from terminal.senders import Urgency

BY_HAND: Urgency = (0, 0.0)
"""What staff ask for goes before everything else."""


def _chance() -> float:
    # spreads desks, guards nothing
    return random.random()  # noqa: S311


class PayerLine:
    """Policy and breaker of one desk; safe to share between threads."""

    def __init__(self, policy: AskingPolicy, breaker: Breaker, now: Callable[[], datetime]) -> None:
        """``policy``, ``breaker``: see :mod:`eligibility.retry`."""
        self._policy = policy
        self._breaker = breaker
        self._now = now
        self._lock = threading.Lock()

    @property
    def is_silent(self) -> bool:
        """Whether the last tries failed, so that nothing is sent but a probe now and then."""
        with self._lock:
            return self._breaker.state(self._now()) is not BreakerState.CLOSED

    def urgency(self, question: Question, *, by_hand: bool) -> Urgency:
        """Return who goes first: asked for by hand, at the desk (the newest), the rest by age."""
        if by_hand:
            return BY_HAND
        created = question.created_at.timestamp()
        if self._policy.is_at_desk(question.at_desk_since, self._now()):
            return (1, -created)
        return (2, created)

    def held_until(self, question: Question, *, by_hand: bool) -> datetime | None:
        """Return None if this question goes out now, else when to look at it again.

        What staff ask for by hand always goes out.
        """
        now, desk = self._now(), question.at_desk_since
        with self._lock:
            if by_hand or self._breaker.allows(now, at_desk=self._policy.may_probe(desk, now)):
                self._breaker = self._breaker.after_sending(now)
                return None
            if question.problem is None:
                return self._policy.first_at(self._breaker, desk, now, _chance())
            return self._policy.held_until(self._breaker, desk, now, _chance())

    def failed(self, question: Question, retry_after: float | None) -> datetime:
        """Hold questions back after a call that nobody answered; return when this one may go."""
        now = self._now()
        wait = self._policy.probe_after(_chance())
        if retry_after is not None:
            wait = max(wait, min(retry_after, self._policy.silent.longest_retry_after))
        with self._lock:
            self._breaker = breaker = self._breaker.after_failure(now, wait)
        return self._policy.again_at(
            breaker, question.at_desk_since, question.attempts, now, _chance(), retry_after
        )

    def soon(self, question: Question) -> datetime:
        """Return when to ask again where the payer spoke, but gave no whole answer."""
        wait = self._policy.spoken.wait(question.attempts, _chance())
        return self._now() + timedelta(seconds=wait)

    def spoke(self) -> Callable[[Question], datetime] | None:
        """Note that the payer spoke; where it was silent, return when each waiting question goes.

        Who is at the desk comes first, then the rest evenly.
        """
        now = self._now()
        with self._lock:
            before, self._breaker = self._breaker, self._breaker.after_success(now)
        if not before.failures:
            return None
        return lambda question: self._policy.resumed_at(
            before, question.at_desk_since, now, _chance()
        )
