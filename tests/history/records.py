"""Records of consented history, made up for tests, and strategies for wild ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from eligibility.history import (
    CheckupObservation,
    CodedResult,
    Institution,
    MedicationOrigin,
    MedicationRecord,
    MedicationUse,
    QuantityPer,
)

TODAY = date(2026, 11, 24)
CLINIC = Institution("見本内科医院", "1310000013")
OTHER_CLINIC = Institution("青葉みほん医院", "1310000021")
PHARMACY = Institution("見本駅前薬局", "1340000019")
OTHER_PHARMACY = Institution("桜町みほん薬局", "1340000027")


def medicine(
    origin: MedicationOrigin = MedicationOrigin.RECEIPT, **fields: Any
) -> MedicationRecord:
    """Return a medicine dispensed on 2 November for 28 days, but for ``fields``."""
    made: dict[str, Any] = {
        "name": "アムロジピン錠５ｍｇ「見本」",
        "dispensed_on": date(2026, 11, 2),
        "prescribed_on": date(2026, 11, 2),
        "dispenser": PHARMACY,
        "prescriber": CLINIC,
        "code": "612170709",
        "ingredient": "アムロジピンベシル酸塩",
        "use": MedicationUse.INTERNAL,
        "quantity": Decimal(1),
        "unit": "錠",
        "quantity_per": QuantityPer.DAY,
        "days": 28,
        "usage": "１日１回朝食後",
    }
    return MedicationRecord(origin, **(made | fields))


INSTITUTIONS = st.sampled_from(
    [None, CLINIC, OTHER_CLINIC, PHARMACY, Institution("見本内科医院"), Institution("見本駅前薬局")]
)
DAYS = st.none() | st.dates(date(2026, 10, 25), date(2026, 11, 8)) | st.just(date(1, 1, 1))


def _medicine(fields: dict[str, Any]) -> MedicationRecord | None:
    try:
        return MedicationRecord(**fields)
    except ValueError:
        return None


MEDICINES = (
    st.fixed_dictionaries(
        {
            "origin": st.sampled_from(MedicationOrigin),
            "name": st.sampled_from(
                ["アムロジピン錠５ｍｇ「見本」", "ｱﾑﾛｼﾞﾋﾟﾝ錠5mg「見本」", "別の薬"]
            ),
            "dispensed_on": DAYS,
            "prescribed_on": DAYS,
            "dispenser": INSTITUTIONS,
            "prescriber": INSTITUTIONS,
            "code": st.sampled_from([None, "612170709", "620000000"]),
            "ingredient": st.sampled_from([None, "アムロジピンベシル酸塩", "別の成分"]),
            "use": st.sampled_from([None, MedicationUse.INTERNAL, MedicationUse.AS_NEEDED]),
            "quantity": st.sampled_from([None, Decimal(1), Decimal("28.0")]),
            "unit": st.sampled_from([None, "錠"]),
            "quantity_per": st.sampled_from([None, *QuantityPer]),
            "days": st.sampled_from([None, 0, 7, 28, 10**9]),
            "times": st.sampled_from([None, 10]),
            "days_or_times": st.sampled_from([None, 0, 28]),
        }
    )
    .map(_medicine)
    .filter(lambda one: one is not None)
)


def measured(day: date, code: str, value: Any, unit: str | None = None) -> CheckupObservation:
    """Return one result; a str of digits becomes a number."""
    number = isinstance(value, str) and value.replace(".", "").isdigit()
    return CheckupObservation(
        day, code, f"項目{code[:5]}", Decimal(value) if number else value, unit
    )


OBSERVATIONS = st.builds(
    lambda day, code, value: CheckupObservation(day, code, "項目", *value),
    st.dates(date(2018, 1, 1), date(2027, 1, 1)),
    st.sampled_from(
        [
            "3D046000001906202",
            "3D046000001920402",
            "3D045000001906202",
            "9N736000000000011",
            "1A020000000190111",
            "9A751000000000001",
            "ZZZZZ000000000001",
        ]
    ),
    st.one_of(
        st.tuples(
            st.decimals(0, 300, places=1), st.sampled_from([None, "%", "mg/dL", "mg/dl", "mmHg"])
        ),
        st.tuples(st.sampled_from([None, "文", CodedResult("2"), CodedResult("9", "その他")])),
    ),
)
