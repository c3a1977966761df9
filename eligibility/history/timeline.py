"""Medicines over time: by ingredient, with what overlaps and what is left.  Pure.

Nothing here advises: it counts days and places as the sources tell them, and says where they leave
something open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from eligibility.calendar import CalendarMonth
from eligibility.history.drugs import MedicationRecord, MedicationUse
from eligibility.history.institution import Institution
from eligibility.history.merging import DrugEntry, folded, merged

_LONGEST_SUPPLY = 1000
"""Days; a longer supply is a mistake, and no overlap is counted from it."""
_LONGEST_DELAY = 31
"""Days from a prescription to a dispensing that may still be its own."""


class DateDoubt(StrEnum):
    """What cannot be true of a day as it was told; the record is shown with it."""

    FUTURE = "future"
    BEFORE_BIRTH = "before-birth"
    DISPENSED_BEFORE_PRESCRIBED = "dispensed-before-prescribed"
    TOO_MANY_DAYS = "too-many-days"


@dataclass(frozen=True, slots=True)
class Span:
    """Days in a row, from ``begins`` to the day before ``ends``."""

    begins: date
    ends: date

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.ends - self.begins).days

    def shared_with(self, other: Span) -> Span | None:
        """Return the days that lie in both, None where there are none."""
        shared = Span(max(self.begins, other.begins), min(self.ends, other.ends))
        return shared if shared.begins < shared.ends else None


@dataclass(frozen=True, slots=True)
class DrugLine:
    """One entry and what the others make of it.

    ``days_left``: days that its supply lasts, today included; None where the days are open, are
    meant for no daily use, or nothing was handed over.  ``supply``: the days that it covers, for a
    prescription as if given on its day; None where they are open.  ``overlaps``: those of them that
    another supply of the ingredient covers too; ``overlaps_elsewhere``: one of
    these came from another place.  ``may_repeat``: another entry may tell of the same dispensing,
    and the sources leave it open.  ``searched``: names, ingredient, codes and places, folded.
    """

    entry: DrugEntry
    days_left: int | None = None
    supply: Span | None = None
    overlaps: tuple[Span, ...] = ()
    overlaps_elsewhere: bool = False
    may_repeat: bool = False
    doubts: tuple[DateDoubt, ...] = ()
    searched: str = ""

    @property
    def overlap_days(self) -> int:
        """How many days of its supply another one covers too."""
        return sum(span.days for span in self.overlaps)


@dataclass(frozen=True, slots=True)
class IngredientGroup:
    """All entries of one ingredient, the newest first.

    ``ingredient``: 一般名, None where no source writes it and the medicine stands alone under
    ``name``.
    """

    name: str
    ingredient: str | None
    lines: tuple[DrugLine, ...]

    @property
    def newest(self) -> date:
        """The day of the newest entry."""
        return self.lines[0].entry.day

    @property
    def days_left(self) -> int | None:
        """The most days left among the entries."""
        return max((one.days_left for one in self.lines if one.days_left is not None), default=None)


class DrugTimeline:
    """The medicines of one history without doubles.

    What follows from them is worked out once a day, held with the history, and goes with it.
    """

    def __init__(self, records: Iterable[MedicationRecord] = ()) -> None:
        """Merge ``records``."""
        self.entries = merged(records)
        self._groups: tuple[tuple[date, date | None], tuple[IngredientGroup, ...]] | None = None

    def groups(self, today: date, birthdate: date | None = None) -> tuple[IngredientGroup, ...]:
        """Return the medicines by ingredient, as :func:`drug_groups` does."""
        made = self._groups
        if made is None or made[0] != (today, birthdate):
            made = (today, birthdate), drug_groups(self.entries, today, birthdate)
            self._groups = made
        return made[1]


def drug_groups(
    drugs: Iterable[DrugEntry], today: date, birthdate: date | None = None
) -> tuple[IngredientGroup, ...]:
    """Return all medicines by ingredient, the group with the newest entry first.

    ``drugs``: merged, the newest first.
    """
    entries = list(drugs)
    ingredients = _ingredients_by_code(entries)
    groups: defaultdict[str, list[DrugEntry]] = defaultdict(list)
    for entry in entries:
        groups[ingredient_key(entry, ingredients)].append(entry)
    made = [_group(entries, today, birthdate) for entries in groups.values()]
    return tuple(sorted(made, key=lambda one: (-one.newest.toordinal(), one.name)))


def _ingredients_by_code(entries: Iterable[DrugEntry]) -> dict[str, str]:
    """Return the ingredient of each レセ電コード of which the entries name one alone."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for entry in entries:
        if entry.code is not None and entry.ingredient is not None:
            found[entry.code].setdefault(folded(entry.ingredient), entry.ingredient)
    return {code: next(iter(told.values())) for code, told in found.items() if len(told) == 1}


def ingredient_key(entry: DrugEntry, by_code: Mapping[str, str]) -> str:
    """Return what entries of one ingredient have in common; a hydrate is the same ingredient.

    ``by_code``: the ingredient of a medicine that its own source does not name it of.
    """
    ingredient = entry.ingredient or by_code.get(entry.code or "")
    if ingredient is None:
        return f"medicine {entry.code or folded(entry.record.name)}"
    return "ingredient " + folded(ingredient).removesuffix("水和物")


def day_doubt(day: date | None, today: date, birthdate: date | None) -> DateDoubt | None:
    """Return what cannot be true of a day on which something was done, None where it can."""
    if day is not None and day > today:
        return DateDoubt.FUTURE
    if day is not None and birthdate is not None and day < birthdate:
        return DateDoubt.BEFORE_BIRTH
    return None


def month_doubt(month: CalendarMonth, today: date, birthdate: date | None) -> DateDoubt | None:
    """Return what cannot be true of a month, None where any of its days can be."""
    if month > CalendarMonth.of(today):
        return DateDoubt.FUTURE
    if birthdate is not None and month < CalendarMonth.of(birthdate):
        return DateDoubt.BEFORE_BIRTH
    return None


def date_doubts(
    record: MedicationRecord, today: date, birthdate: date | None
) -> tuple[DateDoubt, ...]:
    """Return what of a record's days cannot be true."""
    days = [day for day in (record.dispensed_on, record.prescribed_on) if day is not None]
    doubts = {day_doubt(day, today, birthdate) for day in days}
    found: list[DateDoubt] = [
        one for one in (DateDoubt.FUTURE, DateDoubt.BEFORE_BIRTH) if one in doubts
    ]
    if len(days) == 2 and days[0] < days[1]:
        found.append(DateDoubt.DISPENSED_BEFORE_PRESCRIBED)
    if (record.days or 0) > _LONGEST_SUPPLY:
        found.append(DateDoubt.TOO_MANY_DAYS)
    return tuple(found)


def may_be_same(one: DrugEntry, other: DrugEntry) -> bool:
    """Whether two entries of one ingredient may tell of one dispensing: no source speaks against.

    A prescription may be given as another brand, so that the medicines' names say nothing.
    """
    if set(one.origins) & set(other.origins):
        return False
    for a, b in ((one.dispenser, other.dispenser), (one.prescriber, other.prescriber)):
        if a is not None and b is not None and a.is_other_than(b):
            return False
    for day, other_day in (
        (one.dispensed_on, other.dispensed_on),
        (one.prescribed_on, other.prescribed_on),
    ):
        if day is not None and other_day is not None and day != other_day:
            return False
    dispensed, prescribed = (
        one.dispensed_on or other.dispensed_on,
        (one.prescribed_on or other.prescribed_on),
    )
    if dispensed is None or prescribed is None:
        return True
    return 0 <= (dispensed - prescribed).days <= _LONGEST_DELAY


def _group(entries: Sequence[DrugEntry], today: date, birthdate: date | None) -> IngredientGroup:
    lines = _lines(entries, today, birthdate)
    named = next((entry.ingredient for entry in entries if entry.ingredient), None)
    return IngredientGroup(name=named or entries[0].record.name, ingredient=named, lines=lines)


def places_of(lines: Iterable[DrugLine]) -> tuple[Institution, ...]:
    """Return who prescribed, or gave what has no prescriber: places that are two for certain."""
    found: list[Institution] = []
    for place in (_place(line.entry) for line in lines):
        if all(place.is_other_than(one) for one in found):
            found.append(place)
    return tuple(found)


def _place(entry: DrugEntry) -> Institution:
    return entry.prescriber or entry.record.institution


def _lines(
    entries: Sequence[DrugEntry], today: date, birthdate: date | None
) -> tuple[DrugLine, ...]:
    doubts = [date_doubts(entry.record, today, birthdate) for entry in entries]
    supplies = [
        None if doubt else _supply(entry) for entry, doubt in zip(entries, doubts, strict=True)
    ]
    overlapping: list[list[Span]] = [[] for _ in entries]
    elsewhere = [False] * len(entries)
    repeats = [False] * len(entries)
    # the newest first: nothing further back reaches what began so long after it
    reach = max([_LONGEST_DELAY, *(span.days for span in filter(None, supplies))])
    for place, entry in enumerate(entries):
        for earlier in range(place + 1, len(entries)):
            other = entries[earlier]
            if (entry.day - other.day).days > reach:
                break
            if may_be_same(entry, other):
                repeats[place] = repeats[earlier] = True
                continue
            mine, theirs = supplies[place], supplies[earlier]
            if mine is None or theirs is None:
                continue
            shared = mine.shared_with(theirs)
            if shared is None or not _both_count(entry, other):
                continue
            apart = _place(entry).is_other_than(_place(other))
            for one in (place, earlier):
                overlapping[one].append(shared)
                elsewhere[one] |= apart
    return tuple(
        DrugLine(
            entry=entry,
            days_left=None if supply is None else _left(entry, supply, today),
            supply=supply,
            overlaps=joined_spans(overlapping[place]),
            overlaps_elsewhere=elsewhere[place],
            may_repeat=repeats[place],
            doubts=doubts[place],
            searched=_searched(entry),
        )
        for place, (entry, supply) in enumerate(zip(entries, supplies, strict=True))
    )


def _searched(entry: DrugEntry) -> str:
    """Return the text that a search looks into, of every source."""
    parts = []
    for record in entry.records:
        parts += [record.name, record.ingredient or "", record.code or ""]
        parts += [place.name for place in (record.dispenser, record.prescriber) if place]
    return folded(" ".join(dict.fromkeys(parts)))


def _both_count(one: DrugEntry, other: DrugEntry) -> bool:
    """Whether two supplies are two for certain: handed over, or prescribed by two places."""
    if one.is_dispensed and other.is_dispensed:
        return True
    a, b = one.prescriber, other.prescriber
    return a is not None and b is not None and a.is_other_than(b)


def _supply(entry: DrugEntry) -> Span | None:
    """Return the days of a supply, None where it has no days."""
    days = entry.days
    if not days or days > _LONGEST_SUPPLY or entry.record.use is MedicationUse.AS_NEEDED:
        return None
    try:
        return Span(entry.day, entry.day + timedelta(days=days))
    except OverflowError:
        return None


def joined_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same days without repeating any, in their order."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: one.begins):
        if found and span.begins <= found[-1].ends:
            found[-1] = Span(found[-1].begins, max(found[-1].ends, span.ends))
        else:
            found.append(span)
    return tuple(found)


def _left(entry: DrugEntry, supply: Span, today: date) -> int | None:
    return max(0, (supply.ends - today).days) if entry.is_dispensed else None
