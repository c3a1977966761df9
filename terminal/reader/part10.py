"""Readers that can do more (PC/SC part 10): their features, properties and PIN entry on them.

Bytes only: how a control code reaches the reader is for the connection to know.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from terminal.errors import (
    CardUnreadableError,
    PinEntryCancelledError,
    PinEntryLengthError,
    PinEntryTimeoutError,
    PinEntryUnsupportedError,
)

log = logging.getLogger(__name__)

GET_FEATURE_REQUEST = 0x42000000 + 3400
"""CM_IOCTL_GET_FEATURE_REQUEST as pcsc-lite numbers it: SCARD_CTL_CODE(3400)."""

SHORT_DATA = 256
"""Bytes of data that a short APDU brings: what every reader can do."""

ENTRY_SECONDS = 30
"""How long the reader waits for the holder's keys."""

Control = Callable[[int, bytes, float], bytes | None]
"""Hands a control code and its data to the reader and waits so many seconds for its answer.

None where the reader does not know the code.  Raises CardError and ReaderError.
"""


class Feature(IntEnum):
    """The features that we use, by their tag."""

    VERIFY_PIN_DIRECT = 0x06
    TLV_PROPERTIES = 0x12


class Property(IntEnum):
    """The properties that we use, by their tag."""

    MAX_APDU_DATA_SIZE = 0x0A


class EntrySw(IntEnum):
    """Status words by which the reader itself ends a PIN entry."""

    TIMEOUT = 0x6400
    CANCELLED = 0x6401
    WRONG_LENGTH = 0x6403
    WRONG_STRUCTURE = 0x6B80


PIN_VERIFY = struct.Struct("<5BH2BHB3sI")
"""PIN_VERIFY_STRUCTURE up to its APDU: bTimerOut, bTimerOut2, bmFormatString, bmPINBlockString,
bmPINLengthFormat, wPINMaxExtraDigit, bEntryValidationCondition, bNumberMessage, wLangId,
bMsgIndex, bTeoPrologue, ulDataLength.
"""

ASCII_FROM_FIRST_BYTE = 0x82
"""bmFormatString: counted in bytes, PIN from the APDU's first data byte on, left, ASCII."""

VALIDATION_KEY = 0x02
"""bEntryValidationCondition: the holder presses OK, so a slip can still be corrected."""

ONE_MESSAGE = 0x01
JAPANESE = 0x0411


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a reader says of itself.  ``verify_code``: control code of PIN entry; None: no keypad.

    ``longest_data``: bytes of data that one APDU may carry; 256 means short APDUs only.
    """

    verify_code: int | None = None
    longest_data: int = SHORT_DATA


def parse_features(content: bytes) -> dict[int, int]:
    """Return control codes by feature tag from the answer to GET_FEATURE_REQUEST.

    What is damaged counts as not there: a reader with a strange list still reads cards.
    """
    return {tag: int.from_bytes(value) for tag, value in _items(content) if len(value) == 4}


def parse_properties(content: bytes) -> dict[int, int]:
    """Return the numbers by property tag from FEATURE_GET_TLV_PROPERTIES (little-endian)."""
    return {tag: int.from_bytes(value, "little") for tag, value in _items(content) if value}


def _items(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(content):
        tag, length = content[at], content[at + 1]
        value = content[at + 2 : at + 2 + length]
        if len(value) < length:
            log.warning("the reader's list of abilities is cut off")
            return
        yield tag, value
        at += 2 + length


def ask_abilities(control: Control, seconds: float) -> Abilities:
    """Ask the reader what it can do; one that knows nothing of part 10 can do the least."""
    listed = control(GET_FEATURE_REQUEST, b"", seconds)
    features = parse_features(listed or b"")
    longest = SHORT_DATA
    code = features.get(Feature.TLV_PROPERTIES)
    if code is not None:
        told = parse_properties(control(code, b"", seconds) or b"")
        longest = max(SHORT_DATA, min(told.get(Property.MAX_APDU_DATA_SIZE, 0), 0x10000))
    return Abilities(features.get(Feature.VERIFY_PIN_DIRECT), longest)


def pin_verify_structure(header: bytes, length: int) -> bytes:
    """Return PIN_VERIFY_STRUCTURE for an ASCII PIN of exactly ``length`` digits.

    ``header``: CLA INS P1 P2 of VERIFY; the reader writes the digits over the filler.
    """
    apdu = header + bytes((length,)) + b"\xff" * length
    return (
        PIN_VERIFY.pack(
            ENTRY_SECONDS,
            ENTRY_SECONDS,
            ASCII_FROM_FIRST_BYTE,
            length,
            0,
            length << 8 | length,
            VALIDATION_KEY,
            ONE_MESSAGE,
            JAPANESE,
            0,
            bytes(3),
            len(apdu),
        )
        + apdu
    )


class Part10PinPad:
    """The keypad of a reader (FEATURE_VERIFY_PIN_DIRECT): see PinPad."""

    def __init__(self, control: Control, code: int, answer_seconds: float) -> None:
        """``code``: what the reader listed for PIN entry; ``answer_seconds``: the card's part."""
        self._control = control
        self._code = code
        self._seconds = ENTRY_SECONDS + answer_seconds

    def verify(self, header: bytes, length: int) -> int:
        """Let the holder type: see PinPad."""
        answer = self._control(self._code, pin_verify_structure(header, length), self._seconds)
        if answer is None or len(answer) != 2:
            msg = "the reader gave no valid answer to the PIN entry"
            raise CardUnreadableError(msg)
        sw = int.from_bytes(answer)
        if sw == EntrySw.TIMEOUT:
            raise PinEntryTimeoutError
        if sw == EntrySw.CANCELLED:
            raise PinEntryCancelledError
        if sw == EntrySw.WRONG_LENGTH:
            raise PinEntryLengthError
        if sw == EntrySw.WRONG_STRUCTURE:
            msg = "the reader does not accept this kind of PIN entry"
            raise PinEntryUnsupportedError(msg)
        return sw
