"""Two public persons' portraits, from the package that ``./scripts/setup`` fetched.

Two persons prove that the parts work together; how often faces are mistaken, they cannot show.
"""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from face_auth.opencv import cv2

if TYPE_CHECKING:
    from face_auth.detector import FaceDetector
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
