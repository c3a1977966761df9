"""What a hostile card, or a camera gone mad, may hand to face verification: photos and frames."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import numpy as np

from face_auth.detector import FaceDetector
from face_auth.models import load_models
from face_auth.opencv import cv2
from face_auth.types import Frame
from tests.face.heads import Performer, seat
from tests.face.portraits import cut, jpeg_2000, read_portraits
from tests.fuzz.card import spoil

if TYPE_CHECKING:
    from face_auth.types import Pixels

CODESTREAM = bytes.fromhex("FF4FFF51")
EXTREMES = (0, 1, 2, 3, 7, 8, 64, 255, 256, 2000, 2001, 4096, 30000, 65535, 1 << 20, (1 << 32) - 1)
TILE_SIDES = (1, 2, 5, 8, 16, 20, 30, 40, 64, 120, 2000)
MOST_PARTS = 300
SIDES = (0, 1, 2, 15, 16, 17, 31, 64, 240, 480, 640, 1280, 4096, 4097)
SIGNATURE = bytes.fromhex("0000000C6A5020200D0A870A")


def good_photos() -> list[bytes]:
    """Return good photos: colour and grey, boxed and bare, of a person and of no one.

    The last two are about as large as is let in.
    """
    y, x = np.mgrid[0:160, 0:120]
    wave = (128 + 80 * np.sin(x / 9) * np.cos(y / 11)).astype(np.uint8)
    portrait = cut(read_portraits()["a2"], FaceDetector(load_models()))
    grey: Pixels = np.asarray(cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY), np.uint8)
    made = []
    for picture in (wave, np.dstack([wave, wave // 2, 255 - wave]), portrait, grey):
        for rate in (30, 120):
            made += [jpeg_2000(picture, 120, 160, rate, bare=bare) for bare in (False, True)]
    return [*made, jpeg_2000(portrait, 1400, 1400, 15), jpeg_2000(grey, 1000, 1990, 15)]


def hostile_photo(chance: random.Random, good: list[bytes]) -> bytes:
    """Return a good photo, one with noise in it, with extremes in its headers, or a bomb."""
    content = chance.choice(good)
    codestream = content[content.index(CODESTREAM) :]
    match chance.randrange(8):
        case 0:
            return content
        case 1 | 2:
            return spoil(chance, content)
        case 3:
            return spoil(chance, with_extremes(chance, content))
        case 4 | 5:
            codestream = with_extremes(chance, codestream)
        case 6 | 7:
            codestream = in_tiles(chance, codestream)
    return codestream if chance.random() < 0.5 else boxed(chance, codestream)


def with_extremes(chance: random.Random, content: bytes) -> bytes:
    """Return the photo with extremes for sizes, tiles, components or coding style."""
    changed = bytearray(content)
    start = content.index(CODESTREAM)
    for _ in range(chance.choice((1, 1, 2, 3))):
        if chance.random() < 0.6:  # sizes and tiles of SIZ
            at = start + 8 + 4 * chance.randrange(8)
            struct.pack_into(">I", changed, at, chance.choice(EXTREMES))
        else:  # components, and the coding style behind them
            at = start + chance.randrange(40, min(80, len(content) - start))
            changed[at] = chance.choice((0, 1, 2, 5, 8, 32, 33, 127, 255, changed[at] ^ 1))
    return bytes(changed)


def in_tiles(chance: random.Random, codestream: bytes) -> bytes:
    """Return a picture of up to thousands of tiles, with a part for each or nearly."""
    head = bytearray(codestream[: codestream.index(bytes.fromhex("FF90000A"))])
    sides = chance.choice((160, 480, 1999)), chance.choice((160, 480, 1999))
    tile = chance.choice(TILE_SIDES), chance.choice(TILE_SIDES)
    struct.pack_into(">II", head, 8, *sides)
    struct.pack_into(">II", head, 24, *tile)
    tiles = -(-sides[0] // tile[0]) * -(-sides[1] // tile[1])
    parts = bytearray()
    for number in range(min(tiles + chance.choice((-1, 0, 0, 1)), MOST_PARTS)):
        packets = chance.randbytes(chance.choice((0, 0, 1, 9)))
        parts += struct.pack(">HHHIBB", 0xFF90, 10, number, 14 + len(packets), 0, 1)
        parts += bytes.fromhex("FF93") + packets
    return bytes(head + parts) + bytes.fromhex("FFD9")


def boxed(chance: random.Random, codestream: bytes) -> bytes:
    """Return the codestream in boxes that agree with it, or now and then do not."""
    x1, y1, x0, y0 = struct.unpack_from(">IIII", codestream, 8)
    (components,) = struct.unpack_from(">H", codestream, 40)
    width, height = (x1 - x0) % (1 << 32), (y1 - y0) % (1 << 32)
    if chance.random() < 0.2:
        height = chance.choice(EXTREMES)
    space = 17 if components == 1 else 16
    header = struct.pack(">I4sIIHBBBB", 22, b"ihdr", height, width, components, 7, 7, 0, 0)
    header += struct.pack(">I4sBBBI", 15, b"colr", 1, 0, 0, space)
    return b"".join(
        [
            SIGNATURE,
            struct.pack(">I4s4sI4s", 20, b"ftyp", b"jp2 ", 0, b"jp2 "),
            struct.pack(">I4s", 8 + len(header), b"jp2h") + header,
            struct.pack(">I4s", 8 + len(codestream), b"jp2c") + codestream,
        ]
    )


def good_views() -> list[Pixels]:
    """Return frames of two persons before the camera."""
    portraits, detector = read_portraits(), FaceDetector(load_models())
    return [
        Performer(seat(portraits[name], detector.detect(portraits[name])[0])).view()
        for name in ("a1", "b1")
    ]


def odd_array(chance: random.Random) -> Pixels:
    """Return an array that is a frame, or nearly, or not at all; nobody is on it."""
    numbers = np.random.default_rng(chance.randrange(1 << 30))
    shape: tuple[int, ...] = (chance.choice(SIDES), chance.choice(SIDES), 3)
    if chance.random() < 0.3:
        shape = chance.choice([shape[:2], (*shape[:2], 1), (*shape[:2], 4), (1, *shape), (5,), ()])
    kind = chance.choice(("uint8", "uint8", "uint8", "float32", "int16", "bool"))
    grain = numbers.integers(0, 256, 1 << 16, dtype=np.uint8).astype(kind)
    array = np.resize(grain, shape)
    if array.ndim == 3 and chance.random() < 0.2:
        array = array[::2, ::-1]
    return array


def hostile_frame(chance: random.Random, views: list[Pixels]) -> Pixels:
    """Return a frame with a face, or two, spoilt; or an array of any kind."""
    view = chance.choice(views)
    high, wide = view.shape[:2]
    match chance.randrange(9):
        case 0:
            return view.copy()
        case 1:  # two persons, of whom one may be small
            other = cv2.resize(chance.choice(views), None, fx=1, fy=chance.choice((0.4, 0.8, 1)))
            other = cv2.copyMakeBorder(other, 0, high - other.shape[0], 0, 0, cv2.BORDER_REFLECT)
            return np.hstack([view, other]).astype(np.uint8)
        case 2:  # a part of it
            top, left = chance.randrange(high), chance.randrange(wide)
            return view[top : top + chance.randrange(1, high), left : left + chance.randrange(wide)]
        case 3:  # pulled out of shape
            size = chance.choice(SIDES[3:-1]), chance.choice(SIDES[3:-1])
            return cv2.resize(view, size)  # type: ignore[return-value]  # cv2's stubs say any array
        case 4:  # something before the face
            spoilt = view.copy()
            top, left = chance.randrange(high), chance.randrange(wide)
            spoilt[top : top + chance.randrange(300), left : left + chance.randrange(300)] = (
                chance.randrange(256)
            )
            return spoilt
        case 5:  # turned, mirrored, steps of another length
            spoilt = np.rot90(view, chance.randrange(4))[:: chance.choice((-1, 1, 2))]
            return spoilt.transpose(1, 0, 2) if chance.random() < 0.3 else spoilt
        case 6:  # night, noon, noise
            light = view * chance.choice((0.02, 0.2, 4.0, 40.0))
            rough = np.random.default_rng(chance.randrange(1 << 30)).normal(0, 30, view.shape)
            return np.clip(light + rough, 0, 255).astype(np.uint8)
        case _:
            return odd_array(chance)


def hostile_frames(chance: random.Random, views: list[Pixels]) -> list[Frame]:
    """Return some frames, now and then enough for an answer; the clock may stand or run back."""
    frames, at = [], 0.0
    enough = chance.random() < 0.1
    who = chance.choice(views)
    for number in range(chance.randrange(6, 12) if enough else chance.randrange(4)):
        at += 0.2 if enough else chance.choice((0.0, 0.066, 0.2, 3.0, -1.0, 1e9))
        if enough and chance.random() < 0.9:
            pixels = cv2.add(who, np.full_like(who, 2 * number))
        else:
            pixels = hostile_frame(chance, views)
        frames.append(Frame(np.asarray(pixels, pixels.dtype), number, at))
    return frames
