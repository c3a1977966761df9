"""The demo: virtual card, simulated payer and terminal as processes of their own.

Run by ``./scripts/run``; not part of the product.  All that it makes lies in one data folder.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import http.client
import importlib.util
import json
import os
import secrets
import signal
import socket
import string
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from cryptography import x509
from cryptography.x509.oid import NameOID
from processes import Child, DemoError, running

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
PCSCD = Path("/usr/sbin/pcscd")
FIRST_CARD_PORT = 35965
LONGEST_SOCKET_PATH = 100
ACCOUNTS = {"reception": "受付", "clinician": "医師", "administrator": "管理者"}

CONFIG = """\
# Written anew by ./scripts/run at each start.
[terminal]
environment = "demo"
desk_id = "desk-1"
data_dir = "."

[institution]
code = "{institution}"
kind = "clinic"
name = "デモ診療所"

[reader]
kind = "{kind}"
{reader}

[card]
anchors = ["cards/ca.pem"]
revocation_lists = ["cards/crl.pem"]
record_issuers = ["cards/record-ca.pem"]

[card_camera]
kind = "recorded"
recording = "card-camera.jpg"

{face}[payer]
base_url = "https://localhost:{payer}/fhir"
ca_file = "payer/ca.pem"
client_certificate = "payer/client.pem"
client_key = "payer/client.key"

[web]
port = {web}

[kiosk]
prescription_choice = true

{national}{store}"""

NATIONAL = """\
[eligibility]
interface = "national"

[national]
req_dir = "oqs/req"
res_dir = "oqs/res"
face_dir = "oqs/face"

"""


FACE = """\
[face]
kind = "recorded"
recording = "face-camera.bmp"

"""
PORTRAITS = Path(sys.prefix) / "portraits" / "face_recognition-1.3.0.tar.gz"
SHOWN = " (portraits of two persons: they show the wiring, not the accuracy)"
DRAWN = " (a drawing only: ./scripts/setup could not fetch the portraits)"
HOLDERS = ("ordinary", "elderly", "face-only", "pin-blocked")
"""The cards that bear the photo of who can stand before the kiosk's camera."""


@dataclass(frozen=True)
class Demo:
    """Where a demo lives.  Ports: terminal ``base``, tray ``base + 1``, payer ``base + 2``."""

    folder: Path
    base: int
    card_port: int
    pcsc_socket: Path | None
    has_camera: bool
    is_national: bool
    password: str = field(repr=False)

    @property
    def config(self) -> Path:
        """The terminal's configuration."""
        return self.folder / "config.toml"

    @property
    def visitor_code(self) -> Path:
        """The file with the one-time code by which who stands before the camera sees the kiosk."""
        return self.folder / "visitor.code"

    @property
    def address(self) -> str:
        """The one address to open."""
        return f"http://localhost:{self.base}"

    @property
    def tray(self) -> str:
        """The page of the card tray."""
        return f"http://127.0.0.1:{self.base + 1}"


def main() -> int:
    """Run the demo until Ctrl-C, or one visit with ``--once``."""
    options = _options()
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        with _locked(options.data_dir), pcsc_socket_for(options.data_dir) as pcsc_socket:
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
                _write_private(demo.visitor_code, kiosk_code(demo))
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
        help="port of the terminal; tray and payer take the next two (default 8600)",
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
    if not 1024 <= options.port_base <= 65533:
        parser.error("--port-base must be 1024 to 65533")
    return options


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep the data folder for ourselves."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "logs").mkdir(exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        msg = f"{folder} cannot be written to ({error.strerror}): choose another with --data-dir."
        raise DemoError(msg) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            msg = f"a demo already runs on {folder}: stop it, or choose another with --data-dir."
            raise DemoError(msg) from error
        yield


@contextlib.contextmanager
def pcsc_socket_for(folder: Path) -> Iterator[Path | None]:
    """Say where our own daemon's socket will be: its path may not be long.  None: no PC/SC here."""
    if not (importlib.util.find_spec("smartcard") and PCSCD.exists() and DRIVER.exists()):
        yield None
    elif len(bytes(path := folder / "pcscd.sock")) <= LONGEST_SOCKET_PATH:
        yield path
    else:
        with tempfile.TemporaryDirectory(prefix="eligibility-demo-") as short:
            yield Path(short) / "pcscd.sock"


def make_demo(
    folder: Path,
    base: int,
    pcsc_socket: Path | None,
    *,
    has_camera: bool,
    is_national: bool = False,
) -> Demo:
    """Make what the demo needs in ``folder``, unless it is there, and choose its ports."""
    for port in (base, base + 1, base + 2):
        if not _is_free("127.0.0.1", port):
            msg = f"port {port} is in use: stop that program, or choose others with --port-base."
            raise DemoError(msg)
    store_file = folder / "store.toml"
    is_new = not store_file.exists()
    if is_new:
        print("First start: making people, cards and certificates …", flush=True)
        _run("payer-simulator", "init", "--dir", folder / "payer")
        people = folder / "payer" / "people.json"
        _run("virtual-card", "issue", "--people", people, "--dir", folder / "cards")
    password_file = folder / "password"
    if not password_file.exists():
        _write_private(password_file, _new_password())
    card_port = next(
        port
        for port in range(FIRST_CARD_PORT, 65000, 2)
        if _is_free("0.0.0.0", port) and _is_free("0.0.0.0", port + 1)  # noqa: S104  # as vpcd
    )
    password = password_file.read_text().strip()
    demo = Demo(folder, base, card_port, pcsc_socket, has_camera, is_national, password)
    if has_camera and PORTRAITS.exists():
        _put_photos(folder)
    if is_new:
        for leftover in folder.glob("store.db*"):
            leftover.unlink()
        (folder / "store.key").unlink(missing_ok=True)
        key = folder / "store.key"
        section = _run(
            "eligibility-terminal", "store", "create", folder / "store.db", "--key-file", key
        )
        _write_private(folder / "store.new", section)
    _write_config(demo, (folder / "store.new" if is_new else store_file).read_text())
    if is_new:
        for name, shown in ACCOUNTS.items():
            command = ("eligibility-terminal", "account", "add", name, "--role", name)
            more = ("--display-name", shown, "--password-stdin", "--config", demo.config)
            _run(*command, *more, said=demo.password)
        patients = folder / "patients.csv"
        _write_private(patients, _run("payer-simulator", "register", "--dir", folder / "payer"))
        _run("eligibility-terminal", "records", "import", patients, "--config", demo.config)
        (folder / "store.new").rename(store_file)
    return demo


def _put_photos(folder: Path) -> None:
    """Give some cards the photo of a public person, once, in place of the drawing."""
    done = folder / "photos-are-put"
    if done.exists():
        return
    program, cards = ROOT / "scripts" / "visitor.py", folder / "cards" / "cards"
    command = [sys.executable, str(program), "--photos", str(cards), *HOLDERS]
    put = subprocess.run(command, capture_output=True, text=True, check=False)
    if put.returncode:
        why = put.stderr.strip().splitlines() or ["no message"]
        msg = f"the portraits could not be put on the cards: {why[-1]}"
        raise DemoError(msg)
    done.touch()


def _institution(demo: Demo) -> str:
    """Return the institution code in the terminal's certificate."""
    certificate = x509.load_pem_x509_certificate((demo.folder / "payer/client.pem").read_bytes())
    return str(certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value)


def _write_config(demo: Demo, store: str) -> None:
    reader = f"socket_port = {demo.card_port}"
    if demo.pcsc_socket:
        reader = f"pcsc_socket = {json.dumps(str(demo.pcsc_socket))}"
    text = CONFIG.format(
        institution=_institution(demo),
        kind="pcsc" if demo.pcsc_socket else "socket",
        reader=reader,
        payer=demo.base + 2,
        web=demo.base,
        face=FACE if demo.has_camera else "",
        national=NATIONAL if demo.is_national else "",
        store=store,
    )
    _write_private(demo.config, text)


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
        *("--card-ca", cards / "ca.pem", "--issued", cards / "issued.json"),
        *("--record-ca", cards / "record-ca.pem"),
        *("--disaster", _institution(demo)),
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


def kiosk_code(demo: Demo) -> str:
    """Return a fresh one-time code that makes a browser the kiosk."""
    return _run("eligibility-terminal", "kiosk", "code", "--config", demo.config).strip()


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
  Face    choose there who stands before the kiosk's camera{SHOWN if PORTRAITS.exists() else DRAWN}
{_visits_by_files(demo)}  Data    {demo.folder} (logs in {demo.folder / "logs"}){reader}

Ctrl-C stops all of it."""


def _visits_by_files(demo: Demo) -> str:
    if not demo.is_national:
        return ""
    folders = f"--dir {demo.folder / 'payer'} --drop-folder {demo.folder / 'oqs'}"
    command = f"{BIN / 'payer-simulator'} visit elderly {folders}"
    return f"  Files   a card visit at the national reader: {command}\n"


def _run(program: str, *arguments: object, said: str | None = None) -> str:
    """Run one of our commands to its end and return what it printed."""
    command = [str(BIN / program), *map(str, arguments)]
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        msg = f"{program} {arguments[0]} failed: {why[-1]}"
        raise DemoError(msg)
    return done.stdout


def _new_password() -> str:
    letters = string.ascii_lowercase + string.digits
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


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
