"""The clinic's register of patients (患者台帳), found by number, name or birth date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlite_utils import Database

from terminal.register.entry import RegisterEntry
from terminal.store.encoding import Decoder, encode
from terminal.store.records import Records, Table

_TABLE = Table("clinic_records", "clinic record", Decoder(RegisterEntry))


def bodies(entries: Iterable[RegisterEntry]) -> list[tuple[str, str]]:
    """Return patient number and body of each entry, made before a transaction begins."""
    return [(entry.record.patient_number, encode(entry)) for entry in entries]


class ClinicRecords:
    """The register of this store."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rows = Records(db, _TABLE)

    def take(self, bodies: Iterable[tuple[str, str]]) -> None:
        """Store what an import brought, each patient in the place of the former; see ``bodies``."""
        self._db.conn.executemany(
            "INSERT INTO clinic_records (id, body) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            bodies,
        )

    def state(self) -> tuple[int, str]:
        """Return what no import leaves as it was: how many there are, and when one was written."""
        number, last = self._db.execute(
            "SELECT count(*), coalesce(max(taken_at), '') FROM clinic_records"
        ).fetchone()
        return int(number), str(last)

    def find(self, patient_number: str) -> RegisterEntry | None:
        """Return the patient with this number, or None."""
        return self._rows.find(patient_number)

    def all(self) -> list[RegisterEntry]:
        """Return the whole register by patient number."""
        return self._rows.select("ORDER BY id")

    def born_on(self, day: date) -> list[RegisterEntry]:
        """Return the patients with this birth date, by number."""
        return self._rows.select("WHERE birthdate = ? ORDER BY id", [day.isoformat()])

    def search(
        self, text: str, born: date | None, offset: int, limit: int
    ) -> tuple[list[RegisterEntry], int]:
        """Return ``limit`` of the patients found, from ``offset`` on, and how many there are.

        ``text``: part of a searchable name or kana, or the start of a number, and the birth date
        ``born`` where it is one.  Without a text the whole register is found.
        """
        where = ""
        values: list[object] = []
        if text:
            where = (
                "WHERE instr(searched, ?) > 0 OR substr(upper(id), 1, length(?)) = upper(?) "
                "OR birthdate = ?"
            )
            values = [text, text, text, None if born is None else born.isoformat()]
        (total,) = self._db.execute(
            f"SELECT count(*) FROM clinic_records {where}",  # noqa: S608  # literals
            values,
        ).fetchone()
        found = self._rows.select(f"{where} ORDER BY id LIMIT ? OFFSET ?", [*values, limit, offset])
        return found, int(total)
