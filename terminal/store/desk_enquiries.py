"""How staff came to ask without a card; at most once for a visit."""

from __future__ import annotations

from sqlite_utils import Database

from terminal.desk_enquiry import DeskEnquiry
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table

_TABLE = Table("desk_enquiries", "enquiry without a card", Decoder(DeskEnquiry))


class DeskEnquiries:
    """The enquiries of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)

    def add(self, enquiry: DeskEnquiry) -> bool:
        """Store it; return False where the same was stored already."""
        return self._rows.add(enquiry.visit_id, enquiry)

    def of_visit(self, visit_id: str) -> DeskEnquiry | None:
        """Return how the visit was opened, None where it was by a card."""
        return self._rows.find(visit_id)
