"""Where the payer answers by name: institutions for which disaster mode (災害時) is on."""

from __future__ import annotations

import threading
from collections.abc import Iterable


class DisasterAreas:
    """The institutions that may ask by name, birth date and sex; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._institutions: set[str] = set()

    def switch(self, institution: str, *, on: bool) -> None:
        """Let an institution ask by name, or no longer."""
        with self._lock:
            if on:
                self._institutions.add(institution)
            else:
                self._institutions.discard(institution)

    def is_on(self, institution: str) -> bool:
        """Whether this institution may ask by name now."""
        with self._lock:
            return institution in self._institutions

    def all_on(self) -> Iterable[str]:
        """Return the institutions, in order."""
        with self._lock:
            return sorted(self._institutions)
