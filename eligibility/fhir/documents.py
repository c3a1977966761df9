"""Consented history: pages of a searchset Bundle → history documents.

A page is read whole or not at all, and only if every row is about the patient who was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import Field

from eligibility.codes import ConsentCategory
from eligibility.errors import AnswerForAnotherPersonError
from eligibility.fhir.vocabulary import CS_JLAC10, ext
from eligibility.fhir.wire import (
    CodeableConcept,
    Day,
    Element,
    Extension,
    Json,
    Many,
    Quantity,
    Reference,
    Text,
    at_most_one,
    only,
    parse_json,
    read_resource,
    reading,
    string_of,
)
from eligibility.history import (
    CalendarMonth,
    CheckupObservation,
    Institution,
    MedicationOrigin,
    MedicationRecord,
    Record,
    TreatmentRecord,
)

# What was recorded, but did not happen or is withdrawn, is no history.
_NOT_HAPPENED = frozenset({"entered-in-error", "not-done", "cancelled", "declined"})


class _Performer(Element):
    actor: Reference


class _Row(Element):
    status: Text
    subject: Reference


class _MedicationDispense(_Row):
    when_handed_over: Day = Field(alias="whenHandedOver")
    performer: Many[_Performer]
    medication: CodeableConcept = Field(alias="medicationCodeableConcept")
    extension: Many[Extension] = Field(default_factory=list)
    quantity: Quantity | None = None
    days_supply: Quantity | None = Field(None, alias="daysSupply")
    dosage: Many[CodeableConcept] = Field(default_factory=list, alias="dosageInstruction")


class _Procedure(_Row):
    performed: Day = Field(alias="performedDateTime")
    performer: Many[_Performer]
    code: CodeableConcept


class _Observation(_Row):
    effective: Day = Field(alias="effectiveDateTime")
    code: CodeableConcept
    value_quantity: Quantity | None = Field(None, alias="valueQuantity")
    value_concept: CodeableConcept | None = Field(None, alias="valueCodeableConcept")
    value_string: Text | None = Field(None, alias="valueString")


class _Entry(Element):
    resource: Json


class _Link(Element):
    relation: Text
    url: Text


class _Bundle(Element):
    type: Text
    total: int | None = None
    link: Many[_Link] = Field(default_factory=list)
    entry: Many[_Entry] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its rows, how many rows the payer counts in all pages, and the next page's URL.

    ``rows`` is the number of rows sent, ``records`` holds those that tell of something that
    happened.
    """

    records: tuple[Record, ...]
    rows: int
    total: int | None
    next_url: str | None


AnyRow = TypeVar("AnyRow", bound=_Row)


@dataclass(frozen=True, slots=True)
class _Kind(Generic[AnyRow]):
    resource_type: str
    row: type[AnyRow]
    read: Callable[[AnyRow], Record]


def _required(value: str | None, what: str) -> str:
    if value is None:
        msg = f"{what} is missing"
        raise ValueError(msg)
    return value


def _institution(performers: Sequence[_Performer]) -> Institution:
    name = only(performers, "performer").actor.display
    return Institution(_required(name, "the institution's name"))


def _medication(row: _MedicationDispense) -> MedicationRecord:
    quantity = row.quantity or Quantity()
    days = None if row.days_supply is None else row.days_supply.value
    if days is not None and (days != int(days) or days < 0):
        msg = "a number of days is whole"
        raise ValueError(msg)
    dosage = at_most_one(row.dosage, "dosageInstruction")
    return MedicationRecord(
        origin=MedicationOrigin.DISPENSING,
        dispensed_on=row.when_handed_over,
        dispenser=_institution(row.performer),
        name=_required(row.medication.text, "the medicine's name"),
        ingredient=string_of(row.extension, ext("ingredient")),
        quantity=quantity.value,
        unit=quantity.unit,
        usage=None if dosage is None else dosage.text,
        days=None if days is None else int(days),
    )


def _treatment(row: _Procedure) -> TreatmentRecord:
    return TreatmentRecord(
        month=CalendarMonth.of(row.performed),
        performed_on=row.performed,
        institution=_institution(row.performer),
        name=_required(row.code.text, "the treatment's name"),
    )


def _checkup(row: _Observation) -> CheckupObservation:
    coding = only([one for one in row.code.coding if one.system == CS_JLAC10], "the item's code")
    code = _required(coding.code, "the item's code")
    quantity = row.value_quantity
    words = [row.value_string, None if row.value_concept is None else row.value_concept.text]
    values = [None if quantity is None else quantity.value, *words]
    return CheckupObservation(
        effective_date=row.effective,
        item_code=code,
        item_name=_required(coding.display, "the item's name"),
        value=only([value for value in values if value is not None], "the item's value"),
        unit=None if quantity is None else quantity.unit,
    )


_KINDS: dict[ConsentCategory, _Kind[_MedicationDispense] | _Kind[_Procedure] | _Kind[_Observation]]
_KINDS = {
    ConsentCategory.YZK: _Kind("MedicationDispense", _MedicationDispense, _medication),
    ConsentCategory.SRJ: _Kind("Procedure", _Procedure, _treatment),
    ConsentCategory.TKK: _Kind("Observation", _Observation, _checkup),
}


def resource_type(category: ConsentCategory) -> str | None:
    """Return the FHIR type that carries this category, None where the profile has none."""
    kind = _KINDS.get(category)
    return None if kind is None else kind.resource_type


def read_page(body: bytes, category: ConsentCategory, payer_patient: str, consent_id: str) -> Page:
    """Return one page of a category that :func:`resource_type` knows.

    Raises AnswerForAnotherPersonError (naming the consent) for a row about anybody else than
    ``payer_patient``, and PayerProtocolError for what cannot be read.
    """
    resource = parse_json(body)
    kind = _KINDS[category]

    def read() -> Page:
        bundle = read_resource(_Bundle, "Bundle", resource)
        if bundle.type != "searchset":
            msg = "the list is not a search result"
            raise ValueError(msg)
        records = []
        for entry in bundle.entry:
            row = read_resource(kind.row, kind.resource_type, entry.resource)
            if row.subject.reference != payer_patient:
                raise AnswerForAnotherPersonError(consent_id, original=body)
            if row.status not in _NOT_HAPPENED:
                records.append(kind.read(row))  # type: ignore[arg-type]  # of this kind's row
        urls = [link.url for link in bundle.link if link.relation == "next"]
        return Page(tuple(records), len(bundle.entry), bundle.total, at_most_one(urls, "next"))

    return reading(body, read)
