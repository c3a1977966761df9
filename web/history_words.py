"""Words and pictures for consented history; nothing is decided and nothing is left out here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from eligibility.calendar import JAPAN, CalendarMonth
from eligibility.codes import ConsentCategory, Sex, UnknownCode
from eligibility.history import (
    CheckupObservation,
    CodedResult,
    MedicationRecord,
    MedicationUse,
    OperationRecord,
    QuantityPer,
    TreatmentRecord,
)
from eligibility.history.analytes import Band, ItemGroup, Side, answer_of
from eligibility.history.merging import DrugEntry
from eligibility.history.months import MonthOfCare, is_sensitive
from eligibility.history.series import CheckupColumn, CheckupRow, CheckupTable
from eligibility.history.series import way_of as way_of
from eligibility.history.timeline import DrugLine, day_doubt, month_doubt
from eligibility.model import ConsentDecision
from terminal.views import OpenHistory
from web.charts import Measured, Trend, trend
from web.history_pages import Period
from web.i18n import current_language, show_date, show_moment, show_number, text
from web.wording import amount, label

AnyAct = TypeVar("AnyAct", TreatmentRecord, OperationRecord)


# -- What is open ----------------------------------------------------------------------------------


def part_state(opened: OpenHistory, category: ConsentCategory) -> str | None:
    """Return why a category shows nothing, None where it was fetched."""
    if category in opened.history.fetched:
        return None
    if category in opened.missing:
        return text("history.part.missing")
    if category in opened.history.untold:
        return text("history.part.untold")
    if opened.emergency is not None:
        return text("emergency.part")
    consent = opened.consent
    refused = consent is not None and consent.decisions.get(category) is ConsentDecision.NO
    return text("history.part.refused" if refused else "history.part.not-asked")


def unread(opened: OpenHistory, category: ConsentCategory) -> list[tuple[str, str]]:
    """Return what nobody can read of an answer: the way to each value, and the value."""
    return [(one.way, one.value) for one in opened.history.unread if one.category is category]


def day_mark(opened: OpenHistory, day: date | CalendarMonth | None) -> str:
    """Return what cannot be true of a day or month of something done, or nothing."""
    today = opened.seen_at.astimezone(JAPAN).date()
    birthdate = None if opened.person is None else opened.person.birthdate
    if isinstance(day, CalendarMonth):
        found = month_doubt(day, today, birthdate)
    else:
        found = day_doubt(day, today, birthdate)
    return "" if found is None else text(f"history.doubt.{found.value}")


# -- Medicines -------------------------------------------------------------------------------------


def period(one: Period) -> str:
    """Return a period's name."""
    return text(f"history.period.{one.value}")


def dose(record: MedicationRecord) -> str:
    """Return how much for how long: 1日 1 錠・28日分; before it 外用 and the like, but not 内服."""
    parts = []
    if isinstance(record.use, UnknownCode):
        parts.append(text("history.code-alone", code=record.use.value))
    elif record.use not in (None, MedicationUse.INTERNAL):
        parts.append(str(label(record.use)))
    quantity = amount(record.quantity, record.unit)
    if quantity and record.quantity_per is None:
        parts.append(quantity)
    elif quantity and record.quantity_per is not None:
        per: QuantityPer = record.quantity_per
        parts.append(text(f"history.per.{per.value}", amount=quantity))
    if record.days is not None:
        parts.append(text("history.days", days=show_number(record.days)))
    if record.times is not None:
        parts.append(text("history.times", times=show_number(record.times)))
    if record.days_or_times is not None:
        parts.append(text("history.days-or-times", number=show_number(record.days_or_times)))
    return text("history.between").join(parts)


def usage(record: MedicationRecord) -> str:
    """Return usage and special instruction as they were written."""
    return "　".join(filter(None, (record.usage, record.special_instruction)))


def origins(entry: DrugEntry) -> list[tuple[str, str]]:
    """Return the sources' short names and what each means, the shown one first."""
    found = []
    for record in entry.records:
        name = record.origin.name.lower()
        found.append((text(f"history.origin.{name}"), text(f"history.origin.{name}.means")))
    return found


def line_marks(line: DrugLine) -> list[str]:
    """Return what is to be noticed about one line, each in words: doubts and overlaps."""
    marks = [text(f"history.doubt.{doubt.value}") for doubt in line.doubts]
    if line.overlap_days:
        key = "elsewhere" if line.overlaps_elsewhere else "same-place"
        marks.append(text(f"history.overlap.{key}", days=show_number(line.overlap_days)))
    return marks


def line_note(line: DrugLine) -> str:
    """Return what the sources leave open about one line, or nothing."""
    if line.may_repeat:
        return text("history.may-repeat")
    return "" if line.entry.is_dispensed else text("history.only-prescribed")


# -- Treatment -------------------------------------------------------------------------------------


def visited(month: MonthOfCare) -> str:
    """Return the institutions of a month in one line."""
    return "、".join(care.institution.name for care in month.institutions)


def by_day(acts: Sequence[AnyAct]) -> list[tuple[date | None, list[AnyAct]]]:
    """Return acts by their day, in their order; None where only the month is told."""
    days: dict[date | None, list[AnyAct]] = {}
    for act in acts:
        days.setdefault(act.performed_on, []).append(act)
    return list(days.items())


def parted(
    treatments: Sequence[TreatmentRecord],
) -> tuple[list[TreatmentRecord], list[TreatmentRecord]]:
    """Return the acts that are shown at once, and those that are folded."""
    plain = [one for one in treatments if not is_sensitive(one)]
    return plain, [one for one in treatments if is_sensitive(one)]


# -- Checkups --------------------------------------------------------------------------------------


def result(observation: CheckupObservation, *, with_unit: bool = True) -> str:
    """Return what a checkup's item brought: a number within its limit, words, or a bare code."""
    value = observation.value
    if value is None:
        return text("history.not-measured")
    if isinstance(value, CodedResult):
        answer = answer_of(observation)
        if isinstance(answer, tuple):
            return answer[0] if current_language() == "ja" else answer[1]
        return answer or text("history.code-alone", code=value.code)
    limit = f"{observation.comparator.value} " if observation.comparator else ""
    written = value if isinstance(value, str) else f"{value:f}"
    return limit + amount(written, observation.unit if with_unit else None)


def item_name(row: CheckupRow) -> str:
    """Return an item's name, the payer's own where the item is not known."""
    if row.item is None:
        return row.name
    return row.item.ja if current_language() == "ja" else row.item.en


def codes(row: CheckupRow) -> str:
    """Return the item codes of a row as the payer wrote them."""
    return " ".join(dict.fromkeys(one.item_code for cell in row.cells for one in cell))


def groups() -> tuple[ItemGroup, ...]:
    """Return the headings in the order of the page."""
    return tuple(ItemGroup)


def group_name(group: ItemGroup) -> str:
    """Return a heading's name."""
    return text(f"history.group.{group.value}")


def column_name(column: CheckupColumn) -> str:
    """Return the day of a checkup, or that nothing is on record for the year."""
    if column.day is None:
        return text("history.no-checkup")
    return show_date(column.day)


def fiscal_year(year: int) -> str:
    """Return a fiscal year in words."""
    return text("history.fiscal-year", year=year)


def sex_of(opened: OpenHistory | None) -> Sex | None:
    """Return the patient's sex where the answer tells it for certain."""
    person = None if opened is None else opened.person
    sex = None if person is None else person.sex
    return sex if isinstance(sex, Sex) and sex is not Sex.NOT_SET else None


def band(row: CheckupRow, sex: Sex | None) -> Band | None:
    """Return the band of a row, None where none is known for this unit and sex."""
    return None if row.item is None else row.item.band_for(sex, row.unit)


def band_words(found: Band | None) -> str:
    """Return 保健指導判定値 and 受診勧奨判定値 in words."""
    if found is None:
        return ""
    parts = []
    for kind, above, below in (
        ("guidance", found.guidance_above, found.guidance_below),
        ("referral", found.referral_above, found.referral_below),
    ):
        for limit, side in (
            (above, "from"),
            (below, "to" if found.inclusive else "below"),
        ):
            if limit is not None:
                value = text(f"history.band.{side}", value=show_number(limit))
                parts.append(text(f"history.band.{kind}", value=value))
    return text("history.between").join(parts)


def side(observation: CheckupObservation, found: Band | None) -> str:
    """Return H, L or nothing: on which side of the band a value lies.

    What is only known to lie beyond a limit is not placed.
    """
    if found is None or observation.comparator or not isinstance(observation.value, Decimal):
        return ""
    return {Side.HIGH: "H", Side.LOW: "L", Side.WITHIN: ""}[found.side_of(observation.value)]


def for_referral(observation: CheckupObservation, found: Band | None) -> bool:
    """Whether a value reaches 受診勧奨判定値."""
    if found is None or observation.comparator or not isinstance(observation.value, Decimal):
        return False
    return found.is_for_referral(observation.value)


@dataclass(frozen=True, slots=True)
class TrendPicture:
    """One analyte's picture and its words."""

    id: str
    title: str
    said: str
    band: str
    picture: Trend
    breaks: bool


def trends(table: CheckupTable, sex: Sex | None) -> tuple[TrendPicture, ...]:
    """Return a picture of each analyte that has a scale and two numbers or more."""
    return tuple(
        made
        for number, row in enumerate(table.rows)
        if (made := _trend(f"trend-{number}", row, table, sex)) is not None
    )


def _trend(
    identity: str, row: CheckupRow, table: CheckupTable, sex: Sex | None
) -> TrendPicture | None:
    if row.item is None or row.item.chart is None or not row.is_numeric:
        return None
    if band_unit(row) is None:
        return None
    found = band(row, sex)
    years = sorted({column.fiscal_year for column in table.columns})
    values, said = [], []
    for column, cell in zip(table.columns, row.cells, strict=True):
        for one in cell:
            if column.day is None or not isinstance(one.value, Decimal):
                continue
            outside = {"H": "high", "L": "low"}.get(side(one, found), "")
            values.append(
                Measured(
                    year=years.index(column.fiscal_year),
                    part=_part_of_year(column.day),
                    value=one.value,
                    way=way_of(one),
                    outside=outside,
                    exact=one.comparator is None,
                )
            )
            said.append(f"{show_date(column.day)} {result(one)} {side(one, found)}".strip())
    if len(values) < 2:
        return None
    picture = trend(
        [str(year) for year in years],
        values,
        row.item.chart,
        None if found is None else found.guidance_above,
        None if found is None else found.guidance_below,
    )
    return TrendPicture(
        identity,
        text("history.item-in", item=item_name(row), unit=row.unit),
        text("history.between").join(said),
        band_words(found),
        picture,
        bool(picture.breaks),
    )


def band_unit(row: CheckupRow) -> str | None:
    """Return the row's unit where the item's scale is in it."""
    if row.item is None or row.unit is None or row.item.unit is None:
        return None
    return row.unit if row.unit == row.item.unit else None


def _part_of_year(day: date) -> float:
    begins = date(day.year if day.month >= 4 else day.year - 1, 4, 1)
    return (day - begins).days / 366


# -- Paper -----------------------------------------------------------------------------------------


def print_sheet(fetched: datetime, ends: datetime, consent: str, *, emergency: bool = False) -> str:
    """Return CSS that writes source, time, consent and page on each sheet of paper.

    ``emergency``: there was no consent, which the paper says.
    """
    said = text(
        "emergency.print" if emergency else "history.print",
        fetched=show_moment(fetched),
        ends=show_moment(ends),
        consent=consent[:8],
    )
    quoted = said.replace("\\", "").replace('"', "").replace("\n", " ")
    return (
        "@page{size:A4;margin:14mm 12mm 18mm;"
        f'@bottom-left{{content:"{quoted}";font-size:8pt}}'
        '@bottom-right{content:counter(page) " / " counter(pages);font-size:8pt}}\n'
    )
