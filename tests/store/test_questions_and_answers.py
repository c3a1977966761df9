from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from eligibility.errors import AnswerForAnotherPersonError
from eligibility.model import ConfirmationSource
from terminal.errors import StoreError, UnknownVisitError, VisitStateError
from terminal.payer.question import Question, QuestionState
from terminal.store import Store
from tests.store.builders import (
    INSURED_NUMBER,
    MORNING,
    SATO,
    TANAKA,
    a_confirmation,
    a_question,
    an_answer,
    confirm_visit,
    open_visit,
)

MINUTE = timedelta(minutes=1)


def add_question(store: Store, question: Question) -> bool:
    """Store a question."""
    return store.write(lambda tx: tx.outbox.add(question))


def test_due_questions(store: Store) -> None:
    """Questions that wait are due from their time on, the longest waiting first."""
    open_visit(store, "v-1")
    states = {
        "q-late": (QuestionState.PENDING, MORNING + MINUTE),
        "q-now": (QuestionState.SENT, MORNING),
        "q-early": (QuestionState.PENDING, MORNING - MINUTE),
        "q-done": (QuestionState.ANSWERED, MORNING - MINUTE),
        "q-staff": (QuestionState.GIVEN_TO_STAFF, MORNING - MINUTE),
    }
    for ident, (state, next_at) in states.items():
        add_question(store, a_question(ident, state=state, next_at=next_at))
    due = store.read(lambda tx: tx.outbox.due(MORNING))
    assert [question.id for question in due] == ["q-early", "q-now"]
    assert store.read(lambda tx: tx.outbox.waiting_count()) == 3
    assert store.read(lambda tx: tx.outbox.next_due()) == MORNING - MINUTE


def test_empty_outbox(store: Store) -> None:
    """With nothing to send, nothing is due and nothing waits."""
    assert store.read(lambda tx: tx.outbox.due(MORNING)) == []
    assert store.read(lambda tx: tx.outbox.next_due()) is None
    assert store.read(lambda tx: tx.outbox.waiting_count()) == 0
    assert store.read(lambda tx: tx.outbox.of_visit("v-1")) is None


def test_newest_question_of_a_visit(store: Store) -> None:
    """A visit that was asked for twice shows its newest question."""
    open_visit(store, "v-1")
    store.write(lambda tx: tx.outbox.add(a_question("q-2", created_at=MORNING + MINUTE)))
    store.write(lambda tx: tx.outbox.add(a_question("q-1")))
    newest = store.read(lambda tx: tx.outbox.of_visit("v-1"))
    assert newest is not None
    assert newest.id == "q-2"


def test_question_is_stored_once_and_goes_on(store: Store) -> None:
    """A repeated add changes nothing, other content under the id is refused, a save is kept."""
    open_visit(store, "v-1")
    assert store.write(lambda tx: tx.outbox.add(a_question()))
    assert not store.write(lambda tx: tx.outbox.add(a_question()))
    with pytest.raises(StoreError, match="other content"):
        store.write(lambda tx: tx.outbox.add(a_question(payload=b"{}")))
    sent = a_question(state=QuestionState.SENT, attempts=1)
    store.write(lambda tx: tx.outbox.save(sent))
    assert store.read(lambda tx: tx.outbox.get("q-1")) == sent


@pytest.mark.parametrize("end", [QuestionState.ANSWERED, QuestionState.REFUSED])
@pytest.mark.parametrize("late", list(QuestionState))
def test_what_the_payer_said_is_never_overwritten(
    store: Store, end: QuestionState, late: QuestionState
) -> None:
    """A late result neither reopens nor changes a question that was answered or refused."""
    open_visit(store, "v-1")
    add_question(store, a_question())
    ended = a_question(state=end)
    store.write(lambda tx: tx.outbox.save(ended))
    store.write(lambda tx: tx.outbox.save(ended))
    with pytest.raises(VisitStateError, match="has ended"):
        store.write(lambda tx: tx.outbox.save(a_question(state=late, attempts=9)))
    assert store.read(lambda tx: tx.outbox.get("q-1")) == ended


def test_question_given_to_staff_is_asked_again(store: Store) -> None:
    """Staff may have a question sent again under its own id."""
    open_visit(store, "v-1")
    add_question(store, a_question())
    store.write(lambda tx: tx.outbox.save(a_question(state=QuestionState.GIVEN_TO_STAFF)))
    assert store.read(lambda tx: tx.outbox.waiting_count()) == 0
    store.write(lambda tx: tx.outbox.save(a_question(attempts=3)))
    assert [q.id for q in store.read(lambda tx: tx.outbox.due(MORNING))] == ["q-1"]


def test_unknown_question(store: Store) -> None:
    """A question that is not there is named, for reading and for saving."""
    with pytest.raises(StoreError, match="no question q-9"):
        store.read(lambda tx: tx.outbox.get("q-9"))
    with pytest.raises(StoreError, match="no question q-9"):
        store.write(lambda tx: tx.outbox.save(a_question("q-9")))


def test_answer_comes_back_with_the_bytes_it_came_in(store: Store) -> None:
    """The payer's own bytes are kept as they were, even where they are no text."""
    open_visit(store, "v-1")
    answer = an_answer(original=bytes(range(256)))
    store.write(lambda tx: tx.outbox.add(a_question()))
    assert store.write(lambda tx: tx.answers.add(answer))
    assert not store.write(lambda tx: tx.answers.add(answer))
    assert store.read(lambda tx: tx.answers.get("a-1")) == answer
    with pytest.raises(StoreError, match="other content"):
        store.write(lambda tx: tx.answers.add(replace(answer, original=b"x")))
    with pytest.raises(StoreError, match="other content"):
        store.write(lambda tx: tx.answers.add(replace(answer, code="7")))


@pytest.mark.parametrize("read_card", [SATO, None])
def test_answer_for_another_person_is_never_stored(store: Store, read_card: object) -> None:
    """An answer whose certificate is not the one that the visit read is refused."""
    open_visit(store, "v-1", subject=read_card)
    store.write(lambda tx: tx.outbox.add(a_question()))
    with pytest.raises(AnswerForAnotherPersonError, match="q-1"):
        store.write(lambda tx: tx.answers.add(an_answer(subject=TANAKA)))
    with pytest.raises(StoreError):
        store.read(lambda tx: tx.answers.get("a-1"))


def test_confirmation_by_another_persons_answer_is_never_stored(store: Store) -> None:
    """A visit is never confirmed by an answer for another visit's card."""
    confirm_visit(store, "1")
    open_visit(store, "v-2", subject=SATO)
    crossed = a_confirmation("c-2", "v-2", answer_id="a-1")
    with pytest.raises(AnswerForAnotherPersonError):
        store.write(lambda tx: tx.confirmations.add(crossed))
    assert store.read(lambda tx: tx.confirmations.of_visit("v-2")) == []


def test_confirmations_of_a_visit(store: Store) -> None:
    """A visit's confirmations come newest first, and a repeated one is stored once."""
    confirm_visit(store)
    newer = a_confirmation("c-2", made_at=MORNING + MINUTE, supersedes="c-1")
    assert store.write(lambda tx: tx.confirmations.add(newer))
    assert not store.write(lambda tx: tx.confirmations.add(newer))
    found = store.read(lambda tx: tx.confirmations.of_visit("v-1"))
    assert found == [newer, a_confirmation("c-1")]


def test_confirmation_needs_its_visit_and_answer(store: Store) -> None:
    """A confirmation of an unknown visit, by an unknown answer or over a foreign one is refused."""
    confirm_visit(store, "1")
    confirm_visit(store, "2")
    with pytest.raises(UnknownVisitError):
        store.write(lambda tx: tx.confirmations.add(a_confirmation("c-9", "v-9")))
    with pytest.raises(StoreError, match="no answer a-9"):
        store.write(lambda tx: tx.confirmations.add(a_confirmation("c-9", answer_id="a-9")))
    with pytest.raises(StoreError, match="no confirmation c-8"):
        store.write(lambda tx: tx.confirmations.add(a_confirmation("c-9", supersedes="c-8")))
    with pytest.raises(StoreError, match="another visit"):
        store.write(lambda tx: tx.confirmations.add(a_confirmation("c-9", supersedes="c-2")))


def test_latest_confirmation_is_live_and_of_that_certificate(store: Store) -> None:
    """What is shown when the payer is down is the newest live confirmation of the same card."""
    confirm_visit(store, "1", opened_at=MORNING)
    confirm_visit(store, "2", opened_at=MORNING + MINUTE, subject=SATO)
    recorded = a_confirmation(
        "c-3",
        source=ConfirmationSource.RECORDED,
        as_of=MORNING + 2 * MINUTE,
        made_at=MORNING + 2 * MINUTE,
    )
    store.write(lambda tx: tx.confirmations.add(recorded))
    live = store.read(lambda tx: tx.confirmations.live_for(TANAKA))
    assert live == [a_confirmation("c-1")]
    assert store.read(lambda tx: tx.confirmations.live_for(replace(TANAKA, serial="9"))) == []


def test_answers_with_one_number_are_found_whatever_the_card(store: Store) -> None:
    """A renewed card's holder is found by insurer and number; what was superseded is not."""
    confirm_visit(store, "1", opened_at=MORNING)
    confirm_visit(store, "2", opened_at=MORNING + MINUTE, subject=SATO)
    later = a_confirmation("c-4", "v-2", answer_id="a-2", supersedes="c-2")
    store.write(lambda tx: tx.confirmations.add(later))

    def found(insurer_number: str, number: str) -> set[str]:
        return {
            confirmation.id
            for confirmation in store.read(
                lambda tx: tx.confirmations.live_for_insured(insurer_number, number)
            )
        }

    assert found("06123456", INSURED_NUMBER) == {"c-1", "c-4"}
    assert found("06123456", "0") == set()
    assert found("06123457", INSURED_NUMBER) == set()
