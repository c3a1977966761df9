"""The two records behind 照合番号B, as text and as the card's face, and the JPKI token info."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eligibility.codes import Sex, UnknownCode
from eligibility.model import NOT_READ, HolderAttributes
from terminal.card.jpki import JpkiSession, TokenKind, parse_token_info
from terminal.card.number_b import NumberB
from terminal.card.text import TextSession, parse_attributes
from terminal.card.visual import VisualSession, parse_visual_record
from terminal.errors import (
    CardProtocolError,
    InvalidPinError,
    NumberBRefusedError,
    TerminalError,
)
from terminal.virtual_card.personas import read_card
from terminal.virtual_card.records import tlv, with_offsets
from tests.card.cards import DirectConnection
from tests.card.wallet import PIN, Wallet

TEXT_HEAD = bytes.fromhex("FF2065DF2108000E002000590064")
NAME = "試験　太郎"
ADDRESS = "東京都千代田区一番町１－２－３"
JP2 = bytes.fromhex("0000000C6A5020200D0A870A") + bytes(40)
CODESTREAM = bytes.fromhex("FF4FFF51") + bytes(40)


def plate(width: int, height: int) -> bytes:
    """A white picture, PNG, 1 bit deep."""
    content = io.BytesIO()
    Image.new("1", (width, height), 1).save(content, "PNG")
    return content.getvalue()


def text_file(
    name: bytes = NAME.encode(),
    address: bytes = ADDRESS.encode(),
    birthdate: bytes = b"19800217",
    sex: bytes = b"1",
) -> bytes:
    """Write file 0002 of the text application."""
    values = ((0xDF22, name), (0xDF23, address), (0xDF24, birthdate), (0xDF25, sex))
    return with_offsets(0xFF20, 0xDF21, [tlv(tag, value) for tag, value in values])


def visual_file(photo: bytes | None = JP2, **fields: bytes) -> bytes:
    """Write file 0002 of the visual application."""
    values = [
        (0xDF22, fields.get("birthdate", b"19800217")),
        (0xDF23, b"2"),
        (0xDF24, tlv(0x90, b"\x01\x00\x01") + tlv(0x91, bytes(256))),
        (0xDF25, plate(16, 8)),
        (0xDF26, fields.get("address", plate(24, 8))),
        *([] if photo is None else [(0xDF27, photo)]),
        (0xDF28, bytes(256)),
        (0xDF29, b"20350217"),
        (0xDF2A, plate(32, 8)),
    ]
    body = b"".join(tlv(tag, value) for tag, value in values)
    return tlv(0xFF20, body)


def number_b(wallet: Wallet, *, code: bytes | None = None) -> NumberB:
    """Return 照合番号B of taro's card, or one with another security code."""
    stored = read_card(wallet.folder / "cards" / "taro.json")
    return NumberB(
        stored.person.birthdate,
        stored.expires_on.year,
        bytearray(code or stored.security_code.encode()),
        today=date(2026, 11, 24),
    )


def other_code(wallet: Wallet) -> bytes:
    """Return a security code that is not taro's."""
    right = read_card(wallet.folder / "cards" / "taro.json").security_code
    return b"%04d" % ((int(right) + 1) % 10000)


def test_the_measured_head_of_the_text_record() -> None:
    """FF20 65 DF21 08 000E 0020 0059 0064, as on a real card, then the four attributes."""
    name, address = NAME.encode(), "県".encode() * 17 + b"abc"
    content = TEXT_HEAD + b"".join(
        tlv(tag, value)
        for tag, value in ((0xDF22, name), (0xDF23, address), (0xDF24, b"19800217"), (0xDF25, b"1"))
    )
    assert content == text_file(name, address)
    found = HolderAttributes(NAME, address.decode(), date(1980, 2, 17), Sex.MALE)
    assert parse_attributes(content + b"\xff" * 50) == found


@pytest.mark.parametrize(
    ("code", "sex"),
    [
        (b"1", Sex.MALE),
        (b"2", Sex.FEMALE),
        (b"0", UnknownCode("ISO/IEC 5218", "0")),
        (b"9", UnknownCode("ISO/IEC 5218", "9")),
        (b"3", UnknownCode("ISO/IEC 5218", "3")),
    ],
)
def test_the_card_s_sex_is_not_the_payer_s_code(code: bytes, sex: object) -> None:
    """Only 1 and 2 mean the same; 3 is never taken for the payer's "not set"."""
    assert parse_attributes(text_file(sex=code)).sex == sex


def test_what_the_card_does_not_say_is_not_read() -> None:
    """An empty text and a birthday without a day stay NOT_READ, never a guess."""
    found = parse_attributes(text_file(address=b"", birthdate=b"19500000"))
    assert found == HolderAttributes(NAME, NOT_READ, NOT_READ, Sex.MALE)


@pytest.mark.parametrize(
    "content",
    [
        tlv(0xFF40, b""),
        tlv(0xFF20, tlv(0xDF22, b"a")),
        text_file(sex=b"12"),
        text_file(sex=b""),
        text_file(sex=b"x"),
        text_file(birthdate=b"1980021"),
        text_file(birthdate=b"1980-2-7"),
        text_file(name=b"\x80abc"),
        text_file(name=b"a\nb"),
        text_file()[:-1],
        tlv(0xFF20, text_file()[3:] + tlv(0xDF22, NAME.encode())),
        text_file().replace(TEXT_HEAD[4:6], b"\x21\x07"),
        TEXT_HEAD.replace(b"\x00\x20", b"\x00\x21") + text_file()[14:],
    ],
)
def test_a_text_record_of_another_form_is_an_error(content: bytes) -> None:
    """Cut, doubled, misplaced or not of its kind: an error, never half a person."""
    with pytest.raises(CardProtocolError):
        parse_attributes(content)


def test_a_spoilt_text_is_not_quoted() -> None:
    """The error for a name that is no UTF-8 carries none of its bytes, not even as its cause."""
    with pytest.raises(CardProtocolError) as refusal:
        parse_attributes(text_file(name="試験".encode() + b"\x80"))
    assert refusal.value.__cause__ is refusal.value.__context__ is None


def test_the_card_s_face_is_taken_apart() -> None:
    """Birth date, sex, pictures and expiry are found by their tags; repr shows no person."""
    content = visual_file()
    found = parse_visual_record(content + b"\xff" * 300)
    assert found.content == content
    assert (found.birthdate, found.sex) == (date(1980, 2, 17), Sex.FEMALE)
    assert (found.name_image, found.address_image) == (plate(16, 8), plate(24, 8))
    assert (found.photo, found.security_code_image) == (JP2, plate(32, 8))
    assert found.expires_on == date(2035, 2, 17)
    assert repr(found) == "VisualRecord(expires_on=datetime.date(2035, 2, 17))"


@pytest.mark.parametrize(
    ("photo", "found"),
    [
        (None, None),
        (b"", None),
        (b"\xff" * 100, None),
        (plate(8, 8), None),
        (JP2[:11], None),
        (JP2, JP2),
        (CODESTREAM, CODESTREAM),
    ],
)
def test_absent_empty_and_foreign_pictures_are_no_photo(
    photo: bytes | None, found: bytes | None
) -> None:
    """An infant's card may lack it in any way; boxed and bare JPEG 2000 are photos."""
    assert parse_visual_record(visual_file(photo)).photo == found


@given(st.binary(max_size=400), st.integers(0, 700), st.integers(0, 8))
def test_spoilt_records_raise_only_our_own_errors(noise: bytes, at: int, cut: int) -> None:
    """Whatever lies in the file, a parser returns or raises one of our errors."""
    for parse, good in ((parse_attributes, text_file()), (parse_visual_record, visual_file())):
        for content in (noise, good[:at] + noise + good[at + cut :]):
            try:
                parse(content)
            except TerminalError:
                continue


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("JPKIAPICCTOKEN2", TokenKind.CARD),
        ("JPKIAPGPSETOKEN", TokenKind.ANDROID),
        ("JPKIAPIOSTOKEN", TokenKind.IPHONE),
        ("SOMETHING", TokenKind.UNKNOWN),
    ],
)
def test_the_label_tells_card_and_phones_apart(label: str, kind: TokenKind) -> None:
    """Texts lose their blanks; a label that nobody published is UNKNOWN."""
    content = f"{label:<32}{'MAKER':<32}{'MODEL':<16}{'123':<16}".encode() + bytes(64)
    found = parse_token_info(content)
    assert (found.label, found.maker, found.model, found.serial) == (label, "MAKER", "MODEL", "123")
    assert found.kind is kind
    assert "123" not in repr(found)


@pytest.mark.parametrize("content", [b"", b"A" * 95, b"\x80" + b"A" * 159])
def test_token_info_of_another_form_is_an_error(content: bytes) -> None:
    """Too short or not ASCII."""
    with pytest.raises(CardProtocolError):
        parse_token_info(content)


def test_jpki_s_free_files(wallet: Wallet) -> None:
    """The CA of the authentication certificate, and the label of a card, need no PIN."""
    with DirectConnection(wallet.card()) as connection:
        session = JpkiSession(connection)
        assert session.authentication_ca().startswith(b"\x30\x82")
        assert session.token_info().kind is TokenKind.CARD


def test_the_pin_s_file_is_selected_once(wallet: Wallet) -> None:
    """Asking for the PIN and its tries is two commands; a read in between selects it anew."""
    with DirectConnection(wallet.card()) as connection:
        session = JpkiSession(connection)
        connection.commands.clear()
        assert session.has_pin
        assert session.pin_tries_left() == 3
        assert [command[1] for command in connection.commands] == [0xA4, 0x20]
        session.certificates_present()
        assert session.pin_tries_left() == 3


def test_the_same_card_is_known_by_the_head_of_its_certificate(wallet: Wallet) -> None:
    """One READ tells taro's card from hanako's."""
    with DirectConnection(wallet.card()) as connection:
        session = JpkiSession(connection)
        taro = session.authentication_certificate()
        connection.commands.clear()
        assert session.carries(taro)
        assert len(connection.commands) == 2
    with DirectConnection(wallet.card("hanako")) as connection:
        assert not JpkiSession(connection).carries(taro)


def test_attributes_open_by_number_b_or_the_own_pin(wallet: Wallet) -> None:
    """Closed before; the virtual card's person after either secret."""
    with DirectConnection(wallet.card()) as connection:
        session = TextSession(connection)
        with pytest.raises(CardProtocolError, match="6982"):
            session.attributes()
        session.verify_number_b(number_b(wallet))
        found = session.attributes()
        assert (found.name, found.birthdate, found.sex) == (NAME, date(1980, 2, 17), Sex.MALE)
        session = TextSession(connection)
        session.verify_own_pin(bytearray(PIN))
        assert session.attributes() == found


def test_each_secret_has_its_own_counter(wallet: Wallet) -> None:
    """A wrong B in the text application costs a try there, and nowhere else."""
    with DirectConnection(wallet.card()) as connection:
        text = TextSession(connection)
        assert (text.number_b_tries_left(), text.own_pin_tries_left()) == (10, 3)
        with pytest.raises(NumberBRefusedError) as refusal:
            text.verify_number_b(number_b(wallet, code=other_code(wallet)))
        assert refusal.value.tries_left == 9 == text.number_b_tries_left()
        with pytest.raises(InvalidPinError):
            text.verify_own_pin(bytearray(b"0000"))
        assert (text.number_b_tries_left(), text.own_pin_tries_left()) == (9, 2)
        assert VisualSession(connection).number_b_tries_left() == 10
        assert JpkiSession(connection, first=False).pin_tries_left() == 3


def test_an_own_pin_of_another_form_costs_no_try(wallet: Wallet) -> None:
    """Only four digits are ever sent."""
    with DirectConnection(wallet.card()) as connection:
        session = TextSession(connection)
        connection.commands.clear()
        with pytest.raises(ValueError, match="four digits"):
            session.verify_own_pin(bytearray(b"123"))
        assert not connection.commands


def test_the_card_s_face_opens_by_number_b(wallet: Wallet) -> None:
    """Closed before; birth date, pictures and expiry after it."""
    with DirectConnection(wallet.card()) as connection:
        session = VisualSession(connection)
        with pytest.raises(CardProtocolError, match="6982"):
            session.record()
        session.verify_number_b(number_b(wallet))
        record = session.record()
        assert record.birthdate == date(1980, 2, 17)
        assert record.name_image is not None
        stored = read_card(wallet.folder / "cards" / "taro.json")
        assert record.expires_on == stored.expires_on
