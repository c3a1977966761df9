"""``eligibility-terminal records``: the clinic's register of patients, imported from a CSV file."""

from __future__ import annotations

from pathlib import Path

import click

from terminal.access.accounts import TERMINAL
from terminal.command_parts import config_option, opened_store, utc_now
from terminal.config import load_config
from terminal.csv_command import read_bytes, tell_columns, tell_file
from terminal.errors import CsvFileError, CsvFileReason
from terminal.references.reference_numbers import ReferenceNumberDesk
from terminal.register.clinic_register import ClinicRegister
from terminal.register.file import REGISTER_COLUMNS


@click.group("records")
def records() -> None:
    """The clinic's own register of patients (患者台帳)."""


@records.command("columns")
def columns() -> None:
    """Print the columns that a file may have, with every name that each is known by."""
    tell_columns(REGISTER_COLUMNS)


@records.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what the import would do, and do nothing.")
@config_option
def import_file(file: Path, config_file: Path, *, dry_run: bool) -> None:
    """Import the register from FILE: CSV in UTF-8 or Shift_JIS, whole or not at all.

    Patients are known by their number: they are added or updated, never deleted.
    """
    config = load_config(config_file, trust=False)
    data = read_bytes(file)
    with opened_store(config) as store:
        register = ClinicRegister(store, utc_now)
        preview = register.look_at(TERMINAL, data)
        tell_file(preview.file, REGISTER_COLUMNS, "patients")
        if (changes := preview.changes) is None:
            raise CsvFileError(CsvFileReason.LINES)
        click.echo(
            f"new {len(changes.new)}, changed {len(changes.changed)}, "
            f"unchanged {changes.unchanged}, in the register alone {len(changes.missing)}"
        )
        if dry_run:
            click.echo("Nothing was taken: this was a dry run.")
        else:
            register.take(TERMINAL, preview.id)
            click.echo("The register is taken.")


@records.command("reference-numbers")
@config_option
def reference_numbers(config_file: Path) -> None:
    """Register every patient's number at the payer as 照会番号, where it is not yet.

    The running terminal sends them, after all that it asks for the desk.
    """
    config = load_config(config_file, trust=False)
    with opened_store(config) as store:
        count = ReferenceNumberDesk(store, utc_now).register_all(TERMINAL)
    click.echo(f"{count} registrations are committed.")
