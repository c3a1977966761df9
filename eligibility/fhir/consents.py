"""Consents as FHIR: what a patient allowed and who said so, its registration, and its end."""

from __future__ import annotations

from pydantic import Field

from eligibility.codes import ConsentCategory, PrescriptionIssue
from eligibility.errors import AnswerForAnotherPersonError, PayerProtocolError
from eligibility.fhir import vocabulary
from eligibility.fhir.vocabulary import ext
from eligibility.fhir.wire import (
    CodeableConcept,
    Element,
    Identifier,
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
    write_coding,
    write_instant,
)
from eligibility.model import Consent, ConsentDecision
from eligibility.payer import ConsentReceipt

_PERMIT, _DENY = "permit", "deny"
_ACTIVE, _INACTIVE = "active", "inactive"
_GIVER = "giver"


def write_consent(
    consent: Consent, payer_patient: str, prescription: PrescriptionIssue | None = None
) -> Json:
    """Return the Consent to register; a category that was not asked is left out.

    ``prescription``: the form of prescription (処方箋発行形態) that was chosen with it.
    """
    decisions = consent.decisions
    provisions = [
        {
            "type": _PERMIT if decisions[category] is ConsentDecision.YES else _DENY,
            "code": [{"coding": [write_coding(category)]}],
        }
        for category in ConsentCategory
        if decisions.get(category, ConsentDecision.NOT_ASKED) is not ConsentDecision.NOT_ASKED
    ]
    resource: Json = {
        "resourceType": "Consent",
        "meta": {"profile": [vocabulary.PROFILE]},
        "identifier": [{"system": vocabulary.ID_CONSENT, "value": consent.id}],
        "status": _ACTIVE,
        "scope": _concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [_concept("http://loinc.org", "59284-0")],
        "patient": {"reference": payer_patient},
        "dateTime": write_instant(consent.given_at),
        "policyRule": _concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
        "provision": {"type": _DENY, **({"provision": provisions} if provisions else {})},
    }
    extensions: list[Json] = []
    if prescription is not None:
        extensions.append(
            {"url": ext("prescription-issue-select"), "valueCoding": write_coding(prescription)}
        )
    if consent.oral is not None:
        extensions.append({"url": ext("oral-consent"), "valueCode": consent.oral.reason.value})
    if extensions:
        resource["extension"] = extensions
    if consent.acting_for is not None:
        relation = _concept(vocabulary.CS_ACTING_FOR, consent.acting_for.value)
        giver: Json = {
            "resourceType": "RelatedPerson",
            "id": _GIVER,
            "patient": {"reference": payer_patient},
            "relationship": [relation],
        }
        resource["contained"] = [giver]
        resource["performer"] = [{"reference": f"#{_GIVER}"}]
    return resource


def write_end(consent: Consent) -> Json:
    """Return a registered Consent as withdrawn; raises PayerProtocolError for one that is not."""
    lapse = None if consent.ended_by is None else consent.ended_by.lapse
    if consent.payer_patient is None or consent.withdrawn_at is None or lapse is None:
        msg = f"consent {consent.id} has no end to be told"
        raise PayerProtocolError(msg)
    return {
        **write_consent(consent, consent.payer_patient),
        "id": consent.payer_ref,
        "status": _INACTIVE,
        "extension": [
            {
                "url": ext("consent-end"),
                "extension": [
                    {"url": "reason", "valueCoding": write_coding(lapse)},
                    {"url": "at", "valueInstant": write_instant(consent.withdrawn_at)},
                ],
            }
        ],
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


def read_consent_receipt(body: bytes, given: Consent, payer_patient: str) -> ConsentReceipt:
    """Return the payer's registration of exactly this consent.

    Raises PayerProtocolError, or AnswerForAnotherPersonError for another patient's.  A registration
    that opens more or less than the patient answered is not this consent's.
    """
    resource = parse_json(body)

    def read() -> ConsentReceipt:
        consent = read_resource(_Consent, "Consent", resource)
        named = [one.value for one in consent.identifier if one.system == vocabulary.ID_CONSENT]
        if only(named, "the consent's identifier") != given.id:
            msg = "another consent was registered"
            raise ValueError(msg)
        if consent.patient.reference != payer_patient:
            raise AnswerForAnotherPersonError(given.id, original=body)
        if consent.status != _ACTIVE:
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
            category
            for category, decision in given.decisions.items()
            if decision is ConsentDecision.YES
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


def check_ended(body: bytes, given: Consent) -> None:
    """Return if the payer says that exactly this consent is over; raises PayerProtocolError."""
    resource = parse_json(body)

    def read() -> bool:
        consent = read_resource(_Consent, "Consent", resource)
        named = [one.value for one in consent.identifier if one.system == vocabulary.ID_CONSENT]
        return consent.status == _INACTIVE and named == [given.id]

    if not reading(body, read):
        msg = f"the payer did not end consent {given.id}"
        raise PayerProtocolError(msg, original=body)
