"""The demo command, as a newcomer starts it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clinic import wait_for
from tests.ports import free_ports

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent.parent
READY = "Ctrl-C stops all of it."


def command(folder: Path, base: int, *more: str) -> list[str]:
    """Return the command line of a demo in ``folder``."""
    program = [sys.executable, str(ROOT / "scripts" / "demo.py")]
    return [*program, "--data-dir", str(folder), "--port-base", str(base), *more]


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of running processes that name ``folder``."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder shared by all demos here; nothing may run on it at the end."""
    made = tmp_path_factory.mktemp("demo")
    yield made
    assert processes_of(made) == []


def test_one_visit_without_a_browser_prints_what_staff_see(folder: Path) -> None:
    """From nothing to coverage and history, through the terminal's own pages; then all is ended."""
    done = subprocess.run(  # noqa: S603  # our own command
        command(folder, free_ports(4), "--once"),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for words in ("山田 健一", "有効", "保険者番号", "お薬", "特定健診"):
        assert words in done.stdout
    assert processes_of(folder) == []


def test_a_demo_runs_until_it_is_told_to_stop_and_says_what_stands_in_the_way(
    folder: Path, tmp_path: Path
) -> None:
    """Its folder and its ports are its own; Ctrl-C ends every process within seconds."""
    base = free_ports(4)
    log = tmp_path / "log"
    with log.open("w") as output:
        demo = subprocess.Popen(  # noqa: S603  # our own command
            command(folder, base), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_for(lambda: READY in log.read_text() or demo.poll() is not None, "ready", 120)
        assert f"http://localhost:{base}/" in log.read_text()
        assert (folder / "face-camera.bmp").stat().st_size > 100_000
        wait_for(lambda: not (folder / "visitor.code").exists(), "a look at the kiosk's screen", 60)
        for other, port, words in (
            (folder, base + 5, "a demo already runs on"),
            (tmp_path / "other", base, f"port {base} is in use"),
        ):
            refused = subprocess.run(  # noqa: S603  # our own command
                command(other, port), capture_output=True, text=True, timeout=60, check=False
            )
            assert refused.returncode == 1
            assert words in refused.stderr
            assert len(refused.stderr.splitlines()) == 1
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    assert processes_of(folder) == []
