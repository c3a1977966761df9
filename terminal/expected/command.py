"""``eligibility-terminal appointments``: the list of who is expected, imported from a CSV file."""

from __future__ import annotations

from pathlib import Path

import click

from terminal.access.accounts import TERMINAL
from terminal.command_parts import config_option, opened_store, utc_now
from terminal.config import load_config
from terminal.csv_command import read_bytes, tell_columns, tell_file
from terminal.errors import CsvFileError, CsvFileReason
from terminal.expected.appointment_book import AppointmentBook, AppointmentChanges
from terminal.expected.appointment_file import APPOINTMENT_COLUMNS

MOST_TOLD = 100


@click.group("appointments")
def appointments() -> None:
    """Who is expected, day by day (予約)."""


@appointments.command("columns")
def columns() -> None:
    """Print the columns that a file may have, with every name that each is known by."""
    tell_columns(APPOINTMENT_COLUMNS)


@appointments.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what the import would do, and do nothing.")
@config_option
def import_file(file: Path, config_file: Path, *, dry_run: bool) -> None:
    """Import appointments from FILE: CSV in UTF-8 or Shift_JIS, whole or not at all.

    The days that the file names are put in the place of what was known of them; others stay.
    """
    config = load_config(config_file, trust=False)
    data = read_bytes(file)
    with opened_store(config) as store:
        book = AppointmentBook(store, utc_now)
        preview = book.look_at(TERMINAL, data)
        tell_file(preview.file, APPOINTMENT_COLUMNS, "appointments")
        if preview.changes is None:
            raise CsvFileError(CsvFileReason.LINES)
        _tell(preview.changes)
        if dry_run:
            click.echo("Nothing was taken: this was a dry run.")
        else:
            book.take(TERMINAL, preview.id)
            click.echo("The appointments are taken.")


def _tell(changes: AppointmentChanges) -> None:
    for day in changes.days:
        click.echo(f"{day.day}: {day.total}, new {day.new}, gone {len(day.gone)}")
    for one, why in changes.not_askable[:MOST_TOLD]:
        who = one.patient_number or "without a patient number"
        click.echo(f"{one.day} {one.time or '--:--'} {who}: cannot be asked about: {why}", err=True)
    if len(changes.not_askable) > MOST_TOLD:
        click.echo(f"and {len(changes.not_askable) - MOST_TOLD} more", err=True)
