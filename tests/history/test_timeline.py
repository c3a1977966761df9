"""Medicines over time: by ingredient, what overlaps, what is left; no more than the sources say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.calendar import CalendarMonth
from eligibility.history import Institution, MedicationOrigin, MedicationRecord, MedicationUse
from eligibility.history.merging import merged
from eligibility.history.timeline import (
    DateDoubt,
    IngredientGroup,
    day_doubt,
    drug_groups,
    month_doubt,
    places_of,
)
from tests.history.records import (
    CLINIC,
    MEDICINES,
    OTHER_CLINIC,
    OTHER_PHARMACY,
    TODAY,
    medicine,
)

RECEIPT, DISPENSING, PRESCRIPTION = MedicationOrigin


def group(*records: MedicationRecord, birthdate: date | None = None) -> IngredientGroup:
    """Return the one group of these records."""
    (found,) = drug_groups(merged(records), TODAY, birthdate)
    return found


def overlaps(found: IngredientGroup) -> bool:
    """Whether any supply overlaps another."""
    return any(line.overlap_days for line in found.lines)


def test_days_left_count_today() -> None:
    """28 days from 2 November end on the 29th: on the 24th there are six left."""
    assert group(medicine()).days_left == 6


@pytest.mark.parametrize(
    "fields",
    [
        {"days": None},
        {"days": 0},
        {"use": MedicationUse.AS_NEEDED},
        {"dispensed_on": TODAY + timedelta(days=1)},
        {"days": 5000},
        {"origin": PRESCRIPTION, "dispensed_on": None, "dispenser": None},
    ],
)
def test_days_left_are_open_where_nobody_knows(fields: dict[str, Any]) -> None:
    """No days, use as needed, a day to come or nothing handed over: no number is made up."""
    assert group(medicine(**({"origin": RECEIPT} | fields))).days_left is None


def test_a_supply_that_is_over_has_nothing_left() -> None:
    """What ended long ago has 0 days left, never fewer."""
    assert group(medicine(dispensed_on=date(2026, 1, 5), prescribed_on=None)).days_left == 0


def test_overlapping_days_from_another_place_are_marked() -> None:
    """The same ingredient from two prescribers for the same days is marked at both."""
    other = medicine(
        dispensed_on=date(2026, 11, 20),
        prescribed_on=date(2026, 11, 20),
        dispenser=OTHER_PHARMACY,
        prescriber=OTHER_CLINIC,
        days=7,
    )
    found = group(medicine(), other)
    assert [line.overlap_days for line in found.lines] == [7, 7]
    assert all(line.overlaps_elsewhere for line in found.lines)
    assert places_of(found.lines) == (OTHER_CLINIC, CLINIC)


def test_the_next_supply_from_the_same_place_is_none_elsewhere() -> None:
    """Two days handed over early overlap by two days, at one place."""
    early = medicine(dispensed_on=date(2026, 10, 7), prescribed_on=date(2026, 10, 7))
    found = group(medicine(), early)
    assert [line.overlap_days for line in found.lines] == [2, 2]
    assert not any(line.overlaps_elsewhere for line in found.lines)
    assert places_of(found.lines) == (CLINIC,)


def test_supplies_that_follow_each_other_do_not_overlap() -> None:
    """The day after the last day begins the next supply."""
    after = medicine(dispensed_on=date(2026, 10, 5), prescribed_on=None)
    assert not overlaps(group(medicine(), after))


@pytest.mark.parametrize(
    "fields",
    [
        {"code": "620000000", "name": "【般】アムロジピン錠５ｍｇ", "prescriber": CLINIC},
        {"prescriber": Institution(CLINIC.name), "code": "620000000"},
    ],
)
def test_a_prescription_given_as_another_brand_is_no_alarm(fields: dict[str, Any]) -> None:
    """What may be one dispensing is said to be that: no overlap is counted between the two."""
    prescribed = medicine(PRESCRIPTION, dispensed_on=None, dispenser=None, **fields)
    found = group(medicine(DISPENSING), prescribed)
    assert len(found.lines) == 2
    assert all(line.may_repeat for line in found.lines)
    assert not overlaps(found)


def test_a_prescription_of_somebody_else_overlaps() -> None:
    """A prescription of another clinic for the same days is another supply."""
    prescribed = medicine(
        PRESCRIPTION, dispensed_on=None, dispenser=None, prescriber=OTHER_CLINIC, days=7
    )
    found = group(medicine(DISPENSING), prescribed)
    assert overlaps(found)
    assert all(line.overlaps_elsewhere for line in found.lines)


def test_a_hydrate_is_the_same_ingredient() -> None:
    """「…水和物」 names the same ingredient; another salt is another one."""
    names = ["ロキソプロフェンナトリウム", "ロキソプロフェンナトリウム水和物", "別の塩"]
    records = [medicine(ingredient=name, code=None, name=name) for name in names]
    assert len(drug_groups(merged(records), TODAY)) == 2


def test_without_an_ingredient_a_medicine_stands_alone() -> None:
    """Nothing is guessed from a name: without 一般名 the group is the medicine itself."""
    found = group(medicine(ingredient=None))
    assert (found.ingredient, found.name) == (None, "アムロジピン錠５ｍｇ「見本」")


@pytest.mark.parametrize(
    ("fields", "doubt"),
    [
        ({"dispensed_on": date(2026, 11, 25)}, DateDoubt.FUTURE),
        ({"dispensed_on": date(1950, 1, 1), "prescribed_on": None}, DateDoubt.BEFORE_BIRTH),
        ({"dispensed_on": date(2026, 11, 1)}, DateDoubt.DISPENSED_BEFORE_PRESCRIBED),
        ({"days": 1001}, DateDoubt.TOO_MANY_DAYS),
    ],
)
def test_days_that_cannot_be_true_are_said(fields: dict[str, Any], doubt: DateDoubt) -> None:
    """An impossible day is shown as such and counts in no overlap."""
    found = group(medicine(**fields), birthdate=date(1960, 1, 1))
    assert found.lines[0].doubts == (doubt,)
    assert found.lines[0].days_left is None


@given(records=st.lists(MEDICINES, max_size=12))
def test_every_entry_stands_in_one_group(records: list[MedicationRecord]) -> None:
    """Grouping loses nothing, doubles nothing and holds any days."""
    groups = drug_groups(merged(records), TODAY, date(1960, 1, 1))
    lines = [line.entry for found in groups for line in found.lines]
    assert sorted(map(repr, lines)) == sorted(map(repr, merged(records)))
    for found in groups:
        for line in found.lines:
            assert line.days_left is None or 0 <= line.days_left <= 1000
            assert line.overlap_days <= (line.entry.days or 0)
            assert not (line.overlaps_elsewhere and not line.overlap_days)


@given(records=st.lists(MEDICINES, max_size=8))
def test_an_overlap_is_never_alone(records: list[MedicationRecord]) -> None:
    """Where one line overlaps, another line of its ingredient does too."""
    for found in drug_groups(merged(records), TODAY):
        assert sum(bool(line.overlap_days) for line in found.lines) != 1
        assert sum(line.may_repeat for line in found.lines) != 1


def test_a_code_tells_the_ingredient_that_its_own_source_leaves_out() -> None:
    """The same レセ電コード is the same medicine: it stands with its ingredient, and overlaps."""
    other: dict[str, Any] = {"dispenser": OTHER_PHARMACY, "prescriber": OTHER_CLINIC}
    found = group(medicine(), medicine(ingredient=None, name="別の書き方", **other))
    assert found.ingredient == "アムロジピンベシル酸塩"
    assert all(line.overlaps_elsewhere for line in found.lines)


def test_a_code_of_two_ingredients_tells_none() -> None:
    """Where sources contradict each other about a code, it says nothing of a third record."""
    records = [
        medicine(),
        medicine(ingredient="別の成分", dispensed_on=date(2026, 9, 1), prescribed_on=None),
        medicine(ingredient=None, dispensed_on=date(2026, 8, 1), prescribed_on=None),
    ]
    groups = drug_groups(merged(records), TODAY)
    assert {one.ingredient for one in groups} == {"アムロジピンベシル酸塩", "別の成分", None}


@pytest.mark.parametrize(
    ("day", "doubt"),
    [
        (TODAY, None),
        (TODAY + timedelta(days=1), DateDoubt.FUTURE),
        (date(1960, 5, 5), None),
        (date(1960, 5, 4), DateDoubt.BEFORE_BIRTH),
        (None, None),
    ],
)
def test_a_day_to_come_or_before_birth_is_doubted(
    day: date | None, doubt: DateDoubt | None
) -> None:
    """Of acts, diagnoses and checkups too; a month only where none of its days can be."""
    born = date(1960, 5, 5)
    assert day_doubt(day, TODAY, born) is doubt
    assert month_doubt(CalendarMonth(2026, 11), TODAY, born) is None
    assert month_doubt(CalendarMonth(2026, 12), TODAY, born) is DateDoubt.FUTURE
    assert month_doubt(CalendarMonth(1960, 4), TODAY, born) is DateDoubt.BEFORE_BIRTH
