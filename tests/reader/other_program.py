"""Another program that tries to use the card, as a browser's extension or a tax tool would.

Prints the code that PC/SC returns for a shared connect (8 hex digits), then, where it got the card,
the status word of a signature that nobody entered a PIN for here.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from smartcard import scard

SELECT_JPKI = bytes.fromhex("00A4040C0AD392F000260100000001")
SELECT_KEY = bytes.fromhex("00A4020C020017")
SIGN = bytes.fromhex("802A008003AABBCC00")


HOLDER = """
import sys
from smartcard import scard
mode = {"exclusive": scard.SCARD_SHARE_EXCLUSIVE, "transaction": scard.SCARD_SHARE_SHARED}
_, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
code, card, _ = scard.SCardConnect(context, sys.argv[1], mode[sys.argv[2]], 3)
if sys.argv[2] == "transaction":
    code = code or scard.SCardBeginTransaction(card)
print(code, flush=True)
sys.stdin.read()
"""


@contextmanager
def another_program(reader: str, how: str) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the card, exclusively or in a transaction."""
    holder = subprocess.Popen(  # noqa: S603  # our own program above
        [sys.executable, "-c", HOLDER, reader, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "0"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def main(reader: str) -> None:
    """Try it."""
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    code, card, _ = scard.SCardConnect(
        context, reader, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1
    )
    sys.stdout.write(f"{code & 0xFFFFFFFF:08X}\n")
    if code == scard.SCARD_S_SUCCESS:
        # the application may still be selected from before; a new SELECT would close it anyway
        for command in (SIGN, SELECT_KEY, SIGN):
            _, answer = scard.SCardTransmit(card, scard.SCARD_PCI_T1, list(command))
            sys.stdout.write(f"{bytes(answer[-2:]).hex()}\n")
        scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    scard.SCardReleaseContext(context)


if __name__ == "__main__":
    main(sys.argv[1])
