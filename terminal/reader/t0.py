"""Commands as a card with protocol T=0 takes them (ISO/IEC 7816-3, 12.2)."""

from __future__ import annotations

_HEADER = 4


def to_t0(apdu: bytes | bytearray) -> bytes | bytearray:
    """Return the short ``apdu`` for T=0; unchanged, and not copied, where nothing is to change.

    Case 1 gets its missing length, case 4 loses its Le: the card then tells by 61xx what waits
    for GET RESPONSE.  A VERIFY with a PIN is case 3, so no copy of a PIN is ever made here.
    """
    if len(apdu) == _HEADER:
        return bytes(apdu) + b"\0"
    if len(apdu) > _HEADER + 1 and len(apdu) == _HEADER + 1 + apdu[_HEADER] + 1:
        return apdu[:-1]
    return apdu
