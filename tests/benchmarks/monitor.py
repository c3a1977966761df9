"""How much of one core the watched reader costs while nobody taps: prints a JSON line.

``python -m tests.benchmarks.monitor [SECONDS]``; the goal is under 0.1 %.
"""

from __future__ import annotations

import queue
import sys
import tempfile
import threading
import time
from pathlib import Path

from terminal.reader import ReaderSettings, make_reader
from terminal.reader.types import ReaderEvent
from terminal.virtual_card.pcscd import PrivatePcscd
from tests.benchmarks.visit import report
from tests.ports import free_ports


def run(seconds: float) -> None:
    """Watch an empty reader for so long and print the share of one core that it took."""
    events: queue.SimpleQueue[ReaderEvent] = queue.SimpleQueue()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        PrivatePcscd(Path(name) / "pcscd.comm", free_ports(2)) as daemon,
    ):
        reader = make_reader(ReaderSettings(pcsc_socket=daemon.socket_path))
        reader.start(events.put)
        try:
            events.get(timeout=15)
            cpu, wall = time.process_time(), time.monotonic()
            threading.Event().wait(seconds)
            used, passed = time.process_time() - cpu, time.monotonic() - wall
        finally:
            reader.stop()
    report("idle reader, share of one core", "%", [100 * used / passed])


if __name__ == "__main__":
    run(float(sys.argv[1]) if len(sys.argv) > 1 else 20)
