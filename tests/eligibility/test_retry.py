"""When to ask again: waits and the breaker, with time and chance passed in."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.retry import Breaker, BreakerState, RetryPolicy

NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)


def later(seconds: float) -> datetime:
    """Return the moment so many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("attempt", "most"), [(1, 2), (2, 4), (3, 8), (6, 64), (7, 120), (8, 120), (10_000, 120)]
)
def test_waits_double_up_to_the_longest(attempt: int, most: float) -> None:
    """The most that is waited doubles with each failed attempt until the longest wait."""
    assert RetryPolicy().ceiling(attempt) == most


@given(attempt=st.integers(1, 10**9), chance=st.floats(0, 1, exclude_max=True))
def test_jitter_is_full(attempt: int, chance: float) -> None:
    """Each wait is the same share of its ceiling as the chance that was passed in."""
    policy = RetryPolicy()
    assert policy.wait(attempt, chance) == chance * policy.ceiling(attempt)


@given(
    attempt=st.integers(1, 100),
    chance=st.floats(0, 1, exclude_max=True),
    asked=st.floats(0, 3600),
)
def test_retry_after_is_never_undercut(attempt: int, chance: float, asked: float) -> None:
    """What the payer asked for is waited at least."""
    assert RetryPolicy().wait(attempt, chance, asked) >= asked


def test_an_absurd_retry_after_does_not_silence_the_desk() -> None:
    """Beyond its limit a Retry-After no longer counts."""
    assert RetryPolicy().wait(1, 0.5, 10**9) == 3600


@pytest.mark.parametrize(
    "values",
    [
        {"first_seconds": 0},
        {"first_seconds": 200},
        {"factor": 0.5},
        {"factor": 1000},
        {"longest_retry_after": -1},
    ],
)
def test_a_policy_that_cannot_wait_is_refused(values: dict[str, float]) -> None:
    """Waits below zero, shrinking or endless are no policy."""
    with pytest.raises(ValueError, match="the "):
        RetryPolicy(**values)


def test_attempts_count_from_one() -> None:
    """There is no wait before the first attempt."""
    with pytest.raises(ValueError, match="counted from 1"):
        RetryPolicy().wait(0, 0.5)


def failed(breaker: Breaker, times: int, at: datetime = NOW) -> Breaker:
    """Return ``breaker`` after so many failures."""
    for _ in range(times):
        breaker = breaker.after_failure(at)
    return breaker


def test_failures_in_a_row_open_the_breaker() -> None:
    """The breaker lets calls out until as many failures as configured came in a row."""
    assert failed(Breaker(), 4).allows(NOW)
    opened = failed(Breaker(), 5)
    assert opened.state(NOW) is BreakerState.OPEN
    assert not opened.allows(NOW)


def test_a_success_between_failures_starts_the_count_again() -> None:
    """Only failures without a success between them count."""
    assert failed(failed(Breaker(), 4).after_success(), 4).allows(NOW)


def test_after_its_time_an_open_breaker_lets_one_probe_out() -> None:
    """HALF_OPEN allows one call, and no second one before that one's result."""
    opened = failed(Breaker(open_seconds=30), 5)
    assert not opened.allows(later(29.9))
    assert opened.allows(later(30))
    probing = opened.after_sending(later(30))
    assert probing.state(later(30)) is BreakerState.HALF_OPEN
    assert not probing.allows(later(31))


def test_the_probes_result_decides() -> None:
    """A probe that succeeds closes the breaker; one that fails opens it for as long again."""
    probing = failed(Breaker(open_seconds=30), 5).after_sending(later(30))
    assert probing.after_success() == Breaker(open_seconds=30)
    again = probing.after_failure(later(32))
    assert not again.allows(later(61.9))
    assert again.allows(later(62))


def test_a_probe_that_never_reports_is_given_up() -> None:
    """A lost probe does not block the breaker for good."""
    probing = failed(Breaker(open_seconds=30), 5).after_sending(later(30))
    assert probing.allows(later(60))


def test_late_failures_do_not_keep_it_open_longer() -> None:
    """A failure that comes in while it is open does not move its time."""
    opened = failed(Breaker(open_seconds=30), 5).after_failure(later(20))
    assert opened.allows(later(30))


def test_a_clock_that_was_set_back_does_not_hold_calls_back() -> None:
    """Where the clock stands before the failure, a probe is allowed."""
    assert failed(Breaker(), 5).allows(NOW - timedelta(days=1))


def test_sending_changes_nothing_while_closed_or_open() -> None:
    """Only the probe of HALF_OPEN is counted."""
    assert Breaker().after_sending(NOW) == Breaker()
    opened = failed(Breaker(), 5)
    assert opened.after_sending(NOW) == opened


@given(steps=st.lists(st.tuples(st.sampled_from("sfx"), st.floats(0, 100)), max_size=40))
def test_the_breaker_never_stays_shut_for_good(steps: list[tuple[str, float]]) -> None:
    """Whatever happened before, after ``open_seconds`` of silence a call is allowed."""
    breaker, clock = Breaker(), 0.0
    for step, seconds in steps:
        clock += seconds
        if step == "s":
            breaker = breaker.after_success()
        elif step == "f":
            breaker = breaker.after_failure(later(clock))
        else:
            breaker = breaker.after_sending(later(clock))
    assert breaker.allows(later(clock + breaker.open_seconds))


def test_policy_and_breaker_are_data() -> None:
    """Neither can be changed in place."""
    with pytest.raises(FrozenInstanceError):
        Breaker().failures = 3  # type: ignore[misc]  # the point of the test
