"""照合番号B: put together from its parts, each refused by name, and forgotten when cleared."""

from __future__ import annotations

import copy
import logging
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.card.number_b import NumberB, year_of_era
from terminal.errors import (
    NumberBBlockedError,
    NumberBEntryError,
    NumberBPart,
    NumberBReason,
    NumberBRefusedError,
)
from tests.card.cards import WrittenCard

TODAY = date(2026, 11, 24)
SELECT_B = ("00A4020C020015", "9000")


def shown(number: NumberB) -> bytes:
    """Return the digits that a card is sent."""
    sent = bytearray()

    class Card(WrittenCard):
        def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
            if apdu[1] == 0x20:
                sent.extend(apdu[5:])
            return b"", 0x9000

    number.show(Card(), 0x0015)
    return bytes(sent)


def made(birthdate: date = date(1980, 2, 17), expiry: int = 2035, code: bytes = b"2285") -> NumberB:
    """Put a number together."""
    return NumberB(birthdate, expiry, bytearray(code), today=TODAY)


def test_the_published_number() -> None:
    """1980-02-17 (昭和55), 2035 and 2285 are 55021720352285, as tried on a real card."""
    assert shown(made()) == b"55021720352285"


@pytest.mark.parametrize(
    ("birthdate", "year"),
    [
        (date(1873, 1, 1), 6),
        (date(1912, 7, 29), 45),
        (date(1912, 7, 30), 1),
        (date(1926, 12, 24), 15),
        (date(1926, 12, 25), 1),
        (date(1989, 1, 7), 64),
        (date(1989, 1, 8), 1),
        (date(2019, 4, 30), 31),
        (date(2019, 5, 1), 1),
        (date(2026, 11, 24), 8),
    ],
)
def test_the_eras_change_on_their_day(birthdate: date, year: int) -> None:
    """The day of a change belongs to the new era: 明治45 ends on 29 July 1912, and so on."""
    assert year_of_era(birthdate) == year
    assert shown(made(birthdate))[:2] == b"%02d" % year


@given(
    st.dates(date(1873, 1, 1), TODAY),
    st.integers(2016, TODAY.year + 11),
    st.from_regex(rb"\A[0-9]{4}\Z"),
)
def test_any_number_is_fourteen_digits_of_its_parts(
    birthdate: date, expiry: int, code: bytes
) -> None:
    """Whatever the era: two digits of its year, then month, day, expiry and code unchanged."""
    digits = shown(made(birthdate, expiry, code))
    assert len(digits) == 14
    assert digits.isdigit()
    assert digits[2:6] == f"{birthdate:%m%d}".encode()
    assert digits[6:] == b"%04d" % expiry + code
    assert 1 <= int(digits[:2]) <= 64


@given(st.dates(date(1873, 1, 2), TODAY))
def test_the_year_of_an_era_never_jumps(birthdate: date) -> None:
    """From a day to the next it stays, grows by one at New Year, or begins again at 1."""
    before, after = year_of_era(date.fromordinal(birthdate.toordinal() - 1)), year_of_era(birthdate)
    new_year = (birthdate.month, birthdate.day) == (1, 1)
    assert after == before + new_year or after == 1


@pytest.mark.parametrize(
    ("birthdate", "expiry", "code", "part", "reason"),
    [
        (date(2026, 11, 25), 2035, b"2285", NumberBPart.BIRTHDATE, NumberBReason.IN_FUTURE),
        (date(1872, 12, 31), 2035, b"2285", NumberBPart.BIRTHDATE, NumberBReason.OUT_OF_RANGE),
        (date(1980, 2, 17), 2015, b"2285", NumberBPart.EXPIRY_YEAR, NumberBReason.OUT_OF_RANGE),
        (date(1980, 2, 17), 2038, b"2285", NumberBPart.EXPIRY_YEAR, NumberBReason.OUT_OF_RANGE),
        (date(1980, 2, 17), 35, b"2285", NumberBPart.EXPIRY_YEAR, NumberBReason.OUT_OF_RANGE),
        (date(1980, 2, 17), 2035, b"228", NumberBPart.SECURITY_CODE, NumberBReason.FORM),
        (date(1980, 2, 17), 2035, b"22855", NumberBPart.SECURITY_CODE, NumberBReason.FORM),
        (date(1980, 2, 17), 2035, b"22 5", NumberBPart.SECURITY_CODE, NumberBReason.FORM),
        (
            date(1980, 2, 17),
            2035,
            "２２８５".encode(),
            NumberBPart.SECURITY_CODE,
            NumberBReason.FORM,
        ),
    ],
)
def test_a_part_that_cannot_be_right_is_named(
    birthdate: date, expiry: int, code: bytes, part: NumberBPart, reason: NumberBReason
) -> None:
    """The error tells which part and why, and carries nothing of what was typed."""
    with pytest.raises(NumberBEntryError) as refusal:
        made(birthdate, expiry, code)
    assert (refusal.value.part, refusal.value.reason) == (part, reason)
    assert str(refusal.value) == f"照合番号B: {part}: {reason}"


def test_it_is_sent_once_whatever_the_card_says() -> None:
    """Refused with the tries left, or blocked; neither is tried again nor carries the digits."""
    verify = "002000800E" + b"55021720352285".hex()
    card = WrittenCard(SELECT_B, (verify, "63C4"))
    with pytest.raises(NumberBRefusedError) as refusal:
        made().show(card, 0x0015)
    assert refusal.value.tries_left == 4
    assert refusal.value.__cause__ is None
    for sw in ("63C0", "6983", "6984"):
        card = WrittenCard(SELECT_B, (verify, sw))
        with pytest.raises(NumberBBlockedError):
            made().show(card, 0x0015)
        assert card.all_said


def test_nothing_of_it_shows(caplog: pytest.LogCaptureFixture) -> None:
    """Neither repr nor str nor the most talkative log holds its digits."""
    caplog.set_level(1)
    logging.getLogger("test").info("%s %r", made(), made())
    shown(made())
    said = f"{made()} {made()!r} {caplog.text}"
    assert "NumberB()" in said
    for part in ("550217", "2035", "2285"):
        assert part not in said


def test_a_cleared_number_is_gone() -> None:
    """Leaving the block clears it: nothing is sent any more, clearing again does no harm."""
    with made() as number:
        assert shown(number)
    with pytest.raises(ValueError, match="cleared"):
        number.show(WrittenCard(), 0x0015)
    number.clear()


def test_clearing_overwrites_the_buffer_itself() -> None:
    """A copy that shares the buffer loses the digits too: they are wiped, not only let go."""
    number = made()
    other = copy.copy(number)
    number.clear()
    with pytest.raises(ValueError, match="cleared"):
        other.show(WrittenCard(), 0x0015)
