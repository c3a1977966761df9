"""The socket reader's own protocol, by bytes."""

from __future__ import annotations

import queue
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from terminal.errors import CardRemovedError, CardUnreadableError, PortInUseError
from terminal.reader import ReaderSettings, SocketReader
from terminal.reader.socket_reader import SocketConnection
from terminal.reader.types import Inserted, ReaderEvent, ReaderState, Removed, StateChanged
from tests.ports import free_port
from tests.reader.place import PATIENCE, wait_until

T = TypeVar("T")
ATR = bytes.fromhex("3B8880010000")


class Listening:
    """A socket reader that listens, and its events."""

    def __init__(self) -> None:
        settings = ReaderSettings(kind="socket", socket_port=0, answer_seconds=1)
        self.reader = SocketReader(settings)
        self._events: queue.SimpleQueue[ReaderEvent] = queue.SimpleQueue()
        self.reader.start(self._events.put)

    def next(self) -> ReaderEvent:
        """Wait for an event."""
        return self._events.get(timeout=PATIENCE)


class Plug:
    """A card's end of the line, moved by hand."""

    def __init__(self, port: int) -> None:
        self.line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    def gets(self, framed: str) -> None:
        """Receive exactly these bytes."""
        expected = bytes.fromhex(framed)
        received = b""
        while len(received) < len(expected):
            part = self.line.recv(len(expected) - len(received))
            assert part, "the reader ended the line"
            received += part
        assert received.hex() == expected.hex()

    def says(self, message: bytes) -> None:
        """Send one message, byte by byte as a slow line might."""
        for byte in len(message).to_bytes(2) + message:
            self.line.sendall(bytes((byte,)))


@pytest.fixture
def listening() -> Iterator[Listening]:
    """A socket reader on a free port."""
    listening = Listening()
    first = listening.next()
    assert isinstance(first, StateChanged)
    assert first.state is ReaderState.READY
    yield listening
    listening.reader.stop()


@pytest.fixture
def plug(listening: Listening) -> Iterator[Plug]:
    """A card that is plugged in and noticed."""
    plug = Plug(listening.reader.port)
    assert isinstance(listening.next(), Inserted)
    yield plug
    plug.line.close()


def exchange(plug: Plug, ask: Callable[[], T], framed: str, *answers: bytes) -> T:
    """Let the desk ask; the card gets these bytes and says these messages."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        plug.gets(framed)
        for answer in answers:
            plug.says(answer)
        return asked.result(PATIENCE)


def connected(listening: Listening, plug: Plug) -> SocketConnection:
    """Take the card, which answers with its ATR."""
    return exchange(plug, lambda: listening.reader.connect("Socket reader"), "000101 000104", ATR)


def test_the_messages_are_those_of_vpcd(listening: Listening, plug: Plug) -> None:
    """On, ATR asked and answered, a framed APDU, off: as the virtual card knows it from vpcd."""
    with connected(listening, plug) as connection:
        answer = exchange(
            plug,
            lambda: connection.transmit(bytes.fromhex("00B0000002")),
            "0005 00B0000002",
            bytes.fromhex("AABB9000"),
        )
        assert answer == (b"\xaa\xbb", 0x9000)
    plug.gets("000100")


def test_an_answer_that_nobody_asked_for_is_never_taken(listening: Listening, plug: Plug) -> None:
    """A card that says one message too many is unreadable from then on."""
    with connected(listening, plug) as connection:
        select = bytes.fromhex("00A4040C")
        plug.says(bytes.fromhex("9000"))
        slot = listening.reader._slot
        assert slot is not None
        wait_until(lambda: not slot._replies.empty(), "the stray message")
        for _ in range(2):
            with pytest.raises(CardUnreadableError):
                connection.transmit(select)
    plug.gets("000100")


def test_a_card_that_gives_no_atr_cannot_be_connected(listening: Listening, plug: Plug) -> None:
    """A card that is plugged in and dead is unreadable, not hanging, until it is replaced."""
    for _ in range(2):
        with pytest.raises(CardUnreadableError):
            listening.reader.connect("Socket reader")
    plug.line.close()
    assert isinstance(listening.next(), Removed)
    with pytest.raises(CardRemovedError):
        listening.reader.connect("Socket reader")


def test_a_line_cut_inside_a_message_is_a_removal(listening: Listening, plug: Plug) -> None:
    """Half a message and then nothing: the card is gone, and nothing is made of the half."""
    with connected(listening, plug) as connection:
        plug.line.sendall(bytes.fromhex("0004AABB"))
        plug.line.close()
        with pytest.raises(CardRemovedError):
            connection.transmit(b"\x00\xa4\x04\x0c")
    assert isinstance(listening.next(), Removed)


def test_a_second_card_waits_until_the_first_has_left(listening: Listening, plug: Plug) -> None:
    """One slot holds one card: the next one is told after the first one's removal."""
    second = Plug(listening.reader.port)
    plug.line.close()
    assert isinstance(listening.next(), Removed)
    assert isinstance(listening.next(), Inserted)
    second.line.close()


def test_a_taken_port_is_named(listening: Listening) -> None:
    """A port in use is told with its number."""
    port = listening.reader.port
    other = SocketReader(ReaderSettings(kind="socket", socket_port=port))
    with pytest.raises(PortInUseError, match=str(port)):
        other.start(lambda _: None)
    other.stop()
    assert other.state is ReaderState.NO_READER


def test_only_this_machine_can_plug_in(listening: Listening) -> None:
    """The reader listens on loopback alone."""
    listener = listening.reader._listener
    assert listener is not None
    assert listener.getsockname()[0] == "127.0.0.1"


def test_the_port_is_free_after_stop() -> None:
    """A stopped reader can be started again on the same port."""
    port = free_port()
    reader = SocketReader(ReaderSettings(kind="socket", socket_port=port))
    for _ in range(2):
        reader.start(lambda _: None)
        assert reader.port == port
        reader.stop()
