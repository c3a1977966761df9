"""Fetched histories, each sealed under a key of its own while its consent stands.

This is the last door before history: the consent is looked up live, by id, in the transaction that
opens it, and nothing is decrypted once it is over.  Deleting destroys key and content together, in
the database, its log and its free pages (:meth:`terminal.store.database.Store.write`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlite_utils import Database

from terminal.consent_rules import is_over
from terminal.errors import VisitStateError
from terminal.kept_history import KeptHistory
from terminal.store.consents import Consents
from terminal.store.encoding import Decoder, encode
from terminal.store.history_content import PackedHistory
from terminal.store.records import Records, Table
from terminal.store.sealing import Sealed, seal, unseal

PURPOSE = "et-history-key-1"
"""What the key is derived for that wraps the histories' own."""

_TABLE = Table("histories", "history of consent", Decoder(KeptHistory))


class Histories:
    """The histories of this store."""

    def __init__(self, db: Database, wrapping_key: bytes, erasing: Callable[[], None]) -> None:
        """``erasing``: called where something is deleted that may leave no trace."""
        self._db = db
        self._wrapping_key = wrapping_key
        self._erasing = erasing
        self._rows = Records(db, _TABLE)
        self._consents = Consents(db)

    def keep(self, kept: KeptHistory, packed: PackedHistory, now: datetime) -> None:
        """Store a history under a fresh key in the place of what is kept under the same consent.

        Raises VisitStateError where the consent is over, is of another visit or opens less.
        """
        consent = self._consents.get(kept.consent_id)
        if (
            consent is None
            or consent.visit_id != kept.visit_id
            or packed.consent_id != consent.id
            or not all(consent.allows(category, now) for category in packed.answered)
        ):
            msg = f"consent {kept.consent_id} does not hold what was fetched"
            raise VisitStateError(msg)
        sealed = seal(self._wrapping_key, packed.content, kept.consent_id)
        self.delete(kept.consent_id)
        self._db.execute(
            "INSERT INTO histories (id, body, wrapped_key, content) VALUES (?, ?, ?, ?)",
            [kept.consent_id, encode(kept), sealed.wrapped_key, sealed.content],
        )

    def all(self) -> list[KeptHistory]:
        """Return what is kept, without opening any of it."""
        return self._rows.select("ORDER BY rowid")

    def find(self, consent_id: str) -> KeptHistory | None:
        """Return what is kept under this consent, without opening it."""
        return self._rows.find(consent_id)

    def open(self, consent_id: str, now: datetime) -> bytes | None:
        """Return the packed history; None where none is kept or the consent is over at ``now``."""
        consent = self._consents.get(consent_id)
        if consent is None or now < consent.given_at or is_over(consent, now):
            return None
        row = self._db.execute(
            "SELECT wrapped_key, content FROM histories WHERE id = ?", [consent_id]
        ).fetchone()
        if row is None:
            return None
        return unseal(self._wrapping_key, Sealed(*row), consent_id)

    def delete(self, consent_id: str) -> KeptHistory | None:
        """Destroy key and content; return what was there, None where nothing was."""
        kept = self._rows.find(consent_id)
        if kept is not None:
            self._erasing()
            self._db.execute("DELETE FROM histories WHERE id = ?", [consent_id])
        return kept
