"""The folder of pushed card visits (``face``): told unasked, taken in order, told until stored."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from eligibility.asking import PushedVisit
from eligibility.calendar import JAPAN
from eligibility.errors import FolderAwayError, PayerProtocolError, PayerRefusedError
from eligibility.national.exchange import AsideReason, ExchangeBook, SetAside
from eligibility.national.folder import Entry, Folder, Unreadable
from eligibility.national.replies import SETTLE_SECONDS
from eligibility.national.watch import FolderWatch

log = logging.getLogger(__name__)

TAKEN_FOR = timedelta(hours=24)
"""How long after it a card visit may still become one of the desk's: as its consents last."""
AHEAD = timedelta(hours=1)
"""How far the other reader's clock may be ahead of the desk's."""
_NAME = re.compile(r"OQSsiquc01res_face_.+_(?P<at>[0-9]{14})\.xml", re.IGNORECASE)


def pushed_at(name: str) -> datetime | None:
    """Return the moment in a pushed visit's name, None for any other name."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        moment = datetime.strptime(found["at"], "%Y%m%d%H%M%S")  # noqa: DTZ007  # next line
    except ValueError:
        return None
    return moment.replace(tzinfo=JAPAN)


class PushedVisits:
    """Finds card visits in one folder; safe to share between threads.

    In a folder that other programs read too the files stay; in one of our own they are removed
    once the desk has stored them.
    """

    def __init__(
        self,
        folder: Folder,
        poll_seconds: float,
        read: Callable[[str, bytes], PushedVisit | None],
        book: ExchangeBook,
        now: Callable[[], datetime],
        *,
        shared: bool,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        """``read``: returns None for another institution's visit; raises PayerProtocolError,
        and PayerRefusedError for one that tells an error."""
        self._folder = folder
        self._watch = FolderWatch(folder, poll_seconds)
        self._read = read
        self._book = book
        self._now = now
        self._shared = shared
        self._settle_seconds = settle_seconds
        self._lock = threading.Lock()
        self._done: dict[str, tuple[int, int, int]] = {}
        self._unreadable: dict[str, tuple[tuple[int, int, int], float]] = {}
        self._stopping = False

    def close(self) -> None:
        """End a wait."""
        self._stopping = True
        self._watch.close()

    def next(self, timeout: float) -> PushedVisit | None:
        """Return the oldest visit that is not settled; None where none came in time.

        Raises FolderAwayError.
        """
        until = time.monotonic() + timeout
        while True:
            with self._lock:
                visit = self._first()
                unsettled = bool(self._unreadable)
            left = until - time.monotonic()
            if visit is not None or left <= 0 or self._stopping:
                return visit
            self._watch.wait(min(left, self._settle_seconds / 2) if unsettled else left)

    def settle(self, visit: PushedVisit) -> None:
        """Tell a visit no more, under whatever name it comes again."""
        with self._lock:
            try:
                entries = self._waiting()
            except FolderAwayError:
                # met again once the folder is back; the desk knows it by its id
                return
            for entry in entries:
                content = self._folder.read(entry.name)
                if not isinstance(content, bytes):
                    continue
                try:
                    told = self._read(entry.name, content)
                except (PayerProtocolError, PayerRefusedError):
                    continue
                if told is not None and told.id == visit.id:
                    self._end(entry)

    # -- with the lock held --------------------------------------------------------------------

    def _waiting(self) -> list[Entry]:
        """Return what is not settled, the oldest first; forget what is no longer there."""
        entries = self._folder.entries(lambda name: pushed_at(name) is not None)
        there = {entry.name: entry.stamp for entry in entries}
        self._done = {n: stamp for n, stamp in self._done.items() if there.get(n) == stamp}
        self._unreadable = {n: one for n, one in self._unreadable.items() if n in there}
        waiting = []
        for entry in entries:
            if entry.name in self._done:
                continue
            if self._is_of_these_hours(entry.name):
                waiting.append(entry)
            elif self._shared:
                self._done[entry.name] = entry.stamp
            else:
                self._put_away(entry, self._folder.read(entry.name), AsideReason.STALE)
        return sorted(waiting, key=lambda entry: (pushed_at(entry.name), entry.name))

    def _is_of_these_hours(self, name: str) -> bool:
        moment = pushed_at(name)
        return moment is not None and -AHEAD <= self._now() - moment <= TAKEN_FOR

    def _first(self) -> PushedVisit | None:
        for entry in self._waiting():
            content = self._folder.read(entry.name) if entry.is_file else Unreadable.NOT_A_FILE
            if content is None:
                continue
            if isinstance(content, Unreadable):
                self._put_away(entry, content, AsideReason(content.value))
                continue
            try:
                visit = self._read(entry.name, content)
            except PayerProtocolError:
                self._wait_for_writer(entry, content)
                continue
            except PayerRefusedError:
                self._put_away(entry, content, AsideReason.REFUSED)
                continue
            if visit is not None:
                return visit
            if self._shared:
                self._done[entry.name] = entry.stamp
            else:
                self._put_away(entry, content, AsideReason.FOREIGN)
        return None

    def _wait_for_writer(self, entry: Entry, content: bytes) -> None:
        stamp, since = self._unreadable.get(entry.name, (None, 0.0))
        if stamp != entry.stamp:
            self._unreadable[entry.name] = (entry.stamp, time.monotonic())
        elif time.monotonic() - since >= self._settle_seconds:
            del self._unreadable[entry.name]
            self._put_away(entry, content, AsideReason.UNREADABLE)

    def _put_away(
        self, entry: Entry, content: bytes | Unreadable | None, reason: AsideReason
    ) -> None:
        """Have the desk keep what is no visit, and look at it no more."""
        kept = content if isinstance(content, bytes) else None
        done = self._book.set_aside(SetAside(entry.name, reason, entry.size, kept))
        self._end(entry, removed=done and kept is not None)

    def _end(self, entry: Entry, *, removed: bool = True) -> None:
        self._done[entry.name] = entry.stamp
        if removed and not self._shared:
            self._folder.remove(entry.name)
