"""A question to the payer as the outbox keeps it: committed before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class QuestionKind(StrEnum):
    """What is asked."""

    CARD_ELIGIBILITY = "card-eligibility"


class QuestionState(StrEnum):
    """Where a question stands; the last three are ends."""

    PENDING = "pending"
    SENT = "sent"
    ANSWERED = "answered"
    REFUSED = "refused"
    GIVEN_TO_STAFF = "given-to-staff"


class QuestionProblem(StrEnum):
    """Why a question is not answered; each has a sentence and a next step in the catalogues."""

    PAYER_UNAVAILABLE = "payer-unavailable"
    PAYER_SLOW = "payer-slow"
    PAYER_UNREADABLE = "payer-unreadable"
    PAYER_REFUSED = "payer-refused"
    PAYER_TRUST = "payer-trust"
    ANOTHER_PERSON = "another-person"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the outbox; ``id`` is the idempotency key.

    ``payload``: canonical JSON of what is asked, enough to send it again after a restart.
    """

    id: str
    kind: QuestionKind
    visit_id: str
    payload: bytes = field(repr=False)
    created_at: datetime
    next_at: datetime
    expires_at: datetime
    attempts: int = 0
    state: QuestionState = QuestionState.PENDING
    problem: QuestionProblem | None = None
    refusal_code: str | None = None
    refusal_words: str | None = None
