"""Whom staff linked holders to; a later choice stands beside the earlier."""

from __future__ import annotations

from sqlite_utils import Database

from eligibility.model import Subject
from terminal.record_link import RecordLink
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table
from terminal.store.subjects import is_about

_TABLE = Table("record_links", "link to a clinic record", Decoder(RecordLink))


class RecordLinks:
    """The links of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)

    def add(self, link: RecordLink) -> bool:
        """Store a choice; return False where the same was stored already."""
        return self._rows.add(link.id, link)

    def of_subject(self, subject: Subject) -> list[RecordLink]:
        """Return the choices for this certificate or number, the newest first."""
        about, values = is_about("record_links", subject)
        return self._rows.select(f"WHERE {about} ORDER BY made_at DESC, rowid DESC", values)
