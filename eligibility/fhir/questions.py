"""What the desk asks and registers: questions and consents as FHIR, challenges out of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from eligibility.codes import ConsentCategory
from eligibility.errors import AnswerForAnotherPersonError, PayerProtocolError
from eligibility.fhir import vocabulary
from eligibility.fhir.vocabulary import ext
from eligibility.fhir.wire import (
    Bytes,
    CodeableConcept,
    Element,
    Identifier,
    Instant,
    Json,
    Many,
    Period,
    Reference,
    Text,
    only,
    parse_json,
    read_coding,
    read_resource,
    reading,
    write_bytes,
    write_coding,
    write_instant,
    write_subject,
)
from eligibility.model import ConsentDecision
from eligibility.payer import (
    CardQuestion,
    Challenge,
    ChallengeIssuer,
    ConsentReceipt,
    HolderEvidence,
)

CHALLENGE_BYTES = 32
_PERMIT, _DENY = "permit", "deny"


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
    contained: list[Json] = [
        {
            "resourceType": "Patient",
            "id": "holder",
            "identifier": [write_subject(question.subject)],
        }
    ]
    request: Json = {
        "resourceType": "CoverageEligibilityRequest",
        "meta": {"profile": [vocabulary.PROFILE]},
        "contained": contained,
        "extension": [
            {
                "url": ext("authentication-certificate"),
                "valueBase64Binary": write_bytes(question.certificate),
            },
            {"url": ext("holder-evidence"), "extension": write_evidence(question.evidence)},
        ],
        "identifier": [{"system": vocabulary.ID_QUESTION, "value": question.id}],
        "status": "active",
        "purpose": ["validation", "benefits"],
        "patient": {"reference": "#holder"},
        "servicedDate": question.qualification_confirmation_date.isoformat(),
        "created": write_instant(question.evidence.identified_at),
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


# -- Consent ---------------------------------------------------------------------------------------


def write_consent(
    consent_id: str,
    payer_patient: str,
    decisions: Mapping[ConsentCategory, ConsentDecision],
    given_at: datetime,
) -> Json:
    """Return the Consent to register; a category that was not asked is left out."""
    provisions = [
        {
            "type": _PERMIT if decisions[category] is ConsentDecision.YES else _DENY,
            "code": [{"coding": [write_coding(category)]}],
        }
        for category in ConsentCategory
        if decisions.get(category, ConsentDecision.NOT_ASKED) is not ConsentDecision.NOT_ASKED
    ]
    return {
        "resourceType": "Consent",
        "meta": {"profile": [vocabulary.PROFILE]},
        "identifier": [{"system": vocabulary.ID_CONSENT, "value": consent_id}],
        "status": "active",
        "scope": _concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [_concept("http://loinc.org", "59284-0")],
        "patient": {"reference": payer_patient},
        "dateTime": write_instant(given_at),
        "policyRule": _concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
        "provision": {"type": _DENY, **({"provision": provisions} if provisions else {})},
    }


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


class _Provision(Element):
    type: Text
    code: Many[CodeableConcept] = Field(default_factory=list)


class _Provisions(Element):
    type: Text
    period: Period
    provision: Many[_Provision] = Field(default_factory=list)


class _Consent(Element):
    id: Text
    identifier: Many[Identifier]
    status: Text
    patient: Reference
    provision: _Provisions


def read_consent_receipt(
    body: bytes,
    consent_id: str,
    payer_patient: str,
    decisions: Mapping[ConsentCategory, ConsentDecision],
) -> ConsentReceipt:
    """Return the payer's registration of exactly this consent.

    Raises PayerProtocolError, or AnswerForAnotherPersonError for another patient's.  A registration
    that opens more or less than the patient answered is not this consent's.
    """
    resource = parse_json(body)

    def read() -> ConsentReceipt:
        consent = read_resource(_Consent, "Consent", resource)
        named = [one.value for one in consent.identifier if one.system == vocabulary.ID_CONSENT]
        if only(named, "the consent's identifier") != consent_id:
            msg = "another consent was registered"
            raise ValueError(msg)
        if consent.patient.reference != payer_patient:
            raise AnswerForAnotherPersonError(consent_id, original=body)
        if consent.status != "active":
            msg = "the consent was not made active"
            raise ValueError(msg)
        permitted = {
            read_coding(ConsentCategory, coding)
            for provision in consent.provision.provision
            if provision.type == _PERMIT
            for concept in provision.code
            for coding in concept.coding
        }
        answered_yes = {
            category for category, decision in decisions.items() if decision is ConsentDecision.YES
        }
        if consent.provision.type != _DENY or permitted != answered_yes:
            msg = "the payer registered other permissions than the patient gave"
            raise ValueError(msg)
        end = consent.provision.period.end
        if end is None:
            msg = "the registration does not say until when it opens anything"
            raise ValueError(msg)
        return ConsentReceipt(consent.id, end)

    return reading(body, read)


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
