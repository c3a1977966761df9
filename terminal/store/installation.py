"""The file itself: made at install time, opened with suspicion, checked whole on request.

Beside ``NAME`` stands ``NAME.key-check``: it tells a wrong key from a damaged first page, which
look the same to SQLCipher.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from terminal.audit import AuditVerdict
from terminal.errors import (
    StoreDamagedError,
    StoreError,
    StoreKeyError,
    StoreMissingError,
    StoreUnwritableError,
    StoreVersionError,
)
from terminal.store.audit import Audit, AuditContext, genesis_hash
from terminal.store.connection import (
    NOTADB,
    DriverError,
    connect,
    empty_log,
    page_faults,
    result_code,
    structure_faults,
    translated,
)
from terminal.store.keys import key_check_value, key_hex, sync_folder, write_atomically
from terminal.store.schema import migrate, unknown_steps

# Checking a file takes some 4 ms per MB; SQLCipher authenticates each page again when it is read.
WHOLE_CHECK_AT_START_BYTES = 64 * 2**20
AUDIT_ROWS_AT_START = 1000
PAGE_CHECK_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class StoreVerdict:
    """What a check of the whole store found.

    ``pages`` is None where others kept on writing, so that pages could not be judged;
    ``orphans``: rows that refer to rows which are not there.
    """

    structure: tuple[str, ...]
    pages: tuple[str, ...] | None
    orphans: int
    audit: AuditVerdict

    @property
    def ok(self) -> bool:
        """Whether nothing wrong was found."""
        return not self.structure and not self.pages and not self.orphans and self.audit.ok


def key_check_path(path: Path) -> Path:
    """Return where the key check value of the store at ``path`` stands."""
    return path.with_name(path.name + ".key-check")


def create(path: Path, key: bytes, store_id: str) -> None:
    """Make a new store under another name, then give it its own: it is there whole or not at all.

    Raises StoreError, StoreKeyError, StoreUnwritableError.
    """
    key_hex(key)
    if path.exists():
        msg = f"{path} exists already; a store is never overwritten"
        raise StoreError(msg)
    draft = path.with_name(f".{path.name}.draft")
    try:
        _remove_draft(draft)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        _fill(draft, key, store_id)
        os.link(draft, path)
        _write_key_check(path, key)
        sync_folder(path.parent)
    except FileExistsError as error:
        msg = f"{path} exists already; a store is never overwritten"
        raise StoreError(msg) from error
    except OSError as error:
        msg = f"no store can be made at {path}: {error.strerror}"
        raise StoreUnwritableError(msg) from error
    except DriverError as error:
        raise translated(error) from error
    finally:
        with contextlib.suppress(OSError):
            _remove_draft(draft)


def _write_key_check(path: Path, key: bytes) -> None:
    content = f"{key_check_value(key)}\n".encode()
    write_atomically(key_check_path(path), content, replace=True)


def _read_key_check(path: Path) -> str | None:
    """Return the value beside the store, None where there is none."""
    try:
        return key_check_path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None


def _remove_draft(draft: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        draft.with_name(draft.name + ending).unlink(missing_ok=True)


def _fill(draft: Path, key: bytes, store_id: str) -> None:
    db = connect(draft, key)
    try:
        migrate(db)
        with db.atomic():
            db.execute("INSERT INTO identity (only_row, store_id) VALUES (1, ?)", [store_id])
            db.execute(
                "INSERT INTO audit_head (only_row, seq, hash) VALUES (1, 0, ?)",
                [genesis_hash(store_id)],
            )
        if not empty_log(db):
            msg = f"no store can be made at {draft.parent}: the disk does not take it"
            raise StoreUnwritableError(msg)
    finally:
        db.close()
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def open_checked(path: Path, key: bytes, context: AuditContext) -> Database:
    """Return the writing connection of an existing store, checked and migrated.

    Raises StoreMissingError, StoreKeyError, StoreDamagedError, StoreVersionError,
    StoreUnwritableError.
    """
    key_hex(key)
    _check_there(path)
    db = _connect_or_tell_why(path, key)
    try:
        _check_and_migrate(db, path, context)
    except DriverError as error:
        db.close()
        raise translated(error) from error
    except BaseException:
        db.close()
        raise
    if _read_key_check(path) != key_check_value(key):
        # Lost or left over from another store; the key has just proved to be the right one.
        with contextlib.suppress(OSError):
            _write_key_check(path, key)
    return db


def _check_and_migrate(db: Database, path: Path, context: AuditContext) -> None:
    empty_log(db)
    if path.stat().st_size <= WHOLE_CHECK_AT_START_BYTES:
        faults = structure_faults(db, quick=True)
        if faults:
            msg = f"{path} is damaged in {len(faults)} places or more: {faults[0]}"
            raise StoreDamagedError(msg)
    _check_identity(db, path, context.store_id)
    migrate(db)
    verdict = Audit(db, context).verify_end(AUDIT_ROWS_AT_START)
    if not verdict.ok:
        msg = f"the audit log of {path} is {verdict.kind} at row {verdict.first_bad_seq}"
        raise StoreDamagedError(msg)


def _check_there(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:
        msg = f"the store {path} is absent: restore it; this is damage, not a first start"
        raise StoreMissingError(msg) from None
    except OSError as error:
        msg = f"the store {path} cannot be reached: {error.strerror}"
        raise StoreUnwritableError(msg) from error
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        msg = f"the store {path} is empty or no file: restore it; this is damage, no first start"
        raise StoreMissingError(msg)


def _connect_or_tell_why(path: Path, key: bytes) -> Database:
    try:
        return connect(path, key)
    except DriverError as error:
        if result_code(error) != NOTADB:
            raise translated(error) from error
        expected = _read_key_check(path)
        if expected is None:
            msg = f"the key does not open {path}, or its first page is damaged: no key check tells"
            raise StoreKeyError(msg) from error
        if expected == key_check_value(key):
            msg = f"the first page of {path} is damaged (the key is the right one)"
            raise StoreDamagedError(msg) from error
        msg = f"the key is not that of {path}"
        raise StoreKeyError(msg) from error


def _check_identity(db: Database, path: Path, store_id: str) -> None:
    unknown = unknown_steps(db)
    if unknown:
        msg = f"{path} was written by a newer release ({unknown[-1]}): use that release"
        raise StoreVersionError(msg)
    rows = (
        [row[0] for row in db.execute("SELECT store_id FROM identity")]
        if (db.table("identity").exists())
        else []
    )
    if rows != [store_id]:
        msg = f"{path} is not the store of this installation ({store_id}): restore the right one"
        raise StoreMissingError(msg)


def check_whole(path: Path, key: bytes, context: AuditContext) -> StoreVerdict:
    """Check everything that can be checked, beside whoever uses the store.

    Others go on reading and writing, but for the moment in which pages are judged (some 3 s for
    a gigabyte).  Raises StoreDamagedError where so much is broken that the rest cannot be read.
    """
    try:
        db = connect(path, key)
    except DriverError as error:
        raise translated(error) from error
    try:
        db.conn.execute("BEGIN")
        structure = structure_faults(db, quick=False)
        orphans = len(db.execute("PRAGMA foreign_key_check").fetchall())
        audit = Audit(db, context).verify()
        db.conn.execute("ROLLBACK")
        return StoreVerdict(tuple(structure), _judge_pages(db, path), orphans, audit)
    except DriverError as error:
        raise translated(error) from error
    finally:
        db.close()


def _judge_pages(db: Database, path: Path) -> tuple[str, ...] | None:
    """Return the faulty pages, None where others wrote each time before they could be judged."""
    log = path.with_name(path.name + "-wal")
    for _ in range(PAGE_CHECK_ATTEMPTS):
        emptied = empty_log(db)
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            # Nobody can write now, but somebody may have between the two statements above.
            if emptied and log.stat().st_size == 0:
                return tuple(page_faults(db))
        finally:
            db.conn.execute("ROLLBACK")
    return None
