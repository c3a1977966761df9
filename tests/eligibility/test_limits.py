"""The table of monthly ceilings: whole, dated, and honest about what was not checked."""

from __future__ import annotations

from datetime import date

import pytest

from eligibility.codes import LimitCategory
from eligibility.limits import Ceiling, ceiling_on

CHECKED = date(2026, 7, 31)


@pytest.mark.parametrize("category", LimitCategory)
def test_every_category_has_its_ceiling(category: LimitCategory) -> None:
    """Each code of the table is explained; only from 70 on there is one for outpatients alone."""
    stated = ceiling_on(category, CHECKED)
    assert stated is not None
    assert stated.checked_until is None
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


def test_a_day_before_the_table_has_no_ceiling() -> None:
    """What held before is not guessed."""
    assert ceiling_on(LimitCategory.B04, date(2018, 7, 31)) is None
    assert ceiling_on(LimitCategory.B04, date(2018, 8, 1)) is not None


def test_a_day_after_the_last_check_says_so() -> None:
    """Amounts that a revision may have changed are never told without that warning."""
    stated = ceiling_on(LimitCategory.A01, date(2026, 8, 1))
    assert stated is not None
    assert stated.checked_until == CHECKED
