"""What untidy records hold: all of it well formed, none of it as it should be.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from eligibility.calendar import CalendarMonth
from eligibility.history import (
    CheckupObservation,
    CodedResult,
    Comparator,
    Institution,
    MedicationOrigin,
    MedicationRecord,
    QuantityPer,
    TreatmentRecord,
)


def untidy_medications(records: Sequence[MedicationRecord], today: date) -> list[MedicationRecord]:
    """Return ``records`` and what does not fit: days that cannot be, places without a code."""
    if not records:
        return []
    first = replace(records[0], origin=MedicationOrigin.RECEIPT, prescribed_on=None)
    return [
        *records,
        replace(first, dispensed_on=today + timedelta(days=400), name="未来の日付の薬「見本」"),
        replace(first, dispensed_on=date(1900, 1, 1), name="昔すぎる日付の薬「見本」"),
        replace(first, days=9999, name="日数が多すぎる薬「見本」", code=None),
        replace(
            first,
            dispenser=Institution(first.institution.name),
            ingredient=None,
            quantity=Decimal("0.3333"),
            use=None,
            quantity_per=QuantityPer.WHOLE,
            days=None,
        ),
    ]


_TO_COME, _LONG_AGO = date(2099, 6, 1), date(1900, 1, 1)


def checkup_to_come() -> list[CheckupObservation]:
    """Return a checkup of a day that nobody has seen yet."""
    return [CheckupObservation(_TO_COME, "9N006000000000001", "体重", Decimal("70.0"), "kg")]


def untidy_treatments(records: Sequence[TreatmentRecord]) -> list[TreatmentRecord]:
    """Return ``records``, and acts of days that cannot be."""
    days = {_TO_COME: "未来の診療行為「見本」", _LONG_AGO: "昔すぎる診療行為「見本」"}
    return [
        *records,
        *(
            replace(one, month=CalendarMonth.of(day), performed_on=day, name=name)
            for one in records[:1]
            for day, name in days.items()
        ),
    ]


def untidy_checkup(day: date, year: int) -> list[CheckupObservation]:
    """Return what does not fit into one year's checkup."""
    found = [
        CheckupObservation(day, "ZZZ99000000000001", "未登録の検査項目", Decimal("12.5"), "pg/mL"),
        CheckupObservation(day, "9Z999000000000011", "未登録の質問", CodedResult("7")),
        CheckupObservation(day, "9E100160900000049", "眼底検査（その他の所見）", None),
    ]
    if year % 2:
        found += [
            CheckupObservation(day, "3D010000001926101", "空腹時血糖", Decimal("5.6"), "mmol/L"),
            CheckupObservation(day, "3D045000001906202", "HbA1c（JDS値）", Decimal("5.2"), "%"),
            CheckupObservation(
                day, "3B090000002327101", "γ-GT（γ-GTP）", Decimal(10), "U/L", Comparator.BELOW
            ),
        ]
    else:
        found += [
            CheckupObservation(day, "3D046000001920402", "HbA1c（NGSP値）", Decimal("5.9"), "%"),
            CheckupObservation(day, "9A751000000000001", "収縮期血圧", Decimal("17.3"), "kPa"),
            CheckupObservation(day, "9N736000000000011", "喫煙", CodedResult("9")),
        ]
    return found
