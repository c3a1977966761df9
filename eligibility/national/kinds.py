"""Kinds of values in the national messages: how each is read from text, and written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Generic, TypeVar

from eligibility.codes import CodeTable, Table, UnknownCode, read_code
from eligibility.model import CopayRatio, read_copay_ratio
from eligibility.numbers import insurer_number_on_the_wire, normalise_insurer_number

_JST = timezone(timedelta(hours=9), "JST")
"""The interface's clock; with Japan's own of before 1952 some moments would have two readings."""

_DAY = re.compile(r"[0-9]{8}")
_MONTH = re.compile(r"[0-9]{6}")
_MOMENT = re.compile(r"[0-9]{14}")
_WHOLE = re.compile(r"[0-9]{1,12}")
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_MOST_YEN = 10**9

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Kind(Generic[Value]):
    """How one kind of value is read from text (raises ValueError) and written."""

    read: Callable[[str], Value]
    write: Callable[[Value], str]


def _read_day(text: str) -> date:
    if not _DAY.fullmatch(text):
        msg = "a day is written yyyyMMdd"
        raise ValueError(msg)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _read_month(text: str) -> date:
    if not _MONTH.fullmatch(text):
        msg = "a month is written yyyyMM"
        raise ValueError(msg)
    return date(int(text[:4]), int(text[4:]), 1)


def _read_moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        msg = "a moment is written yyyyMMddHHmmss"
        raise ValueError(msg)
    numbers = (int(text[at : at + 2]) for at in range(4, 14, 2))
    try:
        return datetime(int(text[:4]), *numbers, tzinfo=_JST).astimezone(UTC)  # type: ignore[misc, arg-type]
    except OverflowError:
        msg = "the moment lies outside the calendar"
        raise ValueError(msg) from None


def _write_day(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def _write_month(day: date) -> str:
    return f"{day.year:04}{day.month:02}"


def _write_moment(moment: datetime) -> str:
    local = moment.astimezone(_JST)
    return f"{_write_day(local)}{local.hour:02}{local.minute:02}{local.second:02}"


def _read_whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        msg = "a number is written in digits"
        raise ValueError(msg)
    return int(text)


def _read_decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        msg = "an amount is written in digits"
        raise ValueError(msg)
    return Decimal(text)


def _read_yen(text: str) -> int:
    yen = _read_whole(text)
    if yen > _MOST_YEN:
        msg = "no amount is as large"
        raise ValueError(msg)
    return yen


def _write_ratio(ratio: CopayRatio | UnknownCode) -> str:
    return ratio.value if isinstance(ratio, UnknownCode) else f"{ratio.percent:03}"


TEXT: Kind[str] = Kind(str, str)
DAY: Kind[date] = Kind(_read_day, _write_day)
MONTH: Kind[date] = Kind(_read_month, _write_month)
MOMENT: Kind[datetime] = Kind(_read_moment, _write_moment)
WHOLE: Kind[int] = Kind(_read_whole, str)
AMOUNT: Kind[Decimal] = Kind(_read_decimal, "{:f}".format)
YEN: Kind[int] = Kind(_read_yen, str)
RATIO: Kind[CopayRatio | UnknownCode] = Kind(read_copay_ratio, _write_ratio)
INSURER_NUMBER: Kind[str] = Kind(normalise_insurer_number, insurer_number_on_the_wire)


def code(table: type[Table]) -> Kind[Table | UnknownCode]:
    """Return the kind of a code of ``table``; one that the table does not hold is kept."""

    def write(value: CodeTable | UnknownCode) -> str:
        return str(value.value)

    return Kind(lambda text: read_code(table, text), write)
