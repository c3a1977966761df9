"""A slot for virtual cards: the client of vpcd, the virtual reader of vsmartcard.

A card in a real PC/SC daemon's reader, in three lines::

    with PrivatePcscd(socket_path, port), VirtualCardSlot(port) as slot:
        issue(read_people(people), folder, now)
        slot.insert(load_card(folder, "tanaka-hanako").card)

The protocol: every message is a 2-byte big-endian length and a body; a body of one byte is a
control (0 off, 1 on, 2 reset, 4 ATR, which alone is answered), all others are command APDUs.
vpcd asks for the ATR every 400 ms: insertion and removal are noticed within that.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from types import TracebackType
from typing import Self

from terminal.virtual_card.commands import SW
from terminal.virtual_card.files import Card

_log = logging.getLogger(__name__)

_POWER_OFF, _POWER_ON, _RESET, _ATR = 0, 1, 2, 4
_RETRY_SECONDS = 0.1
# Linux only; absent elsewhere, where an APDU then takes some 50 ms.
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class VirtualCardSlot:
    """One slot of a virtual reader, on a thread of its own.

    While a card is in it and the reader is not there (yet, or any more), it tries again quietly.
    All methods may be called from any thread.
    """

    def __init__(self, port: int, host: str = "127.0.0.1", *, gap_seconds: float = 0.5) -> None:
        """``port``: of the slot in vpcd.  ``gap_seconds``: how long the slot stays empty at least
        before each card.  A hand is no quicker; and where a card comes back within one of vpcd's
        looks (400 ms) after a failed command, pcscd 1.9.9 reports no card until it is taken again.
        """
        self._address = (host, port)
        self._gap = gap_seconds
        self._changed = threading.Condition()
        self._card: Card | None = None
        self._generation = 0
        self._free_from = time.monotonic() + gap_seconds
        self._connection: socket.socket | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"slot-{port}", daemon=True)
        self._thread.start()

    def insert(self, card: Card) -> None:
        """Put a card in; one that is there is taken out first.  Returns at once."""
        with self._changed:
            self._take_out()
            self._card = card
            self._changed.notify_all()

    def remove(self) -> None:
        """Take the card out, also in the middle of an answer.  Returns at once."""
        with self._changed:
            self._take_out()

    def exchange(self, there: Card, card: Card | None) -> bool:
        """Put ``card`` (None: nothing) in the place of ``there``; False where that is not there.

        Returns at once.
        """
        with self._changed:
            if self._card is not there:
                return False
            self._take_out()
            self._card = card
            self._changed.notify_all()
            return True

    @property
    def card(self) -> Card | None:
        """The card in the slot."""
        with self._changed:
            return self._card

    @property
    def connected(self) -> bool:
        """Whether the reader has the card now."""
        with self._changed:
            return self._connection is not None

    def close(self) -> None:
        """Take the card out and end the thread."""
        with self._changed:
            self._take_out()
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take_out(self) -> None:
        """Called under the lock."""
        self._generation += 1
        if self._card is not None:
            self._card.power_off()
            self._card = None
            self._free_from = time.monotonic() + self._gap
        if self._connection is not None:
            try:
                self._connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the reader was quicker
            self._connection = None

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and not self._ready():
                    wait = self._free_from - time.monotonic()
                    self._changed.wait(wait if self._card is not None else None)
                if self._closed:
                    return
                card, generation = self._card, self._generation
            if card is not None and not self._plug_in(card, generation):
                with self._changed:
                    if generation == self._generation:
                        self._changed.wait(_RETRY_SECONDS)

    def _ready(self) -> bool:
        return self._card is not None and time.monotonic() >= self._free_from

    def _plug_in(self, card: Card, generation: int) -> bool:
        """Serve the card until somebody ends it; False where the reader is not there."""
        try:
            connection = socket.create_connection(self._address, timeout=5)
        except OSError:
            return False
        with connection:
            with self._changed:
                if generation != self._generation:
                    return True
                self._connection = connection
            try:
                connection.settimeout(None)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                serve(connection, card)
            except OSError:
                pass  # reset by the reader, or shut down by us
            finally:
                with self._changed:
                    if self._connection is connection:
                        self._connection = None
                        card.power_off()
        return False


def serve(connection: socket.socket, card: Card) -> None:
    """Speak vpcd's protocol until the other side ends it.  Raises OSError where it breaks."""
    while True:
        head = _receive(connection, 2)
        if head is None:
            return
        message = _receive(connection, int.from_bytes(head))
        if message is None:
            return
        answer = card.atr if message == bytes([_ATR]) else _act(card, message)
        if answer is not None:
            connection.sendall(len(answer).to_bytes(2) + answer)


def _act(card: Card, message: bytes) -> bytes | None:
    if len(message) > 1:
        try:
            return card.transmit(message)
        except Exception as fault:  # noqa: BLE001  # a card never takes its reader down with it
            _log.error("fault in the virtual card: %s", type(fault).__name__)
            return SW.FAULT.to_bytes(2)
    if message == bytes([_POWER_ON]):
        card.power_on()
    elif message == bytes([_POWER_OFF]):
        card.power_off()
    elif message == bytes([_RESET]):
        card.reset()
    return None


def _receive(connection: socket.socket, size: int) -> bytes | None:
    """Return ``size`` bytes, None at the end of the stream."""
    parts = bytearray()
    while len(parts) < size:
        if _QUICKACK is not None:  # set anew each time: the kernel forgets it
            connection.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        part = connection.recv(size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)
