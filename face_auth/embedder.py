"""From a face to 128 numbers: alignment by five points, then SFace."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from face_auth.comparison import unit
from face_auth.errors import FrameError
from face_auth.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from face_auth.detector import Face
    from face_auth.models import FaceModels
    from face_auth.types import Embedding, Pixels

CROP = 112
_INPUT = "data"
"""The file declares its weights as inputs too; OpenCV 5 runs it when this one is named."""

TEMPLATE = np.array(
    [
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ],
    np.float32,
)
"""Where SFace was trained to find the five points in its crop."""


def similarity(points: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the 2 x 3 matrix of the least-squares rotation, scale and shift onto ``target``.

    S. Umeyama, IEEE PAMI 13(4), 1991.  Raises FrameError where the points have no extent.
    """
    source = points.astype(np.float64)
    wanted = target.astype(np.float64)
    middle, aim = source.mean(axis=0), wanted.mean(axis=0)
    source, wanted = source - middle, wanted - aim
    spread = float((source**2).sum() / len(source))
    if not np.isfinite(spread) or spread < 1e-6:
        raise FrameError("the points of the face lie on one spot")
    left, strengths, right = np.linalg.svd(wanted.T @ source / len(source))
    sign = np.ones(2)
    if np.linalg.det(left) * np.linalg.det(right) < 0:
        sign[-1] = -1.0
    turn = left @ np.diag(sign) @ right
    scale = float((strengths * sign).sum()) / spread
    return np.column_stack([scale * turn, aim - scale * turn @ middle])


def align(pixels: Pixels, face: Face) -> Pixels:
    """Return the 112 x 112 crop in which the five points lie where SFace expects them."""
    matrix = similarity(face.points, TEMPLATE)
    return cv2.warpAffine(pixels, matrix, (CROP, CROP), flags=cv2.INTER_LINEAR)  # type: ignore[return-value]  # cv2's stubs say any array


class FaceEmbedder:
    """Makes embeddings; may be called from several threads, one at a time gets in."""

    def __init__(self, models: FaceModels) -> None:
        """Build the network of verified bytes."""
        self._lock = threading.Lock()
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(models.recogniser, np.uint8))

    def embed(self, crop: Pixels) -> Embedding:
        """Return the unit embedding, float32 x 128, of an aligned 112 x 112 BGR crop.

        Raises FrameError.
        """
        if crop.shape != (CROP, CROP, 3) or crop.dtype != np.uint8:
            raise FrameError(f"an aligned crop is 112 x 112 x 3 uint8, not {crop.shape}")
        blob = cv2.dnn.blobFromImage(crop, 1.0, (CROP, CROP), (0, 0, 0), swapRB=True)
        with self._lock:
            self._net.setInput(blob, _INPUT)
            values = np.asarray(self._net.forward(), np.float32).reshape(-1)
        blob.fill(0)
        try:
            return unit(values)
        except ValueError as error:
            raise FrameError("a crop of which the network makes nothing") from error
