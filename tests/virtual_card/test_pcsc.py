"""The card through a real pcscd: by pyscard as the desk sees it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from smartcard.Exceptions import CardConnectionException
from smartcard.pcsc.PCSCCardConnection import PCSCCardConnection
from smartcard.pcsc.PCSCExceptions import EstablishContextException
from smartcard.scard import (
    SCARD_RESET_CARD,
    SCARD_S_SUCCESS,
    SCARD_SCOPE_USER,
    SCARD_STATE_PRESENT,
    SCARD_STATE_UNAWARE,
    SCARD_UNPOWER_CARD,
    SCardEstablishContext,
    SCardGetStatusChange,
    SCardListReaders,
    SCardReleaseContext,
)
from smartcard.System import readers

from terminal.virtual_card.applets import JPKI_AID, driving_licence
from terminal.virtual_card.card_os import CardOs, MuteCard
from terminal.virtual_card.files import Card
from terminal.virtual_card.issuing import load_card
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.virtual_card.parts import PIN, wait_until

SELECT_JPKI = [0x00, 0xA4, 0x04, 0x0C, 0x0A, *JPKI_AID]
VERIFY = [0x00, 0x20, 0x00, 0x98]
SIGN = [0x80, 0x2A, 0x00, 0x97, 0x33]
DIGEST_INFO = [*bytes.fromhex("3031300D060960864801650304020105000420"), *bytes(32)]


def has_card() -> bool:
    """Tell whether the first reader reports a card, without touching it."""
    result, context = SCardEstablishContext(SCARD_SCOPE_USER)
    if result != SCARD_S_SUCCESS:
        return False
    try:
        _, names = SCardListReaders(context, [])
        states = [(name, SCARD_STATE_UNAWARE) for name in names[:1]]
        _, told = SCardGetStatusChange(context, 0, states)
        return any(state & SCARD_STATE_PRESENT and atr for _, state, atr in told)
    finally:
        SCardReleaseContext(context)


@contextmanager
def connected() -> Iterator[PCSCCardConnection]:
    """A connection to the card in the first reader, unpowered at the end as the desk does."""
    connection = readers()[0].createConnection()
    try:
        connection.connect()
        yield connection
    finally:
        for end in (connection.disconnect, connection.release):
            with suppress(CardConnectionException):  # the card or the daemon may be gone
                end()


def transmit(connection: PCSCCardConnection, command: list[int]) -> int:
    """Send a command; return the status word."""
    _, sw1, sw2 = connection.transmit(command)
    return int(sw1) << 8 | int(sw2)


def put(slot: VirtualCardSlot, card: Card) -> None:
    """Put a card on the reader and wait until the reader tells of it."""
    slot.insert(card)
    wait_until(lambda: slot.connected, "the slot has met the reader")
    wait_until(has_card, "the reader tells of the card")


@pytest.fixture
def ordinary(cards: Path, slot: VirtualCardSlot) -> CardOs:
    """A fresh ordinary card on the reader."""
    card = load_card(cards, "normal").card
    put(slot, card)
    return card


def test_leaving_unpowered_forgets_the_pin_and_leaving_by_reset_does_not(
    ordinary: CardOs,
) -> None:
    """SCARD_UNPOWER_CARD clears the verified state; a warm reset keeps it (as measured)."""
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x9000
        assert transmit(connection, [*VERIFY, 4, *PIN]) == 0x9000
        connection.reconnect(disposition=SCARD_RESET_CARD)
        assert transmit(connection, [*SIGN, *DIGEST_INFO, 0]) == 0x9000
        connection.reconnect(disposition=SCARD_UNPOWER_CARD)
        assert transmit(connection, SELECT_JPKI) == 0x9000
        assert transmit(connection, [*SIGN, *DIGEST_INFO, 0]) == 0x6982


def test_taking_the_card_away_ends_everything_and_tries_stay(
    slot: VirtualCardSlot, ordinary: CardOs
) -> None:
    """A removed card fails the next command; put back, its counter is as it was left."""
    with connected() as connection:
        transmit(connection, SELECT_JPKI)
        assert transmit(connection, [*VERIFY, 4, *b"0000"]) == 0x63C2
        slot.remove()
        with pytest.raises(CardConnectionException):
            transmit(connection, SELECT_JPKI)
    wait_until(lambda: not has_card(), "the reader tells of the removal")
    put(slot, ordinary)
    with connected() as connection:
        transmit(connection, SELECT_JPKI)
        assert transmit(connection, VERIFY) == 0x63C2


def test_extended_length_passes_the_reader(ordinary: CardOs) -> None:
    """A whole certificate comes in one READ with a three-byte Le."""
    with connected() as connection:
        transmit(connection, SELECT_JPKI)
        data, sw1, sw2 = connection.transmit([0x00, 0xB0, 0x8A, 0x00, 0x00, 0x00, 0x00])
        assert (sw1, sw2) == (0x90, 0x00)
        assert len(data) > 1000


def test_another_card_is_no_my_number_card(slot: VirtualCardSlot) -> None:
    """A driving licence answers, with 6A82."""
    put(slot, driving_licence())
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x6A82


def test_a_mute_card_is_freed_by_taking_it_away(slot: VirtualCardSlot) -> None:
    """A command to a mute card hangs until the card is taken; the next card then works."""
    mute = MuteCard()
    put(slot, mute)
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            with connected() as connection:
                transmit(connection, SELECT_JPKI)
        except CardConnectionException as error:
            failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: bool(mute.trace.entries()), "the command reaches the card")
    assert asking.is_alive()
    slot.remove()
    asking.join(10)
    assert failed
    put(slot, driving_licence())
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x6A82


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_card_comes_back_by_itself_after_the_daemon_does(
    daemon: PrivatePcscd, slot: VirtualCardSlot, ordinary: CardOs, end: str
) -> None:
    """While the daemon is gone there is no service; after it returns the card is there again."""
    getattr(daemon, end)()
    assert not daemon.running
    with pytest.raises(EstablishContextException):
        readers()
    wait_until(lambda: not slot.connected, "the slot sees the daemon go")
    daemon.start()
    wait_until(has_card, "the card is back")
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x9000


def test_a_fault_inside_the_card_is_a_status_word(slot: VirtualCardSlot) -> None:
    """Whatever breaks inside answers 6F00, and the card goes on."""

    class Broken(CardOs):
        def transmit(self, apdu: bytes) -> bytes:
            raise RuntimeError("broken")

    put(slot, Broken(()))
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x6F00
        assert transmit(connection, SELECT_JPKI) == 0x6F00
