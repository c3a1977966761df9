"""The list of appointments (予約), day by day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlite_utils import Database

from terminal.expected.appointment import Appointment
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table

_TABLE = Table("appointments", "appointment", Decoder(Appointment))


class Appointments:
    """The appointments of this store."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rows = Records(db, _TABLE)

    def replace_days(self, days: Iterable[date], appointments: Iterable[Appointment]) -> None:
        """Put these appointments in the place of all that there are on ``days``."""
        for day in days:
            self._db.execute("DELETE FROM appointments WHERE day = ?", [day.isoformat()])
        for one in appointments:
            self._rows.insert(one.id, one)

    def on(self, day: date) -> list[Appointment]:
        """Return the appointments of a day by time; those without a time come last."""
        return self._rows.select(
            "WHERE day = ? ORDER BY time IS NULL, time, rowid", [day.isoformat()]
        )

    def count_on(self, day: date) -> int:
        """Return how many appointments a day has."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM appointments WHERE day = ?", [day.isoformat()]
        ).fetchone()
        return int(count)

    def days_from(self, day: date, limit: int) -> list[date]:
        """Return the next days that have appointments, ``day`` itself among them."""
        rows = self._db.execute(
            "SELECT DISTINCT day FROM appointments WHERE day >= ? ORDER BY day LIMIT ?",
            [day.isoformat(), limit],
        )
        return [date.fromisoformat(found) for (found,) in rows]

    def forget_before(self, day: date) -> None:
        """Delete the lists of the days before ``day``: nobody is expected there any more."""
        self._db.execute("DELETE FROM appointments WHERE day < ?", [day.isoformat()])
