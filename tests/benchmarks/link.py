"""A model of the contactless link between reader and card, and what a visit costs on it.

``python -m tests.benchmarks.link N`` prints JSON lines: for each bit rate and step the commands and
bytes, the link's own floor and what was measured over it, in milliseconds.  The floor is the time
of the very same exchanges on an ideal stack, so ``ratio`` is what our side adds.  First come the
bare virtual stack's times from the reader's event, and the bytes that a visit reads twice.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from terminal.card.apdu import Ins
from terminal.card.connection import CardConnection
from tests.benchmarks.card import measure_steps
from tests.benchmarks.passing import OneCard, Passing
from tests.benchmarks.reads import IDENTITY, CountedReads, Reads
from tests.benchmarks.steps import NUMBER_B_VISIT, PERSONA, PIN_VISIT, Steps
from tests.card.cards import DirectConnection
from tests.card.wallet import Wallet, make_wallet

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


class ModelledLink(Passing):
    """A connection whose exchanges take as long as the model says."""

    def __init__(self, connection: CardConnection, link: Link) -> None:
        """``link``: whose cost grows."""
        super().__init__(connection)
        self._link = link

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Pass on; the emulated card's own time counts as thinking."""
        began, rate = time.perf_counter(), self._link.rate
        signs = apdu[1] == Ins.PERFORM_SECURITY_OPERATION
        data, sw = super().transmit(apdu)
        seconds = SIGN_SECONDS if signs else THINK_SECONDS
        seconds += frame_seconds(len(apdu), rate) + frame_seconds(len(data) + 2, rate)
        self._link.cost = self._link.cost.plus(len(apdu) + len(data) + 2, seconds)
        left = began + seconds - time.perf_counter()
        if left > 0:
            time.sleep(left)
        return data, sw


@dataclass
class Link:
    """One bit rate (kbit/s), and what passed over it since ``cost`` was last set to nothing."""

    rate: int
    cost: Cost = Cost()


def measure(wallet: Wallet, rate: int, n: int) -> None:
    """Print the lines of one bit rate."""
    card, link = wallet.card(PERSONA), Link(rate)
    reader = OneCard(lambda _: ModelledLink(DirectConnection(card), link))
    for name, step in Steps(reader, "modelled", wallet).all.items():
        taken = []
        for _ in range(n):
            link.cost = Cost()
            began = time.perf_counter()
            step()
            taken.append((time.perf_counter() - began) * 1000)
        cost, p50 = link.cost, statistics.median(taken)
        line: dict[str, object] = {"name": f"card.{name}", "unit": "ms", "kbit_s": rate, "n": n}
        line |= {"apdus": cost.commands, "bytes": cost.bytes_moved}
        line |= {"floor": round(cost.floor * 1000, 1), "p50": round(p50, 1)}
        line["ratio"] = round(p50 / (cost.floor * 1000), 3)
        print_line(line)


def reads_of(wallet: Wallet, visit: tuple[str, ...]) -> Reads:
    """Hold one visit of these steps; return what it read of the card's files."""
    card, reads = wallet.card(PERSONA), Reads()
    reader = OneCard(lambda _: CountedReads(DirectConnection(card), reads))
    steps = Steps(reader, "counted", wallet)
    for name in visit:
        steps.all[name]()
    return reads


def count_reads(wallet: Wallet) -> None:
    """Print what whole visits read, and what of it twice."""
    for name, visit in (("pin", PIN_VISIT), ("number-b", NUMBER_B_VISIT)):
        reads = reads_of(wallet, visit)
        again = reads.read_again()
        identity = again.pop(IDENTITY, 0)
        print_line(
            {
                "name": f"visit.{name}.bytes-read-twice",
                "unit": "bytes",
                "value": sum(again.values()),
                "files": {f"{aid}/{fid:04X}": count for (aid, fid), count in again.items()},
                "certificate_head_to_know_the_card_again": identity,
                "bytes_read": reads.total,
            }
        )


def print_line(line: dict[str, object]) -> None:
    """Print one line of JSON."""
    print(json.dumps(line), flush=True)


def main(n: int) -> None:
    """Print all lines, the bare virtual stack's (pcscd and vpcd, no modelled link) first."""
    for name, taken in measure_steps(n).items():
        bare = {"name": f"event_to.{name}", "unit": "ms", "kbit_s": None, "n": n}
        print_line(bare | {"p50": round(statistics.median(taken), 1)})
    with tempfile.TemporaryDirectory() as folder:
        wallet = make_wallet(Path(folder))
        count_reads(wallet)
        for rate in RATES:
            measure(wallet, rate, n)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
