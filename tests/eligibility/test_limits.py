"""The table of monthly ceilings: whole, dated, and honest about what was not checked."""

from __future__ import annotations

from datetime import date

import pytest

from eligibility.codes import LimitCategory
from eligibility.limits import Ceiling, ceiling_on

CHECKED = date(2026, 7, 31)
REVISED = date(2026, 8, 1)


@pytest.mark.parametrize("day", [CHECKED, REVISED])
@pytest.mark.parametrize("category", LimitCategory)
def test_every_category_has_its_ceiling(category: LimitCategory, day: date) -> None:
    """Each code of the table is explained; only from 70 on there is one for outpatients alone."""
    stated = ceiling_on(category, day)
    assert stated is not None
    assert stated.known_until is None
    assert stated.compared == (day == CHECKED)
    ceiling = stated.ceiling
    assert (ceiling.percent is None) == (ceiling.above is None)
    working = category.value in ("B01", "B02", "B03")
    assert (ceiling.outpatient is not None) == (category.value.startswith("B") and not working)


@pytest.mark.parametrize(
    ("category", "ceiling"),
    [
        (LimitCategory.A03, Ceiling(date(2015, 1, 1), 80_100, 1, 267_000, 44_400)),
        (LimitCategory.A05, Ceiling(date(2015, 1, 1), 35_400, many_times=24_600)),
        (
            LimitCategory.B04,
            Ceiling(date(2018, 8, 1), 57_600, None, None, 44_400, 18_000, 144_000),
        ),
        (LimitCategory.B06, Ceiling(date(2018, 8, 1), 15_000, outpatient=8_000)),
    ],
)
def test_amounts_are_those_of_the_law(category: LimitCategory, ceiling: Ceiling) -> None:
    """The amounts are the published ones."""
    stated = ceiling_on(category, CHECKED)
    assert stated is not None
    assert stated.ceiling == ceiling


@pytest.mark.parametrize(
    ("category", "ceiling"),
    [
        (LimitCategory.A01, Ceiling(REVISED, 270_300, 1, 901_000, 140_100, year=1_680_000)),
        (LimitCategory.A03, Ceiling(REVISED, 85_800, 1, 286_000, 44_400, year=530_000)),
        (LimitCategory.A06, Ceiling(REVISED, 36_900, many_times=24_600, year=290_000)),
        (
            LimitCategory.B09,
            Ceiling(REVISED, 61_500, None, None, 44_400, 22_000, 216_000, 530_000),
        ),
        (
            LimitCategory.B05,
            Ceiling(REVISED, 25_700, None, None, 24_600, 11_000, 96_000, 290_000),
        ),
        (LimitCategory.B07, Ceiling(REVISED, 15_700, outpatient=8_000, year=180_000)),
    ],
)
def test_from_august_2026_the_revised_amounts_hold(
    category: LimitCategory, ceiling: Ceiling
) -> None:
    """The revision raises the month's ceilings and brings one for the year."""
    stated = ceiling_on(category, date(2026, 11, 24))
    assert stated is not None
    assert stated.ceiling == ceiling


@pytest.mark.parametrize("category", LimitCategory)
@pytest.mark.parametrize("day", [CHECKED, REVISED])
def test_the_part_begins_where_three_tenths_reach_the_base(
    category: LimitCategory, day: date
) -> None:
    """By the law's own construction: a slip of a digit in either would break it."""
    stated = ceiling_on(category, day)
    assert stated is not None
    if stated.ceiling.above is not None:
        assert stated.ceiling.above * 3 == stated.ceiling.base * 10


def test_a_day_before_the_table_has_no_ceiling() -> None:
    """What held before is not guessed."""
    assert ceiling_on(LimitCategory.B04, date(2018, 7, 31)) is None
    assert ceiling_on(LimitCategory.B04, date(2018, 8, 1)) is not None


def test_a_day_after_the_last_check_says_so() -> None:
    """Amounts that a revision may have changed are never told without that warning."""
    stated = ceiling_on(LimitCategory.A01, date(2027, 8, 1))
    assert stated is not None
    assert stated.known_until == date(2027, 7, 31)
