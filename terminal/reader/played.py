"""What the socket reader can play besides a plain reader: a keypad, T=0, long APDUs.

vpcd can do none of it, so this is where the code for such readers meets a reader.  The side
channel is in the process only: whoever makes the reader gives it :class:`Traits`, and presses the
keys of its :class:`Keypad`.  Nothing of it can be reached from the network.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from terminal.errors import CardRemovedError
from terminal.reader.part10 import (
    ASCII_FROM_FIRST_BYTE,
    GET_FEATURE_REQUEST,
    PIN_VERIFY,
    EntrySw,
    Feature,
    Property,
)

VERIFY_CODE = 0x42330006
PROPERTIES_CODE = 0x42330012

Exchange = Callable[[bytes | bytearray], bytes]
"""Sends one command to the card and waits for its answer with status word."""

_INS_VERIFY, _INS_SIGN, _INS_SELECT, _INS_GET_RESPONSE = 0x20, 0x2A, 0xA4, 0xC0


class Keypad:
    """The keys of a reader: what is pressed waits until the reader asks for it."""

    def __init__(self) -> None:
        """Nothing pressed yet."""
        self._pressed: queue.SimpleQueue[bytes | EntrySw] = queue.SimpleQueue()
        self._waiting = threading.Event()

    def type(self, digits: bytes) -> None:
        """Press digits (ASCII) and OK."""
        self._pressed.put(digits)

    def cancel(self) -> None:
        """Press the red key."""
        self._pressed.put(EntrySw.CANCELLED)

    def run_out(self) -> None:
        """Let the reader's time for the next entry pass at once."""
        self._pressed.put(EntrySw.TIMEOUT)

    def refuse(self) -> None:
        """Let the next entry be of a kind that this reader cannot do after all."""
        self._pressed.put(EntrySw.WRONG_STRUCTURE)

    @property
    def waiting(self) -> bool:
        """Whether the reader asks for the PIN now."""
        return self._waiting.is_set()

    def entry(self, seconds: float, gone: Callable[[], bool]) -> bytes | EntrySw:
        """Return what is pressed within the time; a card that leaves ends it as well."""
        deadline = time.monotonic() + seconds
        self._waiting.set()
        try:
            while time.monotonic() < deadline and not gone():
                with contextlib.suppress(queue.Empty):
                    return self._pressed.get(timeout=0.02)
        finally:
            self._waiting.clear()
        return EntrySw.TIMEOUT


class Cable:
    """What joins the reader to the machine; a card in a reader without it cannot be reached."""

    def __init__(self) -> None:
        """Plugged in."""
        self._plugged = threading.Event()
        self._plugged.set()
        self._pulled: Callable[[], None] = lambda: None

    @property
    def plugged(self) -> bool:
        """Whether it is plugged in."""
        return self._plugged.is_set()

    def lead_to(self, pulled: Callable[[], None]) -> None:
        """Have ``pulled`` called when somebody pulls it."""
        self._pulled = pulled

    def pull(self) -> None:
        """Pull it out."""
        self._plugged.clear()
        self._pulled()

    def plug(self) -> None:
        """Plug it in again."""
        self._plugged.set()


@dataclass(frozen=True, slots=True)
class Traits:
    """``t0``: cards speak T=0.  ``longest_data``: dwMaxAPDUDataSize; None is not told.

    ``held``: set while another program holds the card.
    """

    t0: bool = False
    longest_data: int | None = None
    keypad: Keypad | None = None
    held: threading.Event | None = None
    cable: Cable | None = None


def control(
    traits: Traits, exchange: Exchange, code: int, data: bytes, *, gone: Callable[[], bool]
) -> bytes | None:
    """Answer a control code as the firmware and driver of such a reader do.

    ``gone``: whether the card has left.
    """
    if code == GET_FEATURE_REQUEST:
        listed = b""
        if traits.keypad is not None:
            listed += bytes((Feature.VERIFY_PIN_DIRECT, 4)) + VERIFY_CODE.to_bytes(4)
        if traits.longest_data is not None:
            listed += bytes((Feature.TLV_PROPERTIES, 4)) + PROPERTIES_CODE.to_bytes(4)
        return listed
    if code == PROPERTIES_CODE and traits.longest_data is not None:
        size = traits.longest_data.to_bytes(4, "little")
        return bytes((Property.MAX_APDU_DATA_SIZE, 4)) + size
    if code == VERIFY_CODE and traits.keypad is not None:
        return _enter_pin(traits.keypad, exchange, data, gone)
    return None


def _enter_pin(keypad: Keypad, exchange: Exchange, data: bytes, gone: Callable[[], bool]) -> bytes:
    fields = PIN_VERIFY.unpack_from(data)
    seconds, _, form, block, _, extra = fields[:6]
    apdu = bytearray(data[PIN_VERIFY.size :])
    if form != ASCII_FROM_FIRST_BYTE or len(apdu) != fields[-1] or len(apdu) != 5 + block:
        return EntrySw.WRONG_STRUCTURE.to_bytes(2)
    entry = keypad.entry(seconds, gone)
    if gone():
        msg = "the card was taken away"
        raise CardRemovedError(msg)
    if isinstance(entry, EntrySw):
        return entry.to_bytes(2)
    if not extra >> 8 <= len(entry) <= extra & 0xFF:
        return EntrySw.WRONG_LENGTH.to_bytes(2)
    apdu[5:] = entry
    return exchange(apdu)


class T0Line:
    """A T=0 card's end: what a command brings is told by 61xx and 6Cxx, and fetched."""

    def __init__(self, exchange: Exchange) -> None:
        """``exchange``: how the card is reached."""
        self._exchange = exchange
        self._kept = b""

    def __call__(self, command: bytes | bytearray) -> bytes:
        """Answer a command of T=0, which always has five bytes at least."""
        ins, p3 = command[1], command[4]
        if len(command) > 5:
            return self._keep(command + b"\0") if ins == _INS_SIGN else self._exchange(command)
        if ins in (_INS_VERIFY, _INS_SELECT):
            return self._exchange(command[:4])
        if ins == _INS_GET_RESPONSE:
            kept, self._kept = self._kept, b""
            return kept
        answer = self._exchange(command)
        if len(answer) == 2 or len(answer) - 2 == (p3 or 256):
            return answer
        return bytes((0x6C, len(answer) - 2 & 0xFF))

    def _keep(self, command: bytes | bytearray) -> bytes:
        self._kept = self._exchange(command)
        if len(self._kept) == 2:
            return self._kept
        return bytes((0x61, len(self._kept) - 2 & 0xFF))
