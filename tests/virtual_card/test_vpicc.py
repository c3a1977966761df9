"""The slot against a bare reader that speaks vpcd's protocol, without a daemon."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from terminal.virtual_card.applets import driving_licence
from terminal.virtual_card.card_os import MY_NUMBER_ATR, CardOs
from terminal.virtual_card.issuing import load_card
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.ports import free_port
from tests.virtual_card.parts import PIN, wait_until

OFF, ON, RESET, ATR = b"\x00", b"\x01", b"\x02", b"\x04"
SELECT_JPKI = bytes.fromhex("00A4040C0AD392F000260100000001")
SIGN = bytes.fromhex("802A0097333031300D060960864801650304020105000420") + bytes(32) + b"\x00"


@dataclass
class Plugged:
    """The reader's end of one card."""

    connection: socket.socket

    def tell(self, message: bytes) -> None:
        """Send a message that has no answer."""
        self.connection.sendall(len(message).to_bytes(2) + message)

    def ask(self, message: bytes) -> bytes:
        """Send a message and return the answer."""
        self.tell(message)
        size = int.from_bytes(self.connection.recv(2, socket.MSG_WAITALL))
        return self.connection.recv(size, socket.MSG_WAITALL)

    @property
    def gone(self) -> bool:
        """Whether the card has been taken; waits for it."""
        return self.connection.recv(1) == b""


@dataclass
class Reader:
    """A reader that waits for cards."""

    listener: socket.socket

    def accept(self) -> Plugged:
        """Wait for the next card."""
        connection, _ = self.listener.accept()
        connection.settimeout(10)
        return Plugged(connection)


def open_reader(port: int) -> Reader:
    """Listen where the slot looks for its reader."""
    listener = socket.create_server(("127.0.0.1", port))
    listener.settimeout(10)
    return Reader(listener)


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture
def quick_slot(port: int) -> Iterator[VirtualCardSlot]:
    """A slot without a gap between cards."""
    with VirtualCardSlot(port, gap_seconds=0) as slot:
        yield slot


def test_a_card_waits_for_a_reader_that_comes_late(
    port: int, quick_slot: VirtualCardSlot, card: CardOs
) -> None:
    """Put in before there is a reader, the card appears when it does; each time with no PIN."""
    quick_slot.insert(card)
    assert not quick_slot.connected
    for _ in range(2):
        reader = open_reader(port)
        with reader.listener:
            plugged = reader.accept()
        assert plugged.ask(ATR) == MY_NUMBER_ATR
        assert plugged.ask(SIGN) == b"\x6a\x82"
        plugged.ask(SELECT_JPKI)
        plugged.ask(b"\x00\x20\x00\x98\x04" + PIN)
        assert len(plugged.ask(SIGN)) == 258
        plugged.connection.close()
        wait_until(lambda: not quick_slot.connected, "the slot sees the reader go")


def test_unknown_controls_and_empty_messages_are_passed_over(
    port: int, quick_slot: VirtualCardSlot, card: CardOs
) -> None:
    """What is no command and no known control gets no answer and breaks nothing."""
    reader = open_reader(port)
    quick_slot.insert(card)
    with reader.listener:
        plugged = reader.accept()
    with plugged.connection:
        for message in (b"", b"\x03", b"\xff", ON):
            plugged.tell(message)
        assert plugged.ask(b"\x00\xa4") == b"\x67\x00"
        assert plugged.ask(SELECT_JPKI) == b"\x90\x00"


@pytest.mark.parametrize(("control", "kept"), [(OFF, False), (ON, False), (RESET, True)])
def test_power_ends_the_verified_state_and_a_reset_does_not(
    port: int, quick_slot: VirtualCardSlot, card: CardOs, control: bytes, kept: bool
) -> None:
    """Controls 0 and 1 clear the state, 2 keeps it."""
    reader = open_reader(port)
    quick_slot.insert(card)
    with reader.listener:
        plugged = reader.accept()
    with plugged.connection:
        plugged.tell(ON)
        plugged.ask(SELECT_JPKI)
        assert plugged.ask(b"\x00\x20\x00\x98\x04" + PIN) == b"\x90\x00"
        plugged.tell(control)
        assert (len(plugged.ask(SIGN)) == 258) is kept


def test_a_card_pulled_out_forgets_the_pin_and_a_new_one_takes_its_place(
    cards: Path, port: int, quick_slot: VirtualCardSlot
) -> None:
    """insert over a card: the reader sees the old one go and the new one come."""
    first = load_card(cards, "normal").card
    reader = open_reader(port)
    with reader.listener:
        quick_slot.insert(first)
        before = reader.accept()
        before.ask(SELECT_JPKI)
        before.ask(b"\x00\x20\x00\x98\x04" + PIN)
        quick_slot.insert(driving_licence())
        assert before.gone
        after = reader.accept()
        assert after.ask(SELECT_JPKI) == b"\x6a\x82"
        quick_slot.insert(first)
        assert after.gone
        again = reader.accept()
        assert again.ask(SIGN) == b"\x6a\x82"
        for plugged in (before, after, again):
            plugged.connection.close()
    quick_slot.remove()
    assert quick_slot.card is None
