"""Numbers that stand for faces: fused from several frames, compared by their angle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from face_auth.types import Embedding

LENGTH = 128
_SMALLEST = 1e-6


def unit(embedding: Embedding) -> Embedding:
    """Return the embedding at length 1.  Raises ValueError for one without a direction."""
    length = float(np.linalg.norm(embedding))
    if not np.isfinite(length) or length < _SMALLEST:
        raise ValueError("an embedding without a direction")
    return (embedding / np.float32(length)).astype(np.float32)


def fuse(embeddings: Iterable[Embedding]) -> Embedding:
    """Return the unit mean of unit embeddings: one face seen in several poses.

    Frames of different pose gain most of what can be gained; copies of one frame gain nothing
    (docs/face.md has the figures).  Raises ValueError where there are none.
    """
    return unit(np.mean([unit(one) for one in embeddings], axis=0, dtype=np.float64))


def compare(one: Embedding, other: Embedding) -> float:
    """Return the cosine of two embeddings: -1 to 1, higher is more alike."""
    return float(np.clip(np.dot(unit(one), unit(other)), -1.0, 1.0))
