"""The headers of a JPEG 2000 picture (ISO/IEC 15444-1), read before any decoder may.

A decoder's memory and time follow from what the headers claim, not from the file's size: a picture
of 1.7 kB in 62,500 tiles costs 800 MB.  So everything that multiplies is read here and limited:
pixels, components, tiles, code-blocks, precincts and layers.  What a card's photo does not need is
refused: palettes, packed packet headers, changes of progression, coding styles of single tiles.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from face_auth.errors import PhotoError, PhotoReason

BOXED = bytes.fromhex("0000000C6A5020200D0A870A")
BARE = bytes.fromhex("FF4FFF51")

SMALLEST_SIDE, LARGEST_SIDE = 48, 2000
MOST_PIXELS = 2_000_000
MOST_COMPONENTS = 4
MOST_TILES = 64
MOST_BLOCKS = 60_000
"""Code-blocks of all components: 64 x 64 samples each usually, 16 where a bomb is built."""
MOST_PRECINCTS = 20_000
MOST_PACKETS = 100_000
MOST_LEVELS = 32

_SOC, _SIZ, _COD, _COC, _SOT, _SOD, _EOC = 0xFF4F, 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
_POC, _PPM, _PPT = 0xFF5F, 0xFF60, 0xFF61
_REFUSED_EVERYWHERE = {_SOC, _SIZ, _POC, _PPM, _PPT, _SOD, _EOC}
_REFUSED_IN_TILES = _REFUSED_EVERYWHERE | {_COD, _COC, _SOT}
_SIZ_FIXED = struct.Struct(">HHIIIIIIII")
_WHOLE_TILE = 15
"""Exponent of a precinct that is as large as can be."""


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What a picture's headers say."""

    width: int
    height: int
    components: int
    tiles: int


def read_header(content: bytes) -> PictureHeader:
    """Read the headers of a boxed file or bare codestream and walk its tile-parts.

    Raises PhotoError: not such a picture, headers damaged or in disagreement, or a limit passed.
    """
    if content.startswith(BARE):
        return _read_codestream(content)
    if not content.startswith(BOXED):
        raise PhotoError(PhotoReason.NOT_JPEG_2000)
    claimed, codestream = _read_boxes(content)
    header = _read_codestream(codestream)
    if claimed != (header.width, header.height, header.components):
        raise PhotoError(PhotoReason.HEADERS_DISAGREE)
    return header


def _damaged() -> PhotoError:
    return PhotoError(PhotoReason.HEADER_DAMAGED)


def _read_boxes(content: bytes) -> tuple[tuple[int, int, int], bytes]:
    """Return width, height, components of the image header box, and the codestream."""
    claimed: tuple[int, int, int] | None = None
    for kind, body in _boxes(content):
        if kind == b"jp2h":
            inner = list(_boxes(body))
            if not inner or inner[0][0] != b"ihdr" or len(inner[0][1]) != 14 or claimed:
                raise _damaged()
            if any(name in (b"pclr", b"cmap", b"ihdr") for name, _ in inner[1:]):
                raise PhotoError(PhotoReason.COMPONENTS)
            height, width, components = struct.unpack_from(">IIH", inner[0][1])
            claimed = width, height, components
        elif kind == b"jp2c":
            if claimed is None:
                raise _damaged()
            return claimed, body
    raise _damaged()


def _boxes(content: bytes) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    at = 0
    while at < len(content):
        if at + 8 > len(content):
            raise _damaged()
        length, kind = struct.unpack_from(">I4s", content, at)
        start = at + 8
        if length == 1 and at + 16 <= len(content):
            (length,) = struct.unpack_from(">Q", content, start)
            start += 8
        elif length == 0:
            length = len(content) - at
        if length < start - at or at + length > len(content):
            raise _damaged()
        found.append((kind, content[start : at + length]))
        at += length
    return found


def _read_codestream(content: bytes) -> PictureHeader:
    if not content.startswith(BARE):
        raise _damaged()
    try:
        header, at, grid = _read_size(content)
        styles = _read_main_header(content, at, header.components)
        _limit_work(header, grid, styles[1])
        _walk_tile_parts(content, styles[0], header.tiles)
    except struct.error as error:
        raise _damaged() from error
    return header


def _read_size(content: bytes) -> tuple[PictureHeader, int, tuple[int, int]]:
    """Return what the SIZ marker says, where the next marker stands, and the size of a tile."""
    length, _, x1, y1, x0, y0, tile_x, tile_y, tile_x0, tile_y0 = _SIZ_FIXED.unpack_from(content, 4)
    (components,) = struct.unpack_from(">H", content, 40)
    if length != 38 + 3 * components:
        raise _damaged()
    if not 1 <= components <= MOST_COMPONENTS:
        raise PhotoError(PhotoReason.COMPONENTS)
    width, height = x1 - x0, y1 - y0
    if width < 1 or height < 1 or not tile_x or not tile_y or tile_x0 > x0 or tile_y0 > y0:
        raise _damaged()
    if max(x1, y1) > LARGEST_SIDE or width * height > MOST_PIXELS:
        raise PhotoError(PhotoReason.TOO_LARGE)
    if min(width, height) < SMALLEST_SIDE:
        raise PhotoError(PhotoReason.TOO_SMALL)
    if tile_x0 + tile_x <= x0 or tile_y0 + tile_y <= y0:
        raise _damaged()
    tiles = -(-(x1 - tile_x0) // tile_x) * -(-(y1 - tile_y0) // tile_y)
    if tiles > MOST_TILES:
        raise PhotoError(PhotoReason.TOO_MANY_TILES)
    for component in range(components):
        depth, step_x, step_y = struct.unpack_from(">BBB", content, 42 + 3 * component)
        if depth != 7 or step_x != 1 or step_y != 1:  # 8 bits without sign, no subsampling
            raise PhotoError(PhotoReason.COMPONENTS)
    size = min(tile_x, width), min(tile_y, height)
    return PictureHeader(width, height, components, tiles), 4 + length, size


@dataclass(frozen=True, slots=True)
class _Style:
    """A coding style: resolutions, code-block and precincts as exponents of 2."""

    layers: int
    resolutions: int
    block: tuple[int, int]
    precincts: tuple[tuple[int, int], ...]


def _read_main_header(content: bytes, at: int, components: int) -> tuple[int, list[_Style]]:
    """Return where the first tile-part begins, and the coding styles."""
    styles: list[_Style] = []
    layers = 0
    while True:
        (marker,) = struct.unpack_from(">H", content, at)
        if marker == _SOT:
            break
        if marker in _REFUSED_EVERYWHERE or marker >> 8 != 0xFF:
            raise _damaged()
        (length,) = struct.unpack_from(">H", content, at + 2)
        body = content[at + 4 : at + 2 + length]
        if length < 2 or len(body) != length - 2:
            raise _damaged()
        if marker == _COD:
            if styles:
                raise _damaged()
            custom, _, layers, _ = struct.unpack_from(">BBHB", body)
            styles.append(_read_style(body[5:], layers, custom=bool(custom & 1)))
        elif marker == _COC:
            component, custom = struct.unpack_from(">BB", body)
            if not styles or component >= components:
                raise _damaged()
            styles.append(_read_style(body[2:], layers, custom=bool(custom & 1)))
        at += 2 + length
    if not styles:
        raise _damaged()
    return at, styles


def _read_style(body: bytes, layers: int, *, custom: bool) -> _Style:
    levels, block_x, block_y, _, _ = struct.unpack_from(">BBBBB", body)
    if levels > MOST_LEVELS or block_x > 8 or block_y > 8 or block_x + block_y > 8 or not layers:
        raise _damaged()
    rest = body[5:]
    if len(rest) != (levels + 1 if custom else 0):
        raise _damaged()
    precincts = tuple((one & 15, one >> 4) for one in rest) or ((_WHOLE_TILE, _WHOLE_TILE),)
    return _Style(layers, levels + 1, (block_x + 2, block_y + 2), precincts)


def _limit_work(header: PictureHeader, tile: tuple[int, int], styles: list[_Style]) -> None:
    """Refuse what would make a decoder allocate or loop far beyond the picture's own size."""
    for style in styles:
        blocks = precincts = 0
        for level in range(style.resolutions):
            smaller = style.resolutions - 1 - level
            exponent = style.precincts[min(level, len(style.precincts) - 1)]
            if 0 in exponent and level:
                raise _damaged()  # a precinct of one sample leaves none for the sub-bands
            across = -(-tile[0] >> smaller) or 1, -(-tile[1] >> smaller) or 1
            grid = [(-(-side >> exp) or 1) + 1 for side, exp in zip(across, exponent, strict=True)]
            precincts += grid[0] * grid[1]
            each = [
                (-(-side >> min(exp, block)) or 1) + 1
                for side, exp, block in zip(across, exponent, style.block, strict=True)
            ]
            blocks += each[0] * each[1]
        times = header.tiles * header.components
        if blocks * times > MOST_BLOCKS or precincts * times > MOST_PRECINCTS:
            raise PhotoError(PhotoReason.TOO_MANY_TILES)
        if precincts * times * style.layers > MOST_PACKETS:
            raise PhotoError(PhotoReason.TOO_MANY_TILES)


def _walk_tile_parts(content: bytes, at: int, tiles: int) -> None:
    """See that each tile-part begins where the last one ends, and that none has its own style."""
    parts = 0
    while True:
        (marker,) = struct.unpack_from(">H", content, at)
        if marker == _EOC:
            break
        length, tile, size, _, _ = struct.unpack_from(">HHIBB", content, at + 2)
        if marker != _SOT or length != 10 or tile >= tiles:
            raise _damaged()
        parts += 1
        end = at + size if size else len(content)
        if end > len(content):
            raise PhotoError(PhotoReason.DAMAGED)  # cut off
        _walk_tile_header(content[at + 12 : end])
        at = end
        if parts > 4 * MOST_TILES:
            raise _damaged()
        if at >= len(content):
            break  # the end's marker is missing: nothing of the picture is
    if parts < tiles:
        raise PhotoError(PhotoReason.DAMAGED)


def _walk_tile_header(part: bytes) -> None:
    at = 0
    while True:
        (marker,) = struct.unpack_from(">H", part, at)
        if marker == _SOD:
            return
        (length,) = struct.unpack_from(">H", part, at + 2)
        if marker in _REFUSED_IN_TILES or marker >> 8 != 0xFF or length < 2:
            raise _damaged()
        at += 2 + length
