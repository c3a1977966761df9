from __future__ import annotations

from datetime import date

import pytest

from terminal.card import common, text, visual
from terminal.card.apdu import Ins
from terminal.card.common import CardIssue, parse_card_record
from terminal.card.cv import parse_cv_certificate
from terminal.card.jpki import CardKind, JpkiSession, recognise
from terminal.card.proof import check_signature, digest_info
from terminal.errors import (
    CardProtocolError,
    InvalidPinError,
    PinBlockedError,
    UnknownCardError,
)
from terminal.virtual_card.applets import driving_licence
from terminal.virtual_card.records import tlv
from tests.card.cards import DirectConnection
from tests.card.wallet import PIN, Wallet

RECORD = bytes.fromhex("011C") + b"123456789012345" + b"13101" + b"20350217"


def test_the_card_s_record_gives_municipality_and_expiry() -> None:
    """15 digits of serial are passed over, then 5 of the municipality, then the last day."""
    assert parse_card_record(RECORD) == CardIssue("13101", date(2035, 2, 17))
    assert "123456789012345" not in repr(parse_card_record(RECORD))


@pytest.mark.parametrize(
    "record",
    [
        b"",
        RECORD[:-1],
        b"\x02" + RECORD[1:],
        tlv(0x01, RECORD[2:-1]),
        RECORD[:-8] + b"20350231",
        RECORD[:-8] + b"2035021x",
        RECORD[:-8] + b"00000000",
    ],
)
def test_a_record_of_another_form_is_an_error(record: bytes) -> None:
    """Cut, another tag, not digits, or no date: CardProtocolError, never a guessed day."""
    with pytest.raises(CardProtocolError):
        parse_card_record(record)


def test_a_cv_certificate_is_taken_apart() -> None:
    """Two key ids, the key, the signature; an issuer id that begins with 6 is a test's."""
    body = b"6" + bytes(15) + b"S" * 16 + b"K" * 265
    found = parse_cv_certificate(tlv(0x7F21, tlv(0x5F4E, body) + tlv(0x5F37, b"Z" * 256)) + b"\xff")
    assert found.is_test
    assert (found.subject_key_id, found.key, found.signature) == (b"S" * 16, b"K" * 265, b"Z" * 256)
    production = tlv(0x7F21, tlv(0x5F4E, b"5" + body[1:]) + tlv(0x5F37, bytes(256)))
    assert not parse_cv_certificate(production).is_test


@pytest.mark.parametrize(
    "content",
    [
        tlv(0x7F22, b""),
        tlv(0x7F21, tlv(0x5F4E, bytes(297))),
        tlv(0x7F21, tlv(0x5F4E, bytes(296)) + tlv(0x5F37, bytes(256))),
        tlv(0x7F21, tlv(0x5F4E, bytes(297)) + tlv(0x5F37, bytes(255))),
    ],
)
def test_a_cv_certificate_of_another_form_is_an_error(content: bytes) -> None:
    """Another tag, a missing part or a wrong length is not taken for a certificate."""
    with pytest.raises(CardProtocolError):
        parse_cv_certificate(content)


def test_the_municipality_s_code_is_digits() -> None:
    """DF34 is read from the basic data; other bytes there are an error."""
    assert visual.parse_municipality(tlv(0xFF40, tlv(0xDF34, b"13101"))) == "13101"
    with pytest.raises(CardProtocolError):
        visual.parse_municipality(tlv(0xFF40, tlv(0xDF34, b"1310x")))


def test_the_free_files_of_a_whole_card(wallet: Wallet) -> None:
    """Expiry, municipality and both CV certificates are read without any PIN."""
    with DirectConnection(wallet.card()) as connection:
        issue = common.read_card_issue(connection)
        assert visual.read_municipality(connection) == issue.municipality
        assert issue.expires_on.month == 2
        certificate = visual.read_cv_certificate(connection)
        assert certificate == text.read_cv_certificate(connection)
        assert certificate.is_test
    assert Ins.VERIFY not in [command[1] for command in connection.commands]


def test_a_stranger_has_none_of_the_applications() -> None:
    """Each application that a foreign card lacks is an UnknownCardError."""
    with DirectConnection(driving_licence()) as connection:
        assert recognise(connection) is CardKind.UNKNOWN
        for read in (
            JpkiSession,
            common.read_card_issue,
            visual.read_municipality,
            text.read_cv_certificate,
        ):
            with pytest.raises(UnknownCardError):
                read(connection)


def test_the_holder_s_proof_from_pin_to_signature(wallet: Wallet) -> None:
    """A right PIN lets the card sign; without it the key is closed, and SELECT closes it again."""
    with DirectConnection(wallet.card()) as connection:
        session = JpkiSession(connection)
        certificate = session.authentication_certificate()
        with pytest.raises(CardProtocolError, match="6982"):
            session.sign(digest_info(b"challenge"))
        session.verify_pin(bytearray(PIN))
        check_signature(certificate, b"challenge", session.sign(digest_info(b"challenge")))
        with pytest.raises(CardProtocolError, match="6982"):
            JpkiSession(connection).sign(digest_info(b"challenge"))


def test_wrong_pins_count_down_and_a_right_one_sets_the_count_back(wallet: Wallet) -> None:
    """3 → 2 → 1, right → 3; then three wrong ones block, and the right one is refused too."""
    with DirectConnection(wallet.card()) as connection:
        session = JpkiSession(connection)
        assert session.pin_tries_left() == 3
        for left in (2, 1):
            with pytest.raises(InvalidPinError) as refusal:
                session.verify_pin(bytearray(b"0000"))
            assert refusal.value.tries_left == left == session.pin_tries_left()
        session.verify_pin(bytearray(PIN))
        for _ in range(2):
            with pytest.raises(InvalidPinError):
                session.verify_pin(bytearray(b"0000"))
        for pin in (b"0000", PIN, PIN):
            with pytest.raises(PinBlockedError):
                session.verify_pin(bytearray(pin))
        assert session.pin_tries_left() == 0


@pytest.mark.parametrize("persona", ["blocked", "face-only"])
def test_a_pin_that_cannot_be_used_is_told_before_it_is_asked_for(
    wallet: Wallet, persona: str
) -> None:
    """Tries left are 0 where the PIN is blocked or was never set."""
    with DirectConnection(wallet.card(persona)) as connection:
        assert JpkiSession(connection).pin_tries_left() == 0


def test_certificates_present_and_kind_of_a_whole_card(wallet: Wallet) -> None:
    """An adult's card has both certificates; a card without PIN has no signature certificate."""
    with DirectConnection(wallet.card()) as connection:
        assert recognise(connection) is CardKind.MY_NUMBER_CARD
        present = JpkiSession(connection).certificates_present()
        assert (present.signature, present.authentication) == (True, True)
    with DirectConnection(wallet.card("face-only")) as connection:
        present = JpkiSession(connection).certificates_present()
        assert (present.signature, present.authentication) == (False, True)
