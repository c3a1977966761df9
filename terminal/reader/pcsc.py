"""PC/SC by pyscard: one desk's readers behind pcscd."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from smartcard import scard

from terminal.errors import CardUnreadableError, ReaderBusyError, TerminalError
from terminal.reader.monitor import PcscMonitor
from terminal.reader.part10 import SHORT_DATA, Abilities, Part10PinPad, ask_abilities
from terminal.reader.pcsc_codes import DOUBTFUL, OK, error_of
from terminal.reader.settings import ReaderSettings
from terminal.reader.t0 import to_t0
from terminal.reader.types import ReaderEvent, ReaderState

PRESENCE_SECONDS = 1.5
"""How long after a failed command the reader may take to see that the card is gone."""

SETTLE_SECONDS = 0.5
"""How long a card may take to come to rest, and another program to have looked at it."""

_PASSING = (
    scard.SCARD_E_SHARING_VIOLATION,
    scard.SCARD_W_UNRESPONSIVE_CARD,
    scard.SCARD_W_UNPOWERED_CARD,
)


@dataclass(slots=True)
class _Reply:
    code: int
    data: list[int] = field(default_factory=list, repr=False)


_Job = Callable[[], _Reply]


class _CardThread(threading.Thread):
    """Owns one context and one card handle, because any call to a mute card may never return.

    Whoever waits for a job can give it up; the thread then lets the card go as soon as pcscd
    returns, and ends.  A daemon thread, so that a mute card does not hold up the program's end.
    """

    def __init__(self, reader: str) -> None:
        super().__init__(name=f"card in {reader}", daemon=True)
        self.reader = reader
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._replies: queue.SimpleQueue[_Reply | None] = queue.SimpleQueue()
        self._context: int | None = None
        self._card: int | None = None
        self._pci: int = scard.SCARD_PCI_T1
        self._seen = 0
        self.given_up = False

    def run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._replies.put(job())
        if self._card is not None:
            scard.SCardDisconnect(self._card, scard.SCARD_UNPOWER_CARD)
        if self._context is not None:
            scard.SCardReleaseContext(self._context)

    def do(self, job: _Job, seconds: float) -> _Reply | None:
        """Run ``job`` on the thread; None, and no further job, after ``seconds``."""
        self._jobs.put(job)
        try:
            reply = self._replies.get(timeout=seconds)
        except queue.Empty:
            reply = None
        if reply is None:
            self.given_up = True
            self.finish()
        return reply

    def abandon(self) -> None:
        """Give up what is waited for now, at once: the desk is stopping."""
        self._replies.put(None)

    def finish(self) -> None:
        """Let the card go after the running job."""
        self._jobs.put(None)

    def open(self) -> _Reply:
        """Job: take the card exclusively and power it."""
        code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if code != OK:
            return _Reply(code)
        self._context = context
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            code, card, protocol = scard.SCardConnect(
                context, self.reader, scard.SCARD_SHARE_EXCLUSIVE, protocols
            )
            if code not in _PASSING or self.given_up or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        if code != OK:
            return _Reply(code)
        self._card = card
        if protocol == scard.SCARD_PROTOCOL_T0:
            self._pci = scard.SCARD_PCI_T0
        code, states = scard.SCardGetStatusChange(
            context, 0, [(self.reader, scard.SCARD_STATE_UNAWARE)]
        )
        if code == OK:
            self._seen = states[0][1]
        return _Reply(code)

    def transmit(self, command: list[int]) -> _Reply:
        """Job: send ``command`` and clear it."""
        code, data = scard.SCardTransmit(self._card, self._pci, command)
        command[:] = [0] * len(command)
        return _Reply(code, data if code == OK else [])

    def control(self, code: int, data: list[int]) -> _Reply:
        """Job: hand ``data`` to the reader under the control code ``code``."""
        result, answer = scard.SCardControl(self._card, code, data)
        return _Reply(result, answer if result == OK else [])

    @property
    def speaks_t0(self) -> bool:
        """Whether reader and card agreed on T=0."""
        return bool(self._pci == scard.SCARD_PCI_T0)

    def is_same_card(self) -> _Reply:
        """Job: OK if the card has stayed, a code otherwise; looks for up to PRESENCE_SECONDS."""
        deadline = time.monotonic() + PRESENCE_SECONDS
        state = self._seen
        while (left := deadline - time.monotonic()) > 0:
            code, states = scard.SCardGetStatusChange(
                self._context, int(left * 1000) + 1, [(self.reader, state)]
            )
            if code == scard.SCARD_E_TIMEOUT:
                break
            if code != OK:
                return _Reply(code)
            state = states[0][1] & ~scard.SCARD_STATE_CHANGED
            if not state & scard.SCARD_STATE_PRESENT or state >> 16 != self._seen >> 16:
                return _Reply(scard.SCARD_W_REMOVED_CARD)
        return _Reply(OK)


class PcscConnection:
    """An exclusive hold on the card in one PC/SC reader: see CardConnection."""

    def __init__(self, reader: str, answer_seconds: float, *, keypad: bool = True) -> None:
        """``answer_seconds``: what a card in ``reader`` may take for each command.

        ``keypad``: whether one that the reader has may be used.
        """
        self._answer_seconds = answer_seconds
        self._keypad = keypad
        self._closed = False
        self._abilities: Abilities | None = None
        self.thread = _CardThread(reader)
        self.thread.start()

    def open(self) -> None:
        """Take the card.  Raises CardRemovedError, CardUnreadableError, ReaderError."""
        reply = self.thread.do(self.thread.open, self._answer_seconds)
        if reply is None:
            msg = f"the reader is not free after {self._answer_seconds:g} s"
            raise ReaderBusyError(msg)
        if reply.code != OK:
            raise error_of(reply.code)

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Send one command: see CardConnection."""
        self._require_open()
        command = list(to_t0(apdu) if self.thread.speaks_t0 else apdu)
        reply = self.thread.do(lambda: self.thread.transmit(command), self._answer_seconds)
        if reply is None:
            msg = f"the card gave no answer within {self._answer_seconds:g} s"
            raise CardUnreadableError(msg)
        if reply.code != OK or len(reply.data) < 2:
            self._fail(reply.code)
        return bytes(reply.data[:-2]), reply.data[-2] << 8 | reply.data[-1]

    @property
    def longest_data(self) -> int:
        """See LongAnswers; asks the reader once."""
        # T=0 has no extended length
        return SHORT_DATA if self.thread.speaks_t0 else self._ask_abilities().longest_data

    def pinpad(self) -> Part10PinPad | None:
        """See KeypadReader.  Raises CardError, ReaderError."""
        code = self._ask_abilities().verify_code if self._keypad else None
        return None if code is None else Part10PinPad(self._control, code, self._answer_seconds)

    def _ask_abilities(self) -> Abilities:
        if self._abilities is None:
            self._abilities = ask_abilities(self._control, self._answer_seconds)
        return self._abilities

    def _control(self, code: int, data: bytes, seconds: float) -> bytes | None:
        self._require_open()
        sent = list(data)
        reply = self.thread.do(lambda: self.thread.control(code, sent), seconds)
        if reply is None:
            msg = f"the reader gave no answer within {seconds:g} s"
            raise CardUnreadableError(msg)
        if reply.code == scard.SCARD_E_UNSUPPORTED_FEATURE:
            return None
        if reply.code != OK:
            self._fail(reply.code)
        return bytes(reply.data)

    def _require_open(self) -> None:
        if self._closed or self.thread.given_up:
            msg = "the card was let go before this command"
            raise CardUnreadableError(msg)

    def _fail(self, code: int) -> None:
        """Raise what a failed command means, after a look whether the card is still there."""
        if code in DOUBTFUL:
            reply = self.thread.do(
                self.thread.is_same_card, PRESENCE_SECONDS + self._answer_seconds
            )
            if reply is not None and reply.code == OK:
                msg = "the card is there and gives no valid answer"
                raise CardUnreadableError(msg)
        raise error_of(code)

    def close(self) -> None:
        """Unpower and release the card; never raises, may be called twice."""
        if self._closed:
            return
        self._closed = True
        if not self.thread.given_up:
            self.thread.finish()
            self.thread.join(self._answer_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class PcscReader:
    """The desk's PC/SC readers: see CardReader."""

    def __init__(self, settings: ReaderSettings) -> None:
        """``settings.pcsc_socket`` holds for the whole process, from its first PC/SC call on."""
        if settings.pcsc_socket is not None:
            os.environ["PCSCLITE_CSOCK_NAME"] = str(settings.pcsc_socket)
        self._settings = settings
        self._monitor = PcscMonitor(settings.name_contains)
        self._lock = threading.Lock()
        self._lingering: list[_CardThread] = []

    def start(self, on_event: Callable[[ReaderEvent], None]) -> None:
        """Begin to watch: see CardReader."""
        self._monitor.start(on_event)

    def stop(self) -> None:
        """End the watching thread, and whatever a card or a keypad is still waited for."""
        self._monitor.stop()
        with self._lock:
            for thread in self._lingering:
                thread.abandon()

    @property
    def state(self) -> ReaderState:
        """The present state; NO_READER before the first look."""
        return self._monitor.state

    @property
    def chosen(self) -> str:
        """The name of the reader that is watched now; empty where none fits the settings."""
        return self._monitor.chosen

    def connect(self, reader: str) -> PcscConnection:
        """Take the card in ``reader``: see CardReader.

        First waits until pcscd has given back a card of the same reader that was given up.
        """
        seconds = self._settings.answer_seconds
        deadline = time.monotonic() + seconds
        for thread in self._given_up(reader):
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                msg = "the card before still gives no answer"
                raise CardUnreadableError(msg)
        connection = PcscConnection(reader, seconds, keypad=self._settings.keypad == "auto")
        with self._lock:
            self._lingering.append(connection.thread)
        try:
            connection.open()
        except TerminalError:
            connection.close()
            raise
        return connection

    def _given_up(self, reader: str) -> list[_CardThread]:
        with self._lock:
            self._lingering = [thread for thread in self._lingering if thread.is_alive()]
            return [t for t in self._lingering if t.reader == reader and t.given_up]
