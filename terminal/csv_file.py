"""A clinic's CSV file: bytes → records, with what is wrong, line by line.  Pure.

Which columns there are is a :class:`Columns`; everything else is the same for every file.  A file
is taken whole or not at all, so one wrong line keeps all of it out.  What a line says is never
repeated in a problem, an error or a log: only its number, its column and why.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from eligibility.numbers import IndividualNumberError, refuse_individual_number
from terminal.errors import CsvFileError, CsvFileReason

LARGEST_FILE = 8 * 1024 * 1024
"""Bytes; a larger list is imported in parts."""
MOST_LINES = 100_000
MOST_PROBLEMS = 100
"""How many problems are told one by one; the others are counted."""
LONGEST_CELL = 40
INDIVIDUAL_NUMBER_DIGITS = 12
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

_INDIVIDUAL_NUMBER_HEADERS = ("個人番号", "マイナンバー", "mynumber", "individualnumber")
_CONTROL_CHARACTER = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

C = TypeVar("C", bound=StrEnum)
R = TypeVar("R")


class LineReason(StrEnum):
    """Why a line is not taken."""

    MISSING = "missing"
    FORM = "form"
    TOO_LONG = "too-long"
    IN_FUTURE = "in-future"
    IN_PAST = "in-past"
    TWICE = "twice"
    INDIVIDUAL_NUMBER = "individual-number"
    CELLS = "cells"
    CONTROL_CHARACTER = "control-character"


class LineError(ValueError):
    """A line cannot be taken; what it says is not repeated."""

    def __init__(self, reason: LineReason, column: StrEnum | None = None) -> None:
        """``column``: None where it is about the whole line."""
        super().__init__(reason)
        self.reason = reason
        self.column = column


@dataclass(frozen=True, slots=True)
class LineProblem:
    """One thing wrong with one line.

    ``line``: of the file, the header is 1; ``column``: None where it is about the whole line, or a
    column that is not ours; ``other_line``: where the same thing stands first.
    """

    line: int
    reason: LineReason
    column: StrEnum | None = None
    other_line: int | None = None


@dataclass(frozen=True)
class Columns(Generic[C]):
    """The columns of one kind of file.

    ``headers``: every name that a column may have, the one that we write first.  ``longest``:
    characters, LONGEST_CELL where nothing is said.  ``read``: how a cell becomes a value, raising
    ValueError for what is none; text otherwise.
    """

    kind: type[C]
    headers: Mapping[C, tuple[str, ...]]
    required: tuple[C, ...]
    longest: Mapping[C, int]
    read: Mapping[C, Callable[[str], object]]

    def column_of(self, header: str) -> C | None:
        """Return the column that is meant by a header, None for none of ours."""
        plain = _plain_header(header)
        for column, names in self.headers.items():
            if plain in map(_plain_header, names):
                return column
        return None


@dataclass(frozen=True, slots=True)
class CsvFile(Generic[R]):
    """What a file holds.  ``records`` is empty where ``problem_count`` is not 0.

    ``problems``: the first MOST_PROBLEMS; ``columns``: those that the file has; ``not_taken``:
    headers of columns that are not ours.
    """

    records: tuple[R, ...]
    lines: int
    columns: tuple[StrEnum, ...]
    not_taken: tuple[str, ...]
    encoding: str
    problems: tuple[LineProblem, ...] = ()
    problem_count: int = 0


def read_csv_file(
    data: bytes,
    columns: Columns[C],
    make: Callable[[dict[C, Any]], R],
    key: Callable[[R], Hashable],
    key_column: C | None = None,
) -> CsvFile[R]:
    """Return what ``data`` holds: UTF-8 with or without a mark, or Shift_JIS (cp932).

    ``make``: a line's values by column, without the empty ones, → its record; raises LineError.
    ``key``: what stands once in a file; ``key_column``: where that is.  Raises CsvFileError where
    it is no such file at all, or too large.
    """
    if len(data) > LARGEST_FILE:
        raise CsvFileError(CsvFileReason.TOO_LARGE)
    text, encoding = _decoded(data)
    lines = _lines(text)
    _, header = next(lines, (0, []))
    places, not_taken = _places(header, columns)
    records: list[R] = []
    problems: list[LineProblem] = []
    count, total = 0, 0
    first_line: dict[Hashable, int] = {}
    for line, cells in lines:
        total += 1
        if total > MOST_LINES:
            raise CsvFileError(CsvFileReason.TOO_MANY_LINES)
        try:
            record = make(_values(cells, places, len(header), columns))
        except LineError as error:
            problem = LineProblem(line, error.reason, error.column)
        else:
            other = first_line.setdefault(key(record), line)
            if other == line:
                records.append(record)
                continue
            problem = LineProblem(line, LineReason.TWICE, key_column, other)
        count += 1
        if len(problems) < MOST_PROBLEMS:
            problems.append(problem)
    if total == 0:
        raise CsvFileError(CsvFileReason.EMPTY)
    return CsvFile(
        () if count else tuple(records),
        total,
        tuple(column for column in columns.kind if column in places),
        not_taken,
        encoding,
        tuple(problems),
        count,
    )


def _decoded(data: bytes) -> tuple[str, str]:
    if not data.strip():
        raise CsvFileError(CsvFileReason.EMPTY)
    if not data.startswith(UTF_16_MARKS):
        for codec, name in (("utf-8-sig", "UTF-8"), ("cp932", "Shift_JIS")):
            try:
                return data.decode(codec), name
            except UnicodeDecodeError:
                continue
    raise CsvFileError(CsvFileReason.ENCODING)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line of the file where each row begins, and its cells; empty rows are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise CsvFileError(CsvFileReason.NOT_CSV, line=begins) from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield begins, cells


def _plain_header(header: str) -> str:
    plain = unicodedata.normalize("NFKC", header).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _places(header: list[str], columns: Columns[C]) -> tuple[dict[C, int], tuple[str, ...]]:
    """Return where each of our columns stands, and the names of the others."""
    places: dict[C, int] = {}
    others = []
    for place, name in enumerate(header):
        if _plain_header(name) in _INDIVIDUAL_NUMBER_HEADERS:
            raise CsvFileError(CsvFileReason.INDIVIDUAL_NUMBER, line=1)
        column = columns.column_of(name)
        if column is None:
            others.append(_shown(name))
        elif column in places:
            raise CsvFileError(CsvFileReason.COLUMN_TWICE, (column.value,), line=1)
        else:
            places[column] = place
    missing = tuple(column.value for column in columns.required if column not in places)
    if missing:
        raise CsvFileError(CsvFileReason.COLUMN_MISSING, missing)
    return places, tuple(others[:LONGEST_CELL])


def _shown(header: str) -> str:
    """Return a foreign header so that it can be shown: short, printable, and no number."""
    printable = "".join(letter for letter in header.strip() if letter.isprintable())[:30]
    return "…" if any(letter.isdigit() for letter in printable) else printable


def _values(
    cells: list[str], places: dict[C, int], width: int, columns: Columns[C]
) -> dict[C, Any]:
    """Return a line's values by column, without the empty cells.  Raises LineError."""
    if len(cells) != width:
        raise LineError(LineReason.CELLS)
    column_at = {place: column for column, place in places.items()}
    for place, cell in enumerate(cells):
        if cell.isascii() and len(cell) < INDIVIDUAL_NUMBER_DIGITS:
            continue
        try:
            refuse_individual_number(cell)
        except IndividualNumberError:
            raise LineError(LineReason.INDIVIDUAL_NUMBER, column_at.get(place)) from None
    values: dict[C, Any] = {}
    for column, place in places.items():
        written = cells[place].strip()
        if _CONTROL_CHARACTER.search(written):
            raise LineError(LineReason.CONTROL_CHARACTER, column)
        if not written:
            if column in columns.required:
                raise LineError(LineReason.MISSING, column)
            continue
        if len(written) > columns.longest.get(column, LONGEST_CELL):
            raise LineError(LineReason.TOO_LONG, column)
        try:
            values[column] = columns.read.get(column, str)(written)
        except ValueError:
            raise LineError(LineReason.FORM, column) from None
    return values


def write_csv_file(columns: Columns[C], rows: list[dict[C, object]]) -> str:
    """Return the rows as the CSV text that :func:`read_csv_file` takes; None is an empty cell."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([columns.headers[column][0] for column in columns.kind])
    for row in rows:
        writer.writerow([row.get(column) or "" for column in columns.kind])
    return written.getvalue()
