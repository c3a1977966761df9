"""What all tables of bodies have in common: add once, replace, find, select."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlite_utils import Database

from terminal.errors import StoreDamagedError, StoreError
from terminal.store.encoding import Decoder, encode

T = TypeVar("T")


@dataclass(frozen=True)
class Table(Generic[T]):
    """One table of bodies; ``noun`` names a row of it in messages."""

    name: str
    noun: str
    decode: Decoder[T]


class Records(Generic[T]):
    """The rows of one table through one connection.

    Reading raises StoreDamagedError where a body holds no such record.

    SQL is put together from the names of :class:`Table` and literals of this package; every value
    is bound.
    """

    def __init__(self, db: Database, table: Table[T]) -> None:
        self._db = db
        self._table = table
        self._decode = table.decode

    def add(self, ident: str, record: T) -> bool:
        """Insert; return False where the same content is there already (a repeated command).

        Raises StoreError where other content is.
        """
        stored = self.find(ident)
        if stored is None:
            self.insert(ident, record)
            return True
        if stored != record:
            msg = f"{self._table.noun} {ident} is stored already, with other content"
            raise StoreError(msg)
        return False

    def insert(self, ident: str, record: T) -> None:
        """Insert what is known not to be there."""
        self._db.execute(
            f"INSERT INTO {self._table.name} (id, body) VALUES (?, ?)",  # noqa: S608  # names
            [ident, encode(record)],
        )

    def replace(self, ident: str, record: T) -> None:
        """Put ``record`` in the place of the one with this id.  Raises StoreError without one."""
        changed = self._db.execute(
            f"UPDATE {self._table.name} SET body = ? WHERE id = ?",  # noqa: S608  # names
            [encode(record), ident],
        )
        if changed.rowcount != 1:
            msg = f"there is no {self._table.noun} {ident}"
            raise StoreError(msg)

    def find(self, ident: str) -> T | None:
        """Return the record with this id, or None."""
        name = self._table.name
        return self.first(f"WHERE {name}.id = ?", [ident])

    def get(self, ident: str) -> T:
        """Return the record with this id.  Raises StoreError without one."""
        record = self.find(ident)
        if record is None:
            msg = f"there is no {self._table.noun} {ident}"
            raise StoreError(msg)
        return record

    def select(self, rest: str, values: Sequence[object] = ()) -> list[T]:
        """Return the records that ``rest`` (JOIN, WHERE, ORDER BY, LIMIT) picks."""
        name = self._table.name
        rows = self._db.execute(
            f"SELECT {name}.id, {name}.body FROM {name} {rest}",  # noqa: S608  # names
            list(values),
        )
        return [self._read(*row) for row in rows]

    def _read(self, ident: str, body: str) -> T:
        try:
            return self._decode(body)
        except ValueError as error:
            msg = f"{self._table.noun} {ident} cannot be read"
            raise StoreDamagedError(msg) from error

    def first(self, rest: str, values: Sequence[object] = ()) -> T | None:
        """Return the first record that ``rest`` picks, or None."""
        found = self.select(f"{rest} LIMIT 1", values)
        return found[0] if found else None
