"""What a month's report counts, without a name or number of anybody.

Every column asked for stands in an index, so that no row, with its certificate or original, is
read; the planner would rather look ids up by the tables' own keys, hence INDEXED BY.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlite_utils import Database

from eligibility.codes import QualificationValidity, UnknownCode, read_code
from eligibility.payer import IdentificationMethod
from terminal.payer.calls import CallOutcome
from terminal.payer.question import QuestionProblem, QuestionState
from terminal.report.beside import BesideCount, BesideKind
from terminal.report.month import AskedRow, CallRow, Validity
from terminal.store.encoding import decode_moment, encode_moment
from terminal.visit import VisitOrigin

_ASKED = """
    SELECT questions.created_at, questions.state, questions.problem, questions.attempts,
        visits.origin, identifications.method, answers.received_at,
        (SELECT confirmations.validity FROM confirmations
            WHERE confirmations.answer_id = answers.id LIMIT 1)
    FROM questions
    JOIN visits INDEXED BY visits_origin ON visits.id = questions.visit_id
    LEFT JOIN identifications INDEXED BY identifications_method
        ON identifications.id = questions.visit_id
    LEFT JOIN answers ON answers.question_id = questions.id
    WHERE questions.created_at >= ? AND questions.created_at < ?
        AND questions.kind <> 'bulk-check'
    ORDER BY questions.created_at
"""
_CALLS = """
    SELECT asked_at, outcome, milliseconds FROM calls
    WHERE asked_at >= ? AND asked_at < ? ORDER BY asked_at
"""
_BESIDE = {
    "disclosures": """
        SELECT CASE WHEN category IS NULL THEN 'consent-calls' ELSE 'history-calls' END,
            coalesce(category, ''), coalesce(outcome, 'without-end'), count(*)
        FROM disclosure_calls INDEXED BY disclosure_calls_by_time
        WHERE asked_at >= ? AND asked_at < ? GROUP BY category, outcome
    """,
    "checks": """
        SELECT 'bulk-checks', bulk_runs.way, bulk_items.state, count(*)
        FROM bulk_runs INDEXED BY bulk_runs_by_start
        JOIN bulk_items INDEXED BY bulk_items_by_run ON bulk_items.run_id = bulk_runs.id
        WHERE bulk_runs.started_at >= ? AND bulk_runs.started_at < ?
        GROUP BY bulk_runs.way, bulk_items.state
    """,
    "reference numbers": """
        SELECT 'reference-numbers', '', state, count(*)
        FROM reference_registrations INDEXED BY reference_registrations_by_time
        WHERE created_at >= ? AND created_at < ? GROUP BY state
    """,
}


class MonthRows:
    """The rows of a report, of any span of time."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def first_at(self) -> datetime | None:
        """Return when the first question was committed, None where there is none."""
        (moment,) = self._db.execute("SELECT min(created_at) FROM questions").fetchone()
        return None if moment is None else decode_moment(moment)

    def visits(self, start: datetime, end: datetime) -> int:
        """Return how many visits were opened from ``start`` up to, not including, ``end``."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM visits WHERE opened_at >= ? AND opened_at < ?",
            [encode_moment(start), encode_moment(end)],
        ).fetchone()
        return int(count)

    def asked(self, start: datetime, end: datetime) -> list[AskedRow]:
        """Return the questions committed from ``start`` up to, not including, ``end``."""
        rows = self._db.execute(_ASKED, [encode_moment(start), encode_moment(end)])
        return [
            AskedRow(
                created_at=decode_moment(created_at),
                state=QuestionState(state),
                problem=None if problem is None else QuestionProblem(problem),
                attempts=attempts,
                origin=VisitOrigin(origin),
                method=IdentificationMethod(method or IdentificationMethod.NONE),
                answered_at=None if received_at is None else decode_moment(received_at),
                validity=_validity(validity),
            )
            for created_at, state, problem, attempts, origin, method, received_at, validity in rows
        ]

    def beside(self, start: datetime, end: datetime) -> list[BesideCount]:
        """Return what began from ``start`` up to, not including, ``end``, beside the questions."""
        span = [encode_moment(start), encode_moment(end)]
        return [
            BesideCount(BesideKind(kind), item, outcome, count)
            for query in _BESIDE.values()
            for kind, item, outcome, count in self._db.execute(query, span)
        ]

    def calls(self, start: datetime, end: datetime) -> list[CallRow]:
        """Return the calls made from ``start`` up to, not including, ``end``."""
        rows = self._db.execute(_CALLS, [encode_moment(start), encode_moment(end)])
        return [
            CallRow(
                decode_moment(asked_at), None if outcome is None else CallOutcome(outcome), taken
            )
            for asked_at, outcome, taken in rows
        ]


def _validity(stored: str | None) -> Validity:
    """Return a validity as a body holds it: a code, or an object for one that no table knows."""
    if stored is None:
        return None
    if stored.startswith("{"):
        return UnknownCode(**json.loads(stored))
    return read_code(QualificationValidity, stored)
