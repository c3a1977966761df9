"""History as FHIR JSON (docs/fhir-profile.md, section 7): records in, resources and pages out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from eligibility.codes import ConsentCategory, UnknownCode
from eligibility.history import (
    CheckupObservation,
    CodedResult,
    DiagnosisRecord,
    Institution,
    MedicationOrigin,
    MedicationRecord,
    OperationRecord,
    QuantityPer,
    Record,
    TreatmentRecord,
)
from eligibility.simulator import names
from eligibility.simulator.names import ext
from eligibility.simulator.wire_coverage import Json

_DAY = {"unit": "日", "system": "http://unitsofmeasure.org", "code": "d"}


def resource(record: Record, key: str, patient_id: str) -> Json:
    """Return the FHIR resource of one record."""
    made: Json
    if isinstance(record, MedicationRecord):
        prescribed = record.origin is MedicationOrigin.PRESCRIPTION
        made = _prescription(record) if prescribed else _dispensing(record)
    elif isinstance(record, CheckupObservation):
        made = _checkup(record)
    elif isinstance(record, DiagnosisRecord):
        made = _diagnosis(record)
    else:
        made = _act(record)
    return {"id": key, "subject": {"reference": f"Patient/{patient_id}"}} | made


def _dispensing(record: MedicationRecord) -> Json:
    origin = "receipt" if record.origin is MedicationOrigin.RECEIPT else "dispensing"
    extensions = [{"url": ext("origin"), "valueCode": origin}, *_medicine_extensions(record)]
    if record.prescribed_on is not None:
        day = record.prescribed_on.isoformat()
        extensions.append({"url": ext("prescribed-on"), "valueDate": day})
    if record.prescriber is not None:
        place = _reference(record.prescriber)
        extensions.append({"url": ext("prescriber"), "valueReference": place})
    made: Json = {
        "resourceType": "MedicationDispense",
        "status": "completed",
        "extension": extensions,
        "medicationCodeableConcept": _medicine(record),
        "performer": [{"actor": _reference(record.institution)}],
        "whenHandedOver": record.day.isoformat(),
    }
    if record.inpatient is not None:
        made["category"] = _setting(record.inpatient, "medicationdispense-category")
    if record.quantity_per is QuantityPer.WHOLE:
        made["quantity"] = _quantity(record.quantity, record.unit)
    if record.days is not None:
        made["daysSupply"] = {"value": record.days, **_DAY}
    return made | _dosage(record)


def _prescription(record: MedicationRecord) -> Json:
    made: Json = {
        "resourceType": "MedicationRequest",
        "status": "completed",
        "intent": "order",
        "extension": _medicine_extensions(record),
        "medicationCodeableConcept": _medicine(record),
        "authoredOn": record.day.isoformat(),
        "requester": _reference(record.institution),
    }
    if record.inpatient is not None:
        made["category"] = [_setting(record.inpatient, "medicationrequest-category")]
    dispense: Json = {}
    if record.quantity_per is QuantityPer.WHOLE:
        dispense["quantity"] = _quantity(record.quantity, record.unit)
    if record.days is not None:
        dispense["expectedSupplyDuration"] = {"value": record.days, **_DAY}
    if dispense:
        made["dispenseRequest"] = dispense
    if not made["extension"]:
        del made["extension"]
    return made | _dosage(record)


def _medicine(record: MedicationRecord) -> Json:
    coded = {"text": record.name}
    if record.code is None:
        return coded
    return {"coding": [{"system": names.CS_RECEIPT_MEDICINE, "code": record.code}], **coded}


def _medicine_extensions(record: MedicationRecord) -> list[Json]:
    extensions: list[Json] = []
    if record.ingredient is not None:
        extensions.append({"url": ext("ingredient"), "valueString": record.ingredient})
    if record.use is not None and not isinstance(record.use, UnknownCode):
        coding = {
            "system": names.CS_MEDICATION_USE,
            "code": record.use.value,
            "display": record.use.ja,
        }
        extensions.append({"url": ext("medication-use"), "valueCoding": coding})
    return extensions


def _dosage(record: MedicationRecord) -> Json:
    dosage: Json = {}
    if record.usage is not None:
        dosage["text"] = record.usage
    if record.special_instruction is not None:
        dosage["additionalInstruction"] = [{"text": record.special_instruction}]
    if record.times is not None:
        dosage["timing"] = {"repeat": {"count": record.times}}
    amount = None if record.quantity is None else _quantity(record.quantity, record.unit)
    if amount is not None and record.quantity_per is QuantityPer.DAY:
        rate = {"numerator": amount, "denominator": {"value": 1, **_DAY}}
        dosage["doseAndRate"] = [{"rateRatio": rate}]
    elif amount is not None and record.quantity_per is QuantityPer.TIME:
        dosage["doseAndRate"] = [{"doseQuantity": amount}]
    return {"dosageInstruction": [dosage]} if dosage else {}


def _setting(inpatient: bool, table: str) -> Json:
    code = "inpatient" if inpatient else "outpatient"
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{table}", "code": code}]}


def _act(record: TreatmentRecord | OperationRecord) -> Json:
    operation = isinstance(record, OperationRecord)
    category = ConsentCategory.SHJ if operation else ConsentCategory.SRJ
    code: Json = {"text": record.name}
    if record.code is not None:
        code["coding"] = [{"system": names.CS_RECEIPT_ACT, "code": record.code}]
    extensions: list[Json] = []
    if record.times is not None:
        times = {"value": record.times, "unit": "回"}
        extensions.append({"url": ext("times"), "valueQuantity": times})
    if record.inpatient is not None:
        extensions.append({"url": ext("inpatient"), "valueBoolean": record.inpatient})
    if isinstance(record, TreatmentRecord):
        if record.classification is not None:
            url = ext("act-classification")
            extensions.append({"url": url, "valueString": record.classification})
        if record.quantity is not None:
            amount = _quantity(record.quantity, record.unit)
            extensions.append({"url": ext("amount"), "valueQuantity": amount})
    made: Json = {
        "resourceType": "Procedure",
        "status": "completed",
        "category": {
            "coding": [{"system": names.CS_CONSENT_CATEGORY, "code": str(category.value)}]
        },
        "code": code,
        "performedDateTime": str(record.performed_on or record.month),
        "performer": [{"actor": _reference(record.institution)}],
    }
    return made | ({"extension": extensions} if extensions else {})


def _diagnosis(record: DiagnosisRecord) -> Json:
    code: Json = {"text": record.name}
    if record.code is not None:
        code["coding"] = [{"system": names.CS_RECEIPT_DISEASE, "code": record.code}]
    extensions: list[Json] = [
        {"url": ext("institution"), "valueReference": _reference(record.institution)}
    ]
    if record.is_main is not None:
        extensions.append({"url": ext("main-diagnosis"), "valueBoolean": record.is_main})
    if record.outcome is not None:
        extensions.append({"url": ext("outcome"), "valueString": record.outcome})
    verification = "provisional" if record.suspected else "confirmed"
    made: Json = {
        "resourceType": "Condition",
        "extension": extensions,
        "verificationStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                    "code": verification,
                }
            ]
        },
        "code": code,
        "recordedDate": str(record.month),
    }
    if record.began_on is not None:
        made["onsetDateTime"] = record.began_on.isoformat()
    return made


def _checkup(record: CheckupObservation) -> Json:
    coding = {
        "system": names.CS_CHECKUP_ITEM,
        "code": record.item_code,
        "display": record.item_name,
    }
    made: Json = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [coding]},
        "effectiveDateTime": record.effective_date.isoformat(),
    }
    if record.institution is not None:
        made["performer"] = [_reference(record.institution)]
    if record.value is None:
        made["dataAbsentReason"] = {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
                    "code": "not-performed",
                }
            ]
        }
    elif isinstance(record.value, CodedResult):
        result: Json = {"coding": [{"code": record.value.code}]}
        if record.value.words is not None:
            result["text"] = record.value.words
        made["valueCodeableConcept"] = result
    elif isinstance(record.value, str):
        made["valueString"] = record.value
    else:
        made["valueQuantity"] = _quantity(record.value, record.unit)
        if record.comparator is not None:
            made["valueQuantity"]["comparator"] = record.comparator.value
    return made


def _reference(institution: Institution) -> Json:
    if institution.code is None:
        return {"display": institution.name}
    identifier = {"system": names.ID_INSTITUTION, "value": institution.code}
    return {"identifier": identifier, "display": institution.name}


def _quantity(value: Decimal | None, unit: str | None) -> Json:
    return {
        name: part for name, part in (("value", _number(value)), ("unit", unit)) if part is not None
    }


def _number(value: Decimal | None) -> int | float | None:
    """Return a Decimal as the JSON number that reads the same."""
    if value is None:
        return None
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
