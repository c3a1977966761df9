"""What both kinds of reader promise, with the virtual card behind them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from terminal.card import common, protocol, text, visual
from terminal.card.connection import CardConnection
from terminal.card.jpki import CardKind, JpkiSession, recognise
from terminal.card.proof import check_signature, digest_info
from terminal.errors import (
    CardProtocolError,
    CardRemovedError,
    CardUnreadableError,
    InvalidPinError,
    NoReaderError,
    PinBlockedError,
    ReaderBusyError,
    UnknownCardError,
)
from terminal.reader.types import Inserted, ReaderState, Removed, StateChanged
from terminal.virtual_card.applets import driving_licence
from terminal.virtual_card.card_os import CardOs, MuteCard
from terminal.virtual_card.files import Card
from terminal.virtual_card.trace import Trace
from tests.card.wallet import PIN, Wallet
from tests.reader.place import ANSWER_SECONDS, Disturbed, Place, wait_until

MESSAGE = b"a fresh challenge"


def visit(connection: CardConnection) -> bytes:
    """Go through all that a desk does with a card; return its certificate."""
    session = JpkiSession(connection)
    certificate = session.authentication_certificate()
    session.pin_tries_left()
    session.verify_pin(bytearray(PIN))
    check_signature(certificate, MESSAGE, session.sign(digest_info(MESSAGE)))
    return certificate


def certificate_of(place: Place, reader: str) -> bytes:
    """Read the certificate of the card that lies there."""
    with place.reader.connect(reader) as connection:
        return JpkiSession(connection).authentication_certificate()


def test_tap_and_removal_are_noticed_by_themselves(place: Place, wallet: Wallet) -> None:
    """A card that is put down and taken away gives one event each, in order of time."""
    for _ in range(2):
        place.slot.insert(wallet.card())
        inserted = place.sees(Inserted)
        place.slot.remove()
        removed = place.sees(Removed)
        assert inserted.reader == removed.reader
        assert inserted.at <= removed.at
    assert place.events.empty()
    assert place.reader.state is ReaderState.READY


def test_a_card_that_lay_there_before_is_told_after_the_state(place: Place, wallet: Wallet) -> None:
    """Watching begins with the reader's state, then with the card that is found there."""
    place.slot.insert(wallet.card())
    assert not place.sees(Inserted).found
    place.reader.stop()
    assert place.events.empty()
    place.present = 0
    place.reader.start(place.events.put)
    assert place.sees(StateChanged).state is ReaderState.READY
    assert place.sees(Inserted).found
    place.takes()
    place.slot.insert(wallet.card())
    assert not place.sees(Inserted).found


def test_a_whole_visit_reads_no_individual_number(place: Place, wallet: Wallet) -> None:
    """With signature and all free files, nothing reaches text 0001 or visual 0005."""
    card = wallet.card()
    with place.reader.connect(place.puts(card)) as connection:
        assert recognise(connection) is CardKind.MY_NUMBER_CARD
        common.read_card_issue(connection)
        visual.read_municipality(connection)
        visual.read_cv_certificate(connection)
        text.read_cv_certificate(connection)
        visit(connection)
    exchanges = card.trace.entries()
    assert {"text/0001", "visual/0005"}.isdisjoint(exchange.target for exchange in exchanges)
    assert any(exchange.target == "jpki/0017" and exchange.sw == 0x9000 for exchange in exchanges)


def test_letting_go_closes_what_the_pin_had_opened(place: Place, wallet: Wallet) -> None:
    """After the connection ends the card signs for nobody, even without a new SELECT."""
    reader = place.puts(wallet.card())
    with place.reader.connect(reader) as connection:
        visit(connection)
        assert protocol.compute_signature(connection, digest_info(MESSAGE))
    with place.reader.connect(reader) as connection, pytest.raises(CardProtocolError):
        protocol.compute_signature(connection, digest_info(MESSAGE))


def test_a_swapped_card_is_removal_and_insertion(place: Place, wallet: Wallet) -> None:
    """Another card in place of the first gives Removed, then Inserted, then its own certificate."""
    reader = place.puts(wallet.card("taro"))
    first = certificate_of(place, reader)
    place.slot.insert(wallet.card("hanako"))
    place.sees(Removed)
    place.sees(Inserted)
    assert certificate_of(place, reader) != first


def test_a_connection_outlived_by_its_card_never_reaches_the_next_one(
    place: Place, wallet: Wallet
) -> None:
    """Commands of an old connection fail with CardRemovedError though a new card lies there."""
    with place.reader.connect(place.puts(wallet.card("taro"))) as connection:
        session = JpkiSession(connection)
        other = wallet.card("hanako")
        place.slot.insert(other)
        place.sees(Removed)
        place.sees(Inserted)
        with pytest.raises(CardRemovedError):
            session.pin_tries_left()
    assert other.trace.entries() == ()


STEPS: dict[str, Callable[[bytes], bool]] = {
    "SELECT application": lambda apdu: apdu[:3] == b"\x00\xa4\x04",
    "SELECT file": lambda apdu: apdu[:3] == b"\x00\xa4\x02",
    "first READ": lambda apdu: apdu[:4] == b"\x00\xb0\x00\x00",
    "later READ": lambda apdu: apdu[:3] == b"\x00\xb0\x02",
    "tries left": lambda apdu: apdu[:2] == b"\x00\x20" and len(apdu) == 4,
    "VERIFY": lambda apdu: apdu[:2] == b"\x00\x20" and len(apdu) > 4,
    "sign": lambda apdu: apdu[:2] == b"\x80\x2a",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_card_taken_away_in_a_step_is_told_as_such(
    place: Place, wallet: Wallet, step: str
) -> None:
    """Removal in the middle of any answer is CardRemovedError; the next card is read."""
    leaving = Disturbed(wallet.card(), STEPS[step], place.slot.remove)
    reader = place.puts(leaving)
    with place.reader.connect(reader) as connection, pytest.raises(CardRemovedError):
        visit(connection)
    assert leaving.happened
    place.sees(Removed)
    with place.reader.connect(place.puts(wallet.card())) as connection:
        visit(connection)


@pytest.mark.parametrize("step", STEPS)
def test_a_card_swapped_in_a_step_gets_no_command_of_the_first_one_s(
    place: Place, wallet: Wallet, step: str
) -> None:
    """Another card in the middle of any answer is CardRemovedError, and untouched till its turn."""
    other = wallet.card("hanako")
    leaving = Disturbed(wallet.card("taro"), STEPS[step], lambda: place.slot.insert(other))
    reader = place.puts(leaving)
    with place.reader.connect(reader) as connection:
        with pytest.raises(CardRemovedError):
            visit(connection)
        place.sees(Removed)
        place.sees(Inserted)
        with pytest.raises(CardRemovedError):
            connection.transmit(bytes.fromhex("00200080"))
    assert leaving.happened
    assert other.trace.entries() == ()
    with place.reader.connect(reader) as connection:
        visit(connection)


class Slow:
    """A card that thinks before each answer."""

    def __init__(self, card: Card, seconds: float) -> None:
        self.atr = card.atr
        self.power_on, self.power_off, self.reset = card.power_on, card.power_off, card.reset
        self._card = card
        self._seconds = seconds
        self.thought = 0.0

    def transmit(self, apdu: bytes) -> bytes | None:
        """Answer late."""
        threading.Event().wait(self._seconds)
        self.thought += self._seconds
        return self._card.transmit(apdu)


def test_a_slow_card_has_the_whole_limit_for_each_command(place: Place, wallet: Wallet) -> None:
    """A visit may take longer than the limit as long as no single answer does."""
    slow = Slow(wallet.card(), ANSWER_SECONDS / 8)
    with place.reader.connect(place.puts(slow)) as connection:
        visit(connection)
    assert slow.thought > ANSWER_SECONDS


def test_a_card_taken_away_between_steps_is_told_as_such(place: Place, wallet: Wallet) -> None:
    """The next command after removal is CardRemovedError, whether the reader saw it or not."""
    with place.reader.connect(place.puts(wallet.card())) as connection:
        session = JpkiSession(connection)
        place.slot.remove()
        with pytest.raises(CardRemovedError):
            session.authentication_certificate()
        place.sees(Removed)
        with pytest.raises(CardRemovedError):
            session.authentication_certificate()


def test_a_mute_card_is_given_up_and_the_next_one_works(place: Place, wallet: Wallet) -> None:
    """No answer within the limit is CardUnreadableError; the desk is free for the next card."""
    reader = place.puts(MuteCard())
    with place.reader.connect(reader) as connection:
        with pytest.raises(CardUnreadableError):
            JpkiSession(connection)
        with pytest.raises(CardUnreadableError):
            JpkiSession(connection)
    place.takes()
    with place.reader.connect(place.puts(wallet.card())) as connection:
        visit(connection)


def test_a_late_answer_is_never_taken_for_another_one_s(place: Place, wallet: Wallet) -> None:
    """A card that answers after it was given up stays unreadable in that connection."""
    release = threading.Event()

    def answer_late() -> bytes:
        release.wait(60)
        return bytes.fromhex("6A82")

    late = Disturbed(wallet.card(), STEPS["first READ"], answer_late)
    with place.reader.connect(place.puts(late)) as connection:
        session = JpkiSession(connection)
        with pytest.raises(CardUnreadableError):
            session.authentication_certificate()
        release.set()
        with pytest.raises(CardUnreadableError):
            session.pin_tries_left()


@pytest.mark.parametrize("answer", ["", "90"])
def test_an_answer_without_status_word_is_unreadable(
    place: Place, wallet: Wallet, answer: str
) -> None:
    """Fewer than two bytes from a card that stays is CardUnreadableError."""
    garbled = Disturbed(wallet.card(), STEPS["first READ"], lambda: bytes.fromhex(answer))
    with place.reader.connect(place.puts(garbled)) as connection:
        session = JpkiSession(connection)
        with pytest.raises(CardUnreadableError):
            session.authentication_certificate()


def test_wrong_pins_count_down_over_taps_until_blocked(place: Place, wallet: Wallet) -> None:
    """The card keeps its count when it is taken away; blocked refuses the right PIN too."""
    card = wallet.card()
    for left in (2, 1):
        with place.reader.connect(place.puts(card)) as connection:
            session = JpkiSession(connection)
            with pytest.raises(InvalidPinError) as refusal:
                session.verify_pin(bytearray(b"0000"))
            assert refusal.value.tries_left == left
        place.takes()
    with place.reader.connect(place.puts(card)) as connection:
        session = JpkiSession(connection)
        assert session.pin_tries_left() == 1
        for pin in (b"0000", PIN):
            with pytest.raises(PinBlockedError):
                session.verify_pin(bytearray(pin))
        assert session.pin_tries_left() == 0


def test_a_foreign_card_is_unknown(place: Place) -> None:
    """A card without our application is told at once, and is not unreadable."""
    with place.reader.connect(place.puts(driving_licence())) as connection:
        with pytest.raises(UnknownCardError):
            JpkiSession(connection)
        assert recognise(connection) is CardKind.UNKNOWN


def test_a_card_whose_first_command_fails_is_read(place: Place, wallet: Wallet) -> None:
    """6F00 on the first command after power-up does not spoil the tap."""
    sleepy = Disturbed(wallet.card(), lambda _: True, lambda: bytes.fromhex("6F00"))
    with place.reader.connect(place.puts(sleepy)) as connection:
        visit(connection)
    assert sleepy.happened


def test_a_held_card_is_busy_until_it_is_let_go(place: Place, wallet: Wallet) -> None:
    """Two holders at once are impossible: the second one is told ReaderBusyError."""
    reader = place.puts(wallet.card())
    with place.reader.connect(reader), pytest.raises(ReaderBusyError):
        place.reader.connect(reader)
    certificate_of(place, reader)


def test_no_card_and_no_reader_are_two_errors(place: Place, wallet: Wallet) -> None:
    """Connecting without a card is CardRemovedError, to an unknown reader NoReaderError."""
    reader = place.puts(wallet.card())
    place.takes()
    with pytest.raises(CardRemovedError):
        place.reader.connect(reader)
    with pytest.raises(NoReaderError):
        place.reader.connect("No such reader")


def test_a_connection_may_be_closed_twice_and_does_nothing_after(
    place: Place, wallet: Wallet
) -> None:
    """After close no command goes to the card."""
    card = wallet.card()
    connection = place.reader.connect(place.puts(card))
    session = JpkiSession(connection)
    connection.close()
    connection.close()
    sent = len(card.trace.entries())
    with pytest.raises(CardUnreadableError):
        session.pin_tries_left()
    assert len(card.trace.entries()) == sent


def test_stopping_ends_the_threads(place: Place, wallet: Wallet) -> None:
    """After stop no thread of the reader is left and no event comes."""
    reader = place.puts(wallet.card())
    certificate_of(place, reader)
    place.reader.stop()
    place.present = 0
    names = ("reader monitor", "socket reader", f"card in {reader}")
    wait_until(
        lambda: not [thread for thread in threading.enumerate() if thread.name in names],
        "the reader's threads to end",
    )
    place.takes_unseen()
    assert place.events.empty()


def test_a_visit_leaves_no_pin_and_no_card_data_in_the_log(
    place: Place, wallet: Wallet, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative level the log knows of readers and states, never of a card's bytes."""
    caplog.set_level(0)
    with place.reader.connect(place.puts(wallet.card())) as connection:
        certificate = visit(connection)
        with pytest.raises(InvalidPinError):
            JpkiSession(connection).verify_pin(bytearray(b"9517"))
    assert "Inserted" in caplog.text
    for secret in ("1234", "31323334", "9517", "39353137", certificate[:20].hex()):
        assert secret not in caplog.text.lower()


def test_a_trace_of_a_visit_holds_no_pin(place: Place, wallet: Wallet) -> None:
    """What the virtual card remembers of VERIFY is its header."""
    card = wallet.card()
    assert isinstance(card, CardOs)
    assert isinstance(card.trace, Trace)
    with place.reader.connect(place.puts(card)) as connection:
        visit(connection)
    assert not any("31323334" in exchange.command for exchange in card.trace.entries())
