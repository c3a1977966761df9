from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from eligibility.model import CardSubject
from eligibility.retry import AskingPolicy, Breaker
from terminal.access.accounts import Actor, Role
from terminal.audit import Act
from terminal.consent import Disclosure
from terminal.events import EventBus
from terminal.payer.freshness import Freshness
from terminal.payer.line import PayerLine, SideLine
from terminal.store import Store
from terminal.store.keys import new_key
from terminal.visit import Visit, VisitOrigin
from terminal.visit_book import VisitBook
from tests.clinic import STORE_ID

RECEPTION = Actor("staff-1", Role.RECEPTION, "reception")


class Desk:
    """A store and its list, with a clock that can be set."""

    def __init__(self, folder: Path) -> None:
        """``folder``: of the store."""
        self.now = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
        key = new_key()
        Store.create(folder / "store.db", key, STORE_ID)
        self.store = Store.open(
            folder / "store.db",
            key,
            STORE_ID,
            desk_id="desk-1",
            now=lambda: self.now,
            monotonic=lambda: self.now.timestamp(),
        )
        bus = EventBus()
        # nobody is asked for history here
        line = PayerLine(AskingPolicy(), Breaker(), lambda: self.now)
        self.disclosure = Disclosure(
            self.store,
            None,  # type: ignore[arg-type]
            bus,
            lambda: self.now,
            SideLine(line, AskingPolicy(), Breaker(), lambda: self.now),
        )
        self.book = VisitBook(self.store, self.disclosure, bus, lambda: self.now, Freshness.ALWAYS)

    def somebody_comes(self, ident: str) -> None:
        """Open a visit now."""
        subject = CardSubject("CN=issuer", ident)
        visit = Visit(ident, "desk-1", VisitOrigin.CARD, self.now, subject=subject)
        self.store.write(lambda tx: tx.visits.add(visit))

    def listed(self, ident: str) -> int:
        """Count how often the audit log says that a visit stood in somebody's list."""
        records = self.store.read(lambda tx: tx.audit.of_visit(ident))
        return sum(record.act is Act.LIST_SEEN for record in records)

    def close(self) -> None:
        """Close the store."""
        self.disclosure.stop()
        self.store.close()


def test_a_list_remembers_no_more_than_what_stands_in_it(tmp_path: Path) -> None:
    """Each look of one person at one visit is noted once, and forgotten with the day."""
    desk = Desk(tmp_path)
    for day in range(3):
        desk.somebody_comes(f"visit-{day}")
        for _ in range(2):
            assert len(desk.book.today(RECEPTION).rows) == 1
        assert desk.listed(f"visit-{day}") == 1
        assert desk.book._listed == {(RECEPTION.id, f"visit-{day}")}
        desk.now += timedelta(days=1)
    desk.close()
