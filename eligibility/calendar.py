"""Japan's time, in which every day and month of the interface is meant, and its months."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class CalendarMonth:
    """A month: of treatment (診療年月), which is all that a receipt may say of the day, or any."""

    year: int
    month: int

    @classmethod
    def read(cls, text: str) -> CalendarMonth:
        """Return the month written as ``2026-11``; raises ValueError for anything else."""
        found = _MONTH.fullmatch(text)
        if found is None or found[1] == "0000":
            msg = "a month is written YYYY-MM"
            raise ValueError(msg)
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> CalendarMonth:
        """Return the month that ``day`` lies in."""
        return cls(day.year, day.month)

    @classmethod
    def at(cls, moment: datetime) -> CalendarMonth:
        """Return the month in Japan of a moment."""
        return cls.of(moment.astimezone(JAPAN))

    def __str__(self) -> str:
        """Return the month as ISO 8601 writes it."""
        return f"{self.year:04}-{self.month:02}"

    @property
    def next(self) -> CalendarMonth:
        """The month after."""
        return CalendarMonth(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def first(self) -> date:
        """The first day."""
        return date(self.year, self.month, 1)

    @property
    def days(self) -> tuple[date, ...]:
        """Every day of the month."""
        count = (self.next.first - self.first).days
        return tuple(self.first + timedelta(days=number) for number in range(count))

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first moment of this month and of the next, in Japan."""
        return (
            datetime.combine(self.first, time(), JAPAN),
            datetime.combine(self.next.first, time(), JAPAN),
        )
