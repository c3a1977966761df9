"""One dispensing is one line, whoever tells of it; what merely looks alike is two."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.history import Institution, MedicationOrigin, MedicationRecord, QuantityPer
from eligibility.history.merging import contradict, is_same_dispensing, merged
from tests.history.records import MEDICINES, OTHER_CLINIC, OTHER_PHARMACY, PHARMACY, medicine

RECEIPT, DISPENSING, PRESCRIPTION = MedicationOrigin


def test_three_sources_of_one_dispensing_are_one_line() -> None:
    """The receipt is shown, and all three are still there as origins."""
    told = [
        medicine(PRESCRIPTION, dispensed_on=None, dispenser=None),
        medicine(DISPENSING),
        medicine(RECEIPT, prescribed_on=None, usage=None),
    ]
    (entry,) = merged(told)
    assert entry.record.origin is RECEIPT
    assert entry.origins == (RECEIPT, DISPENSING, PRESCRIPTION)
    assert entry.prescribed_on == date(2026, 11, 2)
    assert entry.is_dispensed


@pytest.mark.parametrize(
    "fields",
    [
        {"dispensed_on": date(2026, 11, 3)},
        {"prescribed_on": date(2026, 11, 1)},
        {"dispenser": OTHER_PHARMACY},
        {"prescriber": OTHER_CLINIC},
        {"code": "620000000"},
        {"code": None, "name": "アムロジピン錠２．５ｍｇ「見本」"},
        {"days": 14},
        {"quantity": Decimal(2)},
        {"quantity": Decimal(27), "quantity_per": QuantityPer.WHOLE},
        {"dispenser": Institution(PHARMACY.name)},
        {"dispenser": None},
        {"inpatient": True},
    ],
)
def test_what_differs_or_is_not_certain_stays_apart(fields: dict[str, Any]) -> None:
    """Another day, place, medicine or amount, or a place that only may be the same: two lines."""
    one, other = medicine(RECEIPT, inpatient=False), medicine(DISPENSING, **fields)
    assert len(merged([one, other])) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "ｱﾑﾛｼﾞﾋﾟﾝ錠 5mg「見本」"},
        {"code": None},
        {"days": None, "quantity": Decimal("28.0"), "quantity_per": QuantityPer.WHOLE},
        {"ingredient": None, "usage": "別の書き方", "prescriber": None},
    ],
)
def test_another_writing_of_the_same_is_one_line(fields: dict[str, Any]) -> None:
    """Width and spaces of a name, an amount told in all, what is left out: still one."""
    assert len(merged([medicine(RECEIPT), medicine(DISPENSING, **fields)])) == 1


def test_one_source_never_repeats_itself() -> None:
    """Two equal rows of one receipt are two rows: only another source repeats."""
    assert len(merged([medicine(), medicine()])) == 2


def test_as_many_as_there_are_pair_off() -> None:
    """Two equal rows in two sources are two lines; two against one stay three."""
    twice = [medicine(RECEIPT), medicine(RECEIPT), medicine(DISPENSING), medicine(DISPENSING)]
    assert [len(entry.records) for entry in merged(twice)] == [2, 2]
    assert len(merged(twice[:3])) == 3


def test_a_doubt_about_one_is_a_doubt_about_all() -> None:
    """Where one source fits two that contradict each other, all three stand."""
    open_days = medicine(DISPENSING, days=None, quantity_per=None)
    told = [medicine(RECEIPT, days=28), open_days, medicine(PRESCRIPTION, days=14)]
    assert is_same_dispensing(told[0], told[1])
    assert is_same_dispensing(told[1], told[2])
    assert len(merged(told)) == 3


def test_a_prescription_alone_is_not_dispensed() -> None:
    """What was only prescribed says so."""
    (entry,) = merged([medicine(PRESCRIPTION, dispensed_on=None, dispenser=None)])
    assert not entry.is_dispensed


@given(records=st.lists(MEDICINES, max_size=12))
def test_nothing_is_lost_and_nothing_is_invented(records: list[MedicationRecord]) -> None:
    """Every record stands in exactly one entry."""
    told = [record for entry in merged(records) for record in entry.records]
    assert Counter(told) == Counter(records)


@given(records=st.lists(MEDICINES, max_size=12))
def test_only_what_is_the_same_for_certain_is_joined(records: list[MedicationRecord]) -> None:
    """In an entry each source tells once, none contradicts another, each is the same as one."""
    for entry in merged(records):
        assert len(set(entry.origins)) == len(entry.origins)
        assert entry.record.origin is min(entry.origins)
        for one in entry.records:
            others = [other for other in entry.records if other is not one]
            assert not any(contradict(one, other) for other in others)
            assert not others or any(is_same_dispensing(one, other) for other in others)


@given(records=st.lists(MEDICINES, max_size=10), data=st.data())
def test_the_order_given_says_nothing(records: list[MedicationRecord], data: st.DataObject) -> None:
    """The payer's order changes no line."""
    shuffled = data.draw(st.permutations(records))
    assert merged(shuffled) == merged(records)


@given(records=st.lists(MEDICINES, max_size=10))
def test_lines_are_the_newest_first(records: list[MedicationRecord]) -> None:
    """Lines stand by day, the newest first."""
    days = [entry.day for entry in merged(records)]
    assert days == sorted(days, reverse=True)


@given(one=MEDICINES, other=MEDICINES)
def test_what_is_said_by_nobody_joins_nothing(
    one: MedicationRecord, other: MedicationRecord
) -> None:
    """Without an institution in common there is no certainty, whatever else agrees."""
    apart = replace(
        other, dispenser=Institution("よその薬局"), prescriber=Institution("よその医院")
    )
    assert not is_same_dispensing(one, apart)


@pytest.mark.parametrize(("number", "lines"), [(28, 1), (14, 2)])
def test_a_number_of_days_or_times_contradicts_other_days_alone(number: int, lines: int) -> None:
    """A dispensing of "28, days or times" is the receipt's of 28 days or of once, not of 14."""
    open_number = medicine(DISPENSING, days=None, days_or_times=number, quantity_per=None)
    assert len(merged([medicine(RECEIPT), open_number])) == lines
    times = medicine(RECEIPT, days=None, times=1, quantity_per=None)
    assert len(merged([times, open_number])) == 1
