"""The names that staff entered for holders; a later entry stands beside the earlier."""

from __future__ import annotations

from sqlite_utils import Database

from eligibility.model import Subject
from terminal.register.right_name import RightName
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table
from terminal.store.subjects import is_about

_TABLE = Table("right_names", "entered name", Decoder(RightName))


class RightNameEntries:
    """The entered names of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)

    def add(self, entry: RightName) -> bool:
        """Store an entry; return False where the same was stored already."""
        return self._rows.add(entry.id, entry)

    def of_subject(self, subject: Subject) -> list[RightName]:
        """Return the entries for this certificate or number, the oldest first."""
        about, values = is_about("right_names", subject)
        return self._rows.select(f"WHERE {about} ORDER BY entered_at, rowid", values)
