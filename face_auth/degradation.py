"""What a card does to a picture, simulated: its size, JPEG 2000, and a print before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from face_auth.opencv import cv2
from face_auth.photo import decode_photo

if TYPE_CHECKING:
    from face_auth.types import Pixels

Degrade = Callable[["Pixels", np.random.Generator], "Pixels"]


def _clean(pixels: Pixels, _chance: np.random.Generator) -> Pixels:
    return pixels


def _as_card(pixels: Pixels, width: int, height: int, size: int, *, grey: bool = False) -> Pixels:
    """Return what is left after a card's photo of ``size`` bytes, cut to its shape."""
    high, wide = pixels.shape[:2]
    across = min(wide, round(high * width / height))
    left = (wide - across) // 2
    cut = np.ascontiguousarray(pixels[:, left : left + across])
    how = cv2.INTER_AREA if high > height else cv2.INTER_CUBIC
    card = cv2.resize(cut, (width, height), interpolation=how)
    if grey:
        card = cv2.cvtColor(card, cv2.COLOR_BGR2GRAY)
    rate = max(1, round(1000 * size / card.size))
    done, encoded = cv2.imencode(".jp2", card, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, rate])
    if not done:
        raise ValueError("OpenCV was built without JPEG 2000")
    return decode_photo(encoded.tobytes())


def _printed(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """Blur, flatten, tint and roughen."""
    soft = cv2.GaussianBlur(pixels, (0, 0), 0.9).astype(np.float32)
    flat = 128 + 0.72 * (soft - 128) + np.array([-6.0, 2.0, 6.0], np.float32)
    rough = flat + chance.normal(0, 7, flat.shape)
    return np.clip(rough, 0, 255).astype(np.uint8)


CONDITIONS: Mapping[str, Degrade] = {
    "clean": _clean,
    "JPEG 2000 240x320, 5 kB": lambda pixels, _chance: _as_card(pixels, 240, 320, 5000),
    "JPEG 2000 120x160 grey, 2.5 kB": lambda pixels, _chance: _as_card(
        pixels, 120, 160, 2500, grey=True
    ),
    "printed, JPEG 2000 240x320, 5 kB": lambda pixels, chance: _as_card(
        _printed(pixels, chance), 240, 320, 5000
    ),
}
"""Kinds of references, by name."""


def copies_of(pixels: Pixels, count: int, chance: np.random.Generator) -> Iterator[Pixels]:
    """Yield copies of one picture: shifted, turned, blurred, noisy, through JPEG."""
    high, wide = pixels.shape[:2]
    for _ in range(count):
        turn = cv2.getRotationMatrix2D(
            (wide / 2, high / 2), chance.uniform(-4, 4), chance.uniform(0.95, 1.05)
        )
        turn[:, 2] += chance.uniform(-0.02, 0.02, 2) * wide
        moved = cv2.warpAffine(pixels, turn, (wide, high), borderMode=cv2.BORDER_REPLICATE)
        soft = cv2.GaussianBlur(moved, (0, 0), chance.uniform(0.3, 1.0)).astype(np.float32)
        rough = np.clip(soft + chance.normal(0, 4, soft.shape), 0, 255).astype(np.uint8)
        encoded = cv2.imencode(
            ".jpg", rough, [cv2.IMWRITE_JPEG_QUALITY, int(chance.integers(70, 95))]
        )[1]
        yield cv2.imdecode(encoded, cv2.IMREAD_COLOR)  # type: ignore[misc]  # cv2's stubs say any array
