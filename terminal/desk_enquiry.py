"""How staff came to ask without a card: what they had in hand.  Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DocumentSeen(StrEnum):
    """What staff looked at, or that there was nothing."""

    CERTIFICATE = "certificate"
    """資格確認書."""
    INSURED_CARD = "insured-card"
    """被保険者証, of a kind that still holds."""
    NOTICE = "notice"
    """資格情報のお知らせ, or the screen of マイナポータル."""
    ASSISTANCE_TICKET = "assistance-ticket"
    """医療券 of 医療扶助."""
    NONE = "none"
    """Nothing: in a disaster, by what the person said."""


DOCUMENTS_WITH_NUMBER = tuple(one for one in DocumentSeen if one is not DocumentSeen.NONE)


@dataclass(frozen=True, slots=True)
class DeskEnquiry:
    """One visit that staff opened without a card; at most one for a visit.

    ``actor``: account; ``period_id``: of the disaster mode under which it was asked by name;
    ``follows``: the visit whose answer named several, after which it was asked again.
    """

    visit_id: str
    document: DocumentSeen
    actor: str
    opened_at: datetime
    period_id: str | None = None
    follows: str | None = None
