"""The calls to the payer: one row for each time that something was sent."""

from __future__ import annotations

from sqlite_utils import Database

from terminal.errors import StoreError
from terminal.payer.calls import Call, DisclosureCall
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table

_TABLE = Table("calls", "call", Decoder(Call))
_DISCLOSURES = Table("disclosure_calls", "call about a consent", Decoder(DisclosureCall))


class Calls:
    """The calls of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)

    def add(self, call: Call) -> bool:
        """Store a call that is about to be made; return False where it was stored already."""
        return self._rows.add(call.id, call)

    def end(self, call: Call) -> None:
        """Store how a call ended.  Raises StoreError where it is not there, or ended otherwise."""
        stored = self._rows.get(call.id)
        if stored.outcome is not None and stored != call:
            msg = f"call {call.id} has ended already ({stored.outcome})"
            raise StoreError(msg)
        self._rows.replace(call.id, call)

    def of_question(self, question_id: str) -> list[Call]:
        """Return the calls of a question, the first one first."""
        return self._rows.select(
            "WHERE question_id = ? ORDER BY asked_at, calls.rowid", [question_id]
        )


class DisclosureCalls:
    """The calls about consents and history of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _DISCLOSURES)

    def add(self, call: DisclosureCall) -> bool:
        """Store a call that is about to be made; return False where it was stored already."""
        return self._rows.add(call.id, call)

    def end(self, call: DisclosureCall) -> None:
        """Store how a call ended.  Raises StoreError where it is not there, or ended otherwise."""
        stored = self._rows.get(call.id)
        if stored.outcome is not None and stored != call:
            msg = f"call {call.id} has ended already ({stored.outcome})"
            raise StoreError(msg)
        self._rows.replace(call.id, call)

    def of_visit(self, visit_id: str) -> list[DisclosureCall]:
        """Return the calls of a visit, the first one first."""
        return self._rows.select("WHERE visit_id = ? ORDER BY asked_at, rowid", [visit_id])
