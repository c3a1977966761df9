"""What a reader tells and can do, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from terminal.card.connection import CardConnection


class ReaderState(StrEnum):
    """What stands at the end of the cable."""

    READY = "ready"
    NO_READER = "no-reader"
    PCSC_DOWN = "pcsc-down"
    ACCESS_DENIED = "access-denied"


@dataclass(frozen=True, slots=True)
class Inserted:
    """A card is there.  ``at``: ``time.monotonic()`` when the reader's event was seen.

    ``found``: it lay there before the reader was watched, so nobody was seen to tap it.
    """

    reader: str
    at: float
    found: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """The card is gone."""

    reader: str
    at: float


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The reader itself came, went or cannot be reached.

    ``reader``: the one chosen, where several fit the settings; empty where there is none.  READY
    comes again when another one is chosen because the first was unplugged.
    """

    state: ReaderState
    at: float
    reader: str = ""


ReaderEvent = Inserted | Removed | StateChanged


class CardReader(Protocol):
    """One desk's reader.  Events come in order, on the reader's own thread; the callback only
    enqueues.  A card swapped between two looks gives Removed, then Inserted.
    """

    def start(self, on_event: Callable[[ReaderEvent], None]) -> None:
        """Begin to watch; the first event tells the present state."""
        ...

    def stop(self) -> None:
        """End the watching thread; returns when it has ended."""
        ...

    @property
    def state(self) -> ReaderState:
        """The present state."""
        ...

    def connect(self, reader: str) -> CardConnection:
        """Take the card exclusively.  Raises CardRemovedError, CardUnreadableError, ReaderError."""
        ...
