"""How staff import a CSV file: choose it, look at what taking it would do, take it.

The first two pages are the same for every kind of file; taking it is each kind's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from flask import Blueprint, render_template, request

from terminal.csv_file import LARGEST_FILE, MOST_LINES, Columns, CsvFile
from terminal.errors import CsvFileError
from web.i18n import current_language, text
from web.security import Right, requires, takes_up_to

LARGEST_FORM = LARGEST_FILE + 64 * 1024
SHOWN = 50
"""How many lines of each kind a preview names; the others are counted."""
LABELS = {
    "day": "field.appointment-day",
    "time": "field.appointment-time",
    "patient_number": "field.patient-number",
    "name": "field.name",
    "name_kana": "field.name-kana",
    "birthdate": "field.birthdate",
    "sex": "field.sex",
    "post_number": "field.post-number",
    "address": "field.address",
    "insurer_number": "field.insurer-number",
    "insured_card_symbol": "field.symbol",
    "insured_identification_number": "field.number",
    "insured_branch_number": "field.branch",
}


class Preview(Protocol):
    """A file that was looked at.  ``id`` takes it; ``changes`` is None where it cannot be taken."""

    @property
    def id(self) -> str:
        """What the page sends back to take the file."""

    @property
    def file(self) -> CsvFile[Any]:
        """What the file holds."""

    @property
    def changes(self) -> object | None:
        """What taking it would do."""


@dataclass(frozen=True)
class CsvImport:
    """One kind of file.

    ``name``: of its blueprint, address and templates (``NAME_import.html``, ``NAME_preview.html``).
    ``look_at``: has the desk look at a file; it raises CsvFileError.  ``words``: what the preview's
    template says of the changes.
    """

    name: str
    columns: Columns[Any]
    look_at: Callable[[bytes], Preview]
    words: Mapping[str, object] = field(default_factory=dict)

    def add_to(self, blueprint: Blueprint) -> None:
        """Give ``blueprint`` the pages ``choose_file`` and ``look_at``."""
        address = f"/staff/{self.name}/import"

        @blueprint.get(address)
        @requires(Right.COVERAGE)
        def choose_file() -> str:
            """Ask for a file, and say what it must be."""
            return self._import_page()

        @blueprint.post(address)
        @requires(Right.COVERAGE)
        @takes_up_to(LARGEST_FORM)
        def look_at() -> str | tuple[str, int]:
            """Show what taking the chosen file would do, or line by line what is wrong."""
            return self._preview_page(_sent_file())

    def _import_page(self, problem: CsvFileError | None = None, *, nothing: bool = False) -> str:
        return render_template(
            f"staff/{self.name}_import.html",
            columns=self.columns,
            column_name=self._column_name,
            label=label,
            problem=problem,
            nothing=nothing,
            limits=(LARGEST_FILE // (1024 * 1024), f"{MOST_LINES:,}"),
        )

    def _preview_page(self, data: bytes) -> str | tuple[str, int]:
        if not data:
            return self._import_page(nothing=True), 422
        try:
            preview = self.look_at(data)
        except CsvFileError as error:
            return self._import_page(error), 422
        page = render_template(
            f"staff/{self.name}_preview.html",
            preview=preview,
            file=preview.file,
            changes=preview.changes,
            shown=SHOWN,
            column_name=self._column_name,
            **self.words,
        )
        return (page, 422) if preview.changes is None else page

    def _column_name(self, column: StrEnum) -> str:
        """Return the header that a file may have, in the page's language where it has one."""
        names = self.columns.headers[column]
        return names[0] if current_language() == "ja" else f"{names[0]} / {names[1]}"


def label(name: str) -> str:
    """Return what a field of a file is called on the pages."""
    return text(LABELS[name])


def _sent_file() -> bytes:
    """Return the bytes of the file that was chosen, empty where none was."""
    file = request.files.get("file")
    return b"" if file is None else file.read()
