"""A month's report as plain cells: one figure a line, under codes that do not change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eligibility.codes import UnknownCode
from terminal.report.month import BUCKETS, PERCENTILES, MonthReport, Result, Validity

HEADERS = ("month", "part", "item", "detail", "value", "unit")
WITHOUT_ANSWER = "without-answer"
WITHOUT_END = "without-end"


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure.  ``item`` and ``detail``: which one of its ``part``; ``unit``: of ``value``."""

    part: str
    item: str
    detail: str
    value: int
    unit: str = "count"


def permille(part: int, whole: int) -> int | None:
    """Return the share in thousandths, rounded down: only all is 1000.  None without a whole."""
    return None if whole == 0 else part * 1000 // whole


def class_names() -> tuple[str, ...]:
    """Return the codes of the classes of response times."""
    return (*(f"under-{upper}" for upper in BUCKETS), f"from-{BUCKETS[-1]}")


def validity_code(validity: Validity) -> str:
    """Return a validity's own code, ``none`` where the answer named none."""
    if validity is None:
        return "none"
    return validity.value if isinstance(validity, UnknownCode) else str(validity.value)


def cells(report: MonthReport) -> Iterator[Cell]:
    """Yield every figure of the report once, zeros included."""
    yield Cell("total", "visits", "", report.visits)
    yield Cell("total", "questions", "", report.questions)
    for result, count in zip(Result, report.results, strict=True):
        yield Cell("result", result, "", count)
    for way in report.ways:
        name = f"{way.origin}/{way.method}"
        for validity, count in zip(report.validities, way.validities, strict=True):
            yield Cell("way", name, validity_code(validity), count)
        yield Cell("way", name, WITHOUT_ANSWER, way.without_answer)
    for problem, count in report.problems:
        yield Cell("problem", problem, "", count)
    yield Cell("calls", "total", "", report.calls)
    yield Cell("calls", "retries", "", report.retries)
    yield Cell("calls", "replied", "", report.calls_replied)
    for outcome, count in report.outcomes:
        yield Cell("call", outcome, "", count)
    yield Cell("call", WITHOUT_END, "", report.calls_without_end)
    yield from _times(report)
    yield Cell("silence", "number", "", report.silences)
    yield Cell("silence", "duration", "", report.silent_seconds, "seconds")
    for row in report.beside:
        for code, count in row.outcomes:
            yield Cell(row.kind, row.item, code, count)
    for day in report.days:
        for result, count in zip(Result, day.results, strict=True):
            yield Cell("day", day.day.isoformat(), result, count)


def _times(report: MonthReport) -> Iterator[Cell]:
    times = report.times
    yield Cell("time", "answered-calls", "", times.count)
    for percent, taken in zip(PERCENTILES, times.percentiles, strict=False):
        yield Cell("time", f"p{percent}", "", taken, "ms")
    if times.slowest is not None:
        yield Cell("time", "slowest", "", times.slowest, "ms")
    for name, count in zip(class_names(), times.classes, strict=True):
        yield Cell("time", name, "", count)
