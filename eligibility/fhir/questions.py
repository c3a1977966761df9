"""What the desk asks, as FHIR, and the challenges that come out of it."""

from __future__ import annotations

from pydantic import Field

from eligibility.asking import NumberQuestion, PersonQuestion
from eligibility.errors import PayerProtocolError
from eligibility.fhir import vocabulary
from eligibility.fhir.vocabulary import ext
from eligibility.fhir.wire import (
    Bytes,
    Element,
    Instant,
    Json,
    Many,
    Text,
    only,
    parse_json,
    read_resource,
    reading,
    write_bytes,
    write_instant,
    write_subject,
)
from eligibility.payer import (
    CardQuestion,
    Challenge,
    ChallengeIssuer,
    HolderEvidence,
)

CHALLENGE_BYTES = 32


# -- Challenge -------------------------------------------------------------------------------------


class _Parameter(Element):
    name: Text
    value_string: Text | None = Field(None, alias="valueString")
    value_bytes: Bytes | None = Field(None, alias="valueBase64Binary")
    value_instant: Instant | None = Field(None, alias="valueInstant")


class _Parameters(Element):
    parameter: Many[_Parameter]


def read_challenge(body: bytes) -> Challenge:
    """Return the payer's challenge; raises PayerProtocolError."""
    resource = parse_json(body)

    def read() -> Challenge:
        parameters = read_resource(_Parameters, "Parameters", resource).parameter

        def named(name: str) -> _Parameter:
            return only([one for one in parameters if one.name == name], f"parameter {name}")

        reference = named("reference").value_string
        value = named("value").value_bytes
        issued_at = named("issuedAt").value_instant
        if reference is None or issued_at is None or value is None or len(value) != CHALLENGE_BYTES:
            msg = f"a challenge has a reference, a time and {CHALLENGE_BYTES} bytes"
            raise ValueError(msg)
        return Challenge(value, ChallengeIssuer.PAYER, issued_at, reference)

    return reading(body, read)


# -- Question --------------------------------------------------------------------------------------


def write_question(question: CardQuestion, institution_code: str | None) -> Json:
    """Return the CoverageEligibilityRequest for a card; equal questions give equal resources."""
    holder: Json = {
        "resourceType": "Patient",
        "id": "holder",
        "identifier": [write_subject(question.subject)],
    }
    extensions: list[Json] = [
        {
            "url": ext("authentication-certificate"),
            "valueBase64Binary": write_bytes(question.certificate),
        },
        {"url": ext("holder-evidence"), "extension": write_evidence(question.evidence)},
    ]
    created = write_instant(question.evidence.identified_at)
    return write_request(question, [holder], extensions, created, institution_code)


def write_request(
    question: CardQuestion | NumberQuestion | PersonQuestion,
    contained: list[Json],
    extensions: list[Json],
    created: str,
    institution_code: str | None,
) -> Json:
    """Return a CoverageEligibilityRequest; the first resource in ``contained`` is the patient."""
    patient = contained[0]["id"]
    request: Json = {
        "resourceType": "CoverageEligibilityRequest",
        "meta": {"profile": [vocabulary.PROFILE]},
        "contained": contained,
        "extension": extensions,
        "identifier": [{"system": vocabulary.ID_QUESTION, "value": question.id}],
        "status": "active",
        "purpose": ["validation", "benefits"],
        "patient": {"reference": f"#{patient}"},
        "servicedDate": question.qualification_confirmation_date.isoformat(),
        "created": created,
        "insurer": {"display": "資格確認システム"},
    }
    if institution_code is not None:
        contained.append(
            {
                "resourceType": "Organization",
                "id": "institution",
                "identifier": [{"system": vocabulary.ID_INSTITUTION, "value": institution_code}],
            }
        )
        request["provider"] = {"reference": "#institution"}
    return request


def write_evidence(evidence: HolderEvidence) -> list[Json]:
    """Return the parts of the extension ``holder-evidence``."""
    parts: list[Json] = [
        {"url": "method", "valueCode": evidence.method.value},
        {"url": "proof", "valueCode": evidence.proof.value},
        {"url": "identified-at", "valueInstant": write_instant(evidence.identified_at)},
    ]
    challenge = evidence.challenge
    if challenge is not None:
        parts += [
            {"url": "challenge-issuer", "valueCode": challenge.issuer.value},
            {"url": "challenge-reference", "valueString": challenge.reference},
            {"url": "challenge-value", "valueBase64Binary": write_bytes(challenge.value)},
            {"url": "challenge-issued-at", "valueInstant": write_instant(challenge.issued_at)},
        ]
        if challenge.desk_id is not None:
            parts.append({"url": "desk-id", "valueString": challenge.desk_id})
        if challenge.nonce is not None:
            parts.append({"url": "nonce", "valueBase64Binary": write_bytes(challenge.nonce)})
    if evidence.signature is not None:
        parts.append({"url": "signature", "valueBase64Binary": write_bytes(evidence.signature)})
    own = evidence.own_key
    if own is not None:
        octets = {
            "cv-certificate": own.cv_certificate,
            "record-key-group": own.key_group,
            "record-pictures-digest": own.pictures_digest,
            "record-photo-digest": own.photo_digest,
            "record-signature": own.record_signature,
        }
        parts += [
            {"url": name, "valueBase64Binary": write_bytes(value)} for name, value in octets.items()
        ]
        parts += [{"url": "not-proved", "valueCode": left.value} for left in evidence.unproved]
    return parts


# -- Capability ----------------------------------------------------------------------------------


class _CapabilityStatement(Element):
    instantiates: Many[Text] = Field(default_factory=list)


def check_capability(body: bytes) -> None:
    """Return if the payer says that it speaks our profile; raises PayerProtocolError."""
    resource = parse_json(body)

    def read() -> list[str]:
        return read_resource(_CapabilityStatement, "CapabilityStatement", resource).instantiates

    if vocabulary.PROFILE not in reading(body, read):
        msg = f"the payer does not speak {vocabulary.PROFILE}"
        raise PayerProtocolError(msg, original=body)
