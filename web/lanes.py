"""Geometry of lanes over days: bars for days in a row, marks for single days, hatches behind both.

Pure: days in, places out; ``charts.html`` writes them as SVG.  Bars that share days stand below
each other within their lane.  What is alike in a lane is one path, so that many bars weigh little.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from eligibility.history.timeline import Span
from web.charts import Words

WIDTH = 1080
LEFT, RIGHT, TOP, BOTTOM = 232, 28, 34, 8
STRIPE, BETWEEN = 9, 2
"""Height of a bar, and of the room between two."""
AROUND = 5
"""Room above and below the bars of a lane."""
MOST_STRIPES = 3
MARK = 4.5
"""From the middle of a mark to its corners."""
LEAST = 1.5
"""Width of the shortest bar."""
NAME_WIDTH = 34
"""Half-width characters that fit left of the lanes."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What one lane holds.  ``bars`` and ``marks``: each with the style it is drawn in.

    The first ones have the upper places where they share days.
    """

    name: str
    bars: tuple[tuple[Span, str], ...] = ()
    marks: tuple[tuple[date, str], ...] = ()
    hatches: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class DrawnLane:
    """A lane at its place; ``paths``: what is drawn in each style; ``hatches``: x and width."""

    y: float
    height: float
    name: Words
    paths: Mapping[str, str]
    hatches: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class LanesPicture:
    """Lanes from top to bottom over one scale of days.  ``today``: None where it is not on it."""

    lanes: tuple[DrawnLane, ...]
    ticks: tuple[Words, ...]
    today: float | None
    height: float
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP


@dataclass(slots=True)
class _Stripes:
    """The stripes of one lane, and what is taken of each."""

    taken: list[list[tuple[float, float]]] = field(default_factory=list)

    def place(self, x: float, end: float) -> int:
        """Return the first stripe that is free from ``x`` to ``end``; the last where none is."""
        free = (
            number
            for number, taken in enumerate(self.taken)
            if all(end <= begun or ended <= x for begun, ended in taken)
        )
        number = next(free, len(self.taken))
        if number == len(self.taken) < MOST_STRIPES:
            self.taken.append([])
        number = min(number, MOST_STRIPES - 1)
        self.taken[number].append((x, end))
        return number


def draw_lanes(
    lanes: Sequence[Lane], scale: Span, ticks: Iterable[tuple[date, str]], today: date
) -> LanesPicture:
    """Return the picture of what of ``lanes`` lies within ``scale``; each tick has its words."""
    unit = (WIDTH - LEFT - RIGHT) / scale.days

    def across(day: date) -> float:
        within = min(scale.ends, max(scale.begins, day))
        return LEFT + (within - scale.begins).days * unit

    drawn = []
    top = float(TOP)
    for lane in lanes:
        parts: list[tuple[float, float, str, bool]] = []
        for span, style in lane.bars:
            shown = span.shared_with(scale)
            if shown is not None:
                x = across(shown.begins)
                parts.append((x, max(x + LEAST, across(shown.ends)), style, False))
        for day, style in lane.marks:
            if scale.begins <= day < scale.ends:
                x = across(day) + unit / 2
                parts.append((x - MARK, x + MARK, style, True))
        stripes = _Stripes()
        paths: dict[str, list[str]] = {}
        for x, end, style, is_mark in parts:
            y = top + AROUND + stripes.place(x, end) * (STRIPE + BETWEEN)
            write = _mark if is_mark else _bar
            paths.setdefault(style, []).append(write(x, y, end - x))
        count = max(1, len(stripes.taken))
        height = 2 * AROUND + count * STRIPE + (count - 1) * BETWEEN
        hatches = [one for span in lane.hatches if (one := span.shared_with(scale))]
        drawn.append(
            DrawnLane(
                y=top,
                height=height,
                name=Words(LEFT - 10, top + AROUND + STRIPE, cut(lane.name, NAME_WIDTH)),
                paths={style: "".join(found) for style, found in paths.items()},
                hatches=tuple(
                    (_short(across(one.begins)), _short(max(LEAST, one.days * unit)))
                    for one in hatches
                ),
            )
        )
        top += height
    return LanesPicture(
        lanes=tuple(drawn),
        ticks=tuple(
            Words(_short(across(day)), TOP - 6, words)
            for day, words in ticks
            if scale.begins <= day < scale.ends
        ),
        today=_short(across(today)) if scale.begins <= today < scale.ends else None,
        height=top + BOTTOM,
    )


def _bar(x: float, y: float, width: float) -> str:
    # a hair short of the next one, so that two in a row stay two
    wide = _short(max(LEAST, width - 1))
    return f"M{_short(x)} {_short(y)}h{wide}v{STRIPE}h-{wide}z"


def _mark(x: float, y: float, width: float) -> str:
    half = _short(width / 2)
    return f"M{_short(x)} {_short(y + STRIPE / 2)}l{half}-{half} {half} {half}-{half} {half}z"


def _short(number: float) -> float | int:
    rounded = round(number, 1)
    return int(rounded) if rounded == int(rounded) else rounded


def cut(text: str, width: int) -> str:
    """Return ``text``, or what of it ``width`` half-width characters hold, and an ellipsis."""
    taken = 0
    for place, character in enumerate(text):
        taken += 2 if unicodedata.east_asian_width(character) in "WFA" else 1
        if taken > width:
            return text[: place - 1] + "…"
    return text


def month_starts(scale: Span) -> list[date]:
    """Return the first days of the months of ``scale``, or of its years where it is a long one."""
    step = 1 if scale.days <= 400 else 3 if scale.days <= 800 else 12
    day = date(scale.begins.year, 1, 1)
    found = []
    while day < scale.ends:
        if day >= scale.begins:
            found.append(day)
        if day.year == date.max.year and day.month + step > 12:
            break
        months = day.month - 1 + step
        day = date(day.year + months // 12, months % 12 + 1, 1)
    return found
