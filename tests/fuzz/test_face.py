from __future__ import annotations

import numpy as np
import pytest

from tests.fuzz.face import fuzz, run_apart, too_much

pytestmark = pytest.mark.long

SEED = 1


def test_hostile_photos_and_frames_give_a_reason_within_the_memory_allowed() -> None:
    """Whatever a card or camera gives: an answer or one of our errors, and 200 MB at most."""
    found = {str(line["target"]): line for line in run_apart(SEED, 150)}
    assert set(found) == {"photo", "frame", "attempt"}
    for line in found.values():
        assert line["failures"] == {}
        assert not too_much({**line, "most_processor_seconds": 0})  # no timings in tests
    reasons = [line["reasons"] for line in found.values()]
    assert all(isinstance(one, dict) for one in reasons)
    assert {"answered", "several-faces", "no-face", "FrameError"} <= set(reasons[1])  # type: ignore[call-overload]
    assert {"answered", "too-many-tiles", "too-large", "damaged"} <= set(reasons[0])  # type: ignore[call-overload]


def test_a_case_that_breaks_or_swells_is_found() -> None:
    """The search tells an error that is none of ours, and memory that was taken."""

    def swell(given: object) -> str:
        size = int(str(given))
        if size % 7 == 0:
            raise IndexError
        # far more than what this process gives back meanwhile of what tests before it took
        return str(np.ones(size << 23, np.uint8)[0])

    line = fuzz("broken", (lambda chance: chance.randrange(1, 40), swell), SEED, 40)
    failures = line["failures"]
    assert isinstance(failures, dict)
    assert set(failures) == {"IndexError"}
    assert float(str(line["most_mebibytes"])) > 100
    assert too_much({**line, "failures": {}, "most_mebibytes": 201})
    assert too_much({**line, "failures": {}, "most_mebibytes": 0, "most_processor_seconds": 1.1})
    assert not too_much({**line, "failures": {}, "most_mebibytes": 0, "most_processor_seconds": 0})
