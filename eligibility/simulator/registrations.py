"""Registrations of a card as an insurance card (健康保険証利用登録), read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import Base64Bytes, Field

from eligibility.model import CardSubject
from eligibility.simulator import names
from eligibility.simulator.bodies import (
    Element,
    Extension,
    Identifier,
    Instant,
    Text,
    invalid,
    only,
    read,
)
from eligibility.simulator.evidence import ReceivedEvidence, read_evidence


class _Part(Element):
    name: Text
    code: Text | None = Field(default=None, alias="valueCode")
    text: Text | None = Field(default=None, alias="valueString")
    moment: Instant | None = Field(default=None, alias="valueInstant")
    octets: Base64Bytes | None = Field(default=None, alias="valueBase64Binary")

    def as_extension(self) -> Extension:
        """Return the same as evidence comes in a question; what was checked is not read again."""
        return Extension.model_construct(
            url=self.name,
            code=self.code,
            text=self.text,
            moment=self.moment,
            octets=self.octets,
            extension=[],
        )


class _Parameter(Element):
    name: Text
    identifier: Identifier | None = Field(default=None, alias="valueIdentifier")
    moment: Instant | None = Field(default=None, alias="valueInstant")
    octets: Base64Bytes | None = Field(default=None, alias="valueBase64Binary")
    part: list[_Part] = Field(default_factory=list, max_length=50)


class _Body(Element):
    resource_type: Literal["Parameters"] = Field(alias="resourceType")
    parameter: list[_Parameter] = Field(max_length=20)

    def named(self, name: str) -> _Parameter:
        """Return the one parameter of a name; raise RefusalError."""
        return only(self.parameter, lambda item: item.name == name, name)


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration as received; ``id``: of the question that will follow."""

    id: str
    subject: CardSubject
    certificate: bytes
    evidence: ReceivedEvidence
    agreed_at: datetime


def read_registration(parsed: dict[str, Any], key: str) -> Registration:
    """Read the Parameters of ``$register-card``; ``key``: the Idempotency-Key header.

    Raises RefusalError (request-invalid).
    """
    body = read(_Body, parsed)
    question = body.named("question").identifier
    card = body.named("card-certificate").identifier
    certificate = body.named("authentication-certificate").octets
    agreed_at = body.named("agreed-at").moment
    if question is None or (question.system, question.value) != (names.ID_QUESTION, key):
        raise invalid("Idempotency-Key is not the question's id")
    if card is None or card.system != names.ID_CERTIFICATE or card.assigner is None:
        raise invalid("card-certificate: no certificate named")
    if certificate is None or agreed_at is None:
        raise invalid("a parameter has no value of its kind")
    parts = [part.as_extension() for part in body.named("holder-evidence").part]
    return Registration(
        id=question.value,
        subject=CardSubject(card.assigner.display, card.value),
        certificate=certificate,
        evidence=read_evidence(parts),
        agreed_at=agreed_at,
    )
