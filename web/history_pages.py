"""What of a long history one page shows: a period, a search, a month, at most so many rows.

Pure: nothing here formats or decides what may be seen.  What a page leaves out, it counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from eligibility.calendar import CalendarMonth
from eligibility.history.merging import folded
from eligibility.history.months import MonthOfCare
from eligibility.history.timeline import DrugLine, IngredientGroup, places_of

MOST_ROWS = 170
GLANCE = 3
"""Lines of each ingredient where nothing in particular is looked for."""
LONGEST_QUERY = 100


class Period(StrEnum):
    """How far back the list of medicines goes."""

    THREE_MONTHS = "3-months"
    SIX_MONTHS = "6-months"
    YEAR = "year"
    ALL = "all"

    def begins(self, today: date) -> date:
        """Return the first day shown."""
        days = {"3-months": 92, "6-months": 184, "year": 366}.get(self.value)
        return date.min if days is None else today - timedelta(days=days)


@dataclass(frozen=True, slots=True)
class DrugSelection:
    """What was asked for: a month rules out the period."""

    period: Period = Period.SIX_MONTHS
    query: str = ""
    month: CalendarMonth | None = None

    @property
    def is_a_glance(self) -> bool:
        """Whether nothing in particular is looked for."""
        return not self.query and self.month is None

    def fits(self, today: date) -> Callable[[DrugLine], bool]:
        """Return whether a line belongs to what was asked for.

        What is left today belongs to every period, whenever it was handed over.
        """
        words = [folded(word) for word in self.query[:LONGEST_QUERY].split()]
        begins = self.period.begins(today)

        def fitting(line: DrugLine) -> bool:
            day = line.entry.day
            if self.month is not None:
                if CalendarMonth.of(day) != self.month:
                    return False
            elif day < begins and not line.days_left:
                return False
            return not words or all(word in line.searched for word in words)

        return fitting


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A group as the page shows it; ``found``: its lines that were asked for, the newest first.

    ``lines``: those of them that fit on the page; ``hidden``: how many do not.
    ``places``: from how many places the lines asked for come for certain; ``overlaps``: whether
    any of them overlaps another supply.
    """

    group: IngredientGroup
    found: tuple[DrugLine, ...]
    lines: tuple[DrugLine, ...]
    places: int
    overlaps: bool

    @property
    def hidden(self) -> int:
        """How many of its lines do not fit on the page."""
        return len(self.found) - len(self.lines)


@dataclass(frozen=True, slots=True)
class DrugPage:
    """The groups shown, and how many lines there are: asked for, and in all.

    ``hidden_groups``: groups of which not even the newest line fits.
    """

    groups: tuple[ShownGroup, ...]
    found: int
    total: int
    hidden_groups: int

    @property
    def shown(self) -> int:
        """How many lines the page holds."""
        return sum(len(group.lines) for group in self.groups)


def drug_page(
    groups: Sequence[IngredientGroup], selection: DrugSelection, today: date, most: int = MOST_ROWS
) -> DrugPage:
    """Return what was asked for: of every ingredient the newest lines, at most ``most`` in all.

    Where nothing was searched for, a few of each are enough to see what is taken.
    """
    fitting = selection.fits(today)
    found = [
        (group, lines)
        for group in groups
        if (lines := tuple(line for line in group.lines if fitting(line)))
    ]
    counts = [len(lines) for _, lines in found]
    each = _share(counts, most)
    if selection.is_a_glance:
        each = min(each, GLANCE)
    shown = [
        ShownGroup(
            group,
            found=lines,
            lines=_newest(lines, each),
            places=len(places_of(lines)),
            overlaps=any(line.overlap_days for line in lines),
        )
        for group, lines in found[: most if each == 1 else None]
    ]
    return DrugPage(
        groups=tuple(shown),
        found=sum(counts),
        total=sum(len(group.lines) for group in groups),
        hidden_groups=len(found) - len(shown),
    )


def _newest(lines: Sequence[DrugLine], most: int) -> tuple[DrugLine, ...]:
    """Return the newest lines; one whose days cannot be true takes the place of no other."""
    certain = [line for line in lines if not line.doubts]
    chosen = {id(line) for line in [*certain, *(line for line in lines if line.doubts)][:most]}
    return tuple(line for line in lines if id(line) in chosen)


def _share(counts: Sequence[int], most: int) -> int:
    """Return how many lines of each group fit, at least one."""
    each = 1
    while each < max(counts, default=0) and sum(min(n, each + 1) for n in counts) <= most:
        each += 1
    return each


def months_of(groups: Iterable[IngredientGroup]) -> list[tuple[CalendarMonth, int]]:
    """Return each month that has lines, the newest first, and how many."""
    found = Counter(CalendarMonth.of(line.entry.day) for group in groups for line in group.lines)
    return sorted(found.items(), reverse=True)


def care_page(
    months: Sequence[MonthOfCare], month: CalendarMonth | None, most: int = MOST_ROWS
) -> tuple[tuple[MonthOfCare, ...], int]:
    """Return the month asked for, or the newest that fit, and how many months are left out.

    One month is never cut: it is shown whole, whatever its length.
    """
    if month is not None:
        return tuple(one for one in months if one.month == month), 0
    shown: list[MonthOfCare] = []
    rows = 0
    for one in months:
        rows += rows_of(one)
        if shown and rows > most:
            break
        shown.append(one)
    return tuple(shown), len(months) - len(shown)


def rows_of(month: MonthOfCare) -> int:
    """Return how many rows a month has."""
    return sum(
        len(care.treatments) + len(care.operations) + len(care.diagnoses)
        for care in month.institutions
    )


def read_month(value: str) -> CalendarMonth | None:
    """Return the month written as ``2026-11``, None for anything else."""
    try:
        return CalendarMonth.read(value)
    except ValueError:
        return None
