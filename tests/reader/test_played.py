"""Keypads, T=0 and long APDUs: the whole card layer against a reader that plays them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from terminal.card.connection import CardConnection
from terminal.card.jpki import JpkiSession
from terminal.card.proof import check_signature, digest_info
from terminal.errors import (
    InvalidPinError,
    PinBlockedError,
    PinEntryCancelledError,
    PinEntryError,
    PinEntryLengthError,
    PinEntryTimeoutError,
)
from terminal.reader import ReaderSettings, SocketReader
from terminal.reader.played import Keypad, Traits
from terminal.reader.socket_reader import NAME, SocketConnection
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.files import Card
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.card.wallet import PIN, Wallet
from tests.reader.place import Disturbed, Place
from tests.reader.test_behaviour import MESSAGE, visit

NO_DIGITS = b"\xff\xff\xff\xff"


@contextmanager
def card_in(traits: Traits, card: Card) -> Iterator[SocketConnection]:
    """Hold a card in a reader with these traits."""
    reader = SocketReader(ReaderSettings(kind="socket", socket_port=0, answer_seconds=1), traits)
    place = Place(reader, None)  # type: ignore[arg-type]  # the slot needs the port
    reader.start(place.events.put)
    try:
        place.events.get()
        with VirtualCardSlot(reader.port) as place.slot:
            place.puts(card)
            with reader.connect(NAME) as connection:
                yield connection
    finally:
        reader.stop()


def test_a_pin_typed_at_the_reader_opens_the_key(wallet: Wallet) -> None:
    """The card signs, and the PIN never came by this machine's own commands."""
    keypad = Keypad()
    keypad.type(PIN)
    with card_in(Traits(keypad=keypad), wallet.card()) as connection:
        session = JpkiSession(connection)
        pinpad = connection.pinpad()
        assert pinpad is not None
        certificate = session.authentication_certificate()
        session.verify_pin_on(pinpad)
        check_signature(certificate, MESSAGE, session.sign(digest_info(MESSAGE)))


@pytest.mark.parametrize(
    ("press", "error"),
    [
        (Keypad.run_out, PinEntryTimeoutError),
        (Keypad.cancel, PinEntryCancelledError),
        (lambda keypad: keypad.type(b"123"), PinEntryLengthError),
        (lambda keypad: keypad.type(b"12345"), PinEntryLengthError),
    ],
)
def test_an_entry_without_a_pin_costs_no_try(
    wallet: Wallet, press: Callable[[Keypad], None], error: type[PinEntryError]
) -> None:
    """Too late, cancelled, too short or long: told as such, and nothing reached the card."""
    keypad = Keypad()
    press(keypad)
    with card_in(Traits(keypad=keypad), wallet.card()) as connection:
        session = JpkiSession(connection)
        pinpad = connection.pinpad()
        assert pinpad is not None
        with pytest.raises(error):
            session.verify_pin_on(pinpad)
        assert session.pin_tries_left() == 3


def test_wrong_pins_at_the_reader_count_down_until_blocked(wallet: Wallet) -> None:
    """The card's own word on the PIN is the same as for one typed at the kiosk."""
    keypad = Keypad()
    with card_in(Traits(keypad=keypad), wallet.card()) as connection:
        session = JpkiSession(connection)
        pinpad = connection.pinpad()
        assert pinpad is not None
        for left in (2, 1):
            keypad.type(b"0000")
            with pytest.raises(InvalidPinError) as refusal:
                session.verify_pin_on(pinpad)
            assert refusal.value.tries_left == left
        keypad.type(b"0000")
        with pytest.raises(PinBlockedError):
            session.verify_pin_on(pinpad)


def test_a_reader_without_keypad_says_so(place: Place, wallet: Wallet) -> None:
    """The plain socket reader and the virtual PC/SC reader have no keypad and short APDUs."""
    connection = place.reader.connect(place.puts(wallet.card()))
    with connection:
        assert connection.pinpad() is None  # type: ignore[attr-defined]  # beyond the protocol
        assert connection.longest_data == 256  # type: ignore[attr-defined]
        visit(connection)


def test_a_whole_visit_over_t0(wallet: Wallet) -> None:
    """6Cxx and 61xx are followed, the empty VERIFY and the 256-byte signature pass."""
    with (
        card_in(Traits(t0=True), wallet.card("taro")) as over_t0,
        card_in(Traits(), wallet.card("taro")) as over_t1,
    ):
        assert visit(over_t0) == visit(over_t1)


def test_a_keypad_over_t0(wallet: Wallet) -> None:
    """PIN entry on the reader works with either protocol."""
    keypad = Keypad()
    keypad.type(PIN)
    with card_in(Traits(t0=True, keypad=keypad), wallet.card()) as connection:
        session = JpkiSession(connection)
        pinpad = connection.pinpad()
        assert pinpad is not None
        session.verify_pin_on(pinpad)
        assert len(session.sign(digest_info(MESSAGE))) == 256


def reads(card: CardOs) -> list[str]:
    """Return the READ BINARY commands that reached the card."""
    return [entry.command for entry in card.trace.entries() if entry.command[2:4].upper() == "B0"]


def certificate_through(connection: CardConnection) -> bytes:
    """Read the certificate."""
    return JpkiSession(connection).authentication_certificate()


@pytest.mark.parametrize(("longest", "count"), [(None, None), (0, None), (256, None), (0x10000, 2)])
def test_long_apdus_are_sent_only_where_the_reader_says_so(
    wallet: Wallet, longest: int | None, count: int | None
) -> None:
    """dwMaxAPDUDataSize decides: the first block, then the rest at once or in short pieces."""
    card = wallet.card("taro")
    with card_in(Traits(longest_data=longest), card) as connection:
        certificate = certificate_through(connection)
    assert len(reads(card)) == (count or -(-len(certificate) // 256))


def test_t0_has_no_long_apdus(wallet: Wallet) -> None:
    """What the reader could pass is of no use where the protocol has no extended length."""
    with card_in(Traits(t0=True, longest_data=0x10000), wallet.card()) as connection:
        assert connection.longest_data == 256
        assert certificate_through(connection)[:2] == b"\x30\x82"


def test_a_card_that_refuses_long_apdus_is_read_in_short_ones(wallet: Wallet) -> None:
    """6700 on the extended READ costs one exchange, not the visit."""
    refusing = Disturbed(
        wallet.card("taro"),
        lambda apdu: apdu[1] == 0xB0 and len(apdu) == 7,
        lambda: bytes.fromhex("6700"),
    )
    with (
        card_in(Traits(longest_data=0x10000), refusing) as long,
        card_in(Traits(), wallet.card("taro")) as short,
    ):
        assert certificate_through(long) == certificate_through(short)
    assert refusing.happened
