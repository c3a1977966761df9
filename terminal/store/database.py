"""The store: one encrypted file, one writer thread, a few readers.

A write runs on the writer thread between BEGIN IMMEDIATE and COMMIT, and its caller waits for the
outcome.  A write that failed or was not answered may yet have been stored: commands carry an id
made by the caller and may be repeated.

A full disk stops writes only.  After an I/O error, or when something looks damaged, all
connections are closed, the file is opened anew and checked, and only then is it called damaged.

What is deleted is overwritten in its pages.  Where no trace may stay, the log is emptied into the
file and cut off right after the commit; while a reader holds it, that is tried again.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from terminal.errors import StoreDamagedError, StoreError, StoreUnwritableError
from terminal.store import installation
from terminal.store.audit import AuditContext, since_boot
from terminal.store.connection import (
    IOERR,
    SUSPICIOUS,
    DriverError,
    connect,
    empty_log,
    erase_log,
    result_code,
    translated,
)
from terminal.store.histories import PURPOSE
from terminal.store.installation import StoreVerdict
from terminal.store.keys import derived_key
from terminal.store.transaction import Transaction

T = TypeVar("T")

READERS = 4
READER_WAIT_SECONDS = 30.0


class Store:
    """The one open store of a process.  All methods may be called from any thread."""

    def __init__(self, path: Path, key: bytes, context: AuditContext, writer: Database) -> None:
        """Use :meth:`open`."""
        self._path = path
        self._key = key
        self._context = context
        self._wrapping_key = derived_key(key, PURPOSE)
        self._writer: Database | None = writer
        self._readers: queue.LifoQueue[Database | None] = queue.LifoQueue()
        for _ in range(READERS):
            self._readers.put(connect(path, key, read_only=True))
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-writer")
        self._inside = threading.local()
        self._suspect = False
        self._log_holds_erased = True  # a former run may have been killed right after a commit
        self._damage: str | None = None
        self._closed = False

    @staticmethod
    def create(path: Path, key: bytes, store_id: str) -> None:
        """Make a new store at install time: whole at once, 0600, with its key check beside it.

        Raises StoreError where a file is already, StoreUnwritableError where none can be written.
        """
        installation.create(path, key, store_id)

    @classmethod
    def open(
        cls,
        path: Path,
        key: bytes,
        store_id: str,
        *,
        desk_id: str,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = since_boot,
    ) -> Store:
        """Open the store of this installation, checked and brought up to this release.

        ``now``: aware; ``monotonic``: seconds that no clock change moves.  Raises
        StoreMissingError, StoreKeyError, StoreDamagedError, StoreVersionError,
        StoreUnwritableError.
        """
        context = AuditContext.of_desk(key, store_id, desk_id, now, monotonic)
        writer = installation.open_checked(path, key, context)
        try:
            return cls(path, key, context, writer)
        except DriverError as error:
            writer.close()
            raise translated(error) from error

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in one transaction on the writer thread; return what it returns.

        What ``work`` raises is raised here, and nothing of it is stored.  Raises
        StoreUnwritableError, after which the same command may be repeated, or StoreDamagedError.
        ``work`` calls neither ``write`` nor ``read``.
        """
        self._refuse_nesting()
        return self._on_writer(lambda: self._write_once(work))

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` on one unchanging view of the store; return what it returns.

        ``work`` may run twice, where the first time something looked damaged that is not.
        """
        self._refuse_nesting()
        self._refuse_unusable()
        if self._suspect:
            self._on_writer(self._settle)
        try:
            return self._read_once(work)
        except DriverError as error:
            if result_code(error) not in SUSPICIOUS:
                raise translated(error) from error
            self._suspect = True
        self._on_writer(self._settle)
        try:
            return self._read_once(work)
        except DriverError as error:
            raise translated(error) from error

    def erase_log(self) -> bool:
        """Cut off what the log still holds of erased rows; return whether nothing is left there.

        A write that erases does so by itself; where a reader was in the way, a job calls this.
        Raises StoreUnwritableError, StoreDamagedError.
        """
        self._refuse_nesting()
        return not self._log_holds_erased or self._on_writer(self._erase_log)

    def check(self) -> StoreVerdict:
        """Check the whole file, its records and the audit chain, beside reading and writing.

        Raises StoreDamagedError where so much is broken that the rest cannot be looked at.
        """
        self._refuse_nesting()
        self._refuse_unusable()
        return installation.check_whole(self._path, self._key, self._context)

    def close(self) -> None:
        """Finish what is being written and read, then close; may be called twice."""
        if self._closed:
            return
        self._closed = True
        self._thread.submit(self._shut).result()
        self._thread.shutdown()

    def _on_writer(self, job: Callable[[], T]) -> T:
        self._refuse_unusable()
        try:
            outcome = self._thread.submit(job)
        except RuntimeError:  # closed since we looked
            raise StoreError("the store is closed") from None
        return outcome.result()

    def _refuse_unusable(self) -> None:
        if self._closed:
            msg = "the store is closed"
            raise StoreError(msg)
        if self._damage is not None:
            raise StoreDamagedError(self._damage)

    def _refuse_nesting(self) -> None:
        if getattr(self._inside, "work", False):
            msg = "a unit of work cannot start another: it would wait for itself"
            raise StoreError(msg)

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        self._inside.work = True
        try:
            yield
        finally:
            self._inside.work = False

    def _usable_writer(self) -> Database:
        """Return the writing connection; on the writer thread only."""
        if self._suspect or self._writer is None:
            self._suspect = True
            self._settle()
        if self._writer is None:
            msg = "the store is not open"
            raise StoreUnwritableError(msg)
        return self._writer

    def _write_once(self, work: Callable[[Transaction], T]) -> T:
        db = self._usable_writer()
        try:
            db.conn.execute("BEGIN IMMEDIATE")
            with self._working():
                transaction = Transaction(db, self._context, self._wrapping_key)
                result = work(transaction)
            db.conn.execute("COMMIT")
        except DriverError as error:
            self._roll_back(db)
            raise self._failed_write(error) from error
        except BaseException:
            self._roll_back(db)
            raise
        if transaction.erases:
            self._log_holds_erased = True
            # it is committed, whatever becomes of the log now
            with contextlib.suppress(StoreError):
                self._erase_log()
        return result

    def _erase_log(self) -> bool:
        """Empty the log if nobody reads it; on the writer thread only."""
        db = self._usable_writer()
        try:
            emptied = erase_log(db)
        except DriverError as error:
            raise self._failed_write(error) from error
        self._log_holds_erased = not emptied
        return emptied

    def _roll_back(self, db: Database) -> None:
        """End the transaction where SQLite has not done so by itself."""
        try:
            if db.conn.in_transaction:
                db.conn.execute("ROLLBACK")
        except DriverError:
            self._suspect = True

    def _failed_write(self, error: DriverError) -> StoreError:
        """Return what the caller is told, after a look at whether the file is whole."""
        code = result_code(error)
        if code not in SUSPICIOUS:
            return translated(error)
        self._suspect = True
        if code != IOERR:
            self._settle()
        # A commit that failed half-way may be found complete when the log is read again.
        msg = f"the disk failed ({error}, {code}): this may or may not be stored, repeat it"
        return StoreUnwritableError(msg)

    def _read_once(self, work: Callable[[Transaction], T]) -> T:
        try:
            db = self._readers.get(timeout=READER_WAIT_SECONDS)
        except queue.Empty:
            msg = f"no reader of the store was free for {READER_WAIT_SECONDS:.0f} s"
            raise StoreUnwritableError(msg) from None
        try:
            if db is None:
                msg = "the store is not open"
                raise StoreUnwritableError(msg)
            db.conn.execute("BEGIN")
            try:
                with self._working():
                    return work(Transaction(db, self._context, self._wrapping_key))
            finally:
                if db.conn.in_transaction:
                    db.conn.execute("ROLLBACK")
        finally:
            self._readers.put(db)

    def _settle(self) -> None:
        """Close everything, open again and check; on the writer thread only."""
        if not self._suspect:
            return
        if self._closed:
            msg = "the store is closed"
            raise StoreError(msg)
        self._close_connections(readers_after=False)
        readers: list[Database | None] = [None] * READERS
        try:
            self._writer = installation.open_checked(self._path, self._key, self._context)
            for number in range(READERS):
                readers[number] = connect(self._path, self._key, read_only=True)
            self._suspect = False
        except StoreDamagedError as error:
            self._damage = str(error)
            raise
        except DriverError as error:
            raise translated(error) from error
        finally:
            for reader in readers:
                self._readers.put(reader)

    def _close_connections(self, *, readers_after: bool) -> None:
        """Wait for the readers, then close all; ``readers_after``: leave empty places behind."""
        readers = [self._readers.get() for _ in range(READERS)]
        for db in (*readers, self._writer):
            if db is not None:
                with contextlib.suppress(DriverError):  # what is committed stays in the log
                    db.close()
        self._writer = None
        if readers_after:
            for _ in readers:
                self._readers.put(None)

    def _shut(self) -> None:
        if self._writer is not None and not self._suspect:
            with contextlib.suppress(DriverError):
                empty_log(self._writer)
        self._close_connections(readers_after=True)
