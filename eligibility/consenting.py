"""Who gives a consent, and what ends one before its time."""

from __future__ import annotations

from enum import StrEnum

from eligibility.codes import ConsentLapse


class ActingFor(StrEnum):
    """Who typed and answered for a holder who cannot (代理人), as the kiosk or staff were told."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    FAMILY = "family"
    CAREGIVER = "caregiver"


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
