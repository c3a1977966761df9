from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from terminal.errors import StoreDamagedError, StoreError, VisitStateError
from terminal.store import Store, Transaction
from terminal.store.connection import connect
from tests.store.builders import (
    INSURED_NUMBER,
    NAME,
    TANAKA,
    a_visit,
    an_entry,
    confirm_visit,
    open_visit,
)


def test_what_was_written_is_there_after_reopening(open_store: Callable[[], Store]) -> None:
    """A closed store keeps everything."""
    first = open_store()
    confirm_visit(first)
    first.close()
    second = open_store()
    assert second.read(lambda tx: tx.visits.get("v-1")) == a_visit("v-1")
    assert second.read(lambda tx: tx.audit.verify()).ok
    assert second.check().ok


def test_nothing_of_a_patient_stands_on_disk_in_plain(store: Store, path: Path) -> None:
    """Neither names nor numbers are found in any file, open or closed."""
    secrets = [text.encode() for text in (NAME, INSURED_NUMBER, TANAKA.issuer, "SQLite format")]

    def assert_hidden() -> None:
        files = list(path.parent.iterdir())
        for file in files:
            content = file.read_bytes()
            assert not [secret for secret in secrets if secret in content]

    confirm_visit(store)
    assert path.with_name("desk.db-wal").stat().st_size > 0
    assert_hidden()
    store.close()
    assert path.stat().st_size > 0
    assert_hidden()


def test_files_are_open_to_their_owner_only(store: Store, path: Path) -> None:
    """The database, its log and what stands beside it are closed to others."""
    confirm_visit(store)
    files = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert files == {
        "desk.db": 0o600,
        "desk.db-wal": 0o600,
        "desk.db-shm": 0o600,
        "desk.db.key-check": 0o600,
    }


def test_store_holds_history_in_one_place(store: Store) -> None:
    """Medicines, treatment and checkups are kept under their consent and nowhere else."""
    confirm_visit(store)
    assert {name for name in dir(Transaction) if not name.startswith("_")} == {
        "accounts",
        "answers",
        "appointments",
        "aside",
        "audit",
        "bulk",
        "calls",
        "disclosure_calls",
        "clinic_records",
        "confirmations",
        "consents",
        "decisions",
        "desk_enquiries",
        "disaster_periods",
        "emergencies",
        "histories",
        "holders",
        "identifications",
        "kiosks",
        "month_rows",
        "outbox",
        "payer_lists",
        "record_links",
        "reference_numbers",
        "retention",
        "right_names",
        "sessions",
        "throttle",
        "told_files",
        "visits",
    }


def test_work_that_fails_stores_nothing(store: Store) -> None:
    """What work raises is raised to its caller, nothing of it is kept, and the next write works."""

    def failing(tx: Transaction) -> None:
        tx.visits.add(a_visit("v-1"))
        raise VisitStateError("no")

    with pytest.raises(VisitStateError, match="no"):
        store.write(failing)
    assert store.read(lambda tx: tx.visits.unfinished()) == []
    open_visit(store, "v-2")
    assert store.read(lambda tx: tx.visits.get("v-2")).id == "v-2"


def test_reading_cannot_write(store: Store) -> None:
    """Work that was given for reading changes nothing."""
    with pytest.raises(StoreError):
        store.read(lambda tx: tx.visits.add(a_visit()))
    assert store.read(lambda tx: tx.visits.unfinished()) == []


def test_body_that_cannot_be_read_is_damage(store: Store, path: Path, key: bytes) -> None:
    """A record that holds what this release does not know is named, and none of it is told."""
    confirm_visit(store)
    db = connect(path, key)
    db.execute("UPDATE answers SET body = json_set(body, '$.outcome', 'odd')")
    db.close()
    with pytest.raises(StoreDamagedError, match="answer a-1 cannot be read") as caught:
        store.read(lambda tx: tx.answers.get("a-1"))
    words = "".join(traceback.format_exception(caught.value))
    assert "odd" not in words
    assert NAME not in words


def test_every_connection_is_durable_and_strict(path: Path, key: bytes) -> None:
    """Each commit is synced before it is acknowledged, and references are checked."""
    db = connect(path, key)
    names = ("journal_mode", "synchronous", "foreign_keys", "temp_store", "trusted_schema")
    settings = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    db.close()
    assert settings == ["wal", 2, 1, 2, 0]


def test_work_inside_work_is_refused(store: Store) -> None:
    """Work that would wait for itself fails at once instead, and the store goes on."""
    inner: dict[str, Callable[[], object]] = {
        "write in write": lambda: store.write(lambda _: store.write(lambda _: None)),
        "read in write": lambda: store.write(lambda _: store.read(lambda _: None)),
        "write in read": lambda: store.read(lambda _: store.write(lambda _: None)),
        "check in read": lambda: store.read(lambda _: store.check()),
    }
    for work in inner.values():
        with pytest.raises(StoreError, match="wait for itself"):
            work()
    open_visit(store, "v-1")


def test_closed_store_says_so(store: Store) -> None:
    """A closed store refuses work by name and may be closed again."""
    store.close()
    store.close()
    for work in (store.read, store.write):
        with pytest.raises(StoreError, match="closed"):
            work(lambda tx: tx.visits.unfinished())
    with pytest.raises(StoreError, match="closed"):
        store.check()


def test_close_waits_for_what_was_begun(store: Store, open_store: Callable[[], Store]) -> None:
    """Writes that were taken on before the store closes are finished."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        begun.set()
        go_on.wait(10)
        tx.visits.add(a_visit())

    with ThreadPoolExecutor(2) as pool:
        write = pool.submit(store.write, slow)
        begun.wait(10)
        closing = pool.submit(store.close)
        go_on.set()
        write.result(10)
        closing.result(10)
    assert open_store().read(lambda tx: tx.visits.get("v-1")) == a_visit()


def test_reader_keeps_its_view_while_others_write(store: Store) -> None:
    """One unit of reading sees one moment, however long it takes."""
    read_once, written = threading.Event(), threading.Event()

    def reading(tx: Transaction) -> tuple[int, int]:
        before = len(tx.visits.unfinished())
        read_once.set()
        written.wait(10)
        return before, len(tx.visits.unfinished())

    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(store.read, reading)
        read_once.wait(10)
        open_visit(store, "v-1")
        written.set()
        assert seen.result(10) == (0, 0)
    assert len(store.read(lambda tx: tx.visits.unfinished())) == 1


def test_many_writers_and_readers(store: Store) -> None:
    """Writes of many threads come one after the other: none is lost, the log has no gap."""
    threads, each = 8, 20

    def writer(number: int) -> None:
        for turn in range(each):
            open_visit(store, f"v-{number}-{turn}")
            assert store.read(lambda tx: tx.visits.unfinished())

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(writer, number) for number in range(threads)]:
            done.result(60)
    assert len(store.read(lambda tx: tx.visits.unfinished())) == threads * each
    verdict = store.read(lambda tx: tx.audit.verify())
    assert (verdict.ok, verdict.rows) == (True, threads * each)


def test_of_many_changes_to_one_version_one_wins(store: Store) -> None:
    """When several desks change the same visit at once, exactly one is told that it did."""
    open_visit(store, "v-1")
    start = threading.Barrier(6)

    def change(number: int) -> bool:
        visit = replace(a_visit(version=2), clinic_patient_id=str(number))
        start.wait(10)
        try:
            store.write(lambda tx: tx.visits.save(visit))
        except VisitStateError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(change, range(6)))
    assert outcomes.count(True) == 1
    stored = store.read(lambda tx: tx.visits.get("v-1"))
    assert stored.clinic_patient_id == str(outcomes.index(True))


def test_two_processes_open_one_store(open_store: Callable[[], Store]) -> None:
    """The command line may open the store beside the service: both write, the chain holds."""
    service, command_line = open_store(), open_store()
    for number in range(5):
        open_visit(service, f"v-s{number}")
        open_visit(command_line, f"v-c{number}")
    assert service.check().ok
    assert command_line.check().ok
    command_line.close()
    service.write(lambda tx: tx.audit.append(an_entry()))
    assert service.read(lambda tx: tx.audit.verify()).rows == 11


def test_check_runs_beside_writing(store: Store) -> None:
    """A whole check neither disturbs writers nor takes their work for damage."""
    stop = threading.Event()

    def keep_writing() -> int:
        number = 0
        while not stop.is_set():
            open_visit(store, f"v-{number}")
            number += 1
        return number

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(keep_writing)
        try:
            verdicts = [store.check(), store.check()]
        finally:
            stop.set()
        written = writing.result(30)
    assert all(verdict.ok for verdict in verdicts)
    last = store.check()
    assert (last.ok, last.pages, last.audit.rows) == (True, (), written)
