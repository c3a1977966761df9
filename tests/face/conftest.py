"""Two persons' portraits and the models.

Two persons prove that the parts work together; how often faces are mistaken, they cannot show:
that takes ``eligibility-terminal face evaluate`` and many persons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from face_auth import FaceMatcher, FaceModels, LivenessLimits, load_models
from face_auth.detector import FaceDetector
from tests.face.heads import Sitter, seat
from tests.face.portraits import cut, jpeg_2000, read_portraits

if TYPE_CHECKING:
    from face_auth.types import Pixels


@pytest.fixture(scope="session")
def models() -> FaceModels:
    """The verified model files."""
    return load_models()


@pytest.fixture(scope="session")
def detector(models: FaceModels) -> FaceDetector:
    """One detector for all tests."""
    return FaceDetector(models)


@pytest.fixture(scope="session")
def portraits() -> Mapping[str, Pixels]:
    """Portraits a1, a2, a3 of one person and b1 of another."""
    return read_portraits()


@pytest.fixture(scope="session")
def photo_of_a(portraits: Mapping[str, Pixels], detector: FaceDetector) -> bytes:
    """What a card of person a would hold."""
    return jpeg_2000(cut(portraits["a2"], detector), 240, 320, 25)


@pytest.fixture(scope="session")
def sitters(portraits: Mapping[str, Pixels], detector: FaceDetector) -> Mapping[str, Sitter]:
    """Both persons ready to be rendered."""
    return {
        name: seat(portraits[picture], detector.detect(portraits[picture])[0])
        for name, picture in (("a", "a1"), ("b", "b1"))
    }


@pytest.fixture(scope="session")
def quick(models: FaceModels) -> FaceMatcher:
    """A matcher that asks for no head turns."""
    return FaceMatcher(models, liveness=LivenessLimits(turns=0))
