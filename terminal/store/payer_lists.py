"""Lists that the payer keeps for the institution, and who stood on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from eligibility.model import PayerAnswer
from terminal.errors import StoreError
from terminal.lists.payer_list import PayerList
from terminal.payer.two_steps import BatchState
from terminal.store.encoding import Decoder, encode, encode_moment
from terminal.store.records import Records, Table

_LISTS = Table("payer_lists", "list of the payer's", Decoder(PayerList))
_ENTRIES = Table("payer_list_entries", "entry of a list", Decoder(PayerAnswer))


class PayerLists:
    """The lists of this store."""

    def __init__(self, db: Database, erasing: Callable[[], None]) -> None:
        """``erasing``: called where something is deleted that may leave no trace."""
        self._db = db
        self._erasing = erasing
        self._rows = Records(db, _LISTS)
        self._entries = Records(db, _ENTRIES)

    def add(self, one: PayerList) -> None:
        """Store a list that is asked for."""
        self._rows.insert(one.id, one)

    def save(self, one: PayerList) -> None:
        """Store how far it got.  Raises StoreError where it has ended already otherwise."""
        stored = self._rows.get(one.id)
        if stored.state is BatchState.ENDED and stored != one:
            msg = f"the list {one.id} has ended already"
            raise StoreError(msg)
        self._rows.replace(one.id, one)

    def get(self, list_id: str) -> PayerList:
        """Return the list.  Raises StoreError where there is none."""
        return self._rows.get(list_id)

    def find(self, list_id: str) -> PayerList | None:
        """Return the list, or None."""
        return self._rows.find(list_id)

    def open(self) -> list[PayerList]:
        """Return the lists that are on their way, the oldest first."""
        return self._rows.select("WHERE state <> 'ended' ORDER BY asked_at, rowid")

    def next_open(self) -> PayerList | None:
        """Return the list to move forward next: the least tried, then the oldest."""
        return min(self.open(), key=lambda one: one.attempts, default=None)

    def newest(self, limit: int) -> list[PayerList]:
        """Return the lists that were asked for last, the newest first."""
        return self._rows.select("ORDER BY asked_at DESC, rowid DESC LIMIT ?", [limit])

    def asked_before(self, moment: datetime) -> list[PayerList]:
        """Return the lists that were asked for before a moment."""
        return self._rows.select("WHERE asked_at < ?", [encode_moment(moment)])

    def delete(self, list_id: str) -> None:
        """Delete a list and who stood on it."""
        self._erasing()
        self._db.execute("DELETE FROM payer_list_entries WHERE list_id = ?", [list_id])
        self._db.execute("DELETE FROM payer_lists WHERE id = ?", [list_id])

    def add_entries(self, list_id: str, answers: Iterable[PayerAnswer]) -> None:
        """Store who stands on a list, in the payer's order, with the bytes of each."""
        rows = []
        for answer in answers:
            if answer.question_id != list_id:
                msg = f"an entry of another list than {list_id}"
                raise StoreError(msg)
            rows.append((answer.id, encode(replace(answer, original=b"")), answer.original))
        self._db.conn.executemany(
            "INSERT INTO payer_list_entries (id, body, original) VALUES (?, ?, ?)", rows
        )

    def entries(self, list_id: str) -> list[PayerAnswer]:
        """Return who stands on a list, without the bytes."""
        return self._entries.select("WHERE list_id = ? ORDER BY rowid", [list_id])
