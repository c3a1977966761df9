"""What the payer says, as FHIR JSON (docs/fhir-profile.md): plain data in, plain dicts out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from eligibility.codes import CodeTable, QualificationValidity, Sex, UnknownCode
from eligibility.model import AnswerOutcome, CardSubject, CopayRatio, Coverage, InsuredPerson
from eligibility.simulator import names
from eligibility.simulator.names import REFUSALS, RefusalCode, ext

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


def certificate_identifier(subject: CardSubject) -> Json:
    """Return the certificate as an Identifier."""
    return {
        "system": names.ID_CERTIFICATE,
        "value": subject.serial,
        "assigner": {"display": subject.issuer},
    }


def _extension(name: str, kind: str, value: object) -> list[Json]:
    """Return the extension in a list, or nothing where there is no value."""
    return [] if value is None else [{"url": ext(name), f"value{kind}": value}]


def _coded(name: str, system: str, code: CodeTable | UnknownCode | None) -> list[Json]:
    return [] if code is None else _extension(name, "Coding", coding(system, code))


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _ratio(ratio: CopayRatio | UnknownCode | None) -> str | None:
    if ratio is None:
        return None
    return ratio.value if isinstance(ratio, UnknownCode) else f"{ratio.percent:03d}"


def _parts(*parts: tuple[str, str, object]) -> list[Json]:
    """Return the inner extensions (url, value kind, value) that have a value."""
    return [{"url": url, f"value{kind}": value} for url, kind, value in parts if value is not None]


def _person(person: InsuredPerson, key: str) -> Json:
    written = [("IDE", person.name), ("SYL", person.name_kana)]
    patient: Json = {
        "resourceType": "Patient",
        "id": key,
        "extension": _coded("sex", names.CS_SEX, person.sex),
        "name": [
            {
                "extension": [{"url": names.EXT_NAME_REPRESENTATION, "valueCode": representation}],
                "use": "official",
                "text": text,
            }
            for representation, text in written
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


def _coverage_extensions(coverage: Coverage) -> list[Json]:
    extensions: list[Json] = [
        {"url": url, "valueString": value}
        for url, value in (
            (names.EXT_SYMBOL, coverage.insured_card_symbol),
            (names.EXT_NUMBER, coverage.insured_identification_number),
            (names.EXT_BRANCH, coverage.insured_branch_number),
        )
        if value is not None
    ]
    extensions += _coded(
        "insured-card-classification",
        names.CS_CARD_CLASSIFICATION,
        coverage.insured_card_classification,
    )
    for name, day in (
        ("qualification-date", coverage.qualification_date),
        ("disqualification-date", coverage.disqualification_date),
        ("insured-card-valid-date", coverage.insured_card_valid_date),
        ("insured-card-expiration-date", coverage.insured_card_expiration_date),
    ):
        extensions += _extension(name, "Date", _day(day))
    extensions += _extension(
        "insured-partial-contribution-ratio",
        "String",
        _ratio(coverage.insured_partial_contribution_ratio),
    )
    extensions += _coded("reason-of-loss", names.CS_REASON_OF_LOSS, coverage.reason_of_loss)
    elderly = coverage.elderly_recipient_certificate
    if elderly is not None:
        parts = _parts(
            ("contribution-ratio", "String", _ratio(elderly.contribution_ratio)),
            ("valid-start-date", "Date", _day(elderly.valid_start_date)),
            ("valid-end-date", "Date", _day(elderly.valid_end_date)),
        )
        extensions.append({"url": ext("elderly-recipient-certificate"), "extension": parts})
    limit = coverage.limit_certificate
    if limit is not None:
        classification = limit.classification
        parts = _parts(
            ("category", "Coding", coding(names.CS_LIMIT_CATEGORY, limit.category)),
            (
                "classification",
                "Coding",
                None
                if classification is None
                else coding(names.CS_LIMIT_CLASSIFICATION, classification),
            ),
            ("valid-start-date", "Date", _day(limit.valid_start_date)),
            ("valid-end-date", "Date", _day(limit.valid_end_date)),
        )
        extensions.append({"url": ext("limit-certificate"), "extension": parts})
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


def _coverage(coverage: Coverage, n: int, day: date) -> list[Json]:
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


@dataclass(frozen=True, slots=True)
class Echo:
    """What an answer repeats of its question."""

    question_id: str
    subject: CardSubject
    institution: str
    serviced_date: date


def answer(
    echo: Echo,
    response_id: str,
    created: datetime,
    outcome: AnswerOutcome,
    message: str,
    *,
    code: str | None = None,
    validity: QualificationValidity | UnknownCode | None = None,
    results: Sequence[Coverage] = (),
    patient_id: str | None = None,
) -> Json:
    """Return a CoverageEligibilityResponse."""
    certificate = certificate_identifier(echo.subject)
    extensions = _extension("card-certificate", "Identifier", certificate)
    extensions += _coded("qualification-validity", names.CS_VALIDITY, validity)
    extensions += _extension("processing-result-code", "String", code)
    patient: Json = {"identifier": certificate}
    if patient_id is not None:
        patient["reference"] = f"Patient/{patient_id}"
    response: Json = {
        "resourceType": "CoverageEligibilityResponse",
        "id": response_id,
        "meta": {"profile": [names.PROFILE]},
        "extension": extensions,
        "status": "active",
        "purpose": ["validation", "benefits"],
        "patient": patient,
        "servicedDate": echo.serviced_date.isoformat(),
        "created": instant(created),
        "requestor": {"identifier": {"system": names.ID_INSTITUTION, "value": echo.institution}},
        "request": {"identifier": {"system": names.ID_QUESTION, "value": echo.question_id}},
        "outcome": outcome.value,
        "disposition": message,
        "insurer": {"display": "資格確認システム（模擬）"},
    }
    if results:
        response["contained"] = [
            resource
            for n, coverage in enumerate(results, 1)
            for resource in _coverage(coverage, n, echo.serviced_date)
        ]
        response["insurance"] = [
            {
                "coverage": {"reference": f"#coverage-{n}"},
                "inforce": in_force(coverage, echo.serviced_date),
            }
            for n, coverage in enumerate(results, 1)
        ]
    return response


def challenge(reference: str, value: bytes, issued_at: datetime, expires_at: datetime) -> Json:
    """Return a payer's challenge as Parameters."""
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "reference", "valueString": reference},
            {"name": "value", "valueBase64Binary": b64encode(value).decode()},
            {"name": "issuedAt", "valueInstant": instant(issued_at)},
            {"name": "expiresAt", "valueInstant": instant(expires_at)},
        ],
    }


def registered_consent(
    request: Mapping[str, Any], ref: str, start: datetime, end: datetime
) -> Json:
    """Return the registered Consent: as asked, with the payer's id and period."""
    provision = dict(request["provision"])
    provision["period"] = {"start": instant(start), "end": instant(end)}
    return {**request, "id": ref, "provision": provision}


def refusal(code: RefusalCode, words: str | None = None) -> Json:
    """Return the OperationOutcome of a refusal, with the payer's words."""
    _status, kind, standard = REFUSALS[code]
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": kind,
                "details": {
                    "coding": [{"system": names.CS_ERROR, "code": code.value}],
                    "text": words or standard,
                },
            }
        ],
    }


def capability_statement(base: str, since: datetime) -> Json:
    """Return what this server does, by our profile."""

    def search(kind: str) -> Json:
        return {
            "type": kind,
            "interaction": [{"code": "search-type"}],
            "searchParam": [{"name": "patient", "type": "reference"}],
        }

    return {
        "resourceType": "CapabilityStatement",
        "instantiates": [names.PROFILE],
        "status": "active",
        "date": instant(since),
        "kind": "instance",
        "implementation": {"description": "Payer simulator (synthetic people)", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "Mutual TLS"},
                "resource": [
                    {
                        "type": "CoverageEligibilityRequest",
                        "operation": [
                            {
                                "name": "submit",
                                "definition": "http://hl7.org/fhir/OperationDefinition/"
                                "CoverageEligibilityRequest-submit",
                            }
                        ],
                    },
                    {"type": "Consent", "interaction": [{"code": "create"}]},
                    search("MedicationDispense"),
                    search("Procedure"),
                    search("Observation"),
                ],
                "operation": [
                    {
                        "name": "issue-challenge",
                        "definition": f"{names.BASE}:operation:issue-challenge",
                    }
                ],
            }
        ],
    }
