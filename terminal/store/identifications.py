"""How the holder of each visit was identified; at most once for a visit."""

from __future__ import annotations

from dataclasses import replace

from sqlite_utils import Database

from eligibility.consenting import ActingFor
from terminal.errors import VisitStateError
from terminal.identification import AttributesSource, Identification
from terminal.store.encoding import Decoder
from terminal.store.records import Records, Table

_TABLE = Table("identifications", "identification of the holder of visit", Decoder(Identification))


class Identifications:
    """The identifications of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)

    def add(self, identification: Identification) -> bool:
        """Store it; return False where the same was stored already.

        Raises VisitStateError where the visit's holder was identified in another way.
        """
        stored = self._rows.find(identification.visit_id)
        if stored is None:
            self._rows.insert(identification.visit_id, identification)
            return True
        if stored != identification:
            msg = f"the holder of visit {identification.visit_id} is identified already"
            raise VisitStateError(msg)
        return False

    def attributes_were_read(self, visit_id: str) -> None:
        """Note that the holder's attributes come from the card now; nothing where nobody was."""
        stored = self._rows.find(visit_id)
        if stored is not None:
            self._rows.replace(visit_id, replace(stored, attributes_source=AttributesSource.CARD))

    def save_acting_for(self, visit_id: str, acting_for: ActingFor | None) -> None:
        """Store who acted for the holder.

        Raises StoreError where there is none.
        """
        stored = self._rows.get(visit_id)
        self._rows.replace(visit_id, replace(stored, acting_for=acting_for))

    def of_visit(self, visit_id: str) -> Identification | None:
        """Return the identification, or None while there is none."""
        return self._rows.find(visit_id)
