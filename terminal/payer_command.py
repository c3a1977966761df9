"""The command ``payer``: what an installer does about the payer's two interfaces."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import click

from terminal.command_parts import config_option, opened_store, utc_now
from terminal.compare import Comparison, read_people_file
from terminal.config import load_config
from terminal.payer_choice import fhir_payer, national_payer

DIFFER = 1
UNANSWERED = 3


@click.group()
def payer() -> None:
    """The payer's interfaces."""


@payer.command("compare")
@click.argument("people", type=click.File("rb"))
@click.option(
    "--values",
    is_flag=True,
    help="Print what each side says too: health data, for the screen only.",
)
@config_option
@click.pass_context
def payer_compare(
    context: click.Context, people: BinaryIO, values: bool, config_file: Path
) -> None:
    """Ask about PEOPLE over FHIR and over the national interface; print each difference.

    PEOPLE: a CSV file with insurer number, symbol, number, branch and birth date.  Both sections
    [payer] and [national] must be there.  Nothing reaches a visit; each look is in the audit log.
    Exit status: 0 both say the same of everybody, 1 they differ, 3 one of them gave no answer.
    """
    config = load_config(config_file)
    file = read_people_file(people.read())
    for problem in file.problems:
        where = problem.column or "the line"
        click.echo(f"line {problem.line}: {where}: {problem.reason}", err=True)
    if file.problem_count:
        message = f"{file.problem_count} problems: nobody was asked about"
        raise click.ClickException(message)
    differ = unanswered = 0
    with (
        opened_store(config) as store,
        closing(fhir_payer(config, utc_now)) as first,
        closing(national_payer(config, utc_now)) as second,
    ):
        for one in Comparison(first, second, store, utc_now).of(file.records):
            differ += bool(one.differences)
            unanswered += one.failed
            for found in one.differences:
                said = f": fhir {found.first or '-'} | national {found.second or '-'}"
                click.echo(f"person {one.number}: {found.place}{said if values else ''}")
            if one.failed and not one.differences:
                click.echo(f"person {one.number}: no answer over either interface")
    click.echo(f"{len(file.records)} asked about, {differ} differ, {unanswered} without an answer")
    context.exit(UNANSWERED if unanswered else DIFFER if differ else 0)
