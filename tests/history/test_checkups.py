"""Checkups side by side: what is alike on one line, and nothing else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import Sex
from eligibility.history import CheckupObservation, CodedResult, Comparator
from eligibility.history.analytes import (
    ItemGroup,
    JlacCode,
    Side,
    answer_of,
    bands_source,
    item_of,
    same_unit,
)
from eligibility.history.series import YEARS, checkup_table, fiscal_year
from tests.history.records import OBSERVATIONS, measured

NGSP, OTHER_WAY, JDS = "3D046000001906202", "3D046000001920402", "3D045000001906202"


@given(observations=st.lists(OBSERVATIONS, max_size=15))
def test_everything_measured_in_the_years_is_shown_once(
    observations: list[CheckupObservation],
) -> None:
    """A table holds each different result of its five years, and counts the days outside them."""
    table = checkup_table(observations)
    shown = {one for row in table.rows for cell in row.cells for one in cell}
    years = {column.fiscal_year for column in table.columns}
    expected = {one for one in observations if fiscal_year(one.effective_date) in years}
    assert shown == expected
    outside = {one.effective_date for one in observations} - {
        one.effective_date for one in expected
    }
    assert table.earlier + table.later == len(outside)
    assert len(years) == (YEARS if observations else 0)


@given(observations=st.lists(OBSERVATIONS, max_size=15))
def test_nothing_that_differs_in_kind_stands_on_one_line(
    observations: list[CheckupObservation],
) -> None:
    """One line is one analyte in one unit: JDS is never with NGSP, mg/dL never with %."""
    for row in checkup_table(observations).rows:
        told = [one for cell in row.cells for one in cell]
        assert {JlacCode.of(one.item_code).analyte for one in told} == {row.analyte}
        units = {same_unit(one.unit) if one.unit else None for one in told if one.value is not None}
        assert len(units) <= 1
        for column, cell in zip(checkup_table(observations).columns, row.cells, strict=True):
            assert {one.effective_date for one in cell} <= {column.day}


def test_a_year_without_a_checkup_is_a_gap() -> None:
    """Five years are five columns, also where nobody went."""
    days = [date(2022, 6, 1), date(2024, 6, 1), date(2026, 6, 1)]
    table = checkup_table([measured(day, NGSP, "5.5", "%") for day in days])
    assert [column.fiscal_year for column in table.columns] == [2022, 2023, 2024, 2025, 2026]
    assert [column.day for column in table.columns] == [days[0], None, days[1], None, days[2]]
    assert [len(cell) for cell in table.rows[0].cells] == [1, 0, 1, 0, 1]


def test_a_change_of_method_is_kept() -> None:
    """Two methods of one analyte stand on one line, and the line knows both."""
    table = checkup_table(
        [
            measured(date(2025, 6, 1), NGSP, "5.5", "%"),
            measured(date(2026, 6, 1), OTHER_WAY, "5.7", "%"),
        ]
    )
    (row,) = table.rows
    assert row.ways == ("019-062", "019-204")


def test_the_old_scale_has_a_line_of_its_own() -> None:
    """HbA1c by JDS and by NGSP are two analytes, under names that say which."""
    table = checkup_table(
        [measured(date(2025, 6, 1), JDS, "5.1", "%"), measured(date(2026, 6, 1), NGSP, "5.5", "%")]
    )
    assert [row.item.ja for row in table.rows if row.item] == [
        "HbA1c（NGSP値）",
        "HbA1c（旧JDS値）",
    ]
    old = item_of(JDS)
    assert old is not None
    assert old.band_for(Sex.MALE, "%") is None


def test_what_was_not_measured_stands_with_its_analyte() -> None:
    """未実施 has no unit, but its line is the analyte's where that is certain."""
    table = checkup_table(
        [
            CheckupObservation(date(2025, 6, 1), NGSP, "HbA1c", None),
            measured(date(2026, 6, 1), NGSP, "5.5", "%"),
        ]
    )
    (row,) = table.rows
    assert row.is_numeric
    assert len(row.cells[-2]) == 1


def test_an_unknown_item_is_shown_as_the_payer_wrote_it() -> None:
    """An item code that nobody knows is on a line, last, under the payer's name."""
    table = checkup_table(
        [
            CheckupObservation(
                date(2026, 6, 1), "ZZZZZ000000000001", "新しい項目", Decimal(3), "x"
            ),
            measured(date(2026, 6, 1), NGSP, "5.5", "%"),
        ]
    )
    assert [row.name for row in table.rows_of(ItemGroup.UNKNOWN)] == ["新しい項目"]
    assert table.rows[-1].item is None


def test_twenty_checkups_are_twenty_columns() -> None:
    """Whoever is measured four times a year has a column for each."""
    days = [date(year, month, 1) for year in range(2022, 2027) for month in (4, 7, 10, 12)]
    table = checkup_table([measured(day, NGSP, "5.5", "%") for day in days])
    assert [column.day for column in table.columns] == days


@pytest.mark.parametrize(
    ("day", "code", "result", "words"),
    [
        (date(2023, 6, 1), "9N736000000000011", CodedResult("2"), "いいえ"),
        (
            date(2024, 6, 1),
            "9N736000000000011",
            CodedResult("2"),
            "以前は吸っていたが、最近1か月間は吸っていない",
        ),
        (date(2024, 6, 1), "9N736000000000011", CodedResult("2", "いいえ"), "いいえ"),
        (date(2024, 6, 1), "9N786000000000011", CodedResult("8"), "飲まない（飲めない）"),
        (date(2023, 6, 1), "9N786000000000011", CodedResult("8"), None),
        (date(2023, 6, 1), "1A010000000190111", CodedResult("3"), "＋"),
        (date(2023, 6, 1), "ZZZZZ000000000011", CodedResult("1"), None),
        (date(2023, 6, 1), "ZZZZZ000000000011", CodedResult("1", "あり"), "あり"),
    ],
)
def test_answers_are_words_of_their_year(
    day: date, code: str, result: CodedResult, words: str | None
) -> None:
    """The payer's words come first, then the answer set of that year; else the code alone."""
    answer = answer_of(CheckupObservation(day, code, "項目", result))
    assert (answer[0] if isinstance(answer, tuple) else answer) == words


@pytest.mark.parametrize(
    ("code", "sex", "value", "side", "referral"),
    [
        ("9A751000000000001", Sex.MALE, "129", Side.WITHIN, False),
        ("9A751000000000001", Sex.MALE, "130", Side.HIGH, False),
        ("9A751000000000001", None, "140", Side.HIGH, True),
        ("3F070000002327101", Sex.FEMALE, "39", Side.LOW, False),
        ("3F070000002327101", Sex.FEMALE, "40", Side.WITHIN, False),
        ("8A065000002391901", Sex.MALE, "44.9", Side.LOW, True),
        ("2A030000001930101", Sex.MALE, "13.0", Side.LOW, False),
        ("2A030000001930101", Sex.FEMALE, "12.1", Side.WITHIN, False),
        ("9N016160100000001", Sex.FEMALE, "89.9", Side.WITHIN, False),
        ("9N016160100000001", Sex.MALE, "85", Side.HIGH, False),
    ],
)
def test_bands_begin_where_the_ministry_says(
    code: str, sex: Sex | None, value: str, side: Side, referral: bool
) -> None:
    """保健指導判定値 and 受診勧奨判定値, for each sex where they differ."""
    item = item_of(code)
    assert item is not None
    band = item.band_for(sex, item.unit)
    assert band is not None
    assert band.side_of(Decimal(value)) is side
    assert band.is_for_referral(Decimal(value)) is referral
    assert "厚生労働省" in bands_source()


@pytest.mark.parametrize(
    ("code", "sex", "unit"),
    [
        ("9A751000000000001", Sex.MALE, "kPa"),
        ("9A751000000000001", Sex.MALE, None),
        ("2A030000001930101", None, "g/dL"),
        ("2A030000001930101", Sex.NOT_SET, "g/dL"),
        ("3C015000002327101", Sex.MALE, "mg/dL"),
    ],
)
def test_no_band_is_guessed(code: str, sex: Sex | None, unit: str | None) -> None:
    """Another unit, an unknown sex where it counts, an item without a band: none."""
    item = item_of(code)
    assert item is not None
    assert item.band_for(sex, unit) is None


def test_a_unit_of_another_spelling_is_the_same_unit() -> None:
    """mm[Hg] is mmHg."""
    item = item_of("9A751000000000001")
    assert item is not None
    assert item.band_for(None, "mm[Hg]") is not None


@pytest.mark.parametrize("value", [None, "文", CodedResult("1")])
def test_only_a_number_has_a_unit(value: CodedResult | str | None) -> None:
    """A unit or a comparison beside words is a mistake."""
    for more in ({"unit": "%"}, {"comparator": Comparator.BELOW}):
        with pytest.raises(ValueError, match="only a number"):
            CheckupObservation(date(2026, 6, 1), NGSP, "HbA1c", value, **more)


def test_a_day_to_come_does_not_push_the_real_ones_out_of_sight() -> None:
    """A mistyped year: the five years end with the newest day that can be, and count the other."""
    today = date(2026, 11, 24)
    days = [date(2025, 6, 1), date(2062, 6, 1)]
    observations = [measured(day, NGSP, "5.5", "%") for day in days]
    table = checkup_table(observations, today=today)
    assert [column.fiscal_year for column in table.columns] == [2021, 2022, 2023, 2024, 2025]
    assert (table.earlier, table.later) == (0, 1)
    assert table.later_year == 2062
    assert checkup_table(observations, 2062, today).earlier_year == 2025
    assert checkup_table(observations, 2062, today).columns[-1].day == days[1]
    assert checkup_table(observations[1:], today=today).columns[-1].day == days[1]


@given(observations=st.lists(OBSERVATIONS, min_size=1, max_size=15))
def test_the_ways_to_other_years_lead_to_all_that_is_left_out(
    observations: list[CheckupObservation],
) -> None:
    """Step by step to earlier ones and to later ones, no year with a checkup is passed over."""
    table = checkup_table(observations, today=date(2026, 11, 24))
    seen = {column.day for column in table.columns}
    for way in ("earlier_year", "later_year"):
        year = getattr(table, way)
        while year is not None:
            page = checkup_table(observations, year)
            seen |= {column.day for column in page.columns}
            year = getattr(page, way)
    assert {one.effective_date for one in observations} <= seen
