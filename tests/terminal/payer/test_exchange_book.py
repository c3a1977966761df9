"""What the desk remembers for the drop folders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eligibility.national.exchange import AsideReason, SetAside
from terminal.audit import Act
from terminal.payer.exchange_book import DeskExchangeBook
from terminal.store import Store

KEY = bytes(range(32))
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ID = "store-of-files"
FILE = SetAside("OQSsiquc01res_q-1.xml", AsideReason.LATE, 5, b"bytes", "q-1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    path = tmp_path / "desk.db"
    Store.create(path, KEY, ID)
    store = Store.open(path, KEY, ID, desk_id="desk-1", now=lambda: NOON, monotonic=lambda: 0.0)
    yield store
    store.close()


def acts(store: Store) -> list[tuple[Act, str | None]]:
    """Return what the audit log tells."""
    return [(row.act, row.reason) for row in store.read(lambda tx: tx.audit.recent(10))]


def test_a_file_is_kept_with_its_bytes_and_told_once(store: Store) -> None:
    """However often it is met, by whichever run of the desk."""
    book = DeskExchangeBook(store, lambda: NOON)
    assert book.set_aside(FILE)
    assert DeskExchangeBook(store, lambda: NOON + timedelta(hours=1)).set_aside(FILE)
    (kept,) = store.read(lambda tx: tx.aside.since(NOON - timedelta(days=1)))
    assert (kept.name, kept.reason, kept.size) == ("OQSsiquc01res_q-1.xml", "late", 5)
    assert kept.content is None
    assert store.read(lambda tx: tx.aside.content(kept.id)) == b"bytes"
    assert [act for act, _ in acts(store)].count(Act.FILE_SET_ASIDE) == 1
    assert (Act.FILE_SET_ASIDE, "late") in acts(store)


def test_what_was_not_read_is_told_and_not_kept(store: Store) -> None:
    """The file must stay where it is: nobody has its bytes."""
    book = DeskExchangeBook(store, lambda: NOON)
    assert not book.set_aside(SetAside("a.xml", AsideReason.NOT_A_FILE, 0))
    (kept,) = store.read(lambda tx: tx.aside.since(NOON))
    assert store.read(lambda tx: tx.aside.content(kept.id)) is None
    assert (Act.FILE_SET_ASIDE, "not-a-file") in acts(store)


def test_the_bytes_lie_in_no_plain_file(store: Store, tmp_path: Path) -> None:
    """Health data that is set aside is encrypted at rest."""
    secret = "見本 花子".encode()
    DeskExchangeBook(store, lambda: NOON).set_aside(
        SetAside("a.xml", AsideReason.FOREIGN, len(secret), secret)
    )
    for file in tmp_path.iterdir():
        assert secret not in file.read_bytes()


def test_a_store_that_cannot_be_written_keeps_nothing(store: Store) -> None:
    """Then the file must not be removed from the folder."""
    store.close()
    assert not DeskExchangeBook(store, lambda: NOON).set_aside(FILE)


def test_questions_of_others_are_unknown(store: Store) -> None:
    """An answer to them is not this desk's."""
    assert DeskExchangeBook(store, lambda: NOON).question("q-1") is None
