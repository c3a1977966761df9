"""What the pages that import a CSV file have in common: the file sent, limits, columns' names."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask import request

from terminal.csv_file import LARGEST_FILE, MOST_LINES, Columns
from web.i18n import current_language

LARGEST_FORM = LARGEST_FILE + 64 * 1024


def sent_file() -> bytes:
    """Return the bytes of the file that was chosen, empty where none was."""
    file = request.files.get("file")
    return b"" if file is None else file.read()


def csv_limits() -> tuple[int, str]:
    """Return how large a file may be: megabytes and lines."""
    return LARGEST_FILE // (1024 * 1024), f"{MOST_LINES:,}"


def header_words(columns: Columns[Any], column: StrEnum) -> str:
    """Return the header that a file may have, in the page's language where it has one."""
    names = columns.headers[column]
    return names[0] if current_language() == "ja" else f"{names[0]} / {names[1]}"
