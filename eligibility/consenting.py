"""Who gives a consent, and what ends one before its time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from eligibility.codes import ConsentCategory, ConsentLapse

DISASTER_CATEGORIES = (ConsentCategory.YZK, ConsentCategory.SRJ, ConsentCategory.TKK)
"""What may be opened of somebody found without a card in a disaster: 薬剤, 診療, 特定健診."""


class ActingFor(StrEnum):
    """Who typed and answered for a holder who cannot (代理人), as the kiosk or staff were told."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    FAMILY = "family"
    CAREGIVER = "caregiver"


class OralReason(StrEnum):
    """Why a consent was given by mouth (口頭同意) and not by the card."""

    CARD_LOST = "card-lost"
    CARD_NOT_AT_HAND = "card-not-at-hand"
    CARD_CANNOT_BE_READ = "card-cannot-be-read"
    """The reader, the power or the network fails."""
    CANNOT_USE_THE_CARD = "cannot-use-the-card"
    """The patient is hurt or not able to."""


@dataclass(frozen=True, slots=True)
class OralWord:
    """How staff heard a consent by mouth, in disaster mode (災害時) only.

    ``heard_by``: account; ``period_id``: of the disaster mode that was on.
    """

    reason: OralReason
    heard_by: str
    period_id: str


class ConsentEnd(StrEnum):
    """What ended a consent before its time."""

    PATIENT = "by-patient"
    """The patient, at the kiosk, after a new tap of the card."""
    STAFF = "by-staff"
    """Staff, at the patient's word."""
    REPLACED = "replaced"
    """The patient answered anew: the newer consent says what holds."""

    @property
    def lapse(self) -> ConsentLapse | None:
        """The official reason (同意失効理由); None where the newer consent tells the payer."""
        return {
            ConsentEnd.PATIENT: ConsentLapse.BY_PATIENT,
            ConsentEnd.STAFF: ConsentLapse.BY_INSTITUTION,
        }.get(self)
