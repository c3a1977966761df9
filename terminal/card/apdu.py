"""APDUs as bytes (ISO/IEC 7816-4, short form) and the names of status words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Ins(IntEnum):
    """The instructions that a terminal sends; it never changes or unlocks a PIN."""

    VERIFY = 0x20
    PERFORM_SECURITY_OPERATION = 0x2A
    SELECT = 0xA4
    READ_BINARY = 0xB0
    READ_RECORD = 0xB2
    GET_RESPONSE = 0xC0
    GET_DATA = 0xCA


class Sw(IntEnum):
    """Status words that the card layer tells apart."""

    OK = 0x9000
    END_OF_FILE = 0x6282
    BLOCKED_NO_TRIES = 0x63C0
    NOT_VERIFIED = 0x6982
    AUTHENTICATION_BLOCKED = 0x6983
    REFERENCE_BLOCKED = 0x6984
    FILE_NOT_FOUND = 0x6A82
    OFFSET_BEYOND_END = 0x6B00
    NO_DIAGNOSIS = 0x6F00


@dataclass(frozen=True, slots=True)
class CommandApdu:
    """One command.  ``data``: up to 255 bytes; ``le``: 1 to 256 bytes wanted, None for no answer.

    Raises ValueError where a field does not fit the short form.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(default=b"", repr=False)
    le: int | None = None

    def __post_init__(self) -> None:
        """Refuse what the short form cannot carry."""
        if any(not 0 <= value <= 0xFF for value in (self.cla, self.ins, self.p1, self.p2)):
            msg = "CLA, INS, P1 and P2 are one byte each"
            raise ValueError(msg)
        if len(self.data) > 0xFF:
            msg = f"a short APDU carries at most 255 bytes, not {len(self.data)}"
            raise ValueError(msg)
        if self.le is not None and not 1 <= self.le <= 0x100:
            msg = f"Le lies between 1 and 256, not {self.le}"
            raise ValueError(msg)

    def encode(self) -> bytes:
        """Return the bytes to transmit."""
        encoded = bytes((self.cla, self.ins, self.p1, self.p2))
        if self.data:
            encoded += bytes((len(self.data),)) + self.data
        if self.le is not None:
            encoded += bytes((self.le & 0xFF,))
        return encoded


def long_read(offset: int, length: int) -> bytes:
    """Return READ BINARY in the extended form.  ``length``: 1 to 65535 bytes wanted."""
    header = bytes((0x00, Ins.READ_BINARY)) + offset.to_bytes(2)
    return header + b"\0" + length.to_bytes(2)


@dataclass(frozen=True, slots=True)
class ResponseApdu:
    """The card's answer: ``data`` and the status word ``sw`` (SW1 SW2 as one number)."""

    data: bytes = field(repr=False)
    sw: int
