"""The command that prints a month's report."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime

import click

from eligibility.calendar import CalendarMonth
from terminal.access.accounts import TERMINAL
from terminal.report.cells import HEADERS, cells
from terminal.report.month import MonthReport, named_month
from terminal.report.reporting import Reporting
from terminal.store import Store


def print_report(
    opened: Callable[[], AbstractContextManager[Store]],
    now: Callable[[], datetime],
    month: str | None,
    form: str,
) -> None:
    """Print the report of ``month`` (``2026-11``; None: the running one).

    ``form``: ``csv``, ``json`` or ``text``; all are the same figures under the same codes.
    """
    asked = CalendarMonth.at(now()) if month is None else named_month(month)
    with opened() as store:
        report = Reporting(store, now).of(TERMINAL, asked)
    _FORMS[form](report)


def _print_csv(report: MonthReport) -> None:
    # codes are ASCII: a byte order mark would only stand in the way of other programs
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(HEADERS)
    for cell in cells(report):
        table.writerow((report.month, cell.part, cell.item, cell.detail, cell.value, cell.unit))


def _print_json(report: MonthReport) -> None:
    whole = {
        "month": str(report.month),
        "made_at": report.made_at.isoformat(),
        "is_finished": report.is_finished,
        "figures": [asdict(cell) for cell in cells(report)],
    }
    click.echo(json.dumps(whole, ensure_ascii=False, indent=2))


def _print_text(report: MonthReport) -> None:
    state = "" if report.is_finished else f" (not finished, as of {report.made_at.isoformat()})"
    click.echo(f"{report.month}{state}")
    for cell in cells(report):
        if cell.part == "day" and cell.value == 0:
            continue
        name = " ".join(word for word in (cell.part, cell.item, cell.detail) if word)
        unit = "" if cell.unit == "count" else f" {cell.unit}"
        click.echo(f"{name:52} {cell.value:>8}{unit}")


_FORMS: dict[str, Callable[[MonthReport], None]] = {
    "csv": _print_csv,
    "json": _print_json,
    "text": _print_text,
}
