from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from face_auth import PhotoError, decode_photo
from face_auth.errors import PhotoReason
from face_auth.jpeg2000 import PictureHeader, read_header
from face_auth.replay import read_picture
from tests.face.portraits import jpeg_2000

if TYPE_CHECKING:
    from face_auth.types import Pixels

CODESTREAM = bytes.fromhex("FF4FFF51")
COD = bytes.fromhex("FF52")
SIZ_FIELDS = {"width": 8, "height": 12, "tile_width": 24, "tile_height": 28}
"""Offsets of four-byte fields from the start of the codestream."""


def picture(grey: bool = False) -> Pixels:
    """Return something smooth with no face in it."""
    y, x = np.mgrid[0:320, 0:240]
    wave = (128 + 80 * np.sin(x / 19) * np.cos(y / 23)).astype(np.uint8)
    return wave if grey else np.dstack([wave, wave // 2, 255 - wave])


BARE = jpeg_2000(picture(), 240, 320, 30, bare=True)
BOXED = jpeg_2000(picture(), 240, 320, 30)


def with_field(content: bytes, **fields: int) -> bytes:
    """Return the photo with other numbers in its SIZ marker."""
    changed = bytearray(content)
    start = content.index(CODESTREAM)
    for name, value in fields.items():
        struct.pack_into(">I", changed, start + SIZ_FIELDS[name], value)
    return bytes(changed)


def reason_of(content: bytes | None) -> PhotoReason:
    """Return why a photo is refused."""
    with pytest.raises(PhotoError) as caught:
        decode_photo(content)
    return caught.value.reason


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize(("width", "height"), [(120, 160), (240, 320), (480, 640)])
def test_every_kind_of_card_photo_is_decoded(
    width: int, height: int, grey: bool, bare: bool
) -> None:
    """Boxed and bare, colour and grey, small and large: always height x width x 3."""
    content = jpeg_2000(picture(grey), width, height, 60, bare=bare)
    header = read_header(content)
    assert header == PictureHeader(width, height, 1 if grey else 3, 1)
    decoded = decode_photo(content)
    assert decoded.shape == (height, width, 3)
    assert decoded.dtype == np.uint8
    if grey:
        assert (decoded[..., 0] == decoded[..., 2]).all()
    else:
        assert np.abs(decoded[..., 2].astype(int) - (255 - decoded[..., 0])).mean() < 30


def test_the_decoded_photo_shows_what_was_encoded(portraits: Mapping[str, Pixels]) -> None:
    """Colours are neither swapped nor shifted."""
    whole = jpeg_2000(portraits["a1"], 240, 320, 200)
    from face_auth.opencv import cv2

    expected = cv2.resize(portraits["a1"], (240, 320), interpolation=cv2.INTER_AREA)
    assert np.abs(decode_photo(whole).astype(int) - expected).mean() < 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, PhotoReason.MISSING),
        (b"", PhotoReason.MISSING),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), PhotoReason.NOT_JPEG_2000),
        (BARE + bytes(200_000), PhotoReason.TOO_MANY_BYTES),
        (CODESTREAM, PhotoReason.HEADER_DAMAGED),
        (BARE[: len(BARE) // 2], PhotoReason.DAMAGED),
        (BOXED[: len(BOXED) // 2], PhotoReason.HEADER_DAMAGED),
        (with_field(BARE, width=30000, height=30000), PhotoReason.TOO_LARGE),
        (with_field(BARE, width=(1 << 32) - 1), PhotoReason.TOO_LARGE),
        (with_field(BARE, width=20), PhotoReason.TOO_SMALL),
        (with_field(BARE, width=0), PhotoReason.HEADER_DAMAGED),
        (with_field(BARE, tile_width=0), PhotoReason.HEADER_DAMAGED),
        (with_field(BARE, tile_width=1, tile_height=1), PhotoReason.TOO_MANY_TILES),
        (with_field(BOXED, width=239), PhotoReason.HEADERS_DISAGREE),
        (with_field(BARE, tile_width=120), PhotoReason.DAMAGED),
    ],
)  # fmt: skip
def test_each_bad_photo_has_its_reason(content: bytes | None, reason: PhotoReason) -> None:
    """What is missing, huge, in pieces, cut or at odds is named, before any decoder sees it."""
    assert reason_of(content) is reason


def with_precincts(exponents: int, block: int | None = None) -> bytes:
    """Return the photo with a coding style that has precincts of its own."""
    at = BARE.index(COD)
    length, _, order, layers, mix, levels, wide, high, *rest = struct.unpack_from(
        ">HBBHBBBBBB", BARE, at + 2
    )
    wide, high = (wide, high) if block is None else (block, block)
    body = struct.pack(">BBHBBBBBB", 1, order, layers, mix, levels, wide, high, *rest)
    body += bytes([exponents]) * (levels + 1)
    return b"".join(
        [BARE[: at + 2], struct.pack(">H", len(body) + 2), body, BARE[at + 2 + length :]]
    )


@pytest.mark.parametrize("exponents", [0x00, 0x11, 0x22])
def test_a_small_picture_in_tens_of_thousands_of_precincts_is_refused(exponents: int) -> None:
    """Not the tiles alone multiply a decoder's work."""
    assert reason_of(with_precincts(exponents)) in (
        PhotoReason.TOO_MANY_TILES,
        PhotoReason.HEADER_DAMAGED,
    )


def test_a_picture_with_ordinary_precincts_is_read() -> None:
    """Only their number counts."""
    assert read_header(with_precincts(0x88)).tiles == 1


def test_thousands_of_layers_are_refused() -> None:
    """Each layer is a packet for each precinct."""
    changed = bytearray(BARE)
    struct.pack_into(">H", changed, BARE.index(COD) + 6, 65535)
    assert reason_of(bytes(changed)) is PhotoReason.TOO_MANY_TILES


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("grey", [False, True])
def test_a_file_of_jpeg_2000_is_read_as_a_cards_photo(
    grey: bool, bare: bool, tmp_path: Path
) -> None:
    """Photos read from cards can be evaluated; a bomb among the files is none."""
    file = tmp_path / "photo.jp2"
    content = jpeg_2000(picture(grey), 240, 320, 60, bare=bare)
    file.write_bytes(content)
    read = read_picture(file)
    assert read is not None
    assert (read == decode_photo(content)).all()
    file.write_bytes(with_field(content, tile_width=1, tile_height=1))
    assert read_picture(file) is None


@given(st.binary(max_size=300), st.integers(0, 400))
def test_noise_behind_a_good_head_gives_a_reason_or_a_header(noise: bytes, kept: int) -> None:
    """No bytes whatever raise anything else."""
    for content in (BOXED[:kept] + noise, BARE[:kept] + noise):
        try:
            assert read_header(content).tiles >= 1
        except PhotoError:
            pass
