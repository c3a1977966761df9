"""A question to the payer as the outbox keeps it: committed before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

UNREADABLE_ATTEMPTS = 3
"""So often is asked before an answer that nobody can read is given to staff."""


class QuestionKind(StrEnum):
    """What is asked."""

    CARD_ELIGIBILITY = "card-eligibility"
    CARD_REGISTRATION = "card-registration"
    """Register the card as an insurance card (健康保険証利用登録), then ask for eligibility."""
    NUMBER_ELIGIBILITY = "number-eligibility"
    """By insured number and birth date, without a card."""
    PERSON_ELIGIBILITY = "person-eligibility"
    """By name, birth date and sex, in disaster mode (災害時)."""
    PUSHED_VISIT = "pushed-visit"
    """Nothing was asked: a card visit at another reader was told with its answer."""
    BULK_CHECK = "bulk-check"
    """Asked before the day, with many others; the visit stands on its answer as an earlier one."""


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
    NOT_REGISTERED = "not-registered"
    PAYER_TRUST = "payer-trust"
    ANOTHER_PERSON = "another-person"
    CONFLICTING = "conflicting-answers"
    NOT_SUPPORTED = "not-supported"
    EXPIRED = "expired"
    DISASTER_OVER = "disaster-over"
    """It asks by name, and disaster mode ended before it was answered."""
    LEFT_OUT = "left-out"
    """The payer answered many questions together, and this one not."""


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the outbox; ``id`` is the idempotency key.

    ``payload``: canonical JSON of what is asked, enough to send it again after a restart.
    ``registered_at``: since when the card is an insurance card, by the payer, where this question
    was to make it one; what is left to do then is to ask.
    ``waits_at_desk``: a patient stands at the desk for it, as long as nobody has decided without
    the payer; such questions go first.
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
    registered_at: datetime | None = None
    waits_at_desk: bool = True

    @property
    def at_desk_since(self) -> datetime | None:
        """When the patient began to wait at the desk, None where nobody waits there."""
        return self.created_at if self.waits_at_desk else None
