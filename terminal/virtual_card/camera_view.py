"""What a camera over the reader sees: the surface, and the card that lies there."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

VIEW_SIZE = (1280, 960)
Matrix = tuple[tuple[float, ...], ...]
_SURFACE = (58, 56, 54)
_EVEN_SPREAD = 73.9
"""Standard deviation of even noise from 0 to 255."""


@dataclass(frozen=True, slots=True)
class View:
    """How the card lies and how it is lit.

    ``shift``: pixels from the middle; ``degrees``: counter-clockwise; ``width``: of the card in
    pixels; ``tilt``: how much shorter the card's upper edge is than its lower one, as a share;
    ``light``: 1 is good light; ``blur``: radius in pixels; ``noise``: standard deviation of 255;
    ``glare``: middle and radius of a lamp's reflection, in pixels of the view.
    """

    shift: tuple[int, int] = (0, 0)
    degrees: float = 0.0
    width: int = 900
    tilt: float = 0.0
    light: float = 1.0
    blur: float = 0.6
    noise: float = 4.0
    glare: tuple[int, int, int] | None = None


def see(face: Image.Image | None, view: View, seed: int) -> Image.Image:
    """Return the camera's picture of ``face`` (None: no card); the same for the same ``seed``."""
    return grained(still(face, view), view.noise, seed)


def still(face: Image.Image | None, view: View) -> Image.Image:
    """Return the picture without the sensor's noise."""
    picture = Image.new("RGB", VIEW_SIZE, _SURFACE)
    if face is not None:
        _lay(picture, face, view)
    if view.glare is not None:
        _reflect(picture, *view.glare)
    picture = picture.filter(ImageFilter.GaussianBlur(view.blur))
    return picture.point([min(255, round(level * view.light)) for level in range(256)] * 3)


def grained(picture: Image.Image, noise: float, seed: int) -> Image.Image:
    """Return ``picture`` with grey noise of this standard deviation (of 255)."""
    dice = random.Random(seed)  # noqa: S311  # a sensor's noise, not a secret
    grain = Image.frombytes("L", picture.size, dice.randbytes(picture.width * picture.height))
    share = noise / _EVEN_SPREAD
    grain = grain.point([round(128 + (level - 127.5) * share) for level in range(256)])
    return ImageChops.add(picture, Image.merge("RGB", [grain] * 3), offset=-128)


def _lay(picture: Image.Image, face: Image.Image, view: View) -> None:
    """Put the face on the surface, tilted, turned and shifted."""
    card = face.convert("RGBA")
    corners = Image.new("L", card.size, 0)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, card.width - 1, card.height - 1), 37, fill=255)
    card.putalpha(corners)
    seen = card.transform(
        VIEW_SIZE,
        Image.Transform.PERSPECTIVE,
        _way_back(card.size, view),
        Image.Resampling.BICUBIC,
    )
    picture.paste(seen, (0, 0), seen)


def _way_back(card: tuple[int, int], view: View) -> tuple[float, ...]:
    """Return Pillow's coefficients from a point of the view to one of the card."""
    middle = VIEW_SIZE[0] / 2, VIEW_SIZE[1] / 2
    cos, sin = math.cos(math.radians(view.degrees)), math.sin(math.radians(view.degrees))
    bend, size = view.tilt / VIEW_SIZE[1], card[0] / view.width
    unshifted = ((1, 0, -view.shift[0] - middle[0]), (0, 1, -view.shift[1] - middle[1]), (0, 0, 1))
    turned_back = ((cos, -sin, 0), (sin, cos, 0), (0, 0, 1))
    # the upper part is farther away
    upright = ((1, 0, 0), (0, 1, 0), (0, -bend, 1))
    on_card = ((size, 0, card[0] / 2), (0, size, card[1] / 2), (0, 0, 1))
    whole: Matrix = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    for step in (unshifted, turned_back, upright, on_card):
        whole = _after(step, whole)
    scale = whole[2][2]
    return tuple(number / scale for row in whole for number in row)[:8]


def _after(second: Matrix, first: Matrix) -> Matrix:
    """Return the matrix that does ``first``, then ``second``."""
    return tuple(
        tuple(sum(second[i][k] * first[k][j] for k in range(3)) for j in range(3)) for i in range(3)
    )


def _reflect(picture: Image.Image, x: int, y: int, radius: int) -> None:
    lamp = Image.new("L", VIEW_SIZE, 0)
    ImageDraw.Draw(lamp).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    lamp = lamp.filter(ImageFilter.GaussianBlur(radius / 3))
    picture.paste((255, 255, 255), (0, 0), lamp)
