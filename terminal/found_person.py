"""Whom the payer found without a card in disaster mode, where that is one person for certain."""

from __future__ import annotations

from datetime import datetime

from eligibility.asking import Capability
from eligibility.model import InsuredPerson
from eligibility.payer import Payer
from eligibility.results import names_several_people
from terminal.consent_rules import not_standing_because
from terminal.disaster import period_now
from terminal.disaster_period import DisasterPeriod
from terminal.errors import DisasterModeOffError, DisclosureReason, DisclosureRefusedError
from terminal.history_ground import Basis, basis_of
from terminal.store import Transaction
from terminal.visit import WITHOUT_CARD


def require_period(tx: Transaction, now: datetime) -> DisasterPeriod:
    """Return the period of disaster mode that is on.  Raises DisasterModeOffError."""
    period = period_now(tx, now)
    if period is None:
        raise DisasterModeOffError
    return period


def found_person(tx: Transaction, visit_id: str, now: datetime) -> tuple[Basis, InsuredPerson]:
    """Return what a visit stands on, and the one person of it.

    Several are never narrowed; a candidate counts once the payer answered with that one alone.
    Raises DisclosureRefusedError, UnknownVisitError.
    """
    basis = basis_of(tx, visit_id, now)

    def refused(reason: DisclosureReason) -> DisclosureRefusedError:
        return DisclosureRefusedError(visit_id, reason)

    if basis.visit.origin not in WITHOUT_CARD:
        raise refused(DisclosureReason.WITH_CARD)
    confirmation = basis.confirmation
    if confirmation is None or not confirmation.source.is_todays_answer:
        raise refused(DisclosureReason.NOT_ANSWERED)
    answer = tx.answers.get(confirmation.answer_id)
    people = {coverage.person for coverage in answer.results}
    if names_several_people(answer) or len(people) > 1:
        raise refused(DisclosureReason.SEVERAL)
    if not people or not_standing_because(confirmation) is not None:
        raise refused(DisclosureReason.DOUBTFUL)
    if basis.payer_patient is None:
        raise refused(DisclosureReason.NOT_NAMED)
    return basis, people.pop()


def require_capability(payer: Payer, capability: Capability, visit_id: str) -> None:
    """Raise DisclosureRefusedError where the connection to the payer does not know the way."""
    if capability not in payer.capabilities:
        raise DisclosureRefusedError(visit_id, DisclosureReason.NOT_SUPPORTED)
