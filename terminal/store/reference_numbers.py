"""The registrations of reference numbers (照会番号): committed before they are sent."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from terminal.errors import StoreError
from terminal.references.reference_number import (
    OPEN_REGISTRATIONS,
    ReferenceRegistration,
    RegistrationBatch,
)
from terminal.store.encoding import Decoder, encode
from terminal.store.records import Records, Table

_TABLE = Table(
    "reference_registrations",
    "registration of a reference number",
    Decoder(ReferenceRegistration),
)
_BATCHES = Table("reference_batches", "batch of reference numbers", Decoder(RegistrationBatch))
_OPEN = "state IN ('waiting', 'sent')"


class ReferenceNumbers:
    """The registrations of this store."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rows = Records(db, _TABLE)
        self._batches = Records(db, _BATCHES)

    def add_all(self, registrations: Iterable[ReferenceRegistration]) -> None:
        """Store new registrations."""
        self._db.conn.executemany(
            "INSERT INTO reference_registrations (id, body) VALUES (?, ?)",
            [(one.id, encode(one)) for one in registrations],
        )

    def save(self, registration: ReferenceRegistration) -> None:
        """Store what became of one.  Raises StoreError where it has ended already otherwise."""
        stored = self._rows.get(registration.id)
        if stored.state not in OPEN_REGISTRATIONS and stored != registration:
            msg = f"the registration {registration.id} has ended already ({stored.state})"
            raise StoreError(msg)
        self._rows.replace(registration.id, registration)

    def get(self, registration_id: str) -> ReferenceRegistration:
        """Return the registration.  Raises StoreError where there is none."""
        return self._rows.get(registration_id)

    def find(self, registration_id: str) -> ReferenceRegistration | None:
        """Return the registration, or None."""
        return self._rows.find(registration_id)

    def next_open(self, limit: int) -> list[ReferenceRegistration]:
        """Return the next to be sent, the least tried and the oldest first."""
        rows = self._rows.select(f"WHERE {_OPEN} ORDER BY created_at, rowid LIMIT ?", [limit])
        return sorted(rows, key=lambda one: one.attempts)

    def latest_of(self, patient_number: str) -> ReferenceRegistration | None:
        """Return a patient's newest registration, or None."""
        return self._rows.first(
            "WHERE patient_number = ? ORDER BY created_at DESC, rowid DESC", [patient_number]
        )

    def latest_of_all(self) -> dict[str, ReferenceRegistration]:
        """Return the newest registration of each patient, by number."""
        rows = self._rows.select("ORDER BY created_at, rowid")
        return {one.patient_number: one for one in rows}

    def counts(self) -> dict[str, int]:
        """Return how many registrations are in each state."""
        rows = self._db.execute(
            "SELECT state, count(*) FROM reference_registrations GROUP BY state"
        )
        return {str(state): int(count) for state, count in rows}

    # -- those that are handed in together --

    def add_batch(self, batch: RegistrationBatch) -> None:
        """Store which registrations are handed in together."""
        self._batches.insert(batch.id, batch)

    def save_batch(self, batch: RegistrationBatch) -> None:
        """Store how far they got."""
        self._batches.replace(batch.id, batch)

    def batch(self, batch_id: str) -> RegistrationBatch | None:
        """Return the batch, or None."""
        return self._batches.find(batch_id)

    def open_batch(self) -> RegistrationBatch | None:
        """Return the oldest batch that is not at its end, or None."""
        return self._batches.first("WHERE state <> 'ended' ORDER BY created_at, rowid")
