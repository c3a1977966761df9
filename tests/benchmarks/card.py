"""How long the desk takes from the reader's event to a recognised card, on the virtual stack.

``python -m tests.benchmarks.card N`` prints the milliseconds of N taps as one JSON list.
"""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from terminal.card.certificates import CertificateVerifier
from terminal.reader import ReaderSettings, make_reader
from terminal.reader.types import Inserted, ReaderEvent, Removed
from terminal.recognition import read_card
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.card.wallet import make_wallet

PATIENCE = 20.0
Kind = TypeVar("Kind", bound=ReaderEvent)


def measure_tap(n: int) -> list[float]:
    """Tap ``n`` times; return the milliseconds from the reader's event to the recognised card.

    Recognised: selected, certificate read and verified, PIN's tries known, card let go.  vpcd's
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
    return [float(value) for value in json.loads(result.stdout)]


def _taps(n: int, folder: Path) -> list[float]:
    wallet = make_wallet(folder / "wallet")
    verifier = CertificateVerifier([wallet.anchor], allow_test=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    events: queue.SimpleQueue[ReaderEvent] = queue.SimpleQueue()
    taken = []
    with PrivatePcscd(folder / "pcscd.comm", port) as daemon, VirtualCardSlot(port) as slot:
        reader = make_reader(ReaderSettings(pcsc_socket=daemon.socket_path))
        reader.start(events.put)
        try:
            for _ in range(n):
                slot.insert(wallet.card())
                inserted = _next(events, Inserted)
                card = read_card(reader, inserted.reader)
                verifier.verify(card.certificate, datetime.now(UTC))
                taken.append((time.monotonic() - inserted.at) * 1000)
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
