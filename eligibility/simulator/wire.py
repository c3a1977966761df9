"""What the payer says, as FHIR JSON (docs/fhir-profile.md): plain data in, plain dicts out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from eligibility.codes import (
    LimitCertificateChanged,
    PrescriptionIssue,
    QualificationValidity,
    ReferenceClassification,
    UnknownCode,
)
from eligibility.model import (
    AnswerOutcome,
    CardSubject,
    Coverage,
    NumberSubject,
    PersonSubject,
    Subject,
)
from eligibility.simulator import names
from eligibility.simulator.names import REFUSALS, RefusalCode
from eligibility.simulator.wire_coverage import Json as Json
from eligibility.simulator.wire_coverage import (
    coded,
    coding,
    contained_coverage,
    extension,
    in_force,
    instant,
)

PROCESSED = "0000"
"""ProcessingResultCode of what went well."""


def certificate_identifier(subject: CardSubject) -> Json:
    """Return the certificate as an Identifier."""
    return {
        "system": names.ID_CERTIFICATE,
        "value": subject.serial,
        "assigner": {"display": subject.issuer},
    }


@dataclass(frozen=True, slots=True)
class Echo:
    """What an answer repeats of its question."""

    question_id: str
    subject: Subject
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
    prescription: PrescriptionIssue | UnknownCode | None = None,
    reference_number: str | None = None,
    limit_changed: LimitCertificateChanged | UnknownCode | None = None,
    disaster: bool = False,
) -> Json:
    """Return a CoverageEligibilityResponse.

    ``disaster``: it answers in disaster mode, where the patient is named also without a card.
    """
    extensions, patient, classification = _asked_about(echo.subject)
    extensions += coded("qualification-validity", names.CS_VALIDITY, validity)
    extensions += extension("processing-result-code", "String", code)
    extensions += coded("reference-classification", names.CS_REFERENCE, classification)
    extensions += coded("prescription-issue-select", names.CS_PRESCRIPTION, prescription)
    extensions += extension("reference-number", "String", reference_number)
    extensions += coded("limit-certificate-changed", names.CS_LIMIT_CHANGED, limit_changed)
    by_card = isinstance(echo.subject, CardSubject)
    if disaster and not by_card:
        extensions.append({"url": names.ext("disaster"), "valueBoolean": True})
    if patient_id is not None and (by_card or disaster):
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
            for resource in contained_coverage(coverage, n, echo.serviced_date)
        ]
        response["insurance"] = [
            {
                "coverage": {"reference": f"#coverage-{n}"},
                "inforce": in_force(coverage, echo.serviced_date),
            }
            for n, coverage in enumerate(results, 1)
        ]
    return response


def _asked_about(subject: Subject) -> tuple[list[Json], Json, ReferenceClassification | None]:
    """Return the echo of a subject, the start of ``patient`` and the 照会区分."""
    if isinstance(subject, CardSubject):
        certificate = certificate_identifier(subject)
        return (
            extension("card-certificate", "Identifier", certificate),
            {"identifier": certificate},
            ReferenceClassification.MY_NUMBER_CARD,
        )
    if isinstance(subject, NumberSubject):
        return (
            [{"url": names.ext("confirm-search-info"), "extension": _number_parts(subject)}],
            {"display": "被保険者番号等による照会"},
            ReferenceClassification.INSURED_NUMBER,
        )
    return (
        [{"url": names.ext("person-search-info"), "extension": _person_parts(subject)}],
        {"display": "氏名等による照会"},
        None,
    )


def _number_parts(subject: NumberSubject) -> list[Json]:
    texts = (
        ("insurer-number", subject.insurer_number),
        ("insured-card-symbol", subject.insured_card_symbol),
        ("insured-identification-number", subject.insured_identification_number),
        ("insured-branch-number", subject.insured_branch_number),
    )
    return [
        *({"url": name, "valueString": text} for name, text in texts if text is not None),
        {"url": "birthdate", "valueDate": subject.birthdate.isoformat()},
    ]


def _person_parts(subject: PersonSubject) -> list[Json]:
    parts: list[Json] = [
        {"url": "name", "valueString": subject.name},
        {"url": "birthdate", "valueDate": subject.birthdate.isoformat()},
        {"url": "sex", "valueCoding": coding(names.CS_SEX, subject.sex)},
    ]
    if subject.address is not None:
        parts.append({"url": "address", "valueString": subject.address})
    return parts


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


def registered_card(question_id: str, subject: CardSubject, since: datetime) -> Json:
    """Return since when a card is registered as an insurance card, as Parameters."""
    question = {"system": names.ID_QUESTION, "value": question_id}
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "question", "valueIdentifier": question},
            {"name": "card-certificate", "valueIdentifier": certificate_identifier(subject)},
            {"name": "registered-at", "valueInstant": instant(since)},
        ],
    }


def opened_without_consent(access_id: str, patient_id: str, ref: str, until: datetime) -> Json:
    """Return until when history is open without consent, as Parameters."""
    return {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "access",
                "valueIdentifier": {"system": names.ID_EMERGENCY, "value": access_id},
            },
            {"name": "patient", "valueReference": {"reference": f"Patient/{patient_id}"}},
            {"name": "reference", "valueString": ref},
            {"name": "available-until", "valueInstant": instant(until)},
        ],
    }


def reference_number_result(registration_id: str, code: str, message: str) -> Json:
    """Return what became of one registration of a 照会番号, as a parameter."""
    return {
        "name": "result",
        "part": [
            {"name": "id", "valueString": registration_id},
            {"name": "accepted", "valueBoolean": code == PROCESSED},
            {"name": "code", "valueString": code},
            {"name": "message", "valueString": message},
        ],
    }


def reference_number_results(results: Sequence[Json]) -> Json:
    """Return the results of registrations of 照会番号, as Parameters."""
    return {"resourceType": "Parameters", "parameter": list(results)}


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

    def search(kind: str, *more: str) -> Json:
        tokens = [{"name": name, "type": "token"} for name in more]
        return {
            "type": kind,
            "interaction": [{"code": "search-type"}],
            "searchParam": [{"name": "patient", "type": "reference"}, *tokens],
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
                    {"type": "Consent", "interaction": [{"code": "create"}, {"code": "update"}]},
                    search("MedicationDispense"),
                    search("MedicationRequest"),
                    search("Procedure", "category"),
                    search("Condition"),
                    search("Observation"),
                ],
                "operation": [
                    {"name": name, "definition": f"{names.BASE}:operation:{name}"}
                    for name in (
                        "issue-challenge",
                        "register-card",
                        "register-reference-numbers",
                        "open-without-consent",
                    )
                ],
            }
        ],
    }
