"""Dispensings and prescriptions → medicines (docs/fhir-profile.md, section 7)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from eligibility.codes import ConsentCategory
from eligibility.fhir.rows import (
    Performer,
    Row,
    coded,
    exact,
    institution_of,
    required,
    whole_number,
)
from eligibility.fhir.vocabulary import CS_RECEIPT_MEDICINE, ext
from eligibility.fhir.wire import (
    CodeableConcept,
    Day,
    Element,
    Many,
    Quantity,
    Reference,
    Text,
    at_most_one,
    code_of,
    day_of,
    find_extension,
    only,
    string_of,
)
from eligibility.history import MedicationOrigin, MedicationRecord, MedicationUse, QuantityPer

_ORIGINS = {"receipt": MedicationOrigin.RECEIPT, "dispensing": MedicationOrigin.DISPENSING}
_ORDERS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
_INPATIENT = {"inpatient": True, "outpatient": False, "community": False, "discharge": False}
_DAY_UNITS = ("日", "d")


class _Ratio(Element):
    numerator: Quantity
    denominator: Quantity


class _Rate(Element):
    dose: Quantity | None = Field(None, alias="doseQuantity")
    rate: _Ratio | None = Field(None, alias="rateRatio")


class _Repeat(Element):
    count: int | None = Field(None, ge=0)


class _Timing(Element):
    repeat: _Repeat | None = None


class _Dosage(Element):
    text: Text | None = None
    additional: Many[CodeableConcept] = Field(default_factory=list, alias="additionalInstruction")
    timing: _Timing | None = None
    rates: Many[_Rate] = Field(default_factory=list, alias="doseAndRate")


class _Medication(Row):
    medication: CodeableConcept = Field(alias="medicationCodeableConcept")
    dosage: Many[_Dosage] = Field(default_factory=list, alias="dosageInstruction")

    def _medicine(
        self, whole: Quantity | None, supply: Quantity | None, category: CodeableConcept | None
    ) -> dict[str, Any]:
        """Return the fields that dispensings and prescriptions share."""
        dosage = at_most_one(self.dosage, "dosageInstruction") or _Dosage()
        special = at_most_one(dosage.additional, "additionalInstruction")
        repeat = None if dosage.timing is None else dosage.timing.repeat
        return {
            "name": required(self.medication.text, "the medicine's name"),
            "code": coded(self.medication, CS_RECEIPT_MEDICINE),
            "ingredient": string_of(self.extension, ext("ingredient")),
            "use": code_of(self.extension, ext("medication-use"), MedicationUse),
            **_amount(dosage, whole),
            "days": _days(supply),
            "times": None if repeat is None else repeat.count,
            "usage": dosage.text,
            "special_instruction": None if special is None else special.text,
            "inpatient": _inpatient(category),
        }


class MedicationDispense(_Medication):
    """A dispensing, from a receipt or from an electronic prescription."""

    HAPPENED = frozenset({"completed", "stopped", "unknown"})
    NOT_HAPPENED = frozenset(
        {"entered-in-error", "cancelled", "declined", "preparation", "in-progress", "on-hold"}
    )

    category: CodeableConcept | None = None
    handed_over: Day = Field(alias="whenHandedOver")
    performer: Many[Performer]
    quantity: Quantity | None = None
    days_supply: Quantity | None = Field(None, alias="daysSupply")

    def record(self, category: ConsentCategory) -> MedicationRecord:
        """Return the medicine as it was handed over."""
        origin = find_extension(self.extension, ext("origin"))
        prescriber = find_extension(self.extension, ext("prescriber"))
        return MedicationRecord(
            origin=MedicationOrigin.DISPENSING if origin is None else _origin(origin.value_code),
            dispensed_on=self.handed_over,
            prescribed_on=day_of(self.extension, ext("prescribed-on")),
            dispenser=institution_of(only(self.performer, "performer").actor),
            prescriber=None if prescriber is None else institution_of(prescriber.value_reference),
            **self._medicine(self.quantity, self.days_supply, self.category),
        )


class _DispenseRequest(Element):
    quantity: Quantity | None = None
    supply: Quantity | None = Field(None, alias="expectedSupplyDuration")


class MedicationRequest(_Medication):
    """An electronic prescription, dispensed or not."""

    HAPPENED = frozenset({"active", "completed", "on-hold", "stopped", "unknown"})
    NOT_HAPPENED = frozenset({"entered-in-error", "cancelled", "draft"})

    intent: Text
    do_not_perform: bool = Field(False, alias="doNotPerform")
    category: Many[CodeableConcept] = Field(default_factory=list)
    authored_on: Day = Field(alias="authoredOn")
    requester: Reference
    dispense: _DispenseRequest | None = Field(None, alias="dispenseRequest")

    @property
    def happened(self) -> bool:
        """Whether this is a prescription; raises ValueError for a mere plan or a prohibition."""
        if self.intent not in _ORDERS or self.do_not_perform:
            reason = "a prescription is an order to dispense"
            raise ValueError(reason)
        return super().happened

    def record(self, category: ConsentCategory) -> MedicationRecord:
        """Return the medicine as it was prescribed."""
        return MedicationRecord(
            origin=MedicationOrigin.PRESCRIPTION,
            prescribed_on=self.authored_on,
            prescriber=institution_of(self.requester),
            **self._medicine(
                None if self.dispense is None else self.dispense.quantity,
                None if self.dispense is None else self.dispense.supply,
                at_most_one(self.category, "category"),
            ),
        )


def _origin(code: str | None) -> MedicationOrigin:
    if code not in _ORIGINS:
        reason = "the origin is none that the profile knows"
        raise ValueError(reason)
    return _ORIGINS[code]


def _inpatient(category: CodeableConcept | None) -> bool | None:
    codes = {one.code for one in category.coding} if category is not None else set()
    found = {_INPATIENT[code] for code in codes if code in _INPATIENT}
    return at_most_one(sorted(found), "a setting")


def _days(supply: Quantity | None) -> int | None:
    if supply is not None and supply.unit not in (None, *_DAY_UNITS):
        reason = "a supply is told in days"
        raise ValueError(reason)
    return whole_number(supply, "days")


def _amount(dosage: _Dosage, whole: Quantity | None) -> dict[str, Any]:
    """Return the amount for a day where that is told, else for a time, else the whole."""
    told = at_most_one(dosage.rates, "doseAndRate")
    if told is not None and told.rate is not None:
        if told.rate.denominator.value != 1 or told.rate.denominator.unit not in _DAY_UNITS:
            reason = "a rate is the amount for one day"
            raise ValueError(reason)
        amount, per = told.rate.numerator, QuantityPer.DAY
    elif told is not None and told.dose is not None:
        amount, per = told.dose, QuantityPer.TIME
    elif whole is not None:
        amount, per = whole, QuantityPer.WHOLE
    else:
        return {}
    exact(amount)
    return {"quantity": amount.value, "unit": amount.unit, "quantity_per": per}
