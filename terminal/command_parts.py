"""What the command line's modules have in common: the configuration, the store, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from terminal.config import TerminalConfig
from terminal.store import Store
from terminal.store.keys import read_key_file

DEFAULT_CONFIG = Path("/etc/eligibility-terminal/config.toml")

config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_CONFIG,
    show_default=True,
    help="The configuration file.",
)


def utc_now() -> datetime:
    """Return the present moment: the command line is a composition root."""
    return datetime.now(UTC)


@contextmanager
def opened_store(config: TerminalConfig) -> Iterator[Store]:
    """Open the store that ``config`` names, beside a running service if there is one."""
    store = Store.open(
        config.store.path,
        read_key_file(config.store.key_file),
        config.store.store_id,
        desk_id=config.terminal.desk_id,
        now=utc_now,
    )
    try:
        yield store
    finally:
        store.close()
