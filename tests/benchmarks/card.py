"""How long the desk takes from the reader's event to each step of a visit, on the virtual stack.

``python -m tests.benchmarks.card N`` prints the milliseconds of N taps as one JSON object.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypeVar

from terminal.reader import ReaderSettings, make_reader
from terminal.reader.types import Inserted, ReaderEvent, Removed
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.benchmarks.steps import Steps
from tests.card.wallet import make_wallet
from tests.ports import free_ports

PATIENCE = 20.0
Kind = TypeVar("Kind", bound=ReaderEvent)


def measure_tap(n: int) -> list[float]:
    """Tap ``n`` times; return the milliseconds from the reader's event to the recognised card.

    Recognised: selected, certificate read and verified, PIN's tries known, card let go.
    """
    return measure_steps(n)["certificate"]


def measure_steps(n: int) -> dict[str, list[float]]:
    """Tap ``n`` times; return by step the milliseconds from the reader's event to its end.

    The steps of one tap follow each other at once, as with a patient who types in no time.  vpcd's
    own wait for its next look (up to 400 ms) comes before the event and is not in it.  Runs in a
    process of its own, as the PC/SC client keeps to one daemon for the life of a process.
    """
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run(  # this very module
        [sys.executable, "-m", __name__, str(n)],
        cwd=root,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    steps: dict[str, list[float]] = json.loads(result.stdout)
    return steps


def _taps(n: int, folder: Path) -> dict[str, list[float]]:
    wallet = make_wallet(folder / "wallet")
    port = free_ports(2)
    events: queue.SimpleQueue[ReaderEvent] = queue.SimpleQueue()
    taken: dict[str, list[float]] = {}
    with PrivatePcscd(folder / "pcscd.comm", port) as daemon, VirtualCardSlot(port) as slot:
        reader = make_reader(ReaderSettings(pcsc_socket=daemon.socket_path))
        reader.start(events.put)
        try:
            for _ in range(n):
                slot.insert(wallet.card())
                inserted = _next(events, Inserted)
                for name, step in Steps(reader, inserted.reader, wallet).all.items():
                    step()
                    taken.setdefault(name, []).append((time.monotonic() - inserted.at) * 1000)
                slot.remove()
                _next(events, Removed)
        finally:
            reader.stop()
    return taken


def _next(events: queue.SimpleQueue[ReaderEvent], kind: type[Kind]) -> Kind:
    while not isinstance(event := events.get(timeout=PATIENCE), kind):
        pass
    return event


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(_taps(int(sys.argv[1]), Path(name))))  # its very purpose
