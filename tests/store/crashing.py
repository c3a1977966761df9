"""A process that writes until it is killed."""

from __future__ import annotations

import itertools
from multiprocessing.connection import Connection
from pathlib import Path

from terminal.store import Store
from tests.store.builders import Clock, confirm_visit

KEY = bytes(range(32))
STORE_ID = "store-of-crashes"


def open_there(path: Path) -> Store:
    """Open the store at ``path``."""
    clock = Clock()
    return Store.open(
        path, KEY, STORE_ID, desk_id="desk-1", now=clock.now, monotonic=clock.since_boot
    )


def write_until_killed(path: Path, life: int, acknowledge: Connection) -> None:
    """Store whole visits, each with its audit row in one transaction; tell of each one stored."""
    store = open_there(path)
    for number in itertools.count():
        ident = f"{life}-{number}"
        confirm_visit(store, ident)
        acknowledge.send(ident)
