"""``eligibility-terminal retention``: deletes what is older than it is kept."""

from __future__ import annotations

from pathlib import Path

import click

from terminal.access.accounts import TERMINAL
from terminal.command_parts import config_option, opened_store, utc_now
from terminal.config import load_config
from terminal.retention.retention import Retaining
from terminal.retention.run import Counts, Erasable, RunStart

ERASE_TRIES = 40
"""How often a log that a reader holds is tried again: some 10 seconds in all."""


@click.command("retention")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@config_option
def retention(config_file: Path, *, dry_run: bool) -> None:
    """Delete now what is older than `retention.years`, as the terminal does each night.

    It may run beside the terminal.  Broken off, it has half deleted nothing; run again it goes on.
    """
    config = load_config(config_file, trust=False)
    with opened_store(config) as store:
        retaining = Retaining(store, utc_now, config.retention)
        if dry_run:
            preview = retaining.preview(TERMINAL)
            click.echo(f"Kept from {preview.kept_from} on ({config.retention.years} years).")
            _tell(preview.counts)
            click.echo("Nothing was deleted: this was a dry run.")
        else:
            run = retaining.run(TERMINAL, RunStart.COMMAND)
            click.echo(f"Kept from {run.kept_from} on ({config.retention.years} years).")
            _tell(run.counts)
            click.echo("Deleted." if run.counts else "There was nothing to delete.")
            if not any(store.erase_log() for _ in range(ERASE_TRIES)):
                click.echo("The log beside the database is still being read: run again.", err=True)
        retaining.stop()


def _tell(counts: Counts) -> None:
    for kind in Erasable:
        click.echo(f"{kind.value:20} {counts.get(kind, 0):>8}")
