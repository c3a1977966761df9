"""健康保険証利用登録 over FHIR: ``$register-card`` (docs/fhir-profile.md, section 8)."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from eligibility.errors import AnswerForAnotherPersonError
from eligibility.fhir import vocabulary
from eligibility.fhir.questions import write_evidence
from eligibility.fhir.wire import (
    Element,
    Identifier,
    Instant,
    Json,
    Many,
    Text,
    only,
    parse_json,
    read_resource,
    read_subject,
    reading,
    write_bytes,
    write_instant,
    write_subject,
)
from eligibility.payer import CardRegistration


def write_registration(registration: CardRegistration) -> Json:
    """Return the Parameters that register a card; equal registrations give equal resources."""
    question = {"system": vocabulary.ID_QUESTION, "value": registration.id}
    return {
        "resourceType": "Parameters",
        "meta": {"profile": [vocabulary.PROFILE]},
        "parameter": [
            {"name": "question", "valueIdentifier": question},
            {"name": "card-certificate", "valueIdentifier": write_subject(registration.subject)},
            {
                "name": "authentication-certificate",
                "valueBase64Binary": write_bytes(registration.certificate),
            },
            {"name": "agreed-at", "valueInstant": write_instant(registration.agreed_at)},
            {
                "name": "holder-evidence",
                "part": [as_part(part) for part in write_evidence(registration.evidence)],
            },
        ],
    }


def as_part(extension: Json) -> Json:
    """Return a part of an extension as a part of a parameter: ``name`` for ``url``."""
    return {("name" if key == "url" else key): value for key, value in extension.items()}


class _Parameter(Element):
    name: Text
    value_identifier: Identifier | None = Field(None, alias="valueIdentifier")
    value_instant: Instant | None = Field(None, alias="valueInstant")


class _Parameters(Element):
    parameter: Many[_Parameter]


def read_registered(body: bytes, registration: CardRegistration) -> datetime:
    """Return since when the card is registered, by the payer's answer to exactly this request.

    Raises PayerProtocolError, or AnswerForAnotherPersonError where it names another card.
    """
    resource = parse_json(body)

    def read() -> datetime:
        parameters = read_resource(_Parameters, "Parameters", resource).parameter

        def named(name: str) -> _Parameter:
            return only([one for one in parameters if one.name == name], f"parameter {name}")

        question = named("question").value_identifier
        card = named("card-certificate").value_identifier
        since = named("registered-at").value_instant
        if question is None or card is None or since is None:
            msg = "a registration names its question, its card and its time"
            raise ValueError(msg)
        if read_subject(card) != registration.subject:
            raise AnswerForAnotherPersonError(registration.id, original=body)
        if (question.system, question.value) != (vocabulary.ID_QUESTION, registration.id):
            msg = "another registration was answered"
            raise ValueError(msg)
        return since

    return reading(body, read)
