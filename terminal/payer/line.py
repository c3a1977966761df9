"""What one desk knows of the way to its payer: who may ask now, and when the others may.

Every call goes by one policy.  Questions have the line itself: only they probe it and only they
close it, since somebody waits at the desk for them.  Consents and history follow an answer, on a
:class:`SideLine`: while the line is closed to questions nothing of theirs is sent, and if they
alone fail no question is held back.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from eligibility.errors import PayerSilentError
from eligibility.retry import AskingPolicy, Breaker, BreakerState
from terminal.payer.question import Question, QuestionProblem
from terminal.payer.senders import Urgency

BY_HAND: Urgency = (0, 0.0)
"""What staff ask for goes before everything else."""


class Asked(Protocol):
    """What the line must know of anything that is asked: who waits, how often it was tried."""

    @property
    def at_desk_since(self) -> datetime | None:
        """When the patient began to wait at the desk, None where nobody waits there."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was sent."""
        ...

    @property
    def problem(self) -> QuestionProblem | None:
        """Why it is not answered yet."""
        ...


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
        self._release: Callable[[Asked], datetime] | None = None

    @property
    def is_silent(self) -> bool:
        """Whether the last tries failed, so that nothing is sent but a probe now and then."""
        with self._lock:
            return self._breaker.state(self._now()) is not BreakerState.CLOSED

    @property
    def answered_at(self) -> datetime | None:
        """When a call was answered last, None where none was since the program began."""
        with self._lock:
            return self._breaker.answered_at

    def require_speaking(self) -> None:
        """Raise PayerSilentError unless calls go out now; only questions probe."""
        if self.is_silent:
            msg = "the payer is silent: nothing is sent until it answers a question again"
            raise PayerSilentError(msg)

    def urgency(self, question: Question, *, by_hand: bool) -> Urgency:
        """Return who goes first: asked for by hand, at the desk (the newest), the rest by age."""
        if by_hand:
            return BY_HAND
        created = question.created_at.timestamp()
        if self._policy.is_at_desk(question.at_desk_since, self._now()):
            return (1, -created)
        return (2, created)

    def held_until(self, question: Asked, *, by_hand: bool) -> datetime | None:
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

    def failed(self, question: Asked, retry_after: float | None) -> datetime:
        """Hold questions back after a call that nobody answered; return when this one may go."""
        now = self._now()
        with self._lock:
            first = self._breaker.failures == 0
        wait = self._policy.probe_after(_chance(), first=first)
        if retry_after is not None:
            wait = max(wait, min(retry_after, self._policy.silent.longest_retry_after))
        with self._lock:
            self._breaker = breaker = self._breaker.after_failure(now, wait)
        return self._policy.again_at(
            breaker, question.at_desk_since, question.attempts, now, _chance(), retry_after
        )

    def soon(self, question: Asked) -> datetime:
        """Return when to ask again where the payer spoke, but gave no whole answer."""
        wait = self._policy.spoken.wait(question.attempts, _chance())
        return self._now() + timedelta(seconds=wait)

    def spoke(self) -> Callable[[Asked], datetime] | None:
        """Note that the payer spoke; where it was silent, return when each waiting question goes.

        Who is at the desk comes first, then the rest evenly.
        """
        now = self._now()
        with self._lock:
            before, self._breaker = self._breaker, self._breaker.after_success(now)
            if not before.failures:
                return None
            self._release = lambda question: self._policy.resumed_at(
                before, question.at_desk_since, now, _chance()
            )
            return self._release

    def released_at(self, question: Asked) -> datetime | None:
        """Return when a question that was held back goes, if the payer spoke meanwhile."""
        with self._lock:
            if self._breaker.failures or self._release is None:
                return None
            return self._release(question)


class SideLine:
    """The way of consents and history, beside the questions; safe to share between threads.

    The first failure is tried again as early as a question's would be, later ones after the
    breaker's whole time; once a call is answered, what waited goes out by the same policy.
    """

    def __init__(
        self, line: PayerLine, policy: AskingPolicy, breaker: Breaker, now: Callable[[], datetime]
    ) -> None:
        """``line``: of the questions."""
        self._line = line
        self._policy = policy
        self._breaker = breaker
        self._now = now
        self._lock = threading.Lock()

    @property
    def is_silent(self) -> bool:
        """Whether a call that nobody asks for by hand would not be sent now."""
        if self._line.is_silent:
            return True
        with self._lock:
            return not self._allows(self._now())

    def _allows(self, now: datetime) -> bool:
        return self._breaker.allows(now, at_desk=self._breaker.failures == 1)

    def begin(self, *, by_hand: bool) -> None:
        """Take note that a call goes out.  Raises PayerSilentError where none may.

        ``by_hand``: staff ask for it, which always goes out.
        """
        if not by_hand:
            self._line.require_speaking()
        now = self._now()
        with self._lock:
            if not by_hand and not self._allows(now):
                msg = "the payer did not answer the last call about consents and history"
                raise PayerSilentError(msg)
            self._breaker = self._breaker.after_sending(now)

    def failed(self, retry_after: float | None) -> None:
        """Hold calls back after one that nobody answered."""
        now = self._now()
        with self._lock:
            wait = self._policy.probe_after(_chance(), first=self._breaker.failures == 0)
            if retry_after is not None:
                wait = max(wait, min(retry_after, self._policy.silent.longest_retry_after))
            self._breaker = self._breaker.after_failure(now, wait)

    def spoke(self) -> Callable[[datetime], datetime] | None:
        """Note an answer; where none came before, return when what waits since a moment goes."""
        now = self._now()
        with self._lock:
            before, self._breaker = self._breaker, self._breaker.after_success(now)
        if not before.failures:
            return None
        return lambda since: self._policy.resumed_at(before, since, now, _chance())
