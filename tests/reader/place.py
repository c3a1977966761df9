"""A reader with a slot that cards are put into, and cards that misbehave at a chosen moment."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from smartcard import scard

from terminal.reader.types import CardReader, Inserted, ReaderEvent, Removed
from terminal.virtual_card.files import Card
from terminal.virtual_card.vpicc import VirtualCardSlot

PATIENCE = 15.0
ANSWER_SECONDS = 1.0

Kind = TypeVar("Kind", bound=ReaderEvent)


@dataclass
class Place:
    """One reader being watched, and the slot of its virtual half."""

    reader: CardReader
    slot: VirtualCardSlot
    events: queue.SimpleQueue[ReaderEvent] = field(default_factory=queue.SimpleQueue)
    present: int = 0

    def sees(self, kind: type[Kind]) -> Kind:
        """Wait for the next event, which must be of this kind."""
        event = self.events.get(timeout=PATIENCE)
        assert isinstance(event, kind), f"expected {kind.__name__}, came {event}"
        self.present += {Inserted: 1, Removed: -1}.get(type(event), 0)
        return event

    def puts(self, card: Card) -> str:
        """Put a card on the reader; return the reader's name once it is noticed."""
        self.slot.insert(card)
        return self.sees(Inserted).reader

    def takes(self) -> None:
        """Take the card away and wait until it is noticed."""
        self.slot.remove()
        self.sees(Removed)

    def takes_unseen(self) -> None:
        """Take the card away while nobody watches; return once the slot is empty."""
        self.slot.remove()
        wait_until(lambda: not self.slot.connected, "the slot to be empty")


class Disturbed:
    """A card to which something happens once, when it is sent a certain command.

    ``then`` is called on that command; what it returns is the answer (None: no answer).
    """

    def __init__(
        self, card: Card, when: Callable[[bytes], bool], then: Callable[[], bytes | None]
    ) -> None:
        self.atr = card.atr
        self._card = card
        self._when = when
        self._then = then
        self.happened = False

    def power_on(self) -> None:
        """As the card."""
        self._card.power_on()

    def power_off(self) -> None:
        """As the card."""
        self._card.power_off()

    def reset(self) -> None:
        """As the card."""
        self._card.reset()

    def transmit(self, apdu: bytes) -> bytes | None:
        """Answer, unless it is time."""
        if not self.happened and self._when(apdu):
            self.happened = True
            return self._then()
        return self._card.transmit(apdu)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Return as soon as ``holds``; fail when it does not."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def pcsc_has_no_card() -> bool:
    """Whether pcscd sees readers and no card in any: what a test before may have left has gone."""
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code != scard.SCARD_S_SUCCESS:
        return False
    try:
        code, names = scard.SCardListReaders(context, [])
        if code != scard.SCARD_S_SUCCESS:
            return False
        code, states = scard.SCardGetStatusChange(
            context, 0, [(name, scard.SCARD_STATE_UNAWARE) for name in names]
        )
        return code == scard.SCARD_S_SUCCESS and not any(
            state & scard.SCARD_STATE_PRESENT for _, state, _ in states
        )
    finally:
        scard.SCardReleaseContext(context)
