"""The periods of disaster mode, all that there were."""

from __future__ import annotations

from sqlite_utils import Database

from terminal.disaster_period import DisasterPeriod
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table

_TABLE = Table("disaster_periods", "period of disaster mode", Decoder(DisasterPeriod))


class DisasterPeriods:
    """The periods of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)

    def add(self, period: DisasterPeriod) -> bool:
        """Store a new period; return False where the same was stored already."""
        return self._rows.add(period.id, period)

    def save(self, period: DisasterPeriod) -> None:
        """Store a later end, or that it was switched off.  Raises StoreError without one."""
        self._rows.replace(period.id, period)

    def latest(self) -> DisasterPeriod | None:
        """Return the newest period, or None."""
        return self._rows.first("ORDER BY began_at DESC, rowid DESC")

    def recent(self, limit: int) -> list[DisasterPeriod]:
        """Return at most ``limit`` periods, the newest first."""
        return self._rows.select("ORDER BY began_at DESC, rowid DESC LIMIT ?", [limit])
