"""Command line of the virtual card: ``issue | serve | put | take | script | pcscd``."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click

from terminal.errors import ReaderError, TerminalError
from terminal.virtual_card import issuing, remote
from terminal.virtual_card.camera import TrayCamera
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.personas import read_people
from terminal.virtual_card.script import read_step
from terminal.virtual_card.server import HOST, TrayServer
from terminal.virtual_card.tray import Tray
from terminal.virtual_card.vpicc import VirtualCardSlot

# Longer than two of vpcd's looks (400 ms): a swap is seen as taken away and put.
_SWAP_SECONDS = 0.9


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A My Number card as a program, for tests and the demo.  Nobody on these cards is real."""


@main.command()
@click.option(
    "--people",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="people.json: who there is; those with a persona get a card.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Where cards, CA certificates and issued.json go.",
)
def issue(people: Path, folder: Path) -> None:
    """Issue a card to each person with a persona.  Cards that are there stay as they are."""
    with _clear_errors():
        cards = issuing.issue(read_people(people), folder, datetime.now(UTC), click.echo)
        click.echo(f"{len(cards)} cards in {folder}")


@main.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="A folder of `virtual-card issue`.",
)
@click.option("--vpcd-port", type=click.IntRange(1, 65535), default=35965, show_default=True)
@click.option("--vpcd-host", default=HOST, show_default=True)
@click.option("--tray-port", type=click.IntRange(1, 65535), default=8601, show_default=True)
@click.option(
    "--camera",
    "picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A .jpg file: what a camera over the reader sees, replaced as cards come and go.",
)
@click.option(
    "--kiosk-camera",
    is_flag=True,
    help="Let the tray say who stands before the kiosk's camera; another program draws them.",
)
@click.option(
    "--portrait",
    "portraits",
    multiple=True,
    metavar="SLUG",
    help="With --kiosk-camera: a card whose holder can stand there.  May be given again.",
)
def serve(
    folder: Path,
    vpcd_port: int,
    vpcd_host: str,
    tray_port: int,
    picture: Path | None,
    kiosk_camera: bool,
    portraits: tuple[str, ...],
) -> None:
    """Hold the cards of a folder and serve the tray page, from which they go on the reader."""
    with _clear_errors(), contextlib.ExitStack() as parts:
        personas = issuing.load(folder)
        slot = parts.enter_context(VirtualCardSlot(vpcd_port, vpcd_host, gap_seconds=_SWAP_SECONDS))
        tray = Tray(personas, slot, portraits if kiosk_camera else None)
        server = TrayServer(tray, tray_port)
        if picture is not None:
            camera = TrayCamera(tray, picture)
            camera.start()
            parts.callback(camera.stop)
        _on_signal(server.stop)
        click.echo(f"{len(personas)} cards in the tray: http://{HOST}:{tray_port}")
        server.serve()
    click.echo("stopped")


_tray_port = click.option(
    "--tray-port",
    type=click.IntRange(1, 65535),
    default=8601,
    show_default=True,
    help="Of the running `virtual-card serve`.",
)


@main.command()
@click.argument("slug")
@click.option("--script", "steps", multiple=True, help="A step such as remove@5, see `script`.")
@_tray_port
def put(slug: str, steps: tuple[str, ...], tray_port: int) -> None:
    """Put the card SLUG on the reader, taking away the one that is there."""
    with _clear_errors():
        if steps:
            remote.script(tray_port, slug, [read_step(step) for step in steps])
        click.echo(remote.insert(tray_port, slug))


@main.command()
@_tray_port
def take(tray_port: int) -> None:
    """Take the card away from the reader."""
    with _clear_errors():
        click.echo(remote.remove(tray_port))


@main.command("script")
@click.argument("slug")
@click.argument("steps", nargs=-1)
@_tray_port
def script_(slug: str, steps: tuple[str, ...], tray_port: int) -> None:
    """Say what happens during the next insertion of the card SLUG; no STEPS: nothing special.

    \b
    A step is ACTION@N for the N-th command, ACTION@N+ for it and all that follow:
      remove@5           the card is taken away
      swap@5:SLUG        and another card is put in its place
      mute@5             no answer
      fault@1            6F00
      block@1            the PIN is blocked
      delay@1+:0.2       answered 0.2 s late
      garble@5           the answer's bytes are wrong
      shorten@5, lengthen@5, cut@5   its length is wrong
    """
    with _clear_errors():
        click.echo(remote.script(tray_port, slug, [read_step(step) for step in steps]))


@main.command()
@click.option(
    "--socket",
    "socket_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Where clients find the daemon (their PCSCLITE_CSOCK_NAME).",
)
@click.option(
    "--port",
    type=click.IntRange(1024, 65534),
    default=35965,
    show_default=True,
    help="Of the first virtual slot; the second takes the next.",
)
def pcscd(socket_path: Path, port: int) -> None:
    """Run a PC/SC daemon of our own with a virtual reader, until it is stopped."""
    asked = threading.Event()

    def stop() -> None:
        asked.set()
        daemon.terminate()

    with _clear_errors(), PrivatePcscd(socket_path, port) as daemon:
        _on_signal(stop)
        click.echo(f"reader ready: PCSCLITE_CSOCK_NAME={socket_path}, virtual slot on port {port}")
        code = daemon.wait()
        if not asked.is_set():
            raise ReaderError(f"pcscd ended by itself (exit code {code})")
    click.echo("stopped")


def _on_signal(stop: Callable[[], None]) -> None:
    """End calmly on Ctrl-C and on SIGTERM; off the main thread, which the server holds."""

    def handle(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=stop, name="stop").start()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)


class _clear_errors:  # noqa: N801  # reads as a statement
    """Turn our own errors into one line on stderr and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, TerminalError):
            click.echo(f"virtual-card: {error}", err=True)
            sys.exit(1)


if __name__ == "__main__":
    main()
