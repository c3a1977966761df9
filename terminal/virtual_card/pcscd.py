"""A PC/SC daemon of our own: Debian's pcscd with vsmartcard's virtual reader, on our own socket.

For tests and the demo only: vpcd listens on **all** network interfaces without authentication, so
the package ``vsmartcard-vpcd`` never belongs on a reception desk.

A card in a real daemon's reader, in three lines::

    with PrivatePcscd(socket_path, port), VirtualCardSlot(port) as slot:
        issue(read_people(people), folder, now)
        slot.insert(load_card(folder, "tanaka-hanako").card)

Clients (libpcsclite, so pyscard and OpenSC too) reach it when the environment variable
``PCSCLITE_CSOCK_NAME`` names ``socket_path`` before their first call.
"""

from __future__ import annotations

import logging
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from terminal.errors import ReaderError
from terminal.virtual_card.ports import check_free

_log = logging.getLogger(__name__)

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
READER_NAME = "Virtual PCD"
_RUN_FOLDER = Path("/run/pcscd")  # the daemon wants it even when it listens elsewhere
_SLOTS = 2
_TABLE_BYTES = 16 * 180  # at least so long is pcscd's table of 16 readers; ours come first
# pcscd takes its listening socket as descriptor 3 with LISTEN_PID its own (sd_listen_fds).
_ACTIVATE = 'exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'


class PcscdMissingError(ReaderError):
    """The daemon or the virtual reader is not installed, or cannot run here."""


class PrivatePcscd:
    """A daemon with two virtual slots, on ports ``port`` and ``port + 1``.

    ``socket_path``: where clients find it.  Entering the ``with`` block starts it and waits until
    the readers are listed; leaving it stops it and removes the socket.
    """

    def __init__(
        self, socket_path: Path, port: int, *, driver: Path = DRIVER, start_seconds: float = 10
    ) -> None:
        """``start_seconds``: how long the readers may take to appear."""
        self.socket_path = socket_path
        self.port = port
        self._driver = driver
        self._start_seconds = start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def running(self) -> bool:
        """Whether the daemon's process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the daemon and return when its readers are there.

        Raises PcscdMissingError (not installed), PortInUseError, ReaderError (did not come up).
        """
        if self.running:
            return
        self.kill()  # what is left of one that died
        program = self._check()
        self._folder = tempfile.TemporaryDirectory(prefix="virtual-card-pcscd-")
        folder = Path(self._folder.name)
        (folder / "reader").mkdir()
        (folder / "reader" / "vpcd").write_text(
            f'FRIENDLYNAME "{READER_NAME}"\nDEVICENAME /dev/null:{self.port:#06x}\n'
            f"LIBPATH {self._driver}\nCHANNELID {self.port:#06x}\n"
        )
        command = ["/bin/sh", "-c", _ACTIVATE, "sh", program]
        command += ["--foreground", "--config", str(folder / "reader")]
        self.socket_path.unlink(missing_ok=True)
        with (
            socket.socket(socket.AF_UNIX) as listener,
            (folder / "log").open("wb") as log,
        ):
            try:
                listener.bind(str(self.socket_path))
            except OSError as error:
                self.kill()
                raise ReaderError(f"{self.socket_path}: cannot listen: {error}") from None
            listener.listen(16)
            self._process = subprocess.Popen(  # noqa: S603  # our own fixed command
                command,
                stdin=listener.fileno(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C is ours to handle
            )
        try:
            self._await_readers(folder / "log")
        except BaseException:
            self.kill()
            raise

    def stop(self, seconds: float = 5) -> None:
        """End the daemon as an administrator would; a daemon that does not end is killed."""
        self._end(signal.SIGTERM, seconds)

    def terminate(self) -> None:
        """Ask the daemon to end and return; :meth:`wait` then returns."""
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """End the daemon as a crash would."""
        self._end(signal.SIGKILL, 5)

    def restart(self) -> None:
        """Stop and start; clients must make new contexts, cards come back by themselves."""
        self.stop()
        self.start()

    def wait(self) -> int:
        """Wait until the daemon ends; return its exit code, 0 where none runs."""
        return 0 if self._process is None else self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _check(self) -> str:
        program = shutil.which("pcscd", path="/usr/sbin:/usr/local/sbin:/usr/bin:/sbin")
        if program is None:
            raise PcscdMissingError("pcscd is not installed: install the Debian package pcscd")
        if not self._driver.exists():
            raise PcscdMissingError(
                f"{self._driver} is missing: install the Debian package vsmartcard-vpcd"
            )
        try:
            _RUN_FOLDER.mkdir(exist_ok=True)
        except OSError:
            raise PcscdMissingError(
                f"{_RUN_FOLDER} is missing and may not be made: create it as root"
            ) from None
        for port in (self.port, self.port + 1):
            check_free("0.0.0.0", port)  # noqa: S104  # where vpcd will listen
        return program

    def _await_readers(self, log: Path) -> None:
        deadline = time.monotonic() + self._start_seconds
        while time.monotonic() < deadline:
            if not self.running:
                raise ReaderError(f"pcscd ended at once: {_last_line(log)}")
            if shows_readers(self.socket_path):
                return
            time.sleep(0.01)
        raise ReaderError(f"pcscd shows no virtual reader: {_last_line(log)}")

    def _end(self, how: signal.Signals, seconds: float) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                _log.warning("pcscd did not end within %s s: killed", seconds)
                process.kill()
                process.wait()
        self.socket_path.unlink(missing_ok=True)
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def shows_readers(socket_path: Path) -> bool:
    """Ask a daemon in its own protocol whether it lists both virtual readers.

    Needs no client library, whose one socket path per process the caller may want for itself.
    """
    answer = b""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(socket_path))
            # A header is size and command; CMD_VERSION 0x11 carries major, minor, result.
            client.sendall(struct.pack("=IIIII", 12, 0x11, 4, 4, 0))
            if len(client.recv(12, socket.MSG_WAITALL)) < 12:
                return False
            client.sendall(struct.pack("=II", 0, 0x12))  # CMD_GET_READERS_STATE
            while answer.count(READER_NAME.encode()) < _SLOTS and len(answer) < _TABLE_BYTES:
                part = client.recv(_TABLE_BYTES)
                if not part:
                    break
                answer += part
    except OSError:
        return False
    return answer.count(READER_NAME.encode()) >= _SLOTS


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"
