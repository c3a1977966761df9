"""Where the bars, marks and hatches of lanes over days stand."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.history.timeline import Span
from web.lanes import (
    AROUND,
    BETWEEN,
    LEFT,
    MARK,
    MOST_STRIPES,
    RIGHT,
    STRIPE,
    TOP,
    WIDTH,
    DrawnLane,
    Lane,
    cut,
    draw_lanes,
    month_starts,
)

FIRST = date(2026, 6, 1)
SCALE = Span(FIRST, FIRST + timedelta(days=200))
TODAY = date(2026, 11, 30)
UNIT = (WIDTH - LEFT - RIGHT) / SCALE.days
SPANS = st.builds(
    lambda begins, days: Span(begins, begins + timedelta(days=days)),
    st.dates(date(2026, 4, 1), date(2027, 2, 1)),
    st.integers(1, 120),
)
STYLES = st.sampled_from(["receipt", "dispensing", "prescription"])
LANES = st.builds(
    Lane,
    st.text(max_size=40),
    st.lists(st.tuples(SPANS, STYLES), max_size=12).map(tuple),
    st.lists(
        st.tuples(st.dates(date(2026, 4, 1), date(2027, 2, 1)), st.just("open")), max_size=4
    ).map(tuple),
    st.lists(SPANS, max_size=4).map(tuple),
)
BAR = re.compile(r"M([\d.]+) ([\d.]+)h([\d.]+)v")


def bars_of(lane: DrawnLane) -> list[tuple[float, float, float]]:
    """Return left, top and width of each bar."""
    found = [BAR.findall(path) for path in lane.paths.values()]
    return [(float(x), float(y), float(width)) for bars in found for x, y, width in bars]


@given(st.lists(LANES, min_size=1, max_size=5))
def test_all_that_lies_within_the_days_is_drawn_within_the_picture(lanes: list[Lane]) -> None:
    """Each bar, mark and hatch that shares a day with the scale is there, and none elsewhere."""
    picture = draw_lanes(lanes, SCALE, [], TODAY)
    top = float(TOP)
    for lane, drawn in zip(lanes, picture.lanes, strict=True):
        assert drawn.y == top
        top += drawn.height
        inside = [span for span, _ in lane.bars if span.shared_with(SCALE)]
        marks = [day for day, _ in lane.marks if SCALE.begins <= day < SCALE.ends]
        shapes = sum(path.count("M") for path in drawn.paths.values())
        assert shapes == len(inside) + len(marks)
        bars = bars_of(drawn)
        assert len(bars) == len(inside)
        for x, y, width in bars:
            assert LEFT - 0.1 <= x < x + width <= WIDTH - RIGHT + 2
            assert drawn.y + AROUND <= y <= drawn.y + drawn.height - AROUND - STRIPE + 0.1
        assert len(drawn.hatches) == sum(bool(one.shared_with(SCALE)) for one in lane.hatches)
    assert picture.height > top


@given(st.lists(st.tuples(SPANS, STYLES), max_size=12))
def test_bars_that_share_days_stand_below_each_other(bars: list[tuple[Span, str]]) -> None:
    """Only where there are more at once than stripes do two of them lie on each other."""
    (drawn,) = draw_lanes([Lane("", tuple(bars))], SCALE, [], TODAY).lanes
    placed = bars_of(drawn)
    lowest = drawn.y + AROUND + (MOST_STRIPES - 1) * (STRIPE + BETWEEN)
    for place, (x, y, width) in enumerate(placed):
        for other_x, other_y, other_width in placed[place + 1 :]:
            if abs(y - other_y) < 1 and y < lowest - 0.1:
                assert x + width <= other_x + 0.2 or other_x + other_width <= x + 0.2


def test_a_bar_is_as_long_as_its_days_and_ends_where_the_next_begins() -> None:
    """28 days and the 28 after them: two bars on one stripe, told apart by a hair."""
    first, second = (
        Span(FIRST + timedelta(days=n), FIRST + timedelta(days=n + 28)) for n in (10, 38)
    )
    bars = ((first, "receipt"), (second, "receipt"))
    (drawn,) = draw_lanes([Lane("薬", bars)], SCALE, [], TODAY).lanes
    (x, y, width), (next_x, next_y, _) = bars_of(drawn)
    assert x == pytest.approx(LEFT + 10 * UNIT, abs=0.1)
    assert width == pytest.approx(28 * UNIT - 1, abs=0.1)
    assert next_x == pytest.approx(x + width + 1, abs=0.2)
    assert y == next_y


def test_the_first_of_two_that_share_days_stands_above() -> None:
    """Whatever their order in time."""
    late, early = Span(FIRST + timedelta(days=5), SCALE.ends), Span(FIRST, SCALE.ends)
    (drawn,) = draw_lanes(
        [Lane("", ((late, "receipt"), (early, "prescription")))], SCALE, [], TODAY
    ).lanes
    ((_, above, _),) = BAR.findall(drawn.paths["receipt"])
    ((_, below, _),) = BAR.findall(drawn.paths["prescription"])
    assert float(above) < float(below)


def test_a_mark_stands_in_the_middle_of_its_day() -> None:
    """What has no days is a point, not a bar of one day."""
    (drawn,) = draw_lanes([Lane("", marks=((FIRST, "open"),))], SCALE, [], TODAY).lanes
    x, _ = re.findall(r"M([\d.]+) ([\d.]+)l", drawn.paths["open"])[0]
    assert float(x) + MARK == pytest.approx(LEFT + UNIT / 2, abs=0.1)


@pytest.mark.parametrize(
    ("today", "shown"),
    [(FIRST, True), (TODAY, True), (SCALE.ends, False), (date(2020, 1, 1), False)],
)
def test_today_is_a_line_only_where_the_scale_has_it(today: date, shown: bool) -> None:
    """A month long ago has no line of today."""
    assert (draw_lanes([Lane("")], SCALE, [], today).today is not None) is shown


@pytest.mark.parametrize(
    ("text", "width", "cut_to"),
    [
        ("アムロジピン", 12, "アムロジピン"),
        ("アムロジピン", 11, "アムロジ…"),
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("", 3, ""),
    ],
)
def test_a_long_name_is_cut_and_says_so(text: str, width: int, cut_to: str) -> None:
    """By the room that it takes: a full-width character takes two."""
    assert cut(text, width) == cut_to


@given(st.dates(date(2, 1, 1), date(9990, 1, 1)), st.integers(1, 4000))
def test_the_ticks_are_few_and_on_the_first_of_a_month(begins: date, days: int) -> None:
    """Months within a year or so, then quarters, then years; never more than 15."""
    scale = Span(begins, begins + timedelta(days=days))
    ticks = month_starts(scale)
    assert all(day.day == 1 and scale.begins <= day < scale.ends for day in ticks)
    assert len(ticks) <= 15
    assert ticks == sorted(set(ticks))
    if days >= 366:
        assert ticks
