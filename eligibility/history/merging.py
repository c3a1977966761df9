"""One dispensing told by several sources becomes one entry; what merely looks alike stays apart.

Pure.  Two records are the same only where day, place and medicine are equal for certain.  What is
the same as the same is joined only where no two of all contradict each other, and where one record
of a source pairs with one of another, or as many equal ones with as many.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from itertools import combinations

from eligibility.history.drugs import MedicationOrigin, MedicationRecord, QuantityPer
from eligibility.history.institution import Institution


@dataclass(frozen=True, slots=True)
class DrugEntry:
    """One line of a timeline: ``record`` is shown, ``repeats`` say the same from other sources."""

    record: MedicationRecord
    repeats: tuple[MedicationRecord, ...] = ()

    @property
    def records(self) -> tuple[MedicationRecord, ...]:
        """All that tell of it, the one that is shown first."""
        return (self.record, *self.repeats)

    @property
    def origins(self) -> tuple[MedicationOrigin, ...]:
        """Which sources tell of it."""
        return tuple(record.origin for record in self.records)

    @property
    def is_dispensed(self) -> bool:
        """Whether any source says that it was handed over, not prescribed alone."""
        return any(origin is not MedicationOrigin.PRESCRIPTION for origin in self.origins)

    @property
    def day(self) -> date:
        """The day on which it stands."""
        return self.record.day

    @property
    def dispensed_on(self) -> date | None:
        """調剤日, from the first source that says it."""
        return next((one.dispensed_on for one in self.records if one.dispensed_on), None)

    @property
    def prescribed_on(self) -> date | None:
        """処方日, from the first source that says it."""
        return next((one.prescribed_on for one in self.records if one.prescribed_on), None)

    @property
    def dispenser(self) -> Institution | None:
        """調剤機関, from the first source that names it."""
        return next((one.dispenser for one in self.records if one.dispenser), None)

    @property
    def prescriber(self) -> Institution | None:
        """処方発行機関, from the first source that names it."""
        return next((one.prescriber for one in self.records if one.prescriber), None)

    @property
    def code(self) -> str | None:
        """レセ電コード, from the first source that writes it."""
        return next((one.code for one in self.records if one.code), None)

    @property
    def ingredient(self) -> str | None:
        """一般名, from the first source that writes it."""
        return next((one.ingredient for one in self.records if one.ingredient), None)

    @property
    def days(self) -> int | None:
        """日数, from the first source that says it."""
        return next((one.days for one in self.records if one.days is not None), None)


def folded(text: str) -> str:
    """Return ``text`` for comparing: one width, one case, no spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def merged(records: Iterable[MedicationRecord]) -> tuple[DrugEntry, ...]:
    """Return every record in exactly one entry, the newest first; the order given says nothing."""
    ordered = sorted(records, key=_order)
    entries: list[DrugEntry] = []
    for component in _components(ordered):
        entries += _entries_of([ordered[place] for place in component])
    return tuple(sorted(entries, key=lambda one: (-one.day.toordinal(), *map(_order, one.records))))


def is_same_dispensing(one: MedicationRecord, other: MedicationRecord) -> bool:
    """Whether two sources tell of one dispensing for certain."""
    if one.origin is other.origin or not _is_same_medicine(one, other):
        return False
    if contradict(one, other):
        return False
    if one.dispensed_on is not None and other.dispensed_on is not None:
        # the same day is certain by now
        return _same_place(one.dispenser, other.dispenser)
    return (
        one.prescribed_on is not None
        and one.prescribed_on == other.prescribed_on
        and (_same_place(one.prescriber, other.prescriber))
    )


def _is_same_medicine(one: MedicationRecord, other: MedicationRecord) -> bool:
    if one.code is not None and other.code is not None:
        return one.code == other.code
    return folded(one.name) == folded(other.name)


def _same_place(one: Institution | None, other: Institution | None) -> bool:
    return one is not None and other is not None and one.is_same_as(other)


def contradict(one: MedicationRecord, other: MedicationRecord) -> bool:
    """Whether both say something, and not the same."""
    pairs: tuple[tuple[object, object], ...] = (
        (one.code, other.code),
        (one.dispensed_on, other.dispensed_on),
        (one.prescribed_on, other.prescribed_on),
        (one.use, other.use),
        (one.days, other.days),
        (one.times, other.times),
        (one.days_or_times, other.days_or_times),
        (one.inpatient, other.inpatient),
        (_whole(one), _whole(other)),
    )
    if any(None not in pair and pair[0] != pair[1] for pair in pairs):
        return True
    if not (_may_count(one, other) and _may_count(other, one)):
        return True
    places = ((one.dispenser, other.dispenser), (one.prescriber, other.prescriber))
    return any(a is not None and b is not None and not a.is_same_as(b) for a, b in places)


def _may_count(one: MedicationRecord, other: MedicationRecord) -> bool:
    """Whether a number of days or times fits to the days of the other: where these are known."""
    return None in (one.days_or_times, other.days) or one.days_or_times == other.days


def _whole(record: MedicationRecord) -> tuple[Decimal, str] | None:
    """Return the amount in all and its unit, or None where the record does not say."""
    quantity = record.quantity
    if quantity is None or record.unit is None:
        return None
    unit = folded(record.unit)
    if record.quantity_per is QuantityPer.WHOLE:
        return quantity, unit
    if record.quantity_per is QuantityPer.DAY and record.days is not None:
        return quantity * record.days, unit
    if record.quantity_per is QuantityPer.TIME and record.times is not None:
        return quantity * record.times, unit
    return None


def _order(record: MedicationRecord) -> tuple[str, ...]:
    """Return a key that orders records by source first, and by all that they say."""
    return tuple(str(getattr(record, one.name)) for one in fields(record))


def _components(records: Sequence[MedicationRecord]) -> Iterator[list[int]]:
    """Yield the places of records that are connected by being the same."""
    buckets: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, record in enumerate(records):
        if record.dispensed_on is not None:
            buckets["dispensed", record.dispensed_on].append(place)
        if record.prescribed_on is not None:
            buckets["prescribed", record.prescribed_on].append(place)
    leads = list(range(len(records)))

    def lead(place: int) -> int:
        while leads[place] != place:
            leads[place] = leads[leads[place]]
            place = leads[place]
        return place

    for bucket in buckets.values():
        for one, other in combinations(bucket, 2):
            if is_same_dispensing(records[one], records[other]):
                leads[lead(other)] = lead(one)
    components: defaultdict[int, list[int]] = defaultdict(list)
    for place in range(len(records)):
        components[lead(place)].append(place)
    yield from components.values()


def _entries_of(component: Sequence[MedicationRecord]) -> list[DrugEntry]:
    """Return the entries of connected records; in any doubt each record is one of its own."""
    by_origin: defaultdict[MedicationOrigin, list[MedicationRecord]] = defaultdict(list)
    for record in component:
        by_origin[record.origin].append(record)
    groups = [by_origin[origin] for origin in sorted(by_origin)]
    pairs = zip(*groups, strict=False)
    whole = (
        len({len(group) for group in groups}) == 1
        and all(len(set(group)) == 1 for group in groups)
        and all(
            not contradict(one, other)
            for one, other in combinations([group[0] for group in groups], 2)
        )
    )
    if not whole:
        return [DrugEntry(record) for record in component]
    return [DrugEntry(first, tuple(rest)) for first, *rest in pairs]
