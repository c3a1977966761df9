"""Extensions of a Coverage → certificates and tickets (高齢受給者証, 限度額, 特定疾病, 医療券)."""

from __future__ import annotations

from collections.abc import Sequence

from eligibility.benefits import MedicalTicket, SpecificDiseasesCertificate
from eligibility.codes import (
    DesignatedInstitution,
    ElderlyMedicalCare,
    InfectionExpense,
    LimitCategory,
    LimitCertificateClassification,
    MedicalTreatmentType,
    PrefecturalExpense,
    SocialInsurance,
    SpecificDisease,
    TicketConsistency,
    TicketType,
    TicketUse,
    UnknownCode,
)
from eligibility.fhir.vocabulary import ext
from eligibility.fhir.wire import Extension, code_of, day_of, find_extension, string_of, yen_of
from eligibility.model import (
    CopayRatio,
    ElderlyRecipientCertificate,
    LimitCertificate,
    read_copay_ratio,
)

_MOST_TEXTS = 3


def read_ratio(extensions: Sequence[Extension], url: str) -> CopayRatio | UnknownCode | None:
    """Return the ratio of the extension with this URL, or None where it is absent."""
    text = string_of(extensions, url)
    return None if text is None else read_copay_ratio(text)


def read_elderly_certificate(extensions: Sequence[Extension]) -> ElderlyRecipientCertificate | None:
    """Return the certificate among a coverage's extensions, or None."""
    found = find_extension(extensions, ext("elderly-recipient-certificate"))
    if found is None:
        return None
    return ElderlyRecipientCertificate(
        contribution_ratio=read_ratio(found.extension, "contribution-ratio"),
        valid_start_date=day_of(found.extension, "valid-start-date"),
        valid_end_date=day_of(found.extension, "valid-end-date"),
        certificate_date=day_of(found.extension, "certificate-date"),
    )


def read_limit_certificate(extensions: Sequence[Extension]) -> LimitCertificate | None:
    """Return the certificate among a coverage's extensions, or None."""
    found = find_extension(extensions, ext("limit-certificate"))
    if found is None:
        return None
    return LimitCertificate(
        category=code_of(found.extension, "category", LimitCategory),
        classification=code_of(found.extension, "classification", LimitCertificateClassification),
        valid_start_date=day_of(found.extension, "valid-start-date"),
        valid_end_date=day_of(found.extension, "valid-end-date"),
        certificate_date=day_of(found.extension, "certificate-date"),
        long_term_date=day_of(found.extension, "long-term-date"),
    )


def read_specific_diseases_certificate(parts: Sequence[Extension]) -> SpecificDiseasesCertificate:
    """Return one certificate from its inner extensions; raises ValueError without a disease."""
    disease = code_of(parts, "disease-category", SpecificDisease)
    if disease is None:
        msg = "a certificate of specific diseases names no disease"
        raise ValueError(msg)
    return SpecificDiseasesCertificate(
        disease_category=disease,
        certificate_date=day_of(parts, "certificate-date"),
        valid_start_date=day_of(parts, "valid-start-date"),
        valid_end_date=day_of(parts, "valid-end-date"),
        self_pay=yen_of(parts, "self-pay"),
    )


def read_medical_ticket(parts: Sequence[Extension]) -> MedicalTicket:
    """Return one ticket from its inner extensions; raises ValueError without its kind."""
    kind = code_of(parts, "ticket-type", TicketType)
    if kind is None:
        msg = "a ticket does not say of which kind it is"
        raise ValueError(msg)
    month = day_of(parts, "medical-treatment-month")
    if month is not None and month.day != 1:
        msg = "a ticket's month is written as its first day"
        raise ValueError(msg)
    return MedicalTicket(
        ticket_type=kind,
        valid_date=day_of(parts, "valid-date"),
        expiration_date=day_of(parts, "expiration-date"),
        issue_number=string_of(parts, "issue-number"),
        medical_treatment_month=month,
        designated_medical_institution_code=string_of(parts, "designated-institution-code"),
        designated_medical_institution_flag=code_of(
            parts, "designated-institution-flag", DesignatedInstitution
        ),
        designated_medical_institution_name=string_of(parts, "designated-institution-name"),
        prescription_issuer_medical_institution_code=string_of(
            parts, "prescription-issuer-institution-code"
        ),
        prescription_issuer_medical_institution_name=string_of(
            parts, "prescription-issuer-institution-name"
        ),
        injury_names=_texts(parts, "injury-name"),
        medical_treatment_type=code_of(parts, "medical-treatment-type", MedicalTreatmentType),
        self_pay_amount=yen_of(parts, "self-pay-amount"),
        district_contact_name=string_of(parts, "district-contact-name"),
        handling_contact_name=string_of(parts, "handling-contact-name"),
        single_or_combined_use=code_of(parts, "single-or-combined-use", TicketUse),
        status_of_social_insurance=code_of(parts, "social-insurance", SocialInsurance),
        consistency_flag=code_of(parts, "consistency-flag", TicketConsistency),
        status_of_infection=code_of(parts, "infection", InfectionExpense),
        status_of_elderly_medical_care=code_of(parts, "elderly-medical-care", ElderlyMedicalCare),
        status_of_prefectural_expenses=code_of(parts, "prefectural-expenses", PrefecturalExpense),
        remarks=_texts(parts, "remark"),
    )


def _texts(parts: Sequence[Extension], url: str) -> tuple[str, ...]:
    """Return the texts of a repeated part in their order; raises ValueError for too many."""
    found = [one.value_string for one in parts if one.url == url]
    texts = tuple(text for text in found if text is not None)
    if len(texts) != len(found) or len(texts) > _MOST_TEXTS:
        msg = f"{url} comes more than {_MOST_TEXTS} times, or without its text"
        raise ValueError(msg)
    return texts
