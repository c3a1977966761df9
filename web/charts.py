"""Geometry of charts, drawn on the server: bars, lines and words at their places.

Pure: numbers in, places out; ``charts.html`` writes them as SVG.  Sizes are units of the picture's
own grid.  Every chart has a table beside it that says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

WIDTH = 960
HEIGHT = 260
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 24, 28
GAP = 0.28
"""Share of a column's place that stays free."""
MOST_TICKS = 5
STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; ``series``: which of the stacked values, from 0."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True, slots=True)
class Words:
    """Words at a place."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns over a scale that begins at nothing."""

    bars: tuple[Bar, ...]
    ticks: tuple[Words, ...]
    labels: tuple[Words, ...]
    totals: tuple[Words, ...]
    width: int
    right: int
    height: int = HEIGHT
    left: int = LEFT


def ticks(highest: int) -> list[int]:
    """Return the values at which lines stand: round ones, from 0 to no less than ``highest``."""
    unit = 1
    while True:
        for step in STEPS:
            count = -(-highest // (step * unit))
            if count <= MOST_TICKS:
                return [number * step * unit for number in range(max(1, count) + 1)]
        unit *= 10


def columns(labels: Sequence[str], stacks: Sequence[Sequence[int]], width: int = WIDTH) -> Chart:
    """Return a chart of one column for each label, its values stacked from below."""
    totals = [sum(stack) for stack in stacks]
    scale = ticks(max(totals, default=0))
    floor, room = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    place = (width - LEFT - RIGHT) / max(1, len(labels))

    def up(value: int) -> float:
        return round(room * value / scale[-1], 2)

    bars = []
    for number, stack in enumerate(stacks):
        below = 0
        for series, value in enumerate(stack):
            if value:
                x = LEFT + place * (number + GAP / 2)
                top = floor - up(below + value)
                height = round(floor - up(below) - top, 2)
                bars.append(
                    Bar(round(x, 2), round(top, 2), round(place * (1 - GAP), 2), height, series)
                )
            below += value
    centres = [round(LEFT + place * (number + 0.5), 2) for number in range(len(labels))]
    return Chart(
        bars=tuple(bars),
        ticks=tuple(Words(LEFT - 8, round(floor - up(value), 2), str(value)) for value in scale),
        labels=tuple(Words(x, HEIGHT - 8, label) for x, label in zip(centres, labels, strict=True)),
        totals=tuple(
            Words(x, round(floor - up(total) - 6, 2), str(total))
            for x, total in zip(centres, totals, strict=True)
            if total
        ),
        width=width,
        right=width - RIGHT,
    )


TREND_WIDTH, TREND_HEIGHT = 480, 180
TREND_LEFT, TREND_RIGHT, TREND_TOP, TREND_BOTTOM = 40, 12, 22, 24
YEAR_EDGE = 0.12
"""Share of a year's place that stays free on each side."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One value to be drawn: ``year`` counts from 0, ``part``: of that year, from 0 to 1.

    ``way``: by what it was measured.  ``outside``: "high", "low" or nothing, by the band.
    ``exact``: False for a value that is only known to lie beyond what is written.
    """

    year: int
    part: float
    value: Decimal
    way: str = ""
    outside: str = ""
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Point:
    """A value at its place; ``clipped``: it lies outside the picture and stands at its edge."""

    x: float
    y: float
    text: str
    outside: str
    clipped: bool


@dataclass(frozen=True, slots=True)
class Line:
    """From one place to another."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Trend:
    """One analyte over the years: points, what connects them, and where the band begins.

    ``breaks``: dashed uprights where the way of measuring changes.  ``shades``: rectangles, top and
    height, of what lies outside the band.
    """

    points: tuple[Point, ...]
    lines: tuple[Line, ...]
    breaks: tuple[float, ...]
    shades: tuple[tuple[float, float], ...]
    limits: tuple[Words, ...]
    ticks: tuple[Words, ...]
    labels: tuple[Words, ...]
    width: int = TREND_WIDTH
    height: int = TREND_HEIGHT
    left: int = TREND_LEFT
    right: int = TREND_WIDTH - TREND_RIGHT
    top: int = TREND_TOP
    floor: int = TREND_HEIGHT - TREND_BOTTOM


def trend(
    years: Sequence[str],
    values: Sequence[Measured],
    scale: tuple[Decimal, Decimal],
    above: Decimal | None = None,
    below: Decimal | None = None,
) -> Trend:
    """Return the picture of values, oldest first, on a scale that is fixed for their analyte.

    ``above``, ``below``: from where on the band is left.  Two values are connected where they lie
    in the same or the next year, were measured the same way and are exact: a missing year is a
    gap, another way a break.
    """
    low, high = scale
    floor, room = TREND_HEIGHT - TREND_BOTTOM, TREND_HEIGHT - TREND_BOTTOM - TREND_TOP
    place = (TREND_WIDTH - TREND_LEFT - TREND_RIGHT) / max(1, len(years))

    def across(one: Measured) -> float:
        part = YEAR_EDGE + min(1.0, max(0.0, one.part)) * (1 - 2 * YEAR_EDGE)
        return round(TREND_LEFT + place * (one.year + part), 2)

    def up(value: Decimal) -> float:
        within = min(high, max(low, value))
        return round(floor - room * float((within - low) / (high - low)), 2)

    points = tuple(
        Point(across(one), up(one.value), str(one.value), one.outside, not low <= one.value <= high)
        for one in values
    )
    lines, breaks = [], []
    for (one, start), (other, end) in pairwise(zip(values, points, strict=True)):
        if other.year - one.year > 1 or (other.year, other.part) == (one.year, one.part):
            continue
        if other.way != one.way:
            breaks.append(round((start.x + end.x) / 2, 2))
        elif one.exact and other.exact:
            lines.append(Line(start.x, start.y, end.x, end.y))
    limits = [limit for limit in (above, below) if limit is not None and low <= limit <= high]
    shades = []
    if above is not None and above < high:
        shades.append((float(TREND_TOP), round(up(above) - TREND_TOP, 2)))
    if below is not None and below > low:
        shades.append((up(below), round(floor - up(below), 2)))
    return Trend(
        points=points,
        lines=tuple(lines),
        breaks=tuple(breaks),
        shades=tuple(shades),
        limits=tuple(Words(TREND_LEFT, up(limit), str(limit)) for limit in limits),
        ticks=tuple(Words(TREND_LEFT - 6, up(value), str(value)) for value in (low, high)),
        labels=tuple(
            Words(round(TREND_LEFT + place * (number + 0.5), 2), TREND_HEIGHT - 6, year)
            for number, year in enumerate(years)
        ),
    )
