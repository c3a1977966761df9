"""What staff decided for visits; a later decision stands beside the earlier, none is changed."""

from __future__ import annotations

from sqlite_utils import Database

from terminal.decision import Decision
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table

_TABLE = Table("decisions", "decision", Decoder(Decision))


class Decisions:
    """The decisions of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)

    def add(self, decision: Decision) -> bool:
        """Store a decision; return False where the same was stored already."""
        return self._rows.add(decision.id, decision)

    def of_visit(self, visit_id: str) -> list[Decision]:
        """Return the visit's decisions, the newest first."""
        return self._rows.select(
            "WHERE visit_id = ? ORDER BY decided_at DESC, rowid DESC", [visit_id]
        )
