"""The month's report as a pure function of its rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.calendar import CalendarMonth
from eligibility.codes import QualificationValidity, UnknownCode
from eligibility.payer import IdentificationMethod
from terminal.errors import UnknownMonthError
from terminal.payer.calls import CallOutcome
from terminal.payer.question import QuestionProblem, QuestionState
from terminal.report.beside import BesideCount, BesideKind
from terminal.report.cells import cells
from terminal.report.month import (
    BUCKETS,
    AskedRow,
    CallRow,
    MonthReport,
    Result,
    Validity,
    make_report,
    named_month,
)
from terminal.visit import VisitOrigin

NOVEMBER = CalendarMonth(2026, 11)
START, END = NOVEMBER.bounds
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
MOMENTS = st.integers(0, int((END - START).total_seconds()) - 1).map(
    lambda seconds: START + timedelta(seconds=seconds)
)
VALIDITIES = st.none() | st.sampled_from(QualificationValidity) | st.builds(UnknownCode)
ASKED = st.builds(
    AskedRow,
    created_at=MOMENTS,
    state=st.sampled_from(QuestionState),
    problem=st.none() | st.sampled_from(QuestionProblem),
    attempts=st.integers(0, 9),
    origin=st.sampled_from(VisitOrigin),
    method=st.sampled_from(IdentificationMethod),
    answered_at=st.none() | MOMENTS,
    validity=VALIDITIES,
)
CALLS = st.builds(
    CallRow,
    asked_at=MOMENTS,
    outcome=st.none() | st.sampled_from(CallOutcome),
    milliseconds=st.integers(0, 60_000),
)


def asked(seconds: float = 1, attempts: int = 1, validity: Validity = None) -> AskedRow:
    """Return a question by PIN that was answered this many seconds after it was committed."""
    return AskedRow(
        NOON,
        QuestionState.ANSWERED,
        None,
        attempts,
        VisitOrigin.CARD,
        IdentificationMethod.PIN,
        NOON + timedelta(seconds=seconds),
        validity,
    )


def called(minute: float, outcome: CallOutcome | None, milliseconds: int = 0) -> CallRow:
    """Return a call made so many minutes after noon."""
    return CallRow(NOON + timedelta(minutes=minute), outcome, milliseconds)


def reported(*rows: AskedRow, calls: tuple[CallRow, ...] = ()) -> MonthReport:
    """Return the report of these rows, made when the month was over."""
    return make_report(NOVEMBER, END, len(rows), rows, calls)


@given(st.lists(ASKED, max_size=30), st.lists(CALLS, max_size=30), st.integers(0, 99))
def test_all_sums_agree(rows: list[AskedRow], calls: list[CallRow], visits: int) -> None:
    """Every question and every call is counted once in each table that speaks of it."""
    report = make_report(NOVEMBER, END, visits, rows, calls)
    assert report.questions == len(rows) == sum(report.results)
    assert sum(way.total for way in report.ways) == len(rows)
    assert sum(sum(way.validities) for way in report.ways) == report.answered
    assert all(len(way.validities) == len(report.validities) for way in report.ways)
    assert sum(day.total for day in report.days) == len(rows)
    assert [sum(column) for column in zip(*(day.results for day in report.days), strict=True)] == [
        *report.results
    ]
    unanswered = report.questions - report.answered
    assert sum(count for _, count in report.problems) <= unanswered
    assert sum(count for _, count in report.outcomes) + report.calls_without_end == len(calls)
    answered = dict(report.outcomes).get(CallOutcome.ANSWERED, 0)
    assert report.times.count == sum(report.times.classes) == answered
    assert len(report.times.classes) == len(BUCKETS) + 1
    assert list(report.times.percentiles) == sorted(report.times.percentiles)
    assert 0 <= report.silent_seconds <= (END - START).total_seconds() + 60
    assert report.calls_replied <= report.calls
    assert report.is_empty == (not rows and not calls and not visits)


@given(st.lists(ASKED, max_size=20), st.lists(CALLS, max_size=20), st.randoms())
def test_the_order_of_rows_says_nothing(
    rows: list[AskedRow], calls: list[CallRow], chance: Random
) -> None:
    """Rows come from an index; the report does not hang on its order."""
    distinct = list({call.ended_at: call for call in calls}.values())
    before = make_report(NOVEMBER, END, 0, rows, distinct)
    chance.shuffle(rows)
    chance.shuffle(distinct)
    assert make_report(NOVEMBER, END, 0, rows, distinct) == before


@pytest.mark.parametrize(
    ("row", "result"),
    [
        (asked(seconds=59), Result.AT_ONCE),
        (asked(seconds=61), Result.LATER),
        (asked(seconds=1, attempts=2), Result.LATER),
        (asked(seconds=0, attempts=0), Result.AT_ONCE),
    ],
)
def test_at_once_is_the_first_call_within_a_minute(row: AskedRow, result: Result) -> None:
    """An answer that came by a second call, or late, is not one that the patient saw at once."""
    assert row.result is result


def test_what_is_asked_beside_stands_apart() -> None:
    """By kind and item, with its outcomes; no sum, share or time of the questions knows of it."""
    counts = [
        BesideCount(BesideKind.CHECK, "bulk", "answered", 7),
        BesideCount(BesideKind.CHECK, "bulk", "waiting", 2),
        BesideCount(BesideKind.CHECK, "bulk", "refused", 1),
        BesideCount(BesideKind.HISTORY, "YZK", "payer-slow", 3),
        BesideCount(BesideKind.HISTORY, "YZK", "without-end", 1),
        BesideCount(BesideKind.CONSENT, "", "answered", 4),
        BesideCount(BesideKind.REFERENCE_NUMBER, "", "accepted", 0),
    ]
    bare = make_report(NOVEMBER, END, 1, (asked(),), ())
    report = make_report(NOVEMBER, END, 1, (asked(),), (), counts)
    assert replace(report, beside=()) == bare
    found = [(one.kind, one.item, one.answered, one.without, one.open) for one in report.beside]
    assert found == [
        (BesideKind.CONSENT, "", 4, 0, 0),
        (BesideKind.HISTORY, "YZK", 0, 3, 1),
        (BesideKind.CHECK, "bulk", 7, 1, 2),
    ]
    assert not make_report(NOVEMBER, END, 0, (), (), counts).is_empty
    told = [one for one in cells(report) if one.part in list(BesideKind)]
    assert sum(one.value for one in told) == sum(one.count for one in counts)


def test_ways_and_validities_make_a_table() -> None:
    """A code that no table knows has a column of its own, after the known ones."""
    strange = UnknownCode("QualificationValidity", "9")
    rows = (asked(validity=QualificationValidity.VALID), asked(validity=strange))
    report = reported(*rows)
    assert report.validities == (*QualificationValidity, strange)
    (way,) = report.ways
    assert (way.origin, way.method) == (VisitOrigin.CARD, IdentificationMethod.PIN)
    assert way.validities == (1, 0, 0, 0, 0, 0, 1)


def test_percentiles_are_by_nearest_rank() -> None:
    """Of a hundred calls, 50, 95 and 99 took no longer than these; only answers count."""
    calls = [called(n, CallOutcome.ANSWERED, n) for n in range(1, 101)]
    times = reported(calls=(*calls, called(0, CallOutcome.SLOW, 30_000))).times
    assert (times.count, times.percentiles, times.slowest) == (100, (50, 95, 99), 100)
    one = reported(calls=(called(0, CallOutcome.ANSWERED, 7),)).times
    assert one.percentiles == (7, 7, 7)
    assert reported().times.percentiles == ()


def test_a_class_of_times_begins_where_the_one_before_ends() -> None:
    """A time that is exactly an upper end belongs to the next class."""
    calls = tuple(called(0, CallOutcome.ANSWERED, ms) for ms in (0, 99, 100, 9_999, 10_000))
    assert reported(calls=calls).times.classes == (2, 1, 0, 0, 0, 0, 1, 1)


def test_silence_lasts_until_the_payer_speaks() -> None:
    """A refusal ends a silence as well as an answer; a queued call or none without end does not."""
    calls = (
        called(0, CallOutcome.ANSWERED),
        called(10, CallOutcome.UNAVAILABLE),
        called(12, CallOutcome.SLOW, 10_000),
        called(13, None),
        called(20, CallOutcome.REFUSED, 30_000),
        called(40, CallOutcome.TRUST),
        called(41, CallOutcome.ANSWERED),
    )
    report = reported(calls=calls)
    assert (report.silences, report.silent_seconds) == (2, 10 * 60 + 30 + 60)


def test_a_silence_that_goes_on_ends_with_the_report() -> None:
    """What is known ends when the report is made, or with the month."""
    calls = (called(0, CallOutcome.UNAVAILABLE),)
    now = NOON + timedelta(hours=2)
    assert make_report(NOVEMBER, now, 0, (), calls).silent_seconds == 2 * 3600
    late = make_report(NOVEMBER, END + timedelta(days=9), 0, (), calls)
    assert late.silent_seconds == (END - NOON).total_seconds()


def test_a_month_is_japans() -> None:
    """The month turns at midnight in Japan, which is 15:00 UTC of the day before."""
    before = datetime(2026, 10, 31, 14, 59, 59, tzinfo=UTC)
    assert CalendarMonth.at(before) == CalendarMonth(2026, 10)
    assert CalendarMonth.at(before + timedelta(seconds=1)) == NOVEMBER
    assert before + timedelta(seconds=1) == START
    assert datetime(2026, 11, 30, 15, tzinfo=UTC) == END
    assert (NOVEMBER.days[0], NOVEMBER.days[-1]) == (date(2026, 11, 1), date(2026, 11, 30))
    assert not make_report(NOVEMBER, END - timedelta(seconds=1), 0, (), ()).is_finished
    assert make_report(NOVEMBER, END, 0, (), ()).is_finished


@given(st.dates(date(2000, 1, 1), date(9998, 12, 31)))
def test_a_month_reads_what_it_writes(day: date) -> None:
    """The written form comes back, and months follow each other without a gap."""
    month = CalendarMonth(day.year, day.month)
    assert named_month(str(month)) == month
    assert month.bounds[1] == month.next.bounds[0]
    assert day in month.days


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-13", "2026-00", "1999-12", "9999-01", "２０２６-11", "2026-11 ", "2026-1"],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    """One clear error for whatever else is written in its place."""
    with pytest.raises(UnknownMonthError):
        named_month(text)
