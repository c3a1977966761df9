"""One result of an answer as FHIR JSON: Coverage with its Patient and Organization."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from eligibility.benefits import (
    MedicalTicket,
    RegisteredConsent,
    RegisteredProvision,
    SpecificDiseasesCertificate,
)
from eligibility.codes import CodeTable, Sex, UnknownCode
from eligibility.model import (
    CopayRatio,
    Coverage,
    ElderlyRecipientCertificate,
    InsuredPerson,
    LimitCertificate,
)
from eligibility.simulator import names
from eligibility.simulator.names import ext

Json = dict[str, Any]

_GENDERS = {Sex.MALE: "male", Sex.FEMALE: "female"}


def instant(moment: datetime) -> str:
    """Return a FHIR instant in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def coding(system: str, code: CodeTable | UnknownCode) -> Json:
    """Return a Coding; a known code carries its Japanese label."""
    if isinstance(code, UnknownCode):
        return {"system": system, "code": code.value}
    return {"system": system, "code": code.value, "display": code.ja}


def extension(name: str, kind: str, value: object) -> list[Json]:
    """Return our extension in a list, or nothing where there is no value."""
    return _parts((ext(name), kind, value))


def coded(name: str, system: str, code: CodeTable | UnknownCode | None) -> list[Json]:
    """Return our extension with a code in a list, or nothing where there is none."""
    return extension(name, "Coding", _code(system, code))


def _code(system: str, code: CodeTable | UnknownCode | None) -> Json | None:
    return None if code is None else coding(system, code)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def _yen(amount: int | None) -> Json | None:
    return None if amount is None else {"value": amount, "currency": "JPY"}


def _ratio(ratio: CopayRatio | UnknownCode | None) -> str | None:
    if ratio is None:
        return None
    return ratio.value if isinstance(ratio, UnknownCode) else f"{ratio.percent:03d}"


def _parts(*parts: tuple[str, str, object]) -> list[Json]:
    """Return the inner extensions (url, value kind, value) that have a value."""
    return [{"url": url, f"value{kind}": value} for url, kind, value in parts if value is not None]


def _whole(name: str, parts: list[Json]) -> list[Json]:
    """Return our complex extension; FHIR lets none be empty."""
    return [{"url": ext(name), "extension": parts}] if parts else []


def _person(person: InsuredPerson, key: str) -> Json:
    written = [
        ("IDE", "official", person.name),
        ("SYL", "official", person.name_kana),
        ("IDE", "usual", person.name_of_other),
        ("SYL", "usual", person.name_of_other_kana),
    ]
    patient: Json = {
        "resourceType": "Patient",
        "id": key,
        "extension": coded("sex", names.CS_SEX, person.sex)
        + coded("sex2", names.CS_SEX, person.sex2),
        "name": [
            {
                "extension": [{"url": names.EXT_NAME_REPRESENTATION, "valueCode": representation}],
                "use": use,
                "text": text,
            }
            for representation, use, text in written
            if text is not None
        ],
        "gender": _GENDERS.get(person.sex, "unknown") if isinstance(person.sex, Sex) else "unknown",
        "birthDate": person.birthdate.isoformat(),
    }
    if person.address is not None:
        patient["address"] = [{"text": person.address}]
        if person.post_number is not None:
            patient["address"][0]["postalCode"] = person.post_number
    return patient


def _elderly(certificate: ElderlyRecipientCertificate | None) -> list[Json]:
    if certificate is None:
        return []
    parts = _parts(
        ("contribution-ratio", "String", _ratio(certificate.contribution_ratio)),
        ("valid-start-date", "Date", _day(certificate.valid_start_date)),
        ("valid-end-date", "Date", _day(certificate.valid_end_date)),
        ("certificate-date", "Date", _day(certificate.certificate_date)),
    )
    return _whole("elderly-recipient-certificate", parts)


def _limit(certificate: LimitCertificate | None) -> list[Json]:
    if certificate is None:
        return []
    classification = _code(names.CS_LIMIT_CLASSIFICATION, certificate.classification)
    parts = _parts(
        ("category", "Coding", _code(names.CS_LIMIT_CATEGORY, certificate.category)),
        ("classification", "Coding", classification),
        ("valid-start-date", "Date", _day(certificate.valid_start_date)),
        ("valid-end-date", "Date", _day(certificate.valid_end_date)),
        ("certificate-date", "Date", _day(certificate.certificate_date)),
        ("long-term-date", "Date", _day(certificate.long_term_date)),
    )
    return _whole("limit-certificate", parts)


def _specific_disease(certificate: SpecificDiseasesCertificate) -> list[Json]:
    disease = _code(names.CS_SPECIFIC_DISEASE, certificate.disease_category)
    parts = _parts(
        ("disease-category", "Coding", disease),
        ("certificate-date", "Date", _day(certificate.certificate_date)),
        ("valid-start-date", "Date", _day(certificate.valid_start_date)),
        ("valid-end-date", "Date", _day(certificate.valid_end_date)),
        ("self-pay", "Money", _yen(certificate.self_pay)),
    )
    return _whole("specific-diseases-certificate", parts)


def _ticket(ticket: MedicalTicket) -> list[Json]:
    texts = (
        ("issue-number", ticket.issue_number),
        ("designated-institution-code", ticket.designated_medical_institution_code),
        ("designated-institution-name", ticket.designated_medical_institution_name),
        (
            "prescription-issuer-institution-code",
            ticket.prescription_issuer_medical_institution_code,
        ),
        (
            "prescription-issuer-institution-name",
            ticket.prescription_issuer_medical_institution_name,
        ),
        ("district-contact-name", ticket.district_contact_name),
        ("handling-contact-name", ticket.handling_contact_name),
        *(("injury-name", name) for name in ticket.injury_names),
        *(("remark", remark) for remark in ticket.remarks),
    )
    codes = (
        ("ticket-type", names.CS_TICKET_TYPE, ticket.ticket_type),
        (
            "designated-institution-flag",
            names.CS_DESIGNATED,
            ticket.designated_medical_institution_flag,
        ),
        ("medical-treatment-type", names.CS_TREATMENT_TYPE, ticket.medical_treatment_type),
        ("single-or-combined-use", names.CS_TICKET_USE, ticket.single_or_combined_use),
        ("social-insurance", names.CS_SOCIAL_INSURANCE, ticket.status_of_social_insurance),
        ("consistency-flag", names.CS_CONSISTENCY, ticket.consistency_flag),
        ("infection", names.CS_INFECTION, ticket.status_of_infection),
        ("elderly-medical-care", names.CS_ELDERLY_CARE, ticket.status_of_elderly_medical_care),
        ("prefectural-expenses", names.CS_PREFECTURAL, ticket.status_of_prefectural_expenses),
    )
    parts = _parts(
        *((url, "Coding", _code(system, code)) for url, system, code in codes),
        *((url, "String", text) for url, text in texts),
        ("valid-date", "Date", _day(ticket.valid_date)),
        ("expiration-date", "Date", _day(ticket.expiration_date)),
        ("medical-treatment-month", "Date", _day(ticket.medical_treatment_month)),
        ("self-pay-amount", "Money", _yen(ticket.self_pay_amount)),
    )
    return _whole("medical-ticket", parts)


def _provision(name: str, provision: RegisteredProvision | None) -> list[Json]:
    if provision is None:
        return []
    parts = _parts(
        ("flag", "Coding", coding(names.CS_PROVISION, provision.flag)),
        ("consent-time", "Instant", _moment(provision.consent_time)),
    )
    return _whole(name, parts)


def _consent(name: str, consent: RegisteredConsent | None) -> list[Json]:
    if consent is None:
        return []
    parts = _parts(
        ("flag", "Coding", coding(names.CS_INFORMATION_CONSENT, consent.flag)),
        ("consent-time", "Instant", _moment(consent.consent_time)),
        ("available-time", "Instant", _moment(consent.available_time)),
    )
    return _whole(name, parts)


def _coverage_extensions(coverage: Coverage) -> list[Json]:
    extensions = _parts(
        (names.EXT_SYMBOL, "String", coverage.insured_card_symbol),
        (names.EXT_NUMBER, "String", coverage.insured_identification_number),
        (names.EXT_BRANCH, "String", coverage.insured_branch_number),
    )
    for name, system, code in (
        (
            "insured-card-classification",
            names.CS_CARD_CLASSIFICATION,
            coverage.insured_card_classification,
        ),
        ("preschool-classification", names.CS_PRESCHOOL, coverage.preschool_classification),
        ("reason-of-loss", names.CS_REASON_OF_LOSS, coverage.reason_of_loss),
    ):
        extensions += coded(name, system, code)
    for name, day in (
        ("qualification-date", coverage.qualification_date),
        ("disqualification-date", coverage.disqualification_date),
        ("insured-certificate-issuance-date", coverage.insured_certificate_issuance_date),
        ("insured-card-valid-date", coverage.insured_card_valid_date),
        ("insured-card-expiration-date", coverage.insured_card_expiration_date),
    ):
        extensions += extension(name, "Date", _day(day))
    extensions += extension("insured-name", "String", coverage.insured_name)
    extensions += extension(
        "insured-partial-contribution-ratio",
        "String",
        _ratio(coverage.insured_partial_contribution_ratio),
    )
    extensions += _elderly(coverage.elderly_recipient_certificate)
    extensions += _provision("limit-consent", coverage.limit_consent)
    extensions += _limit(coverage.limit_certificate)
    extensions += _provision("specific-diseases-consent", coverage.specific_diseases_consent)
    for certificate in coverage.specific_diseases_certificates:
        extensions += _specific_disease(certificate)
    for ticket in coverage.medical_tickets:
        extensions += _ticket(ticket)
    for name, consent in (
        ("specific-health-checkups-info", coverage.specific_health_checkups_info),
        ("pharmacists-info", coverage.pharmacists_info),
        ("diagnosis-info", coverage.diagnosis_info),
        ("operation-info", coverage.operation_info),
    ):
        extensions += _consent(name, consent)
    return extensions


def in_force(coverage: Coverage, day: date) -> bool:
    """Whether the coverage's own dates hold on ``day`` (the day of loss is without cover)."""
    starts = coverage.qualification_date
    lost = coverage.disqualification_date
    ends = coverage.insured_card_expiration_date
    return (
        (starts is None or starts <= day)
        and (lost is None or day < lost)
        and (ends is None or day <= ends)
    )


def contained_coverage(coverage: Coverage, n: int, day: date) -> list[Json]:
    """Return the contained Patient, Organization and Coverage of one result."""
    insurer: Json = {
        "resourceType": "Organization",
        "id": f"insurer-{n}",
        "identifier": [{"system": names.ID_INSURER, "value": coverage.insurer_number}],
        "name": coverage.insurer_name,
    }
    cover: Json = {
        "resourceType": "Coverage",
        "id": f"coverage-{n}",
        "extension": _coverage_extensions(coverage),
        "status": "active" if in_force(coverage, day) else "cancelled",
        "beneficiary": {"reference": f"#person-{n}"},
        "payor": [{"reference": f"#insurer-{n}"}],
    }
    family = coverage.personal_family_classification
    if family is not None:
        cover["relationship"] = {"coding": [coding(names.CS_FAMILY, family)]}
    return [_person(coverage.person, f"person-{n}"), insurer, cover]
