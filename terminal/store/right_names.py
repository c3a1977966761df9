"""The names that staff entered for cards' holders; a later entry stands beside the earlier."""

from __future__ import annotations

from sqlite_utils import Database

from eligibility.model import CardSubject
from terminal.right_name import RightName
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table

_TABLE = Table("right_names", "entered name", Decoder(RightName))


class RightNameEntries:
    """The entered names of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)

    def add(self, entry: RightName) -> bool:
        """Store an entry; return False where the same was stored already."""
        return self._rows.add(entry.id, entry)

    def latest_of(self, subject: CardSubject) -> RightName | None:
        """Return the newest entry for this certificate, or None."""
        return self._rows.first(
            """
            WHERE subject_serial = ? AND subject_issuer = ?
            ORDER BY entered_at DESC, rowid DESC
            """,
            [subject.serial, subject.issuer],
        )
