"""What a page of a long history shows and what it says that it leaves out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.calendar import CalendarMonth
from eligibility.history import Institution, MedicationRecord, TreatmentRecord
from eligibility.history.merging import merged
from eligibility.history.months import CareAtInstitution, MonthOfCare
from eligibility.history.timeline import IngredientGroup, drug_groups
from tests.history.records import MEDICINES, TODAY, medicine
from web.history_pages import (
    GLANCE,
    DrugSelection,
    Period,
    care_page,
    drug_page,
    months_of,
    read_month,
)

GROUPS = st.lists(MEDICINES, max_size=25).map(
    lambda records: drug_groups(merged(one for one in records if one), TODAY)
)
SELECTIONS = st.builds(
    DrugSelection,
    st.sampled_from(Period),
    st.sampled_from(["", "ｱﾑﾛ", "別", "見本 医院", "612170709", "そんな薬はない"]),
    st.sampled_from([None, CalendarMonth(2026, 10), CalendarMonth(2026, 11)]),
)


@given(groups=GROUPS, selection=SELECTIONS, most=st.integers(1, 30))
def test_a_page_counts_what_it_leaves_out(
    groups: tuple[IngredientGroup, ...], selection: DrugSelection, most: int
) -> None:
    """Shown and left out are together what was found; never more than may be; newest first."""
    page = drug_page(groups, selection, TODAY, most)
    assert page.shown <= max(most, 0)
    in_groups = page.shown + sum(shown.hidden for shown in page.groups)
    assert in_groups <= page.found <= page.total
    assert (in_groups == page.found) == (page.hidden_groups == 0)
    fitting = selection.fits(TODAY)
    for shown in page.groups:
        assert all(fitting(line) for line in shown.lines)
        found = tuple(filter(fitting, shown.group.lines))
        certain = [line for line in found if not line.doubts]
        assert shown.found == found
        chosen = {id(line) for line in shown.lines}
        assert [line for line in found if id(line) in chosen] == list(shown.lines)
        assert [line for line in shown.lines if not line.doubts] == certain[: len(shown.lines)]
        if selection.is_a_glance:
            assert len(shown.lines) <= GLANCE
    assert page.total == sum(len(group.lines) for group in groups)


@given(groups=GROUPS)
def test_the_months_lead_to_every_line(groups: tuple[IngredientGroup, ...]) -> None:
    """Each line is on the page of its month, whatever else is asked."""
    months = months_of(groups)
    assert sum(count for _, count in months) == sum(len(group.lines) for group in groups)
    for month, count in months:
        page = drug_page(groups, DrugSelection(Period.THREE_MONTHS, "", month), TODAY)
        assert page.found == count == page.shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("アムロジピン", 1),
        ("ｱﾑﾛｼﾞﾋﾟﾝ錠5MG", 1),
        ("見本駅前 アムロ", 1),
        ("612170709", 1),
        ("見本駅前 ロキソ", 0),
        ("   ", 1),
    ],
)
def test_a_search_looks_at_names_codes_and_places_in_any_width(query: str, found: int) -> None:
    """All words must be there, in full or half width, large or small."""
    groups = drug_groups(merged([medicine()]), TODAY)
    assert drug_page(groups, DrugSelection(Period.ALL, query), TODAY).found == found


@pytest.mark.parametrize(
    ("period", "days", "shown"),
    [
        (Period.THREE_MONTHS, 92, True),
        (Period.THREE_MONTHS, 93, False),
        (Period.SIX_MONTHS, 184, True),
        (Period.YEAR, 366, True),
        (Period.YEAR, 367, False),
        (Period.ALL, 4000, True),
    ],
)
def test_a_period_begins_on_its_day(period: Period, days: int, shown: bool) -> None:
    """A line of the period's first day is in it, one of the day before is not."""
    day = TODAY - timedelta(days=days)
    groups = drug_groups(merged([medicine(dispensed_on=day, prescribed_on=day)]), TODAY)
    assert bool(drug_page(groups, DrugSelection(period), TODAY).found) is shown


def test_a_day_that_cannot_be_hides_no_other() -> None:
    """Four lines of the future, and the newest that was really handed over is still shown."""
    to_come = [
        medicine(dispensed_on=TODAY + timedelta(days=n), prescribed_on=None, code=None)
        for n in range(1, 5)
    ]
    (group,) = drug_groups(merged([*to_come, medicine()]), TODAY)
    (shown,) = drug_page([group], DrugSelection(), TODAY).groups
    assert [bool(line.doubts) for line in shown.lines] == [True, True, False]
    assert shown.hidden == 2


def test_what_is_left_today_is_in_every_period() -> None:
    """A supply of 180 days, handed over before the three months shown, is still being taken."""
    day = TODAY - timedelta(days=150)
    (group,) = drug_groups(merged([medicine(dispensed_on=day, prescribed_on=day, days=180)]), TODAY)
    page = drug_page([group], DrugSelection(Period.THREE_MONTHS), TODAY)
    assert page.found == 1
    assert group.days_left == 30


def test_a_month_is_never_cut() -> None:
    """Months are shown whole, the newest that fit and at least one; one asked for stands alone."""
    place = Institution("見本内科医院")
    months = [
        MonthOfCare(
            month,
            (
                CareAtInstitution(
                    place, tuple(TreatmentRecord(month, place, "再診料") for _ in range(150))
                ),
            ),
        )
        for month in (CalendarMonth(2026, 11), CalendarMonth(2026, 10))
    ]
    shown, left_out = care_page(months, None)
    assert [one.month for one in shown] == [CalendarMonth(2026, 11)]
    assert left_out == 1
    assert care_page(months, CalendarMonth(2026, 10)) == ((months[1],), 0)
    assert care_page(months, CalendarMonth(2020, 1)) == ((), 0)
    assert care_page(months, None, 300) == (tuple(months), 0)


@given(text=st.text(max_size=8) | st.from_regex(r"[0-9]{4}-[0-9]{2}", fullmatch=True))
def test_only_a_month_is_read_as_one(text: str) -> None:
    """An address that names no month chooses none."""
    month = read_month(text)
    assert month is None or (str(month) == text and 1 <= month.month <= 12)


def test_dates_far_out_choose_nothing_wrong() -> None:
    """The first day of the calendar is a day like any other."""
    record: MedicationRecord = medicine(dispensed_on=date(1, 1, 1), prescribed_on=None)
    groups = drug_groups(merged([record]), TODAY)
    assert drug_page(groups, DrugSelection(Period.ALL), TODAY).found == 1
    assert drug_page(groups, DrugSelection(Period.YEAR), TODAY).found == 0
