"""Synthetic results of the yearly specific health checkup (特定健診), JLAC10 coded.  Pure.

From 40 years on, since fiscal year 2020 and five years back.  Values follow from sex, age and
lasting illnesses, and move slowly from year to year.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from eligibility.codes import Sex
from eligibility.history import CheckupObservation, CodedResult
from eligibility.simulator.people import Condition, Person, Recorded, age_on
from eligibility.simulator.untidy import checkup_to_come, untidy_checkup

_FIRST_YEAR = 2020
_YEARS = 5


def checkups_of(person: Person, today: date) -> list[CheckupObservation]:
    """Return the checkups that can be seen on ``today``, newest first."""
    if not person.insurer.scheme.shows_history or person.recorded is Recorded.NOTHING:
        return []
    year = today.year if today.month >= 4 else today.year - 1
    found: list[CheckupObservation] = []
    if person.recorded is Recorded.UNTIDY:
        found += checkup_to_come()
    for fiscal_year in range(year, max(_FIRST_YEAR, year - _YEARS) - 1, -1):
        day = _checkup_day(person, fiscal_year)
        if day is not None and day <= today:
            found += _checkup(person, fiscal_year, day)
            if person.recorded is Recorded.UNTIDY:
                found += untidy_checkup(day, fiscal_year)
    return found


def _chance(person: Person, *about: object) -> random.Random:
    return random.Random("/".join(map(str, (person.patient_id, *about))))  # noqa: S311  # synthetic


def _checkup_day(person: Person, fiscal_year: int) -> date | None:
    """Return the day of that year's checkup, or None where the person did not go."""
    chance = _chance(person, "checkup", fiscal_year)
    day = date(fiscal_year, 5, 10) + timedelta(days=chance.randrange(150))
    if day.isoweekday() >= 6:
        day += timedelta(days=2)
    if not 40 <= age_on(person.birthdate, day) < 90:
        return None
    # whoever has a story goes every year, others two years in three
    return day if person.persona or chance.random() < 0.67 else None


def _number(value: float, places: int = 0) -> Decimal:
    return Decimal(f"{value:.{places}f}")


def _checkup(person: Person, fiscal_year: int, day: date) -> Iterator[CheckupObservation]:
    base = _chance(person, "body")
    year = _chance(person, "values", fiscal_year)
    ill = set(person.conditions)
    male = person.sex is Sex.MALE
    age = age_on(person.birthdate, day)
    elapsed = fiscal_year - _FIRST_YEAR

    height = base.gauss(169 if male else 156, 5.5) - max(0, age - 60) * 0.1
    bmi = base.gauss(24.2 if male else 22.3, 2.6) + 0.08 * elapsed + year.gauss(0, 0.25)
    if Condition.DIABETES in ill:
        bmi += 1.6
    bmi = min(max(bmi, 17.0), 36.0)
    weight = bmi * (height / 100) ** 2
    waist = 84 + (bmi - 23.5) * 2.3 + (1.5 if male else -1.5) + year.gauss(0, 1)
    high = Condition.HYPERTENSION in ill
    systolic = base.gauss(134 if high else 118, 6) + (age - 50) * 0.25 + year.gauss(0, 5)
    diastolic = systolic * 0.6 + base.gauss(3, 3) + year.gauss(0, 3)
    lipids = Condition.LIPIDS in ill
    triglycerides = max(40.0, base.gauss(165 if lipids else 105, 30) + year.gauss(0, 20))
    hdl = min(max(base.gauss(56 if male else 66, 8) + year.gauss(0, 3), 30.0), 110.0)
    ldl = max(60.0, base.gauss(138 if lipids else 116, 14) + year.gauss(0, 7))
    sweet = Condition.DIABETES in ill
    hba1c = max(4.8, base.gauss(6.9 if sweet else 5.5, 0.25) + 0.03 * elapsed + year.gauss(0, 0.1))
    glucose = 28.7 * hba1c - 46.7 - (15 if sweet else 13) + year.gauss(0, 4)
    creatinine = max(0.45, base.gauss(0.88 if male else 0.66, 0.09) + (age - 60) * 0.003)
    egfr = 194 * creatinine**-1.094 * age**-0.287 * (1 if male else 0.739)
    ast = max(12.0, base.gauss(23, 5) + year.gauss(0, 2))
    alt = max(8.0, base.gauss(22, 7) + (bmi - 23) * 1.5 + year.gauss(0, 3))
    ggt = max(10.0, base.gauss(42 if male else 22, 14) + year.gauss(0, 4))
    hemoglobin = base.gauss(14.8 if male else 13.0, 0.8) - max(0, age - 65) * 0.03

    def measured(code: str, name: str, value: Decimal, unit: str) -> CheckupObservation:
        return CheckupObservation(day, code, name, value, unit)

    yield measured("9N001000000000001", "身長", _number(height, 1), "cm")
    yield measured("9N006000000000001", "体重", _number(weight, 1), "kg")
    yield measured("9N011000000000001", "BMI", _number(bmi, 1), "kg/m2")
    yield measured("9N016160100000001", "腹囲（実測）", _number(waist, 1), "cm")
    yield measured("9A751000000000001", "収縮期血圧（１回目）", _number(systolic), "mmHg")
    yield measured("9A761000000000001", "拡張期血圧（１回目）", _number(diastolic), "mmHg")
    yield measured("3F015000002327101", "空腹時中性脂肪", _number(triglycerides), "mg/dL")
    yield measured("3F070000002327101", "HDLコレステロール", _number(hdl), "mg/dL")
    yield measured("3F077000002327101", "LDLコレステロール", _number(ldl), "mg/dL")
    yield measured("3B035000002327201", "AST（GOT）", _number(ast), "U/L")
    yield measured("3B045000002327201", "ALT（GPT）", _number(alt), "U/L")
    yield measured("3B090000002327101", "γ-GT（γ-GTP）", _number(ggt), "U/L")
    yield measured("3D010000001926101", "空腹時血糖", _number(glucose), "mg/dL")
    yield measured("3D046000001906202", "HbA1c（NGSP値）", _number(hba1c, 1), "%")
    yield measured("3C015000002327101", "血清クレアチニン", _number(creatinine, 2), "mg/dL")
    yield measured("8A065000002391901", "eGFR", _number(egfr, 1), "mL/min/1.73m2")
    yield measured("2A030000001930101", "ヘモグロビン", _number(hemoglobin, 1), "g/dL")

    def coded(code: str, name: str, result: int, words: str | None = None) -> CheckupObservation:
        return CheckupObservation(day, code, name, CodedResult(str(result), words))

    sugar = coded("1A020000000190111", "尿糖", *((3, "＋") if glucose > 180 else (1, "－")))
    protein = (2, "±") if high and year.random() < 0.3 else (1, "－")
    yield sugar
    yield coded("1A010000000190111", "尿蛋白", *protein)
    yield coded("9N501000000000011", "メタボリックシンドローム判定", *_metabolic(waist, male, ill))
    for code, name, illness in _TAKES:
        yield coded(code, name, 1 if illness in ill else 2)
    smokes = base.random() < 0.2
    # 第4期: from fiscal year 2024 on the answer in between is new, and いいえ is 3
    yield coded("9N736000000000011", "喫煙", 1 if smokes else 3 if fiscal_year >= 2024 else 2)
    yield coded("9N786000000000011", "飲酒", 4 if fiscal_year >= 2024 else 2)
    yield coded("9N746000000000011", "30分以上の運動習慣", 1 if bmi < 24 else 2)
    yield CheckupObservation(day, "9N511000000000049", "医師の診断（判定）", "総合的に著変なし")


_TAKES = (
    ("9N701000000000011", "服薬1（血圧）", Condition.HYPERTENSION),
    ("9N706000000000011", "服薬2（血糖）", Condition.DIABETES),
    ("9N711000000000011", "服薬3（脂質）", Condition.LIPIDS),
)


def _metabolic(waist: float, male: bool, ill: set[Condition]) -> tuple[int, str]:
    """Return 基準該当, 予備群該当 or 非該当 by waist and the number of further risks."""
    risks = len(ill & {Condition.HYPERTENSION, Condition.LIPIDS, Condition.DIABETES})
    if waist < (85 if male else 90) or risks == 0:
        return 3, "非該当"
    return (1, "基準該当") if risks >= 2 else (2, "予備群該当")
