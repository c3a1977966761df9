"""History as FHIR JSON (docs/fhir-profile.md, section 7): records in, resources and pages out."""

from __future__ import annotations

from collections.abc import Sequence

from eligibility.history import CheckupObservation, MedicationRecord, TreatmentRecord
from eligibility.simulator import names
from eligibility.simulator.names import ext
from eligibility.simulator.wire_coverage import Json


def medication(record: MedicationRecord, key: str, patient_id: str) -> Json:
    """Return a MedicationDispense."""
    resource: Json = {
        "resourceType": "MedicationDispense",
        "id": key,
        "status": "completed",
        "medicationCodeableConcept": {"text": record.name},
        "subject": {"reference": f"Patient/{patient_id}"},
        "performer": [{"actor": {"display": record.institution.name}}],
        "whenHandedOver": record.day.isoformat(),
    }
    if record.ingredient is not None:
        resource["extension"] = [{"url": ext("ingredient"), "valueString": record.ingredient}]
    if record.quantity is not None:
        resource["quantity"] = {"value": _number(record.quantity), "unit": record.unit}
    if record.days is not None:
        resource["daysSupply"] = {
            "value": record.days,
            "unit": "日",
            "system": "http://unitsofmeasure.org",
            "code": "d",
        }
    if record.usage is not None:
        resource["dosageInstruction"] = [{"text": record.usage}]
    return resource


def treatment(record: TreatmentRecord, key: str, patient_id: str) -> Json:
    """Return a Procedure."""
    return {
        "resourceType": "Procedure",
        "id": key,
        "status": "completed",
        "code": {"text": record.name},
        "subject": {"reference": f"Patient/{patient_id}"},
        "performedDateTime": f"{record.performed_on}",
        "performer": [{"actor": {"display": record.institution.name}}],
    }


def checkup(record: CheckupObservation, key: str, patient_id: str) -> Json:
    """Return an Observation."""
    resource: Json = {
        "resourceType": "Observation",
        "id": key,
        "status": "final",
        "code": {
            "coding": [
                {
                    "system": names.CS_CHECKUP_ITEM,
                    "code": record.item_code,
                    "display": record.item_name,
                }
            ]
        },
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": record.effective_date.isoformat(),
    }
    if isinstance(record.value, str):
        resource["valueString"] = record.value
    else:
        resource["valueQuantity"] = {"value": _number(record.value), "unit": record.unit}
    return resource


def _number(value: object) -> int | float:
    """Return a Decimal as the JSON number that reads the same."""
    text = str(value)
    return float(text) if "." in text else int(text)


def bundle(
    base: str, entries: Sequence[Json], total: int, self_link: str, next_link: str | None
) -> Json:
    """Return one page of a searchset; ``base`` is the server's absolute FHIR base."""
    links = [{"relation": "self", "url": self_link}]
    if next_link is not None:
        links.append({"relation": "next", "url": next_link})
    page: Json = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    if entries:
        page["entry"] = [
            {
                "fullUrl": f"{base}/{entry['resourceType']}/{entry['id']}",
                "resource": entry,
                "search": {"mode": "match"},
            }
            for entry in entries
        ]
    return page
