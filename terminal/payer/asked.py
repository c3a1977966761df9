"""What a question of the outbox asks, by its kind: by card, by insured number, by person."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from eligibility.asking import NumberQuestion, PersonQuestion
from eligibility.payer import CardQuestion
from terminal.payer.question import Question, QuestionKind, QuestionState
from terminal.store.encoding import Decoder, encode

QUESTION_LIVES = timedelta(hours=24)

Asked = CardQuestion | NumberQuestion | PersonQuestion

_BY_NUMBER = (
    QuestionKind.NUMBER_ELIGIBILITY,
    QuestionKind.PUSHED_VISIT,
    QuestionKind.BULK_CHECK,
)
_card_questions = Decoder(CardQuestion)
_number_questions = Decoder(NumberQuestion)
_person_questions = Decoder(PersonQuestion)


def new_question_id() -> str:
    """Return the id of a new question, under which it is asked however often."""
    return uuid.uuid4().hex


def question_for(asked: Asked, visit_id: str, now: datetime) -> Question:
    """Return the outbox row that asks this for a visit."""
    return Question(
        id=asked.id,
        kind=_kind_of(asked),
        visit_id=visit_id,
        payload=encode(asked).encode(),
        created_at=now,
        next_at=now,
        expires_at=now + QUESTION_LIVES,
    )


def pushed_question(asked: NumberQuestion, now: datetime) -> Question:
    """Return the outbox row of a visit that was told with its answer; it is never sent."""
    return replace(
        question_for(asked, asked.id, now),
        kind=QuestionKind.PUSHED_VISIT,
        state=QuestionState.ANSWERED,
        waits_at_desk=False,
    )


def bulk_question(
    asked: NumberQuestion, visit_id: str, answered_at: datetime, attempts: int
) -> Question:
    """Return the outbox row of what a check before the day asked; it is never sent from here."""
    return replace(
        question_for(asked, visit_id, answered_at),
        kind=QuestionKind.BULK_CHECK,
        state=QuestionState.ANSWERED,
        attempts=attempts,
        waits_at_desk=False,
    )


def _kind_of(asked: Asked) -> QuestionKind:
    if isinstance(asked, NumberQuestion):
        return QuestionKind.NUMBER_ELIGIBILITY
    if isinstance(asked, PersonQuestion):
        return QuestionKind.PERSON_ELIGIBILITY
    return QuestionKind.CARD_ELIGIBILITY


def asked_by(question: Question) -> Asked:
    """Return what an outbox row asks."""
    payload = question.payload.decode()
    if question.kind in _BY_NUMBER:
        return _number_questions(payload)
    if question.kind is QuestionKind.PERSON_ELIGIBILITY:
        return _person_questions(payload)
    return _card_questions(payload)
