"""The one thing the card layer needs of the world: bytes in, bytes and status word out."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self


class CardConnection(Protocol):
    """An exclusive hold on one card.

    Leaving the ``with`` block unpowers the card, so that nobody after us finds a verified PIN.
    """

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Send one command APDU; return response data and status word.

        A command that holds a PIN comes as a ``bytearray``, which the caller clears afterwards:
        no copy of it is kept.

        Raises CardRemovedError, CardUnreadableError (no answer within the limit) or ReaderError.
        """
        ...

    def close(self) -> None:
        """Unpower and release the card; never raises, may be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
