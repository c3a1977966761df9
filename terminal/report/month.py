"""The month's report of the desk's questions to the payer: counts and times, never a person.

A pure function over rows.  A question belongs to the month in Japan in which it was committed, a
call to the one in which it was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from eligibility.calendar import JAPAN, CalendarMonth
from eligibility.codes import QualificationValidity, UnknownCode
from eligibility.payer import IdentificationMethod
from terminal.errors import UnknownMonthError
from terminal.payer.calls import CallOutcome
from terminal.payer.question import QuestionProblem, QuestionState
from terminal.report.beside import BesideCount, BesideRow, beside_rows
from terminal.visit import VisitOrigin

AT_ONCE = timedelta(minutes=1)
"""How long after a question its answer still came while the patient stood there."""
BUCKETS = (100, 200, 500, 1000, 2000, 5000, 10_000)
"""Upper ends of the classes of response times, in milliseconds; the last class has none."""
PERCENTILES = (50, 95, 99)
FIRST_YEAR, LAST_YEAR = 2000, 9998

Validity = QualificationValidity | UnknownCode | None


def named_month(text: str) -> CalendarMonth:
    """Return the month written as ``2026-11``.  Raises UnknownMonthError."""
    try:
        month = CalendarMonth.read(text)
    except ValueError:
        month = None
    if month is None or not FIRST_YEAR <= month.year <= LAST_YEAR:
        msg = f"not a month like 2026-11: {text[:20]!r}"
        raise UnknownMonthError(msg)
    return month


class Result(StrEnum):
    """What became of a question; each has exactly one."""

    AT_ONCE = "at-once"
    """Answered by the first call or told unasked, within :data:`AT_ONCE` of the question."""
    LATER = "later"
    REFUSED = "refused"
    GIVEN_TO_STAFF = "given-to-staff"
    WAITING = "waiting"


ANSWERED = (Result.AT_ONCE, Result.LATER)


@dataclass(frozen=True, slots=True)
class AskedRow:
    """One question.  ``answered_at`` and ``validity`` are of its answer, if it has one."""

    created_at: datetime
    state: QuestionState
    problem: QuestionProblem | None
    attempts: int
    origin: VisitOrigin
    method: IdentificationMethod
    answered_at: datetime | None = None
    validity: Validity = None

    @property
    def result(self) -> Result:
        """What became of it."""
        if self.state is QuestionState.REFUSED:
            return Result.REFUSED
        if self.state is QuestionState.GIVEN_TO_STAFF:
            return Result.GIVEN_TO_STAFF
        if self.state is not QuestionState.ANSWERED:
            return Result.WAITING
        prompt = self.answered_at is not None and self.answered_at - self.created_at <= AT_ONCE
        return Result.AT_ONCE if self.attempts <= 1 and prompt else Result.LATER


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call; ``outcome`` and ``milliseconds`` are None where no end is known."""

    asked_at: datetime
    outcome: CallOutcome | None
    milliseconds: int | None

    @property
    def ended_at(self) -> datetime:
        """When it ended, as far as that is known."""
        return self.asked_at + timedelta(milliseconds=self.milliseconds or 0)


@dataclass(frozen=True, slots=True)
class WayRow:
    """The questions of one way of asking: those answered by validity, and the rest."""

    origin: VisitOrigin
    method: IdentificationMethod
    validities: tuple[int, ...]
    without_answer: int

    @property
    def total(self) -> int:
        """All questions of this way."""
        return sum(self.validities) + self.without_answer


@dataclass(frozen=True, slots=True)
class DayRow:
    """The questions of one day, by result in the order of :class:`Result`."""

    day: date
    results: tuple[int, ...]

    @property
    def total(self) -> int:
        """All questions of the day."""
        return sum(self.results)


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """How long the payer took for an answer, in milliseconds; only calls that brought one.

    ``percentiles``: as :data:`PERCENTILES`, by nearest rank, empty without calls; ``classes``: how
    many calls took less than each of :data:`BUCKETS`, and the rest.
    """

    count: int
    percentiles: tuple[int, ...]
    slowest: int | None
    classes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MonthReport:
    """One month.  ``validities`` name the columns of ``ways``; ``made_at``: up to when it knows.

    ``retries``: calls beyond the first of each of this month's questions.  ``silences``: how often
    the payer was silent: from a call that nothing came back from to the end of the next one that
    something did, ``silent_seconds`` in all.  ``beside``: what is in no other figure.
    """

    month: CalendarMonth
    made_at: datetime
    visits: int
    questions: int
    results: tuple[int, ...]
    validities: tuple[Validity, ...]
    ways: tuple[WayRow, ...]
    problems: tuple[tuple[QuestionProblem, int], ...]
    days: tuple[DayRow, ...]
    retries: int
    calls: int
    outcomes: tuple[tuple[CallOutcome, int], ...]
    calls_without_end: int
    times: ResponseTimes
    silences: int
    silent_seconds: int
    beside: tuple[BesideRow, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether the month was over when this was made."""
        return self.made_at >= self.month.bounds[1]

    @property
    def is_empty(self) -> bool:
        """Whether nobody came and nothing was asked."""
        return not (self.visits or self.questions or self.calls or self.beside)

    def result(self, result: Result) -> int:
        """Return how many questions ended so."""
        return self.results[tuple(Result).index(result)]

    @property
    def answered(self) -> int:
        """How many questions have an answer."""
        return sum(self.result(result) for result in ANSWERED)

    @property
    def calls_replied(self) -> int:
        """How many calls something came back from, be it of use or not."""
        return sum(count for outcome, count in self.outcomes if outcome.payer_spoke)

    @property
    def failures(self) -> tuple[tuple[CallOutcome, int], ...]:
        """The calls that brought no answer and were not merely told to wait."""
        fine = (CallOutcome.ANSWERED, CallOutcome.QUEUED)
        return tuple((outcome, count) for outcome, count in self.outcomes if outcome not in fine)


def make_report(
    month: CalendarMonth,
    made_at: datetime,
    visits: int,
    asked: Sequence[AskedRow],
    calls: Sequence[CallRow],
    beside: Iterable[BesideCount] = (),
) -> MonthReport:
    """Return the report of a month from its rows, in any order.

    ``visits``: how many began in the month, with a question or without.
    """
    validities = _validities(asked)
    results = Counter(row.result for row in asked)
    by_day = {day: Counter[Result]() for day in month.days}
    for row in asked:
        by_day[row.created_at.astimezone(JAPAN).date()][row.result] += 1
    problems = Counter(
        row.problem for row in asked if row.problem is not None and row.result not in ANSWERED
    )
    outcomes = Counter(call.outcome for call in calls if call.outcome is not None)
    silences = _silences(calls, min(made_at, month.bounds[1]))
    return MonthReport(
        month=month,
        made_at=made_at,
        visits=visits,
        questions=len(asked),
        results=tuple(results[result] for result in Result),
        validities=validities,
        ways=_ways(asked, validities),
        problems=tuple((one, problems[one]) for one in QuestionProblem if problems[one]),
        days=tuple(
            DayRow(day, tuple(counted[result] for result in Result))
            for day, counted in by_day.items()
        ),
        retries=sum(max(0, row.attempts - 1) for row in asked),
        calls=len(calls),
        outcomes=tuple((one, outcomes[one]) for one in CallOutcome if outcomes[one]),
        calls_without_end=sum(call.outcome is None for call in calls),
        times=_times(calls),
        silences=len(silences),
        silent_seconds=round(sum(silences, timedelta(0)).total_seconds()),
        beside=beside_rows(beside),
    )


def _validities(asked: Iterable[AskedRow]) -> tuple[Validity, ...]:
    """Return every known validity, then what was seen beside them."""
    seen = {row.validity for row in asked if row.result in ANSWERED}
    unknown = sorted(
        (one for one in seen if isinstance(one, UnknownCode)),
        key=lambda one: (one.value, one.table),
    )
    return (*QualificationValidity, *unknown, *([None] if None in seen else []))


def _ways(asked: Sequence[AskedRow], validities: tuple[Validity, ...]) -> tuple[WayRow, ...]:
    answered = Counter(
        (row.origin, row.method, row.validity) for row in asked if row.result in ANSWERED
    )
    rest = Counter((row.origin, row.method) for row in asked if row.result not in ANSWERED)
    used = {(row.origin, row.method) for row in asked}
    return tuple(
        WayRow(
            origin,
            method,
            tuple(answered[origin, method, validity] for validity in validities),
            rest[origin, method],
        )
        for origin in VisitOrigin
        for method in IdentificationMethod
        if (origin, method) in used
    )


def _times(calls: Iterable[CallRow]) -> ResponseTimes:
    taken = sorted(
        call.milliseconds
        for call in calls
        if call.outcome is CallOutcome.ANSWERED and call.milliseconds is not None
    )
    below = [sum(one < upper for one in taken) for upper in BUCKETS]
    starts = [0, *below]
    return ResponseTimes(
        count=len(taken),
        # nearest rank: the smallest time that this share of the calls did not exceed
        percentiles=tuple(taken[-(-percent * len(taken) // 100) - 1] for percent in PERCENTILES)
        if taken
        else (),
        slowest=taken[-1] if taken else None,
        classes=tuple(end - start for start, end in zip(starts, [*below, len(taken)], strict=True)),
    )


def _silences(calls: Iterable[CallRow], until: datetime) -> list[timedelta]:
    """Return how long each silence lasted; one that nothing ended goes on ``until``."""
    found = []
    since: datetime | None = None
    heard: datetime | None = None
    for call in sorted(calls, key=lambda one: one.ended_at):
        if call.outcome is None:
            continue
        if not call.outcome.payer_spoke:
            # calls run side by side: what was sent before a sign of life is silent only after it
            since = since or max(call.asked_at, heard or call.asked_at)
            continue
        heard = call.ended_at
        if since is not None:
            found.append(heard - since)
            since = None
    if since is not None:
        found.append(max(until - since, timedelta(0)))
    return found
