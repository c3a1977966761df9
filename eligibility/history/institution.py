"""Where something was prescribed, dispensed, done or measured, and in which month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Institution:
    """医療機関・薬局.  ``code``: 医療機関コード, 10 digits, as the payer wrote it; not checked."""

    name: str
    code: str | None = None

    def is_same_as(self, other: Institution) -> bool:
        """Whether both are one place for certain: equal codes, or equal names without any code."""
        if self.code is not None or other.code is not None:
            return self.code == other.code
        return self.name == other.name

    def is_other_than(self, other: Institution) -> bool:
        """Whether both are two places for certain: unequal codes, or unequal names without any."""
        if self.code is not None and other.code is not None:
            return self.code != other.code
        return self.code is None and other.code is None and self.name != other.name


@dataclass(frozen=True, slots=True, order=True)
class CalendarMonth:
    """A month of treatment (診療年月): all that a receipt may say of the day."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> CalendarMonth:
        """Return the month that ``day`` lies in."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        """Return the month as ISO 8601 writes it."""
        return f"{self.year:04}-{self.month:02}"
