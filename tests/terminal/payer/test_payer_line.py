"""The way to the payer: one policy for questions, challenges, consents and history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.errors import PayerSilentError
from eligibility.retry import AskingPolicy, Breaker
from terminal.payer.line import PayerLine, SideLine
from terminal.payer.question import Question, QuestionKind

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
POLICY = AskingPolicy()


@dataclass
class Desk:
    """Both lines of a desk, and its clock."""

    now: datetime = NOW
    line: PayerLine = field(init=False)
    side: SideLine = field(init=False)

    def __post_init__(self) -> None:
        """Make the lines, open."""
        self.line = PayerLine(POLICY, Breaker(), lambda: self.now)
        self.side = SideLine(self.line, POLICY, Breaker(), lambda: self.now)

    def goes_on(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def question(self, attempts: int = 1) -> Question:
        """Return a question that somebody at the desk asks now."""
        return Question(
            "q", QuestionKind.CARD_ELIGIBILITY, "v", b"", self.now, self.now, self.now, attempts
        )

    def sends_beside(self) -> bool:
        """Whether a call about consents or history goes out now."""
        try:
            self.side.begin(by_hand=False)
        except PayerSilentError:
            return False
        return True


def test_nothing_goes_beside_questions_that_nobody_answers() -> None:
    """While the payer is silent consents, history and challenges fail at once and unsent."""
    desk = Desk()
    assert desk.sends_beside()
    desk.side.spoke()
    desk.line.failed(desk.question(), None)
    assert not desk.sends_beside()
    assert desk.side.is_silent
    with pytest.raises(PayerSilentError):
        desk.line.require_speaking()
    desk.goes_on(10_000)
    assert not desk.sends_beside(), "only a question probes"
    desk.line.spoke()
    assert desk.sends_beside()


def test_history_that_fails_holds_no_patient_back() -> None:
    """Where consents and history alone fail, questions go out as before."""
    desk = Desk()
    assert desk.sends_beside()
    desk.side.failed(None)
    assert not desk.line.is_silent
    assert desk.line.held_until(desk.question(), by_hand=False) is None


def test_the_first_failure_beside_is_tried_again_soon_and_later_ones_seldom() -> None:
    """One probe within the promised time; after it fails, one in ten minutes; never two at once."""
    desk = Desk()
    desk.side.failed(None)
    desk.goes_on(POLICY.probe_high)
    assert desk.sends_beside()
    assert not desk.sends_beside(), "a probe is under way"
    desk.side.failed(None)
    desk.goes_on(POLICY.probe_high)
    assert not desk.sends_beside()
    desk.goes_on(Breaker().open_seconds)
    assert desk.sends_beside()


def test_a_call_by_hand_beside_always_goes_out() -> None:
    """Staff need not wait for the policy."""
    desk = Desk()
    desk.line.failed(desk.question(), None)
    desk.side.failed(None)
    desk.side.begin(by_hand=True)
    assert desk.side.spoke() is not None


def test_the_payers_own_time_is_never_undercut_beside() -> None:
    """A Retry-After holds for consents and history too."""
    desk = Desk()
    desk.side.failed(500.0)
    desk.goes_on(499)
    assert not desk.sends_beside()
    desk.goes_on(2)
    assert desk.sends_beside()


@given(lasted=st.floats(200, 3000), since=st.floats(0, 3000))
def test_what_waited_beside_goes_evenly_once_the_payer_answers(lasted: float, since: float) -> None:
    """As questions do: at once after no silence, else spread over the time of the policy."""
    desk = Desk()
    assert desk.side.spoke() is None
    desk.side.failed(None)
    desk.goes_on(lasted)
    desk.side.failed(None)
    goes_at = desk.side.spoke()
    assert goes_at is not None
    at = goes_at(desk.now - timedelta(seconds=since))
    assert desk.now <= at <= desk.now + timedelta(seconds=max(POLICY.drain_seconds, 3000 / 0.4))


def test_one_failure_is_tried_again_within_seconds_by_some_desks() -> None:
    """A single broken call is no outage; not all desks try, since in an outage all would."""
    waits = []
    for _ in range(400):
        desk = Desk()
        again = desk.line.failed(desk.question(), None)
        waits.append((again - desk.now).total_seconds())
        desk.goes_on((again - desk.now).total_seconds())
        assert desk.line.held_until(desk.question(), by_hand=False) is None
    quick = [wait for wait in waits if wait <= POLICY.quick_high]
    assert all(
        POLICY.quick_low <= wait <= POLICY.quick_high
        or POLICY.probe_low <= wait <= POLICY.probe_high
        for wait in waits
    )
    assert 0.05 < len(quick) / len(waits) < 0.4


def test_a_question_uses_one_probe_and_no_more() -> None:
    """Whose second try failed too waits with those who left: no patient's question is a storm."""
    desk = Desk()
    desk.line.failed(desk.question(), None)
    desk.goes_on(POLICY.quick_high)
    waits = [
        (desk.line.failed(desk.question(attempts=2), None) - desk.now).total_seconds()
        for _ in range(50)
    ]
    assert max(waits) > POLICY.probe_high
