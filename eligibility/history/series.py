"""Checkups side by side: five fiscal years, a row for each analyte and unit.  Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from eligibility.history.analytes import CheckupItem, ItemGroup, JlacCode, item_of, same_unit
from eligibility.history.checkups import CheckupObservation

YEARS = 5
_GROUPS = tuple(ItemGroup)


@dataclass(frozen=True, slots=True)
class CheckupColumn:
    """One day of checkup, or a fiscal year (年度, from April) without any: ``day`` is None."""

    fiscal_year: int
    day: date | None


@dataclass(frozen=True, slots=True)
class CheckupRow:
    """One analyte in one unit over the columns.

    ``cells``: for each column what was measured: none, one, or several where the payer sent several
    that are not equal.  ``name``: as the payer wrote it last.
    """

    analyte: str
    name: str
    item: CheckupItem | None
    unit: str | None
    cells: tuple[tuple[CheckupObservation, ...], ...]

    @property
    def group(self) -> ItemGroup:
        """The heading that the row stands under."""
        return ItemGroup.UNKNOWN if self.item is None else self.item.group

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways of measuring in this row, each once, the oldest first."""
        found = [way_of(one) for cell in self.cells for one in cell]
        return tuple(dict.fromkeys(found))

    @property
    def is_numeric(self) -> bool:
        """Whether the row holds numbers, and nothing else that was measured."""
        values = [one.value for cell in self.cells for one in cell if one.value is not None]
        return bool(values) and all(isinstance(value, Decimal) for value in values)


@dataclass(frozen=True, slots=True)
class CheckupTable:
    """The columns from old to new, and the rows by group; nothing that was measured is left out.

    ``earlier`` and ``later``: how many days of checkup lie outside the years shown;
    ``earlier_year`` and ``later_year``: with which year the next five end that hold some of them.
    """

    columns: tuple[CheckupColumn, ...]
    rows: tuple[CheckupRow, ...]
    earlier: int = 0
    later: int = 0
    earlier_year: int | None = None
    later_year: int | None = None

    def rows_of(self, group: ItemGroup) -> tuple[CheckupRow, ...]:
        """Return the rows under one heading."""
        return tuple(row for row in self.rows if row.group is group)


def fiscal_year(day: date) -> int:
    """Return the fiscal year (年度) of a day: it begins on 1 April."""
    return day.year if day.month >= 4 else day.year - 1


def way_of(observation: CheckupObservation) -> str:
    """Return by what material and method something was measured."""
    return JlacCode.of(observation.item_code).way


def checkup_table(
    observations: Iterable[CheckupObservation],
    last_year: int | None = None,
    today: date = date.max,
) -> CheckupTable:
    """Return five fiscal years that end with ``last_year``, by default the newest one there is.

    A day after ``today`` is a mistake of its source: it does not say which years are the newest.
    """
    found = list(observations)
    days = sorted({one.effective_date for one in found})
    if not days:
        return CheckupTable((), ())
    newest = max((day for day in days if day <= today), default=days[-1])
    last = fiscal_year(newest) if last_year is None else last_year
    years = range(last - YEARS + 1, last + 1)
    columns = [column for year in years for column in _columns(year, days)]
    shown = [one for one in found if fiscal_year(one.effective_date) in years]
    rows: defaultdict[tuple[str, str | None], list[CheckupObservation]] = defaultdict(list)
    units = _units(shown)
    for one in shown:
        rows[_row_of(one, units)].append(one)
    made = [_row(key, these, columns) for key, these in rows.items()]
    earlier = [year for day in days if (year := fiscal_year(day)) < years[0]]
    later = [year for day in days if (year := fiscal_year(day)) > years[-1]]
    return CheckupTable(
        columns=tuple(columns),
        rows=tuple(sorted(made, key=_order)),
        earlier=len(earlier),
        later=len(later),
        earlier_year=earlier[-1] if earlier else None,
        later_year=min(later[0] + YEARS - 1, later[-1]) if later else None,
    )


def _columns(year: int, days: Iterable[date]) -> list[CheckupColumn]:
    found = [CheckupColumn(year, day) for day in days if fiscal_year(day) == year]
    return found or [CheckupColumn(year, None)]


def _units(observations: Iterable[CheckupObservation]) -> dict[str, set[str | None]]:
    """Return the units that each analyte was measured in, None for what has none."""
    units: defaultdict[str, set[str | None]] = defaultdict(set)
    for one in observations:
        if one.value is not None:
            units[JlacCode.of(one.item_code).analyte].add(_unit(one))
    return units


def _unit(observation: CheckupObservation) -> str | None:
    return None if observation.unit is None else same_unit(observation.unit)


def _row_of(
    observation: CheckupObservation, units: dict[str, set[str | None]]
) -> tuple[str, str | None]:
    """Return what observations on one line have in common: analyte and unit.

    What has no result stands with the analyte's only unit, or on a line of its own.
    """
    analyte = JlacCode.of(observation.item_code).analyte
    measured = units.get(analyte, set())
    if observation.value is None and len(measured) == 1:
        return analyte, next(iter(measured))
    return analyte, _unit(observation)


def _row(
    key: tuple[str, str | None],
    observations: Sequence[CheckupObservation],
    columns: Sequence[CheckupColumn],
) -> CheckupRow:
    item = item_of(observations[0].item_code)
    newest = max(observations, key=lambda one: one.effective_date)
    cells = tuple(
        tuple(dict.fromkeys(one for one in observations if one.effective_date == column.day))
        for column in columns
    )
    return CheckupRow(key[0], newest.item_name, item, key[1], cells)


def _order(row: CheckupRow) -> tuple[int, int, str, str]:
    place = 0 if row.item is None else row.item.place
    return _GROUPS.index(row.group), place, row.analyte, row.unit or ""
