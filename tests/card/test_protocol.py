from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.card import jpki, protocol
from terminal.card.apdu import CommandApdu
from terminal.card.jpki import AUTHENTICATION_CERTIFICATE, CardKind, JpkiSession
from terminal.card.protocol import INDIVIDUAL_NUMBER_FILES, ElementaryFile
from terminal.errors import (
    CardProtocolError,
    InvalidPinError,
    PinBlockedError,
    UnknownCardError,
)
from terminal.virtual_card.records import tlv
from tests.card.cards import WrittenCard, reading

SELECT_JPKI = "00A4040C0AD392F000260100000001"
SELECT_TEXT = "00A4040C0AD3921000310001010408"


@pytest.mark.parametrize("size", [1, 250, 252, 253, 256, 508, 509, 1313, 1600])
def test_a_file_is_read_by_its_own_length(size: int) -> None:
    """256 bytes first, then exactly the rest: a 1317-byte certificate takes six READs."""
    content = tlv(0x30, bytes(itertools.islice(itertools.cycle(range(256)), size)))
    card = WrittenCard(*reading("000A", content))
    assert protocol.read_object(card, AUTHENTICATION_CERTIFICATE) == content
    assert card.all_said


def test_a_card_that_gives_smaller_blocks_is_read_to_the_end() -> None:
    """Blocks shorter than asked for are put together."""
    content = tlv(0x30, bytes(range(250)) * 3)
    card = WrittenCard(*reading("000A", content, [100, 256, 50, 256, 256]))
    assert protocol.read_object(card, AUTHENTICATION_CERTIFICATE) == content


def test_a_card_that_dribbles_is_given_up() -> None:
    """One byte at a time would keep the desk for minutes: a file has a limit of answers."""
    content = tlv(0x30, bytes(1000))
    card = WrittenCard(*reading("000A", content, [256] + [1] * 40))
    with pytest.raises(CardProtocolError, match="33 answers did not bring 1004 bytes"):
        protocol.read_object(card, AUTHENTICATION_CERTIFICATE)


def test_filler_behind_the_object_is_not_returned() -> None:
    """A file longer than its object gives the object alone."""
    content = tlv(0x30, bytes(10))
    card = WrittenCard(*reading("000A", content + b"\xff" * 100))
    assert protocol.read_object(card, AUTHENTICATION_CERTIFICATE) == content


@pytest.mark.parametrize("end", ["6B00", "6282", "9000"])
def test_a_file_that_ends_too_early_is_an_error(end: str) -> None:
    """A certificate that stops before its length is never handed on."""
    content = tlv(0x30, bytes(600))
    head, first = reading("000A", content)[:2]
    card = WrittenCard(head, first, ("00B0010000", end))
    with pytest.raises(CardProtocolError, match=r"256 of 604"):
        protocol.read_object(card, AUTHENTICATION_CERTIFICATE)


def test_an_absent_file_is_told_by_its_number() -> None:
    """6A82 on SELECT EF names the file and the status word."""
    card = WrittenCard(("00A4020C02000A", "6A82"))
    with pytest.raises(CardProtocolError, match=r"000A.*6A82"):
        protocol.read_object(card, AUTHENTICATION_CERTIFICATE)


def test_the_right_length_is_asked_for_once() -> None:
    """6Cxx: the same command again with that Le; a second one is an answer like any other."""
    command = CommandApdu(0, 0xB0, 0, 0, le=256)
    card = WrittenCard(("00B0000000", "6C04"), ("00B0000004", "010203049000"))
    assert protocol.send(card, command, "read") == bytes.fromhex("01020304")
    card = WrittenCard(("00B0000000", "6C04"), ("00B0000004", "6C05"))
    with pytest.raises(CardProtocolError, match="6C05"):
        protocol.send(card, command, "read")


def test_a_waiting_answer_is_fetched_once() -> None:
    """61xx: GET RESPONSE with that length, joined to what came before."""
    command = CommandApdu(0x80, 0x2A, 0, 0x80, b"\x30", le=256)
    card = WrittenCard(("802A0080013000", "AA6102"), ("00C0000002", "BBCC9000"))
    assert protocol.send(card, command, "sign") == bytes.fromhex("AABBCC")
    card = WrittenCard(("802A0080013000", "6102"), ("00C0000002", "BB6101"))
    with pytest.raises(CardProtocolError, match="6101"):
        protocol.send(card, command, "sign")


def test_only_the_very_first_select_is_repeated_and_only_on_6f00() -> None:
    """A card that needs waking gets its first SELECT twice, nothing else ever."""
    card = WrittenCard((SELECT_JPKI, "6F00"), (SELECT_JPKI, "9000"))
    JpkiSession(card)
    assert card.all_said
    with pytest.raises(CardProtocolError, match="6F00"):
        JpkiSession(WrittenCard((SELECT_JPKI, "6F00"), (SELECT_JPKI, "6F00")))
    with pytest.raises(CardProtocolError, match="6F00"):
        JpkiSession(WrittenCard((SELECT_JPKI, "6F00")), first=False)


@pytest.mark.parametrize("sw", ["6A82", "6A81", "6A86", "6D00", "6E00", "6881", "6985", "6300"])
def test_a_card_that_refuses_our_application_is_a_foreign_card(sw: str) -> None:
    """Whatever way a stranger says no to the AID, it is no My Number card."""
    with pytest.raises(UnknownCardError):
        JpkiSession(WrittenCard((SELECT_JPKI, sw)))


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([(SELECT_JPKI, "6A82")], CardKind.UNKNOWN),
        ([(SELECT_JPKI, "9000"), (SELECT_TEXT, "6A82")], CardKind.PHONE_TOKEN),
        ([(SELECT_JPKI, "9000"), (SELECT_TEXT, "9000")], CardKind.MY_NUMBER_CARD),
    ],
)
def test_two_selects_tell_what_the_card_is(answers: list[tuple[str, str]], kind: CardKind) -> None:
    """JPKI and then the text application decide; never the ATR."""
    card = WrittenCard(*answers)
    assert jpki.recognise(card) is kind
    assert card.all_said


PIN_FILE = ("00A4020C020018", "9000")


@pytest.mark.parametrize(
    ("sw", "left"),
    [("63C3", 3), ("63C1", 1), ("63C0", 0), ("6983", 0), ("6984", 0), ("9000", None)],
)
def test_tries_left_in_all_the_ways_cards_tell_them(sw: str, left: int | None) -> None:
    """The empty VERIFY counts; 63C0, 6983 and 6984 are blocked; 9000 tells nothing."""
    card = WrittenCard((SELECT_JPKI, "9000"), PIN_FILE, ("00200080", sw))
    assert JpkiSession(card).pin_tries_left() == left


@pytest.mark.parametrize("sw", ["63C0", "6983", "6984"])
def test_a_blocked_pin_has_one_error(sw: str) -> None:
    """However the card says it, VERIFY on a blocked PIN raises PinBlockedError, sent once."""
    card = WrittenCard((SELECT_JPKI, "9000"), PIN_FILE, ("002000800431323334", sw))
    with pytest.raises(PinBlockedError):
        JpkiSession(card).verify_pin(bytearray(b"1234"))
    assert card.all_said


def test_a_wrong_pin_carries_the_tries_left_and_is_never_sent_again() -> None:
    """63C2 → InvalidPinError with 2; 6F00 on VERIFY is not tried again either."""
    card = WrittenCard((SELECT_JPKI, "9000"), PIN_FILE, ("002000800431323334", "63C2"))
    with pytest.raises(InvalidPinError) as refusal:
        JpkiSession(card).verify_pin(bytearray(b"1234"))
    assert refusal.value.tries_left == 2
    for sw in ("6F00", "6C00", "6100", "6300"):
        card = WrittenCard((SELECT_JPKI, "9000"), PIN_FILE, ("002000800431323334", sw))
        with pytest.raises(CardProtocolError, match=sw):
            JpkiSession(card).verify_pin(bytearray(b"1234"))
        assert card.all_said


@pytest.mark.parametrize("pin", [b"", b"123", b"12345", b"12a4", "１２３４".encode()])
def test_what_is_no_pin_never_reaches_the_card(pin: bytes) -> None:
    """Anything but four ASCII digits costs no try."""
    session = JpkiSession(WrittenCard((SELECT_JPKI, "9000")))
    with pytest.raises(ValueError, match="four digits"):
        session.verify_pin(bytearray(pin))


def test_the_pin_leaves_no_trace_in_the_command_or_the_error() -> None:
    """The command is cleared after the card's answer, and no error tells the PIN."""
    sent: list[bytearray] = []

    class Keeping(WrittenCard):
        def transmit(self, apdu):
            if apdu[1] == 0x20:
                assert isinstance(apdu, bytearray)
                sent.append(apdu)
            return super().transmit(apdu)

    card = Keeping((SELECT_JPKI, "9000"), PIN_FILE, ("002000800439353137", "6F00"))
    with pytest.raises(CardProtocolError) as failure:
        JpkiSession(card).verify_pin(bytearray(b"9517"))
    assert sent == [bytearray(len(sent[0]))]
    assert "9517" not in f"{failure.value!r} {failure.value}"
    assert "39353137" not in str(failure.value)


@pytest.mark.parametrize(
    ("content", "signature", "authentication"),
    [("8F8F00", True, True), ("008F00", False, True), ("000000", False, False)],
)
def test_file_0008_tells_which_certificates_are_there(
    content: str, signature: bool, authentication: bool
) -> None:
    """Byte 0 stands for the signature certificate, byte 1 for authentication."""
    card = WrittenCard(
        (SELECT_JPKI, "9000"), ("00A4020C020008", "9000"), ("00B0000000", f"{content}9000")
    )
    present = JpkiSession(card).certificates_present()
    assert (present.signature, present.authentication) == (signature, authentication)


@given(st.integers(0, 0xFFFF))
def test_every_status_word_but_9000_is_an_error(sw: int) -> None:
    """No status word slips through as success, and 63Cx alone speaks of tries."""
    if sw == 0x9000:
        protocol.check(sw, "test")
        return
    with pytest.raises((CardProtocolError, InvalidPinError, PinBlockedError)) as failure:
        protocol.check(sw, "test")
    assert isinstance(failure.value, InvalidPinError) == (0x63C1 <= sw <= 0x63CF)


@pytest.mark.parametrize(("aid", "fid"), sorted(INDIVIDUAL_NUMBER_FILES))
def test_the_individual_number_cannot_even_be_named(aid: bytes, fid: int) -> None:
    """A file to read cannot be made of text 0001 or visual 0005."""
    with pytest.raises(ValueError, match="never read"):
        ElementaryFile(aid, fid)


@given(st.binary(min_size=1, max_size=256), st.integers(0, 0xFFFF))
def test_a_file_of_wild_bytes_ends_in_bytes_or_the_one_error(content: bytes, sw: int) -> None:
    """A card that answers anything at all never makes reading hang or crash otherwise."""

    class Wild:
        def transmit(self, apdu):
            return (b"", 0x9000) if apdu[1] == 0xA4 else (content, sw)

    try:
        found = protocol.read_object(Wild(), AUTHENTICATION_CERTIFICATE)  # type: ignore[arg-type]
    except (CardProtocolError, InvalidPinError, PinBlockedError):
        return
    assert found
