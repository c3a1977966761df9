"""Geometry of charts, drawn on the server: bars, lines and words at their places.

Pure: numbers in, places out; ``charts.html`` writes them as SVG.  Sizes are units of the picture's
own grid.  Every chart has a table beside it that says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
