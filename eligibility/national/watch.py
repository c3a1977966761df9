"""Tells at once when something appears in a folder: inotify, and a slow look besides.

inotify sees nothing of what another machine writes on a network share, and no watch lives longer
than the folder it is set on: the slow look serves where it fails, and sets it anew.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from eligibility.errors import FolderAwayError
from eligibility.national.folder import Folder

log = logging.getLogger(__name__)


class _Waking(FileSystemEventHandler):
    def __init__(self, wake: threading.Condition, told: set[str]) -> None:
        self._wake, self._told = wake, told

    def dispatch(self, event: FileSystemEvent) -> None:
        with self._wake:
            self._told.add(Path(str(event.dest_path or event.src_path)).name)
            self._wake.notify_all()


class FolderWatch:
    """Waits for news of one folder; one thread waits, any may wake it."""

    def __init__(self, folder: Folder, poll_seconds: float) -> None:
        """``poll_seconds``: how long a wait lasts where nothing is told."""
        self._folder = folder
        self._poll_seconds = poll_seconds
        self._wake = threading.Condition()
        self._told: set[str] = set()
        self._woken = False
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] | None = None

    def wait(self, seconds: float | None = None) -> set[str]:
        """Return names that something happened to; empty where a look at everything is due.

        That is after a wait in vain, when woken, and when a watch was set anew: what came before
        it was not told.  ``seconds``: the longest wait, where it is to be shorter than the slow
        look's.
        """
        if self._watch():
            return set()
        longest = self._poll_seconds if seconds is None else min(seconds, self._poll_seconds)
        with self._wake:
            if not self._told and not self._woken:
                self._wake.wait(longest)
            self._woken = False
            told = set(self._told)
            self._told.clear()
        return told

    def wake(self) -> None:
        """End a wait now."""
        with self._wake:
            self._woken = True
            self._wake.notify_all()

    def close(self) -> None:
        """End the watch."""
        self._unwatch()
        self.wake()

    def _watch(self) -> bool:
        """See that the watch is set on the folder that is there now; return whether it is new."""
        try:
            identity = self._folder.identity()
        except FolderAwayError:
            self._unwatch()
            return False
        if self._watched == identity and self._observer is not None and self._observer.is_alive():
            return False
        self._unwatch()
        observer = Observer()
        try:
            observer.schedule(
                _Waking(self._wake, self._told),
                str(self._folder.path),
                # a file that is moved in from elsewhere counts as created
                event_filter=[FileCreatedEvent, FileClosedEvent, FileMovedEvent],
            )
            observer.start()
        except OSError as error:
            # as where the system has no watch left: the slow look goes on
            log.warning("%s is only looked at now and then: %s", self._folder.path, error.strerror)
            return False
        self._observer, self._watched = observer, identity
        return True

    def _unwatch(self) -> None:
        observer, self._observer, self._watched = self._observer, None, None
        if observer is not None:
            observer.stop()
            observer.join()
