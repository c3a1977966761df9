"""Numbers of insurers and institutions: padding and check digits (検証番号).

A wrong check digit is a warning, never a reason to refuse: public sample data is full of them.
The 12-digit Individual Number (個人番号) is recognised here for one purpose, to refuse it.
"""

from __future__ import annotations

import re
import unicodedata

INSURER_NUMBER_DIGITS = 8
NATIONAL_HEALTH_INSURANCE_DIGITS = 6
INSTITUTION_CODE_DIGITS = 10
RECIPIENT_NUMBER_DIGITS = 7

_BETWEEN = r"[\s\-‐‑‒–—―−・.]"
_TWELVE_DIGITS = re.compile(rf"(?<![0-9])[0-9](?:{_BETWEEN}?[0-9]){{11}}(?![0-9])")


class IndividualNumberError(ValueError):
    """A text holds what can only be an Individual Number; the text itself is never repeated."""

    def __init__(self) -> None:
        super().__init__("this looks like a 12-digit Individual Number, which is not taken here")


def _plain(text: str) -> str:
    """Return ``text`` in half width and without white space at its ends."""
    return unicodedata.normalize("NFKC", text).strip()


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def normalise_insurer_number(text: str) -> str:
    """Return an insurer number (保険者番号) or public payer number (公費負担者番号) as 8 digits.

    The eligibility system pads the 6-digit numbers of national health insurance with spaces, FHIR
    pads them with zeros; here they are zeros.  Raises ValueError for anything else than 6 or 8
    digits: a number that lost a digit is never filled up.
    """
    digits = _plain(text)
    allowed = (NATIONAL_HEALTH_INSURANCE_DIGITS, INSURER_NUMBER_DIGITS)
    if not _is_digits(digits) or len(digits) not in allowed:
        msg = f"an insurer number has 6 or 8 digits, not {len(digits)} characters like these"
        raise ValueError(msg)
    return digits.rjust(INSURER_NUMBER_DIGITS, "0")


def insurer_number_on_the_wire(number: str) -> str:
    """Return an insurer number as the eligibility system writes it: 8 characters, padded by spaces.

    A number of national health insurance (国民健康保険) has two spaces before its six digits.
    Raises ValueError for what is no insurer number.
    """
    normal = normalise_insurer_number(number)
    return f"  {normal[2:]}" if normal.startswith("00") else normal


def luhn_check_digit(digits: str) -> int:
    """Return the check digit for ``digits`` (weights 2, 1, 2, 1 … from the right).

    Source: 保険者番号等設定要領; a product of two digits counts as the sum of its digits.
    """
    if not _is_digits(digits):
        msg = "a check digit is computed over digits"
        raise ValueError(msg)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        product = int(digit) * (2 if place % 2 == 0 else 1)
        total += product // 10 + product % 10
    return (10 - total % 10) % 10


def _ends_in_its_check_digit(number: str, length: int) -> bool:
    return (
        _is_digits(number)
        and len(number) == length
        and int(number[-1]) == luhn_check_digit(number[:-1])
    )


def insurer_number_is_consistent(number: str) -> bool:
    """Whether the last digit of this insurer number, 6 or 8 digits, fits the others.

    A public payer number (公費負担者番号, 8 digits) ends in the same check digit.
    """
    try:
        normal = normalise_insurer_number(number)
    except ValueError:
        return False
    return _ends_in_its_check_digit(normal, INSURER_NUMBER_DIGITS)


def recipient_number_is_consistent(number: str) -> bool:
    """Whether this is a recipient number (公費受給者番号, 7 digits) with a fitting check digit.

    Some municipalities give numbers without one, so that this is a warning as all others.
    """
    return _ends_in_its_check_digit(_plain(number), RECIPIENT_NUMBER_DIGITS)


def institution_code_is_consistent(code: str) -> bool:
    """Whether this is a 10-digit institution code (医療機関コード) with a fitting check digit."""
    return _ends_in_its_check_digit(_plain(code), INSTITUTION_CODE_DIGITS)


def _individual_number_check_digit(eleven: str) -> int:
    """Return the 12th digit (行政手続における特定の個人を識別するための番号…省令85号 第5条)."""
    total = 0
    for n, digit in enumerate(reversed(eleven), start=1):
        total += int(digit) * (n + 1 if n <= 6 else n - 5)
    remainder = total % 11
    return 0 if remainder <= 1 else 11 - remainder


def refuse_individual_number(text: str) -> None:
    """Raise IndividualNumberError if ``text`` holds 12 digits with a fitting check digit.

    Spaces, hyphens and dots between the digits, full width and characters without width do not
    hide it.
    """
    seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
    for match in _TWELVE_DIGITS.finditer(unicodedata.normalize("NFKC", seen)):
        digits = re.sub(_BETWEEN, "", match.group())
        if int(digits[11]) == _individual_number_check_digit(digits[:11]):
            raise IndividualNumberError
