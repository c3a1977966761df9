"""The optional mesh of 468 points, for the better test whether a plane was turned.

Five points tell a flat print from a head, a bent one hardly; 468 see more of the shape.  The
file is found by the installation's configuration and known by its sha256; without it the five stand
alone.  A mesh is drawn by a network that expects a head: docs/face.md says what it still misses.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from face_auth.errors import ModelAlteredError
from face_auth.models import MESH, read_model
from face_auth.opencv import cv2

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from face_auth.detector import Face
    from face_auth.types import Pixels

POINTS = 468
_SIDE = 192
_CROP = 1.5
"""Side of the square crop against the longer side of the face's box."""


class FaceMesh:
    """Finds 468 points of a face; may be used by several threads, whose frames take turns."""

    def __init__(self, file: Path) -> None:
        """Read the file :data:`~face_auth.models.MESH`.

        Raises ModelMissingError, and ModelAlteredError for another one or where OpenCV cannot
        read it.
        """
        content = read_model(MESH, file.parent, name=file.name)
        self._lock = threading.Lock()
        try:
            self._net = cv2.dnn.readNetFromTFLite(np.frombuffer(content, np.uint8))
        except cv2.error as error:
            raise ModelAlteredError(file.name, "OpenCV cannot read it") from error

    def points(self, pixels: Pixels, face: Face) -> NDArray[np.float32]:
        """Return 468 x 2 places in pixels of the frame; the crop is overwritten."""
        left, top, wide, high = face.box
        along = face.points[1] - face.points[0]
        middle = (float(left + wide / 2), float(top + high / 2))
        scale = _SIDE / max(_CROP * max(wide, high), 1.0)
        tilt = float(np.degrees(np.arctan2(along[1], along[0])))
        there = np.asarray(cv2.getRotationMatrix2D(middle, tilt, scale), np.float64)
        there[:, 2] += _SIDE / 2 - np.array(middle)
        crop = cv2.warpAffine(pixels, there, (_SIDE, _SIDE))
        blob = cv2.dnn.blobFromImage(crop, 1 / 255, (_SIDE, _SIDE), (0, 0, 0), swapRB=True)
        crop.fill(0)
        with self._lock:
            self._net.setInput(blob)
            found = np.asarray(self._net.forward(), np.float64).reshape(POINTS, 3)[:, :2].copy()
        blob.fill(0)
        back = np.asarray(cv2.invertAffineTransform(there), np.float64)
        return (found @ back[:, :2].T + back[:, 2]).astype(np.float32)


def depth_of(straight: NDArray[np.float32], turned: NDArray[np.float32], height: float) -> float:
    """Return how badly a plane explains the way of the points, as a share of ``height``.

    Root mean square of what the best homography from one picture to the other leaves; ``height``
    is the distance from eyes to mouth in the second, which a turn to the side does not shorten.
    0 for a plane, and for points of no extent.
    """
    if height < 1.0 or not (np.isfinite(straight).all() and np.isfinite(turned).all()):
        return 0.0
    plane, _ = cv2.findHomography(straight, turned, 0)
    if plane is None:
        return 0.0
    carried = cv2.perspectiveTransform(straight[None], plane)[0]
    left = float(np.sqrt(np.square(carried - turned).sum(axis=1).mean())) / height
    return left if np.isfinite(left) else 0.0
