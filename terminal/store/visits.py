"""Visits, each with a version that keeps two writers from overwriting each other."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from eligibility.model import Subject
from terminal.errors import UnknownVisitError, VisitStateError
from terminal.store.encoding import Decoder, encode_moment
from terminal.store.records import Records, Table
from terminal.store.subjects import is_about
from terminal.visit import Visit

_TABLE = Table("visits", "visit", Decoder(Visit))


class Visits:
    """The visits of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)

    def add(self, visit: Visit) -> bool:
        """Store a new visit; return False where the same was stored already.

        Raises VisitStateError where the visit is there and has gone on.
        """
        stored = self._rows.find(visit.id)
        if stored is None:
            self._rows.insert(visit.id, visit)
            return True
        if stored != visit:
            msg = f"visit {visit.id} is stored already, in version {stored.version}"
            raise VisitStateError(msg)
        return False

    def save(self, visit: Visit) -> None:
        """Store the next version; storing the same version with the same content does nothing.

        Raises UnknownVisitError, or VisitStateError where another writer was faster.
        """
        stored = self.get(visit.id)
        if stored == visit:
            return
        if stored.version != visit.version - 1:
            msg = (
                f"visit {visit.id}: version {visit.version} cannot follow the stored "
                f"version {stored.version}"
            )
            raise VisitStateError(msg)
        self._rows.replace(visit.id, visit)

    def has(self, visit_id: str) -> bool:
        """Whether there is a visit with this id."""
        return self._rows.find(visit_id) is not None

    def get(self, visit_id: str) -> Visit:
        """Return the visit.  Raises UnknownVisitError."""
        visit = self._rows.find(visit_id)
        if visit is None:
            msg = f"there is no visit {visit_id}"
            raise UnknownVisitError(msg)
        return visit

    def opened_between(self, start: datetime, end: datetime) -> list[Visit]:
        """Return the visits opened from ``start`` up to, not including, ``end``; newest first."""
        return self._rows.select(
            "WHERE opened_at >= ? AND opened_at < ? ORDER BY opened_at DESC, rowid DESC",
            [encode_moment(start), encode_moment(end)],
        )

    def of_subject(self, subject: Subject, since: datetime) -> list[Visit]:
        """Return the visits of this certificate or number opened from ``since``; newest first."""
        about, values = is_about("visits", subject)
        return self._rows.select(
            f"WHERE {about} AND opened_at >= ? ORDER BY opened_at DESC, rowid DESC",
            [*values, encode_moment(since)],
        )

    def unfinished(self) -> list[Visit]:
        """Return the visits that have not ended, oldest first."""
        return self._rows.select(
            "WHERE state IN ('opened', 'with-staff', 'identified') ORDER BY opened_at, rowid"
        )
