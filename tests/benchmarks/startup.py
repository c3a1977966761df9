"""How long the terminal takes to start and how much memory it keeps: prints JSON lines.

The real processes of the demo, in a folder of their own; memory is read after a whole visit.
Needs the folder ``scripts`` on the import path, as ``./scripts/bench`` sets it.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import tempfile
import threading
import time
from pathlib import Path

import demo
import demo_folder
import visit_once
from processes import Child, running

from tests.benchmarks.visit import report
from tests.ports import free_port

MEBIBYTE_KIB = 1024


def resident(child: Child) -> float:
    """Return the most memory that the process has held, in MiB."""
    if child.process is None:
        raise RuntimeError(f"{child.name} does not run")
    status = Path(f"/proc/{child.process.pid}/status").read_text()
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(peak) / MEBIBYTE_KIB


def run(starts: int) -> None:
    """Start the terminal so many times, each time for one visit, and print the figures."""
    seconds: list[float] = []
    memory: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        demo_folder.pcsc_socket_for(folder := Path(name)) as pcsc_socket,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        (folder / "logs").mkdir()
        made = demo_folder.make_demo(folder, free_port(), pcsc_socket, has_camera=False)
        *others, terminal = demo.processes_of(made)
        for _ in range(starts):
            with running(others, threading.Event()):
                began = time.monotonic()
                with running([terminal], threading.Event()):
                    seconds.append(time.monotonic() - began)
                    visit_once.run(made, demo_folder.kiosk_code(made))
                    memory.append(resident(terminal))
    report("start-up to ready", "s", seconds)
    report("memory of the service, peak", "MiB", memory)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
