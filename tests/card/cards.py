"""Cards for tests: answers written down by bytes, and the virtual card without any reader."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from terminal.virtual_card.files import Card


class WrittenCard:
    """A connection whose card answers what is written; anything else it is sent is a failure.

    ``exchanges``: pairs of hex, command and response with its status word, in order.
    """

    def __init__(self, *exchanges: tuple[str, str]) -> None:
        self._exchanges = [tuple(map(bytes.fromhex, exchange)) for exchange in exchanges]

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Give the next answer."""
        assert self._exchanges, f"unexpected command {apdu.hex()}"
        command, response = self._exchanges.pop(0)
        assert bytes(apdu).hex() == command.hex()
        return response[:-2], int.from_bytes(response[-2:])

    @property
    def all_said(self) -> bool:
        """Whether every written command came."""
        return not self._exchanges

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class DirectConnection:
    """A powered virtual card on the table, without reader or daemon."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.commands: list[bytes] = []
        card.power_on()

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Ask the card."""
        self.commands.append(bytes(apdu))
        response = self._card.transmit(bytes(apdu))
        assert response is not None
        return response[:-2], int.from_bytes(response[-2:])

    def close(self) -> None:
        """Take the power away."""
        self._card.power_off()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def reading(fid: str, content: bytes, blocks: Sequence[int] = ()) -> list[tuple[str, str]]:
    """Return the exchanges of SELECT EF and READ BINARY of ``content`` in blocks of 256.

    ``blocks``: lengths that the card gives back instead.
    """
    exchanges = [(f"00A4020C02{fid}", "9000")]
    offset = 0
    lengths = list(blocks) or [256] * ((len(content) + 255) // 256)
    for length in lengths:
        wanted = 0 if offset == 0 else min(256, len(content) - offset) & 0xFF
        part = content[offset : offset + length]
        exchanges.append((f"00B0{offset:04X}{wanted:02X}", f"{part.hex()}9000"))
        offset += len(part)
    return exchanges
