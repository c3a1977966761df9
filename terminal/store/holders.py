"""What the card of each visit said of its holder; at most once for a visit."""

from __future__ import annotations

from sqlite_utils import Database

from eligibility.model import Subject
from terminal.errors import VisitStateError
from terminal.identification import HolderRecord
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table
from terminal.store.subjects import is_about

_TABLE = Table("holders", "card's record of the holder of visit", Decoder(HolderRecord))


class Holders:
    """The holders' records of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)

    def add(self, record: HolderRecord) -> bool:
        """Store it; return False where the same was stored already.

        Raises VisitStateError where the card was read for this visit before.
        """
        stored = self._rows.find(record.visit_id)
        if stored is None:
            self._rows.insert(record.visit_id, record)
            return True
        if stored != record:
            msg = f"the holder's record of visit {record.visit_id} is stored already"
            raise VisitStateError(msg)
        return False

    def of_visit(self, visit_id: str) -> HolderRecord | None:
        """Return what the card said in this visit, or None while nobody read it."""
        return self._rows.find(visit_id)

    def latest_of(self, subject: Subject) -> HolderRecord | None:
        """Return the newest record of all visits with this certificate, or None."""
        about, values = is_about("visits", subject)
        return self._rows.first(
            f"JOIN visits ON visits.id = holders.id WHERE {about} ORDER BY holders.read_at DESC",
            values,
        )
