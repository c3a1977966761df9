"""Connections and readers that stand before others and look at what passes."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from terminal.card.connection import CardConnection
from terminal.reader.types import ReaderEvent, ReaderState


class Passing:
    """A connection that passes everything on to another one."""

    def __init__(self, connection: CardConnection) -> None:
        """``connection``: which is closed with this one."""
        self._connection = connection

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Pass on."""
        return self._connection.transmit(apdu)

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


class OneCard:
    """A reader where one card always lies; ``connect`` says how it is reached."""

    state = ReaderState.READY

    def __init__(self, connect: Callable[[str], CardConnection]) -> None:
        """``connect``: makes the connection."""
        self.connect = connect

    def start(self, on_event: Callable[[ReaderEvent], None]) -> None:
        """Nothing comes or goes."""

    def stop(self) -> None:
        """Nothing watches."""
