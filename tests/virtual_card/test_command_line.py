"""The command `virtual-card` as a newcomer and a script run it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from terminal.errors import PortInUseError, ReaderError
from terminal.virtual_card.__main__ import main
from terminal.virtual_card.pcscd import PcscdMissingError, PrivatePcscd, shows_readers
from tests.ports import free_ports
from tests.virtual_card.parts import people, wait_until

COMMAND = [sys.executable, "-m", "terminal.virtual_card"]
AS_ONESELF = "from terminal.virtual_card.__main__ import main; main()"
# root's Python may lie where nobody else can read: the user changes once all is imported
AS_NOBODY = """
import os, pwd
from terminal.virtual_card.__main__ import main
user = pwd.getpwnam("nobody")
os.setgroups([]); os.setgid(user.pw_gid); os.setuid(user.pw_uid)
main()
"""


def start(*arguments: str | Path | int) -> subprocess.Popen[str]:
    """Start the command."""
    return subprocess.Popen(  # noqa: S603  # our own command
        [*COMMAND, *(str(part) for part in arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return exit code, stdout, stderr."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def write_people(path: Path, count: int = 2) -> Path:
    """Write a short people.json."""
    path.write_text(
        json.dumps([json.loads(person.model_dump_json()) for person in people()[:count]])
    )
    return path


def test_issue_makes_a_folder_that_serve_can_use(tmp_path: Path) -> None:
    """issue says what it does; serve puts a card, shows it and ends cleanly on Ctrl-C."""
    folder = tmp_path / "cards"
    listed = write_people(tmp_path / "people.json")
    code, out, err = finish(start("issue", "--people", listed, "--dir", folder))
    assert (code, err) == (0, "")
    assert "normal: keys and certificates" in out
    assert f"2 cards in {folder}" in out
    port, view = free_ports(2), tmp_path / "view.jpg"
    ports = ("--vpcd-port", port, "--tray-port", port + 1)
    process = start("serve", "--dir", folder, *ports, "--camera", view)
    assert process.stdout is not None
    assert f"http://127.0.0.1:{port + 1}" in process.stdout.readline()
    assert view.read_bytes().startswith(b"\xff\xd8")
    connection = http.client.HTTPConnection("127.0.0.1", port + 1, timeout=10)
    body = json.dumps({"card": "normal"})
    connection.request("POST", "/insert", body, {"Content-Type": "application/json"})
    assert json.load(connection.getresponse())["on_reader"] == "normal"
    connection.close()
    process.send_signal(signal.SIGINT)
    assert finish(process) == (0, "stopped\n", "")
    assert not view.exists()


def test_pcscd_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """The command shows where the daemon is, serves it, and leaves nothing behind."""
    path, port = tmp_path / "pcscd.sock", free_ports(2)
    process = start("pcscd", "--socket", path, "--port", port)
    assert process.stdout is not None
    assert f"PCSCLITE_CSOCK_NAME={path}" in process.stdout.readline()
    assert shows_readers(path)
    process.send_signal(signal.SIGTERM)
    assert finish(process) == (0, "stopped\n", "")
    assert not path.exists()


def test_an_ordinary_user_runs_a_daemon_of_their_own() -> None:
    """Where /run/pcscd exists no root is needed: the readers are listed, the end is clean."""
    as_root = os.geteuid() == 0
    Path("/run/pcscd").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # open to that user
        Path(folder).chmod(0o777)
        path = Path(folder) / "pcscd.sock"
        arguments = ["pcscd", "--socket", str(path), "--port", str(free_ports(2))]
        process = subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-c", AS_NOBODY if as_root else AS_ONESELF, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        assert f"PCSCLITE_CSOCK_NAME={path}" in process.stdout.readline()
        assert Path(f"/proc/{process.pid}").stat().st_uid != 0
        assert shows_readers(path)
        process.send_signal(signal.SIGTERM)
        assert finish(process) == (0, "stopped\n", "")


def test_missing_files_and_taken_ports_are_one_line(tmp_path: Path) -> None:
    """Exit code 1 and one clear line on stderr; no traceback."""
    people_file = tmp_path / "people.json"
    code, _, err = finish(start("issue", "--people", people_file, "--dir", tmp_path / "cards"))
    assert (code, err) == (
        1,
        f"virtual-card: {people_file}: cannot be read: No such file or directory\n",
    )
    code, _, err = finish(start("serve", "--dir", tmp_path / "cards"))
    assert code == 1
    assert "run `virtual-card issue` first" in err
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))  # noqa: S104  # where vpcd would listen
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = finish(start("pcscd", "--socket", tmp_path / "s", "--port", port))
    assert (code, err) == (1, f"virtual-card: 0.0.0.0:{port} is in use by another program\n")


@pytest.mark.parametrize("command", [(), ("issue",), ("serve",), ("pcscd",)])
def test_help_is_there(command: tuple[str, ...]) -> None:
    """--help of the program and of each command explains it."""
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage:")


def test_a_missing_driver_and_a_bad_socket_are_said(tmp_path: Path) -> None:
    """What is not installed, or where the socket cannot be, raises an error that names it."""
    port = free_ports(2)
    with pytest.raises(PcscdMissingError, match="vsmartcard-vpcd"):
        PrivatePcscd(tmp_path / "s", port, driver=tmp_path / "no.so").start()
    with pytest.raises(ReaderError, match="cannot listen"):
        PrivatePcscd(tmp_path / "no" / "s", port).start()
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", port + 1))  # noqa: S104  # where vpcd would listen
        taken.listen()
        with pytest.raises(PortInUseError):
            PrivatePcscd(tmp_path / "s", port).start()


def test_a_daemon_that_shows_no_reader_is_given_up(tmp_path: Path) -> None:
    """A driver that cannot be loaded ends in an error, not in waiting; no process is left."""
    driver = tmp_path / "no-driver.so"
    driver.write_bytes(b"not a library")
    daemon = PrivatePcscd(tmp_path / "s", free_ports(2), driver=driver, start_seconds=0.5)
    began = time.monotonic()
    with pytest.raises(ReaderError, match="no virtual reader"):
        daemon.start()
    assert time.monotonic() - began < 30
    assert not daemon.running


def test_the_command_says_when_the_daemon_dies(tmp_path: Path) -> None:
    """If pcscd ends by itself, the command ends with an error."""
    path = tmp_path / "pcscd.sock"
    process = start("pcscd", "--socket", path, "--port", free_ports(2))
    assert process.stdout is not None
    process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == 1
    os.kill(int(children[0]), signal.SIGKILL)
    code, _, err = finish(process)
    assert code == 1
    assert "pcscd ended by itself" in err
    wait_until(lambda: not path.exists(), "the socket is removed")
