"""Consents: what a patient allowed never grows after it was given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from eligibility.model import Consent, ConsentChannel, Subject
from terminal.errors import VisitStateError
from terminal.store.encoding import Decoder, encode_moment
from terminal.store.records import Records, Table
from terminal.store.visits import Visits
from terminal.visit import WITHOUT_CARD

_TABLE = Table("consents", "consent", Decoder(Consent))


class Consents:
    """The consents of this store."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _TABLE)
        self._visits = Visits(db)

    def add(self, consent: Consent) -> bool:
        """Store a new consent; return False where the same was stored already.

        Raises VisitStateError for a visit without a card, where nobody showed whose consent it is:
        it can have one by mouth alone, with how that was heard, and for whom the payer named.
        """
        visit = self._visits.get(consent.visit_id)
        by_mouth = consent.channel is ConsentChannel.ORAL
        heard = consent.oral is not None and consent.payer_patient is not None
        if (visit.origin in WITHOUT_CARD) is not by_mouth or (
            by_mouth and not (heard and visit.subject == consent.subject)
        ):
            way = "without a card" if visit.origin in WITHOUT_CARD else "with a card"
            msg = f"visit {visit.id} was opened {way}: it can have no consent of this kind"
            raise VisitStateError(msg)
        return self._rows.add(consent.id, consent)

    def save(self, consent: Consent) -> None:
        """Store the payer's registration, an earlier end, a withdrawal, or that it was told.

        Raises VisitStateError where it would undo a withdrawal, end later, or change whose
        consent it is, what was decided, when or how.
        """
        stored = self._rows.get(consent.id)
        allowed = replace(
            stored,
            payer_patient=consent.payer_patient,
            payer_ref=consent.payer_ref,
            ends_at=min(stored.ends_at, consent.ends_at),
            withdrawn_at=stored.withdrawn_at or consent.withdrawn_at,
            ended_by=stored.ended_by or consent.ended_by,
            end_told_at=stored.end_told_at or consent.end_told_at,
        )
        if consent != allowed:
            msg = f"consent {consent.id} cannot be widened, reopened or given to another"
            raise VisitStateError(msg)
        self._rows.replace(consent.id, consent)

    def get(self, consent_id: str) -> Consent | None:
        """Return the consent, or None."""
        return self._rows.find(consent_id)

    def given_since(self, since: datetime) -> list[Consent]:
        """Return the consents that were given since that moment, the newest first."""
        return self._rows.select(
            "WHERE given_at >= ? ORDER BY given_at DESC, rowid DESC", [encode_moment(since)]
        )

    def lately_of(self, subject: Subject, since: datetime) -> list[Consent]:
        """Return the consents about ``subject`` given since that moment, the newest first."""
        return [consent for consent in self.given_since(since) if consent.subject == subject]

    def of_visit(self, visit_id: str) -> Consent | None:
        """Return the visit's newest consent, or None."""
        return self._rows.first("WHERE visit_id = ? ORDER BY given_at DESC, rowid DESC", [visit_id])
