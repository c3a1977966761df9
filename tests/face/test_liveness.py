from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from face_auth import LivenessLimits
from face_auth.detector import Face
from face_auth.liveness import (
    AttackSign,
    ChallengeState,
    Evidence,
    TurnChallenge,
    parallax_of,
)
from face_auth.passive import Track, moire_of
from face_auth.quality import yaw_of
from face_auth.types import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from face_auth.types import Pixels

HEAD = np.array(
    [(-0.5, -0.55, 0.0), (0.5, -0.55, 0.0), (0.0, 0.05, 0.6), (-0.4, 0.6, 0.0), (0.4, 0.6, 0.0)]
)
"""Five points of a head in eye distances, the nose in front of the plane of the others."""
PLANE = HEAD * (1, 1, 0)
RATE = 15.0


def points_of(shape: NDArray[np.float64], degrees: float, eye: float = 90.0) -> NDArray[np.float32]:
    """Return the points as a camera sees them of a head turned to its own left."""
    angle = np.deg2rad(degrees)
    x = shape[:, 0] * np.cos(angle) + shape[:, 2] * np.sin(angle)
    depth = 8.0 + shape[:, 0] * np.sin(angle) - shape[:, 2] * np.cos(angle)
    seen = np.column_stack([x, shape[:, 1]]) * 8.0 / depth[:, None]
    return np.asarray(seen * eye + (320, 240), np.float32)


def challenge(seed: int = 1, **changed: float) -> TurnChallenge:
    """Return a challenge that follows from ``seed``."""
    limits = LivenessLimits(**changed)  # type: ignore[arg-type]  # the fields are numbers
    return TurnChallenge(limits, random.Random(seed))  # noqa: S311  # repeatable, no secret


def act(asked: TurnChallenge, shape: NDArray[np.float64], sides: dict[Step, float]) -> float:
    """Turn by up to 5 degrees a frame as ``sides`` says; return the seconds it took, at most 20."""
    degrees = 0.0
    for number in range(int(20 * RATE)):
        if asked.step is Step.DONE or asked.state is ChallengeState.FAILED:
            return number / RATE
        degrees += float(np.clip(sides.get(asked.step, 0.0) - degrees, -5, 5))
        asked.see(points_of(shape, degrees), number / RATE)
    return 20.0


AS_ASKED = {Step.LEFT: 22.0, Step.RIGHT: -22.0}


@pytest.mark.parametrize("seed", range(8))
def test_a_head_that_turns_as_asked_passes_without_a_sign(seed: int) -> None:
    """Whatever sides are asked, a head of ordinary depth shows its depth."""
    asked = challenge(seed)
    assert act(asked, HEAD, AS_ASKED) < 8
    assert asked.state is ChallengeState.PASSED
    assert asked.signs() == set()
    assert [turn.parallax > 0.09 for turn in asked.turns] == [True, True]


def test_the_order_and_moment_of_turns_is_by_chance() -> None:
    """A recording cannot know what will be asked."""
    orders = set()
    for seed in range(40):
        asked = challenge(seed)
        orders.add((asked._steps[1], asked._steps[3]))
    assert len(orders) == 4
    assert len({challenge(seed)._hold for seed in range(20)}) == 20


@pytest.mark.parametrize("degrees", [22.0, 40.0, 55.0])
def test_a_turned_plane_passes_no_challenge(degrees: float) -> None:
    """The nose of a print stays where the rest of it says."""
    asked = challenge()
    act(asked, PLANE, {Step.LEFT: degrees, Step.RIGHT: -degrees})
    assert asked.state is ChallengeState.UNFINISHED
    assert (AttackSign.FLAT in asked.signs()) is (degrees >= 40)


def test_points_that_slide_on_a_plane_are_flat() -> None:
    """A nose that moves while nothing else shows a turn is measured against the plane."""
    straight = points_of(HEAD, 0)
    assert parallax_of(straight, points_of(PLANE, 25)) < 0.03
    assert parallax_of(straight, points_of(HEAD, 20)) > 0.15


def test_turns_to_the_wrong_side_fail_after_one_is_forgiven() -> None:
    """Left and right are confused once; twice is no answer to what was asked."""
    asked = challenge()
    away = {Step.LEFT: -22.0, Step.RIGHT: 22.0}
    degrees = 0.0
    for number in range(300):
        goal = away.get(asked.step, 0.0) if number // 15 % 2 else 0.0
        degrees += float(np.clip(goal - degrees, -5, 5))
        asked.see(points_of(HEAD, degrees), number / RATE)
    assert asked.wrong_turns == 2
    assert asked.state is ChallengeState.FAILED
    assert asked.signs() == {AttackSign.WRONG_TURNS}


def test_a_turn_before_anybody_could_answer_is_a_wrong_one() -> None:
    """What is turned the moment it is asked was not asked by us."""
    asked = challenge(shortest_hold=0.3, longest_hold=0.3)
    at = 0.0
    while asked.step is Step.CENTRE:
        asked.see(points_of(HEAD, 0), at)
        at += 1 / RATE
    side = 25.0 if asked.step is Step.LEFT else -25.0
    for number in range(3):
        asked.see(points_of(HEAD, side), at + number * 0.01)
    assert asked.wrong_turns == 1


def test_a_face_lost_while_it_is_held_straight_begins_to_hold_again() -> None:
    """Nobody gathers the wait in pieces."""
    asked = challenge(shortest_hold=1.0, longest_hold=1.0)
    asked.see(points_of(HEAD, 0), 0.0)
    asked.lost()
    asked.see(points_of(HEAD, 0), 1.5)
    assert asked.step is Step.CENTRE


def clip(*sides: float, straight: int = 18, turned: int = 10) -> list[float]:
    """Return a recording: degrees by frame, straight and turned in turn."""
    return [degrees for side in sides for degrees in [0.0] * straight + [side] * turned]


@pytest.mark.parametrize(
    "recording",
    [clip(22), clip(22, -22), clip(22, 22, -22, -22)],
)
def test_a_fixed_recording_passes_no_more_often_than_chance(recording: list[float]) -> None:
    """Two sides of two guessed, one wrong turn forgiven for a third: 3 in 8, and never surely."""
    passed = 0
    for seed in range(100):
        asked, degrees = challenge(seed), 0.0
        for number in range(int(15 * RATE)):
            if asked.state is not ChallengeState.UNFINISHED:
                break
            degrees += float(np.clip(recording[number % len(recording)] - degrees, -5, 5))
            asked.see(points_of(HEAD, degrees), number / RATE)
        passed += asked.state is ChallengeState.PASSED
    assert passed / 100 < 3 / 8 + 0.14  # three standard deviations


def test_a_recording_without_a_wrong_turn_forgiven_passes_one_time_in_four() -> None:
    """Sides are drawn evenly and apart from each other."""
    passed = 0
    for seed in range(100):
        asked = challenge(seed, wrong_turns=0)
        act(asked, HEAD, {Step.LEFT: 22.0, Step.RIGHT: 22.0})
        passed += asked.state is ChallengeState.PASSED
    assert 1 / 4 - 0.13 < passed / 100 < 1 / 4 + 0.13


def test_a_wrong_turn_costs_one_more_and_other_sides() -> None:
    """Whoever mixes up left and right once goes on, but has three turns to make in all."""
    asked = challenge()
    wrong = {Step.LEFT: -22.0, Step.RIGHT: 22.0}
    degrees, frame = 0.0, 0
    while not asked.wrong_turns:
        degrees += float(np.clip(wrong.get(asked.step, 0.0) - degrees, -5, 5))
        asked.see(points_of(HEAD, degrees), frame / RATE)
        frame += 1
    assert asked.step is Step.CENTRE
    for later in range(frame, frame + 300):
        degrees += float(np.clip(AS_ASKED.get(asked.step, 0.0) - degrees, -5, 5))
        asked.see(points_of(HEAD, degrees), later / RATE)
    assert asked.state is ChallengeState.PASSED
    assert len(asked.turns) == 3


def test_yaw_is_positive_to_the_persons_own_left() -> None:
    """Left on the kiosk is the patient's left."""
    assert yaw_of(points_of(HEAD, 20)) > 0.15
    assert yaw_of(points_of(HEAD, -20)) < -0.15
    assert abs(yaw_of(points_of(HEAD, 0))) < 0.01


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=20, max_size=20))
def test_points_of_any_kind_give_a_number(values: list[float]) -> None:
    """A detector's worst answer breaks nothing."""
    one = np.array(values[:10], np.float32).reshape(5, 2)
    other = np.array(values[10:], np.float32).reshape(5, 2)
    assert np.isfinite(parallax_of(one, other))
    assert np.isfinite(yaw_of(one))


def face_at(x: float, y: float, wide: float = 150.0) -> Face:
    """Return a face whose middle lies there."""
    points = points_of(HEAD, 0, wide / 2.2) + np.array([x - 320, y - 240], np.float32)
    box = (x - wide / 2, y - 0.6 * wide, wide, 1.2 * wide)
    return Face(box, points.astype(np.float32), 0.9)


def noise(seed: int, shape: tuple[int, int] = (480, 640)) -> Pixels:
    """Return a textured picture that differs with the seed."""
    chance = np.random.default_rng(seed)
    coarse = chance.integers(40, 210, (shape[0] // 8, shape[1] // 8, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((8, 8, 1), np.uint8))


def crop(seed: int) -> Pixels:
    """Return an aligned crop of no one."""
    return np.random.default_rng(seed).integers(0, 255, (112, 112, 3), dtype=np.uint8)


def seen(track: Track, moves: list[tuple[float, float]], *, carried: bool) -> Track:
    """Let a face move over a background, which stays or is ``carried`` along beside it."""
    room = noise(1)
    near = noise(2)
    x, y = 320.0, 240.0
    for number, (dx, dy) in enumerate(moves):
        x, y = x + dx, y + dy
        view = room.copy()
        half = (220, 150) if carried else (70, 90)
        place = np.s_[int(y) - half[1] : int(y) + half[1], int(x) - half[0] : int(x) + half[0]]
        view[place] = near[240 - half[1] : 240 + half[1], 320 - half[0] : 320 + half[0]]
        track.see(view, face_at(x, y, 140), crop(number), number / RATE)
    return track


MOVES = [(0.0, 0.0), *[(12.0, 0.0), (-12.0, 8.0), (-12.0, -8.0), (12.0, 0.0)] * 4]


def test_surroundings_that_move_with_the_face_are_told_from_a_room_that_stays() -> None:
    """A held print brings its background along."""
    held = seen(Track(LivenessLimits()), MOVES, carried=True)
    assert held.coupling is not None
    assert AttackSign.MOVES_WITH_BACKGROUND in held.signs()
    person = seen(Track(LivenessLimits()), MOVES, carried=False)
    assert person.coupling is not None
    assert person.signs() == set()


def test_a_face_that_leaps_or_grows_at_once_is_a_jump() -> None:
    """Heads have weight; pictures put in do not."""
    view = noise(1)
    for other in (face_at(520, 240), face_at(320, 240, 300)):
        track = Track(LivenessLimits())
        track.see(view, face_at(320, 240), crop(1), 0.0)
        track.see(view, other, crop(2), 1 / RATE)
        assert AttackSign.JUMP in track.signs()
        slow = Track(LivenessLimits())
        slow.see(view, face_at(320, 240), crop(1), 0.0)
        slow.see(view, other, crop(2), 2.0)
        assert AttackSign.JUMP not in slow.signs()


def repeats(numbers: list[int]) -> bool:
    """Return whether crops of these numbers, one after the other, are taken for a replay."""
    track = Track(LivenessLimits())
    for at, number in enumerate(numbers):
        track.see(noise(1), face_at(320, 240), crop(number), at / RATE)
    return AttackSign.REPEATED_FRAMES in track.signs()


def test_frames_that_come_again_are_a_sign() -> None:
    """A loop is found at its second frame; a camera that gives its last frame again is none."""
    assert not repeats([1, 2, 3, 1])
    assert repeats([1, 2, 3, 1, 2])
    assert not repeats([1, 1, 1, 2, 2, 2, 3, 3])
    assert repeats([1] * 8)


def test_the_grid_of_a_screen_stands_out_of_the_spectrum() -> None:
    """Fine regular stripes are not skin."""
    chance = np.random.default_rng(1)
    skin = np.clip(chance.normal(128, 12, (480, 640)), 0, 255)
    y, x = np.mgrid[0:480, 0:640]
    stripes = skin + 20 * np.sin(2 * np.pi * (0.27 * x + 0.11 * y))
    figures = [
        moire_of(np.dstack([one] * 3).astype(np.uint8), face_at(320, 240, 240))
        for one in (skin, stripes)
    ]
    assert figures[0] is not None
    assert figures[1] is not None
    assert figures[0] < LivenessLimits().moire < figures[1]
    assert moire_of(np.dstack([skin] * 3).astype(np.uint8), face_at(10, 10, 240)) is None


def test_any_sign_makes_evidence_suspicious() -> None:
    """And none without one."""
    assert not Evidence().suspicious
    assert Evidence(signs=frozenset({AttackSign.FLAT})).suspicious
