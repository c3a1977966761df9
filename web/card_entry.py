"""The form for 照合番号B: what was typed, and what to correct, at its field.

The security code is never part of it, so no page can show it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from terminal.errors import NumberBEntryError, NumberBPart, NumberBReason
from web.i18n import text

YEAR_DIGITS = 4
MESSAGES = {
    (NumberBPart.BIRTHDATE, NumberBReason.FORM): "staff.card.birthdate.form",
    (NumberBPart.BIRTHDATE, NumberBReason.IN_FUTURE): "staff.card.birthdate.in-future",
    (NumberBPart.BIRTHDATE, NumberBReason.OUT_OF_RANGE): "staff.card.birthdate.out-of-range",
    (NumberBPart.EXPIRY_YEAR, NumberBReason.FORM): "staff.card.expiry-year.form",
    (NumberBPart.EXPIRY_YEAR, NumberBReason.OUT_OF_RANGE): "staff.card.expiry-year.out-of-range",
    (NumberBPart.SECURITY_CODE, NumberBReason.FORM): "staff.card.security-code.form",
}


@dataclass(frozen=True, slots=True)
class CardEntry:
    """``birthdate`` and ``expiry_year``: None where nothing usable was typed.

    ``errors``: by field, in the page's language.
    """

    birthdate: date | None = None
    expiry_year: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, form: Mapping[str, str]) -> CardEntry:
        """Return what was typed, each unusable field with its error."""
        birthdate, year = _date(form.get("birthdate", "")), _year(form.get("expiry_year", ""))
        missing = [
            part
            for part, value in (
                (NumberBPart.BIRTHDATE, birthdate),
                (NumberBPart.EXPIRY_YEAR, year),
            )
            if value is None
        ]
        entry = cls(birthdate, year)
        for part in missing:
            entry = entry.refused(NumberBEntryError(part, NumberBReason.FORM))
        return entry

    def refused(self, error: NumberBEntryError) -> CardEntry:
        """Return the same with one more error at its field."""
        name = error.part.value.replace("-", "_")
        words = text(MESSAGES[error.part, error.reason])
        return replace(self, errors={**self.errors, name: words})


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None


def _year(typed: str) -> int | None:
    digits = typed.strip()
    return int(digits) if len(digits) == YEAR_DIGITS and digits.isdecimal() else None
