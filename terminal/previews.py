"""Files that staff looked at and may take: in memory only, one for each member of staff."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from terminal.access.accounts import Actor
from terminal.errors import PreviewOutdatedError

PREVIEW_LIVES = timedelta(minutes=15)


class Preview(Protocol):
    """A file that was looked at; ``id`` takes it."""

    @property
    def id(self) -> str:
        """Random."""
        ...


P = TypeVar("P", bound=Preview)


class Previews(Generic[P]):
    """What was looked at within the last quarter of an hour; safe to call from any thread."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """``now``: aware."""
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[datetime, P]] = {}

    def keep(self, actor: Actor, preview: P) -> P:
        """Keep what this member of staff looked at in place of the former, and return it."""
        with self._lock:
            self._forget_old()
            self._kept[actor.id] = (self._now(), preview)
        return preview

    def get(self, actor: Actor, preview_id: str) -> P:
        """Return what was looked at.  Raises PreviewOutdatedError where it is gone."""
        with self._lock:
            self._forget_old()
            kept = self._kept.get(actor.id)
        if kept is None or kept[1].id != preview_id:
            msg = "no such file was looked at within the last minutes"
            raise PreviewOutdatedError(msg)
        return kept[1]

    def forget(self, actor: Actor) -> None:
        """Forget the file that this member of staff looked at."""
        with self._lock:
            self._kept.pop(actor.id, None)

    def _forget_old(self) -> None:
        oldest = self._now() - PREVIEW_LIVES
        self._kept = {who: one for who, one in self._kept.items() if one[0] >= oldest}
