"""Cards that are no My Number cards and come to the desk all the same, besides the licence.

Each answers to its own applications' AIDs and refuses ours with 6A82; there is nothing in them.
"""

from __future__ import annotations

from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.commands import SW
from terminal.virtual_card.files import Application
from terminal.virtual_card.trace import Trace

# Contactless ISO 14443-4 cards without historical bytes worth telling (PC/SC part 3).
_TYPE_A = bytes.fromhex("3B80800101")
_TYPE_B = bytes.fromhex("3B888001000000009181710068")
# A storage card by PC/SC part 3: RID of the PC/SC workgroup, standard 11 (FeliCa).
_FELICA = bytes.fromhex("3B8F8001804F0CA00000030611003B0000000042")


def residence_card() -> CardOs:
    """Return a residence card (在留カード): its three files' applications."""
    return _stranger(_TYPE_B, *(f"D392F0004F0{n}0000000000000000000000" for n in (2, 3, 4)))


def passport() -> CardOs:
    """Return a passport (ICAO Doc 9303)."""
    return _stranger(_TYPE_A, "A0000002471001")


def bank_card() -> CardOs:
    """Return a contactless bank card (EMV): the list of its payment applications."""
    return _stranger(_TYPE_A, b"2PAY.SYS.DDF01".hex())


def _stranger(atr: bytes, *aids: str) -> CardOs:
    applications = [Application(bytes.fromhex(aid), f"foreign-{aid[:10]}") for aid in aids]
    return CardOs(applications, atr=atr)


class TransitCard:
    """A FeliCa transit card as a PC/SC reader shows it: it knows no ISO 7816 command.

    Only the reader's own pseudo-command GET DATA (``FF CA 00 00``: the card's number) is answered;
    to all others a reader says 6A81, function not supported.
    """

    def __init__(self) -> None:
        self.atr = _FELICA
        self.trace = Trace()

    def power_on(self) -> None:
        """Begin afresh."""

    def power_off(self) -> None:
        """Nothing to forget."""

    def reset(self) -> None:
        """Nothing to reset."""

    def reissue(self) -> None:
        """Nothing to restore."""

    def transmit(self, apdu: bytes) -> bytes:
        """Answer as the reader does for it."""
        if apdu[:4] == b"\xff\xca\x00\x00":
            data, sw = bytes.fromhex("0101010101010101"), SW.OK
        else:
            data, sw = b"", SW.NOT_SUPPORTED
        self.trace.add(apdu, "transit", sw, len(data))
        return data + sw.to_bytes(2)
