"""Registration of 照会番号: ``$register-reference-numbers`` (docs/fhir-profile.md, section 8.1)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from eligibility.asking import ReferenceNumberRegistration, ReferenceNumberResult
from eligibility.fhir import vocabulary
from eligibility.fhir.registrations import as_part
from eligibility.fhir.wire import (
    Element,
    Json,
    Many,
    Text,
    at_most_one,
    only,
    parse_json,
    read_resource,
    reading,
)
from eligibility.fhir.without_card import write_number_parts

MOST_REGISTRATIONS = 100
"""In one call."""


def write_reference_numbers(registrations: Sequence[ReferenceNumberRegistration]) -> Json:
    """Return the Parameters that register these numbers; equal ones give equal resources."""
    return {
        "resourceType": "Parameters",
        "meta": {"profile": [vocabulary.PROFILE]},
        "parameter": [
            {
                "name": "registration",
                "part": [
                    {"name": "id", "valueString": one.id},
                    {"name": "reference-number", "valueString": one.reference_number},
                    *map(as_part, write_number_parts(one.subject)),
                ],
            }
            for one in registrations
        ],
    }


class _Part(Element):
    name: Text
    value_string: Text | None = Field(None, alias="valueString")
    value_boolean: bool | None = Field(None, alias="valueBoolean")


class _Parameter(Element):
    name: Text
    part: Many[_Part] = Field(default_factory=list)


class _Parameters(Element):
    parameter: Many[_Parameter]


def read_reference_number_results(
    body: bytes, registrations: Sequence[ReferenceNumberRegistration]
) -> tuple[ReferenceNumberResult, ...]:
    """Return what became of each registration, in the order they were asked.

    Raises PayerProtocolError unless the payer answered each of them once, and no other.
    """
    resource = parse_json(body)

    def read() -> tuple[ReferenceNumberResult, ...]:
        parameters = read_resource(_Parameters, "Parameters", resource).parameter
        found = [_result(one.part) for one in parameters if one.name == "result"]
        by_id = {one.registration_id: one for one in found}
        asked = [one.id for one in registrations]
        if len(by_id) != len(found) or sorted(by_id) != sorted(asked):
            msg = "the results are not those of the registrations"
            raise ValueError(msg)
        return tuple(by_id[one] for one in asked)

    return reading(body, read)


def _result(parts: Sequence[_Part]) -> ReferenceNumberResult:
    registration_id = only([one for one in parts if one.name == "id"], "id").value_string
    accepted = only([one for one in parts if one.name == "accepted"], "accepted").value_boolean
    if registration_id is None or accepted is None:
        msg = "a result names its registration and says whether it was accepted"
        raise ValueError(msg)

    def words(name: str) -> str | None:
        found = at_most_one([one for one in parts if one.name == name], name)
        return None if found is None else found.value_string

    return ReferenceNumberResult(registration_id, accepted, words("code"), words("message"))
