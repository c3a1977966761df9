"""The command ``serve`` as the service runs it."""

import os
import resource
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from terminal.errors import PortInUseError
from terminal.store import Store
from terminal.store.keys import new_key, write_key_file
from tests.clinic import STORE_ID, Stage, write_config
from tests.ports import free_port
from web.server import listen

COMMAND = [sys.executable, "-c", "from web.cli import main; main()", "serve", "--config"]
STOP_SECONDS = 10


@pytest.fixture
def config(tmp_path: Path, stage: Stage) -> Path:
    """A configuration with its store; the payer is not there."""
    key = new_key()
    write_key_file(tmp_path / "store.key", key)
    Store.create(tmp_path / "store.db", key, STORE_ID)
    return write_config(tmp_path, stage, f"https://localhost:{free_port()}/fhir")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_tells_its_address_and_stops_cleanly(config: Path, number: signal.Signals) -> None:
    """One line says where the pages are; a signal ends it with code 0 and streams closed."""
    with subprocess.Popen([*COMMAND, str(config)], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own command
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("Ready: http://localhost:")
        with urllib.request.urlopen(ready.split()[1]) as answer:  # noqa: S310  # our own address
            assert answer.status == 200
            assert "waitress" not in str(answer.headers)
        process.send_signal(number)
        assert process.wait(STOP_SECONDS) == 0


def test_a_service_that_crashes_leaves_no_core(config: Path, tmp_path: Path) -> None:
    """Also started where cores are wanted: the kernel's own limits say so, and so does a crash."""

    def want_cores() -> None:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    with subprocess.Popen(  # noqa: S603  # our own command
        [*COMMAND, str(config)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        preexec_fn=want_cores,  # no other thread forks here
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Ready: ")
        limits = Path(f"/proc/{process.pid}/limits").read_text().splitlines()
        (line,) = (line for line in limits if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)


def test_a_taken_address_is_named(config: Path) -> None:
    """Where another program listens, one line names address and port, and nothing is started."""
    port = int(
        next(line for line in config.read_text("utf-8").splitlines() if line.startswith("port"))
        .partition("=")[2]
        .strip()
    )
    taken = listen("127.0.0.1", port)
    with pytest.raises(PortInUseError):
        listen("127.0.0.1", port)
    result = subprocess.run([*COMMAND, str(config)], capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    taken.close()
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr
    assert "Traceback" not in result.stderr
