"""Where the columns of a chart stand."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    MOST_TICKS,
    TOP,
    WIDTH,
    Measured,
    columns,
    ticks,
    trend,
)

STACKS = st.lists(st.tuples(*[st.integers(0, 100_000)] * 3), min_size=1, max_size=31)


@given(st.integers(0, 10**9))
def test_the_scale_reaches_the_highest_value(highest: int) -> None:
    """Lines stand at even, round values from nothing to no less than the highest, and few."""
    scale = ticks(highest)
    assert scale[0] == 0
    assert scale[-1] >= max(1, highest)
    assert 2 <= len(scale) <= MOST_TICKS + 1
    assert {after - before for before, after in pairwise(scale)} == {scale[1]}


@given(STACKS)
def test_columns_stay_in_the_picture_and_in_proportion(stacks: list[tuple[int, ...]]) -> None:
    """Every value that is not nothing has its bar, as high as its share, on top of the last."""
    chart = columns([str(number) for number in range(len(stacks))], stacks)
    floor, room = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    unit = room / ticks(max(map(sum, stacks)))[-1]
    values = [value for stack in stacks for value in stack if value]
    assert len(chart.bars) == len(values)
    for bar, value in zip(chart.bars, values, strict=True):
        assert abs(bar.height - value * unit) < 0.05
        assert LEFT <= bar.x <= bar.x + bar.width <= WIDTH
        assert TOP - 0.05 <= bar.y <= bar.y + bar.height <= floor + 0.05
    assert [words.text for words in chart.totals] == [str(sum(s)) for s in stacks if sum(s)]


def test_an_empty_chart_has_its_scale() -> None:
    """Nothing to show is a picture without bars, not an error."""
    chart = columns(["1"], [(0, 0)])
    assert (chart.bars, chart.totals) == ((), ())
    assert [tick.text for tick in chart.ticks] == ["0", "1"]


VALUES = st.builds(
    Measured,
    st.integers(0, 4),
    st.floats(0, 1),
    st.decimals(-50, 500, places=1),
    st.sampled_from(["a", "b"]),
    st.just(""),
    st.booleans(),
)
SCALE = (Decimal(0), Decimal(300))


@given(values=st.lists(VALUES, max_size=12))
def test_a_trend_stays_in_its_picture(values: list[Measured]) -> None:
    """Every point lies within the frame, whatever its value; one off the scale is marked."""
    ordered = sorted(values, key=lambda one: (one.year, one.part))
    picture = trend([str(year) for year in range(2022, 2027)], ordered, SCALE, Decimal(130))
    assert len(picture.points) == len(values)
    for point, one in zip(picture.points, ordered, strict=True):
        assert picture.left <= point.x <= picture.right
        assert picture.top <= point.y <= picture.floor
        assert point.clipped is not (0 <= one.value <= 300)
        assert point.text == str(one.value)
    assert len(picture.lines) + len(picture.breaks) <= max(0, len(values) - 1)


def test_a_missing_year_is_a_gap_and_another_method_a_break() -> None:
    """Only what was measured the same way in the same or the next year is connected."""
    values = [
        Measured(0, 0.5, Decimal(100), "a"),
        Measured(1, 0.5, Decimal(110), "a"),
        Measured(3, 0.5, Decimal(120), "a"),
        Measured(4, 0.5, Decimal(130), "b"),
    ]
    picture = trend([str(year) for year in range(2022, 2027)], values, SCALE)
    assert [(line.x1, line.x2) for line in picture.lines] == [
        (picture.points[0].x, picture.points[1].x)
    ]
    assert picture.breaks == (round((picture.points[2].x + picture.points[3].x) / 2, 2),)


def test_a_value_that_lies_beyond_a_limit_is_not_connected() -> None:
    """ "< 10" is a point, not a course."""
    values = [
        Measured(0, 0.5, Decimal(20)),
        Measured(1, 0.5, Decimal(10), exact=False),
        Measured(2, 0.5, Decimal(20)),
    ]
    assert trend(["1", "2", "3"], values, SCALE).lines == ()


def test_shades_cover_what_lies_outside_the_band() -> None:
    """From the limit to the edge, on the side that is outside."""
    picture = trend(["2026"], [], SCALE, above=Decimal(150), below=Decimal(75))
    (top, height), (lower, depth) = picture.shades
    assert top == picture.top
    middle = (picture.top + picture.floor) / 2
    assert top + height == pytest.approx(middle)
    assert lower + depth == pytest.approx(picture.floor)
    assert lower == pytest.approx((middle + picture.floor) / 2)
