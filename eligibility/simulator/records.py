"""Synthetic history: medicines, treatment and checkups that fit a person's illnesses.  Pure.

The three sources of medicines repeat each other as the real ones do: receipts come weeks late and
stay for years, electronic prescriptions and dispensings come at once and stay for 100 days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from zlib import crc32

from eligibility.calendar import CalendarMonth
from eligibility.history import (
    DiagnosisRecord,
    MedicationOrigin,
    MedicationRecord,
    MedicationUse,
    OperationRecord,
    QuantityPer,
    TreatmentRecord,
)
from eligibility.simulator.checkups import checkups_of
from eligibility.simulator.drugs import Drug
from eligibility.simulator.people import Condition, Person, Recorded
from eligibility.simulator.untidy import untidy_medications, untidy_treatments
from eligibility.simulator.visits import (
    CLINICS,
    PHARMACIES,
    YEARS_BACK,
    ClinicVisit,
    chance_of,
    visits_of,
)

__all__ = [
    "YEARS_BACK",
    "checkups_of",
    "diagnoses_of",
    "medications_of",
    "operations_of",
    "treatments_of",
]

_RECEIPT_LAG = timedelta(days=41)
_ELECTRONIC_STAYS = timedelta(days=100)
_SHARE_ELECTRONIC = 0.7
_SHARE_BY_GENERIC_NAME = 0.3
_EXTERNAL = ("貼付", "塗布", "噴霧", "点眼")

_DIAGNOSES: dict[Condition, tuple[str, str]] = {
    Condition.HYPERTENSION: ("高血圧症", "8833421"),
    Condition.LIPIDS: ("脂質異常症", "2724008"),
    Condition.DIABETES: ("２型糖尿病", "2500015"),
    Condition.REFLUX: ("逆流性食道炎", "5301014"),
    Condition.INSOMNIA: ("不眠症", "7805012"),
    Condition.BONES: ("骨粗鬆症", "7330007"),
    Condition.KNEES: ("変形性膝関節症", "7153018"),
    Condition.HAY_FEVER: ("季節性アレルギー性鼻炎", "4770007"),
    Condition.ASTHMA: ("気管支喘息", "4939008"),
    Condition.FIBRILLATION: ("心房細動", "4273007"),
    Condition.CONSTIPATION: ("便秘症", "5640005"),
}
_OPERATIONS: dict[Condition, tuple[str, str]] = {
    Condition.KNEES: ("人工関節置換術（膝）", "150401210"),
    Condition.FIBRILLATION: ("経皮的カテーテル心筋焼灼術", "150262410"),
}


def medications_of(person: Person, today: date) -> list[MedicationRecord]:
    """Return what each source tells of the last five years, newest first."""
    records = [
        record
        for visit in _with_second_clinic(person, visits_of(person, today))
        for drug in visit.drugs
        for record in _told(person, visit, drug, today)
    ]
    if person.recorded is Recorded.UNTIDY:
        records = untidy_medications(records, today)
    return sorted(records, key=lambda record: record.day, reverse=True)


def treatments_of(person: Person, today: date) -> list[TreatmentRecord]:
    """Return the acts of treatment of the last five years, newest first."""
    records = [
        TreatmentRecord(
            CalendarMonth.of(visit.day),
            visit.clinic,
            act,
            performed_on=visit.day,
            code=_code("1", act),
            times=1,
        )
        for visit in visits_of(person, today)
        for act in visit.acts
    ]
    return untidy_treatments(records) if person.recorded is Recorded.UNTIDY else records


def diagnoses_of(person: Person, today: date) -> list[DiagnosisRecord]:
    """Return the diagnoses on each month's receipts, newest first."""
    found: dict[tuple[CalendarMonth, str, Condition], DiagnosisRecord] = {}
    for visit in visits_of(person, today):
        month = CalendarMonth.of(visit.day)
        for place, reason in enumerate(visit.reasons):
            name, code = _DIAGNOSES[reason]
            began = date(2019, 1, 1) + timedelta(
                days=chance_of(person, "began", reason).randrange(700)
            )
            found.setdefault(
                (month, visit.clinic.name, reason),
                DiagnosisRecord(
                    month,
                    visit.clinic,
                    name,
                    began_on=began,
                    code=code,
                    is_main=place == 0,
                    suspected=chance_of(person, "suspected", reason).random() < 0.1,
                ),
            )
    return list(found.values())


def operations_of(person: Person, today: date) -> list[OperationRecord]:
    """Return the operations of the last five years, newest first."""
    found = []
    for reason in person.conditions if visits_of(person, today) else ():
        day = date(2021, 1, 1) + timedelta(
            days=chance_of(person, "operation", reason).randrange(2000)
        )
        earliest = today - timedelta(days=365 * YEARS_BACK)
        if reason in _OPERATIONS and earliest <= day <= today:
            name, code = _OPERATIONS[reason]
            hospital = CLINICS[2]
            found.append(
                OperationRecord(
                    CalendarMonth.of(day), hospital, name, day, code, times=1, inpatient=True
                )
            )
    return sorted(found, key=lambda record: record.month, reverse=True)


def _with_second_clinic(person: Person, visits: list[ClinicVisit]) -> Iterator[ClinicVisit]:
    """Yield the visits, and for the one with much on record the same from another clinic too."""
    for visit in visits:
        yield visit
        if person.recorded is Recorded.MUCH and visit.reasons and visit.day.day <= 7:
            other = next(one for one in CLINICS if one != visit.clinic)
            yield replace(visit, clinic=other, pharmacy=PHARMACIES[-1], drugs=visit.drugs[:2])


def _told(
    person: Person, visit: ClinicVisit, drug: Drug, today: date
) -> Iterator[MedicationRecord]:
    """Yield what receipt, dispensing and prescription tell today of one medicine."""
    days = drug.days or visit.interval
    external = any(word in drug.usage for word in _EXTERNAL)
    whole = drug.quantity * days if drug.unit == "枚" else drug.quantity
    receipt = MedicationRecord(
        origin=MedicationOrigin.RECEIPT,
        name=drug.name,
        dispensed_on=visit.day,
        prescribed_on=visit.day,
        dispenser=visit.pharmacy,
        prescriber=visit.clinic,
        code=_code("6", drug.name),
        ingredient=drug.ingredient,
        use=MedicationUse.EXTERNAL if external else MedicationUse.INTERNAL,
        quantity=whole if external else drug.quantity,
        unit=drug.unit,
        quantity_per=QuantityPer.WHOLE if external else QuantityPer.DAY,
        days=days,
        usage=drug.usage,
        inpatient=False,
    )
    age = today - visit.day
    if age >= _RECEIPT_LAG:
        yield receipt
    chance = chance_of(person, "electronic", visit.clinic.name)
    electronic = person.persona is not None or chance.random() < _SHARE_ELECTRONIC
    if not electronic or age > _ELECTRONIC_STAYS:
        return
    yield replace(receipt, origin=MedicationOrigin.DISPENSING)
    prescription = replace(
        receipt, origin=MedicationOrigin.PRESCRIPTION, dispensed_on=None, dispenser=None
    )
    if chance_of(person, "generic", drug.name).random() < _SHARE_BY_GENERIC_NAME:
        # prescribed by the ingredient's name, so that no code says which brand was given
        name = "【般】" + drug.name.partition("「")[0]
        prescription = replace(prescription, name=name, code=None)
    yield prescription


def _code(first: str, name: str) -> str:
    """Return nine digits that belong to a name, as a receipt code does."""
    return f"{first}{crc32(name.encode()) % 10**8:08d}"
