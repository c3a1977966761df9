"""Words and pictures for a month's report; every figure comes from the report itself."""

from __future__ import annotations

from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory, read_code
from eligibility.payer import IdentificationMethod
from terminal.bulk.run import RunWay
from terminal.payer.calls import CallOutcome
from terminal.payer.question import QuestionProblem
from terminal.report.beside import BesideKind
from terminal.report.cells import WITHOUT_ANSWER, WITHOUT_END, Cell, permille
from terminal.report.month import BUCKETS, PERCENTILES, DayRow, MonthReport, Result, WayRow
from terminal.visit import VisitOrigin
from web.charts import Chart, columns
from web.i18n import show_date, show_number, text
from web.wording import label

Rows = list[tuple[str, ...]]
SHOWN_RESULTS = (
    (Result.AT_ONCE,),
    (Result.LATER,),
    (Result.REFUSED, Result.GIVEN_TO_STAFF, Result.WAITING),
)
"""What the columns of the days are stacked of."""
HALF_WIDTH = 600


def percent(part: int, whole: int) -> str:
    """Return a share with one decimal, rounded down; a dash where there is no whole."""
    share = permille(part, whole)
    return "–" if share is None else f"{share // 10}.{share % 10}%"


def seconds(milliseconds: int | None) -> str:
    """Return a time: 0.32秒; a dash where there is none."""
    if milliseconds is None:
        return "–"
    return text("staff.report.seconds", seconds=f"{milliseconds / 1000:.2f}")


def duration(whole_seconds: int) -> str:
    """Return hours and minutes, a begun minute as a whole one."""
    minutes = -(-whole_seconds // 60)
    return text("staff.report.duration", hours=minutes // 60, minutes=minutes % 60)


def key_figures(report: MonthReport) -> Rows:
    """Return the figures that stand on top: term and value."""
    times = report.times.percentiles
    return [
        (text("staff.report.visits"), show_number(report.visits)),
        (text("staff.report.questions"), show_number(report.questions)),
        (text("staff.report.at-once"), percent(report.result(Result.AT_ONCE), report.questions)),
        (text("staff.report.median"), seconds(times[0] if times else None)),
        (text("staff.report.retries"), show_number(report.retries)),
    ]


def way_name(way: WayRow) -> str:
    """Return a way of asking: カード・暗証番号."""
    return text("staff.report.way", origin=text(f"origin.{way.origin}"), method=_method(way.method))


def _method(method: IdentificationMethod) -> str:
    return text(f"method.{method}")


def way_headers(report: MonthReport) -> list[str]:
    """Return the heads of the table of ways."""
    named = [
        text("staff.report.no-validity") if one is None else label(one) for one in report.validities
    ]
    return [text("staff.report.way.head"), *named, _without_answer(), text("staff.report.sum")]


def _without_answer() -> str:
    return text("staff.report.without-answer")


def way_rows(report: MonthReport) -> Rows:
    """Return the table of ways, its sums last."""
    rows = [
        (way_name(way), *_numbers(*way.validities, way.without_answer, way.total))
        for way in report.ways
    ]
    sums = [sum(column) for column in zip(*(way.validities for way in report.ways), strict=True)]
    rest = sum(way.without_answer for way in report.ways)
    rows.append((text("staff.report.sum"), *_numbers(*sums, rest, report.questions)))
    return rows


def _numbers(*counts: int) -> tuple[str, ...]:
    return tuple(show_number(count) for count in counts)


def day_chart(report: MonthReport) -> Chart:
    """Return the columns of the days."""
    return columns([str(day.day.day) for day in report.days], [_stack(day) for day in report.days])


def _stack(day: DayRow) -> tuple[int, ...]:
    counts = dict(zip(Result, day.results, strict=True))
    return tuple(sum(counts[one] for one in group) for group in SHOWN_RESULTS)


def day_legend() -> list[str]:
    """Return what the parts of a day's column are."""
    alone = [text(f"report-result.{group[0]}") for group in SHOWN_RESULTS if len(group) == 1]
    return [*alone, _without_answer()]


def day_said(report: MonthReport) -> str:
    """Return the columns of the days in words; days without a question are left out."""
    return text("staff.report.comma").join(
        text("staff.report.day-said", day=show_date(day.day), count=show_number(day.total))
        for day in report.days
        if day.total
    )


def day_headers() -> list[str]:
    """Return the heads of the table of days."""
    results = [text(f"report-result.{result}") for result in Result]
    return [text("staff.report.day"), *results, text("staff.report.sum")]


def day_rows(report: MonthReport) -> Rows:
    """Return the table of days up to the day it was made, its sums last."""
    today = report.made_at.astimezone(JAPAN).date()
    rows = [
        (show_date(day.day), *_numbers(*day.results, day.total))
        for day in report.days
        if day.day <= today
    ]
    sums = _numbers(*report.results, report.questions)
    return [*rows, (text("staff.report.sum"), *sums)]


def _class_ends() -> list[tuple[str, str]]:
    ends = [f"{upper / 1000:g}" for upper in BUCKETS]
    return list(zip(["", *ends], [*ends, ""], strict=True))


def class_words() -> list[str]:
    """Return the classes of response times in seconds: 0.1–0.2."""
    return [
        f"< {upper}" if not lower else f"≥ {lower}" if not upper else f"{lower}–{upper}"
        for lower, upper in _class_ends()
    ]


def time_chart(report: MonthReport) -> Chart:
    """Return the columns of the classes of response times."""
    return columns(class_words(), [(count,) for count in report.times.classes], width=HALF_WIDTH)


def time_rows(report: MonthReport) -> Rows:
    """Return the classes of response times with their counts and shares."""
    count = report.times.count
    return [
        (name, show_number(one), percent(one, count))
        for name, one in zip(class_words(), report.times.classes, strict=True)
    ]


def time_said(report: MonthReport) -> str:
    """Return the classes in words."""
    return text("staff.report.comma").join(
        text("staff.report.time-said", seconds=name, count=count)
        for name, count, _ in time_rows(report)
    )


def percentile_rows(report: MonthReport) -> Rows:
    """Return how long half, 95 and 99 of a hundred answers took at most."""
    taken: list[int | None] = [*report.times.percentiles] or [None] * len(PERCENTILES)
    rows = [
        (text("staff.report.percentile", percent=percent), seconds(one))
        for percent, one in zip(PERCENTILES, taken, strict=True)
    ]
    return [*rows, (text("staff.report.slowest"), seconds(report.times.slowest))]


def availability_rows(report: MonthReport) -> Rows:
    """Return the figures of availability: what, how much, and what it is made of."""
    ended = report.calls - report.calls_without_end
    return [
        (
            text("staff.report.at-once"),
            percent(report.result(Result.AT_ONCE), report.questions),
            text(
                "staff.report.at-once.means",
                part=show_number(report.result(Result.AT_ONCE)),
                whole=show_number(report.questions),
            ),
        ),
        (
            text("staff.report.replied"),
            percent(report.calls_replied, ended),
            text(
                "staff.report.replied.means",
                part=show_number(report.calls_replied),
                whole=show_number(ended),
            ),
        ),
        (
            text("staff.report.silent"),
            duration(report.silent_seconds),
            text("staff.report.silent.means", count=show_number(report.silences)),
        ),
        (
            text("staff.report.retries"),
            show_number(report.retries),
            text("staff.report.retries.means"),
        ),
    ]


def failure_rows(report: MonthReport) -> Rows:
    """Return the calls without an answer by kind, with their share of all calls."""
    rows: Rows = [
        (_outcome(outcome), show_number(count), percent(count, report.calls))
        for outcome, count in report.failures
    ]
    queued = dict(report.outcomes).get(CallOutcome.QUEUED, 0)
    for name, count in (
        (_outcome(CallOutcome.QUEUED), queued),
        (text("staff.report.without-end"), report.calls_without_end),
    ):
        if count:
            rows.append((name, show_number(count), percent(count, report.calls)))
    return rows


def _outcome(outcome: CallOutcome) -> str:
    return text(f"call-outcome.{outcome}")


def problem_rows(report: MonthReport) -> Rows:
    """Return the questions that have no answer by their last problem."""
    return [
        (text(f"problem.{problem}.what"), show_number(count)) for problem, count in report.problems
    ]


def beside_rows(report: MonthReport) -> Rows:
    """Return the table of what was asked beside the desk's questions."""
    return [
        (
            beside_name(row.kind, row.item),
            *_numbers(row.answered, row.without, row.open, row.total),
        )
        for row in report.beside
    ]


def beside_name(kind: BesideKind, item: str) -> str:
    """Return one kind in words: 診療情報の取得（薬剤情報）."""
    name = text(f"report-beside.{kind}")
    if not item:
        return name
    if kind is BesideKind.HISTORY:
        detail = label(read_code(ConsentCategory, item))
    else:
        detail = text(f"report-beside.way.{RunWay(item)}")
    return text("staff.report.of", name=name, detail=detail)


def cell_name(cell: Cell) -> str:
    """Return a figure's name in words; a validity stays the payer's own code."""
    if cell.part in list(BesideKind):
        return beside_name(BesideKind(cell.part), cell.item)
    if cell.part == "way":
        origin, _, method = cell.item.partition("/")
        origin_words = text(f"origin.{VisitOrigin(origin)}")
        way = text(
            "staff.report.way",
            origin=origin_words,
            method=_method(IdentificationMethod(method)),
        )
        return f"{way} {_without_answer()}" if cell.detail == WITHOUT_ANSWER else way
    if cell.part == "result":
        return text(f"report-result.{Result(cell.item)}")
    if cell.part == "day":
        return text(f"report-result.{Result(cell.detail)}")
    if cell.part == "problem":
        return text(f"problem.{QuestionProblem(cell.item)}.what")
    if cell.part == "call":
        without_end = cell.item == WITHOUT_END
        return text("staff.report.without-end") if without_end else _outcome(CallOutcome(cell.item))
    return text(f"staff.report.part.{cell.part}")
