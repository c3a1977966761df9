"""Whom staff linked holders to; a later choice stands beside the earlier."""

from __future__ import annotations

from sqlite_utils import Database

from eligibility.model import Subject
from terminal.register.record_link import LinkChoice, RecordLink
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

    def linked_to(self, patient_number: str) -> set[Subject]:
        """Return the certificates and numbers whose newest choice is this patient."""
        named = self._rows.select("WHERE body->>'$.patient_number' = ?", [patient_number])
        return {
            link.subject
            for link in named
            if (newest := self.of_subject(link.subject)[0]).choice is LinkChoice.LINKED
            and newest.patient_number == patient_number
        }
