"""Heads that turn, rendered from one portrait, before a background that stays.

A rough head: an ellipsoid with a nose, mapped with the portrait.  A print is the same portrait on a
plane.  They show that the parts work together; how good the decision is, they cannot show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from face_auth.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from face_auth import Frame
    from face_auth.detector import Face
    from face_auth.matcher import Progress
    from face_auth.types import Pixels

WIDTH, HEIGHT = 640, 480
FACE_HEIGHT = 240
SWAY_FRAMES = 36
"""From side to side and back: 2.4 seconds at 15 frames/s."""


@dataclass(frozen=True)
class Sitter:
    """A portrait placed in the view, with the points of its face."""

    picture: NDArray[np.float32]
    points: NDArray[np.float32]
    eye: float
    background: NDArray[np.float32]


def seat(portrait: Pixels, face: Face, seed: int = 0) -> Sitter:
    """Place the portrait's face in the middle of the view at the size of a good frame."""
    scale = FACE_HEIGHT / face.box[3]
    middle = (face.points[0] + face.points[1] + face.points[3] + face.points[4]) / 4
    matrix = np.array(
        [
            [scale, 0, WIDTH / 2 - scale * middle[0]],
            [0, scale, HEIGHT / 2 - scale * middle[1]],
        ],
        np.float64,
    )
    reduced = cv2.GaussianBlur(portrait, (0, 0), max(0.3, 0.4 / scale)) if scale < 0.7 else portrait
    picture = cv2.warpAffine(reduced, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    points = (face.points * scale + matrix[:, 2]).astype(np.float32)
    chance = np.random.default_rng(seed)
    coarse = chance.uniform(60, 190, (15, 20, 3)).astype(np.float32)
    background = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    eye = float(np.hypot(*(points[1] - points[0])))
    return Sitter(picture.astype(np.float32), points, eye, background.astype(np.float32))


def render(
    sitter: Sitter,
    yaw: float,
    *,
    flat: bool = False,
    bent: float = 0.0,
    aside: int = 0,
    body: bool = False,
) -> Pixels:
    """Return the view with the head turned by ``yaw`` degrees (positive: to its own left).

    ``flat``: a plane print; ``bent``: one round an upright cylinder of so many eye distances.
    ``aside``: pixels to the right of the middle; ``body``: with shoulders, and hair that hangs down
    as far as 0.3 face widths beside the face.
    """
    angle = float(np.deg2rad(yaw))
    eye, points = sitter.eye, sitter.points
    view = sitter.background.copy()
    if body:
        _put_body(view, eye, aside)
    wide, high = int(2.1 * eye), int(2.4 * eye)
    down, across = np.mgrid[-high:high, -wide:wide].astype(np.float32)
    if bent:
        round_ = bent * eye
        along = across[0] / round_
        seen = round_ * (np.sin(along) * np.cos(angle) + (np.cos(along) - 1) * np.sin(angle))
        middle = np.s_[np.abs(along) < np.pi / 2 - abs(angle)]
        line = np.interp(across[0], seen[middle], across[0][middle])
        source, row = np.broadcast_to(line, across.shape), down
        inside = (np.abs(source) < 1.9 * eye) & (np.abs(row) < 2.3 * eye)
        mask = inside.astype(np.float32)
    elif flat:
        depth = 6.0 * eye
        source = across * depth / (depth * np.cos(angle) - across * np.sin(angle))
        row = down * (depth + source * np.sin(angle)) / depth
        mask = ((np.abs(source) < 1.9 * eye) & (np.abs(row) < 2.3 * eye)).astype(np.float32)
    else:
        nose = points[2] - np.array([WIDTH / 2, HEIGHT / 2], np.float32)
        row = down
        sight = 1 - (down / (2 * eye)) ** 2
        near = np.exp(-(((down - nose[1]) / (0.5 * eye)) ** 2))
        curve = np.sqrt(np.clip(sight - (across / (1.3 * eye)) ** 2, 0, 1))
        bump = near * np.exp(-(((across - nose[0]) / (0.5 * eye)) ** 2))
        z = eye * (1.5 * (curve - 0.86) + bump)
        seen = across * np.cos(angle) + z * np.sin(angle)
        if angle >= 0:  # what lies behind the nose is hidden
            seen = np.maximum.accumulate(seen, axis=1)
        else:
            seen = np.minimum.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
        source = np.array([np.interp(across[0], line, across[0]) for line in seen])
        inside = (across / (1.35 * eye)) ** 2 + (down / (1.9 * eye)) ** 2 < 1
        mask = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 4)
    warped = cv2.remap(
        sitter.picture,
        (source + np.float32(WIDTH / 2)).astype(np.float32),
        (row + np.float32(HEIGHT / 2)).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    left, top = WIDTH // 2 - wide + aside, HEIGHT // 2 - high
    x, y = max(0, left), max(0, top)
    part = np.s_[y - top : HEIGHT - top, x - left : WIDTH - left]
    place = view[y : top + 2 * high, x : left + 2 * wide]
    place += (warped[part] - place) * mask[part][..., None]
    return np.clip(view, 0, 255).astype(np.uint8)


def _put_body(view: NDArray[np.float32], eye: float, aside: int) -> None:
    """Draw hair and shoulders, with their own texture, where the head will be."""
    chance = np.random.default_rng(7)
    coarse = chance.uniform(20, 120, (HEIGHT // 12, WIDTH // 12, 3)).astype(np.float32)
    cloth = np.roll(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), aside, 1)
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    down, across = (down - HEIGHT / 2) / eye, (across - WIDTH / 2 - aside) / eye
    hair = (across / 1.76) ** 2 + (down / 2.1) ** 2 < 1
    shoulders = (across / 3.0) ** 2 + ((down - 3.4) / 1.6) ** 2 < 1
    view[hair | shoulders] = cloth[hair | shoulders]


class Performer:
    """Somebody before the camera who does what is asked, at up to 6 degrees a frame."""

    def __init__(
        self,
        sitter: Sitter,
        *,
        flat: bool = False,
        bent: float = 0.0,
        degrees: int = 30,
        sways: int = 0,
        seed: int = 0,
    ) -> None:
        """``flat``, ``bent``: a print that is turned, by so many ``degrees``, instead of a head.

        ``sways``: the head, now with hair and shoulders, goes so many pixels to each side.
        """
        self._sitter = sitter
        self._shape = (flat, bent)
        self._degrees = degrees
        self._sways = sways
        self._chance = np.random.default_rng(seed)
        self._views: dict[tuple[int, int], Pixels] = {}
        self._yaw = 0
        self.step: str | None = None
        self.shown = 0

    def view(self) -> Pixels:
        """Return the next picture of the camera, with its noise."""
        goal = {"turn-left": self._degrees, "turn-right": -self._degrees}.get(self.step or "", 0)
        self._yaw += max(-6, min(6, goal - self._yaw))
        aside = round(self._sways * math.sin(self.shown * 2 * math.pi / SWAY_FRAMES))
        if (self._yaw, aside) not in self._views:
            self._views[self._yaw, aside] = self._render(aside)
        moved = np.roll(self._views[self._yaw, aside], self._chance.integers(-1, 2, 2), axis=(0, 1))
        grain = self._chance.integers(0, 9, moved.shape, dtype=np.uint8)
        self.shown += 1
        return cv2.subtract(cv2.add(moved, grain), np.full_like(moved, 4))  # type: ignore[return-value]  # cv2's stubs say any array

    def _render(self, aside: int) -> Pixels:
        flat, bent = self._shape
        body = self._sways > 0
        return render(self._sitter, self._yaw, flat=flat, bent=bent, aside=aside, body=body)

    def frames(self, rate: float = 15.0) -> Iterator[Frame]:
        """Yield frames without end."""
        from face_auth import Frame

        while True:
            view = self.view()
            yield Frame(view, self.shown, self.shown / rate)

    def follow(self, progress: Progress) -> None:
        """Look at what the kiosk shows."""
        self.step = progress.step
