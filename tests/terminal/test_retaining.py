"""Deletions of what is older than it is kept: by night, button and command; broken off; told."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.access.accounts import TERMINAL, Actor, Role
from terminal.audit import Act
from terminal.errors import RoleError
from terminal.retention.retention import TOGETHER, Retaining
from terminal.retention.run import Erasable, RetentionRun, RunStart, begins, kept_from, last_due
from terminal.retention.settings import RetentionSettings
from terminal.store import Store
from terminal.store.connection import connect
from terminal.store.retention import OF_VISITS
from tests.store.builders import MORNING
from tests.store.raw_pages import places_of
from tests.terminal.retention_killed import (
    KEY,
    NOW,
    SETTINGS,
    STORE_ID,
    DeskTime,
    delete_until_killed,
    fill,
    open_there,
)

ADMINISTRATOR = Actor("admin", Role.ADMINISTRATOR, "管理者")
OLD = 2 * TOGETHER + 5
MOMENTS = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001  # the zone is the strategy's
    datetime(2060, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@pytest.fixture
def now() -> DeskTime:
    """The desk's clock."""
    return DeskTime()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a new store."""
    path = tmp_path / "desk.db"
    Store.create(path, KEY, STORE_ID)
    return path


@pytest.fixture
def store(path: Path, now: DeskTime) -> Iterator[Store]:
    """A store with visits that are too old and some that are not."""
    store = open_there(path, now)
    fill(store, OLD)
    yield store
    store.close()


def visits_left(store: Store) -> int:
    """Return how many visits there are."""
    start, end = MORNING - timedelta(days=9), MORNING + timedelta(days=9)
    return len(store.read(lambda tx: tx.visits.opened_between(start, end)))


def acts(store: Store, act: Act) -> list[str | None]:
    """Return what the audit log says of an act, the newest first."""
    records = store.read(lambda tx: tx.audit.recent(1000))
    return [record.reason for record in records if record.act is act]


@given(MOMENTS, st.integers(3, 50))
def test_whole_years_are_kept_to_the_day(now: datetime, years: int) -> None:
    """The first day that is kept is today's date so many years ago, in Japan; never a later one."""
    first = kept_from(now, years)
    today = (now + timedelta(hours=9)).date()
    assert (today.year - first.year, first.month) == (years, today.month)
    assert first.day == today.day or (today.month, today.day, first.day) == (2, 29, 28)
    assert begins(first).astimezone(UTC).hour == 15


@given(MOMENTS, st.times())
def test_the_last_night_is_within_a_day(now: datetime, at: time) -> None:
    """The time that was due last is not ahead and no day ago."""
    due = last_due(now, at)
    assert timedelta(0) <= now - due < timedelta(days=1)


def test_a_look_tells_exactly_what_a_run_deletes(store: Store, path: Path, now: DeskTime) -> None:
    """The same counts, by kind; afterwards nothing is left to delete and the young stay."""
    retaining = Retaining(store, now, SETTINGS)
    before = retaining.preview(ADMINISTRATOR)
    assert before.kept_from == date(2026, 11, 24)
    assert before.counts[Erasable.VISITS] == OLD
    assert before.oldest == MORNING - timedelta(days=1)
    run = retaining.run(ADMINISTRATOR, RunStart.ADMINISTRATOR)
    assert run.counts == before.counts
    assert run.ended_at is not None
    after = retaining.preview(ADMINISTRATOR)
    assert after.counts == {}
    assert after.oldest == MORNING
    assert visits_left(store) == 3
    ((last, _),) = retaining.recent(ADMINISTRATOR)
    assert last == run
    assert store.erase_log()
    assert places_of(path, KEY, "植えた名0".encode()) == []
    assert places_of(path, KEY, "植えた名kept".encode())


def test_the_audit_log_tells_how_much_went_and_not_what_it_said(
    store: Store, now: DeskTime
) -> None:
    """Each visit by its id with counts, in the transaction that deletes it; then the whole."""
    Retaining(store, now, SETTINGS).run(ADMINISTRATOR, RunStart.ADMINISTRATOR)
    told = acts(store, Act.VISIT_DELETED)
    assert (
        told
        == [
            "visits=1,questions=1,answers=1,confirmations=1,consents=1,holders=1,decisions=1,files=1"
        ]
        * OLD
    )
    assert acts(store, Act.RETENTION_BEGUN) == ["administrator:2026-11-24"]
    (ended,) = acts(store, Act.RETENTION_ENDED)
    assert ended is not None
    assert ended.startswith(f"visits={OLD},")
    (record, *_) = store.read(lambda tx: tx.audit.of_visit("v-000"))[-1:]
    assert record.act is Act.VISIT_DELETED
    assert record.actor_id == ADMINISTRATOR.id
    assert record.subject_hash is not None
    assert store.read(lambda tx: tx.audit.verify()).ok


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.CLINICIAN, Role.PHARMACIST])
def test_only_administrators_delete(store: Store, now: DeskTime, role: Role) -> None:
    """Others neither delete nor see how much there is."""
    retaining = Retaining(store, now, SETTINGS)
    somebody = Actor("x", role)
    for act in (
        lambda: retaining.preview(somebody),
        lambda: retaining.recent(somebody),
        lambda: retaining.begin(somebody, 1),
        lambda: retaining.run(somebody, RunStart.COMMAND),
    ):
        with pytest.raises(RoleError):
            act()
    assert visits_left(store) == OLD + 3


def test_each_night_once(store: Store, now: DeskTime) -> None:
    """From the configured time on, once; a desk that was off then does it when it is there."""
    retaining = Retaining(store, now, RetentionSettings(years=5, nightly="03:00"))
    now.at = datetime(2031, 11, 23, 17, 59, tzinfo=UTC)  # 02:59 on the 24th in Japan
    store.write(lambda tx: tx.retention.add_run(ended_run(now.at - timedelta(hours=1))))
    retaining.run_due()
    assert visits_left(store) == OLD + 3
    now.at = datetime(2031, 11, 24, 0, 30, tzinfo=UTC)  # 09:30: it was off at 03:00
    retaining.run_due()
    assert visits_left(store) == 3
    retaining.run_due()
    assert len(store.read(lambda tx: tx.retention.recent_runs(9))) == 2
    now.at += timedelta(days=1)
    retaining.run_due()
    newest, *_ = store.read(lambda tx: tx.retention.recent_runs(9))
    assert (newest.start, newest.actor) == (RunStart.NIGHT, TERMINAL.id)
    assert visits_left(store) == 0


def ended_run(at: datetime) -> RetentionRun:
    """Return a run that deleted nothing at that moment."""
    return RetentionRun("r-0", RunStart.NIGHT, "terminal", date(2026, 1, 1), at, at)


def test_switched_off_it_deletes_nothing_by_itself(store: Store, now: DeskTime) -> None:
    """``off``: only by button and command."""
    Retaining(store, now, RetentionSettings(years=5, nightly="off")).run_due()
    assert visits_left(store) == OLD + 3


def test_a_stop_comes_between_two_visits(store: Store, now: DeskTime) -> None:
    """What is under way is broken off; the next process goes on at once, whatever the time."""
    retaining = Retaining(store, now, SETTINGS)
    retaining.stop()
    run = retaining.run(TERMINAL, RunStart.NIGHT)
    assert run.ended_at is None
    assert visits_left(store) == OLD + 3
    now.at += timedelta(minutes=1)
    Retaining(store, now, RetentionSettings(years=5, nightly="off")).run_due()
    assert visits_left(store) == 3


def whole_or_gone(path: Path) -> int:
    """Return how many visits are there; each must have all its rows, and no row be without."""
    db = connect(path, KEY, read_only=True)
    try:
        counts = {
            table: db.conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # ours
            for table, _, _ in OF_VISITS
        }
    finally:
        db.close()
    assert len(set(counts.values())) == 1, counts
    return int(counts["visits"])


def test_killed_it_has_half_deleted_nothing_and_goes_on(path: Path) -> None:
    """kill -9 at any moment: each visit is whole or gone, told or not; the next run ends it."""
    moments = random.Random(20261130)  # noqa: S311  # moments to kill at, no secret
    now = DeskTime()
    store = open_there(path, now)
    fill(store, 160)
    store.close()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.terminal.retention_killed"])
    left = [163]
    for _ in range(8):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=delete_until_killed, args=(path, theirs))
        process.start()
        theirs.close()
        assert ours.poll(60)
        assert ours.recv() == "begins"
        ours.poll(moments.random() * 0.4)  # killed so far into it, or once it is done
        process.kill()
        process.join()
        ours.close()
        store = open_there(path, now)
        try:
            assert store.check().ok
            left.append(whole_or_gone(path))
            assert len(acts(store, Act.VISIT_DELETED)) == 163 - left[-1]
        finally:
            store.close()
    assert sorted(left, reverse=True) == left
    store = open_there(path, now)
    try:
        now.at = NOW + timedelta(minutes=1)
        Retaining(store, now, SETTINGS).run_due()
        assert whole_or_gone(path) == 3
        assert store.erase_log()
        assert places_of(path, KEY, "植えた名0".encode(), "植えた名1".encode()) == []
    finally:
        store.close()
