"""Birth dates as receipt computers write them: ISO and Japanese eras; none is guessed."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

ERAS: tuple[tuple[str, tuple[str, ...], date, date], ...] = (
    ("1", ("明治", "明", "m"), date(1868, 1, 25), date(1912, 7, 29)),
    ("2", ("大正", "大", "t"), date(1912, 7, 30), date(1926, 12, 24)),
    ("3", ("昭和", "昭", "s"), date(1926, 12, 25), date(1989, 1, 7)),
    ("4", ("平成", "平", "h"), date(1989, 1, 8), date(2019, 4, 30)),
    ("5", ("令和", "令", "r"), date(2019, 5, 1), date.max),
)
"""Code in claims (レセプト), names, first and last day of each era."""

_WESTERN = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日)", re.ASCII)
_EIGHT_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_SEVEN_DIGITS = re.compile(r"([1-5])(\d{2})(\d{2})(\d{2})", re.ASCII)
_ERA = re.compile(
    r"([a-z]|[明大昭平令][治正和成]?)(\d{1,2}|元)(?:年(\d{1,2})月(\d{1,2})日"
    r"|([-/.])(\d{1,2})\5(\d{1,2})|(\d{2})(\d{2}))",
    re.ASCII,
)


def read_birthdate(written: str) -> date:
    """Return the day that ``written`` names.

    Taken are ``1955-04-05`` (also with slashes or dots), ``19550405``, ``1955年4月5日``,
    ``S30.4.5``, ``昭和30年4月5日``, ``S300405`` and the claims' ``3300405``, in either width.
    Raises ValueError, without what was written, for anything else, a day that no calendar has and
    one outside its era.
    """
    text = "".join(unicodedata.normalize("NFKC", written).split()).casefold()
    if found := _WESTERN.fullmatch(text):
        year, _, month, day, month_2, day_2 = found.groups()
        return date(int(year), int(month or month_2), int(day or day_2))
    if found := _EIGHT_DIGITS.fullmatch(text):
        return date(*map(int, found.groups()))
    if found := _SEVEN_DIGITS.fullmatch(text):
        code, era_year, month, day = found.groups()
        return _in_era(code, int(era_year), int(month), int(day))
    if found := _ERA.fullmatch(text):
        name, era_year, month, day, _, month_2, day_2, month_3, day_3 = found.groups()
        number = 1 if era_year == "元" else int(era_year)
        return _in_era(name, number, int(month or month_2 or month_3), int(day or day_2 or day_3))
    msg = "this is no date"
    raise ValueError(msg)


def _in_era(era: str, year: int, month: int, day: int) -> date:
    for code, names, first, last in ERAS:
        if era == code or era in names:
            if year >= 1 and first <= (found := date(first.year + year - 1, month, day)) <= last:
                return found
            msg = "this era has no such day"
            raise ValueError(msg)
    msg = "there is no such era"
    raise ValueError(msg)
