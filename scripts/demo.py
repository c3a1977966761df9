"""The demo: virtual card, simulated payer and terminal as processes of their own.

Run by ``./scripts/run``; not part of the product.  All that it makes lies in one data folder.
"""

from __future__ import annotations

import argparse
import http.client
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from demo_folder import (
    ACCOUNTS,
    BIN,
    HOLDERS,
    PORTRAITS,
    ROOT,
    Demo,
    institution_of,
    kiosk_code,
    locked,
    make_demo,
    pcsc_socket_for,
    write_private,
)
from processes import Child, DemoError, running

SHOWN = " (portraits of two persons: they show the wiring, not the accuracy)"
DRAWN = " (a drawing only: ./scripts/setup could not fetch the portraits)"
VISITS = "card visits at the national reader and "


def main() -> int:
    """Run the demo until Ctrl-C, or one visit with ``--once``."""
    options = _options()
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        with locked(options.data_dir), pcsc_socket_for(options.data_dir) as pcsc_socket:
            # one visit by PIN needs nobody before a camera
            camera = not options.once
            demo = make_demo(
                options.data_dir,
                options.port_base,
                pcsc_socket,
                has_camera=camera,
                is_national=options.national,
            )
            children = list(processes_of(demo))
            with running(children, stopping):
                if options.once:
                    import visit_once  # an HTTP client only where one is needed

                    visit_once.run(demo, kiosk_code(demo))
                    return 0
                write_private(demo.visitor_code, kiosk_code(demo))
                print(_welcome(demo, kiosk_code(demo)), flush=True)
                while not stopping.wait(0.2):
                    for child in children:
                        child.check()
                print("\nStopping …", flush=True)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./scripts/run", description="Start the whole demo.")
    parser.add_argument(
        "--once", action="store_true", help="one visit without a browser; print what staff see"
    )
    parser.add_argument(
        "--port-base",
        type=int,
        default=8600,
        metavar="N",
        help="port of the terminal; tray, payer and its page take the next three (default 8600)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=ROOT / "var" / "demo",
        metavar="DIR",
        help="where the demo keeps its data (default var/demo)",
    )
    parser.add_argument(
        "--national",
        action="store_true",
        help="ask the payer over the files of the national interface, not over FHIR",
    )
    options = parser.parse_args()
    if options.once and options.national:
        parser.error("--once shows a visit by card, which the national interface does not know")
    options.data_dir = options.data_dir.absolute()
    if not 1024 <= options.port_base <= 65532:
        parser.error("--port-base must be 1024 to 65532")
    return options


def processes_of(demo: Demo) -> Iterator[Child]:
    """Yield the processes of the demo in the order in which they start."""
    logs, cards, payer = demo.folder / "logs", demo.folder / "cards", demo.folder / "payer"
    holders = HOLDERS if demo.has_camera and PORTRAITS.exists() else ()

    def child(name: str, ready: Callable[[], bool], *command: object) -> Child:
        program, *rest = map(str, command)
        log = logs / f"{name.replace(' ', '-')}.log"
        return Child(name, [str(BIN / program), *rest], ready, log)

    if demo.pcsc_socket:
        path = demo.pcsc_socket
        yield child(
            "pcscd",
            lambda: _answers(path),
            *("virtual-card", "pcscd", "--socket", path, "--port", demo.card_port),
        )
    yield child(
        "virtual card",
        lambda: _listens(demo.base + 1),
        *("virtual-card", "serve", "--dir", cards),
        *("--vpcd-port", demo.card_port, "--tray-port", demo.base + 1),
        *("--camera", demo.folder / "card-camera.jpg"),
        *(("--kiosk-camera",) if demo.has_camera else ()),
        *(part for slug in holders for part in ("--portrait", slug)),
    )
    yield child(
        "payer simulator",
        lambda: _listens(demo.base + 2),
        *("payer-simulator", "serve", "--dir", payer, "--port", demo.base + 2),
        *("--control-port", demo.base + 3),
        *("--card-ca", cards / "ca.pem", "--issued", cards / "issued.json"),
        *("--record-ca", cards / "record-ca.pem"),
        *("--disaster", institution_of(demo)),
        *(("--drop-folder", demo.folder / "oqs") if demo.is_national else ()),
    )
    if demo.has_camera:
        seen = demo.folder / "face-camera.bmp"
        seen.unlink(missing_ok=True)
        command = [sys.executable, str(ROOT / "scripts" / "visitor.py"), "--picture", str(seen)]
        command += ["--terminal", demo.address, "--tray", demo.tray]
        command += ["--code", str(demo.visitor_code), *([] if holders else ["--drawn"])]
        yield Child("visitor", command, seen.exists, logs / "visitor.log")
    yield child(
        "terminal",
        lambda: _serves(demo.base),
        *("eligibility-terminal", "serve", "--config", demo.config),
    )


def _welcome(demo: Demo, code: str) -> str:
    reader = (
        "" if demo.pcsc_socket else "\n  Reader  socket reader: pcscd or pyscard is missing here"
    )
    return f"""
Ready: open {demo.address}/

  Staff   log in as {", ".join(ACCOUNTS)}; password {demo.password}
  Kiosk   make a browser the kiosk with the one-time code {code} (within 10 minutes)
  Cards   put a card on the reader at {demo.tray}/ ; the PIN of every card is 1234
  Records the clinic's register holds these people; the same file: {demo.folder / "patients.csv"}
  Payer   cause {VISITS if demo.is_national else ""}faults at {demo.payer_page}/
  Face    choose there who stands before the kiosk's camera{SHOWN if PORTRAITS.exists() else DRAWN}
  Data    {demo.folder} (logs in {demo.folder / "logs"}){reader}

Ctrl-C stops all of it."""


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _serves(port: int) -> bool:
    """Whether pages are served: the terminal takes its port long before it does."""
    connection = http.client.HTTPConnection("localhost", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


if __name__ == "__main__":
    sys.exit(main())
