"""The files of card visits that no answer holds."""

from __future__ import annotations

from dataclasses import replace

from sqlite_utils import Database

from terminal.payer.told import ToldFile
from terminal.store.encoding import Decoder, encode
from terminal.store.records import Records, Table

_TABLE = Table("told_files", "file of a visit", Decoder(ToldFile))


class ToldFiles:
    """The files, one a visit, each with its bytes; gone with their visit."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rows = Records(db, _TABLE)

    def add(self, file: ToldFile) -> None:
        """Keep the file of a visit that is stored and has none."""
        self._db.execute(
            "INSERT INTO told_files (id, body, original) VALUES (?, ?, ?)",
            [file.visit_id, encode(replace(file, content=b"")), file.content],
        )

    def of_visit(self, visit_id: str) -> ToldFile | None:
        """Return a visit's file with its bytes; None where it has none."""
        file = self._rows.find(visit_id)
        if file is None:
            return None
        (original,) = self._db.execute(
            "SELECT original FROM told_files WHERE id = ?", [visit_id]
        ).fetchone()
        return replace(file, content=bytes(original))
