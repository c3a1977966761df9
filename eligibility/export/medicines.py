"""Medicines → MedicationDispense and MedicationRequest, without doubles.

What several sources tell of one dispensing is one MedicationDispense in the words that are shown
first, with all its sources; where one of them is a prescription, that is a MedicationRequest, which
the MedicationDispense names.
"""

from __future__ import annotations

from eligibility.codes import UnknownCode
from eligibility.export.elements import (
    CS_CLAIM_MEDICINE,
    CS_MEDICATION_FORM,
    UCUM,
    Json,
    coding,
    concept,
    day,
    days,
    extension,
    extensions,
    hl7,
    quantity,
    table_coding,
    without_nothing,
)
from eligibility.export.entries import Entries
from eligibility.export.taken import TakenHistory
from eligibility.history import MedicationOrigin, MedicationRecord, QuantityPer
from eligibility.history.timeline import DrugLine

MAY_REPEAT = "may-repeat"
"""Said of a line beside its :class:`~eligibility.history.timeline.DateDoubt`."""

_MOST_TIMES = 2**31 - 1


def doubts_of(line: DrugLine) -> tuple[str, ...]:
    """Return what is doubtful of a line, as codes."""
    found = tuple(one.value for one in line.doubts)
    return (*found, MAY_REPEAT) if line.may_repeat else found


def add_medicines(entries: Entries, taken: TakenHistory, patient: Json) -> list[str]:
    """Add all medicines; return their addresses."""
    added = []
    for line in taken.drug_lines():
        entry = line.entry
        prescription = next(
            (one for one in entry.records if one.origin is MedicationOrigin.PRESCRIPTION), None
        )
        request = None
        if prescription is not None:
            alone = not entry.is_dispensed
            request = entries.add(_request(entries, prescription, patient, line if alone else None))
            added.append(request)
        if entry.is_dispensed:
            added.append(entries.add(_dispense(entries, line, patient, request)))
    return added


def _request(
    entries: Entries, record: MedicationRecord, patient: Json, line: DrugLine | None
) -> Json:
    """``line``: where nothing was dispensed, so that this is all there is of it."""
    supply = without_nothing(
        {"quantity": _whole(record), "expectedSupplyDuration": days(record.days)}
    )
    setting = _setting("medicationrequest-category", record)
    return {
        "resourceType": "MedicationRequest",
        "extension": _extensions(record, line),
        # whether what was prescribed is still taken is not told
        "status": "unknown" if line is not None else "completed",
        "intent": "order",
        "category": [] if setting is None else [setting],
        "medicationCodeableConcept": _medicine(record),
        "subject": patient,
        "authoredOn": day(record.prescribed_on or record.dispensed_on),
        "requester": entries.place(record.prescriber or record.dispenser),
        "dosageInstruction": _dosage(record),
        "dispenseRequest": supply,
    }


def _dispense(entries: Entries, line: DrugLine, patient: Json, request: str | None) -> Json:
    record = line.entry.record
    prescriber = entries.place(line.entry.prescriber) if request is None else None
    place = entries.place(line.entry.dispenser or record.institution)
    return {
        "resourceType": "MedicationDispense",
        "extension": [
            *(extension("origin", "Code", one.name.lower()) for one in line.entry.origins),
            *_extensions(record, line),
            *extensions(
                ("prescribed-on", "Date", day(line.entry.prescribed_on)),
                ("prescriber", "Reference", prescriber),
            ),
        ],
        "status": "completed",
        "category": _setting("medicationdispense-category", record),
        "medicationCodeableConcept": _medicine(record),
        "subject": patient,
        "performer": [{"actor": place}],
        "authorizingPrescription": [] if request is None else [{"reference": request}],
        "quantity": _whole(record),
        "daysSupply": days(record.days),
        "whenHandedOver": day(line.entry.dispensed_on or record.day),
        "dosageInstruction": _dosage(record),
    }


def _extensions(record: MedicationRecord, line: DrugLine | None) -> list[Json]:
    use = record.use
    form = None
    if use is not None:
        form = table_coding(use, None if isinstance(use, UnknownCode) else CS_MEDICATION_FORM)
    open_amount = quantity(record.quantity, record.unit) if record.quantity_per is None else None
    counted = _counted(record.times)
    return extensions(
        ("ingredient", "String", record.ingredient),
        ("medication-use", "Coding", form),
        ("amount", "Quantity", open_amount),
        ("unit", "String", record.unit if record.quantity is None else None),
        ("times", "Quantity", None if counted else quantity(record.times)),
        ("days-or-times", "Quantity", quantity(record.days_or_times)),
        *(("doubt", "Code", one) for one in (() if line is None else doubts_of(line))),
    )


def _medicine(record: MedicationRecord) -> Json:
    codes = [] if record.code is None else [coding(CS_CLAIM_MEDICINE, record.code)]
    return without_nothing({"coding": codes, "text": record.name})


def _setting(system: str, record: MedicationRecord) -> Json | None:
    if record.inpatient is None:
        return None
    return concept(None, hl7(system), "inpatient" if record.inpatient else "outpatient")


def _whole(record: MedicationRecord) -> Json | None:
    whole = record.quantity_per is QuantityPer.WHOLE
    return quantity(record.quantity, record.unit) if whole else None


def _counted(times: int | None) -> bool:
    """Whether FHIR can count so often; a supply for no time at all is kept as an extension."""
    return times is not None and 0 < times <= _MOST_TIMES


def _dosage(record: MedicationRecord) -> list[Json]:
    amount = quantity(record.quantity, record.unit)
    dose: Json | None = None
    if amount is not None and record.quantity_per is QuantityPer.DAY:
        per_day = {"value": 1, "unit": "日", "system": UCUM, "code": "d"}
        dose = {"rateRatio": {"numerator": amount, "denominator": per_day}}
    elif amount is not None and record.quantity_per is QuantityPer.TIME:
        dose = {"doseQuantity": amount}
    timing = {"repeat": {"count": record.times}} if _counted(record.times) else None
    special = record.special_instruction
    made = without_nothing(
        {
            "text": record.usage,
            "additionalInstruction": [] if special is None else [{"text": special}],
            "timing": timing,
            "doseAndRate": [] if dose is None else [dose],
        }
    )
    return [made] if made else []
