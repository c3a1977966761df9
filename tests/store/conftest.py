from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from terminal.store import Store
from terminal.store.keys import new_key
from tests.store.builders import Clock

STORE_ID = "3a5b-test-store"


@pytest.fixture
def clock() -> Clock:
    """A clock that goes on only when told."""
    return Clock()


@pytest.fixture
def key() -> bytes:
    """A fresh store key."""
    return new_key()


@pytest.fixture
def path(tmp_path: Path, key: bytes) -> Path:
    """The file of a store that was just installed."""
    path = tmp_path / "desk.db"
    Store.create(path, key, STORE_ID)
    return path


@pytest.fixture
def open_store(path: Path, key: bytes, clock: Clock) -> Iterator[Callable[[], Store]]:
    """Opens the store; what is open at the end is closed."""
    opened: list[Store] = []

    def open_it() -> Store:
        store = Store.open(
            path,
            key,
            STORE_ID,
            desk_id="desk-1",
            now=clock.now,
            monotonic=clock.since_boot,
        )
        opened.append(store)
        return store

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    """The open store."""
    return open_store()
