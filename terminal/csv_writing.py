"""A CSV file that a spreadsheet opens as it is: rows → bytes.  Pure.

What a cell says is never calculated: text that a spreadsheet would take for a formula has one ' put
before it, and so has text that begins with one, so that taking one ' away always gives the text
back (:func:`read_cell`).  Numbers are written as numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

_MARK = "'"
_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠']|[\t\r\n\x00]")
"""Also in full width, which Japanese spreadsheets take for the same signs."""


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return the file in UTF-8.

    With a byte order mark, without which Excel takes the words for another encoding.
    """
    file = io.StringIO(newline="")
    table = csv.writer(file, lineterminator="\r\n")
    table.writerow(headers)
    for row in rows:
        table.writerow([write_cell(one) for one in row])
    return file.getvalue().encode("utf-8-sig")


def write_cell(value: object) -> str:
    """Return a cell's text; nothing is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    if isinstance(value, str) and _FORMULA.match(text):
        return _MARK + text
    return text


def read_cell(text: str) -> str:
    """Return what was written into a cell."""
    return text.removeprefix(_MARK)
