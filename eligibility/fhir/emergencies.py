"""History without consent over FHIR: ``$open-without-consent`` (docs/fhir-profile.md, 6.1)."""

from __future__ import annotations

from pydantic import Field

from eligibility.codes import InformationConsent
from eligibility.emergency import EmergencyAccess
from eligibility.errors import AnswerForAnotherPersonError
from eligibility.fhir import vocabulary
from eligibility.fhir.wire import (
    Element,
    Identifier,
    Instant,
    Json,
    Many,
    Reference,
    Text,
    only,
    parse_json,
    read_resource,
    reading,
    write_coding,
    write_instant,
)
from eligibility.payer import ConsentReceipt


def write_emergency(access: EmergencyAccess) -> Json:
    """Return the Parameters that open history without consent; the clinician's words stay here."""
    identifier = {"system": vocabulary.ID_EMERGENCY, "value": access.id}
    return {
        "resourceType": "Parameters",
        "meta": {"profile": [vocabulary.PROFILE]},
        "parameter": [
            {"name": "access", "valueIdentifier": identifier},
            {"name": "patient", "valueReference": {"reference": access.payer_patient}},
            {
                "name": "consent",
                "valueCoding": write_coding(InformationConsent.UNOBTAINABLE),
            },
            {"name": "opened-at", "valueInstant": write_instant(access.opened_at)},
        ],
    }


class _Parameter(Element):
    name: Text
    value_identifier: Identifier | None = Field(None, alias="valueIdentifier")
    value_instant: Instant | None = Field(None, alias="valueInstant")
    value_reference: Reference | None = Field(None, alias="valueReference")
    value_string: Text | None = Field(None, alias="valueString")


class _Parameters(Element):
    parameter: Many[_Parameter]


def read_emergency_receipt(body: bytes, access: EmergencyAccess) -> ConsentReceipt:
    """Return the payer's registration of exactly this access.

    Raises PayerProtocolError, or AnswerForAnotherPersonError where it names another patient.
    """
    resource = parse_json(body)

    def read() -> ConsentReceipt:
        parameters = read_resource(_Parameters, "Parameters", resource).parameter

        def named(name: str) -> _Parameter:
            return only([one for one in parameters if one.name == name], f"parameter {name}")

        patient = named("patient").value_reference
        identifier = named("access").value_identifier
        reference = named("reference").value_string
        until = named("available-until").value_instant
        if patient is None or identifier is None or reference is None or until is None:
            msg = "an access names itself, its patient, its reference and its end"
            raise ValueError(msg)
        if patient.reference != access.payer_patient:
            raise AnswerForAnotherPersonError(access.id, original=body)
        if (identifier.system, identifier.value) != (vocabulary.ID_EMERGENCY, access.id):
            msg = "another access was opened"
            raise ValueError(msg)
        return ConsentReceipt(reference, until)

    return reading(body, read)
