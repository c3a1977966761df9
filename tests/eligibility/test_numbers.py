"""Insurer numbers, institution codes and the refusal of Individual Numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.numbers import (
    IndividualNumberError,
    institution_code_is_consistent,
    insurer_number_is_consistent,
    luhn_check_digit,
    normalise_insurer_number,
    refuse_individual_number,
)

DIGITS = st.text("0123456789", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("  138123", "00138123"),
        ("138123", "00138123"),
        ("00138123", "00138123"),
        ("０６１３９４６３", "06139463"),
        ("\u3000\u3000138123", "00138123"),
        ("33120015", "33120015"),
    ],
)
def test_padding_by_spaces_and_by_zeros_give_the_same_number(written: str, normal: str) -> None:
    """However the wire pads an insurer number, inside it has 8 digits."""
    assert normalise_insurer_number(written) == normal


@pytest.mark.parametrize("written", ["", "   ", "13812", "1381230", "123456789", "06-139463", "六"])
def test_a_number_that_lost_or_gained_a_digit_is_not_filled_up(written: str) -> None:
    """Only 6 or 8 digits are an insurer number; the rest is refused without repeating it."""
    with pytest.raises(ValueError, match="6 or 8 digits"):
        normalise_insurer_number(written)


@pytest.mark.parametrize(
    ("digits", "check"),
    [
        ("3312001", 5),
        ("0613946", 3),
        ("0219999", 0),
        ("13812", 3),
        ("0013812", 3),
        ("011011371", 9),
        ("131234567", 9),
    ],
)
def test_check_digits_of_published_numbers(digits: str, check: int) -> None:
    """The check digit follows the published rule for known numbers."""
    assert luhn_check_digit(digits) == check


def test_a_wrong_insurer_check_digit_is_told_not_refused() -> None:
    """Normalising accepts a number whose check digit is wrong; a question of its own tells it."""
    assert insurer_number_is_consistent("33120015")
    assert insurer_number_is_consistent("  138123")
    assert normalise_insurer_number("33120014") == "33120014"
    assert not insurer_number_is_consistent("33120014")
    assert not insurer_number_is_consistent("3312")


@pytest.mark.parametrize(
    ("code", "consistent"),
    [("0110113719", True), ("1312345670", False), ("1312345679", True), ("011011371", False)],
)
def test_institution_codes(code: str, consistent: bool) -> None:
    """An institution code has 10 digits, the last of which fits the others."""
    assert institution_code_is_consistent(code) is consistent


@given(digits=DIGITS, place=st.integers(0, 11), other=st.integers(0, 9))
def test_one_wrong_digit_is_always_noticed(digits: str, place: int, other: int) -> None:
    """Changing one digit changes the check digit."""
    place %= len(digits)
    changed = digits[:place] + str(other) + digits[place + 1 :]
    same = luhn_check_digit(changed) == luhn_check_digit(digits)
    assert same == (changed == digits)


@pytest.mark.parametrize(
    "text",
    [
        "123456789018",
        "１２３４５６７８９０１８",
        "1234 5678 9018",
        "1234-5678-9018",
        "番号は987654321093です",
        "1234‐5678−9018",
        "1234・5678・9018",
        "1234\u200b5678\u00ad9018",
    ],
)
def test_an_individual_number_is_refused_and_not_repeated(text: str) -> None:
    """12 digits with a fitting check digit are refused however they are written."""
    with pytest.raises(IndividualNumberError) as refused:
        refuse_individual_number(text)
    assert not any(character.isdigit() for character in str(refused.value).replace("12-digit", ""))


@pytest.mark.parametrize("text", ["123456789012", "06139463", "1234567890189", "", "見本　太郎"])
def test_other_numbers_are_not_taken_for_an_individual_number(text: str) -> None:
    """A wrong check digit, or another count of digits, is no Individual Number."""
    refuse_individual_number(text)
