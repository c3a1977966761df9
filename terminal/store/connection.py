"""One connection to the encrypted file: how it is opened, and what its errors mean.

``sqlcipher3`` raises its own classes, which sqlite-utils does not know; :func:`translated` turns
them into ours, and nothing outside this package ever sees them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlcipher3
from sqlite_utils import Database

from eligibility.subjects import folded
from terminal.errors import StoreDamagedError, StoreError, StoreUnwritableError
from terminal.store.keys import key_hex

BUSY_MILLISECONDS = 5000
ERASE_MILLISECONDS = 250
CACHE_KIBIBYTES = 2000

if TYPE_CHECKING:
    import sqlite3

    DriverError = sqlite3.Error  # of the same shape; sqlcipher3 has no types
else:
    DriverError = sqlcipher3.dbapi2.Error

# Primary result codes of SQLite, https://www.sqlite.org/rescode.html
BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB = 5, 6, 8, 10, 11, 13, 14, 26
_UNWRITABLE = frozenset({BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN})
_DAMAGED = frozenset({CORRUPT, NOTADB})
# After one of these the file must be closed, opened and checked before anything is believed.
SUSPICIOUS = frozenset({IOERR, CORRUPT, NOTADB})


def result_code(error: DriverError) -> int:
    """Return SQLite's primary result code, 0 where the driver itself complains."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def translated(error: DriverError) -> StoreError:
    """Return our error for the driver's; its words name tables and rules, never content."""
    code = result_code(error)
    if code in _UNWRITABLE:
        return StoreUnwritableError(f"the store cannot be used now: {error} ({code})")
    if code in _DAMAGED:
        return StoreDamagedError(f"the store is damaged: {error} ({code})")
    return StoreError(f"the store refused: {error} ({code})")


def connect(path: Path, key: bytes, *, read_only: bool = False) -> Database:
    """Open an existing file.  Raises DriverError; a wrong key shows at the first read.

    ``read_only`` forbids writing by this connection; the file itself is opened for both, since
    readers of a write-ahead log must be able to mend it.
    """
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlcipher3.connect(
        uri,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_MILLISECONDS / 1000,
    )
    try:
        # The key comes first: any other statement would read the file without it.
        connection.execute(f"PRAGMA key = \"x'{key_hex(key)}'\"")
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # what is deleted or replaced is overwritten, in pages and in those that become free
        connection.execute("PRAGMA secure_delete = ON").fetchone()
        connection.create_function("folded", 1, folded, deterministic=True)
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        return Database(connection, execute_plugins=False)
    except BaseException:
        connection.close()
        raise


def empty_log(db: Database) -> bool:
    """Move the write-ahead log into the file; return whether all of it went.

    Must come before an integrity check: with a log pending, sound pages look damaged.
    """
    try:
        busy, _, _ = db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except DriverError as error:
        if result_code(error) in _UNWRITABLE:
            return False
        raise
    return not busy


def erase_log(db: Database) -> bool:
    """Empty the log as :func:`empty_log` does, but wait for readers only a moment."""
    db.conn.execute(f"PRAGMA busy_timeout = {ERASE_MILLISECONDS}").fetchone()
    try:
        return empty_log(db)
    finally:
        db.conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}").fetchone()


def structure_faults(db: Database, *, quick: bool) -> list[str]:
    """Return what SQLite finds wrong with pages, rows and (unless ``quick``) indexes."""
    pragma = "PRAGMA quick_check(20)" if quick else "PRAGMA integrity_check(20)"
    rows = [str(row[0]) for row in db.conn.execute(pragma)]
    return [] if rows == ["ok"] else rows


def page_faults(db: Database) -> list[str]:
    """Return the pages whose authentication code does not fit; only true with an empty log."""
    return [str(row[0]) for row in db.conn.execute("PRAGMA cipher_integrity_check")]
