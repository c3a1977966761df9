"""What a visit's history stands on: a consent or, in a disaster, an access without one.

Looked up live, in the caller's transaction.  A visit without a card (照会) stays closed but for two
exceptions, both of disaster mode (災害時): a consent by mouth, and an access where nobody can be
asked.  A consent by mouth that the payer registered holds until the payer's time, also after
disaster mode: it is the patient's word, and the payer's AvailableTime says how long it counts.  One
that the payer did not hear of ends with disaster mode, and so does every access without consent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eligibility.codes import ConsentCategory
from eligibility.emergency import EmergencyAccess, HistoryGround
from eligibility.model import Confirmation, Consent, ConsentChannel
from terminal.consent_rules import (
    history_closed_because,
    not_standing_because,
    open_categories,
)
from terminal.disaster import period_now
from terminal.disaster_period import DisasterPeriod
from terminal.identification import Identification
from terminal.store import Transaction
from terminal.views import HistoryClosed
from terminal.visit import WITHOUT_CARD, Visit

ENDED = frozenset(
    {
        HistoryClosed.NOT_ASKED,
        HistoryClosed.REFUSED,
        HistoryClosed.ENDED,
        HistoryClosed.WITHDRAWN,
        HistoryClosed.WITHOUT_CARD,
        HistoryClosed.DISASTER_OVER,
        HistoryClosed.EMERGENCY_OVER,
    }
)
"""What drops history that was fetched before: nothing opens it any more."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Whatever a visit's history stands on.

    ``ground``: the patient's own word where there is any, else what was opened without it;
    ``payer_patient``: whom the payer's answer of this visit is about, by its own reference;
    ``period``: of disaster mode, None outside.
    """

    visit: Visit
    ground: HistoryGround | None
    confirmation: Confirmation | None
    payer_patient: str | None
    identified: Identification | None
    period: DisasterPeriod | None

    @property
    def consent(self) -> Consent | None:
        """The consent, where it stands on one."""
        return self.ground if isinstance(self.ground, Consent) else None

    @property
    def emergency(self) -> EmergencyAccess | None:
        """The access without consent, where it stands on one."""
        return self.ground if isinstance(self.ground, EmergencyAccess) else None

    def until(self) -> datetime | None:
        """Return when it is over at the latest, None where it stands on nothing."""
        if self.ground is None:
            return None
        if self.emergency is not None and self.period is not None:
            return min(self.ground.ends_at, self.period.ends_at)
        return self.ground.ends_at

    def open_categories(self, now: datetime) -> frozenset[ConsentCategory]:
        """Return what the ground opens now, whatever else closes it."""
        return open_categories(self.ground, now)

    def closed_because(self, now: datetime) -> HistoryClosed | None:
        """Return why the history is closed to everybody, or None where it is open."""
        if self.visit.origin not in WITHOUT_CARD:
            return history_closed_because(self.consent, self.confirmation, now, self.identified)
        closed = self._closed_without_card(now)
        if closed is None and self.payer_patient != getattr(self.ground, "payer_patient", None):
            # the payer speaks of somebody else by now: it is nobody's history
            return HistoryClosed.NOT_CONFIRMED
        return closed

    def _closed_without_card(self, now: datetime) -> HistoryClosed | None:
        consent, emergency = self.consent, self.emergency
        if emergency is not None:
            on = self.period is not None and self.period.id == emergency.period_id
            if not on or not open_categories(emergency, now):
                return HistoryClosed.EMERGENCY_OVER
            return not_standing_because(self.confirmation)
        if consent is None or consent.channel is not ConsentChannel.ORAL:
            return HistoryClosed.WITHOUT_CARD
        closed = history_closed_because(consent, self.confirmation, now)
        if closed is None and consent.payer_ref is None and not self.may_be_registered:
            return HistoryClosed.DISASTER_OVER
        return closed

    @property
    def may_be_registered(self) -> bool:
        """Whether the payer may be told of the ground: what a disaster allows, only during it."""
        ground = self.ground
        period_id = None
        if isinstance(ground, EmergencyAccess):
            period_id = ground.period_id
        elif ground is not None and ground.oral is not None:
            period_id = ground.oral.period_id
        return period_id is None or (self.period is not None and self.period.id == period_id)


def basis_of(tx: Transaction, visit_id: str, now: datetime) -> Basis:
    """Return what the visit's history stands on at this moment.  Raises UnknownVisitError."""
    confirmations = tx.confirmations.of_visit(visit_id)
    confirmation = confirmations[0] if confirmations else None
    payer_patient = None
    if confirmation is not None and confirmation.source.is_todays_answer:
        payer_patient = tx.answers.get(confirmation.answer_id).payer_patient
    return Basis(
        visit=tx.visits.get(visit_id),
        ground=tx.consents.of_visit(visit_id) or tx.emergencies.of_visit(visit_id),
        confirmation=confirmation,
        payer_patient=payer_patient,
        identified=tx.identifications.of_visit(visit_id),
        period=period_now(tx, now),
    )


def ground_by_id(tx: Transaction, ground_id: str) -> HistoryGround | None:
    """Return a consent or an access without one, or None."""
    return tx.consents.get(ground_id) or tx.emergencies.get(ground_id)
