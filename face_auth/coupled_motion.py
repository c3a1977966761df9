"""Does what is beside the face move as the face does, while the room stays?

A person moves before a room that stays.  A print or screen in the hand brings along what it shows
beside the face.  Points are followed from picture to picture (Lucas and Kanade, pyramids), as the
correlation of whole parts would lock on the room wherever a print ends within the part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from face_auth.opencv import cv2

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from face_auth.detector import Face
    from face_auth.types import Pixels

SIDE = 320
"""Longer side of the picture in which points are followed; all pixels below are of it."""
GAP, BREADTH = 0.35, 0.30
"""Where beside the face is looked, in widths of its box: hair and ears end before it."""
_LEAST_MOVE = 4.0
"""Pixels of the face's points, or as it grows beside it, from one picture looked at to the next."""
_TOLERANCE = 0.3
"""Of the motion: what lies nearer to going along, or to staying, did so."""
_LEAST_BESIDE, _LEAST_IN_FACE, _LEAST_AWAY = 8, 8, 6
_LEAST_LOOKS = 4
_SMALLEST_SIDE, _SMALLEST_FACE = 64, 24.0
_MARGIN = 6
_WINDOW, _LEVELS, _LEAST_TEXTURE, _LEAST_RETURN = (11, 11), 2, 1e-3, 0.7


class CoupledMotion:
    """Counts the points beside the face that go with it, and those that stay, as it moves.

    A look counts only while the room at the picture's rim stays: the camera may have moved, or the
    picture fill the whole view.  Plain walls and plain prints show no points, and tell nothing.
    """

    def __init__(self) -> None:
        """No frame seen yet."""
        self._before: tuple[NDArray[np.uint8], Face, float] | None = None
        self._coupled = 0
        self._still = 0
        self._looks = 0

    @property
    def share(self) -> float | None:
        """Points that went along, of those that went along or stayed; None for under four looks."""
        if self._looks < _LEAST_LOOKS:
            return None
        return self._coupled / (self._coupled + self._still)

    def see(self, pixels: Pixels, face: Face) -> None:
        """Take in the next frame; it is looked at once the face has moved."""
        scale = min(1.0, SIDE / max(pixels.shape[:2]))
        if face.box[2] * scale < _SMALLEST_FACE or min(pixels.shape[:2]) * scale < _SMALLEST_SIDE:
            return
        before = self._before
        if before is not None and before[2] == scale:
            moves = np.hypot(*(face.points - before[1].points).T)
            beside = (0.5 + GAP + BREADTH / 2) * abs(face.box[2] - before[1].box[2])
            if max(float(np.median(moves)), beside) * scale < _LEAST_MOVE:
                return
        size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        small.fill(0)
        if before is not None and before[0].shape == grey.shape and before[2] == scale:
            self._look(before[0], grey, [value * scale for value in before[1].box])
        self.forget()
        self._before = grey, face, scale

    def forget(self) -> None:
        """Overwrite the picture held; counts stay."""
        if self._before is not None:
            self._before[0].fill(0)
            self._before = None

    def _look(self, before: NDArray[np.uint8], now: NDArray[np.uint8], box: list[float]) -> None:
        left, top, wide, high = box
        inner = _grid(left + 0.2 * wide, top + 0.25 * high, 0.6 * wide, 0.6 * high, (6, 6))
        start, end = _followed(before, now, inner)
        if len(start) < _LEAST_IN_FACE:
            return
        found = cv2.estimateAffinePartial2D(start, end, ransacReprojThreshold=1.5)[0]
        motion = np.asarray(found, np.float64)
        if not np.isfinite(motion).all():  # so is None, which is no motion
            return
        across, down = before.shape[1] - 2 * _MARGIN, before.shape[0] - 2 * _MARGIN
        rim = [
            _grid(_MARGIN, _MARGIN, across, 12, (24, 2)),
            _grid(_MARGIN, _MARGIN, 12, 0.7 * down, (2, 14)),
            _grid(_MARGIN + across - 12, _MARGIN, 12, 0.7 * down, (2, 14)),
        ]
        coupled, still = _counted(before, now, np.vstack(rim), motion)
        if still < _LEAST_AWAY or coupled > still:
            return
        sides = [left - (GAP + BREADTH) * wide, left + (1 + GAP) * wide]
        beside = [_grid(x, top, BREADTH * wide, 0.8 * high, (4, 8)) for x in sides]
        coupled, still = _counted(before, now, np.vstack(beside), motion)
        if coupled + still >= _LEAST_BESIDE:
            self._coupled += coupled
            self._still += still
            self._looks += 1


def _grid(
    x: float, y: float, wide: float, high: float, count: tuple[int, int]
) -> NDArray[np.float32]:
    """Return points spread evenly over a part of the picture."""
    across, down = np.linspace(x, x + wide, count[0]), np.linspace(y, y + high, count[1])
    return np.stack(np.meshgrid(across, down), -1).reshape(-1, 2).astype(np.float32)


def _followed(
    before: NDArray[np.uint8], now: NDArray[np.uint8], points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the points that were found again, and where; those alone that lead back too."""
    bounds = np.array(before.shape[::-1], np.float32) - _MARGIN
    points = points[(points >= _MARGIN).all(axis=1) & (points <= bounds).all(axis=1)]
    if not len(points):
        return points, points
    how: dict[str, Any] = {
        "winSize": _WINDOW,
        "maxLevel": _LEVELS,
        "minEigThreshold": _LEAST_TEXTURE,
    }
    found, there, _ = cv2.calcOpticalFlowPyrLK(before, now, points[:, None], None, **how)  # type: ignore[call-overload]  # cv2's stubs want an array for None
    again, back, _ = cv2.calcOpticalFlowPyrLK(now, before, found, None, **how)  # type: ignore[call-overload]  # the same
    far = np.hypot(*(again[:, 0] - points).T)
    kept = (there[:, 0] == 1) & (back[:, 0] == 1) & (far < _LEAST_RETURN)
    return points[kept], found[:, 0][kept]


def _counted(
    before: NDArray[np.uint8],
    now: NDArray[np.uint8],
    points: NDArray[np.float32],
    motion: NDArray[Any],
) -> tuple[int, int]:
    """Return how many points went as the face's ``motion`` carries them, and how many stayed."""
    start, end = _followed(before, now, points)
    carried = start @ motion[:, :2].T + motion[:, 2]
    far = np.hypot(*(carried - start).T)
    told = far >= 0.75 * _LEAST_MOVE
    along = np.hypot(*(end - carried).T) < _TOLERANCE * far
    stays = np.hypot(*(end - start).T) < _TOLERANCE * far
    return int((along & told).sum()), int((stays & told).sum())
