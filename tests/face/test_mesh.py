from __future__ import annotations

import random
import sys
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from face_auth import FaceMatcher, FaceModels, Outcome, decode_photo
from face_auth.detector import FaceDetector
from face_auth.errors import ModelAlteredError, ModelMissingError
from face_auth.liveness import AttackSign, ChallengeState, LivenessLimits
from face_auth.mesh import FaceMesh, depth_of
from face_auth.quality import yaw_of
from face_auth.types import Step
from tests.face.heads import Performer, Sitter, render
from tests.face.test_liveness import AS_ASKED, HEAD, RATE, challenge, points_of

pytestmark = pytest.mark.long

Shape = NDArray[np.float64]


def grid(depth: str) -> Shape:
    """Return 23 x 20 points over a face in eye distances: a head, a flat or a bent print."""
    x, y = (
        part.ravel() for part in np.meshgrid(np.linspace(-0.8, 0.8, 23), np.linspace(-1, 1, 20))
    )
    z = {
        "head": 0.9 * np.exp(-((x / 0.25) ** 2) - ((y - 0.05) / 0.3) ** 2) - 1.3 * x**2,
        "bent": -(x**2) / (2 * 2.0),
        "flat": np.zeros_like(x),
    }[depth]
    return np.column_stack([x, y, z])


def depth(shape: str, degrees: float) -> float:
    """Return the depth seen of a shape that was turned so far, in eye-to-mouth heights."""
    height = 1.15 * 90
    return depth_of(points_of(grid(shape), 0), points_of(grid(shape), degrees), height)


@pytest.mark.parametrize("degrees", [15.0, 20.0, 30.0])
def test_a_head_shows_more_depth_than_prints(degrees: float) -> None:
    """A flat print shows none however it is turned, a bent one less than a head."""
    assert depth("flat", degrees) < 0.001
    assert depth("flat", degrees) < depth("bent", degrees) < depth("head", degrees) / 1.5
    assert depth("head", degrees) > LivenessLimits().least_depth


@given(
    st.lists(st.floats(-1e4, 1e4, width=32), min_size=24, max_size=24),
    st.floats(-10, 1e4),
)
def test_points_of_any_kind_give_a_depth(values: list[float], height: float) -> None:
    """A network's worst answer breaks nothing."""
    points = np.array(values, np.float32).reshape(2, 12, 1)
    one, other = (part.reshape(6, 2) for part in points)
    found = depth_of(one, other, height)
    assert np.isfinite(found)
    assert found >= 0
    spoilt = one.copy()
    spoilt[0, 0] = np.nan
    assert depth_of(spoilt, other, height) == 0.0


@pytest.mark.parametrize("shape", ["head", "bent"])
def test_the_mesh_tells_a_bent_print_that_five_points_take_for_a_head(shape: str) -> None:
    """The five points say the same of both here; the mesh alone makes the difference."""
    asked = challenge()
    degrees = 0.0
    for number in range(int(20 * RATE)):
        degrees += float(np.clip(AS_ASKED.get(asked.step, 0.0) - degrees, -5, 5))
        look = partial(points_of, grid(shape), degrees)
        asked.see(points_of(HEAD, degrees), number / RATE, look)
    assert asked.state is ChallengeState.PASSED
    assert all(turn.parallax >= 0.09 for turn in asked.turns)
    assert all(turn.depth is not None for turn in asked.turns)
    assert (AttackSign.FLAT in asked.signs()) is (shape == "bent")


def test_with_a_mesh_a_short_turn_is_waited_out() -> None:
    """The mesh sees little in a small turn, so the turn has to be larger to count."""
    small = {Step.LEFT: 11.0, Step.RIGHT: -11.0}
    for look, turns in ((None, True), (partial(points_of, grid("head"), 0.0), False)):
        asked = challenge()
        degrees = 0.0
        assert 0.12 < yaw_of(points_of(HEAD, 11)) < 0.15
        for number in range(150):
            degrees += float(np.clip(small.get(asked.step, 0.0) - degrees, -5, 5))
            asked.see(points_of(HEAD, degrees), number / RATE, look)
        assert bool(asked.turns) is turns


def test_points_held_are_overwritten_at_the_end() -> None:
    """468 points tell what somebody looks like."""
    held: list[NDArray[np.float32]] = []

    def look() -> NDArray[np.float32]:
        held.append(points_of(grid("head"), 0))
        return held[-1]

    asked = challenge()
    asked.see(points_of(HEAD, 0), 0.0, look)
    assert held[0].any()
    asked.forget()
    assert not held[0].any()


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> FaceMesh:
    """The real network, out of the wheel that ``./scripts/setup --test`` fetched."""
    (wheel,) = (Path(sys.prefix) / "mesh").glob("mediapipe-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read("mediapipe/modules/face_landmark/face_landmark.tflite")
    file = tmp_path_factory.mktemp("mesh") / "face_landmark.tflite"
    file.write_bytes(content)
    return FaceMesh(file)


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_real_mesh_lies_on_the_face(
    mesh: FaceMesh, detector: FaceDetector, sitters: Mapping[str, Sitter], name: str
) -> None:
    """Eyes, nose and mouth of the mesh stand where the detector sees them, turned or not."""
    for yaw in (0, 20, -20):
        view = render(sitters[name], yaw)
        face = detector.detect(view)[0]
        points = mesh.points(view, face)
        assert points.shape == (468, 2)
        eyes = [points[[33, 133]].mean(axis=0), points[[263, 362]].mean(axis=0)]
        seen = np.array([*eyes, points[1], points[61], points[291]])
        apart = np.hypot(*(seen - face.points).T) / face.eye_distance
        assert apart.max() < 0.25


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_real_mesh_sees_more_depth_in_a_head_than_in_a_print(
    mesh: FaceMesh, detector: FaceDetector, sitters: Mapping[str, Sitter], name: str
) -> None:
    """A rendered head that turns is above the limit, a flat print that turns is below."""

    def depth_seen(*, flat: bool) -> float:
        straight, turned = (render(sitters[name], yaw, flat=flat) for yaw in (0, 25))
        one, other = (detector.detect(view)[0] for view in (straight, turned))
        eyes, mouth = other.points[:2].mean(axis=0), other.points[3:].mean(axis=0)
        height = float(np.hypot(*(mouth - eyes)))
        return depth_of(mesh.points(straight, one), mesh.points(turned, other), height)

    assert depth_seen(flat=True) < LivenessLimits().least_depth < depth_seen(flat=False)


def test_a_head_is_matched_with_the_real_mesh(
    mesh: FaceMesh, models: FaceModels, sitters: Mapping[str, Sitter], photo_of_a: bytes
) -> None:
    """The whole decision with it: every turn has a depth, and the holder is a match."""
    performer = Performer(sitters["a"])
    matcher = FaceMatcher(models, mesh=mesh, chance=random.Random(1))  # noqa: S311  # repeatable
    decision = matcher.decide(
        decode_photo(photo_of_a), performer.frames(), on_progress=performer.follow
    )
    assert decision.outcome is Outcome.MATCH
    assert [turn.depth is not None for turn in decision.evidence.turns] == [True, True]


def test_a_mesh_file_that_is_missing_or_another_one_is_named(tmp_path: Path) -> None:
    """It is known by its sha256, whatever it is called."""
    with pytest.raises(ModelMissingError, match=r"mesh\.tflite"):
        FaceMesh(tmp_path / "mesh.tflite")
    (tmp_path / "mesh.tflite").write_bytes(b"another")
    with pytest.raises(ModelAlteredError, match=r"mesh\.tflite"):
        FaceMesh(tmp_path / "mesh.tflite")
