"""Where the faces of a picture are: YuNet, on a reduced picture, then closely on the largest face.

Every picture is brought to a longer side of :data:`SIDE` first: a whole 1280 x 720 frame would take
five times as long and 75 MB more.  The points found so are coarse: a head tilted by 30 degrees
seems upright where its face is 120 pixels high.  So the largest face is looked for again in a cut
of :data:`CLOSE_SIDE` that it nearly fills.  Live frames and references go the same way, as an
embedding changes with the size at which its points were found.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from face_auth.errors import FrameError
from face_auth.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from face_auth.models import FaceModels
    from face_auth.types import Pixels

SIDE = 320
CLOSE_SIDE, CLOSE_SHARE = 256, 1.4
"""Pixels of the cut, and its side against the longer side of the face."""
SMALLEST_SIDE, LARGEST_SIDE = 16, 4096
LEAST_SCORE = 0.6
_OVERLAP, _MOST = 0.3, 16
_SAME_FACE = 0.4
_WIDE_STEPS = 0.5
"""Scale below which a linear cut would step over pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in pixels of the picture it was found in.

    ``points``: 5 x 2 (x, y), float32, of right eye, left eye, nose tip, right and left corner of
    the mouth; right is the person's own right.  ``score``: 0 to 1, higher is surer.
    """

    box: tuple[float, float, float, float]
    """Left, top, width, height; may reach beyond the picture."""
    points: NDArray[np.float32] = field(repr=False)
    score: float

    @property
    def area(self) -> float:
        """Size of the box, in square pixels."""
        return self.box[2] * self.box[3]

    @property
    def eye_distance(self) -> float:
        """Distance between the eyes, in pixels."""
        return float(np.hypot(*(self.points[1] - self.points[0])))


def checked(pixels: Pixels) -> Pixels:
    """Return ``pixels`` if they are a picture this package can judge.

    Raises FrameError: not uint8, not height x width x 3, or a side below 16 or above 4096.
    """
    if not isinstance(pixels, np.ndarray):
        raise FrameError(f"{type(pixels).__name__} is no array")
    if pixels.dtype != np.uint8:
        raise FrameError(f"{pixels.dtype} instead of uint8")
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise FrameError(f"shape {pixels.shape} instead of height x width x 3")
    if min(pixels.shape[:2]) < SMALLEST_SIDE or max(pixels.shape[:2]) > LARGEST_SIDE:
        raise FrameError(f"{pixels.shape[1]} x {pixels.shape[0]} pixels")
    return np.ascontiguousarray(pixels)


class FaceDetector:
    """Finds faces; may be called from several threads, one at a time gets in."""

    def __init__(self, models: FaceModels) -> None:
        """Build the network of verified bytes."""
        self._lock = threading.Lock()
        self._net = cv2.FaceDetectorYN.create(
            "onnx",
            np.frombuffer(models.detector, np.uint8),
            np.zeros(0, np.uint8),
            (SIDE, SIDE),
            LEAST_SCORE,
            _OVERLAP,
            _MOST,
        )

    def detect(self, pixels: Pixels) -> list[Face]:
        """Return the faces, the largest first.  Raises FrameError."""
        pixels = checked(pixels)
        height, width = pixels.shape[:2]
        scale = SIDE / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        reduced = cv2.resize(pixels, size, interpolation=how)
        rows = self._rows(reduced)
        reduced.fill(0)
        back = np.array([width / size[0], height / size[1]], np.float32)
        faces = sorted((_face(row, back) for row in rows), key=lambda one: one.area, reverse=True)
        if faces:
            faces[0] = self._look_closely(pixels, faces[0])
        return faces

    def _look_closely(self, pixels: Pixels, face: Face) -> Face:
        """Return the face with finer points; as it was where it is not found again."""
        left, top, wide, high = face.box
        scale = CLOSE_SIDE / (CLOSE_SHARE * max(wide, high, 1.0))
        shift = CLOSE_SIDE / 2 - scale * np.array([left + wide / 2, top + high / 2])
        matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
        how = cv2.INTER_AREA if scale < _WIDE_STEPS else cv2.INTER_LINEAR
        close = cv2.warpAffine(pixels, matrix, (CLOSE_SIDE, CLOSE_SIDE), flags=how)
        rows = self._rows(close)
        close.fill(0)
        if not len(rows):
            return face
        back = np.full(2, 1 / scale, np.float32)
        found = max((_face(row, back) for row in rows), key=lambda one: one.area)
        x, y = (shift / scale).astype(np.float32)
        box = (found.box[0] - float(x), found.box[1] - float(y), *found.box[2:])
        fine = Face(box, found.points - np.array([x, y], np.float32), found.score)
        return fine if _overlap(fine.box, face.box) >= _SAME_FACE else face

    def _rows(self, picture: NDArray[Any]) -> NDArray[np.float32]:
        with self._lock:
            self._net.setInputSize((picture.shape[1], picture.shape[0]))
            rows = self._net.detect(picture)[1]
        if rows is None:
            return np.zeros((0, 15), np.float32)
        found = np.asarray(rows, np.float32)
        return found[np.isfinite(found).all(axis=1)]


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return how much of both boxes is common to them, 0 to 1."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    common = max(wide, 0.0) * max(high, 0.0)
    return common / max(one[2] * one[3] + other[2] * other[3] - common, 1.0)


def _face(row: NDArray[np.float32], back: NDArray[np.float32]) -> Face:
    points = row[4:14].reshape(5, 2) * back
    left, top = row[:2] * back
    wide, high = row[2:4] * back
    return Face((float(left), float(top), float(wide), float(high)), points, float(row[14]))
