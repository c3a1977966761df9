"""When to ask again: waits and the breaker, with time and chance passed in."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.retry import AskingPolicy, Breaker, BreakerState, RetryPolicy

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
    assert failed(Breaker(failures_to_open=5), 4).allows(NOW)
    opened = failed(Breaker(failures_to_open=5), 5)
    assert opened.state(NOW) is BreakerState.OPEN
    assert not opened.allows(NOW)


def test_a_success_between_failures_starts_the_count_again() -> None:
    """Only failures without a success between them count."""
    breaker = failed(Breaker(failures_to_open=5), 4).after_success(NOW)
    assert failed(breaker, 4).allows(NOW)


def test_open_lets_out_only_who_is_at_the_desk_and_only_in_its_time() -> None:
    """While the payer is believed silent, a probe is for somebody who stands there."""
    opened = Breaker(open_seconds=600).after_failure(NOW, probe_after=60)
    assert not opened.allows(later(59.9), at_desk=True)
    assert opened.allows(later(60), at_desk=True)
    assert not opened.allows(later(60), at_desk=False)


@pytest.mark.parametrize("seconds", [60, 700])
def test_one_probe_at_a_time(seconds: float) -> None:
    """Open or half-open, a second call waits for the result of the first."""
    opened = Breaker(open_seconds=600).after_failure(NOW, probe_after=60)
    assert opened.allows(later(seconds), at_desk=True)
    probing = opened.after_sending(later(seconds))
    assert probing.is_probing(later(seconds + 1))
    assert not probing.allows(later(seconds + 1), at_desk=True)


def test_after_its_time_an_open_breaker_lets_anybody_probe() -> None:
    """HALF_OPEN allows one call, for whomever it is."""
    opened = failed(Breaker(open_seconds=30), 1)
    assert not opened.allows(later(29.9))
    assert opened.allows(later(30))
    assert opened.after_sending(later(30)).state(later(30)) is BreakerState.HALF_OPEN


def test_the_probes_result_decides() -> None:
    """A probe that succeeds closes the breaker; one that fails opens it for as long again."""
    probing = failed(Breaker(open_seconds=30), 1).after_sending(later(30))
    assert probing.after_success(later(31)) == Breaker(open_seconds=30, answered_at=later(31))
    again = probing.after_failure(later(32))
    assert not again.allows(later(61.9))
    assert again.allows(later(62))
    assert (again.silent_since, again.failed_at) == (NOW, later(32))


def test_a_probe_that_never_reports_is_given_up() -> None:
    """A lost probe does not block the breaker for good."""
    probing = failed(Breaker(open_seconds=30, probe_seconds=40), 1).after_sending(later(30))
    assert not probing.allows(later(69))
    assert probing.allows(later(70))


def test_a_clock_that_was_set_back_does_not_hold_calls_back() -> None:
    """Where the clock stands before the failure, a probe is allowed."""
    assert failed(Breaker(), 1).allows(NOW - timedelta(days=1))


def test_sending_changes_nothing_while_closed() -> None:
    """Only a call that goes out in spite of the silence is a probe."""
    assert Breaker().after_sending(NOW) == Breaker()


@given(steps=st.lists(st.tuples(st.sampled_from("sfx"), st.floats(0, 100)), max_size=40))
def test_the_breaker_never_stays_shut_for_good(steps: list[tuple[str, float]]) -> None:
    """Whatever happened before, after both its times of silence a call is allowed."""
    breaker, clock = Breaker(), 0.0
    for step, seconds in steps:
        clock += seconds
        if step == "s":
            breaker = breaker.after_success(later(clock))
        elif step == "f":
            breaker = breaker.after_failure(later(clock), seconds)
        else:
            breaker = breaker.after_sending(later(clock))
    assert breaker.allows(later(clock + max(breaker.open_seconds, breaker.probe_seconds)))


POLICY = AskingPolicy()
chances = st.floats(0, 1, exclude_max=True)


@given(chance=chances)
def test_a_payer_that_answers_is_asked_at_once(chance: float) -> None:
    """Nothing waits while the breaker is closed."""
    assert POLICY.first_at(Breaker(), NOW, NOW, chance) == NOW


@given(chance=chances, waited=st.floats(0, 599))
def test_who_comes_while_the_payer_is_silent_is_asked_for_once(
    chance: float, waited: float
) -> None:
    """One probe serves for as long as a patient stands there, and comes within the promised time.

    Later than the patient stays: whenever the payer returns meanwhile, that one probe finds it.
    """
    breaker = Breaker().after_failure(NOW, POLICY.probe_after(chance))
    arrival = later(waited)
    probe = POLICY.first_at(breaker, arrival, arrival, chance)
    assert (probe - arrival).total_seconds() >= POLICY.at_desk_seconds
    assert (probe - arrival).total_seconds() <= POLICY.probe_high
    assert breaker.allows(probe, at_desk=POLICY.may_probe(arrival, probe))


@given(chance=chances)
def test_a_first_failure_is_probed_within_seconds_or_at_the_usual_time(chance: float) -> None:
    """Which of both is by chance, in the share that the simulation of all desks bears."""
    wait = POLICY.probe_after(chance, first=True)
    quick = POLICY.quick_low <= wait <= POLICY.quick_high
    assert quick == (chance >= 1 - POLICY.quick_share)
    assert quick or POLICY.probe_low <= wait <= POLICY.probe_high


@given(chance=chances, lasted=st.floats(0.1, 70))
def test_a_short_silence_is_made_up_for_in_a_short_time(chance: float, lasted: float) -> None:
    """Who came to the desk during a failure of seconds does not wait for minutes."""
    breaker = Breaker().after_failure(NOW)
    here = POLICY.resumed_at(breaker, later(0.05), later(lasted), chance)
    assert (here - later(lasted)).total_seconds() <= lasted / POLICY.share + 0.001


@given(chance=chances, waited=st.floats(600, 10_000))
def test_an_old_failure_is_not_believed(chance: float, waited: float) -> None:
    """Ten minutes after the last failure the next patient is asked for at once."""
    breaker = Breaker().after_failure(NOW, POLICY.probe_high)
    assert POLICY.first_at(breaker, later(waited), later(waited), chance) == later(waited)


@given(chance=chances, age=st.floats(0, 100_000), waited=st.floats(0, 100_000))
def test_held_questions_are_looked_at_again_in_the_future(
    chance: float, age: float, waited: float
) -> None:
    """A question that is held back neither spins nor is forgotten."""
    breaker = Breaker().after_failure(NOW, POLICY.probe_after(chance))
    now = later(waited)
    for asked_at in (now - timedelta(seconds=age), None):
        again = POLICY.held_until(breaker, asked_at, now, chance)
        assert POLICY.busy_seconds <= (again - now).total_seconds() <= POLICY.drain_seconds + 20


@given(chance=chances, attempts=st.integers(1, 50), age=st.floats(60, 100_000))
def test_who_left_the_desk_waits_with_full_jitter(chance: float, attempts: int, age: float) -> None:
    """Away from the desk the wait is a share by chance of a ceiling that grows to the longest."""
    breaker = Breaker().after_failure(NOW, 60)
    again = POLICY.again_at(breaker, NOW - timedelta(seconds=age), attempts, NOW, chance)
    expected = chance * POLICY.silent.ceiling(attempts)
    assert (again - NOW).total_seconds() == pytest.approx(expected, abs=1e-3)
    assert again <= later(POLICY.drain_seconds)


@given(chance=chances, asked=st.floats(0, 3600))
def test_no_question_undercuts_what_the_payer_asked_for(chance: float, asked: float) -> None:
    """A Retry-After holds for who is at the desk, too."""
    breaker = Breaker().after_failure(NOW, 60)
    assert POLICY.again_at(breaker, NOW, 1, NOW, chance, asked) >= later(asked)


def silent_for(seconds: float, answered_at: datetime | None = None) -> Breaker:
    """Return a breaker whose failures ended now and began so long before."""
    breaker = Breaker(answered_at=answered_at).after_failure(later(-seconds))
    return breaker.after_failure(NOW)


@given(chance=chances, age=st.floats(0, 59), found=st.floats(0, 130))
def test_at_the_return_the_desk_comes_first(chance: float, age: float, found: float) -> None:
    """Who was at the desk is asked for before anybody who left, within the time to catch up."""
    breaker, now = silent_for(1800), later(found)
    here = POLICY.resumed_at(breaker, NOW - timedelta(seconds=age), now, chance)
    gone = POLICY.resumed_at(breaker, NOW - timedelta(seconds=900), now, chance)
    nobody = POLICY.resumed_at(breaker, None, now, chance)
    catch_up = now + timedelta(seconds=POLICY.catch_up_seconds)
    assert POLICY.rest_after_seconds >= POLICY.catch_up_seconds
    assert now <= here <= catch_up
    assert gone >= catch_up
    assert nobody >= catch_up
    assert (catch_up - NOW).total_seconds() <= 310


@given(chance=chances, lasted=st.floats(0, 1800), found=st.floats(0, 100_000))
def test_all_is_asked_within_the_drain_time(chance: float, lasted: float, found: float) -> None:
    """However late a desk learns of the return: 75 minutes after the last failure nothing waits."""
    breaker, now = silent_for(lasted), later(found)
    again = POLICY.resumed_at(breaker, NOW - timedelta(seconds=900), now, chance)
    assert now <= again <= max(now, later(75 * 60))


def test_a_long_outage_is_given_more_time_and_a_short_one_less() -> None:
    """The time is in proportion to what piled up, so that the payer's load stays the same."""
    old = NOW - timedelta(seconds=900)
    long = POLICY.resumed_at(silent_for(5400), old, NOW, 0.999_999)
    assert (long - NOW).total_seconds() == pytest.approx(5400 / POLICY.share, abs=1)
    short = POLICY.resumed_at(silent_for(30, later(-120)), old, NOW, 0.999_999)
    assert (short - NOW).total_seconds() == pytest.approx(120 / POLICY.share, abs=1)
    endless = POLICY.resumed_at(silent_for(10**6), old, NOW, 0.999_999)
    assert (endless - NOW).total_seconds() == pytest.approx(POLICY.longest_drain_seconds, abs=1)


def test_policy_and_breaker_are_data() -> None:
    """Neither can be changed in place."""
    with pytest.raises(FrozenInstanceError):
        Breaker().failures = 3  # type: ignore[misc]  # the point of the test
