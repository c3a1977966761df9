"""A reader without PC/SC: it listens on loopback as vpcd does, and a virtual card plugs in.

The card connects by TCP.  Each message is a big-endian length of two bytes and that many bytes;
a message of one byte is a control.  One card at a time; a second one waits until the first left.
"""

from __future__ import annotations

import errno
import logging
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum
from types import TracebackType
from typing import Self

from terminal.errors import (
    CardRemovedError,
    CardUnreadableError,
    NoReaderError,
    PortInUseError,
    ReaderBusyError,
)
from terminal.reader import played
from terminal.reader.part10 import SHORT_DATA, Part10PinPad, ask_abilities
from terminal.reader.played import T0Line, Traits
from terminal.reader.settings import ReaderSettings
from terminal.reader.t0 import to_t0
from terminal.reader.types import Inserted, ReaderEvent, ReaderState, Removed, StateChanged

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
NAME = "Socket reader"
PLAIN = Traits()

LOOK_SECONDS = 0.02
"""How often a cable is looked at."""

FOUND_SECONDS = 0.45
"""A card that plugs in so soon lay there before: its program had waited for the reader."""


class Control(IntEnum):
    """The one-byte messages; only ATR is answered."""

    OFF = 0
    ON = 1
    RESET = 2
    ATR = 4


class _Slot:
    """One card in the reader, from its coming to its going."""

    def __init__(self, card: socket.socket, answer_seconds: float) -> None:
        self._card = card
        self._answer_seconds = answer_seconds
        self._replies: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.hold = threading.Lock()
        self.gone = False
        self.mute = False

    def receive(self) -> None:
        """Take messages from the card until it leaves."""
        try:
            while (message := self._message()) is not None:
                self._replies.put(message)
        except OSError:
            log.debug("the card's connection broke")
        self.gone = True
        self._replies.put(None)
        self._card.close()

    def _message(self) -> bytes | None:
        head = self._exactly(2)
        return None if head is None else self._exactly(int.from_bytes(head))

    def _exactly(self, size: int) -> bytes | None:
        content = b""
        while len(content) < size:
            part = self._card.recv(size - len(content))
            if not part:
                return None
            content += part
        return content

    def leave(self) -> None:
        """End the connection; the receiving thread sees it as the card's going."""
        try:
            self._card.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the card had gone already")

    def tell(self, message: bytes | bytearray) -> None:
        """Send what has no answer.  Raises CardRemovedError."""
        framed = bytearray(len(message).to_bytes(2)) + message
        try:
            if self.gone:
                raise BrokenPipeError
            self._card.sendall(framed)
        except OSError as error:
            msg = "the card was taken away"
            raise CardRemovedError(msg) from error
        finally:
            framed[:] = bytes(len(framed))

    def ask(self, message: bytes | bytearray) -> bytes:
        """Send and wait for the answer.

        Raises CardRemovedError, and CardUnreadableError after the limit: from then on for as long
        as the card lies there, so that a late answer is never taken for another one's.
        """
        if not self.gone and (self.mute or not self._replies.empty()):
            self.mute = True
            msg = "the card gave no answer before, or one too many"
            raise CardUnreadableError(msg)
        self.tell(message)
        try:
            reply = self._replies.get(timeout=self._answer_seconds)
        except queue.Empty as error:
            self.mute = True
            msg = f"the card gave no answer within {self._answer_seconds:g} s"
            raise CardUnreadableError(msg) from error
        if reply is None:
            msg = "the card left while it answered"
            raise CardRemovedError(msg)
        return reply


class SocketConnection:
    """An exclusive hold on the card that is plugged in: see CardConnection."""

    def __init__(self, slot: _Slot, traits: Traits, answer_seconds: float) -> None:
        """Hold ``slot``, whose lock the caller has taken."""
        self._slot = slot
        self._traits = traits
        self._answer_seconds = answer_seconds
        self._exchange = T0Line(slot.ask) if traits.t0 else slot.ask
        self._closed = False

    def power(self) -> None:
        """Power the card and see that it answers.  Raises CardRemovedError, CardUnreadableError."""
        self._slot.tell(bytes((Control.ON,)))
        self._slot.ask(bytes((Control.ATR,)))

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Send one command: see CardConnection."""
        self._require_open()
        reply = self._exchange(to_t0(apdu) if self._traits.t0 else apdu)
        if len(reply) < 2:
            msg = "the card is there and gives no valid answer"
            raise CardUnreadableError(msg)
        return reply[:-2], int.from_bytes(reply[-2:])

    @property
    def longest_data(self) -> int:
        """See LongAnswers."""
        if self._traits.t0:
            return SHORT_DATA
        return ask_abilities(self._control, self._answer_seconds).longest_data

    def pinpad(self) -> Part10PinPad | None:
        """See KeypadReader."""
        code = ask_abilities(self._control, self._answer_seconds).verify_code
        return None if code is None else Part10PinPad(self._control, code, self._answer_seconds)

    def _control(self, code: int, data: bytes, _seconds: float) -> bytes | None:
        self._require_open()
        return played.control(
            self._traits, self._exchange, code, data, gone=lambda: self._slot.gone
        )

    def _require_open(self) -> None:
        if self._closed:
            msg = "the card was let go before this command"
            raise CardUnreadableError(msg)

    def close(self) -> None:
        """Unpower and release the card; never raises, may be called twice."""
        if self._closed:
            return
        self._closed = True
        try:
            self._slot.tell(bytes((Control.OFF,)))
        except CardRemovedError:
            log.debug("the card was gone before it was unpowered")
        self._slot.hold.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class SocketReader:
    """One slot on a loopback port: see CardReader."""

    def __init__(self, settings: ReaderSettings, traits: Traits = PLAIN) -> None:
        """``settings.socket_port``: 0 takes any free port, then told by ``port``.

        ``traits``: what more it plays than a plain reader.
        """
        self._settings = settings
        self._traits = traits if settings.keypad == "auto" else replace(traits, keypad=None)
        self._listener: socket.socket | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._thread: threading.Thread | None = None
        self._slot: _Slot | None = None
        self._stopping = threading.Event()
        self._told = ReaderState.READY

    @property
    def port(self) -> int:
        """The port that the card connects to; 0 while not listening."""
        return 0 if self._listener is None else int(self._listener.getsockname()[1])

    @property
    def state(self) -> ReaderState:
        """READY while listening and plugged in."""
        return ReaderState.READY if self._listener and self._is_plugged() else ReaderState.NO_READER

    def _is_plugged(self) -> bool:
        return self._traits.cable is None or self._traits.cable.plugged

    def start(self, on_event: Callable[[ReaderEvent], None]) -> None:
        """Begin to listen and to watch: see CardReader.  Raises PortInUseError."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, self._settings.socket_port))
            listener.listen(1)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE:
                raise PortInUseError(HOST, self._settings.socket_port) from error
            msg = f"cannot listen on {HOST}:{self._settings.socket_port}: {error.strerror}"
            raise NoReaderError(msg) from error
        self._listener = listener
        self._wake = socket.socketpair()
        self._stopping.clear()
        self._told = ReaderState.READY
        if self._traits.cable is not None:
            self._traits.cable.lead_to(self._lose_card)
        self._thread = threading.Thread(
            target=self._run, args=(on_event, listener), name="socket reader", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, let the card go and end the thread."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is None or self._wake is None or self._listener is None:
            return
        self._wake[0].send(b"\0")
        while thread.is_alive():
            self._lose_card()
            thread.join(0.01)
        for end in (*self._wake, self._listener):
            end.close()
        self._wake = self._listener = None

    def connect(self, reader: str) -> SocketConnection:
        """Take the card: see CardReader.  ``reader`` is the name that its events carry."""
        slot = self._slot
        if self.state is not ReaderState.READY or reader != NAME:
            msg = "the socket reader does not listen"
            raise NoReaderError(msg)
        if slot is None or slot.gone:
            msg = "no card is there"
            raise CardRemovedError(msg)
        held = self._traits.held
        if (held and held.is_set()) or not slot.hold.acquire(blocking=False):
            msg = "the card is held already"
            raise ReaderBusyError(msg)
        connection = SocketConnection(slot, self._traits, self._settings.answer_seconds)
        try:
            connection.power()
        except (CardRemovedError, CardUnreadableError):
            connection.close()
            raise
        return connection

    def _lose_card(self) -> None:
        slot = self._slot
        if slot is not None:
            slot.leave()

    def _run(self, on_event: Callable[[ReaderEvent], None], listener: socket.socket) -> None:
        def tell(event: ReaderEvent) -> None:
            log.info("%s", event)
            on_event(event)

        since = time.monotonic()
        tell(StateChanged(ReaderState.READY, since, NAME))
        while (card := self._next_card(listener)) is not None:
            if isinstance(card, StateChanged):
                tell(card)
                continue
            card.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            slot = _Slot(card, self._settings.answer_seconds)
            self._slot = slot
            at = time.monotonic()
            tell(Inserted(NAME, at, at - since < FOUND_SECONDS))
            slot.receive()
            self._slot = None
            if self._stopping.is_set():
                return
            tell(Removed(NAME, time.monotonic()))

    def _next_card(self, listener: socket.socket) -> socket.socket | StateChanged | None:
        """Wait for a card, or for the cable to be pulled or plugged; None when it is to stop."""
        while not self._stopping.is_set() and self._wake is not None:
            if self._told is not self.state:
                self._told = self.state
                name = NAME if self._told is ReaderState.READY else ""
                return StateChanged(self._told, time.monotonic(), name)
            with selectors.DefaultSelector() as selector:
                if self._is_plugged():
                    selector.register(listener, selectors.EVENT_READ)
                selector.register(self._wake[1], selectors.EVENT_READ)
                # only a cable that may be pulled has to be looked at
                seconds = None if self._traits.cable is None else LOOK_SECONDS
                ready = {key.fileobj for key, _ in selector.select(seconds)}
            if listener in ready:
                return listener.accept()[0]
        return None
