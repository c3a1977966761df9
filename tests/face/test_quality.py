from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from face_auth import PROFILES, FaceProfile, FrameError, Outcome, compare, fuse
from face_auth.comparison import unit
from face_auth.detector import Face, FaceDetector
from face_auth.embedder import TEMPLATE, FaceEmbedder, align, similarity
from face_auth.gathering import MOST, Gathering, GatheringLimits
from face_auth.models import FaceModels
from face_auth.opencv import cv2
from face_auth.policy import DEFAULT_PROFILE, outcome_of
from face_auth.quality import Quality, QualityLimits, SeenFace, judge, look_at
from face_auth.types import Guidance
from tests.face.heads import Sitter, render

if TYPE_CHECKING:
    from face_auth.types import Pixels

LIMITS = QualityLimits()


def told(view: Pixels, detector: FaceDetector, *, turning: bool = False) -> Guidance | None:
    """Return what a patient seen like this is told."""
    faces = detector.detect(view)
    seen = look_at(view, faces[0]) if faces else None
    return judge(seen, faces, view.shape, LIMITS, turning=turning)


def shown(pixels: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Pixels:
    """Return the values as a camera would give them."""
    return np.clip(np.asarray(pixels, np.float32), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def view(sitters: Mapping[str, Sitter]) -> Pixels:
    """A good frame."""
    return render(sitters["a"], 0)


def test_a_good_frame_is_told_nothing(view: Pixels, detector: FaceDetector) -> None:
    """Nobody is kept without a reason."""
    assert told(view, detector) is None


def test_each_thing_to_mend_is_told(view: Pixels, detector: FaceDetector) -> None:
    """Too far, too near, aside, dark, bright, one-sided, blurred, tilted: one reason each."""
    far = cv2.resize(view, (256, 192), interpolation=cv2.INTER_AREA)
    room = np.full((480, 640, 3), 120, np.uint8)
    room[144:336, 192:448] = far
    side = np.linspace(-1.0, 2.5, 640)[None, :, None]
    turn = cv2.getRotationMatrix2D((320, 240), 30, 1)
    cases = {
        Guidance.COME_CLOSER: room,
        Guidance.MOVE_BACK: cv2.resize(view[90:390, 120:520], (640, 480)),
        Guidance.CENTRE: np.roll(view, -260, axis=1),
        Guidance.TOO_DARK: shown(view * 0.25),
        Guidance.TOO_BRIGHT: shown(view * 1.6 + 60),
        Guidance.UNEVEN_LIGHT: shown(view * side),
        Guidance.HOLD_STILL: cv2.blur(view, (25, 9)),
        Guidance.HEAD_UPRIGHT: cv2.warpAffine(view, turn, (640, 480)),
    }
    found = {
        expected: told(np.asarray(case, np.uint8), detector) for expected, case in cases.items()
    }
    assert found == {expected: expected for expected in cases}


def test_a_turned_head_is_wrong_only_when_it_should_look_straight(
    sitters: Mapping[str, Sitter], detector: FaceDetector
) -> None:
    """While a turn is asked, turning is right."""
    turned = render(sitters["b"], 32)
    assert told(turned, detector) is Guidance.LOOK_STRAIGHT
    assert told(turned, detector, turning=True) is None


def test_a_companion_behind_counts_only_when_nearly_as_large(detector: FaceDetector) -> None:
    """People stand in the queue behind; they are not in the way."""
    points = np.array([(0, 0), (90, 0), (45, 45), (10, 90), (80, 90)], np.float32)
    large = Face((100, 100, 200, 240), points + 150, 0.9)
    for size, expected in ((0.3, None), (0.8, Guidance.SEVERAL_FACES)):
        other = Face((400, 100, 200 * size, 240), points + 400, 0.9)
        seen = SeenFace(large, np.zeros((112, 112, 3), np.uint8), _figures())
        assert judge(seen, [large, other], (480, 640, 3), LIMITS) is expected


def _figures() -> Quality:
    return Quality(90, 0.0, 0.0, 0.9, 300.0, 120.0, 0.0, 0.9)


def test_something_before_the_face_is_told() -> None:
    """An unsure detector is taken as something that covers the face."""
    points = np.array([(0, 0), (90, 0), (45, 45), (10, 90), (80, 90)], np.float32)
    face = Face((100, 100, 200, 240), points + 150, 0.65)
    seen = SeenFace(face, np.zeros((112, 112, 3), np.uint8), replace(_figures(), score=0.65))
    assert judge(seen, [face], (480, 640, 3), LIMITS) is Guidance.COVERED


def test_detection_tells_the_same_face_at_any_size_of_picture(
    portraits: Mapping[str, Pixels], detector: FaceDetector, models: FaceModels
) -> None:
    """One person is one person, seen large or small."""
    embedder = FaceEmbedder(models)
    embeddings = []
    for scale in (1.0, 0.5, 0.3):
        small = cv2.resize(portraits["a1"], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        picture = np.asarray(small, np.uint8)
        embeddings.append(embedder.embed(align(picture, detector.detect(picture)[0])))
    assert compare(embeddings[0], embeddings[1]) > 0.85
    assert compare(embeddings[0], embeddings[2]) > 0.85


def test_two_persons_differ_and_one_is_alike(
    portraits: Mapping[str, Pixels], detector: FaceDetector, models: FaceModels
) -> None:
    """The chain tells these two apart, at the default threshold; no more is proved by two."""
    embedder = FaceEmbedder(models)
    made = {
        name: embedder.embed(align(picture, detector.detect(picture)[0]))
        for name, picture in portraits.items()
    }
    same = [compare(made["a1"], made["a2"]), compare(made["a2"], made["a3"])]
    assert min(same) > DEFAULT_PROFILE.match_at
    assert max(compare(made[name], made["b1"]) for name in ("a1", "a2", "a3")) < 0.35


@pytest.mark.parametrize(
    "odd",
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 3), np.int32),
        np.zeros((10, 640, 3), np.uint8),
        np.zeros((480, 5000, 3), np.uint8),
        None,
    ],
)
def test_what_is_no_picture_is_refused(odd: Pixels, detector: FaceDetector) -> None:
    """Shape, type and size are checked before any network sees them."""
    with pytest.raises(FrameError):
        detector.detect(odd)


def test_an_embedding_needs_an_aligned_crop(models: FaceModels) -> None:
    """Anything else is refused, not stretched."""
    with pytest.raises(FrameError):
        FaceEmbedder(models).embed(np.zeros((100, 112, 3), np.uint8))


def test_points_on_one_spot_cannot_be_aligned() -> None:
    """A degenerate face is an error of ours."""
    with pytest.raises(FrameError):
        similarity(np.full((5, 2), 7, np.float32), TEMPLATE)


@given(st.floats(0.2, 5), st.floats(-3, 3), st.floats(-500, 500), st.floats(-500, 500))
def test_alignment_finds_the_template_again(scale: float, angle: float, x: float, y: float) -> None:
    """However the five points are scaled, turned and moved, they land where SFace expects them."""
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (TEMPLATE @ turn.T + (x, y)).astype(np.float32)
    matrix = similarity(points, TEMPLATE)
    found = points @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(found - TEMPLATE).max() < 0.05


def test_fusing_is_the_unit_mean_and_a_copy_adds_nothing() -> None:
    """Copies of one embedding are that embedding; two are halfway."""
    one, other = (unit(np.eye(128, dtype=np.float32)[index]) for index in (0, 1))
    assert np.allclose(fuse([one] * 5), one)
    assert compare(fuse([one, other]), one) == pytest.approx(np.sqrt(0.5), abs=1e-6)
    with pytest.raises(ValueError, match="direction"):
        fuse([one, -one])


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_profile_names_its_source_and_its_three_answers(profile: FaceProfile) -> None:
    """Each threshold says where it comes from; between yes and no the staff look."""
    assert "40 persons" in profile.source
    assert outcome_of(profile.match_at, profile) is Outcome.MATCH
    assert outcome_of(np.nextafter(profile.match_at, 0), profile) is Outcome.ASK_STAFF
    assert outcome_of(np.nextafter(profile.ask_at, 0), profile) is Outcome.NO_MATCH
    assert outcome_of(float("nan"), profile) is Outcome.NO_MATCH
    assert profile.frames >= 5


def test_the_default_is_the_strictest() -> None:
    """Whoever configures nothing gets the threshold meant for FMR 1e-4."""
    assert max(PROFILES.values(), key=lambda one: one.match_at) is DEFAULT_PROFILE
    assert DEFAULT_PROFILE.match_at == 0.50


def seen_at(yaw: float, seed: int) -> SeenFace:
    """Return a face of some pose."""
    points = np.array([(0, 0), (90, 0), (45 + 90 * yaw, 50), (10, 90), (80, 90)], np.float32)
    crop = np.random.default_rng(seed).integers(0, 255, (112, 112, 3), dtype=np.uint8)
    face = Face((100, 100, 200, 240), points, 0.9)
    return SeenFace(face, crop, _figures())


def test_frames_count_by_pose_or_by_time_and_change() -> None:
    """The same pose at once is the same frame; far turned faces are not fused."""
    gathering = Gathering(GatheringLimits())
    first = seen_at(0.0, 1)
    assert gathering.wants(first, 0.0)
    gathering.add(first, np.ones(128, np.float32), 0.0)
    assert not gathering.wants(seen_at(0.01, 2), 0.05)
    assert gathering.wants(seen_at(0.01, 2), 0.2)
    assert not gathering.wants(first, 5.0)
    assert gathering.wants(seen_at(0.1, 3), 0.05)
    assert not gathering.wants(seen_at(0.4, 4), 0.05)


def test_who_holds_still_for_long_leaves_room_for_other_poses() -> None:
    """However many of one pose are kept, a new one takes the place of one of them."""
    gathering = Gathering(GatheringLimits())
    for number in range(MOST):
        assert gathering.wants(seen_at(0.0, number), number)
        gathering.add(seen_at(0.0, number), np.ones(128, np.float32), number)
    assert not gathering.wants(seen_at(0.0, MOST), MOST)
    for yaw in (0.2, -0.2):
        assert gathering.wants(seen_at(yaw, MOST), MOST)
        gathering.add(seen_at(yaw, MOST), np.ones(128, np.float32), MOST)
    assert len(gathering) == MOST
    assert gathering.yaw_spread == pytest.approx(0.4, abs=0.01)


def test_those_fused_lie_as_far_apart_as_can_be() -> None:
    """Five of many are spread over the turn."""
    gathering = Gathering(GatheringLimits())
    for index in range(11):
        embedding = np.zeros(128, np.float32)
        embedding[index] = 1
        gathering.add(seen_at(0.05 * index - 0.25, index), embedding, index / 15)
    chosen = sorted(int(one.argmax()) for one in gathering.spread(5))
    assert chosen[0] == 0
    assert chosen[-1] == 10
    assert 5 in chosen
    assert gathering.yaw_spread == pytest.approx(0.5, abs=0.01)
    gathering.forget()
    assert len(gathering) == 0
