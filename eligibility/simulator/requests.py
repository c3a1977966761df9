"""Questions of our FHIR profile, read strictly: every fault is ``request-invalid``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Literal, TypeVar

from pydantic import Field

from eligibility.model import CardSubject
from eligibility.simulator import names
from eligibility.simulator.bodies import (
    Day,
    Element,
    Extension,
    Identifier,
    Instant,
    Text,
    identifier,
    invalid,
    only,
    read,
)
from eligibility.simulator.evidence import ReceivedEvidence, read_evidence
from eligibility.simulator.names import ext

QUESTION_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")


class Reference(Element):
    """A resource by its address."""

    reference: Text


class Contained(Element):
    """A contained resource so far as its kind does not matter."""

    resource_type: Text = Field(alias="resourceType")
    id: Text
    identifier: list[Identifier] = Field(default_factory=list, max_length=20)


Resource = TypeVar("Resource", bound=Contained)


class QuestionBody(Element, Generic[Resource]):
    """A CoverageEligibilityRequest, whatever it asks by."""

    resource_type: Literal["CoverageEligibilityRequest"] = Field(alias="resourceType")
    contained: list[Resource] = Field(max_length=10)
    extension: list[Extension] = Field(max_length=50)
    identifier: list[Identifier] = Field(min_length=1, max_length=10)
    status: Literal["active"]
    purpose: list[Literal["auth-requirements", "benefits", "discovery", "validation"]] = Field(
        max_length=10
    )
    patient: Reference
    provider: Reference | None = None
    serviced_date: Day = Field(alias="servicedDate")


class _CardQuestionBody(QuestionBody[Contained]):
    created: Instant


@dataclass(frozen=True, slots=True)
class Question:
    """A question as received."""

    id: str
    subject: CardSubject
    certificate: bytes
    institution: str | None
    evidence: ReceivedEvidence
    serviced_date: date


def institution_of(provider: Reference | None, contained: Sequence[Contained]) -> str | None:
    """Return the institution code that a question names, if it does; raise RefusalError."""
    if provider is None:
        return None
    if provider.reference != "#institution":
        raise invalid("provider.reference")
    found = only(contained, lambda item: item.id == "institution", "contained institution")
    return identifier(found.identifier, names.ID_INSTITUTION).value


def read_question(parsed: dict[str, Any], key: str) -> Question:
    """Read a CoverageEligibilityRequest; ``key``: the Idempotency-Key header.

    Raises RefusalError (request-invalid).
    """
    body = read(_CardQuestionBody, parsed)
    question_id = identifier(body.identifier, names.ID_QUESTION).value
    if question_id != key:
        raise invalid("Idempotency-Key is not the question's id")
    if body.patient.reference != "#holder":
        raise invalid("patient.reference")
    holder = only(body.contained, lambda item: item.id == "holder", "contained holder")
    certificate_id = identifier(holder.identifier, names.ID_CERTIFICATE)
    if certificate_id.assigner is None:
        raise invalid("certificate identifier: no assigner")
    certificate = only(
        body.extension,
        lambda item: item.url == ext("authentication-certificate"),
        "authentication-certificate",
    ).octets
    if certificate is None:
        raise invalid("authentication-certificate: no valueBase64Binary")
    evidence = read_evidence(
        only(
            body.extension, lambda item: item.url == ext("holder-evidence"), "holder-evidence"
        ).extension
    )
    return Question(
        id=question_id,
        subject=CardSubject(certificate_id.assigner.display, certificate_id.value),
        certificate=certificate,
        institution=institution_of(body.provider, body.contained),
        evidence=evidence,
        serviced_date=body.serviced_date,
    )


def patient_id_of(reference: str) -> str:
    """Return the id in ``Patient/<id>``; raise RefusalError."""
    kind, _, patient_id = reference.partition("/")
    if kind != "Patient" or not QUESTION_ID.fullmatch(patient_id):
        raise invalid("patient reference")
    return patient_id
