"""Return codes of PC/SC and what each means for the desk.

Only the low-level ``SCard*`` functions of pyscard are used: they return codes and never raise, so
that this table is the one place where a code becomes an error.
"""

from __future__ import annotations

from smartcard import scard

from terminal.errors import (
    CardRemovedError,
    CardUnreadableError,
    NoReaderError,
    PcscUnavailableError,
    ReaderAccessDeniedError,
    ReaderBusyError,
    ReaderError,
    TerminalError,
)

OK: int = scard.SCARD_S_SUCCESS

# The card is gone, or did not answer: only a look at the reader's state can tell which.
DOUBTFUL = frozenset({scard.SCARD_S_SUCCESS, scard.SCARD_E_NOT_TRANSACTED})

_MEANING: dict[int, tuple[type[TerminalError], str]] = {
    scard.SCARD_S_SUCCESS: (CardRemovedError, "the card left while it answered"),
    scard.SCARD_E_NOT_TRANSACTED: (CardRemovedError, "the card left before it answered"),
    scard.SCARD_W_REMOVED_CARD: (CardRemovedError, "the card was taken away"),
    scard.SCARD_E_NO_SMARTCARD: (CardRemovedError, "no card is there"),
    scard.SCARD_E_COMM_DATA_LOST: (CardRemovedError, "the card was lost"),
    scard.SCARD_E_TIMEOUT: (CardUnreadableError, "the reader gave up waiting for the card"),
    scard.SCARD_W_UNRESPONSIVE_CARD: (CardUnreadableError, "the card does not respond"),
    scard.SCARD_W_UNPOWERED_CARD: (CardUnreadableError, "the card has lost its power"),
    scard.SCARD_W_RESET_CARD: (CardUnreadableError, "the card was reset by another program"),
    scard.SCARD_W_UNSUPPORTED_CARD: (CardUnreadableError, "the card speaks no known protocol"),
    scard.SCARD_E_PROTO_MISMATCH: (CardUnreadableError, "the card speaks no known protocol"),
    scard.SCARD_E_SHARING_VIOLATION: (ReaderBusyError, "another program holds the card"),
    scard.SCARD_E_UNKNOWN_READER: (NoReaderError, "the reader is gone"),
    scard.SCARD_E_READER_UNAVAILABLE: (NoReaderError, "the reader is gone"),
    scard.SCARD_E_NO_READERS_AVAILABLE: (NoReaderError, "there is no reader"),
    scard.SCARD_W_SECURITY_VIOLATION: (
        ReaderAccessDeniedError,
        "the access policy (polkit) refuses this user",
    ),
    scard.SCARD_E_NO_SERVICE: (PcscUnavailableError, "pcscd does not run"),
    scard.SCARD_E_SERVICE_STOPPED: (PcscUnavailableError, "pcscd has stopped"),
    scard.SCARD_F_COMM_ERROR: (PcscUnavailableError, "pcscd has gone away"),
    scard.SCARD_E_INVALID_HANDLE: (PcscUnavailableError, "pcscd knows this connection no more"),
}


def error_of(code: int) -> TerminalError:
    """Return the error that the PC/SC return code ``code`` stands for."""
    kind, reason = _MEANING.get(code, (ReaderError, "the reader failed"))
    return kind(f"{reason} (PC/SC {code & 0xFFFFFFFF:08X})")
