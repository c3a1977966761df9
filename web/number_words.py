"""Numbers of insurers and recipients in words: by which law, whether the check digit fits."""

from __future__ import annotations

from eligibility.law_numbers import law_number_of
from eligibility.numbers import insurer_number_is_consistent, recipient_number_is_consistent
from web.i18n import current_language, text


def insurer_number(number: str) -> str:
    """Return an insurer number with its 法別番号 in words, and a warning for its check digit.

    A number that does not fit is warned of, never refused: see :mod:`eligibility.numbers`.
    """
    try:
        law = law_number_of(number)
    except ValueError:
        law = None
    words = number
    if law is not None:
        name = law.ja if current_language() == "ja" else law.en
        words = text("field.insurer-number.by-law", number=number, law=name)
    if insurer_number_is_consistent(number):
        return words
    return text("field.insurer-number.check-digit", number=words)


def recipient_number(number: str) -> str:
    """Return a recipient number (公費受給者番号), with a warning where its check digit is wrong."""
    if recipient_number_is_consistent(number):
        return number
    return text("field.recipient-number.check-digit", number=number)
