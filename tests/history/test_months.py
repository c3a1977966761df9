"""Treatment by month and institution: all of it once, sensitive rows known as such."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.calendar import CalendarMonth
from eligibility.codes import ConsentCategory
from eligibility.history import (
    DiagnosisRecord,
    History,
    Institution,
    OperationRecord,
    TreatmentRecord,
)
from eligibility.history.months import is_sensitive, months_of_care

MONTHS = st.builds(CalendarMonth, st.integers(2021, 2022), st.integers(1, 12))
PLACES = st.builds(
    Institution, st.sampled_from(["甲医院", "乙医院"]), st.sampled_from([None, "1310000013"])
)
NAMES = st.sampled_from(["再診料", "通院精神療法", "初診料"])
FETCHED = frozenset({ConsentCategory.SRJ, ConsentCategory.SHJ})


def history(
    treatments: tuple[TreatmentRecord, ...] = (),
    operations: tuple[OperationRecord, ...] = (),
    diagnoses: tuple[DiagnosisRecord, ...] = (),
) -> History:
    """Return a history of these."""
    return History(
        "c-1", datetime(2026, 11, 24, tzinfo=UTC), FETCHED, (), treatments, operations, diagnoses
    )


HISTORIES = st.builds(
    history,
    st.lists(st.builds(TreatmentRecord, MONTHS, PLACES, NAMES), max_size=8).map(tuple),
    st.lists(st.builds(OperationRecord, MONTHS, PLACES, NAMES), max_size=4).map(tuple),
    st.lists(st.builds(DiagnosisRecord, MONTHS, PLACES, NAMES), max_size=4).map(tuple),
)


@given(history=HISTORIES)
def test_everything_stands_once_under_its_month_and_place(history: History) -> None:
    """No record is lost, doubled, or put under another month or institution."""
    months = months_of_care(history)
    assert [one.month for one in months] == sorted({one.month for one in months}, reverse=True)
    found = []
    for month in months:
        for care in month.institutions:
            told_here: tuple[TreatmentRecord | OperationRecord | DiagnosisRecord, ...]
            told_here = (*care.treatments, *care.operations, *care.diagnoses)
            for record in told_here:
                assert record.month == month.month
                assert record.institution.is_same_as(care.institution)
                found.append(record)
        places = [care.institution for care in month.institutions]
        for number, one in enumerate(places):
            assert not any(one.is_same_as(other) for other in places[number + 1 :])
    told = [*history.treatments, *history.operations, *history.diagnoses]
    assert sorted(map(repr, found)) == sorted(map(repr, told))


def test_acts_stand_in_the_order_of_their_days() -> None:
    """Within a month the days ascend; an act whose day is not told comes first."""
    month, place = CalendarMonth(2026, 11), Institution("甲医院")
    acts = [TreatmentRecord(month, place, "再診料", date(2026, 11, day)) for day in (20, 2)]
    acts.append(TreatmentRecord(month, place, "処方料"))
    (only,) = months_of_care(history(tuple(acts)))
    days = [one.performed_on for one in only.institutions[0].treatments]
    assert days == [None, date(2026, 11, 2), date(2026, 11, 20)]


@pytest.mark.parametrize(
    ("name", "sensitive"),
    [
        ("再診料", False),
        ("通院・在宅精神療法", True),
        ("ＨＩＶ－１抗体", True),
        ("血液採取", False),
    ],
)
def test_acts_that_tell_too_much_are_sensitive(name: str, sensitive: bool) -> None:
    """Psychiatry, HIV and the like are folded until somebody asks; everyday acts are not."""
    month, place = CalendarMonth(2026, 11), Institution("甲医院")
    assert is_sensitive(TreatmentRecord(month, place, name)) is sensitive


def test_operations_and_diagnoses_are_sensitive() -> None:
    """Whatever they are called."""
    month, place = CalendarMonth(2026, 11), Institution("甲医院")
    assert is_sensitive(OperationRecord(month, place, "白内障手術"))
    assert is_sensitive(DiagnosisRecord(month, place, "高血圧症"))


def test_a_day_outside_its_month_is_refused() -> None:
    """A record that contradicts itself is none."""
    with pytest.raises(ValueError, match="lies in its month"):
        TreatmentRecord(CalendarMonth(2026, 11), Institution("甲"), "再診料", date(2026, 10, 2))
