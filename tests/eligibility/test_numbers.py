"""Insurer numbers, institution codes and the refusal of Individual Numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.law_numbers import LAW_NUMBERS, law_number_of
from eligibility.numbers import (
    IndividualNumberError,
    institution_code_is_consistent,
    insurer_number_is_consistent,
    insurer_number_on_the_wire,
    luhn_check_digit,
    normalise_insurer_number,
    recipient_number_is_consistent,
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
    ("number", "consistent"),
    [
        ("54016027", True),
        ("５４０１６０２７", True),
        ("54016028", False),
        ("5401602", False),
    ],
)
def test_public_payer_numbers(number: str, consistent: bool) -> None:
    """The last of the eight digits of a 公費負担者番号 fits the others."""
    assert insurer_number_is_consistent(number) is consistent


@pytest.mark.parametrize(
    ("number", "consistent"), [("1234566", True), ("1234567", False), ("123456", False)]
)
def test_recipient_numbers(number: str, consistent: bool) -> None:
    """受給者番号 has seven digits, the last of which fits the others."""
    assert recipient_number_is_consistent(number) is consistent


@given(st.text("0123456789", min_size=6, max_size=6))
def test_a_number_comes_back_from_the_wire_as_it_was(digits: str) -> None:
    """Six digits stand behind two spaces there and behind two zeros here; eight stand alone."""
    assert insurer_number_on_the_wire(digits) == f"  {digits}"
    assert normalise_insurer_number(insurer_number_on_the_wire(digits)) == f"00{digits}"
    assert insurer_number_on_the_wire(f"06{digits}") == f"06{digits}"


@pytest.mark.parametrize(
    ("number", "name", "public_expense"),
    [
        ("  138123", "国民健康保険", False),
        ("00138123", "国民健康保険", False),
        ("01130012", "協会けんぽ", False),
        ("06139463", "健保組合", False),
        ("39130005", "後期高齢者医療", False),
        ("12138014", "生活保護法（医療扶助）", True),
        ("54016027", "難病法（特定医療）", True),
    ],
)
def test_the_first_two_digits_name_the_law(number: str, name: str, public_expense: bool) -> None:
    """Insurances and public expenses, each with its usual name and an English reading."""
    law = law_number_of(number)
    assert law is not None
    assert (law.ja, law.public_expense) == (name, public_expense)
    assert law.en.isascii()


def test_a_law_that_the_table_does_not_hold_has_no_name() -> None:
    """As the schemes of prefectures, from 80 on: nothing is guessed."""
    assert law_number_of("81130005") is None
    assert all(code == law.code and len(code) == 2 for code, law in LAW_NUMBERS.items())
    assert all(law.ja and law.en for law in LAW_NUMBERS.values())


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
