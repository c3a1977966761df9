"""The calls to the payer: one row for each time that a question was sent."""

from __future__ import annotations

from sqlite_utils import Database

from terminal.calls import Call
from terminal.errors import StoreError
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table

_TABLE = Table("calls", "call", Decoder(Call))


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
