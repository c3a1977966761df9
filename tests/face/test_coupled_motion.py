"""Heads before a room against prints in the hand, by what moves beside the face."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from face_auth.coupled_motion import CoupledMotion
from face_auth.detector import Face, FaceDetector
from face_auth.liveness import LivenessLimits
from face_auth.opencv import cv2
from tests.benchmarks.attacks import Stage, still_before_a_room, swaying
from tests.face.heads import Performer, Sitter
from tests.face.test_liveness import face_at, noise

if TYPE_CHECKING:
    from face_auth.types import Pixels

Place = tuple[int, int, float]
"""Of a face: middle, and size against that of the first frame."""

ROOM, NEAR = noise(1), noise(2)
MOVES: list[Place] = [(320 + x, 240 + y, 1.0) for x, y in ((0, 0), (14, 0), (0, 9), (-14, 0)) * 4]
NEARER: list[Place] = [(320, 240, 0.8 + 0.05 * number) for number in range(12)]
HEAD, HAIR, PRINT = 0.5, 0.8, 1.6
"""Halves of what moves, in face widths."""
LIMIT = LivenessLimits().coupling


def view_of(place: Place, half: float, room: Pixels) -> Pixels:
    """Return the room with what moves in it, ``half`` face widths to each side."""
    x, y, size = place
    wide, high = round(140 * half), 150
    part = NEAR[240 - high : 240 + high, 320 - wide : 320 + wide]
    part = np.asarray(cv2.resize(part, None, fx=size, fy=size), np.uint8)
    left, top = x - part.shape[1] // 2, y - part.shape[0] // 2
    part = part[max(0, -top) :][: 480 - max(0, top)]
    view = room.copy()
    view[max(0, top) : max(0, top) + part.shape[0], left : left + part.shape[1]] = part
    return view


def share_of(
    places: Iterable[Place], half: float, room: Callable[[Place], Pixels] = lambda _place: ROOM
) -> float | None:
    """Let what moves go from place to place."""
    coupled = CoupledMotion()
    for place in places:
        x, y, size = place
        coupled.see(view_of(place, half, room(place)), face_at(x, y, 140 * size))
    return coupled.share


@pytest.mark.parametrize("places", [MOVES, NEARER], ids=["aside", "nearer"])
def test_a_print_goes_along_and_a_room_stays(places: list[Place]) -> None:
    """Whether the face moves or grows: beside it a print does the same, a room does not."""
    held, head = share_of(places, PRINT), share_of(places, HEAD)
    assert held is not None
    assert head is not None
    assert held > 0.9
    assert head < 0.1


def test_hair_is_no_print() -> None:
    """What hangs down within a third of the face's width beside it belongs to a head."""
    share = share_of(MOVES, HAIR)
    assert share is not None
    assert share < LIMIT - 0.2


def test_nothing_is_told_where_the_whole_view_moves_or_shows_nothing() -> None:
    """A camera that is pushed and a plain wall say nothing of a person, nor of a print."""
    pushed = share_of(
        MOVES, HEAD, lambda place: np.roll(ROOM, (place[1] - 240, place[0] - 320), (0, 1))
    )
    plain = share_of(MOVES, HEAD, lambda _place: np.full_like(ROOM, 128))
    assert (pushed, plain) == (None, None)


def test_a_face_that_stays_says_nothing() -> None:
    """Without motion there is nothing to go along."""
    assert share_of([(320, 240, 1.0)] * 20, PRINT) is None


@pytest.mark.parametrize(("stage", "is_told"), [(swaying, False), (still_before_a_room, True)])
def test_rendered_heads_and_prints_are_told_apart(
    sitters: Mapping[str, Sitter], detector: FaceDetector, stage: Stage, is_told: bool
) -> None:
    """With the faces as the detector finds them: a swaying head no, a print in the hand yes."""
    for seed, sitter in enumerate(sitters.values()):
        coupled = CoupledMotion()
        for frame in islice(stage(sitter, seed)[0], 30):
            for face in detector.detect(frame.pixels)[:1]:
                coupled.see(frame.pixels, face)
        assert coupled.share is not None
        assert (coupled.share >= LIMIT) is is_told


def test_nothing_of_a_picture_stays(sitters: Mapping[str, Sitter]) -> None:
    """The picture that is held is overwritten by the next one and at the end."""
    coupled = CoupledMotion()
    view = Performer(sitters["a"]).view()
    coupled.see(view, face_at(320, 240))
    assert coupled._before is not None
    first = coupled._before[0]
    assert first.any()
    coupled.see(view, face_at(350, 240))
    assert not first.any()
    second = coupled._before[0]
    coupled.forget()
    assert not second.any()


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(st.integers(16, 700), st.integers(16, 700)),
    st.lists(st.tuples(*[st.floats(-1e4, 1e4, width=32)] * 4), min_size=2, max_size=4),
)
def test_faces_anywhere_in_pictures_of_any_shape_break_nothing(
    shape: tuple[int, int], boxes: list[tuple[float, float, float, float]]
) -> None:
    """A detector's worst answer is one that tells nothing."""
    coupled = CoupledMotion()
    chance = np.random.default_rng(1)
    for box in boxes:
        view = chance.integers(0, 255, (*shape, 3), dtype=np.uint8)
        points = np.array([[box[0] + one, box[1] + one] for one in range(5)], np.float32)
        coupled.see(view, Face(box, points, 0.9))
    assert coupled.share is None
