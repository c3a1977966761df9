"""Accesses without consent: one by one, never widened or opened again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from eligibility.emergency import EmergencyAccess
from terminal.errors import VisitStateError
from terminal.store.encoding import Decoder, encode_moment
from terminal.store.records import Records, Table
from terminal.store.visits import Visits
from terminal.visit import WITHOUT_CARD

_TABLE = Table("emergencies", "access without consent", Decoder(EmergencyAccess))


class Emergencies:
    """The accesses of this store."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rows = Records(db, _TABLE)
        self._visits = Visits(db)

    def add(self, access: EmergencyAccess) -> bool:
        """Store a new access; return False where the same was stored already.

        Raises VisitStateError for a visit with a card, or somebody else's.
        """
        visit = self._visits.get(access.visit_id)
        if visit.origin not in WITHOUT_CARD or visit.subject != access.subject:
            msg = f"visit {access.visit_id} can have no such access without consent"
            raise VisitStateError(msg)
        return self._rows.add(access.id, access)

    def save(self, access: EmergencyAccess) -> None:
        """Store the payer's registration, an earlier end, or that it was closed.

        Raises VisitStateError where it would open again, end later, or become another's.
        """
        stored = self._rows.get(access.id)
        allowed = replace(
            stored,
            payer_ref=access.payer_ref,
            ends_at=min(stored.ends_at, access.ends_at),
            closed_at=stored.closed_at or access.closed_at,
        )
        if access != allowed:
            msg = f"access {access.id} cannot be widened, reopened or given to another"
            raise VisitStateError(msg)
        self._rows.replace(access.id, access)

    def get(self, access_id: str) -> EmergencyAccess | None:
        """Return the access, or None."""
        return self._rows.find(access_id)

    def of_visit(self, visit_id: str) -> EmergencyAccess | None:
        """Return the visit's newest access, or None."""
        return self._rows.first(
            "WHERE visit_id = ? ORDER BY opened_at DESC, rowid DESC", [visit_id]
        )

    def opened_since(self, since: datetime) -> list[EmergencyAccess]:
        """Return the accesses that were opened since that moment, the newest first."""
        return self._rows.select(
            "WHERE opened_at >= ? ORDER BY opened_at DESC, rowid DESC", [encode_moment(since)]
        )

    def recent(self, limit: int) -> list[EmergencyAccess]:
        """Return at most ``limit`` accesses, the newest first."""
        return self._rows.select("ORDER BY opened_at DESC, rowid DESC LIMIT ?", [limit])

    def count(self) -> int:
        """Return how many there ever were."""
        return int(self._db.execute("SELECT count(*) FROM emergencies").fetchone()[0])
