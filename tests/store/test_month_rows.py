"""What a month's report reads from the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from eligibility.codes import ConsentCategory, QualificationValidity, UnknownCode
from eligibility.payer import IdentificationMethod
from terminal.errors import StoreError
from terminal.payer.calls import Call, CallOutcome, DisclosureCall
from terminal.payer.question import QuestionProblem, QuestionState
from terminal.report.month import Validity
from terminal.store import Store, Transaction
from terminal.store import month as month_rows
from terminal.store.encoding import encode_moment
from terminal.visit import VisitOrigin
from tests.store.builders import (
    MORNING,
    a_confirmation,
    a_question,
    a_visit,
    an_answer,
    an_identification,
    confirm_visit,
)

HOUR = timedelta(hours=1)
YZK = ConsentCategory.YZK
CALL = Call("q-1.1", "q-1", 1, MORNING, "terminal")


def store_visit(tx: Transaction, validity: Validity) -> None:
    """Store a visit whose question was answered with this validity."""
    tx.visits.add(a_visit())
    tx.identifications.add(an_identification())
    tx.outbox.add(a_question(state=QuestionState.ANSWERED, attempts=3))
    tx.answers.add(an_answer(received_at=MORNING + HOUR))
    tx.confirmations.add(replace(a_confirmation(), qualification_validity=validity))


@pytest.mark.parametrize(
    "validity",
    [QualificationValidity.INVALID, UnknownCode("QualificationValidity", '"{9}'), None],
)
def test_a_question_is_read_with_its_answer(store: Store, validity: Validity) -> None:
    """Each column is that of the record, an unknown validity included."""
    store.write(lambda tx: store_visit(tx, validity))
    (row,) = store.read(lambda tx: tx.month_rows.asked(MORNING, MORNING + HOUR))
    assert (row.created_at, row.answered_at) == (MORNING, MORNING + HOUR)
    assert (row.state, row.problem, row.attempts) == (QuestionState.ANSWERED, None, 3)
    assert (row.origin, row.method) == (VisitOrigin.CARD, IdentificationMethod.PIN)
    assert row.validity == validity


def test_a_question_is_read_without_an_answer(store: Store) -> None:
    """One that was refused, of a holder whose identification is not stored, counts as well."""
    question = a_question(state=QuestionState.REFUSED, problem=QuestionProblem.PAYER_REFUSED)

    def work(tx: Transaction) -> None:
        tx.visits.add(a_visit())
        tx.outbox.add(question)

    store.write(work)
    (row,) = store.read(lambda tx: tx.month_rows.asked(MORNING, MORNING + HOUR))
    assert (row.problem, row.answered_at, row.validity) == (question.problem, None, None)
    assert row.method is IdentificationMethod.NONE


def test_the_span_takes_its_start_and_leaves_its_end(store: Store) -> None:
    """What stands on the end belongs to the next span, so that months add up."""
    store.write(lambda tx: store_visit(tx, None))
    store.write(lambda tx: tx.calls.add(CALL))

    def counted(tx: Transaction, offset: timedelta) -> tuple[int, int, int]:
        span = (MORNING + offset, MORNING + offset + HOUR)
        rows = tx.month_rows
        return rows.visits(*span), len(rows.asked(*span)), len(rows.calls(*span))

    assert store.read(lambda tx: counted(tx, timedelta(0))) == (1, 1, 1)
    assert store.read(lambda tx: counted(tx, -HOUR)) == (0, 0, 0)
    assert store.read(lambda tx: tx.month_rows.first_at()) == MORNING


def test_a_call_ends_once(store: Store) -> None:
    """A call is stored before it is made; its end is never overwritten by another one."""
    confirm_visit(store)
    ended = replace(CALL, outcome=CallOutcome.SLOW, milliseconds=10_000)
    assert store.write(lambda tx: tx.calls.add(CALL))
    assert not store.write(lambda tx: tx.calls.add(CALL))
    store.write(lambda tx: tx.calls.end(ended))
    store.write(lambda tx: tx.calls.end(ended))
    with pytest.raises(StoreError, match="ended already"):
        store.write(lambda tx: tx.calls.end(replace(ended, milliseconds=1)))
    assert store.read(lambda tx: tx.calls.of_question("q-1")) == [ended]
    assert store.read(lambda tx: tx.month_rows.first_at()) == MORNING


def test_questions_are_found_by_indexes_alone(store: Store) -> None:
    """No table is gone through from end to end: a year of other months costs nothing."""

    def plan(tx: Transaction, query: str) -> list[str]:
        span = [encode_moment(MORNING), encode_moment(MORNING + HOUR)]
        rows = tx._db.execute(f"EXPLAIN QUERY PLAN {query}", span)
        return [row[3] for row in rows]

    for query in (month_rows._ASKED, *month_rows._BESIDE.values()):
        steps = store.read(lambda tx, query=query: plan(tx, query))  # type: ignore[misc]
        assert [step for step in steps if "SCAN" in step] == []
    steps = store.read(lambda tx: plan(tx, month_rows._ASKED))
    for index in ("questions_by_creation", "visits_origin", "identifications_method"):
        assert any(index in step for step in steps)


def test_consents_and_history_are_counted_beside(store: Store) -> None:
    """By category and outcome; one without an end is one, and the next span's are not in it."""
    calls = [
        DisclosureCall("d-1", "v-1", "c-1", None, MORNING, False, 9, CallOutcome.ANSWERED),
        DisclosureCall("d-2", "v-1", "c-1", YZK, MORNING, False, 9, CallOutcome.SLOW),
        DisclosureCall("d-3", "v-1", "c-1", YZK, MORNING, True, 9, CallOutcome.ANSWERED),
        DisclosureCall("d-4", "v-1", "c-1", YZK, MORNING, True),
        DisclosureCall("d-5", "v-1", "c-1", YZK, MORNING + HOUR, True),
    ]

    def work(tx: Transaction) -> None:
        tx.visits.add(a_visit())
        for call in calls:
            tx.disclosure_calls.add(call)

    store.write(work)
    found = store.read(lambda tx: tx.month_rows.beside(MORNING, MORNING + HOUR))
    assert sorted((one.kind.value, one.item, one.outcome, one.count) for one in found) == [
        ("consent-calls", "", "answered", 1),
        ("history-calls", "YZK", "answered", 1),
        ("history-calls", "YZK", "payer-slow", 1),
        ("history-calls", "YZK", "without-end", 1),
    ]


def test_every_opening_of_the_store_keeps_the_rows(
    store: Store, open_store: Callable[[], Store]
) -> None:
    """What is read today is read after a restart."""
    store.write(lambda tx: store_visit(tx, QualificationValidity.VALID))
    before = store.read(lambda tx: tx.month_rows.asked(MORNING, MORNING + HOUR))
    store.close()
    assert open_store().read(lambda tx: tx.month_rows.asked(MORNING, MORNING + HOUR)) == before
