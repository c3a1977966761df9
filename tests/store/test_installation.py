from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from terminal.errors import (
    StoreDamagedError,
    StoreError,
    StoreKeyError,
    StoreMissingError,
    StoreUnwritableError,
    StoreVersionError,
)
from terminal.store import Store, Transaction, schema
from terminal.store.connection import connect
from terminal.store.installation import key_check_path
from terminal.store.keys import new_key
from tests.store.builders import Clock, confirm_visit
from tests.store.conftest import STORE_ID

PAGE = 4096


def open_with(path: Path, key: bytes, store_id: str = STORE_ID) -> Store:
    """Open a store as a desk does."""
    clock = Clock()
    return Store.open(
        path, key, store_id, desk_id="desk-1", now=clock.now, monotonic=clock.since_boot
    )


@pytest.fixture
def filled(path: Path, open_store: Callable[[], Store]) -> Path:
    """The file of a store with some visits, closed."""
    store = open_store()
    for number in range(30):
        confirm_visit(store, str(number))
    store.close()
    return path


def test_create_leaves_store_and_key_check_only(path: Path) -> None:
    """Installation leaves no draft behind."""
    assert sorted(file.name for file in path.parent.iterdir()) == ["desk.db", "desk.db.key-check"]


def test_create_never_overwrites(path: Path, key: bytes) -> None:
    """A second installation over a store is refused and changes nothing."""
    before = path.read_bytes()
    with pytest.raises(StoreError, match="never overwritten"):
        Store.create(path, new_key(), STORE_ID)
    assert path.read_bytes() == before
    open_with(path, key).close()


def test_create_goes_on_after_a_broken_off_one(tmp_path: Path, key: bytes) -> None:
    """What an installation that was cut off left behind does not stop the next."""
    for name in (".desk.db.draft", ".desk.db.draft-wal", "desk.db.key-check"):
        (tmp_path / name).write_bytes(b"rubbish")
    Store.create(tmp_path / "desk.db", key, STORE_ID)
    open_with(tmp_path / "desk.db", key).close()


def test_create_in_a_folder_that_is_not_there(tmp_path: Path, key: bytes) -> None:
    """Where no file can be made, that is said and nothing is left."""
    with pytest.raises(StoreUnwritableError, match="No such file"):
        Store.create(tmp_path / "gone" / "desk.db", key, STORE_ID)
    assert list(tmp_path.iterdir()) == []


def test_create_with_a_key_that_is_none(tmp_path: Path) -> None:
    """A short key is refused before anything is made."""
    with pytest.raises(StoreKeyError):
        Store.create(tmp_path / "desk.db", b"short", STORE_ID)
    assert list(tmp_path.iterdir()) == []


def test_absent_store_is_damage(tmp_path: Path, key: bytes) -> None:
    """A store that is not there is never begun anew."""
    with pytest.raises(StoreMissingError, match="not a first start"):
        open_with(tmp_path / "desk.db", key)
    assert list(tmp_path.iterdir()) == []


def test_empty_file_is_damage(filled: Path, key: bytes) -> None:
    """A file of no bytes, which SQLite takes for a new database, is damage."""
    filled.write_bytes(b"")
    with pytest.raises(StoreMissingError, match="empty"):
        open_with(filled, key)
    assert filled.read_bytes() == b""


def test_folder_in_the_stores_place(tmp_path: Path, key: bytes) -> None:
    """A folder is no store."""
    with pytest.raises(StoreMissingError):
        open_with(tmp_path, key)


def test_valid_but_empty_database_is_damage(tmp_path: Path, key: bytes) -> None:
    """An encrypted database without our identity is not taken for ours."""
    path = tmp_path / "desk.db"
    path.touch(0o600)
    db = connect(path, key)
    db.execute("CREATE TABLE other (id INTEGER)")
    db.close()
    with pytest.raises(StoreMissingError, match="not the store of this installation"):
        open_with(path, key)


def test_store_of_another_installation(filled: Path, key: bytes) -> None:
    """A store with another id is refused by name."""
    with pytest.raises(StoreMissingError, match="other-id"):
        open_with(filled, key, "other-id")


def test_wrong_key(filled: Path) -> None:
    """A wrong key is called that, and changes nothing."""
    before = filled.read_bytes()
    with pytest.raises(StoreKeyError, match="not that of"):
        open_with(filled, new_key())
    assert filled.read_bytes() == before


def test_damaged_first_page_is_told_from_a_wrong_key(filled: Path, key: bytes) -> None:
    """With the right key, a file that does not open is damaged."""
    flip(filled, 100)
    with pytest.raises(StoreDamagedError, match="first page"):
        open_with(filled, key)
    with pytest.raises(StoreKeyError):
        open_with(filled, new_key())


def test_without_key_check_both_causes_are_named(filled: Path) -> None:
    """Where nothing tells a wrong key from damage, neither is claimed."""
    key_check_path(filled).unlink()
    with pytest.raises(StoreKeyError, match="or its first page is damaged"):
        open_with(filled, new_key())


@pytest.mark.parametrize("beside", [None, b"of another store", b"\xff\xfe"])
def test_key_check_is_made_good(filled: Path, key: bytes, beside: bytes | None) -> None:
    """A key check that is lost or wrong is written anew when the key has opened the store."""
    if beside is None:
        key_check_path(filled).unlink()
    else:
        key_check_path(filled).write_bytes(beside)
    open_with(filled, key).close()
    with pytest.raises(StoreKeyError, match="not that of"):
        open_with(filled, new_key())


def flip(path: Path, offset: int) -> None:
    """Turn one bit of the file."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def found_damaged(path: Path, key: bytes) -> bool:
    """Return whether opening or the whole check finds damage."""
    try:
        store = open_with(path, key)
    except StoreDamagedError:
        return True
    try:
        return not store.check().ok
    except StoreDamagedError:
        return True
    finally:
        store.close()


def test_flipped_bit_is_found_on_each_page(filled: Path, key: bytes, tmp_path: Path) -> None:
    """One bit that turned, on whatever page, is found; an untouched copy is found whole."""
    pages = filled.stat().st_size // PAGE
    assert pages > 20
    copy = tmp_path / "copy.db"
    shutil.copy(key_check_path(filled), key_check_path(copy))
    for page in range(pages):
        shutil.copy(filled, copy)
        flip(copy, page * PAGE + (page * 997) % PAGE)
        assert found_damaged(copy, key), f"page {page}"
    shutil.copy(filled, copy)
    assert not found_damaged(copy, key)


@pytest.mark.parametrize("keep", [100, PAGE - 1, PAGE, 5 * PAGE, -PAGE, -1])
def test_cut_file_is_found(filled: Path, key: bytes, keep: int) -> None:
    """A file that lost its end is damaged, wherever it was cut."""
    filled.write_bytes(filled.read_bytes()[:keep])
    assert found_damaged(filled, key)


@pytest.fixture
def rotten(path: Path, open_store: Callable[[], Store]) -> Store:
    """An open store of some megabytes, more than it keeps in memory, whose pages have rotted."""
    store = open_store()
    for number in range(8):
        confirm_visit(store, str(number), original=bytes(500_000))
    store.close()
    store = open_store()
    for offset in range(PAGE + 2000, path.stat().st_size, PAGE):
        flip(path, offset)
    return store


@pytest.mark.parametrize("first", ["read", "write"])
def test_damage_under_an_open_store_is_found(rotten: Store, first: str) -> None:
    """Pages that rot while the store is open are never believed, whoever meets them first."""

    def look_at_all(tx: Transaction) -> None:
        for number in range(8):
            tx.answers.get(f"a-{number}")

    uses: dict[str, Callable[[], object]] = {
        "read": lambda: rotten.read(look_at_all),
        "write": lambda: rotten.write(look_at_all),
        "check": rotten.check,
    }
    for use in (uses[first], *uses.values()):
        with pytest.raises(StoreDamagedError):
            use()


def test_check_finds_damage_that_nobody_met_yet(rotten: Store) -> None:
    """The whole check does not pass over rotten pages."""
    with pytest.raises(StoreDamagedError):
        rotten.check()


def test_newer_store_is_refused(filled: Path, key: bytes) -> None:
    """A store that a newer release has changed is left to that release."""
    db = connect(filled, key)
    db.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
        "VALUES ('eligibility-terminal', 'step_9999_future', 'then')"
    )
    db.close()
    with pytest.raises(StoreVersionError, match="step_9999_future"):
        open_with(filled, key)


def step_0002_good(db: Database) -> None:
    """A later release's step."""
    db.execute("CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT")


def step_0002_bad(db: Database) -> None:
    """A step that breaks off half-way."""
    db.execute("CREATE TABLE half (id INTEGER PRIMARY KEY) STRICT")
    db.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY) STRICT")


def later_release(monkeypatch: pytest.MonkeyPatch, step: Callable[[Database], None]) -> None:
    """Make this process a release with one step more."""
    migrations = Migrations("eligibility-terminal")
    steps = (*schema.STEPS, step)
    for each in steps:
        migrations()(each)
    monkeypatch.setattr(schema, "STEPS", steps)
    monkeypatch.setattr(schema, "MIGRATIONS", migrations)


def test_older_store_is_brought_up(
    filled: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older store is migrated when it is opened, and the older release refuses it then."""
    with monkeypatch.context() as patch:
        later_release(patch, step_0002_good)
        store = open_with(filled, key)
        assert store.check().ok
        assert len(store.read(lambda tx: tx.visits.unfinished())) == 30
        store.close()
    with pytest.raises(StoreVersionError, match="step_0002_good"):
        open_with(filled, key)


def test_failing_step_leaves_the_store_as_it_was(
    filled: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration that breaks off changes nothing: the older release goes on with the store."""
    with monkeypatch.context() as patch:
        later_release(patch, step_0002_bad)
        with pytest.raises(StoreError, match="visits"):
            open_with(filled, key)
    store = open_with(filled, key)
    assert store.check().ok
    store.close()
    db = connect(filled, key)
    assert "half" not in db.table_names()
    db.close()
