"""What was sent to a card, kept for a while, without what was secret in it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

# VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER and the card's own forms of them.
_SECRET_INSTRUCTIONS = frozenset({0x20, 0x21, 0x24, 0x2C, 0x32, 0x54})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command and how it was answered.

    ``command``: upper-case hex, the data of PIN commands cut.  ``target``: the file that the
    command reached, such as ``text/0002``, or the application's name alone.  ``sw``: status word,
    None when the card stayed mute.  ``length``: bytes of data in the answer, which itself is not
    kept.
    """

    number: int
    command: str
    target: str
    sw: int | None
    length: int


def without_secrets(command: bytes) -> str:
    """Return the command as hex; of a PIN command only the four header bytes."""
    if len(command) > 4 and command[1] in _SECRET_INSTRUCTIONS:
        return f"{command[:4].hex().upper()}+{len(command) - 4}"
    return command.hex().upper()


class Trace:
    """The last exchanges of one card, oldest first; safe between threads."""

    def __init__(self, limit: int = 2000) -> None:
        """``limit``: how many exchanges are kept."""
        self._entries: deque[Exchange] = deque(maxlen=limit)
        self._count = 0
        self._lock = threading.Lock()

    def add(self, command: bytes, target: str, sw: int | None, length: int) -> None:
        """Record one exchange."""
        with self._lock:
            self._count += 1
            self._entries.append(
                Exchange(self._count, without_secrets(command), target, sw, length)
            )

    def clear(self) -> None:
        """Forget all exchanges."""
        with self._lock:
            self._entries.clear()

    def entries(self) -> tuple[Exchange, ...]:
        """Return what is kept, oldest first."""
        with self._lock:
            return tuple(self._entries)
