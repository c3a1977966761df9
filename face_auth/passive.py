"""Signs of an attack presentation that ask nothing of the patient.

Each looks at what real prints and screens cannot well avoid; none is sure.  All are measured on
what a frame shows anyway, within a few milliseconds.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

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

SMALL_SIDE = 160
_LEAST_MOVE = 1.5
_LEAST_RESPONSE = 0.15
_LEAST_VOTES = 6
_TOLERANCE = 0.35
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


class CoupledMotion:
    """Counts how often what is beside the face moves just as the face does.

    A person moves before a background that stays.  A print or screen in the hand brings its own
    surroundings along.  A picture that fills the whole view is not seen by this.
    """

    def __init__(self) -> None:
        """No frame seen yet."""
        self._before: tuple[NDArray[np.float32], NDArray[np.float64], float] | None = None
        self._coupled = 0
        self._apart = 0

    @property
    def share(self) -> float | None:
        """Movements that went along, of all that could be told; None for fewer than six."""
        votes = self._coupled + self._apart
        return self._coupled / votes if votes >= _LEAST_VOTES else None

    def see(self, pixels: Pixels, face: Face) -> None:
        """Take in the next frame."""
        scale = SMALL_SIDE / max(pixels.shape[:2])
        size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
        small.fill(0)
        middle = face.points.mean(axis=0).astype(np.float64) * scale
        before, self._before = self._before, (grey, middle, scale)
        if before is None or before[0].shape != grey.shape:
            return
        self._vote(before[0], grey, middle - before[1], [value * scale for value in face.box])
        before[0].fill(0)

    def forget(self) -> None:
        """Overwrite the picture held; counts stay."""
        if self._before is not None:
            self._before[0].fill(0)
            self._before = None

    def _vote(
        self,
        before: NDArray[np.float32],
        now: NDArray[np.float32],
        move: NDArray[np.float64],
        box: list[float],
    ) -> None:
        far = float(np.hypot(*move))
        if far < _LEAST_MOVE:
            return
        left, top, wide, high = box
        gap, broad = 0.35 * wide, 0.5 * wide
        sides = [left - gap - broad, left + wide + gap]
        beside = [_shift(before, now, (x, top, broad, 0.7 * high)) for x in sides]
        across = now.shape[1]
        corners = [(0.0, 0.0), (across - 24.0, 0.0)]
        away = [_shift(before, now, (x, y, 24, 24)) for x, y in corners]
        if any(one is not None and _alike(one, move, far) for one in away):
            return  # the camera moved, or the picture fills the view
        for one in beside:
            if one is None:
                continue
            if _alike(one, move, far):
                self._coupled += 1
            elif float(np.hypot(*one)) < _TOLERANCE * far:
                self._apart += 1


def _alike(one: NDArray[np.float64], move: NDArray[np.float64], far: float) -> bool:
    return float(np.hypot(*(one - move))) < _TOLERANCE * far


def _shift(
    before: NDArray[np.float32], now: NDArray[np.float32], place: tuple[float, float, float, float]
) -> NDArray[np.float64] | None:
    """Return how a part of the picture moved; None where it lies outside or shows nothing."""
    x, y, wide, high = (int(value) for value in place)
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(now.shape[1], x + wide), min(now.shape[0], y + high)
    if x1 - x0 < 12 or y1 - y0 < 12:
        return None
    window = cv2.createHanningWindow((x1 - x0, y1 - y0), cv2.CV_32F)
    one = np.ascontiguousarray(before[y0:y1, x0:x1])
    two = np.ascontiguousarray(now[y0:y1, x0:x1])
    if one.std() < 4 or two.std() < 4:
        return None
    (dx, dy), response = cv2.phaseCorrelate(one, two, window)
    return np.array([dx, dy]) if response >= _LEAST_RESPONSE else None


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
