from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eligibility.model import CardSubject
from terminal.access.accounts import Actor
from terminal.audit import Act, AuditEntry, AuditVerdict, ChainBreak
from terminal.errors import StoreDamagedError
from terminal.store import Store, Transaction
from terminal.store import audit as audit_module
from terminal.store.audit import Audit, AuditContext, chain_hash, genesis_hash
from terminal.store.connection import connect
from tests.store.builders import SATO, TANAKA, Clock, an_entry, open_visit
from tests.store.conftest import STORE_ID

SUZUKI = Actor("s-1", display_name="鈴木")
ROWS = 6


@pytest.fixture
def written(open_store: Callable[[], Store]) -> None:
    """A store with ``ROWS`` audit rows, closed again."""
    store = open_store()
    for number in range(ROWS):
        open_visit(store, f"v-{number}")
    store.close()


def tamper(path: Path, key: bytes, *statements: str | tuple[str, list[object]]) -> None:
    """Change the log as somebody with the key can, past all triggers."""
    db = connect(path, key)
    db.execute("PRAGMA ignore_check_constraints = ON")
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        sql, values = (statement, []) if isinstance(statement, str) else statement
        db.execute(sql, values)
    db.close()


def test_record_tells_who_did_what(store: Store, clock: Clock) -> None:
    """A row holds the act with its circumstances, and a subject only as a keyed hash."""
    entry = AuditEntry(Act.VISIT_SEEN, SUZUKI, "v-1", "k-1", TANAKA, "reason-code")
    assert store.write(lambda tx: tx.audit.append(entry)) == 1
    (record,) = store.read(lambda tx: tx.audit.of_visit("v-1"))
    assert (record.seq, record.at, record.monotonic_ms) == (1, clock.at, 1_000_000)
    assert (record.desk_id, record.actor_id, record.act) == ("desk-1", "s-1", Act.VISIT_SEEN)
    assert (record.visit_id, record.consent_id) == ("v-1", "k-1")
    assert record.reason == "reason-code"
    assert record.boot_id
    assert record.subject_hash is not None
    assert len(record.subject_hash) == 64


def test_subjects_hash_tells_persons_apart(store: Store) -> None:
    """The same card gives the same hash, other cards others, and no card none."""
    shifted = CardSubject(TANAKA.issuer + TANAKA.serial[0], TANAKA.serial[1:])
    subjects = (TANAKA, SATO, TANAKA, shifted, None)
    store.write(lambda tx: [tx.audit.append(an_entry(subject=subject)) for subject in subjects])
    hashes = [record.subject_hash for record in store.read(lambda tx: tx.audit.of_visit("v-1"))]
    assert hashes[0] == hashes[2]
    assert len(set(hashes)) == 4
    assert hashes[4] is None


def test_recent_rows(store: Store) -> None:
    """The newest rows come first, as many as asked for."""
    for number in range(4):
        open_visit(store, f"v-{number}")
    recent = store.read(lambda tx: tx.audit.recent(3))
    assert [record.seq for record in recent] == [4, 3, 2]
    assert len(store.read(lambda tx: tx.audit.recent(100))) == 4


def test_row_commits_with_what_it_tells_of(store: Store) -> None:
    """Work that fails after its audit row leaves neither, and no gap."""

    def failing() -> None:
        def work(tx: Transaction) -> None:
            tx.audit.append(an_entry())
            raise RuntimeError("the work failed")

        store.write(work)

    with pytest.raises(RuntimeError, match="the work failed"):
        failing()
    assert store.read(lambda tx: tx.audit.recent(1)) == []
    open_visit(store, "v-1")
    assert store.read(lambda tx: tx.audit.verify()) == AuditVerdict(True, 1)


def test_chain_can_be_computed_from_the_documented_formula(
    store: Store, path: Path, key: bytes
) -> None:
    """The hashes are those that the module's docstring gives, from the store's id on."""
    for number in range(3):
        open_visit(store, f"v-{number}")
    previous = genesis_hash(STORE_ID)
    db = connect(path, key, read_only=True)
    rows = db.execute("SELECT seq, hash, record FROM audit ORDER BY seq").fetchall()
    db.close()
    for seq, digest, record in rows:
        assert json.loads(record)["seq"] == seq
        assert digest == chain_hash(seq, previous, record.encode())
        previous = digest
    assert store.read(lambda tx: tx.audit.head()).hash == previous


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit SET record = '{}' WHERE seq = 2", "never changed"),
        ("DELETE FROM audit WHERE seq = 6", "never deleted"),
        (
            "INSERT OR REPLACE INTO audit (seq, hash, record) SELECT seq, hash, '{}' FROM audit",
            "without gaps",
        ),
        (
            "INSERT INTO audit (seq, hash, record) SELECT 9, hash, '{}' FROM audit WHERE seq = 6",
            "without gaps",
        ),
        ("DELETE FROM audit_head", "never deleted"),
        ("UPDATE audit_head SET seq = 5", "only grows"),
    ],
)
@pytest.mark.usefixtures("written")
def test_database_itself_refuses_changes(
    path: Path, key: bytes, statement: str, words: str
) -> None:
    """Rows of the log can be neither changed, deleted, replaced nor slipped in by SQL."""
    db = connect(path, key)
    try:
        with pytest.raises(Exception, match=words):
            db.execute(statement)
    finally:
        db.close()


_SET = "UPDATE audit SET record = replace(record, '\"kiosk\"', '\"nobody\"') WHERE seq = "
TAMPERING = {
    "content of a row": ((f"{_SET} 3",), 3, ChainBreak.ALTERED, ROWS),
    "content of the last row": ((f"{_SET} 6",), 6, ChainBreak.ALTERED, ROWS),
    "row that is no JSON to us": (
        ("UPDATE audit SET record = '{seq:2}' WHERE seq = 2",),
        2,
        ChainBreak.ALTERED,
        ROWS,
    ),
    "row that is no record": (
        ("UPDATE audit SET record = '[2]' WHERE seq = 2",),
        2,
        ChainBreak.ALTERED,
        ROWS,
    ),
    "hash of the last row": (
        ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 6",),
        6,
        ChainBreak.ALTERED,
        ROWS,
    ),
    "row taken out": (("DELETE FROM audit WHERE seq = 3",), 3, ChainBreak.MISSING, ROWS - 1),
    "first row taken out": (("DELETE FROM audit WHERE seq = 1",), 1, ChainBreak.MISSING, ROWS - 1),
    "row taken out and the rest moved up": (
        ("DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 WHERE seq > 3"),
        3,
        ChainBreak.MISSING,
        ROWS - 1,
    ),
    "two rows exchanged": (
        (
            "UPDATE audit SET seq = 99 WHERE seq = 2",
            "UPDATE audit SET seq = 2 WHERE seq = 4",
            "UPDATE audit SET seq = 4 WHERE seq = 99",
        ),
        2,
        ChainBreak.REORDERED,
        ROWS,
    ),
    "end cut off": (("DELETE FROM audit WHERE seq > 4",), 5, ChainBreak.CUT, 4),
    "all cut off": (("DELETE FROM audit",), 1, ChainBreak.CUT, 0),
    "head moved back": (("UPDATE audit_head SET seq = 5",), 6, ChainBreak.ALTERED, ROWS),
}
"""What is done; the first bad row, the kind and the rows found that the verdict must tell."""


@pytest.mark.parametrize("name", TAMPERING)
@pytest.mark.usefixtures("written")
def test_tampering_is_found(
    path: Path, key: bytes, store_verdict: Callable[[], AuditVerdict], name: str
) -> None:
    """Whoever changes the log past its triggers is found out, with place and kind."""
    statements, first_bad, kind, rows = TAMPERING[name]
    tamper(path, key, *statements)
    assert store_verdict() == AuditVerdict(False, rows, first_bad, kind)


@pytest.fixture
def store_verdict(path: Path, key: bytes) -> Callable[[], AuditVerdict]:
    """Verifies the chain without opening the store, which refuses a broken one."""

    def verdict() -> AuditVerdict:
        clock = Clock()
        context = AuditContext.of_desk(key, STORE_ID, "desk-1", clock.now, clock.since_boot)
        db = connect(path, key, read_only=True)
        try:
            return Audit(db, context).verify()
        finally:
            db.close()

    return verdict


@pytest.mark.parametrize("name", TAMPERING)
@pytest.mark.usefixtures("written")
def test_store_with_broken_log_is_not_opened(
    path: Path, key: bytes, open_store: Callable[[], Store], name: str
) -> None:
    """A store whose newest audit rows do not hold together is damaged, and says where."""
    tamper(path, key, *TAMPERING[name][0])
    with pytest.raises(StoreDamagedError, match=f"{TAMPERING[name][2]} at row"):
        open_store()


@pytest.mark.usefixtures("written")
def test_chain_of_another_store_is_found(
    path: Path, key: bytes, store_verdict: Callable[[], AuditVerdict]
) -> None:
    """A log that was begun under another store's id does not pass for this one's."""
    previous = genesis_hash("another store")
    db = connect(path, key)
    rows = db.execute("SELECT seq, record FROM audit ORDER BY seq").fetchall()
    db.close()
    statements: list[tuple[str, list[object]]] = []
    for seq, record in rows:
        previous = chain_hash(seq, previous, record.encode())
        statements.append(("UPDATE audit SET hash = ? WHERE seq = ?", [previous, seq]))
    statements.append(("UPDATE audit_head SET hash = ?", [previous]))
    tamper(path, key, *statements)
    assert store_verdict() == AuditVerdict(False, ROWS, 1, ChainBreak.ALTERED)


@pytest.mark.usefixtures("written")
def test_end_of_the_chain_can_be_followed_alone(path: Path, key: bytes) -> None:
    """At start the newest rows are followed only: a break among them shows, an older one not."""
    tamper(path, key, f"{_SET} 2")
    clock = Clock()
    context = AuditContext.of_desk(key, STORE_ID, "desk-1", clock.now, clock.since_boot)
    db = connect(path, key, read_only=True)
    audit = Audit(db, context)
    verdicts = [audit.verify_end(rows) for rows in (3, 4, 5, 6, 7)]
    db.close()
    assert [verdict.ok for verdict in verdicts] == [True, True, False, False, False]
    assert verdicts[0].rows == 3
    assert {verdict.first_bad_seq for verdict in verdicts[2:]} == {2}


def test_machine_without_a_boot_id(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the kernel tells no boot id, no two runs pass for the same one."""
    monkeypatch.setattr(audit_module, "_BOOT_ID_FILE", tmp_path / "gone")
    assert audit_module.read_boot_id() != audit_module.read_boot_id()


@pytest.mark.parametrize("seconds", [3600.0, -3600.0, 2.5, -2.5])
def test_clock_step_is_recorded(store: Store, clock: Clock, seconds: float) -> None:
    """A clock that was set since the last row is told of before anything else."""
    open_visit(store, "v-1")
    clock.goes_on(60)
    clock.is_set(seconds)
    open_visit(store, "v-2")
    newest, step, _ = store.read(lambda tx: tx.audit.recent(10))
    assert newest.visit_id == "v-2"
    assert (step.act, step.actor_id) == (Act.CLOCK_STEPPED, "terminal")
    assert step.reason == f"{seconds:+.3f} s"


def test_time_that_passes_is_no_clock_step(store: Store, clock: Clock) -> None:
    """A quiet night and a clock that is nudged by less than two seconds are no steps."""
    open_visit(store, "v-1")
    clock.goes_on(12 * 3600)
    clock.is_set(1.9)
    open_visit(store, "v-2")
    acts = [record.act for record in store.read(lambda tx: tx.audit.recent(10))]
    assert acts == [Act.VISIT_OPENED, Act.VISIT_OPENED]


def test_rows_that_cannot_be_written_exactly_are_refused(store: Store) -> None:
    """A lone surrogate has no exact bytes: the row is refused and the log goes on."""
    with pytest.raises(ValueError, match="non-UTF-8"):
        store.write(lambda tx: tx.audit.append(an_entry(reason="\ud800")))
    open_visit(store, "v-1")
    assert store.read(lambda tx: tx.audit.verify()).ok
