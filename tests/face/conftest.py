"""Two persons' portraits and the models.

Two persons prove that the parts work together; how often faces are mistaken, they cannot show:
that takes ``eligibility-terminal face evaluate`` and many persons.
"""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from face_auth import FaceMatcher, FaceModels, LivenessLimits, load_models
from face_auth.detector import FaceDetector
from face_auth.opencv import cv2
from tests.face.heads import Sitter, seat

if TYPE_CHECKING:
    from face_auth.types import Pixels

PORTRAITS = Path(sys.prefix) / "portraits" / "face_recognition-1.3.0.tar.gz"
LONGEST = 900


def read_portraits() -> dict[str, Pixels]:
    """Return the portraits of a (three) and of b (one), reduced."""
    names = {"a1": "obama", "a2": "obama2", "a3": "obama3", "b1": "biden"}
    found: dict[str, Pixels] = {}
    with tarfile.open(PORTRAITS) as archive:
        for name, file in names.items():
            member = archive.extractfile(f"face_recognition-1.3.0/tests/test_images/{file}.jpg")
            assert member is not None
            picture = cv2.imdecode(np.frombuffer(member.read(), np.uint8), cv2.IMREAD_COLOR)
            assert picture is not None
            scale = LONGEST / max(picture.shape[:2])
            found[name] = np.asarray(
                cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA),
                np.uint8,
            )
    return found


def jpeg_2000(pixels: Pixels, width: int, height: int, rate: int, *, bare: bool = False) -> bytes:
    """Encode as a card's photo: ``rate`` in thousandths of the raw size."""
    card = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    ok, encoded = cv2.imencode(".jp2", card, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, rate])
    assert ok
    content = encoded.tobytes()
    return content[content.index(bytes.fromhex("FF4FFF51")) :] if bare else content


def cut(pixels: Pixels, detector: FaceDetector) -> Pixels:
    """Return head and shoulders at the shape of a card's photo, 3 to 4."""
    face = detector.detect(pixels)[0]
    left, top, wide, high = face.box
    tall = min(int(2.0 * high), pixels.shape[0])
    across = int(tall * 3 / 4)
    y = max(0, int(top - 0.4 * high))
    x = max(0, int(left + wide / 2 - across / 2))
    return pixels[y : y + tall, x : x + across]


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
