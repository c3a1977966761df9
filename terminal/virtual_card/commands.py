"""Command APDUs taken apart, and the status words that answer them (ISO 7816-3 and 7816-4)."""

from __future__ import annotations

from dataclasses import dataclass


class SW:
    """Status words."""

    OK = 0x9000
    NO_LIMIT = 0x6300
    TRIES_LEFT = 0x63C0
    WRONG_LENGTH = 0x6700
    CHANNEL = 0x6881
    SECURE_MESSAGING = 0x6882
    CHAINING = 0x6884
    WRONG_FILE_TYPE = 0x6981
    NOT_VERIFIED = 0x6982
    BLOCKED = 0x6984
    CONDITIONS = 0x6985
    NO_CURRENT_FILE = 0x6986
    BAD_DATA = 0x6A80
    NOT_SUPPORTED = 0x6A81
    NOT_FOUND = 0x6A82
    NO_RECORD = 0x6A83
    BAD_PARAMETERS = 0x6A86
    NO_DATA_OBJECT = 0x6A88
    BEYOND_END = 0x6B00
    INSTRUCTION = 0x6D00
    CLASS = 0x6E00
    FAULT = 0x6F00


class StatusError(Exception):
    """The command ends with this status word."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(frozen=True, slots=True)
class Command:
    """A command APDU taken apart.  ``expected``: Ne, None where no Le was sent."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    expected: int | None


def parse(apdu: bytes) -> Command:
    """Take a command apart (ISO 7816-3 cases 1 to 4, short and extended).

    Raises StatusError 6700 where the lengths do not fit.
    """
    if len(apdu) < 4:
        raise StatusError(SW.WRONG_LENGTH)
    cla, ins, p1, p2 = apdu[:4]
    data, expected = _body(apdu[4:])
    return Command(cla, ins, p1, p2, data, expected)


def _body(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or 256
    if body[0]:
        size, rest, width, most = body[0], body[1:], 1, 256
    elif len(body) == 3:
        return b"", int.from_bytes(body[1:]) or 65536
    elif len(body) > 3:
        size, rest, width, most = int.from_bytes(body[1:3]), body[3:], 2, 65536
    else:
        raise StatusError(SW.WRONG_LENGTH)
    data, tail = rest[:size], rest[size:]
    if size == 0 or len(data) != size or len(tail) not in (0, width):
        raise StatusError(SW.WRONG_LENGTH)
    return data, (int.from_bytes(tail) or most) if tail else None


def check_class(cla: int) -> None:
    """Refuse what is not plain on channel 0."""
    if cla & 0x60 or cla == 0xFF:
        raise StatusError(SW.CLASS)
    if cla & 0x10:
        raise StatusError(SW.CHAINING)
    if cla & 0x0C:
        raise StatusError(SW.SECURE_MESSAGING)
    if cla & 0x03:
        raise StatusError(SW.CHANNEL)
