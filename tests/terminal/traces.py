"""What a visit leaves behind: lines of the audit log, and what was reached on the card."""

from __future__ import annotations

from terminal.audit import Act
from terminal.virtual_card.card_os import CardOs
from tests.clinic import Clinic


def acts(clinic: Clinic, visit_id: str, act: Act) -> list[tuple[str, str | None]]:
    """Return who did this in a visit, and why."""
    records = clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))
    return [(record.actor_id, record.reason) for record in records if record.act is act]


def assert_no_individual_number(card: CardOs) -> None:
    """Neither as text nor as a picture was the Individual Number ever read off this card."""
    reached = {exchange.target for exchange in card.trace.entries()}
    assert "text/0002" in reached
    assert not reached & {"text/0001", "visual/0005", "visual/0001"}
