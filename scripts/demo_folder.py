"""What the demo needs in its data folder: people, cards, certificates, store, configuration.

Made once, but for the configuration, which is written anew at each start.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import secrets
import socket
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID
from processes import DemoError

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
PCSCD = Path("/usr/sbin/pcscd")
FIRST_CARD_PORT = 35965
LONGEST_SOCKET_PATH = 100
ACCOUNTS = {"reception": "受付", "clinician": "医師", "administrator": "管理者"}
PORTRAITS = Path(sys.prefix) / "portraits" / "face_recognition-1.3.0.tar.gz"
HOLDERS = ("ordinary", "elderly", "face-only", "pin-blocked")
"""The cards that bear the photo of who can stand before the kiosk's camera."""

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


@dataclass(frozen=True)
class Demo:
    """Where a demo lives.  Ports: terminal ``base``, then tray, payer and its page."""

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

    @property
    def payer_page(self) -> str:
        """The page of the payer simulator."""
        return f"http://127.0.0.1:{self.base + 3}"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
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
    for port in range(base, base + 4):
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
        write_private(password_file, _new_password())
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
        write_private(folder / "store.new", section)
    _write_config(demo, (folder / "store.new" if is_new else store_file).read_text())
    if is_new:
        for name, shown in ACCOUNTS.items():
            command = ("eligibility-terminal", "account", "add", name, "--role", name)
            more = ("--display-name", shown, "--password-stdin", "--config", demo.config)
            _run(*command, *more, said=demo.password)
        patients = folder / "patients.csv"
        write_private(patients, _run("payer-simulator", "register", "--dir", folder / "payer"))
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


def institution_of(demo: Demo) -> str:
    """Return the institution code in the terminal's certificate."""
    certificate = x509.load_pem_x509_certificate((demo.folder / "payer/client.pem").read_bytes())
    return str(certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value)


def _write_config(demo: Demo, store: str) -> None:
    reader = f"socket_port = {demo.card_port}"
    if demo.pcsc_socket:
        reader = f"pcsc_socket = {json.dumps(str(demo.pcsc_socket))}"
    text = CONFIG.format(
        institution=institution_of(demo),
        kind="pcsc" if demo.pcsc_socket else "socket",
        reader=reader,
        payer=demo.base + 2,
        web=demo.base,
        face=FACE if demo.has_camera else "",
        national=NATIONAL if demo.is_national else "",
        store=store,
    )
    write_private(demo.config, text)


def kiosk_code(demo: Demo) -> str:
    """Return a fresh one-time code that makes a browser the kiosk."""
    return _run("eligibility-terminal", "kiosk", "code", "--config", demo.config).strip()


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


def write_private(path: Path, text: str) -> None:
    """Write a file anew that only its owner can read."""
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
