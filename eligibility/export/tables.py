"""A history as tables, one for each part: a stable set of columns, described in docs/history.md.

Each row says of itself whose it is, which consent opened it until when, who told it and when, so
that no row means less when it is cut out.  A part without a record has a row that says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory, UnknownCode
from eligibility.export.medicines import doubts_of
from eligibility.export.taken import PartState, TakenHistory
from eligibility.history import (
    CheckupObservation,
    CodedResult,
    DiagnosisRecord,
    Institution,
    OperationRecord,
    TreatmentRecord,
)
from eligibility.history.timeline import DrugLine

Cell = str | int | Decimal | None

RECORD = "record"
NOTHING_ON_RECORD = "nothing-on-record"
"""What ``record`` says where a part was fetched and is empty; else a :class:`PartState`."""

WHOSE = ("patient_number", "patient_name", "patient_birthdate")
UNDER = (
    "consent_category",
    "consent_id",
    "consent_given_at",
    "consent_until",
    "consent_given_by",
    "fetched_at",
    "source",
    "exported_at",
)
DRUGS = (
    "dispensed_on",
    "prescribed_on",
    "name",
    "code",
    "ingredient",
    "use",
    "quantity",
    "unit",
    "quantity_per",
    "days",
    "times",
    "days_or_times",
    "usage",
    "special_instruction",
    "dispenser",
    "dispenser_code",
    "prescriber",
    "prescriber_code",
    "inpatient",
    "origins",
    "doubts",
)
CARE = (
    "month",
    "day",
    "began_on",
    "name",
    "code",
    "classification",
    "quantity",
    "unit",
    "times",
    "inpatient",
    "main",
    "suspected",
    "outcome",
    "institution",
    "institution_code",
)
CHECKUPS = (
    "day",
    "item_code",
    "item_name",
    "comparator",
    "value",
    "unit",
    "result_code",
    "result_words",
    "institution",
    "institution_code",
)


class Table(StrEnum):
    """Which part of a history a table holds."""

    DRUGS = "drugs"
    CARE = "care"
    CHECKUPS = "checkups"

    @property
    def columns(self) -> tuple[str, ...]:
        """Its own columns, between those of all tables."""
        return {Table.DRUGS: DRUGS, Table.CARE: CARE, Table.CHECKUPS: CHECKUPS}[self]

    @property
    def categories(self) -> tuple[ConsentCategory, ...]:
        """What it is about."""
        return {
            Table.DRUGS: (ConsentCategory.YZK,),
            Table.CARE: (ConsentCategory.SRJ, ConsentCategory.SHJ),
            Table.CHECKUPS: (ConsentCategory.TKK,),
        }[self]

    @property
    def headers(self) -> tuple[str, ...]:
        """All columns in their order."""
        return (*WHOSE, RECORD, *self.columns, *UNDER)


class RecordKind(StrEnum):
    """What a row tells of."""

    MEDICINE = "medicine"
    ACT = "act"
    OPERATION = "operation"
    DIAGNOSIS = "diagnosis"
    CHECKUP_ITEM = "checkup-item"


def rows_of(table: Table, taken: TakenHistory) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows below ``table.headers``; numbers and units stay as they came."""
    whose = (taken.patient_number, " / ".join(taken.names), taken.birthdate.isoformat())
    for category in table.categories:
        under = _under(taken, category)
        empty = True
        for record, told in _records(table, category, taken):
            empty = False
            yield (*whose, record.value, *(told.get(one) for one in table.columns), *under)
        if empty:
            state = taken.state(category)
            said = NOTHING_ON_RECORD if state is PartState.FETCHED else state.value
            yield (*whose, said, *(None for _ in table.columns), *under)


def _under(taken: TakenHistory, category: ConsentCategory) -> tuple[Cell, ...]:
    consent = taken.consent
    by = "patient" if consent.acting_for is None else consent.acting_for.value
    return (
        str(category.value),
        consent.id,
        _moment(consent.given_at),
        _moment(consent.ends_at),
        by,
        _moment(taken.history.fetched_at),
        taken.source,
        _moment(taken.exported_at),
    )


def _records(
    table: Table, category: ConsentCategory, taken: TakenHistory
) -> Iterator[tuple[RecordKind, dict[str, Cell]]]:
    history = taken.history
    if table is Table.DRUGS:
        for line in taken.drug_lines():
            yield RecordKind.MEDICINE, _drug(line)
    elif table is Table.CHECKUPS:
        for item in history.checkups:
            yield RecordKind.CHECKUP_ITEM, _item(item)
    elif category is ConsentCategory.SRJ:
        for act in history.treatments:
            yield RecordKind.ACT, _act(act)
    else:
        for operation in history.operations:
            yield RecordKind.OPERATION, _act(operation)
        for diagnosis in history.diagnoses:
            yield RecordKind.DIAGNOSIS, _diagnosis(diagnosis)


def _drug(line: DrugLine) -> dict[str, Cell]:
    entry, record = line.entry, line.entry.record
    use = record.use
    return {
        "dispensed_on": _day(entry.dispensed_on),
        "prescribed_on": _day(entry.prescribed_on),
        "name": record.name,
        "code": record.code,
        "ingredient": record.ingredient,
        "use": use.value if isinstance(use, UnknownCode) else None if use is None else use.ja,
        "quantity": record.quantity,
        "unit": record.unit,
        "quantity_per": None if record.quantity_per is None else record.quantity_per.value,
        "days": record.days,
        "times": record.times,
        "days_or_times": record.days_or_times,
        "usage": record.usage,
        "special_instruction": record.special_instruction,
        **_place("dispenser", entry.dispenser),
        **_place("prescriber", entry.prescriber),
        "inpatient": _flag(record.inpatient),
        "origins": " ".join(one.name.lower() for one in entry.origins),
        "doubts": " ".join(doubts_of(line)),
    }


def _act(act: TreatmentRecord | OperationRecord) -> dict[str, Cell]:
    told: dict[str, Cell] = {
        "month": str(act.month),
        "day": _day(act.performed_on),
        "name": act.name,
        "code": act.code,
        "times": act.times,
        "inpatient": _flag(act.inpatient),
        **_place("institution", act.institution),
    }
    if isinstance(act, TreatmentRecord):
        told |= {
            "classification": act.classification,
            "quantity": act.quantity,
            "unit": act.unit,
        }
    return told


def _diagnosis(one: DiagnosisRecord) -> dict[str, Cell]:
    return {
        "month": str(one.month),
        "began_on": _day(one.began_on),
        "name": one.name,
        "code": one.code,
        "main": _flag(one.is_main),
        "suspected": _flag(one.suspected),
        "outcome": one.outcome,
        **_place("institution", one.institution),
    }


def _item(one: CheckupObservation) -> dict[str, Cell]:
    value = one.value
    coded = value if isinstance(value, CodedResult) else None
    return {
        "day": _day(one.effective_date),
        "item_code": one.item_code,
        "item_name": one.item_name,
        "comparator": None if one.comparator is None else one.comparator.value,
        "value": None if isinstance(value, CodedResult) else value,
        "unit": one.unit,
        "result_code": None if coded is None else coded.code,
        "result_words": None if coded is None else coded.words,
        **_place("institution", one.institution),
    }


def _place(name: str, place: Institution | None) -> dict[str, Cell]:
    if place is None:
        return {}
    return {name: place.name, f"{name}_code": place.code}


def _flag(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _moment(value: datetime) -> str:
    return value.astimezone(JAPAN).isoformat(timespec="seconds")
