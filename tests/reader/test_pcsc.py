"""What only a PC/SC reader goes through: the daemon, other programs, other readers."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from smartcard import scard

from terminal.card.jpki import JpkiSession
from terminal.errors import (
    CardRemovedError,
    CardUnreadableError,
    NoReaderError,
    PcscUnavailableError,
    ReaderAccessDeniedError,
    ReaderBusyError,
    ReaderError,
    TerminalError,
)
from terminal.reader import ReaderSettings, pcsc
from terminal.reader.pcsc import PcscReader
from terminal.reader.pcsc_codes import error_of
from terminal.reader.types import Inserted, ReaderEvent, ReaderState, Removed, StateChanged
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.card.wallet import Wallet
from tests.reader.other_program import another_program
from tests.reader.place import (
    PATIENCE,
    Disturbed,
    Place,
    pcsc_has_no_card,
    wait_until,
)


def reads_certificate(place: Place, reader: str) -> bool:
    """Whether the card there can be read."""
    with place.reader.connect(reader) as connection:
        return len(JpkiSession(connection).authentication_certificate()) > 256


@pytest.mark.parametrize("how", ["exclusive", "transaction"])
def test_a_card_that_another_program_holds_is_busy(
    pcsc_place: Place, wallet: Wallet, how: str
) -> None:
    """ReaderBusyError instead of waiting for ever; free as soon as that program is dead."""
    reader = pcsc_place.puts(wallet.card())
    with another_program(reader, how), pytest.raises(ReaderBusyError):
        pcsc_place.reader.connect(reader)
    assert reads_certificate(pcsc_place, reader)


def test_the_desk_outlives_a_crash_of_pcscd(
    pcsc_place: Place, pcscd: PrivatePcscd, wallet: Wallet
) -> None:
    """Killed: the card counts as gone, the state is PCSC_DOWN; started again: taps work again."""
    reader = pcsc_place.puts(wallet.card())
    assert reads_certificate(pcsc_place, reader)
    pcscd.kill()
    try:
        assert pcsc_place.sees(Removed).reader == reader
        assert pcsc_place.sees(StateChanged).state is ReaderState.PCSC_DOWN
        assert pcsc_place.reader.state is ReaderState.PCSC_DOWN
        with pytest.raises(PcscUnavailableError):
            pcsc_place.reader.connect(reader)
    finally:
        pcscd.start()
    assert pcsc_place.sees(StateChanged).state is ReaderState.READY
    pcsc_place.sees(Inserted)
    assert reads_certificate(pcsc_place, reader)
    pcsc_place.takes()
    assert reads_certificate(pcsc_place, pcsc_place.puts(wallet.card()))


def test_pcscd_gone_in_the_middle_of_an_answer(
    pcsc_place: Place, pcscd: PrivatePcscd, wallet: Wallet
) -> None:
    """The running command ends in PcscUnavailableError, and closing does not fail."""
    crash = threading.Thread(target=pcscd.kill)

    def kill() -> None:
        crash.start()

    reader = pcsc_place.puts(Disturbed(wallet.card(), lambda apdu: apdu[1] == 0xB0, kill))
    try:
        with pcsc_place.reader.connect(reader) as connection:
            session = JpkiSession(connection)
            with pytest.raises(PcscUnavailableError):
                session.authentication_certificate()
            with pytest.raises(PcscUnavailableError):
                session.pin_tries_left()
        pcsc_place.sees(Removed)
        assert pcsc_place.sees(StateChanged).state is ReaderState.PCSC_DOWN
    finally:
        crash.join()
        pcscd.start()
    assert pcsc_place.sees(StateChanged).state is ReaderState.READY
    pcsc_place.sees(Inserted)


def test_a_card_that_speaks_no_known_protocol_is_unreadable(
    pcsc_place: Place, wallet: Wallet
) -> None:
    """A nonsense ATR is CardUnreadableError at once, and the next card works."""
    nonsense = wallet.card()
    nonsense.atr = bytes.fromhex("3B")
    reader = pcsc_place.puts(nonsense)
    with pytest.raises(CardUnreadableError):
        pcsc_place.reader.connect(reader)
    pcsc_place.takes()
    assert reads_certificate(pcsc_place, pcsc_place.puts(wallet.card()))


def test_a_glance_of_another_program_does_not_disturb(
    pcsc_place: Place, pcscd: PrivatePcscd, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card that is let go within the time to settle is taken without an error."""
    # a busy machine needs longer to let it go than a real glance lasts
    monkeypatch.setattr(pcsc, "SETTLE_SECONDS", PATIENCE)
    patient = PcscReader(ReaderSettings(pcsc_socket=pcscd.socket_path, answer_seconds=PATIENCE))
    reader = pcsc_place.puts(wallet.card())
    with another_program(reader, "exclusive") as holder:
        ends = threading.Timer(0.1, holder.kill)
        ends.start()
        with patient.connect(reader) as connection:
            assert len(JpkiSession(connection).authentication_certificate()) > 256
        ends.join()


def state_in(events: queue.SimpleQueue[ReaderEvent]) -> ReaderState:
    """Return the state that the next event tells."""
    event = events.get(timeout=PATIENCE)
    assert isinstance(event, StateChanged)
    return event.state


def test_a_desk_that_starts_before_pcscd_waits_for_it(pcscd: PrivatePcscd, wallet: Wallet) -> None:
    """PCSC_DOWN is told first, READY as soon as the daemon is there; stop ends it in between."""
    events: queue.SimpleQueue[ReaderEvent] = queue.SimpleQueue()
    reader = PcscReader(ReaderSettings(pcsc_socket=pcscd.socket_path))
    pcscd.stop()
    try:
        for _ in range(2):
            reader.start(events.put)
            assert state_in(events) is ReaderState.PCSC_DOWN
            reader.stop()
        reader.start(events.put)
        assert state_in(events) is ReaderState.PCSC_DOWN
    finally:
        pcscd.start()
    try:
        assert state_in(events) is ReaderState.READY
    finally:
        reader.stop()


@contextmanager
def watching(pcscd: PrivatePcscd, name_contains: str) -> Iterator[tuple[PcscReader, queue.Queue]]:  # type: ignore[type-arg]
    """Watch the readers whose name contains this."""
    wait_until(pcsc_has_no_card, "empty readers")
    events: queue.Queue[ReaderEvent] = queue.Queue()
    settings = ReaderSettings(pcsc_socket=pcscd.socket_path, name_contains=name_contains)
    reader = PcscReader(settings)
    reader.start(events.put)
    try:
        yield reader, events
    finally:
        reader.stop()


def test_a_desk_without_its_reader_says_so(pcscd: PrivatePcscd) -> None:
    """Where no reader has the configured name the state is NO_READER, whatever else is there."""
    with watching(pcscd, "Reader of another desk") as (reader, events):
        assert events.get(timeout=PATIENCE).state is ReaderState.NO_READER
        assert reader.state is ReaderState.NO_READER
        with pytest.raises(NoReaderError):
            reader.connect("Reader of another desk 00 00")


def test_other_desks_readers_are_left_alone(pcscd: PrivatePcscd, wallet: Wallet) -> None:
    """Only taps on the reader with the configured name are told."""
    with (
        watching(pcscd, "00 01") as (_, events),
        VirtualCardSlot(pcscd.port) as other,
        VirtualCardSlot(pcscd.port + 1) as ours,
    ):
        assert events.get(timeout=PATIENCE).state is ReaderState.READY
        other.insert(wallet.card("hanako"))
        wait_until(lambda: not pcsc_has_no_card(), "the other card to be noticed by pcscd")
        ours.insert(wallet.card("taro"))
        assert "00 01" in events.get(timeout=PATIENCE).reader


def test_two_desks_hold_their_cards_side_by_side(pcscd: PrivatePcscd, wallet: Wallet) -> None:
    """Each desk is told of its own reader and can hold its card while the other holds one."""
    with (
        watching(pcscd, "00 00") as (left, at_left),
        watching(pcscd, "00 01") as (right, at_right),
        VirtualCardSlot(pcscd.port) as first,
        VirtualCardSlot(pcscd.port + 1) as second,
    ):
        assert "00 00" in at_left.get(timeout=PATIENCE).reader
        assert "00 01" in at_right.get(timeout=PATIENCE).reader
        assert (left.chosen[-5:], right.chosen[-5:]) == ("00 00", "00 01")
        first.insert(wallet.card("taro"))
        second.insert(wallet.card("hanako"))
        one, two = at_left.get(timeout=PATIENCE).reader, at_right.get(timeout=PATIENCE).reader
        with left.connect(one) as taro, right.connect(two) as hanako:
            certificates = {
                JpkiSession(connection).authentication_certificate()
                for connection in (taro, hanako)
            }
        assert len(certificates) == 2


def test_without_a_name_one_reader_is_chosen(pcscd: PrivatePcscd, wallet: Wallet) -> None:
    """A card in a reader that was not chosen starts nothing."""
    with (
        watching(pcscd, "") as (reader, events),
        VirtualCardSlot(pcscd.port) as chosen,
        VirtualCardSlot(pcscd.port + 1) as other,
    ):
        assert events.get(timeout=PATIENCE).reader == reader.chosen
        other.insert(wallet.card("hanako"))
        wait_until(lambda: not pcsc_has_no_card(), "the other card to be noticed by pcscd")
        chosen.insert(wallet.card("taro"))
        assert events.get(timeout=PATIENCE).reader == reader.chosen


def test_a_card_swapped_between_two_looks_is_told_by_the_event_counter(
    pcscd: PrivatePcscd, wallet: Wallet
) -> None:
    """Present before and after, but another card in between: Removed, then Inserted."""
    wait_until(pcsc_has_no_card, "empty readers")
    events: list[ReaderEvent] = []
    inserted, swapped = threading.Event(), threading.Event()

    def on_event(event: ReaderEvent) -> None:
        events.append(event)
        if isinstance(event, Inserted) and not swapped.is_set():
            inserted.set()
            assert swapped.wait(PATIENCE)

    reader = PcscReader(ReaderSettings(pcsc_socket=pcscd.socket_path))
    reader.start(on_event)
    try:
        with VirtualCardSlot(pcscd.port) as slot:
            slot.insert(wallet.card("taro"))
            assert inserted.wait(PATIENCE)
            slot.remove()
            wait_until(pcsc_has_no_card, "the removal")
            slot.insert(wallet.card("hanako"))
            wait_until(lambda: not pcsc_has_no_card(), "the second card")
            swapped.set()
            wait_until(lambda: len(events) >= 4, "the swap to be told")
            assert [type(e) for e in events] == [StateChanged, Inserted, Removed, Inserted]
    finally:
        swapped.set()
        reader.stop()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0x8010000C, CardRemovedError),
        (0x80100016, CardRemovedError),
        (0x80100069, CardRemovedError),
        (0x8010002F, CardRemovedError),
        (0x00000000, CardRemovedError),
        (0x80100066, CardUnreadableError),
        (0x80100067, CardUnreadableError),
        (0x80100068, CardUnreadableError),
        (0x8010000F, CardUnreadableError),
        (0x8010000B, ReaderBusyError),
        (0x80100009, NoReaderError),
        (0x80100017, NoReaderError),
        (0x8010002E, NoReaderError),
        (0x8010006A, ReaderAccessDeniedError),
        (0x8010001D, PcscUnavailableError),
        (0x8010001E, PcscUnavailableError),
        (0x80100013, PcscUnavailableError),
        (0x80100003, PcscUnavailableError),
        (0x8010001F, ReaderError),
    ],
)
def test_each_pcsc_code_has_one_meaning(code: int, kind: type[TerminalError]) -> None:
    """The table of return codes, each with its code in the message for the log."""
    error = error_of(code)
    assert type(error) is kind
    assert f"{code:08X}" in str(error)


def test_a_negative_code_is_shown_as_pcsc_writes_it() -> None:
    """Some platforms give signed codes; the message shows the documented number."""
    assert "8010001F" in str(error_of(scard.SCARD_E_UNEXPECTED - 0x1_0000_0000))
