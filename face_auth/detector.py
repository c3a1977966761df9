"""Where the faces of a picture are: YuNet, on a reduced picture.

Every picture is brought to a longer side of :data:`SIDE` first, live frames and references alike:
one setting throughout, as an embedding changes with the size the points were found at.  A whole
1280 x 720 frame would take five times as long and 75 MB more.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from face_auth.errors import FrameError
from face_auth.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from face_auth.models import FaceModels
    from face_auth.types import Pixels

SIDE = 320
SMALLEST_SIDE, LARGEST_SIDE = 16, 4096
LEAST_SCORE = 0.6
_OVERLAP, _MOST = 0.3, 16


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
        with self._lock:
            self._net.setInputSize(size)
            rows = self._net.detect(reduced)[1]
        reduced.fill(0)
        if rows is None:
            return []
        back = np.array([width / size[0], height / size[1]], np.float32)
        faces = [_face(row, back) for row in np.asarray(rows, np.float32) if np.isfinite(row).all()]
        return sorted(faces, key=lambda face: face.area, reverse=True)


def _face(row: NDArray[np.float32], back: NDArray[np.float32]) -> Face:
    points = row[4:14].reshape(5, 2) * back
    left, top = row[:2] * back
    wide, high = row[2:4] * back
    return Face((float(left), float(top), float(wide), float(high)), points, float(row[14]))
