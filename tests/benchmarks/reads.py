"""Which bytes of a card's files were read, and which of them more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from terminal.card.apdu import Ins, Sw
from terminal.card.connection import CardConnection
from terminal.virtual_card.trace import Exchange
from tests.benchmarks.passing import Passing

IDENTITY = ("D392F000260100000001", 0x000A)
"""The authentication certificate, whose head is read again by each later hold on the card: only so
does the desk know that no other card lies there now, before a PIN is shown to it.
"""


@dataclass
class Reads:
    """The reads of one visit, over any number of holds; files by application and FID."""

    times: dict[tuple[str, int], Counter[int]] = field(default_factory=dict)

    def note(self, file: tuple[str, int], offset: int, size: int) -> None:
        """Note ``size`` bytes from ``offset`` on; a record counts from its number times 65536."""
        self.times.setdefault(file, Counter()).update(range(offset, offset + size))

    @property
    def total(self) -> int:
        """Bytes that were read."""
        return sum(sum(counts.values()) for counts in self.times.values())

    def read_again(self) -> dict[tuple[str, int], int]:
        """Return by file how many bytes were read that had been read before."""
        again = {
            file: sum(times - 1 for times in counts.values()) for file, counts in self.times.items()
        }
        return {file: count for file, count in again.items() if count}


def reads_in(exchanges: Iterable[Exchange]) -> dict[str, int]:
    """Return by file (``jpki/000A``) the bytes that a card's own trace shows as read again."""
    reads = Reads()
    for exchange in exchanges:
        if exchange.sw not in (Sw.OK, Sw.END_OF_FILE):
            continue
        ins, p1, p2 = bytes.fromhex(exchange.command[2:8])
        if ins in (Ins.READ_BINARY, Ins.READ_RECORD):
            offset = p1 << 8 | p2 if ins == Ins.READ_BINARY else p1 << 16
            reads.note((exchange.target, 0), offset, exchange.length)
    return {name: count for (name, _), count in reads.read_again().items()}


class CountedReads(Passing):
    """A connection that notes which bytes of which file come through it."""

    def __init__(self, connection: CardConnection, reads: Reads) -> None:
        """``reads``: what they are added to."""
        super().__init__(connection)
        self._reads = reads
        self._application, self._file = "", 0

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Pass on, and note a READ."""
        data, sw = super().transmit(apdu)
        ins, p1, p2 = apdu[1:4]
        if sw not in (Sw.OK, Sw.END_OF_FILE):
            return data, sw
        if ins == Ins.SELECT and p1 == 0x04:
            self._application, self._file = bytes(apdu[5 : 5 + apdu[4]]).hex().upper(), 0
        elif ins == Ins.SELECT:
            self._file = int.from_bytes(apdu[5:7])
        elif ins == Ins.READ_BINARY:
            self._reads.note((self._application, self._file), p1 << 8 | p2, len(data))
        elif ins == Ins.READ_RECORD:
            self._reads.note((self._application, self._file), p1 << 16, len(data))
        return data, sw
