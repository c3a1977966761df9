"""Where the columns of a chart stand."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from web.charts import BOTTOM, HEIGHT, LEFT, MOST_TICKS, TOP, WIDTH, columns, ticks

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
