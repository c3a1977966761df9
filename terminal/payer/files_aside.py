"""How long files that were set aside are kept, and what an administrator does with them.

They hold whatever the link application's folder held, health data included: they are kept to settle
what went wrong, and no longer than configured.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from terminal.access.accounts import TERMINAL, Actor
from terminal.audit import Act, AuditEntry
from terminal.errors import UnknownFileError
from terminal.payer.aside import KeptFile
from terminal.store import Store, Transaction

log = logging.getLogger(__name__)

DELETED_TOGETHER = 50
"""In one transaction: few, since each may be large and the desk waits for none of them."""
SHORTEST_ID = 8


class FilesAsideKeeping:
    """Lists and deletes the files of one store; safe from any thread.  Raises StoreError."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], *, most_days: int, most_files: int
    ) -> None:
        """``most_days``, ``most_files``: what is older, and the oldest beyond so many, goes."""
        self._store = store
        self._now = now
        self._most_age = timedelta(days=most_days)
        self._most_files = most_files

    def delete_old(self) -> int:
        """Delete what has been kept long enough; return how many.  A job calls this."""
        before = self._now() - self._most_age
        count = 0
        while found := self._store.read(
            lambda tx: tx.aside.beyond(before, self._most_files, DELETED_TOGETHER)
        ):
            self._delete(TERMINAL, found, "kept long enough")
            count += len(found)
        return count

    def all(self, actor: Actor) -> list[KeptFile]:
        """Return every file, the newest first, without its bytes; the look is written down."""

        def look(tx: Transaction) -> list[KeptFile]:
            found = tx.aside.all()
            if found:
                tx.audit.append(AuditEntry(Act.FILES_ASIDE_SEEN, actor, reason=str(len(found))))
            return found

        return self._store.write(look)

    def content(self, actor: Actor, file_id: str) -> bytes:
        """Return a file's bytes; who takes them is written down.

        ``file_id``: or how it begins.  Raises UnknownFileError, also for one that was not read.
        """

        def take(tx: Transaction) -> bytes:
            file = _one(tx, file_id)
            content = tx.aside.content(file.id)
            if content is None:
                msg = f"file {file.id[:12]} was never read: it lies where it was found"
                raise UnknownFileError(msg)
            tx.audit.append(AuditEntry(Act.ORIGINAL_TAKEN, actor, reason=f"file {file.id}"))
            return content

        return self._store.write(take)

    def delete(self, actor: Actor, file_ids: Sequence[str]) -> int:
        """Delete these files, or none; return how many.  Raises UnknownFileError."""
        found = self._store.read(lambda tx: [_one(tx, one) for one in file_ids])
        distinct = list({one.id: one for one in found}.values())
        for start in range(0, len(distinct), DELETED_TOGETHER):
            self._delete(actor, distinct[start : start + DELETED_TOGETHER], "by hand")
        return len(distinct)

    def _delete(self, actor: Actor, files: Sequence[KeptFile], why: str) -> None:
        def delete(tx: Transaction) -> None:
            for file in files:
                if tx.aside.delete(file.id):
                    entry = AuditEntry(
                        Act.FILE_ASIDE_DELETED, actor, reason=f"{why}: {file.reason} {file.id}"
                    )
                    tx.audit.append(entry)

        self._store.write(delete)
        log.info("%d files that were set aside are deleted: %s", len(files), why)


def _one(tx: Transaction, file_id: str) -> KeptFile:
    """Return the one file whose id is this, or begins so."""
    found = tx.aside.named(file_id) if len(file_id) >= SHORTEST_ID else []
    if len(found) != 1:
        msg = f"{len(found)} files are set aside under {file_id[:64]!r}"
        raise UnknownFileError(msg)
    return found[0]
