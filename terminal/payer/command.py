"""The command ``payer``: what an installer does about the payer's two interfaces."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

import click

from eligibility.model import NumberSubject
from terminal.command_parts import config_option, opened_store, utc_now
from terminal.config import load_config
from terminal.payer.aside_command import aside
from terminal.payer.choice import fhir_payer, national_payer
from terminal.payer.compare import Comparison, expected_people, read_people_file
from terminal.store import Store

DIFFER = 1
UNANSWERED = 3


@click.group()
def payer() -> None:
    """The payer's interfaces."""


payer.add_command(aside)


@payer.command("compare")
@click.argument("people", type=click.File("rb"), required=False)
@click.option(
    "--expected",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Ask about those who are expected on this day, in place of a file.",
)
@click.option(
    "--values",
    is_flag=True,
    help="Print what each side says too: health data, for the screen only.",
)
@config_option
@click.pass_context
def payer_compare(
    context: click.Context,
    people: BinaryIO | None,
    expected: datetime | None,
    values: bool,
    config_file: Path,
) -> None:
    """Ask about PEOPLE over FHIR and over the national interface; print each difference.

    PEOPLE: a CSV file with insurer number, symbol, number, branch and birth date.  Both sections
    [payer] and [national] must be there.  Nothing reaches a visit; each look is in the audit log.
    Exit status: 0 both say the same of everybody, 1 they differ, 3 one of them gave no answer.
    """
    if (people is None) is (expected is None):
        message = "name either a file of people or --expected with a day"
        raise click.UsageError(message)
    config = load_config(config_file)
    differ = unanswered = 0
    with (
        opened_store(config) as store,
        closing(fhir_payer(config, utc_now)) as first,
        closing(national_payer(config, utc_now)) as second,
    ):
        if people is not None:
            asked = _in_file(people)
        else:
            assert expected is not None  # noqa: S101  # one of the two, see above
            asked = _expected_on(store, expected.date())
        for one in Comparison(first, second, store, utc_now).of(asked):
            differ += bool(one.differences)
            unanswered += one.failed
            for found in one.differences:
                said = f": fhir {found.first or '-'} | national {found.second or '-'}"
                click.echo(f"person {one.number}: {found.place}{said if values else ''}")
            if one.failed and not one.differences:
                click.echo(f"person {one.number}: no answer over either interface")
    click.echo(f"{len(asked)} asked about, {differ} differ, {unanswered} without an answer")
    context.exit(UNANSWERED if unanswered else DIFFER if differ else 0)


def _in_file(people: BinaryIO) -> Mapping[int, NumberSubject]:
    """Return the people of a file by place; a wrong line keeps the whole file out."""
    file = read_people_file(people.read())
    for problem in file.problems:
        where = problem.column or "the line"
        click.echo(f"line {problem.line}: {where}: {problem.reason}", err=True)
    if file.problem_count:
        message = f"{file.problem_count} problems: nobody was asked about"
        raise click.ClickException(message)
    return dict(enumerate(file.records, 1))


def _expected_on(store: Store, day: date) -> Mapping[int, NumberSubject]:
    """Return who is expected on a day by place in its list; say who cannot be asked about."""
    found = store.read(lambda tx: expected_people(tx, day))
    for place, why in found.not_askable.items():
        click.echo(f"person {place}: cannot be asked about: {why}", err=True)
    if not found.people:
        message = f"the list of {day} names nobody who can be asked about"
        raise click.ClickException(message)
    return found.people
