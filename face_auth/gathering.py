"""Which frames are worth fusing: good ones, of different pose.

Copies of one frame gain nothing, so a frame counts only where the head stands otherwise than in
those before, or, of somebody who holds very still, where time has passed and the picture differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from face_auth.quality import pitch_of, yaw_of
from face_auth.types import overwrite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from face_auth.quality import SeenFace
    from face_auth.types import Embedding, Pixels

MOST = 16


@dataclass(frozen=True, slots=True)
class GatheringLimits:
    """What makes a frame another one."""

    pose_step: float = 0.04
    """Change of yaw or nod, in the units of :mod:`face_auth.quality`."""
    pause: float = 0.15
    """Seconds after which a head that held still counts again."""
    least_change: float = 1.0
    """Mean difference of the aligned crops, in grey levels, below which it is the same picture."""
    most_yaw: float = 0.28
    """Further turned faces are seen, but not fused."""


@dataclass(slots=True)
class _Kept:
    pose: NDArray[np.float64]
    crop: Pixels
    embedding: Embedding
    at: float


class Gathering:
    """The frames of one attempt that will be fused."""

    def __init__(self, limits: GatheringLimits) -> None:
        """Nothing gathered yet."""
        self._limits = limits
        self._kept: list[_Kept] = []

    def __len__(self) -> int:
        return len(self._kept)

    def wants(self, seen: SeenFace, at: float) -> bool:
        """Whether this frame would add something."""
        pose = _pose_of(seen)
        if abs(pose[0]) > self._limits.most_yaw:
            return False
        full = len(self._kept) >= MOST
        for kept in self._kept:
            if np.abs(kept.pose - pose).max() >= self._limits.pose_step:
                continue
            if full:
                return False
            changed = float(np.abs(seen.crop.astype(np.int16) - kept.crop).mean())
            if at - kept.at < self._limits.pause or changed < self._limits.least_change:
                return False
        return True

    def add(self, seen: SeenFace, embedding: Embedding, at: float) -> None:
        """Keep this frame's crop and embedding; of too many, one whose pose is there twice goes."""
        if len(self._kept) >= MOST:
            self._drop_a_double()
        self._kept.append(_Kept(_pose_of(seen), seen.crop.copy(), embedding, at))

    def _drop_a_double(self) -> None:
        poses = np.array([kept.pose for kept in self._kept])
        apart = np.abs(poses[:, None] - poses[None]).max(axis=2)
        np.fill_diagonal(apart, np.inf)
        dropped = self._kept.pop(int(apart.min(axis=1).argmin()))
        overwrite(dropped.crop, dropped.embedding)

    def spread(self, wanted: int) -> list[Embedding]:
        """Return at most ``wanted`` embeddings, of poses as far apart as can be had."""
        poses = np.array([kept.pose for kept in self._kept])
        if not len(poses):
            return []
        chosen = [int(np.abs(poses[:, 0]).argmin())]
        while len(chosen) < min(wanted, len(poses)):
            gaps = np.abs(poses[:, None] - poses[None, chosen]).max(axis=2).min(axis=1)
            gaps[chosen] = -1.0
            chosen.append(int(gaps.argmax()))
        return [self._kept[index].embedding for index in chosen]

    @property
    def yaw_spread(self) -> float:
        """Difference between the poses furthest apart to the sides."""
        yaws = [kept.pose[0] for kept in self._kept]
        return float(max(yaws) - min(yaws)) if yaws else 0.0

    def forget(self) -> None:
        """Overwrite crops and embeddings."""
        for kept in self._kept:
            overwrite(kept.crop, kept.embedding)
        self._kept.clear()


def _pose_of(seen: SeenFace) -> NDArray[np.float64]:
    return np.array([yaw_of(seen.face.points), pitch_of(seen.face.points)], np.float64)
