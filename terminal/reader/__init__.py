"""The reader: PC/SC, or a socket where no PC/SC can be had.

The only package that imports ``smartcard``.  Start reading in :mod:`terminal.reader.types`.
"""

from __future__ import annotations

from terminal.errors import PcscUnavailableError
from terminal.reader.settings import ReaderSettings
from terminal.reader.socket_reader import SocketReader
from terminal.reader.types import CardReader

__all__ = ["CardReader", "ReaderSettings", "SocketReader", "make_reader"]


def make_reader(settings: ReaderSettings) -> CardReader:
    """Return the reader that ``settings`` asks for, not yet watching.

    Raises PcscUnavailableError where PC/SC is asked for and pyscard is not installed.
    """
    if settings.kind == "socket":
        return SocketReader(settings)
    try:
        # pyscard needs a compiler to install: a desk with the socket reader does without it.
        from terminal.reader.pcsc import PcscReader
    except ImportError as error:
        msg = 'pyscard is not installed; only reader.kind = "socket" works without it'
        raise PcscUnavailableError(msg) from error
    return PcscReader(settings)
