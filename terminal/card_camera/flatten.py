"""Find the card in a picture and flatten it: shift, rotation, size and tilt are taken out.

The card must be the one bright thing of its shape on a darker surface (docs/card-camera.md).
numpy and Pillow are imported when the first picture comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    Grey = NDArray[np.uint8]
    Numbers = NDArray[np.float64]

FLAT_SIZE = (1011, 638)
"""ISO/IEC 7810 ID-1 at 300 dpi."""

_SEARCH_WIDTH, _LOWEST = 320, 60
_SOLID = 6
"""So many bright pixels in a row are an edge's inner side."""
_SOLID_SHARE = 0.8
_SIDE_RATIO = 85.60 / 53.98
_RATIO_TOLERANCE = 0.15
_OPPOSITE_SIDES = 0.8
_SMALLEST_SHARE = 0.12
_FEWEST_POINTS = 12
_STEEPEST = 0.35
"""A card that is turned further than 19 degrees is not looked for."""
_WORST_FIT = 1.5
"""Pixels that an edge may stray from a straight line, at the width of the search."""


def flatten(grey: Grey) -> Image | None:
    """Return the card's face, upright or upside down, at FLAT_SIZE; None where no card is found.

    ``grey``: height x width, uint8; the result is Pillow's mode ``L``, of the caller.
    """
    from PIL import Image

    picture = Image.fromarray(grey)
    corners = find_corners(grey)
    if corners is None:
        return None
    return picture.transform(
        FLAT_SIZE,
        Image.Transform.PERSPECTIVE,
        _perspective(corners),
        Image.Resampling.BICUBIC,
    )


def find_corners(grey: Grey) -> Numbers | None:
    """Return the card's corners (x, y) from the top left one clockwise, or None."""
    import numpy as np
    from PIL import Image, ImageFilter

    height, width = grey.shape
    scale = width / _SEARCH_WIDTH
    small_size = (_SEARCH_WIDTH, round(height / scale))
    if small_size[1] < _LOWEST:
        return None
    small = Image.fromarray(grey).resize(small_size, Image.Resampling.BOX)
    pixels = np.asarray(small.filter(ImageFilter.BoxBlur(1)))
    bright = pixels > _otsu(pixels)
    edges = []
    for mask in (bright, bright[:, ::-1], bright.T, bright.T[:, ::-1]):
        edge = _edge(mask)
        if edge is None:
            return None
        edges.append(edge)
    (left, right, top, bottom) = edges
    right = (-right[0], bright.shape[1] - right[1])
    bottom = (-bottom[0], bright.shape[0] - bottom[1])
    corners: Numbers = np.array(
        [
            _crossing(left, top),
            _crossing(right, top),
            _crossing(right, bottom),
            _crossing(left, bottom),
        ]
    )
    if not _is_card(corners, bright.shape):
        return None
    corners *= scale
    return corners


def _otsu(pixels: Grey) -> int:
    """Return the level that parts dark from bright best (Otsu 1979)."""
    import numpy as np

    counts = np.bincount(pixels.ravel(), minlength=256).astype(float)
    below = np.cumsum(counts)
    above = below[-1] - below
    weighted = np.cumsum(counts * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = weighted / below - (weighted[-1] - weighted) / above
        spread = np.nan_to_num(below * above * gap**2)
    return int(spread.argmax())


def _edge(bright: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Fit a line x = a * y + b through where the card begins, seen from the left; None: no card."""
    import numpy as np

    counts = bright.sum(axis=1)
    rows = np.flatnonzero(counts >= counts.max() * 0.6)
    if counts.max() == 0 or len(rows) < _FEWEST_POINTS:
        return None
    tenth = len(rows) // 10  # the rounded corners
    rows = rows[tenth : len(rows) - tenth]
    runs = np.lib.stride_tricks.sliding_window_view(bright[rows], _SOLID, axis=1)
    solid = runs[:, :, 0] & (runs.mean(axis=2) >= _SOLID_SHARE)
    has = solid.any(axis=1)
    y, x = rows[has].astype(float), solid.argmax(axis=1)[has].astype(float)
    for limit in (6.0, 3.0, 1.5):
        if len(y) < _FEWEST_POINTS:
            return None
        slope, begin = np.polyfit(y, x, 1)
        off = np.abs(slope * y + begin - x)
        kept = off <= max(limit, float(np.median(off)) * 2)
        y, x = y[kept], x[kept]
    if len(y) < max(_FEWEST_POINTS, len(rows) // 2):
        return None
    slope, begin = np.polyfit(y, x, 1)
    if abs(slope) > _STEEPEST or float(np.abs(slope * y + begin - x).mean()) > _WORST_FIT:
        return None
    return float(slope), float(begin)


def _crossing(upright: tuple[float, float], level: tuple[float, float]) -> tuple[float, float]:
    """Return where x = a * y + b and y = c * x + d meet."""
    (a, b), (c, d) = upright, level
    x = (a * d + b) / (1 - a * c)
    return x, c * x + d


def _is_card(corners: Numbers, shape: tuple[int, ...]) -> bool:
    import numpy as np

    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    top, right, bottom, left = sides
    if min(sides) < 1:
        return False
    alike = min(top, bottom) / max(top, bottom), min(left, right) / max(left, right)
    ratio = (top + bottom) / (left + right)
    inside = (corners >= -2).all() and (corners <= np.array(shape[::-1]) + 2).all()
    share = (top + bottom) * (left + right) / 4 / (shape[0] * shape[1])
    return bool(
        min(alike) >= _OPPOSITE_SIDES
        and abs(ratio / _SIDE_RATIO - 1) <= _RATIO_TOLERANCE
        and inside
        and share >= _SMALLEST_SHARE
    )


def _perspective(corners: Numbers) -> tuple[float, ...]:
    """Return Pillow's eight coefficients that take the flat card's points to the picture's."""
    import numpy as np

    width, height = FLAT_SIZE
    rows, wanted = [], []
    flat = ((0, 0), (width, 0), (width, height), (0, height))
    for (u, v), (x, y) in zip(flat, corners.tolist(), strict=True):
        rows.append([u, v, 1, 0, 0, 0, -u * x, -v * x])
        rows.append([0, 0, 0, u, v, 1, -u * y, -v * y])
        wanted += [x, y]
    return tuple(np.linalg.solve(np.array(rows), np.array(wanted)).tolist())
