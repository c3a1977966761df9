"""The timeline of medicines as a picture: a lane for each ingredient, a bar for each supply.

It draws what the table beside it lists: how long each supply lasts as its source says, which source
tells of it, what overlaps, and today.  What has no days is a mark; what has impossible ones is left
to the table, and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from eligibility.history import MedicationOrigin
from eligibility.history.timeline import DrugLine, Span, joined_spans
from web.history_pages import DrugPage, DrugSelection, Period, ShownGroup
from web.i18n import current_language, show_date, show_number, text
from web.lanes import Lane, LanesPicture, draw_lanes, month_starts

MOST_LANES = 15
"""Lanes of one picture: about as many as stand above the table on a desk's screen."""
MANY = 200
"""Supplies of one picture from which they are drawn joined, so that the page stays light."""
LONG = 400
"""Days from which single supplies are too short to be told apart: they are drawn joined."""
FORESEEN = timedelta(days=92)
"""How far a supply is drawn beyond the last day asked for."""

STYLES = {
    MedicationOrigin.RECEIPT: "receipt",
    MedicationOrigin.DISPENSING: "dispensing",
    MedicationOrigin.PRESCRIPTION: "prescription",
}
OPEN = "open"
"""Style of a medicine whose days nobody knows."""


@dataclass(frozen=True, slots=True)
class DrugPicture:
    """One picture and its words.

    ``part`` of ``parts``: which lanes it shows, ``first`` to ``last`` of ``count``.  ``joined``:
    days in a row are one bar, whoever handed them over.  ``doubtful``: lines of these lanes that it
    leaves out, as their days cannot be true.
    """

    drawn: LanesPicture
    said: str
    part: int
    parts: int
    first: int
    last: int
    count: int
    joined: bool
    doubtful: int


def drug_picture(
    page: DrugPage, selection: DrugSelection, today: date, part: int = 1
) -> DrugPicture | None:
    """Return the picture of what a page found, None where nothing of it can be drawn."""
    parts = -(-len(page.groups) // MOST_LANES)
    part = min(max(1, part), max(1, parts))
    first = (part - 1) * MOST_LANES
    groups = page.groups[first : first + MOST_LANES]
    drawable = [[line for line in shown.found if not line.doubts] for shown in groups]
    if not any(drawable):
        return None
    scale = _scale([line for lines in drawable for line in lines], selection, today)
    joined = scale.days > LONG or sum(map(len, drawable)) > MANY
    lanes = [
        _lane(shown, lines, joined=joined) for shown, lines in zip(groups, drawable, strict=True)
    ]
    return DrugPicture(
        drawn=draw_lanes(lanes, scale, _ticks(scale), today),
        said=text("history.picture.next").join(map(_said, groups)),
        part=part,
        parts=parts,
        first=first + 1,
        last=first + len(groups),
        count=len(page.groups),
        joined=joined,
        doubtful=sum(len(shown.found) for shown in groups) - sum(map(len, drawable)),
    )


def legend() -> list[tuple[str, str]]:
    """Return each style of the picture and what it means."""
    styles = (*STYLES.values(), OPEN, "overlap")
    return [(style, text(f"history.picture.{style}")) for style in styles]


def _scale(lines: Sequence[DrugLine], selection: DrugSelection, today: date) -> Span:
    """Return the days of the picture: those asked for, and those that a supply still covers."""
    if selection.month is not None:
        begins = date(selection.month.year, selection.month.month, 1)
        asked_until = min(begins, date.max - timedelta(days=31)) + timedelta(days=31)
    else:
        begins = selection.period.begins(today)
        if selection.period is Period.ALL:
            begins = min(line.entry.day for line in lines)
        asked_until = today + timedelta(days=1)
    ends = [line.supply.ends for line in lines if line.supply is not None]
    latest = date.max - FORESEEN
    return Span(
        begins,
        max(asked_until, min(max(ends, default=asked_until), min(asked_until, latest) + FORESEEN)),
    )


def _lane(shown: ShownGroup, lines: Sequence[DrugLine], *, joined: bool) -> Lane:
    spans: dict[str, list[Span]] = {style: [] for style in STYLES.values()}
    for line in lines:
        if line.supply is not None:
            spans[STYLES[line.entry.record.origin]].append(line.supply)
    return Lane(
        name=shown.group.name,
        bars=tuple(
            (span, style)
            for style, found in spans.items()
            for span in (joined_spans(found) if joined else reversed(found))
        ),
        marks=tuple((line.entry.day, OPEN) for line in lines if line.supply is None),
        hatches=joined_spans(span for line in lines for span in line.overlaps),
    )


def _ticks(scale: Span) -> list[tuple[date, str]]:
    return [(day, _tick(day, place == 0)) for place, day in enumerate(month_starts(scale))]


def _tick(day: date, is_first: bool) -> str:
    with_year = is_first or day.month == 1
    if current_language() == "ja":
        return f"{day.year}年{day.month}月" if with_year else f"{day.month}月"
    return f"{day:%b %Y}" if with_year else f"{day:%b}"


def _said(shown: ShownGroup) -> str:
    """Return one lane in words."""
    said = text(
        "history.picture.lane",
        name=shown.group.name,
        count=show_number(len(shown.found)),
        day=show_date(shown.found[0].entry.day),
    )
    days = {
        span.begins + timedelta(days=n)
        for line in shown.found
        for span in line.overlaps
        for n in range(span.days)
    }
    if not days:
        return said
    return said + text("history.picture.lane.overlap", days=show_number(len(days)))
