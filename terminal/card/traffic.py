"""The card's traffic for the log, below DEBUG: what was said, never the secrets in it.

Allowed is what is known to be harmless, not forbidden what is known to be secret: a new command or
file cannot slip through.  Of commands only SELECT shows its data, names of applications and files;
of answers only the length and the status word.  So neither a PIN nor 照合番号B, a photo, a
certificate or a signature ever gets into a record.
"""

from __future__ import annotations

import logging

from terminal.card.apdu import Ins
from terminal.logs import TRAFFIC

log = logging.getLogger(__name__)

HEADER = 4


def describe_command(apdu: bytes | bytearray) -> str:
    """Return ``00A4040C D392…`` for a SELECT, header and count of bytes for any other command."""
    header = bytes(apdu[:HEADER]).hex().upper()
    rest = len(apdu) - HEADER
    if rest <= 0:
        return header
    if apdu[1] == Ins.SELECT:
        return f"{header} {bytes(apdu[HEADER:]).hex().upper()}"
    return f"{header} +{rest} bytes"


def log_exchange(apdu: bytes | bytearray, size: int, sw: int) -> None:
    """Log one exchange; ``size``: bytes of data that the card gave back, ``sw``: status word."""
    if log.isEnabledFor(TRAFFIC):
        log.log(TRAFFIC, "%s -> %d bytes %04X", describe_command(apdu), size, sw)
