from __future__ import annotations

import numpy as np

from tests.fuzz.face import MOST_MEBIBYTES, fuzz, run_apart

SEED = 1


def test_spoilt_photos_and_odd_frames_give_a_reason_within_the_memory_allowed() -> None:
    """Whatever a card or camera gives: an answer or one of our errors, and 200 MB at most."""
    found = {str(line["target"]): line for line in run_apart(SEED, 150)}
    assert set(found) == {"photo", "frame"}
    for line in found.values():
        assert line["failures"] == {}
        assert float(str(line["most_mebibytes"])) < MOST_MEBIBYTES
    assert 10 < int(str(found["photo"]["answered"])) < 140


def test_a_case_that_breaks_or_swells_is_found() -> None:
    """The search tells an error that is none of ours, and memory that was taken."""

    def swell(given: object) -> object:
        size = int(str(given))
        if size % 7 == 0:
            raise IndexError
        # far more than what this process gives back meanwhile of what tests before it took
        return np.ones(size << 23, np.uint8)

    line = fuzz("broken", (lambda chance: chance.randrange(1, 40), swell), SEED, 40)
    failures = line["failures"]
    assert isinstance(failures, dict)
    assert set(failures) == {"IndexError"}
    assert float(str(line["most_mebibytes"])) > 100
