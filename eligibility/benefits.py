"""What a qualification answer says beside the qualification: diseases, tickets, consents.

Plain frozen data, standard library only; part of :mod:`eligibility.model`.  Amounts are whole yen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from eligibility.codes import (
    DesignatedInstitution,
    ElderlyMedicalCare,
    InfectionExpense,
    InformationConsent,
    MedicalTreatmentType,
    PrefecturalExpense,
    ProvisionConsent,
    SocialInsurance,
    SpecificDisease,
    TicketConsistency,
    TicketType,
    TicketUse,
    UnknownCode,
)


@dataclass(frozen=True, slots=True)
class SpecificDiseasesCertificate:
    """特定疾病療養受療証: a disease with a monthly ceiling of its own (``self_pay``, yen)."""

    disease_category: SpecificDisease | UnknownCode
    certificate_date: date | None = None
    valid_start_date: date | None = None
    valid_end_date: date | None = None
    self_pay: int | None = None


@dataclass(frozen=True, slots=True)
class MedicalTicket:
    """医療券・調剤券 of 医療扶助, for one month and one institution.

    ``medical_treatment_month``: its first day.  ``self_pay_amount``: yen (本人支払額).
    ``injury_names``: 傷病名, up to three.  ``remarks``: 備考, up to three.
    """

    ticket_type: TicketType | UnknownCode
    valid_date: date | None = None
    expiration_date: date | None = None
    issue_number: str | None = None
    medical_treatment_month: date | None = None
    designated_medical_institution_code: str | None = None
    designated_medical_institution_flag: DesignatedInstitution | UnknownCode | None = None
    designated_medical_institution_name: str | None = None
    prescription_issuer_medical_institution_code: str | None = None
    prescription_issuer_medical_institution_name: str | None = None
    injury_names: tuple[str, ...] = ()
    medical_treatment_type: MedicalTreatmentType | UnknownCode | None = None
    self_pay_amount: int | None = None
    district_contact_name: str | None = None
    handling_contact_name: str | None = None
    single_or_combined_use: TicketUse | UnknownCode | None = None
    status_of_social_insurance: SocialInsurance | UnknownCode | None = None
    consistency_flag: TicketConsistency | UnknownCode | None = None
    status_of_infection: InfectionExpense | UnknownCode | None = None
    status_of_elderly_medical_care: ElderlyMedicalCare | UnknownCode | None = None
    status_of_prefectural_expenses: PrefecturalExpense | UnknownCode | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisteredProvision:
    """提供同意 for 限度額 or 特定疾病 as the payer holds it, and when it was given."""

    flag: ProvisionConsent | UnknownCode
    consent_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class RegisteredConsent:
    """閲覧同意 for one kind of medical information as the payer holds it.

    ``available_time``: AvailableTime, until when it may be seen.  Told, never acted upon: what
    this visit's patient allowed is :class:`eligibility.model.Consent`.
    """

    flag: InformationConsent | UnknownCode
    consent_time: datetime | None = None
    available_time: datetime | None = None
