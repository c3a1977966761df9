"""A passive model for presentation attack detection that an installation may add.

None is shipped: those to be had are trained on unstated data and judge real people wrongly too
often to be a gate of their own (docs/face.md).  Where one is configured, it is known by its
sha256, and its word is one sign among others.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from face_auth.errors import ModelAlteredError
from face_auth.models import ModelFile, read_model
from face_auth.opencv import cv2

if TYPE_CHECKING:
    from face_auth.detector import Face
    from face_auth.types import Pixels


@dataclass(frozen=True, slots=True)
class PadModelFile:
    """An ONNX file whose only output is a softmax or scores per class."""

    path: Path
    sha256: str
    crop: float
    """Side of the square crop against the longer side of the face's box."""
    side: int
    """Input: 1 x 3 x side x side, BGR, 0 to 255."""
    bona_fide: int
    """Which class is a living face."""


class PadModel:
    """Several files whose scores are averaged (MiniFASNet comes as a pair of two crops)."""

    def __init__(self, files: tuple[PadModelFile, ...], *, least: float) -> None:
        """``least``: score (0 to 1) under which an attack is suspected; measure it on own camera.

        Raises ModelError for a file that is missing, altered or that OpenCV cannot read.
        """
        self.least = least
        self._lock = threading.Lock()
        self._nets = []
        for file in files:
            known = ModelFile(file.path.name, file.sha256)
            content = read_model(known, file.path.parent)
            try:
                net = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
            except cv2.error as error:
                raise ModelAlteredError(known.name, "OpenCV cannot read it") from error
            self._nets.append((file, net))

    def score(self, pixels: Pixels, face: Face) -> float:
        """Return how much the face looks alive, 0 (attack) to 1 (bona fide)."""
        return float(np.mean([self._score(net, file, pixels, face) for file, net in self._nets]))

    def _score(self, net: cv2.dnn.Net, file: PadModelFile, pixels: Pixels, face: Face) -> float:
        left, top, wide, high = face.box
        middle = left + wide / 2, top + high / 2
        side = min(max(1, round(file.crop * max(wide, high))), 2 * max(pixels.shape[:2]))
        crop = cv2.getRectSubPix(pixels, (side, side), middle)
        blob = cv2.dnn.blobFromImage(crop, 1.0, (file.side, file.side))
        crop.fill(0)
        with self._lock:
            net.setInput(blob)
            values = np.asarray(net.forward(), np.float64).reshape(-1)
        blob.fill(0)
        if values.min() < 0 or abs(values.sum() - 1) > 1e-3:
            values = np.exp(values - values.max())
        return float(values[file.bona_fide] / values.sum())
