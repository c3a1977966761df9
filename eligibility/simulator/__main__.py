"""The command ``payer-simulator``: init, serve, visit, people, register."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import click

from eligibility.codes import ConsentCategory
from eligibility.errors import FolderAwayError
from eligibility.national.folder import Folder
from eligibility.numbers import institution_code_is_consistent
from eligibility.simulator.flaws import flaws_of
from eligibility.simulator.link_application import DropFolders, person_named
from eligibility.simulator.pki import DEFAULT_INSTITUTION, SimulatorSetupError
from eligibility.simulator.population import DEFAULT_SEED, DEFAULT_SIZE
from eligibility.simulator.reader_visits import LATEST_SECONDS, VisitFault, visit_files
from eligibility.simulator.register import register_of
from eligibility.simulator.server import RunningSimulator, utc_now
from eligibility.simulator.setup import LARGEST_SIZE, initialise, load_population

_DIRECTORY = click.option(
    "--dir",
    "directory",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of the simulator's certificates and people.",
)


class _SetupProblem(click.ClickException):
    """One sentence on standard error, exit status 1."""


@click.group()
def main() -> None:
    """A payer (資格確認の相手方) with made-up people, for demo and tests.

    It speaks FHIR R4 over mutual TLS on this machine only.  None of its people exist.
    """


@main.command()
@_DIRECTORY
@click.option("--seed", type=int, default=DEFAULT_SEED, show_default=True, help="Makes the people.")
@click.option(
    "--people",
    "size",
    type=click.IntRange(1, LARGEST_SIZE),
    default=DEFAULT_SIZE,
    show_default=True,
    help="How many there are at least.",
)
@click.option(
    "--institution",
    default=DEFAULT_INSTITUTION,
    show_default=True,
    help="10-digit code (医療機関コード) in the terminal's client certificate.",
)
def init(directory: Path, seed: int, size: int, institution: str) -> None:
    """Make certificates and people; what is there already stays as it is."""
    if not (institution.isascii() and institution.isdigit() and len(institution) == 10):
        raise click.BadParameter("ten digits", param_hint="--institution")
    if not institution_code_is_consistent(institution):
        click.echo(f"warning: the check digit of {institution} is wrong", err=True)
    try:
        initialise(directory, utc_now(), seed=seed, size=size, institution=institution)
    except SimulatorSetupError as error:
        raise _SetupProblem(str(error)) from error
    click.echo(f"ready: {directory}")


@main.command()
@_DIRECTORY
@click.option("--port", type=click.IntRange(0, 65535), default=8602, show_default=True)
@click.option(
    "--card-ca",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Certificate (PEM) of the authority that issues the cards.",
)
@click.option(
    "--issued",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The card issuer's list: which certificate is whose (JSON).",
)
@click.option(
    "--record-ca",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Public key (PEM) above the signed card records; without it no such proof is accepted.",
)
@click.option(
    "--control-port",
    type=click.IntRange(0, 65535),
    help="Offer the page and the switching of faults on 127.0.0.1; off unless given.",
)
@click.option(
    "--requests-per-second",
    type=click.FloatRange(min=0, min_open=True),
    help="Refuse what is beyond (HTTP 429); no limit unless given.",
)
@click.option(
    "--disaster",
    "disaster",
    multiple=True,
    metavar="INSTITUTION",
    help="Code of an institution that may ask by name (災害時); may be given several times.",
)
@click.option(
    "--drop-folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Speak the national interface too: take XML files from req below it, answer into res.",
)
@click.option("--verbose", is_flag=True, help="Log each request (ids and codes only).")
def serve(
    directory: Path,
    port: int,
    card_ca: Path,
    issued: Path,
    record_ca: Path | None,
    control_port: int | None,
    requests_per_second: float | None,
    disaster: tuple[str, ...],
    drop_folder: Path | None,
    verbose: bool,
) -> None:
    """Serve until interrupted."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        with RunningSimulator(
            directory,
            port,
            card_ca=card_ca,
            issued=issued,
            record_ca=record_ca,
            control_port=control_port,
            requests_per_second=requests_per_second,
            drop_folder=drop_folder,
        ) as simulator:
            for institution in disaster:
                simulator.payer.disaster.switch(institution, on=True)
            click.echo(f"payer simulator: {simulator.base_url}")
            if simulator.link is not None:
                click.echo(f"drop folders: {simulator.link.folders.base}")
            if simulator.control_url is not None:
                click.echo(f"page, faults and requests: {simulator.control_url}/")
            sys.stdout.flush()
            stopped.wait()
    except SimulatorSetupError as error:
        raise _SetupProblem(str(error)) from error


@main.command()
@_DIRECTORY
@click.argument("person")
@click.option(
    "--drop-folder",
    required=True,
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="The folder above req, res and face.",
)
@click.option(
    "--consent",
    "consents",
    multiple=True,
    type=click.Choice([category.value for category in ConsentCategory]),
    help="What the patient allowed there; may be given several times.",
)
@click.option("--institution", default=DEFAULT_INSTITUTION, show_default=True)
@click.option(
    "--fault",
    type=click.Choice([fault.value for fault in VisitFault]),
    help="What is wrong with how it is told.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, LATEST_SECONDS),
    default=0.0,
    help="How long ago it was, with --fault late.",
)
def visit(
    directory: Path,
    person: str,
    drop_folder: Path,
    consents: tuple[str, ...],
    institution: str,
    fault: str | None,
    seconds: float,
) -> None:
    """Put a card visit of PERSON (persona or id) at the national reader into face."""
    try:
        population = load_population(directory)
    except SimulatorSetupError as error:
        raise _SetupProblem(str(error)) from error
    found = person_named(population, person)
    if found is None:
        raise click.BadParameter("no such persona and no such id", param_hint="PERSON")
    allowed = [ConsentCategory(one) for one in consents]  # type: ignore[call-arg]  # by value
    kind = None if fault is None else VisitFault(fault)
    files = visit_files(institution, found, allowed, utc_now(), fault=kind, seconds=seconds)
    try:
        for name, content in files:
            Folder(DropFolders(drop_folder).face).publish(name, content)
            click.echo(name)
    except (FolderAwayError, OSError) as error:
        raise _SetupProblem(str(error)) from error


@main.command()
@_DIRECTORY
@click.option("--all", "everybody", is_flag=True, help="Everybody, not only those with a card.")
@click.option(
    "--flaws", is_flag=True, help="The errors planted in the register instead, a JSON line each."
)
def people(directory: Path, everybody: bool, flaws: bool) -> None:
    """List the people and their stories."""
    try:
        population = load_population(directory)
    except SimulatorSetupError as error:
        raise _SetupProblem(str(error)) from error
    if flaws:
        for person in population.people:
            for flaw in flaws_of(person, population.as_of):
                line = {"person_id": person.id, "flaw": flaw}
                if person.linked is not None:
                    line["linked_to"] = person.linked.id
                click.echo(json.dumps(line))
        return
    for person in population.people:
        if person.persona is not None:
            click.echo(f"{person.id}  {person.persona}  {person.name}  {person.story.ja}")
        elif everybody:
            click.echo(f"{person.id}  -  {person.name}  {person.situation.value}")


@main.command()
@_DIRECTORY
@click.option("--all", "everybody", is_flag=True, help="Everybody, not only those with a card.")
def register(directory: Path, everybody: bool) -> None:
    """Print the register (患者台帳) of a clinic that these people visit, as a CSV file."""
    try:
        population = load_population(directory)
    except SimulatorSetupError as error:
        raise _SetupProblem(str(error)) from error
    chosen = [one for one in population.people if everybody or one.persona is not None]
    click.echo(register_of(chosen), nl=False)


if __name__ == "__main__":
    main()
