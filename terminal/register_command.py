"""``eligibility-terminal records``: the clinic's register of patients, imported from a CSV file."""

from __future__ import annotations

from pathlib import Path

import click

from terminal.accounts import TERMINAL
from terminal.clinic_register import ClinicRegister, RegisterPreview
from terminal.command_parts import config_option, opened_store, utc_now
from terminal.config import load_config
from terminal.errors import RegisterFileError, RegisterFileReason
from terminal.register_file import HEADERS, LARGEST_FILE, REQUIRED, Column, LineProblem


@click.group("records")
def records() -> None:
    """The clinic's own register of patients (患者台帳)."""


@records.command("columns")
def columns() -> None:
    """Print the columns that a file may have, with every name that each is known by."""
    for column in Column:
        need = "required" if column in REQUIRED else "optional"
        click.echo(f"{HEADERS[column][0]}\t{need}\t{', '.join(HEADERS[column][1:])}")


@records.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what the import would do, and do nothing.")
@config_option
def import_file(file: Path, config_file: Path, *, dry_run: bool) -> None:
    """Import the register from FILE: CSV in UTF-8 or Shift_JIS, whole or not at all.

    Patients are known by their number: they are added or updated, never deleted.
    """
    config = load_config(config_file, trust=False)
    with file.open("rb") as opened:
        data = opened.read(LARGEST_FILE + 1)
    with opened_store(config) as store:
        register = ClinicRegister(store, utc_now)
        preview = register.look_at(TERMINAL, data)
        _tell(preview)
        if preview.changes is None:
            raise RegisterFileError(RegisterFileReason.LINES)
        if dry_run:
            click.echo("Nothing was taken: this was a dry run.")
        else:
            register.take(TERMINAL, preview.id)
            click.echo("The register is taken.")


def _tell(preview: RegisterPreview) -> None:
    file = preview.file
    click.echo(f"{file.lines} patients in {file.encoding}")
    if file.not_taken:
        click.echo(f"Columns that are not taken: {', '.join(file.not_taken)}")
    for problem in file.problems:
        click.echo(_line(problem), err=True)
    if file.problem_count > len(file.problems):
        click.echo(f"and {file.problem_count - len(file.problems)} more", err=True)
    if (changes := preview.changes) is not None:
        click.echo(
            f"new {len(changes.new)}, changed {len(changes.changed)}, "
            f"unchanged {changes.unchanged}, in the register alone {len(changes.missing)}"
        )


def _line(problem: LineProblem) -> str:
    column = "" if problem.column is None else f" {HEADERS[problem.column][0]}:"
    other = "" if problem.other_line is None else f" (first at line {problem.other_line})"
    return f"line {problem.line}:{column} {problem.reason}{other}"
