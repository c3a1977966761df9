"""What was seen of each file in the answers' folder, and which of them answer whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from eligibility.national.exchange import Key
from eligibility.national.folder import Entry


class Verdict(Enum):
    """What a file is."""

    ANSWER = "answer"
    UNSETTLED = "unsettled"
    """It cannot be read, but somebody may still be writing."""
    LEFT = "left"


@dataclass(slots=True)
class _Seen:
    stamp: tuple[int, int, int]
    verdict: Verdict
    since: float
    key: Key | None = None


class Sightings:
    """Safe to share between threads; it does no I/O."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._seen: dict[str, _Seen] = {}
        self._found: dict[Key, set[str]] = {}

    def is_new(self, entry: Entry) -> bool:
        """Whether a file is to be examined: not seen as it is now, or not settled."""
        with self._lock:
            seen = self._seen.get(entry.name)
        return seen is None or seen.stamp != entry.stamp or seen.verdict is Verdict.UNSETTLED

    def see(self, entry: Entry, verdict: Verdict, key: Key | None = None) -> float:
        """Keep what a file is; return when it was first seen as it is now, by the monotonic clock.

        ``key``: the question that it answers.
        """
        with self._lock:
            former = self._seen.get(entry.name)
            since = time.monotonic()
            if former is not None and former.stamp == entry.stamp:
                since = former.since
            if former is not None and former.key not in (None, key):
                self.leave(former.key, entry.name)
            self._seen[entry.name] = _Seen(entry.stamp, verdict, since, key)
            if key is not None:
                self._found.setdefault(key, set()).add(entry.name)
            return since

    def leave(self, key: Key, name: str) -> None:
        """Take a file for no answer to this question any more, as long as it stays as it is."""
        with self._lock:
            names = self._found.get(key)
            if names is not None:
                names.discard(name)
                if not names:
                    del self._found[key]
            seen = self._seen.get(name)
            if seen is not None and seen.key == key:
                seen.verdict, seen.key = Verdict.LEFT, None

    def forget(self, name: str) -> None:
        """Take whatever stands under this name next for new."""
        with self._lock:
            seen = self._seen.get(name)
            if seen is not None and seen.key is not None:
                self.leave(seen.key, name)
            self._seen.pop(name, None)

    def keep_only(self, names: Collection[str]) -> None:
        """Forget all others."""
        with self._lock:
            for name in [one for one in self._seen if one not in names]:
                self.forget(name)

    def names_of(self, key: Key) -> list[str]:
        """Return the names of the files that answer a question."""
        with self._lock:
            return sorted(self._found.get(key, ()))

    @property
    def answered(self) -> list[Key]:
        """The questions that some file answers."""
        with self._lock:
            return list(self._found)

    @property
    def has_unsettled(self) -> bool:
        """Whether a file may still be written to."""
        with self._lock:
            return any(one.verdict is Verdict.UNSETTLED for one in self._seen.values())
