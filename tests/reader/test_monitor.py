"""The watching thread against answers of pcscd that no virtual reader can bring about."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from smartcard import scard

from terminal.reader.monitor import NEW_READERS, PcscMonitor, matches
from terminal.reader.types import Inserted, ReaderEvent, ReaderState, Removed, StateChanged
from tests.reader.place import PATIENCE

PRESENT = scard.SCARD_STATE_PRESENT | scard.SCARD_STATE_CHANGED
EMPTY = scard.SCARD_STATE_EMPTY | scard.SCARD_STATE_CHANGED
GONE = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_CHANGED
UNPLUGGED: tuple[int, dict[str, int]] = (scard.SCARD_E_UNKNOWN_READER, {})


class WrittenDaemon:
    """pcscd's answers, one moment after the other; the last moment waits until it is cancelled.

    ``moments``: the return code of making a context, the readers, what waiting brings: a code
    and the readers' states.
    """

    def __init__(self, *moments: tuple[int, list[str], tuple[int, dict[str, int]]]) -> None:
        self._moments = list(moments)
        self._cancelled: queue.SimpleQueue[None] = queue.SimpleQueue()

    def __getattr__(self, name: str) -> Any:
        """Constants are those of PC/SC."""
        return getattr(scard, name)

    def SCardEstablishContext(self, _: int) -> tuple[int, int]:  # noqa: N802  # PC/SC's name
        """Answer with this moment's code; a refusal ends the moment."""
        code = self._moments[0][0]
        if code and len(self._moments) > 1:
            del self._moments[0]
        return code, 1

    def SCardListReaders(self, *_: object) -> tuple[int, list[str]]:  # noqa: N802
        """Answer with this moment's readers."""
        names = self._moments[0][1]
        return (0, names) if names else (scard.SCARD_E_NO_READERS_AVAILABLE, [])

    def SCardGetStatusChange(  # noqa: N802
        self, _context: int, _timeout: int, states: list[tuple[str, int]]
    ) -> tuple[int, list[tuple[str, int, list[int]]]]:
        """Bring this moment to its end."""
        asked = {name for name, *_ in states}
        assert NEW_READERS in asked
        code, changes = self._moments[0][2]
        if len(self._moments) == 1:
            self._cancelled.get(timeout=PATIENCE)
            return scard.SCARD_E_CANCELLED, []
        del self._moments[0]
        assert set(changes) <= asked
        return code, [(name, state, []) for name, state in changes.items()]

    def SCardCancel(self, _: int) -> int:  # noqa: N802
        """End the waiting."""
        self._cancelled.put(None)
        return 0

    def SCardReleaseContext(self, _: int) -> int:  # noqa: N802
        """Nothing to release."""
        return 0


Watch = Callable[..., list[ReaderEvent]]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Return a function that watches a written daemon until so many events have come."""

    @contextmanager
    def watching(events: queue.SimpleQueue[ReaderEvent], pattern: str) -> Iterator[None]:
        monitor = PcscMonitor(pattern)
        monitor.start(events.put)
        try:
            yield
        finally:
            monitor.stop()

    def until(daemon: WrittenDaemon, count: int, pattern: str = "") -> list[ReaderEvent]:
        monkeypatch.setattr("terminal.reader.monitor.scard", daemon)
        events: queue.SimpleQueue[ReaderEvent] = queue.SimpleQueue()
        with watching(events, pattern):
            seen = [events.get(timeout=PATIENCE) for _ in range(count)]
        assert events.empty()
        return seen

    return until


def told(events: list[ReaderEvent]) -> list[object]:
    """Return states and kinds of events, without times."""
    return [event.state if isinstance(event, StateChanged) else type(event) for event in events]


def test_a_card_that_the_daemon_met_with_the_reader_is_found(watch: Watch) -> None:
    """However late it is powered: an event count of 0 means that nobody was seen to put it."""
    daemon = WrittenDaemon(
        (0, ["A"], (0, {"A": EMPTY})),
        (0, ["A"], (0, {"A": PRESENT})),
        (0, ["A"], (0, {"A": 1 << 16 | EMPTY})),
        (0, ["A"], (0, {"A": 2 << 16 | PRESENT})),
        (0, ["A"], (0, {})),
    )
    events = watch(daemon, 4)
    inserted = [event for event in events if isinstance(event, Inserted)]
    assert [event.found for event in inserted] == [True, False]


@pytest.mark.parametrize("unplugged", [UNPLUGGED, (0, {"A": GONE})])
def test_a_reader_unplugged_with_its_card(watch: Watch, unplugged: Any) -> None:
    """The card is removed, then there is no reader; plugged in again both come back."""
    daemon = WrittenDaemon(
        (0, ["A"], (0, {"A": PRESENT})),
        (0, ["A"], unplugged),
        (0, [], (0, {NEW_READERS: scard.SCARD_STATE_CHANGED})),
        (0, ["A"], (0, {"A": PRESENT})),
        (0, ["A"], (0, {})),
    )
    ready, none = ReaderState.READY, ReaderState.NO_READER
    assert told(watch(daemon, 6)) == [ready, Inserted, Removed, none, ready, Inserted]


def test_a_refusal_by_the_access_policy(watch: Watch) -> None:
    """Refused at the door is ACCESS_DENIED, told once, and watched for its end."""
    refused = (scard.SCARD_W_SECURITY_VIOLATION, list[str](), (0, dict[str, int]()))
    met = (0, ["A"], (0, {"A": EMPTY}))
    daemon = WrittenDaemon(refused, refused, met, (0, ["A"], (0, {})))
    assert told(watch(daemon, 2)) == [ReaderState.ACCESS_DENIED, ReaderState.READY]


@pytest.mark.parametrize(
    "code", [scard.SCARD_F_COMM_ERROR, scard.SCARD_E_NO_SERVICE, scard.SCARD_E_INVALID_HANDLE]
)
def test_a_daemon_that_goes_away_takes_its_cards_along(watch: Watch, code: int) -> None:
    """Whatever code tells it, the card counts as removed and a new context is made."""
    daemon = WrittenDaemon(
        (0, ["A"], (0, {"A": PRESENT})),
        (0, ["A"], (code, {})),
        (0, ["A"], (0, {"A": EMPTY})),
        (0, ["A"], (0, {})),
    )
    down, ready = ReaderState.PCSC_DOWN, ReaderState.READY
    assert told(watch(daemon, 5)) == [ready, Inserted, Removed, down, ready]


def test_other_changes_of_a_card_that_stays_are_no_events(watch: Watch) -> None:
    """Held, let go, powered or not: the same card with the same count is told once."""
    daemon = WrittenDaemon(
        (0, ["A"], (0, {"A": PRESENT | 7 << 16})),
        (0, ["A"], (0, {"A": PRESENT | 7 << 16 | scard.SCARD_STATE_EXCLUSIVE})),
        (0, ["A"], (0, {"A": PRESENT | 7 << 16 | scard.SCARD_STATE_UNPOWERED})),
        (0, ["A"], (scard.SCARD_E_TIMEOUT, {})),
        (0, ["A"], (0, {"A": PRESENT | 9 << 16})),
        (0, ["A"], (0, {})),
    )
    assert told(watch(daemon, 4)) == [ReaderState.READY, Inserted, Removed, Inserted]


def test_one_reader_is_chosen_and_kept_while_others_come_and_go(watch: Watch) -> None:
    """The second one's cards are nobody's; it is turned to only when the first is unplugged."""
    changed = scard.SCARD_STATE_CHANGED
    daemon = WrittenDaemon(
        (0, ["Desk 1"], (0, {"Desk 1": EMPTY})),
        (0, ["Another", "Desk 1"], (0, {NEW_READERS: changed})),
        (0, ["Another", "Desk 0", "Desk 1"], (0, {"Desk 1": PRESENT})),
        (0, ["Another", "Desk 0"], (0, {"Desk 0": PRESENT})),
        (0, ["Another"], (0, {NEW_READERS: changed})),
        (0, ["Another", "Desk 1"], (0, {"Desk 1": EMPTY})),
        (0, ["Another", "Desk 1"], (0, {})),
    )
    seen = [
        (type(event) if not isinstance(event, StateChanged) else event.state, event.reader)
        for event in watch(daemon, 8, "Desk")
    ]
    assert seen == [
        (ReaderState.READY, "Desk 1"),
        (Inserted, "Desk 1"),
        (Removed, "Desk 1"),
        (ReaderState.READY, "Desk 0"),
        (Inserted, "Desk 0"),
        (Removed, "Desk 0"),
        (ReaderState.NO_READER, ""),
        (ReaderState.READY, "Desk 1"),
    ]


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("", True),
        ("ACR1252", True),
        ("[ACR1252 Dual Reader PICC]", True),
        ("ACR1252*PICC", True),
        ("PICC] 0? 00", True),
        ("SAM", False),
        ("acr1252", False),
        ("[AZ]", False),
    ],
)
def test_names_are_chosen_by_part_or_pattern(pattern: str, fits: bool) -> None:
    """Brackets are part of readers' names; only * and ? stand for something else."""
    name = "ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00"
    assert matches(pattern, name) is fits
