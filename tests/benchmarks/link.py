"""A model of the contactless link between reader and card, and what a visit costs on it.

``python -m tests.benchmarks.link N`` prints JSON lines: for each bit rate and step the commands and
bytes, the link's own floor and what was measured over it, in milliseconds.  The floor is the time
of the very same exchanges on an ideal stack, so ``ratio`` is what our side adds.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from terminal.card.apdu import Ins
from terminal.card.connection import CardConnection
from terminal.card.proof import make_desk_challenge
from terminal.reader.types import ReaderEvent, ReaderState
from terminal.recognition import prove_pin, read_card
from tests.benchmarks.card import measure_tap
from tests.card.cards import DirectConnection
from tests.card.wallet import PIN, Wallet, make_wallet

RATES = (106, 212, 424, 848)
"""kbit/s, ISO/IEC 14443-2."""

CARRIER_HZ = 13_560_000
CHARACTER_BITS = 10
"""Start, eight, stop: ISO/IEC 14443-3 type B; the guard time between characters is taken as 0."""
SOF_EOF_BITS = 22
BLOCK_OVERHEAD = 3
"""PCB and CRC of a block without CID and NAD, ISO/IEC 14443-4."""
BLOCK_BYTES = 256
"""The largest frame (FSC, FSD) of reader and card; longer data is chained, each block answered."""
TURNAROUND_SECONDS = 2 * 144 * 16 / CARRIER_HZ
"""TR0 + TR1 at their least, 64 + 80 periods of the subcarrier fc/16; taken for both directions."""
THINK_SECONDS = 0.002
SIGN_SECONDS = 0.150
"""What the card takes for a command, and for a signature: assumptions, not measured on a card."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What some exchanges cost: ``bytes_moved`` of commands and answers, ``floor`` in seconds."""

    commands: int = 0
    bytes_moved: int = 0
    floor: float = 0.0

    def plus(self, size: int, seconds: float) -> Cost:
        """Return the cost with one more exchange."""
        return Cost(self.commands + 1, self.bytes_moved + size, self.floor + seconds)


def frame_seconds(size: int, rate: int) -> float:
    """Return the time of ``size`` bytes one way, chained where they need more than a block."""
    bit = 128 / CARRIER_HZ / (rate // 106)
    room = BLOCK_BYTES - BLOCK_OVERHEAD
    blocks = max(1, -(-size // room))
    bits = (size + blocks * BLOCK_OVERHEAD) * CHARACTER_BITS + blocks * SOF_EOF_BITS
    acknowledgements = (blocks - 1) * (BLOCK_OVERHEAD * CHARACTER_BITS + SOF_EOF_BITS)
    return (bits + acknowledgements) * bit + (2 * blocks - 1) * TURNAROUND_SECONDS


class ModelledLink:
    """A connection whose exchanges take as long as the model says."""

    def __init__(self, connection: CardConnection, rate: int) -> None:
        self._connection = connection
        self._rate = rate
        self.cost = Cost()

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Pass on; the emulated card's own time counts as thinking."""
        began = time.perf_counter()
        signs = apdu[1] == Ins.PERFORM_SECURITY_OPERATION
        data, sw = self._connection.transmit(apdu)
        seconds = SIGN_SECONDS if signs else THINK_SECONDS
        seconds += frame_seconds(len(apdu), self._rate) + frame_seconds(len(data) + 2, self._rate)
        self.cost = self.cost.plus(len(apdu) + len(data) + 2, seconds)
        left = began + seconds - time.perf_counter()
        if left > 0:
            time.sleep(left)
        return data, sw

    def close(self) -> None:
        """Let the card go."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class ModelledReader:
    """A reader whose one card lies at the end of a modelled link."""

    def __init__(self, wallet: Wallet, rate: int) -> None:
        self._card = wallet.card()
        self._rate = rate
        self.last: ModelledLink | None = None
        self.state = ReaderState.READY

    def start(self, on_event: Callable[[ReaderEvent], None]) -> None:
        """Nothing comes or goes."""

    def stop(self) -> None:
        """Nothing watches."""

    def connect(self, reader: str) -> ModelledLink:
        """Take the card."""
        del reader
        self.last = ModelledLink(DirectConnection(self._card), self._rate)
        return self.last


def measure(wallet: Wallet, rate: int, n: int) -> None:
    """Print the lines of one bit rate."""
    reader = ModelledReader(wallet, rate)
    now = datetime.now(UTC)
    challenge = make_desk_challenge("desk-1", "visit-1", now, bytes(32))
    card = read_card(reader, "modelled")
    steps: dict[str, Callable[[], object]] = {
        "recognised": lambda: read_card(reader, "modelled"),
        "signature": lambda: prove_pin(reader, card, bytearray(PIN), challenge),
    }
    for name, step in steps.items():
        taken = []
        for _ in range(n):
            began = time.perf_counter()
            step()
            taken.append((time.perf_counter() - began) * 1000)
        assert reader.last is not None
        cost, p50 = reader.last.cost, statistics.median(taken)
        line: dict[str, object] = {"name": f"card.{name}", "unit": "ms", "kbit_s": rate, "n": n}
        line |= {"apdus": cost.commands, "bytes": cost.bytes_moved}
        line |= {"floor": round(cost.floor * 1000, 1), "p50": round(p50, 1)}
        line["ratio"] = round(p50 / (cost.floor * 1000), 3)
        print(json.dumps(line), flush=True)


def main(n: int) -> None:
    """Print all lines, the bare virtual stack's (pcscd and vpcd, no modelled link) first."""
    taps = measure_tap(n)
    bare = {"name": "card.recognised", "unit": "ms", "kbit_s": None, "n": n}
    print(json.dumps(bare | {"p50": round(statistics.median(taps), 1)}), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        wallet = make_wallet(Path(folder))
        for rate in RATES:
            measure(wallet, rate, n)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
