"""The clinic's register as a CSV file: bytes → records, with what is wrong, line by line.  Pure.

A file is taken whole or not at all, so one wrong line keeps all of it out.  What a line says is
never repeated in a problem, an error or a log: only its number, its column and why.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import Sex
from eligibility.numbers import (
    IndividualNumberError,
    normalise_insurer_number,
    refuse_individual_number,
)
from terminal.errors import RegisterFileError, RegisterFileReason
from terminal.register_dates import read_birthdate

LARGEST_FILE = 8 * 1024 * 1024
"""Bytes; a larger register is imported in parts, since nothing is deleted by what is missing."""
MOST_LINES = 100_000
MOST_PROBLEMS = 100
"""How many problems are told one by one; the others are counted."""
LONGEST = {"name": 100, "name_kana": 100, "address": 300}
LONGEST_NUMBER = 40
INDIVIDUAL_NUMBER_DIGITS = 12
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Column(StrEnum):
    """The columns, by the names of :class:`~eligibility.clinic_record.ClinicRecord`."""

    PATIENT_NUMBER = "patient_number"
    NAME = "name"
    NAME_KANA = "name_kana"
    BIRTHDATE = "birthdate"
    SEX = "sex"
    POST_NUMBER = "post_number"
    ADDRESS = "address"
    INSURER_NUMBER = "insurer_number"
    SYMBOL = "insured_card_symbol"
    NUMBER = "insured_identification_number"
    BRANCH = "insured_branch_number"


REQUIRED = (Column.PATIENT_NUMBER, Column.NAME, Column.BIRTHDATE)
HEADERS: dict[Column, tuple[str, ...]] = {
    Column.PATIENT_NUMBER: ("患者番号", "patient_number", "カルテ番号", "照会番号"),
    Column.NAME: ("氏名", "name", "患者氏名", "漢字氏名"),
    Column.NAME_KANA: ("カナ", "name_kana", "カナ氏名", "フリガナ", "氏名カナ"),
    Column.BIRTHDATE: ("生年月日", "birthdate", "date_of_birth"),
    Column.SEX: ("性別", "sex", "gender"),
    Column.POST_NUMBER: ("郵便番号", "post_number", "postal_code"),
    Column.ADDRESS: ("住所", "address"),
    Column.INSURER_NUMBER: ("保険者番号", "insurer_number"),
    Column.SYMBOL: ("記号", "insured_card_symbol", "symbol", "被保険者証記号"),
    Column.NUMBER: ("番号", "insured_identification_number", "number", "被保険者証番号"),
    Column.BRANCH: ("枝番", "insured_branch_number", "branch"),
}
"""Every name that a column may have, the one that we write first."""

_INDIVIDUAL_NUMBER_HEADERS = ("個人番号", "マイナンバー", "mynumber", "individualnumber")
_SEXES = {
    "1": Sex.MALE,
    "男": Sex.MALE,
    "男性": Sex.MALE,
    "2": Sex.FEMALE,
    "女": Sex.FEMALE,
    "女性": Sex.FEMALE,
    "3": Sex.NOT_SET,
    "未設定": Sex.NOT_SET,
}
_CONTROL_CHARACTER = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PATIENT_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,19}")
_POST_NUMBER = re.compile(r"〒?(\d{3})-?(\d{4})", re.ASCII)
_BRANCH = re.compile(r"\d{1,2}", re.ASCII)


class LineReason(StrEnum):
    """Why a line is not taken."""

    MISSING = "missing"
    FORM = "form"
    TOO_LONG = "too-long"
    IN_FUTURE = "in-future"
    NUMBER_TWICE = "number-twice"
    INDIVIDUAL_NUMBER = "individual-number"
    CELLS = "cells"
    CONTROL_CHARACTER = "control-character"


@dataclass(frozen=True, slots=True)
class LineProblem:
    """One thing wrong with one line.

    ``line``: of the file, the header is 1; ``column``: None where it is about the whole line, or a
    column that is not ours; ``other_line``: where the same patient number stands first.
    """

    line: int
    reason: LineReason
    column: Column | None = None
    other_line: int | None = None


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """What a file holds.  ``records`` is empty where ``problem_count`` is not 0.

    ``problems``: the first MOST_PROBLEMS; ``not_taken``: headers of columns that are not ours.
    """

    records: tuple[ClinicRecord, ...]
    lines: int
    columns: tuple[Column, ...]
    not_taken: tuple[str, ...]
    encoding: str
    problems: tuple[LineProblem, ...] = ()
    problem_count: int = 0


class _LineError(ValueError):
    def __init__(self, reason: LineReason, column: Column | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column


def read_register_file(data: bytes, today: date) -> RegisterFile:
    """Return what ``data`` holds; ``today``: the day in Japan, after which nobody is born.

    UTF-8 with or without a mark, or Shift_JIS (cp932).  Raises RegisterFileError where it is no
    register at all, or too large.
    """
    if len(data) > LARGEST_FILE:
        raise RegisterFileError(RegisterFileReason.TOO_LARGE)
    text, encoding = _decoded(data)
    lines = _lines(text)
    _, header = next(lines, (0, []))
    places, not_taken = _places(header)
    records: list[ClinicRecord] = []
    problems: list[LineProblem] = []
    count, total = 0, 0
    first_line: dict[str, int] = {}
    for line, cells in lines:
        total += 1
        if total > MOST_LINES:
            raise RegisterFileError(RegisterFileReason.TOO_MANY_LINES)
        try:
            record = _record(cells, places, len(header), today)
        except _LineError as error:
            problem = LineProblem(line, error.reason, error.column)
        else:
            other = first_line.setdefault(record.patient_number, line)
            if other == line:
                records.append(record)
                continue
            problem = LineProblem(line, LineReason.NUMBER_TWICE, Column.PATIENT_NUMBER, other)
        count += 1
        if len(problems) < MOST_PROBLEMS:
            problems.append(problem)
    if total == 0:
        raise RegisterFileError(RegisterFileReason.EMPTY)
    return RegisterFile(
        () if count else tuple(records),
        total,
        tuple(column for column in Column if column in places),
        not_taken,
        encoding,
        tuple(problems),
        count,
    )


def _decoded(data: bytes) -> tuple[str, str]:
    if not data.strip():
        raise RegisterFileError(RegisterFileReason.EMPTY)
    if not data.startswith(UTF_16_MARKS):
        for codec, name in (("utf-8-sig", "UTF-8"), ("cp932", "Shift_JIS")):
            try:
                return data.decode(codec), name
            except UnicodeDecodeError:
                continue
    raise RegisterFileError(RegisterFileReason.ENCODING)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line of the file where each row begins, and its cells; empty rows are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise RegisterFileError(RegisterFileReason.NOT_CSV, line=begins) from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield begins, cells


def _plain_header(header: str) -> str:
    plain = unicodedata.normalize("NFKC", header).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


_COLUMN_OF = {_plain_header(name): column for column, names in HEADERS.items() for name in names}


def _places(header: list[str]) -> tuple[dict[Column, int], tuple[str, ...]]:
    """Return where each of our columns stands, and the names of the others."""
    places: dict[Column, int] = {}
    others = []
    for place, name in enumerate(header):
        plain = _plain_header(name)
        if plain in _INDIVIDUAL_NUMBER_HEADERS:
            raise RegisterFileError(RegisterFileReason.INDIVIDUAL_NUMBER, line=1)
        column = _COLUMN_OF.get(plain)
        if column is None:
            others.append(_shown(name))
        elif column in places:
            raise RegisterFileError(RegisterFileReason.COLUMN_TWICE, (column.value,), line=1)
        else:
            places[column] = place
    missing = tuple(column.value for column in REQUIRED if column not in places)
    if missing:
        raise RegisterFileError(RegisterFileReason.COLUMN_MISSING, missing)
    return places, tuple(others[:LONGEST_NUMBER])


def _shown(header: str) -> str:
    """Return a foreign header so that it can be shown: short, printable, and no number."""
    printable = "".join(letter for letter in header.strip() if letter.isprintable())[:30]
    return "…" if any(letter.isdigit() for letter in printable) else printable


def _record(cells: list[str], places: dict[Column, int], width: int, today: date) -> ClinicRecord:
    if len(cells) != width:
        raise _LineError(LineReason.CELLS)
    columns = {place: column for column, place in places.items()}
    for place, cell in enumerate(cells):
        if cell.isascii() and len(cell) < INDIVIDUAL_NUMBER_DIGITS:
            continue
        try:
            refuse_individual_number(cell)
        except IndividualNumberError:
            raise _LineError(LineReason.INDIVIDUAL_NUMBER, columns.get(place)) from None
    values: dict[str, object] = {}
    for column, place in places.items():
        written = cells[place].strip()
        if _CONTROL_CHARACTER.search(written):
            raise _LineError(LineReason.CONTROL_CHARACTER, column)
        if not written:
            if column in REQUIRED:
                raise _LineError(LineReason.MISSING, column)
            continue
        if len(written) > LONGEST.get(column, LONGEST_NUMBER):
            raise _LineError(LineReason.TOO_LONG, column)
        try:
            values[column] = _READ.get(column, str)(written)
        except ValueError:
            raise _LineError(LineReason.FORM, column) from None
    if values[Column.BIRTHDATE] > today:  # type: ignore[operator]  # a date, as required
        raise _LineError(LineReason.IN_FUTURE, Column.BIRTHDATE)
    return ClinicRecord(**values)  # type: ignore[arg-type]  # fields by name


def _narrow(written: str) -> str:
    return unicodedata.normalize("NFKC", written).strip()


def read_patient_number(written: str) -> str:
    """Return a patient number as it is kept: half width.  Raises ValueError for no such thing."""
    number = _narrow(written)
    if not _PATIENT_NUMBER.fullmatch(number):
        msg = "a patient number has up to 20 letters and digits"
        raise ValueError(msg)
    return number


def _sex(written: str) -> Sex:
    try:
        return _SEXES[_narrow(written)]
    except KeyError:
        raise ValueError from None


def _post_number(written: str) -> str:
    found = _POST_NUMBER.fullmatch(_narrow(written).replace("−", "-").replace("‐", "-"))
    if found is None:
        raise ValueError
    return f"{found[1]}-{found[2]}"


def _branch(written: str) -> str:
    """Return 枝番, which has two digits: a spreadsheet may have taken the zero away."""
    if not _BRANCH.fullmatch(_narrow(written)):
        raise ValueError
    return _narrow(written).zfill(2)


_READ: dict[Column, Callable[[str], object]] = {
    Column.PATIENT_NUMBER: read_patient_number,
    Column.BIRTHDATE: read_birthdate,
    Column.SEX: _sex,
    Column.POST_NUMBER: _post_number,
    Column.INSURER_NUMBER: normalise_insurer_number,
    Column.BRANCH: _branch,
}


def write_register_file(records: list[ClinicRecord]) -> str:
    """Return the records as the CSV text that :func:`read_register_file` takes."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([HEADERS[column][0] for column in Column])
    for record in records:
        values = {column: getattr(record, column.value) for column in Column}
        if record.sex is not None:
            values[Column.SEX] = record.sex.value
        values[Column.BIRTHDATE] = record.birthdate.isoformat()
        writer.writerow([values[column] or "" for column in Column])
    return written.getvalue()
