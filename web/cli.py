"""The command ``eligibility-terminal``: the terminal's own commands and ``serve``."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from terminal.app import build
from terminal.cli import cli
from terminal.command_parts import config_option
from terminal.config import load_config
from terminal.hardening import forbid_core_dumps
from terminal.logs import set_up_logging
from web.app import create_app
from web.server import WebServer, listen

__all__ = ["cli", "main"]


@cli.command()
@config_option
@click.option(
    "--log-level",
    type=click.Choice(["info", "debug", "traffic"]),
    default="info",
    show_default=True,
    help="How much is logged; traffic adds each APDU, without PINs and without what cards hold.",
)
def serve(config_file: Path, log_level: str) -> None:
    """Run the terminal and its pages until it is stopped (SIGTERM, SIGINT)."""
    set_up_logging(log_level.upper())
    forbid_core_dumps()
    config = load_config(config_file)
    listener = listen(config.web.host, config.web.port)
    terminal = build(config)
    app = create_app(terminal)
    server = WebServer(app, listener)

    def stop(*_: object) -> None:
        # not in the handler itself: it may have interrupted a holder of the locks that are needed
        threading.Thread(target=server.stop, name="stop").start()

    terminal.start()
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        click.echo(f"Ready: {app.extensions['origins'].origin}/")
        server.run()
    finally:
        terminal.stop()


def main() -> None:
    """Run the command line."""
    cli()
