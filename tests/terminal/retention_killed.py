"""A process that deletes old visits until it is killed."""

from __future__ import annotations

from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from terminal.access.accounts import TERMINAL
from terminal.retention.retention import Retaining
from terminal.retention.run import RunStart
from terminal.retention.settings import RetentionSettings
from terminal.store import Store, Transaction
from tests.store.builders import MORNING
from tests.store.test_retention import add_visit

KEY = bytes(range(32))
STORE_ID = "store-of-retention"
YEARS = 5
NOW = MORNING.replace(year=MORNING.year + YEARS)
"""Five years after the visits of that morning: they are the first to be kept."""
SETTINGS = RetentionSettings(years=YEARS, nightly="03:00")


class DeskTime:
    """The desk's clock; it goes on when told."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """Return the present moment."""
        return self.at


def open_there(path: Path, now: DeskTime) -> Store:
    """Open the store at ``path``."""
    return Store.open(path, KEY, STORE_ID, desk_id="desk-1", now=now)


def fill(store: Store, old: int, kept: int = 3) -> None:
    """Store visits of a day that is over, and of one that is kept."""

    def add(tx: Transaction) -> None:
        for number in range(old):
            add_visit(tx, f"{number:03}", MORNING - timedelta(days=1))
        for number in range(kept):
            add_visit(tx, f"kept-{number}", MORNING)

    store.write(add)


def delete_until_killed(path: Path, acknowledge: Connection) -> None:
    """Delete, and tell when it begins."""
    now = DeskTime()
    store = open_there(path, now)
    acknowledge.send("begins")
    Retaining(store, now, SETTINGS).run(TERMINAL, RunStart.NIGHT)
    acknowledge.send("done")
