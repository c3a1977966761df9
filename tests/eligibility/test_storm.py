"""What the product's policy does to a payer that comes back, for a small share of all desks."""

from __future__ import annotations

import numpy as np
import pytest

from eligibility.retry import AskingPolicy
from tests.benchmarks.storm import GOAL_DRAIN_MINUTES, Naive, Outcome, drained_in, ours, simulate

DESKS = 2_000
SEED = 7


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """What came of it."""
    return simulate(DESKS, ours(AskingPolicy()), SEED)


def five_minutes(outcome: Outcome) -> float:
    """Return the highest load of five minutes after the return; few desks make minutes rough."""
    after = outcome.load[40:]
    return float(np.convolve(after, np.ones(5) / 5, mode="valid").max())


def test_the_payer_is_not_overrun(outcome: Outcome) -> None:
    """The load stays near one and a half times the normal; naive desks bring it to hundreds."""
    assert five_minutes(outcome) < 1.6
    assert simulate(200, lambda _chance: Naive(), SEED).peak_after > 100


def test_everybody_is_answered_and_the_desk_first(outcome: Outcome) -> None:
    """Nothing that was asked is left, and who was at the desk is answered within five minutes."""
    assert np.isfinite(outcome.answered[outcome.asked < 3600]).all()
    assert outcome.drained_after <= GOAL_DRAIN_MINUTES
    assert outcome.answered_at_desk(np.random.default_rng(SEED)) > 0.9


def test_less_time_means_a_higher_peak(outcome: Outcome) -> None:
    """The numbers trade the payer's peak against the time that the last one waits."""
    hasty = simulate(DESKS, ours(drained_in(1200)), SEED)
    assert hasty.drained_after < outcome.drained_after
    assert five_minutes(hasty) > five_minutes(outcome) + 0.5
