"""The answers' folder (``res``): which file answers whom, and what becomes of the others.

One thread reads what is new there, by the number that each answer repeats (ArbitraryFileIdentifier)
and not by its name, since no rule for names is certain.  An answer stays where it lies until the
desk has stored it, so that a desk that is cut off in between finds it again; then it is removed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from eligibility.errors import EligibilityError, FolderAwayError, PayerProtocolError
from eligibility.national.exchange import (
    AsideReason,
    ExchangeBook,
    Key,
    Reply,
    SetAside,
    hinted,
    is_named,
    kind_of,
    reply_name,
)
from eligibility.national.folder import Entry, Folder, Unreadable
from eligibility.national.sightings import Sightings, Verdict
from eligibility.national.watch import FolderWatch

log = logging.getLogger(__name__)

STALE = timedelta(hours=48)
"""Older files answer no question that is still open; they are not even read."""
SETTLE_SECONDS = 2.0
"""How long nobody writes to a file before it counts as whole, be it a message or not."""
READS_AT_ONCE = 200
"""How many files are read before whoever waits for an answer is looked after again."""
LOOK_SECONDS = 0.1
"""How often a waiting question looks for its answer's likely name itself."""


class Replies:
    """Finds answers in one folder; safe to share between threads."""

    def __init__(
        self,
        folder: Folder,
        poll_seconds: float,
        kinds: Collection[str],
        identify: Callable[[bytes], str],
        book: ExchangeBook,
        now: Callable[[], datetime],
        *,
        shared: bool,
        settle_seconds: float = SETTLE_SECONDS,
        besides: Callable[[], object] = lambda: None,
        unkept: Collection[str] = (),
    ) -> None:
        """``kinds``: of the messages that we ask for; all other names are nobody's business here.

        ``identify``: reads the ArbitraryFileIdentifier, or raises PayerProtocolError.  ``shared``:
        other programs have answers of theirs in the folder, which stay untouched.
        ``settle_seconds``: how long nobody writes to a file before it counts as whole.
        ``besides``: what else is done at each slow look.  ``unkept``: kinds that hold medical data,
        of which nothing may be kept: what would be set aside is told and removed.
        """
        self._folder = folder
        self._watch = FolderWatch(folder, poll_seconds)
        self._kinds = frozenset(kinds)
        self._identify = identify
        self._book = book
        self._now = now
        self._shared = shared
        self._settle_seconds = settle_seconds
        self._besides = besides
        self._unkept = frozenset(unkept)
        self._lock = threading.Condition()
        self._examining = threading.Lock()
        self._sightings = Sightings()
        self._broken: dict[Key, PayerProtocolError] = {}
        self._awaited: dict[Key, int] = {}
        self._problem: FolderAwayError | None = None
        self._stopping = False
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read, unless that was begun already."""
        with self._lock:
            if self._reader is None and not self._stopping:
                self._reader = threading.Thread(target=self._run, name="replies", daemon=True)
                self._reader.start()

    def close(self) -> None:
        """Stop reading; whoever waits gets nothing."""
        with self._lock:
            self._stopping = True
            reader = self._reader
            self._lock.notify_all()
        self._watch.close()
        if reader is not None:
            reader.join()
        self._watch.close()

    def take(self, kind: str, identifier: str, seconds: float) -> list[Reply]:
        """Return the different files that answer a question; empty where none came in time.

        Raises FolderAwayError, and PayerProtocolError for one that stays unreadable.
        """
        key = (kind, identifier)
        until = time.monotonic() + seconds
        with self.awaiting(kind, identifier):
            self.start()
            while True:
                self._look_at(reply_name(kind, identifier))
                replies = self._read_found(key)
                if replies:
                    return replies
                with self._lock:
                    broken = self._broken.pop(key, None)
                    if broken is not None:
                        raise broken
                    left = until - time.monotonic()
                    if left <= 0 or self._stopping:
                        away = self._problem
                        break
                    if not self._sightings.names_of(key):
                        self._lock.wait(min(left, LOOK_SECONDS))
        if away is not None:
            # it may be there again, and the reading thread has not looked since
            self._folder.check()
        return []

    @contextmanager
    def awaiting(self, kind: str, identifier: str) -> Iterator[None]:
        """Keep for :meth:`take` what is found wrong with an answer.

        Begun before the question is asked: an answer may be quicker than who waits for it.
        """
        key = (kind, identifier)
        with self._lock:
            if key not in self._awaited:
                self._broken.pop(key, None)
            self._awaited[key] = self._awaited.get(key, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._awaited[key] -= 1
                if not self._awaited[key]:
                    del self._awaited[key]

    def discard(self, kind: str, identifier: str, replies: Collection[Reply]) -> None:
        """Remove answers that nobody needs any more."""
        for reply in replies:
            self._remove((kind, identifier), reply)

    def set_aside(
        self, kind: str, identifier: str, replies: Collection[Reply], reason: AsideReason
    ) -> None:
        """Have answers kept by the desk that must not be taken, and remove them."""
        for reply in replies:
            if self._put_aside(reply.name, reply.content, reason, identifier):
                self._remove((kind, identifier), reply)
            else:
                self._sightings.leave((kind, identifier), reply.name)

    def _put_aside(
        self, name: str, content: bytes, reason: AsideReason, identifier: str | None = None
    ) -> bool:
        """Have the desk keep a file, and return whether it may be removed now."""
        unkept = kind_of(name) in self._unkept
        kept = None if unkept else content
        return (
            self._book.set_aside(SetAside(name, reason, len(content), kept, identifier)) or unkept
        )

    def _read_found(self, key: Key) -> list[Reply]:
        """Read what answers ``key``, each content once; what is gone and comes back is new."""
        contents: dict[bytes, Reply] = {}
        for name in self._sightings.names_of(key):
            content = self._folder.read(name)
            if not isinstance(content, bytes) or not self._answers(key, content):
                self._sightings.leave(key, name)
                self._sightings.forget(name)
                continue
            contents.setdefault(content, Reply(name, content))
        return list(contents.values())

    def _answers(self, key: Key, content: bytes) -> bool:
        with suppress(PayerProtocolError):
            return self._identify(content) == key[1]
        return False

    def _remove(self, key: Key, reply: Reply) -> None:
        """Remove a file unless another one stands under its name by now, and its duplicates."""
        for name in {reply.name, *self._sightings.names_of(key)}:
            if self._folder.read(name) == reply.content:
                self._folder.remove(name)
                self._sightings.leave(key, name)

    # -- the reading thread --------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            unsettled = self._sightings.has_unsettled
            told = self._watch.wait(self._settle_seconds / 2 if unsettled else None)
            if self._stopping:
                return
            try:
                self._look(told)
                self._away(None)
            except FolderAwayError as error:
                self._away(error)
            except OSError as error:
                log.warning("%s is looked at again: %s", self._folder.path, error.strerror)
            except EligibilityError:
                log.exception("%s is looked at again", self._folder.path)
            except Exception:
                # one fault must not end all reading
                log.exception("%s is looked at again after a fault", self._folder.path)

    def _away(self, problem: FolderAwayError | None) -> None:
        with self._lock:
            if (problem is None) != (self._problem is None):
                log.warning("%s", problem or f"{self._folder.path}: it is there again")
            self._problem = problem
            self._lock.notify_all()

    def _look(self, told: set[str]) -> None:
        if 0 < len(told) <= READS_AT_ONCE:
            for name in told:
                self._look_at(name)
            return
        entries = self._folder.entries(self._is_ours_to_read)
        self._sightings.keep_only({entry.name for entry in entries})
        with self._lock:
            hints = [identifier for _kind, identifier in self._awaited]
        new = [one for one in entries if self._sightings.is_new(one)]
        new.sort(key=lambda one: (not hinted(one.name, hints), -one.modified_ns))
        for entry in new[:READS_AT_ONCE]:
            self._examine_new(entry)
        if len(new) > READS_AT_ONCE:
            self._watch.wake()
        else:
            self._tidy()
            self._besides()

    def _look_at(self, name: str) -> None:
        """Look at one name that may be an answer's."""
        if not self._is_ours_to_read(name):
            return
        entry = self._folder.entry(name)
        if entry is not None and self._sightings.is_new(entry):
            self._examine_new(entry)

    def _is_ours_to_read(self, name: str) -> bool:
        return kind_of(name) in self._kinds

    def _examine_new(self, entry: Entry) -> None:
        """Examine an entry once, though whoever asks looks beside the reading thread."""
        with self._examining:
            if self._sightings.is_new(entry):
                self._examine(entry)

    def _examine(self, entry: Entry) -> None:
        if not entry.is_file:
            self._leave(entry, AsideReason.NOT_A_FILE)
            return
        if self._is_stale(entry):
            self._see(entry, Verdict.LEFT)
            if not self._shared:
                self._clear(entry, AsideReason.STALE)
            return
        content = self._folder.read(entry.name)
        if content is None:
            return
        if isinstance(content, Unreadable):
            self._leave(entry, AsideReason(content.value))
            return
        try:
            identifier = self._identify(content)
        except PayerProtocolError as error:
            self._unsettled(entry, content, error)
            return
        kind = kind_of(entry.name)
        if kind is not None:
            self._see(entry, Verdict.ANSWER, (kind, identifier))

    def _is_stale(self, entry: Entry) -> bool:
        with self._lock:
            hints = [identifier for _kind, identifier in self._awaited]
        age = self._now().timestamp() - entry.modified_ns / 1e9
        return age > STALE.total_seconds() and not hinted(entry.name, hints)

    def _see(self, entry: Entry, verdict: Verdict, key: Key | None = None) -> float:
        since = self._sightings.see(entry, verdict, key)
        if key is not None:
            with self._lock:
                self._lock.notify_all()
        return since

    def _unsettled(self, entry: Entry, content: bytes, error: PayerProtocolError) -> None:
        """Give the writer time; what stays unreadable then is nobody's answer."""
        waited = time.monotonic() - self._see(entry, Verdict.UNSETTLED)
        kind = kind_of(entry.name) or ""
        with self._lock:
            key = next((one for one in self._awaited if is_named(entry.name, one)), None)
        if waited < self._settle_seconds:
            return
        self._see(entry, Verdict.LEFT)
        if key is None and self._shared and not self._is_named_for_us(entry.name, kind):
            log.warning("a file that is no message is left where it lies")
            return
        identifier = None if key is None else key[1]
        if self._put_aside(entry.name, content, AsideReason.UNREADABLE, identifier):
            self._remove_if(entry.name, content)
        if key is not None:
            with self._lock:
                self._broken[key] = PayerProtocolError(str(error), original=content)
                self._lock.notify_all()

    def _is_named_for_us(self, name: str, kind: str) -> bool:
        """Whether the name repeats the number of a question that this desk asked."""
        identifier = name[len(kind) + len("res_") : -len(".xml")]
        return self._book.question(identifier) is not None

    def _leave(self, entry: Entry, reason: AsideReason) -> None:
        """Tell once of an entry that is not even opened, and leave it where it lies."""
        self._see(entry, Verdict.LEFT)
        self._book.set_aside(SetAside(entry.name, reason, entry.size))
        with self._lock:
            for key in self._awaited:
                if is_named(entry.name, key):
                    self._broken[key] = PayerProtocolError(f"the answer is not read: {reason}")
            self._lock.notify_all()

    def _tidy(self) -> None:
        """Remove answers that the desk has stored; set aside those that came too late."""
        with self._lock:
            idle = [key for key in self._sightings.answered if key not in self._awaited]
        for key in idle:
            asked = self._book.question(key[1])
            if asked is None:
                if not self._shared:
                    self._put_away(key, AsideReason.FOREIGN, frozenset())
            elif not asked.is_open:
                self._put_away(key, AsideReason.LATE, asked.replies)

    def _put_away(self, key: Key, reason: AsideReason, stored: frozenset[str]) -> None:
        for reply in self._read_found(key):
            if reply.sha256 in stored:
                self._remove(key, reply)
            else:
                self.set_aside(*key, [reply], reason)

    def _clear(self, entry: Entry, reason: AsideReason) -> None:
        content = self._folder.read(entry.name)
        if isinstance(content, bytes) and self._put_aside(entry.name, content, reason):
            self._remove_if(entry.name, content)

    def _remove_if(self, name: str, content: bytes) -> None:
        """Remove a file unless another one stands under its name by now."""
        if self._folder.read(name) == content:
            self._folder.remove(name)
