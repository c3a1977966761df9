"""Signs of an attack presentation that ask nothing of the patient.

Each looks at what real prints and screens cannot well avoid; none is sure.  All are measured on
what a frame shows anyway, within a few milliseconds.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from face_auth.coupled_motion import CoupledMotion
from face_auth.liveness import AttackSign, LivenessLimits
from face_auth.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from face_auth.detector import Face
    from face_auth.types import Pixels

MOIRE_SIDE = 192
"""Pixels of the square in the middle of the face that is searched for a grid."""
_LOWEST_FREQUENCY = 0.12
"""Cycles a pixel below which faces have detail of their own."""

_HELD = 5
"""Times that a camera short of light may give the same picture in a row."""


def moire_of(pixels: Pixels, face: Face) -> float | None:
    """Return how far the strongest fine grid stands out of the face's own detail, in ln units.

    ln of peak over median of the spectrum's magnitudes beyond 0.12 cycles a pixel, without the
    axes and eighths that a camera's own JPEG blocks fill.  Around 2 to 4 for skin; None where the
    face is too small to tell.
    """
    left, top, wide, high = face.box
    side = int(min(MOIRE_SIDE, 0.8 * wide, 0.8 * high)) // 8 * 8
    x, y = int(left + (wide - side) / 2), int(top + (high - side) / 2)
    if side < 64 or x < 0 or y < 0 or x + side > pixels.shape[1] or y + side > pixels.shape[0]:
        return None
    grey = cv2.cvtColor(pixels[y : y + side, x : x + side], cv2.COLOR_BGR2GRAY).astype(np.float32)
    window = np.hanning(side).astype(np.float32)
    spectrum = np.abs(np.fft.rfft2((grey - grey.mean()) * np.outer(window, window)))
    vertical = np.abs(np.fft.fftfreq(side))[:, None]
    horizontal = np.fft.rfftfreq(side)[None, :]
    fine = np.hypot(vertical, horizontal) > _LOWEST_FREQUENCY
    for axis in (vertical, horizontal):
        nearest = np.abs(axis * 8 - np.round(axis * 8)) / 8
        fine &= nearest > 1.5 / side
    values = spectrum[fine]
    if not values.size:
        return None
    return float(np.log((values.max() + 1e-3) / (np.median(values) + 1e-3)))


class Track:
    """Follows one face from frame to frame: repeats, jumps, and the passive signs."""

    def __init__(self, limits: LivenessLimits) -> None:
        """Nothing seen yet."""
        self._limits = limits
        self._digests: set[bytes] = set()
        self._digest = b""
        self._in_a_row = 0
        self.repeats = 0
        self._last: tuple[float, NDArray[np.float64], float] | None = None
        self._moire: list[float] = []
        self._coupled = CoupledMotion()
        self.jumps = 0
        self.least_identity: float | None = None

    def see(self, pixels: Pixels, face: Face, crop: Pixels, at: float) -> None:
        """Take in the face of the next frame, captured ``at`` so many seconds."""
        self._note_repeat(hashlib.blake2b(crop.tobytes(), digest_size=16).digest())
        middle = face.points.mean(axis=0).astype(np.float64)
        size = float(np.sqrt(max(face.area, 1.0)))
        if self._last is not None and at - self._last[0] <= self._limits.jump_within:
            moved = float(np.hypot(*(middle - self._last[1]))) / max(face.eye_distance, 1.0)
            grown = max(size, self._last[2]) / max(min(size, self._last[2]), 1.0)
            if moved > self._limits.jump or grown > self._limits.jump_scale:
                self.jumps += 1
        self._last = at, middle, size
        self._coupled.see(pixels, face)

    def _note_repeat(self, digest: bytes) -> None:
        """Count a picture that came before; a driver may give the last one again, not for long."""
        if digest == self._digest:
            self._in_a_row += 1
            self.repeats += self._in_a_row >= _HELD
        else:
            self._in_a_row = 0
            self.repeats += digest in self._digests
        self._digest = digest
        self._digests.add(digest)

    def look_closely(self, pixels: Pixels, face: Face) -> None:
        """Search a good frame for a screen's grid."""
        found = moire_of(pixels, face)
        if found is not None:
            self._moire.append(found)

    def identify(self, cosine: float) -> None:
        """Take in how alike a frame is to the first ones."""
        least = self.least_identity
        self.least_identity = cosine if least is None else min(least, cosine)

    @property
    def moire(self) -> float | None:
        """Median over the frames looked at closely."""
        return float(np.median(self._moire)) if self._moire else None

    @property
    def coupling(self) -> float | None:
        """See :attr:`CoupledMotion.share`."""
        return self._coupled.share

    def forget(self) -> None:
        """Overwrite the picture held."""
        self._coupled.forget()

    def signs(self) -> set[AttackSign]:
        """Return what the track gives away."""
        limits = self._limits
        told = {
            AttackSign.REPEATED_FRAMES: self.repeats >= limits.repeated,
            AttackSign.JUMP: self.jumps > 0,
            AttackSign.IDENTITY_CHANGED: self.least_identity is not None
            and self.least_identity < limits.least_identity,
            AttackSign.MOIRE: self.moire is not None and self.moire > limits.moire,
            AttackSign.MOVES_WITH_BACKGROUND: self.coupling is not None
            and self.coupling >= limits.coupling,
        }
        return {sign for sign, found in told.items() if found}
