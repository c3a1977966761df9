"""BER-TLV as the card's files use it (ISO/IEC 7816-4 section 5.2.2): read only, bounds-checked.

Files may carry filler (``FF`` or ``00``) after the object, and so may constructed values after
their last child.  At the head of a file ``FF`` is no filler: the tags there begin with it (FF20).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from terminal.errors import CardProtocolError

FILLER = (0x00, 0xFF)


@dataclass(frozen=True, slots=True)
class Header:
    """``tag`` as one number (5F4E), ``size``: bytes of tag and length, ``length``: of the value."""

    tag: int
    size: int
    length: int

    @property
    def total(self) -> int:
        """Bytes of the whole object."""
        return self.size + self.length


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object."""

    tag: int
    value: bytes = field(repr=False)

    def children(self) -> Iterator[Tlv]:
        """Yield the objects inside; filler ends them.  Raises CardProtocolError."""
        rest = self.value
        while rest and rest[0] not in FILLER:
            header = read_header(rest)
            yield parse(rest)
            rest = rest[header.total :]

    def find(self, tag: int) -> bytes:
        """Return the value of the first child ``tag``.  Raises CardProtocolError if absent."""
        for child in self.children():
            if child.tag == tag:
                return child.value
        msg = f"data object {self.tag:X} holds no {tag:X}"
        raise CardProtocolError(msg)


def read_header(data: bytes) -> Header:
    """Read tag and length at the head of ``data``.

    Tags of one to three bytes, definite lengths of up to three bytes.  Raises CardProtocolError.
    """
    tag_size = _tag_size(data)
    if len(data) <= tag_size:
        msg = "data object ends before its length"
        raise CardProtocolError(msg)
    tag = int.from_bytes(data[:tag_size])
    first = data[tag_size]
    if first < 0x80:
        return Header(tag, tag_size + 1, first)
    length_size = first & 0x7F
    if not 1 <= length_size <= 3:
        msg = f"length of data object {tag:X} is in no form that cards use"
        raise CardProtocolError(msg)
    size = tag_size + 1 + length_size
    if len(data) < size:
        msg = f"data object {tag:X} ends inside its length"
        raise CardProtocolError(msg)
    return Header(tag, size, int.from_bytes(data[tag_size + 1 : size]))


def parse(data: bytes) -> Tlv:
    """Read the one object at the head of ``data``; what follows it is filler and left alone.

    Raises CardProtocolError where the object is longer than ``data``.
    """
    header = read_header(data)
    if header.total > len(data):
        msg = f"data object {header.tag:X} is cut short: {len(data)} of {header.total} bytes"
        raise CardProtocolError(msg)
    return Tlv(header.tag, data[header.size : header.total])


def _tag_size(data: bytes) -> int:
    if not data:
        msg = "no data object: nothing to read"
        raise CardProtocolError(msg)
    if data[0] & 0x1F != 0x1F:
        return 1
    for index in (1, 2):
        if index >= len(data):
            break
        if not data[index] & 0x80:
            return index + 1
    msg = "data object has a tag of no known form"
    raise CardProtocolError(msg)
