"""The card by its commands: files, status words, counters, security state (no reader between)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.virtual_card.applets import driving_licence
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.issuing import load_card
from terminal.virtual_card.strangers import (
    TransitCard,
    bank_card,
    passport,
    residence_card,
)
from tests.virtual_card.commands import AIDS, b_reference, read, select, send, sign, verify
from tests.virtual_card.parts import PIN

DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")


def public_key(card: CardOs) -> rsa.RSAPublicKey:
    """The public key of the card's authentication certificate."""
    select(card, "jpki", 0x000A)
    content, sw = read(card)
    assert sw == 0x9000
    key = x509.load_der_x509_certificate(content).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def test_right_pin_lets_the_card_sign(card: CardOs) -> None:
    """After the right PIN the authentication key signs a DigestInfo, and the certificate fits."""
    key = public_key(card)
    message = b"challenge"
    assert verify(card, 0x18, PIN) == 0x9000
    signature, sw = sign(card, 0x17, DIGEST_INFO + hashlib.sha256(message).digest())
    assert sw == 0x9000
    key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())


def test_select_then_current_file_form_works_as_the_short_form(card: CardOs) -> None:
    """P2=80 names the selected PIN and key, as OpenSC sends it."""
    key = public_key(card)
    select(card, "jpki", 0x0018)
    assert send(card, "0020008004" + PIN.hex())[1] == 0x9000
    send(card, "00A4020C020017")
    digest = DIGEST_INFO + hashlib.sha256(b"m").digest()
    signature, sw = send(card, b"\x80\x2a\x00\x80\x33" + digest + b"\x00")
    assert sw == 0x9000
    key.verify(signature, b"m", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("mode", [2, 3, 4, 5])
def test_each_signature_mode_gives_the_signature_it_names(card: CardOs, mode: int) -> None:
    """P1 2 and 4 take a SHA-256, 3 and 5 the message; 4 and 5 are PSS."""
    key = public_key(card)
    verify(card, 0x18, PIN)
    data = hashlib.sha256(b"m").digest() if mode in (2, 4) else b"m"
    signature, sw = sign(card, 0x17, data, mode)
    assert sw == 0x9000
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    key.verify(signature, b"m", pss if mode >= 4 else padding.PKCS1v15(), hashes.SHA256())


def test_no_signature_without_the_pin(card: CardOs) -> None:
    """The key refuses with 6982 until the PIN is verified."""
    select(card, "jpki")
    assert sign(card, 0x17, DIGEST_INFO + bytes(32)) == (b"", 0x6982)


def test_pin_of_one_key_does_not_open_the_other(card: CardOs) -> None:
    """The authentication PIN opens neither the signature key nor its certificate."""
    select(card, "jpki")
    assert verify(card, 0x18, PIN) == 0x9000
    assert sign(card, 0x1A, DIGEST_INFO + bytes(32))[1] == 0x6982
    assert send(card, "00B0810000")[1] == 0x6982


def test_wrong_pins_count_down_and_block(card: CardOs) -> None:
    """63C2, 63C1, 63C0; then 6984 also for the right PIN, and the query says 63C0."""
    select(card, "jpki")
    assert verify(card, 0x18, b"") == 0x63C3
    assert [verify(card, 0x18, b"0000") for _ in range(3)] == [0x63C2, 0x63C1, 0x63C0]
    assert verify(card, 0x18, PIN) == 0x6984
    assert verify(card, 0x18, b"") == 0x63C0
    card.power_off()
    card.power_on()
    select(card, "jpki")
    assert verify(card, 0x18, PIN) == 0x6984


def test_right_pin_resets_the_counter_and_asking_costs_nothing(card: CardOs) -> None:
    """A success restores three tries; the empty VERIFY takes none."""
    select(card, "jpki")
    verify(card, 0x18, b"0000")
    assert [verify(card, 0x18, b"") for _ in range(5)] == [0x63C2] * 5
    verify(card, 0x18, PIN)
    assert verify(card, 0x18, b"") == 0x63C3


def test_a_wrong_pin_closes_what_the_right_one_opened(card: CardOs) -> None:
    """After a wrong entry the key refuses again."""
    select(card, "jpki")
    verify(card, 0x18, PIN)
    verify(card, 0x18, b"9999")
    assert sign(card, 0x17, DIGEST_INFO + bytes(32))[1] == 0x6982


def test_a_pin_of_wrong_length_costs_a_try(card: CardOs) -> None:
    """Whatever is not the PIN counts, also a prefix of it or the PIN with filler."""
    select(card, "jpki")
    assert verify(card, 0x18, PIN[:3]) == 0x63C2
    assert verify(card, 0x18, PIN + b"\xff\xff") == 0x63C1


def test_the_same_pin_in_two_applications_has_two_counters(card: CardOs) -> None:
    """Errors at JPKI leave the text application's PIN alone."""
    select(card, "jpki")
    verify(card, 0x18, b"0000")
    select(card, "text")
    assert verify(card, 0x11, b"") == 0x63C3


@pytest.mark.parametrize("again", ["jpki", "text"])
def test_select_of_any_application_ends_the_verified_state(card: CardOs, again: str) -> None:
    """Also the SELECT of the same application."""
    select(card, "jpki")
    verify(card, 0x18, PIN)
    select(card, again)
    select(card, "jpki")
    assert sign(card, 0x17, DIGEST_INFO + bytes(32))[1] == 0x6982


def test_loss_of_power_ends_the_verified_state_but_a_warm_reset_does_not(card: CardOs) -> None:
    """As measured on the real card: whoever leaves must unpower it."""
    select(card, "jpki")
    verify(card, 0x18, PIN)
    card.reset()
    assert sign(card, 0x17, DIGEST_INFO + bytes(32))[1] == 0x9000
    card.power_off()
    card.power_on()
    select(card, "jpki")
    assert sign(card, 0x17, DIGEST_INFO + bytes(32))[1] == 0x6982


@pytest.mark.parametrize(
    ("application", "number_file", "secrets", "reference_a"),
    [("text", 1, (0x11, 0x15), 0x14), ("visual", 5, (0x11, 0x12), 0x13)],
)
def test_the_individual_number_is_on_no_card(
    card: CardOs, application: str, number_file: int, secrets: tuple[int, ...], reference_a: int
) -> None:
    """Its files refuse, whatever is verified, and no 12 digits fit 照合番号A."""
    first = PIN if application == "text" else b"550217"
    number_b = b_reference(card)
    select(card, application)
    assert send(card, bytes([0x00, 0xB0, 0x80 | number_file, 0x00, 0x00])) == (b"", 0x6982)
    for secret, value in zip(secrets, (first, number_b), strict=True):
        assert verify(card, secret, value) == 0x9000
    assert send(card, bytes([0x00, 0xB0, 0x80 | number_file, 0x00, 0x00])) == (b"", 0x6982)
    send(card, b"\x00\xa4\x02\x0c\x02" + number_file.to_bytes(2))
    assert read(card) == (b"", 0x6982)
    assert verify(card, reference_a, b"123456789018") == 0x63C9


def test_text_attributes_open_with_the_pin_or_b_and_not_with_a(card: CardOs) -> None:
    """File 0002 gives name, address, birth date and sex behind PIN or 照合番号B."""
    for fid, value in ((0x11, PIN), (0x15, b_reference(card))):
        select(card, "text", 0x0002)
        assert read(card)[1] == 0x6982
        assert verify(card, fid, value) == 0x9000
        send(card, "00A4020C020002")
        content, sw = read(card)
        assert sw == 0x9000
        assert "試験　花子".encode() in content
        assert "１－２－３".encode() in content
        assert b"19800217" in content


def test_text_offset_table_points_at_the_fields(card: CardOs) -> None:
    """The offsets count from the file's start, as in the surveyed bytes (first: 000E)."""
    select(card, "text")
    verify(card, 0x11, PIN)
    content, _ = send(card, "00B0820000")
    assert content[:2] == b"\xff\x20"
    table = content.index(b"\xdf\x21\x08")
    offsets = [int.from_bytes(content[at : at + 2]) for at in range(table + 3, table + 11, 2)]
    assert offsets[0] == 0x0E
    assert [content[at : at + 2].hex() for at in offsets] == ["df22", "df23", "df24", "df25"]


def test_presence_file_tells_which_certificates_there_are(cards: Path) -> None:
    """JPKI 0008 is free; a face-only card has no signature certificate and no usable PIN."""
    for persona, expected in (
        ("normal", "8f8f00"),
        ("not-loaded", "000000"),
        ("face-only", "008f00"),
    ):
        card = load_card(cards, persona).card
        select(card, "jpki")
        assert send(card, "00B0880000") == (bytes.fromhex(expected), 0x9000)
    assert verify(card, 0x18, PIN) == 0x6984
    assert select(card, "jpki", 0x0001) == 0x6A82


def test_a_card_without_certificates_has_the_rest(cards: Path) -> None:
    """Where none was loaded file 000A is missing and the key cannot sign, though a PIN is there."""
    issued = load_card(cards, "not-loaded")
    assert issued.not_after is None
    assert select(issued.card, "jpki", 0x000A) == 0x6A82
    assert verify(issued.card, 0x18, PIN) == 0x9000
    assert sign(issued.card, 0x17, DIGEST_INFO + bytes(32)) == (b"", 0x6985)
    assert select(issued.card, "text") == 0x9000


def test_a_phone_has_jpki_alone_and_says_so(cards: Path) -> None:
    """Its token's label is its own; the 券面 applications and the common one are not there."""
    phone = load_card(cards, "phone").card
    assert [select(phone, name) for name in AIDS] == [0x9000, 0x6A82, 0x6A82, 0x6A82]
    select(phone, "jpki")
    assert send(phone, "00B0860010") == (b"JPKIAPGPSETOKEN ", 0x9000)
    assert verify(phone, 0x18, PIN) == 0x9000
    assert sign(phone, 0x17, DIGEST_INFO + bytes(32))[1] == 0x9000


@pytest.mark.parametrize(
    ("persona", "tries"), [("normal", 3), ("last-try", 1), ("pin-blocked", 0), ("face-only", 0)]
)
def test_condition_sets_the_tries_left(cards: Path, persona: str, tries: int) -> None:
    """A card comes to the desk with the counter of its condition; reissue restores just that."""
    card = load_card(cards, persona).card
    select(card, "jpki")
    assert verify(card, 0x18, b"") == 0x63C0 | tries
    verify(card, 0x18, PIN)
    card.reissue()
    assert card.pin_tries_left == tries


def test_common_record_carries_the_card_expiry(card: CardOs) -> None:
    """Serial 15, municipality 5, expiry 8 digits, in record 1; free, in both forms."""
    select(card, "common")
    record, sw = send(card, "00B2010C00")
    assert sw == 0x9000
    assert record[:2] == b"\x01\x1c"
    assert len(record) == 30
    assert record[2:].isdigit()
    assert send(card, "00B2010400") == (record, 0x9000)
    assert send(card, "00B2020C00")[1] == 0x6A83


def test_own_key_signs_without_a_pin_in_both_face_applications(card: CardOs) -> None:
    """80 2A 00 00 with a DigestInfo proves a present card; JPKI has no such key."""
    for name, expected in (("visual", 0x9000), ("text", 0x9000), ("jpki", 0x6A86)):
        select(card, name)
        _, sw = send(card, b"\x80\x2a\x00\x00\x33" + DIGEST_INFO + bytes(32) + b"\x00")
        assert sw == expected


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("00B0000000", 0x6986),  # no current file
        ("00B0970000", 0x6981),  # a key is not to be read
        ("00B0980000", 0x6981),  # nor a PIN
        ("00B0890000", 0x6982),  # never opened
        ("00B08A00", 0x6700),  # no Le
        ("00B09F0000", 0x6A82),
        ("00A4020C020099", 0x6A82),
        ("00A4000C023F00", 0x6A86),  # no way back to the master file
        ("00A4040C05A000000063", 0x6A82),
        ("00200080", 0x6986),
        ("0020008A", 0x6981),
        ("00200118", 0x6A86),
        ("802A0680010000", 0x6A86),
        ("802A0080010000", 0x6985),  # no key selected
        ("802A0098010000", 0x6985),  # a PIN does not sign
        ("00CA000000", 0x6A88),
        ("0044000000", 0x6D00),
        ("01A4040C0AD392F000260100000001", 0x6881),
        ("04A4040C0AD392F000260100000001", 0x6882),
        ("FFCA000000", 0x6E00),
        ("00A404", 0x6700),
        ("00A4040C0AD392", 0x6700),
        ("", 0x6700),
    ],
)
def test_status_word_of_what_cannot_be(card: CardOs, command: str, sw: int) -> None:
    """Each impossible command has the real card's status word and no data."""
    select(card, "jpki")
    assert send(card, command) == (b"", sw)


def test_reading_ends_where_the_file_ends(card: CardOs) -> None:
    """A READ over the end gives what is left with 9000, one beyond it 6B00; extended Le works."""
    select(card, "jpki", 0x000A)
    content, sw = read(card)
    assert sw == 0x9000
    assert send(card, "00B00000000000") == (content, 0x9000)
    last = (len(content) - 1).to_bytes(2).hex()
    assert send(card, f"00B0{last}00") == (content[-1:], 0x9000)
    assert send(card, f"00B0{len(content):04x}00")[1] == 0x6B00


def test_a_prefix_of_an_aid_selects_and_an_fci_comes_when_asked(card: CardOs) -> None:
    """As on the real card; P2 0C gives no data."""
    assert send(card, "00A4040C05D392F00026") == (b"", 0x9000)
    fci, sw = send(card, "00A404000AD392F00026010000000100")
    assert sw == 0x9000
    assert fci == bytes.fromhex("6F0C840AD392F000260100000001")


def test_nothing_is_readable_before_an_application_is_selected(card: CardOs) -> None:
    """After power-up the card has no file and no key to offer."""
    assert send(card, "00A4020C02000A")[1] == 0x6A82
    assert send(card, "00B08A0000")[1] == 0x6A82
    assert send(card, "802A009733" + "00" * 51 + "00")[1] == 0x6A82


def test_the_first_command_may_fail_once_after_power_up(cards: Path) -> None:
    """One surveyed card answers 6F00 to the first command only."""
    issued = load_card(cards, "normal", first_command_fails=True).card
    assert select(issued, "jpki") == 0x6F00
    assert select(issued, "jpki") == 0x9000
    issued.power_off()
    assert select(issued, "jpki") == 0x6F00


@pytest.mark.parametrize(
    ("make", "own"),
    [
        (driving_licence, "A0000002310100000000000000000000"),
        (residence_card, "D392F0004F0200000000000000000000"),
        (passport, "A0000002471001"),
        (bank_card, "325041592E5359532E4444463031"),
    ],
)
def test_another_kind_of_card_knows_none_of_our_applications(
    make: Callable[[], CardOs], own: str
) -> None:
    """Licence, residence card, passport and bank card answer 6A82 to our AIDs, 9000 to theirs."""
    stranger = make()
    assert {select(stranger, name) for name in AIDS} == {0x6A82}
    assert send(stranger, f"00A4040C{len(own) // 2:02X}{own}") == (b"", 0x9000)


def test_a_transit_card_answers_the_readers_own_command_only() -> None:
    """A FeliCa card tells its number by the pseudo-command and refuses every ISO 7816 command."""
    card = TransitCard()
    assert card.transmit(bytes.fromhex("FFCA000000"))[-2:] == b"\x90\x00"
    for aid in AIDS.values():
        assert card.transmit(b"\x00\xa4\x04\x0c\x0a" + aid) == b"\x6a\x81"


def test_trace_keeps_commands_and_targets_but_no_pin_and_no_content(card: CardOs) -> None:
    """VERIFY data is cut, answers are kept as length and status word."""
    select(card, "text")
    verify(card, 0x11, PIN)
    send(card, "00B0820000")
    entries = card.trace.entries()
    assert [entry.command for entry in entries[-2:]] == ["00200091+5", "00B0820000"]
    assert entries[-1].target == "text/0002"
    assert entries[-1].length > 90
    assert PIN.hex() not in repr(entries)


_HEADERS = st.sampled_from(["00A4040C", "00A4020C", "00B0", "00B2", "0020", "802A", "0084", "00CA"])
_WILD = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda head, tail: bytes.fromhex(head) + tail, _HEADERS, st.binary(max_size=80)),
    st.sampled_from([b"\x00\xa4\x04\x0c\x0a" + aid for aid in AIDS.values()]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(commands=st.lists(_WILD, max_size=12))
def test_whatever_is_sent_a_status_word_comes_and_no_secret(
    card: CardOs, commands: list[bytes]
) -> None:
    """No input raises, none unlocks, none makes the card tell a secret."""
    card.reissue()
    for command in commands:
        answer = card.transmit(command)
        assert len(answer) >= 2
        assert answer[-2] & 0xF0 in (0x60, 0x90)
        assert b_reference(card) not in answer
    select(card, "jpki")
    assert sign(card, 0x17, DIGEST_INFO + bytes(32))[1] == 0x6982
