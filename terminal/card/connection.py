"""The one thing the card layer needs of the world: bytes in, bytes and status word out."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self, runtime_checkable


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


@runtime_checkable
class LongAnswers(Protocol):
    """A connection whose reader may pass more than the 256 bytes of a short APDU."""

    @property
    def longest_data(self) -> int:
        """Bytes of data that one APDU may carry; 256 where only short ones pass."""
        ...


@runtime_checkable
class KeypadReader(Protocol):
    """A connection whose reader may have a keypad of its own."""

    def pinpad(self) -> PinPad | None:
        """Return the keypad; None where there is none, or none is to be used."""
        ...


class PinPad(Protocol):
    """The keypad of a reader: the PIN goes from the holder's finger to the card, never to us."""

    def verify(self, header: bytes, length: int) -> int:
        """Let the holder type ``length`` digits and send them; return the card's status word.

        ``header``: CLA INS P1 P2 of VERIFY.  Raises PinEntryTimeoutError, PinEntryCancelledError,
        PinEntryLengthError and PinEntryUnsupportedError (the card lost no try), and what
        CardConnection.transmit raises.
        """
        ...
