"""A list that was asked of the payer, as the store keeps it: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eligibility.asking import ListQuestion
from terminal.payer.question import QuestionProblem
from terminal.payer.two_steps import BatchState


@dataclass(frozen=True, slots=True)
class PayerList:
    """One list; ``id`` is its question's, and the idempotency key.

    ``count``: how many people stand on it, and ``unnamed`` how many entries name nobody by a
    number; None until it is there.  ``problem``: why it is not; the refusal is the payer's own.
    """

    id: str
    question: ListQuestion
    asked_at: datetime
    asked_by: str
    state: BatchState = BatchState.READY
    attempts: int = 0
    problem: QuestionProblem | None = None
    refusal_code: str | None = None
    refusal_words: str | None = None
    reception_number: str | None = None
    received_at: datetime | None = None
    ended_at: datetime | None = None
    count: int | None = None
    unnamed: int | None = None

    @property
    def at_desk_since(self) -> datetime | None:
        """Nobody stands at the desk for it."""
        return None

    @property
    def is_there(self) -> bool:
        """Whether the payer gave it."""
        return self.count is not None
