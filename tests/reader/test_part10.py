"""What readers say of themselves (PC/SC part 10), and PIN entry on them, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smartcard import scard

from terminal.errors import (
    CardUnreadableError,
    PinEntryCancelledError,
    PinEntryLengthError,
    PinEntryTimeoutError,
    PinEntryUnsupportedError,
)
from terminal.reader.part10 import (
    GET_FEATURE_REQUEST,
    Abilities,
    Part10PinPad,
    ask_abilities,
    parse_features,
    parse_properties,
    pin_verify_structure,
)
from terminal.reader.t0 import to_t0

VERIFY = bytes.fromhex("00200080")


def test_the_request_has_pcsc_lite_s_number() -> None:
    """The control code is the one that pcsc-lite's own macro makes."""
    assert scard.SCARD_CTL_CODE(3400) == GET_FEATURE_REQUEST


def test_the_structure_asks_for_four_digits_and_ok() -> None:
    """Each field of PIN_VERIFY_STRUCTURE stands where part 10 has it, numbers little-endian."""
    assert pin_verify_structure(VERIFY, 4).hex(" ", -4) == bytes.fromhex(
        "1E1E 82 04 00 0404 02 01 1104 00 000000 09000000 00200080 04 FFFFFFFF"
    ).hex(" ", -4)


def test_features_and_properties_of_a_reader() -> None:
    """Control codes are big-endian, properties little-endian of any length."""
    assert parse_features(bytes.fromhex("0604 42330006 1204 42330012")) == {
        0x06: 0x42330006,
        0x12: 0x42330012,
    }
    assert parse_properties(bytes.fromhex("0601 04 0702 0C00 0A04 00000100"))[0x0A] == 0x10000


@given(st.binary(max_size=64))
def test_any_list_of_abilities_is_taken_calmly(content: bytes) -> None:
    """Damage in a list never keeps a reader from reading cards: at least short APDUs remain."""
    abilities = ask_abilities(lambda *_: content, 1)
    assert 256 <= abilities.longest_data <= 0x10000
    assert abilities.verify_code is None or abilities.verify_code <= 0xFFFFFFFF


def test_a_reader_without_part_10_can_do_the_least() -> None:
    """Unknown control codes mean no keypad and short APDUs."""
    assert ask_abilities(lambda *_: None, 1) == Abilities(None, 256)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("6400", PinEntryTimeoutError),
        ("6401", PinEntryCancelledError),
        ("6403", PinEntryLengthError),
        ("6B80", PinEntryUnsupportedError),
        ("", CardUnreadableError),
        ("00009000", CardUnreadableError),
    ],
)
def test_each_end_of_an_entry_has_its_error(answer: str, error: type[Exception]) -> None:
    """What the reader itself says is never taken for the card's word on the PIN."""
    pinpad = Part10PinPad(lambda *_: bytes.fromhex(answer), 1, 1)
    with pytest.raises(error):
        pinpad.verify(VERIFY, 4)


@pytest.mark.parametrize(
    ("apdu", "sent"),
    [
        ("00200080", "0020008000"),
        ("00B0000000", "00B0000000"),
        ("00A4020C020017", "00A4020C020017"),
        ("802A008003AABBCC00", "802A008003AABBCC"),
    ],
)
def test_commands_take_the_form_of_t0(apdu: str, sent: str) -> None:
    """Case 1 gets P3, case 4 loses Le, cases 2 and 3 stay."""
    assert bytes(to_t0(bytes.fromhex(apdu))) == bytes.fromhex(sent)


def test_a_pin_is_not_copied_for_t0() -> None:
    """VERIFY passes as the very buffer that its owner clears."""
    command = bytearray.fromhex("002000800431323334")
    assert to_t0(command) is command
