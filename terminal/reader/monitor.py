"""The thread that watches PC/SC readers, and outlives pcscd."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from fnmatch import fnmatchcase

from smartcard import scard

from terminal.reader.pcsc_codes import OK
from terminal.reader.types import Inserted, ReaderEvent, ReaderState, Removed, StateChanged

log = logging.getLogger(__name__)

NEW_READERS = "\\\\?PnP?\\Notification"
"""The pseudo-reader whose state changes when a reader is plugged in or out."""

RELOOK_MILLISECONDS = 10_000
"""A reader plugged in between listing and waiting is missed by the daemon until the next look."""

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
"""Seconds between tries to reach a daemon that does not answer."""


def matches(name_contains: str, name: str) -> bool:
    """Whether a reader's name contains the pattern; ``*`` and ``?`` stand as in file names.

    Square brackets are plain text: readers' names are full of them.
    """
    pattern = name_contains.replace("[", "[[]")
    return fnmatchcase(name, f"*{pattern}*")


class PcscMonitor:
    """Tells insertion and removal of cards, and the coming and going of readers and of pcscd.

    pyscard's own monitors are not used: their threads end for good when pcscd stops.
    """

    def __init__(self, name_contains: str) -> None:
        """Watch one reader whose name :func:`matches` ``name_contains``: the first that is there,
        for as long as it is there.
        """
        self._name_contains = name_contains
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._context: int | None = None
        self._told: ReaderState | None = None
        self._seen: dict[str, int] = {}
        self._chosen = ""

    @property
    def chosen(self) -> str:
        """The reader that is watched now; empty where none fits."""
        return self._chosen

    @property
    def state(self) -> ReaderState:
        """What was told last; NO_READER before the first look."""
        return self._told or ReaderState.NO_READER

    def start(self, on_event: Callable[[ReaderEvent], None]) -> None:
        """Begin to watch on a thread of its own; ``on_event`` is called there."""
        self._on_event: Callable[[ReaderEvent], None] = on_event
        self._told = None
        self._seen = {}
        self._chosen = ""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="reader monitor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a cancel that comes before the wait is lost, so it is repeated."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        while thread is not None and thread.is_alive():
            context = self._context
            if context is not None:
                scard.SCardCancel(context)
            thread.join(0.01)

    def _run(self) -> None:
        pause, before = FIRST_PAUSE, OK
        while not self._stopping.is_set():
            code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
            if code == OK:
                self._context = context
                code = self._watch(context)
                self._context = None
                scard.SCardReleaseContext(context)
                if self._told in (ReaderState.READY, ReaderState.NO_READER):
                    pause = FIRST_PAUSE
            if self._stopping.is_set():
                break
            # a daemon that dies while it is greeted looks like a refusal once, not twice
            if code != scard.SCARD_W_SECURITY_VIOLATION or code == before:
                self._tell_unreachable(code)
            before = code
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _watch(self, context: int) -> int:
        """Watch until told to stop or the context is of no more use; return the code of that."""
        new_readers = scard.SCARD_STATE_UNAWARE
        while not self._stopping.is_set():
            code, names = scard.SCardListReaders(context, [])
            if code not in (OK, scard.SCARD_E_NO_READERS_AVAILABLE):
                return int(code)
            names = [name for name in names if matches(self._name_contains, name)]
            if self._chosen not in names:
                self._choose(names[0] if names else "")
            states = [(NEW_READERS, new_readers)]
            if self._chosen:
                before = self._seen.get(self._chosen, scard.SCARD_STATE_UNAWARE)
                states.append((self._chosen, before))
            code, changed = scard.SCardGetStatusChange(context, RELOOK_MILLISECONDS, states)
            at = time.monotonic()
            if code == scard.SCARD_E_UNKNOWN_READER:
                self._stopping.wait(FIRST_PAUSE)
            elif code == OK:
                for name, state, _ in changed:
                    if name == NEW_READERS:
                        new_readers = state & ~scard.SCARD_STATE_CHANGED
                    else:
                        self._look(name, state & ~scard.SCARD_STATE_CHANGED, at)
            elif code not in (scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED):
                return int(code)
        return OK

    def _look(self, name: str, state: int, at: float) -> None:
        """Compare with what was seen before; the upper 16 bits count the reader's events.

        A card that the daemon itself found when it met the reader counts as no event, however late
        it has powered it.
        """
        found = name not in self._seen or state >> 16 == 0
        before = self._seen.get(name, scard.SCARD_STATE_EMPTY)
        self._seen[name] = state
        was_there = bool(before & scard.SCARD_STATE_PRESENT)
        is_there = bool(state & scard.SCARD_STATE_PRESENT)
        # told only now: a card put in once the reader is told as ready is one that was tapped
        self._tell_state(ReaderState.READY)
        same = was_there and is_there and before >> 16 == state >> 16
        if was_there and not same:
            self._tell(Removed(name, at))
        if is_there and not same:
            self._tell(Inserted(name, at, found))

    def _choose(self, name: str) -> None:
        """Turn to another reader; the card in the one before counts as removed."""
        for before in list(self._seen):
            self._forget(before)
        is_another = bool(self._chosen and name)
        self._chosen = name
        if is_another:
            self._told = None
        if not name:
            self._tell_state(ReaderState.NO_READER)

    def _tell_unreachable(self, code: int) -> None:
        for name in list(self._seen):
            self._forget(name)
        self._chosen = ""
        denied = code == scard.SCARD_W_SECURITY_VIOLATION
        self._tell_state(ReaderState.ACCESS_DENIED if denied else ReaderState.PCSC_DOWN)

    def _forget(self, name: str) -> None:
        if self._seen.pop(name) & scard.SCARD_STATE_PRESENT:
            self._tell(Removed(name, time.monotonic()))

    def _tell_state(self, state: ReaderState) -> None:
        if state is not self._told:
            self._told = state
            self._tell(StateChanged(state, time.monotonic(), self._chosen))

    def _tell(self, event: ReaderEvent) -> None:
        log.info("%s", event)
        self._on_event(event)
