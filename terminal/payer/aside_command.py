"""The command ``payer aside``: files that were no answer, listed, taken out and deleted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from terminal.access.accounts import TERMINAL
from terminal.command_parts import config_option, opened_store, utc_now
from terminal.config import load_config
from terminal.payer.files_aside import FilesAsideKeeping

SHOWN_ID = 12


@click.group("aside")
def aside() -> None:
    """Files of the link application that were set aside (docs/national.md)."""


@contextmanager
def _opened(config_file: Path) -> Iterator[FilesAsideKeeping]:
    config = load_config(config_file, trust=False)
    days, files = config.files_aside
    with opened_store(config) as store:
        yield FilesAsideKeeping(store, utc_now, most_days=days, most_files=files)


@aside.command("list")
@config_option
def aside_list(config_file: Path) -> None:
    """Print what is set aside, the newest first: id, since when, why, bytes, name.

    Of what was never read there are no bytes here; it lies where it was found.
    """
    with _opened(config_file) as keeping:
        found = keeping.all(TERMINAL)
    for file in found:
        since = file.kept_at.astimezone().isoformat(timespec="seconds")
        # a name is another program's: it may hold anything
        name = file.name.encode("unicode_escape").decode("ascii")
        kept = "" if file.sha256 else " (not read)"
        click.echo(f"{file.id[:SHOWN_ID]} {since} {file.reason:16} {file.size:>9} {name}{kept}")
    click.echo(f"{len(found)} files are set aside.")


@aside.command("take")
@click.argument("file_id")
@config_option
def aside_take(file_id: str, config_file: Path) -> None:
    """Write the bytes of the file FILE_ID to standard output: health data, it may be.

    FILE_ID may be shortened to what `list` prints.  Who takes it is in the audit log.
    """
    with _opened(config_file) as keeping:
        content = keeping.content(TERMINAL, file_id)
    sys.stdout.buffer.write(content)


@aside.command("delete")
@click.argument("file_ids", nargs=-1, required=True)
@config_option
def aside_delete(file_ids: tuple[str, ...], config_file: Path) -> None:
    """Delete these files, all or none; each is in the audit log."""
    with _opened(config_file) as keeping:
        count = keeping.delete(TERMINAL, file_ids)
    click.echo(f"{count} files are deleted.")
