"""Files of the national interface that were no answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from terminal.payer.aside import KeptFile
from terminal.store.encoding import Decoder, encode, encode_moment
from terminal.store.records import Records, Table

_TABLE = Table("files_aside", "file", Decoder(KeptFile))


class FilesAside:
    """The files that were set aside, each with its bytes."""

    def __init__(self, db: Database, erasing: Callable[[], None]) -> None:
        """``erasing``: called where something is deleted that may leave no trace."""
        self._db = db
        self._erasing = erasing
        self._rows = Records(db, _TABLE)

    def add(self, file: KeptFile) -> bool:
        """Keep a file; return False where it is kept already."""
        if self._rows.find(file.id) is not None:
            return False
        self._db.execute(
            "INSERT INTO files_aside (id, body, original) VALUES (?, ?, ?)",
            [file.id, encode(replace(file, content=None)), file.content],
        )
        return True

    def since(self, moment: datetime) -> list[KeptFile]:
        """Return what was kept since then, the newest first, without the bytes."""
        return self._rows.select(
            "WHERE kept_at >= ? ORDER BY kept_at DESC, rowid DESC", [encode_moment(moment)]
        )

    def all(self) -> list[KeptFile]:
        """Return all that is kept, the newest first, without the bytes."""
        return self._rows.select("ORDER BY kept_at DESC, rowid DESC")

    def named(self, beginning: str) -> list[KeptFile]:
        """Return the files whose id begins so, without the bytes."""
        return self._rows.select("WHERE substr(id, 1, ?) = ? LIMIT 10", [len(beginning), beginning])

    def beyond(self, moment: datetime, most: int, limit: int) -> list[KeptFile]:
        """Return the oldest that were kept before ``moment``, or are more than ``most``."""
        return self._rows.select(
            """
            WHERE kept_at < ? OR rowid IN (
                SELECT rowid FROM files_aside ORDER BY kept_at DESC, rowid DESC LIMIT -1 OFFSET ?
            )
            ORDER BY kept_at, rowid LIMIT ?
            """,
            [encode_moment(moment), most, limit],
        )

    def delete(self, file_id: str) -> bool:
        """Delete a file; return whether it was there."""
        self._erasing()
        return self._db.execute("DELETE FROM files_aside WHERE id = ?", [file_id]).rowcount > 0

    def count_since(self, moment: datetime) -> int:
        """Return how many were kept since then."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM files_aside WHERE kept_at >= ?", [encode_moment(moment)]
        ).fetchone()
        return int(count)

    def content(self, file_id: str) -> bytes | None:
        """Return the bytes of a file; None where it was not read.  Raises StoreError."""
        self._rows.get(file_id)
        (original,) = self._db.execute(
            "SELECT original FROM files_aside WHERE id = ?", [file_id]
        ).fetchone()
        return None if original is None else bytes(original)
