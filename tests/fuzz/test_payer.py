"""What a payer may send: every reader answers with a value or one error of ours, within bounds."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from eligibility.errors import EligibilityError, PayerProtocolError
from tests.fuzz.payer import HUNDRED_MEGABYTES, NAMES, OURS, fuzz_reader, giants, targets

SEED = 1
FOUND = targets()


@pytest.mark.parametrize("name", NAMES)
def test_spoilt_answers_raise_nothing_but_our_own_errors(name: str) -> None:
    """Bytes and documents spoilt in any way: a value, or one error of ours."""
    outcome = fuzz_reader(FOUND[name].parse, FOUND[name].good, SEED, name, 500)
    assert outcome.cases == 500
    assert outcome.first == {}


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("asked-")])
def test_good_input_is_taken_whole(name: str) -> None:
    """What is spoilt begins as a good answer; else only the first check would be tried."""
    for content in FOUND[name].good:
        if name == "answer" and json.loads(content)["outcome"] == "error":
            with pytest.raises(EligibilityError):
                FOUND[name].parse(content)
        else:
            FOUND[name].parse(content)


GIANTS = ["padded", "deep lists", "names", "insurance of b'{}'"]


@pytest.mark.parametrize("giant", GIANTS)
def test_a_giant_costs_no_more_memory_than_its_own_size_allows(giant: str) -> None:
    """A hostile answer is refused within a small multiple of the largest true one's memory."""
    answer = FOUND["answer"]
    body = next(data for name, data in giants(answer.good[-1]) if name == giant)
    tracemalloc.start()
    try:
        with pytest.raises(PayerProtocolError):
            answer.parse(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 250 * 1024 * 1024
    if len(body) == HUNDRED_MEGABYTES:
        assert peak < 1024 * 1024


def test_a_reader_that_breaks_is_found() -> None:
    """The search tells an error that is none of ours, with the case that repeats it."""

    def broken(body: bytes) -> object:
        return json.loads(body)["outcome"]

    outcome = fuzz_reader(broken, FOUND["answer"].good, SEED, "broken", 500)
    assert {"UnicodeDecodeError", "JSONDecodeError"} <= set(outcome.failures)
    assert all(0 <= case < 500 for case in outcome.first.values())
    assert not any(issubclass(UnicodeDecodeError, ours) for ours in OURS)
