"""Acts, operations, diagnoses and checkups → records (docs/fhir-profile.md, section 7)."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from eligibility.calendar import CalendarMonth
from eligibility.codes import ConsentCategory
from eligibility.fhir.rows import (
    Performer,
    Row,
    Statement,
    coded,
    exact,
    flag_of,
    institution_of,
    required,
    whole_number,
)
from eligibility.fhir.vocabulary import (
    CODE_SYSTEMS,
    CS_JLAC10,
    CS_RECEIPT_ACT,
    CS_RECEIPT_DISEASE,
    ext,
)
from eligibility.fhir.wire import (
    CodeableConcept,
    Day,
    Many,
    Quantity,
    Reference,
    Text,
    at_most_one,
    find_extension,
    only,
    string_of,
)
from eligibility.history import (
    CheckupObservation,
    CodedResult,
    Comparator,
    DiagnosisRecord,
    OperationRecord,
    TreatmentRecord,
)

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UNSURE = frozenset({"unconfirmed", "provisional", "differential"})
_VERIFICATIONS = _UNSURE | {"confirmed", "refuted", "entered-in-error"}


def _read_month(value: object) -> CalendarMonth | date:
    """Return a day, or a month where no day is written."""
    if not isinstance(value, str):
        reason = "a day is written YYYY-MM-DD, a month YYYY-MM"
        raise ValueError(reason)  # noqa: TRY004  # pydantic turns only this into its own error
    if _DAY.fullmatch(value):
        return date.fromisoformat(value)
    return CalendarMonth.read(value)


DayOrMonth = Annotated[CalendarMonth | date, BeforeValidator(_read_month)]


class Procedure(Row):
    """An act of treatment or an operation: the category says which."""

    HAPPENED = frozenset({"completed", "in-progress", "stopped", "unknown"})
    NOT_HAPPENED = frozenset({"entered-in-error", "not-done", "preparation", "on-hold"})

    category: CodeableConcept
    performed: DayOrMonth = Field(alias="performedDateTime")
    performer: Many[Performer]
    code: CodeableConcept

    def record(self, category: ConsentCategory) -> TreatmentRecord | OperationRecord:
        """Return the act; raises ValueError for one of another category than was asked for."""
        if coded(self.category, CODE_SYSTEMS[ConsentCategory]) != category.value:
            reason = "the act is of another category than was asked for"
            raise ValueError(reason)
        amount = find_extension(self.extension, ext("amount"))
        told = None if amount is None else amount.value_quantity
        quantity = Quantity() if told is None else exact(told)
        times = find_extension(self.extension, ext("times"))
        common: dict[str, Any] = {
            "month": _month(self.performed),
            "institution": institution_of(only(self.performer, "performer").actor),
            "name": required(self.code.text, "the act's name"),
            "performed_on": self.performed if isinstance(self.performed, date) else None,
            "code": coded(self.code, CS_RECEIPT_ACT),
            "times": None if times is None else whole_number(times.value_quantity, "times"),
            "inpatient": flag_of(self.extension, "inpatient"),
        }
        if category is ConsentCategory.SHJ:
            return OperationRecord(**common)
        return TreatmentRecord(
            **common,
            classification=string_of(self.extension, ext("act-classification")),
            quantity=quantity.value,
            unit=quantity.unit,
        )


class Condition(Statement):
    """A diagnosis on a receipt; whether it stands is in its verification."""

    verification: CodeableConcept | None = Field(None, alias="verificationStatus")
    code: CodeableConcept
    onset: Day | None = Field(None, alias="onsetDateTime")
    recorded: DayOrMonth = Field(alias="recordedDate")

    @property
    def happened(self) -> bool:
        """Whether the diagnosis stands; raises ValueError for an unknown verification."""
        return self._verification() not in ("refuted", "entered-in-error")

    def record(self, category: ConsentCategory) -> DiagnosisRecord:
        """Return the diagnosis."""
        institution = find_extension(self.extension, ext("institution"))
        return DiagnosisRecord(
            month=_month(self.recorded),
            institution=institution_of(
                None if institution is None else institution.value_reference
            ),
            name=required(self.code.text, "the diagnosis's name"),
            began_on=self.onset,
            code=coded(self.code, CS_RECEIPT_DISEASE),
            is_main=flag_of(self.extension, "main-diagnosis"),
            suspected=self._verification() in _UNSURE,
            outcome=string_of(self.extension, ext("outcome")),
        )

    def _verification(self) -> str:
        if self.verification is None:
            return "confirmed"
        code = only(self.verification.coding, "verificationStatus").code
        if code not in _VERIFICATIONS:
            reason = "the verification is none that the profile knows"
            raise ValueError(reason)
        return code or ""


class Observation(Row):
    """One item of a checkup."""

    HAPPENED = frozenset({"final", "amended", "corrected", "preliminary", "unknown"})
    NOT_HAPPENED = frozenset({"entered-in-error", "cancelled", "registered"})

    effective: Day = Field(alias="effectiveDateTime")
    code: CodeableConcept
    performer: Many[Reference] = Field(default_factory=list)
    value_quantity: Quantity | None = Field(None, alias="valueQuantity")
    value_concept: CodeableConcept | None = Field(None, alias="valueCodeableConcept")
    value_string: Text | None = Field(None, alias="valueString")
    absent: CodeableConcept | None = Field(None, alias="dataAbsentReason")

    def record(self, category: ConsentCategory) -> CheckupObservation:
        """Return the item with its one value, or without one where the payer says so."""
        coding = only([one for one in self.code.coding if one.system == CS_JLAC10], "item code")
        quantity = self.value_quantity
        given = (
            None if quantity is None else required(quantity.value, "the item's number"),
            _result(self.value_concept),
            self.value_string,
        )
        values = [value for value in given if value is not None]
        if (self.absent is None) == (not values):
            reason = "an item has a value or the reason why it has none"
            raise ValueError(reason)
        performer = at_most_one(self.performer, "performer")
        comparator = None if quantity is None else quantity.comparator
        return CheckupObservation(
            effective_date=self.effective,
            item_code=required(coding.code, "the item's code"),
            item_name=required(coding.display, "the item's name"),
            value=at_most_one(values, "the item's value"),
            unit=None if quantity is None else quantity.unit,
            comparator=None if comparator is None else Comparator(comparator),
            institution=None if performer is None else institution_of(performer),
        )


def _month(performed: CalendarMonth | date) -> CalendarMonth:
    return performed if isinstance(performed, CalendarMonth) else CalendarMonth.of(performed)


def _result(concept: CodeableConcept | None) -> CodedResult | str | None:
    """Return a coded result with the payer's words, or words alone where no code is given."""
    if concept is None:
        return None
    coding = at_most_one([one for one in concept.coding if one.code is not None], "a result's code")
    if coding is None or coding.code is None:
        return required(concept.text, "the result's words")
    return CodedResult(coding.code, concept.text or coding.display)
