"""One call to the payer about a question: when, at whose word, how long it took, what came of it.

Committed before it is made, like the question's own count of attempts; one that has no end was cut
off with the desk, or is under way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from eligibility.codes import ConsentCategory
from eligibility.errors import (
    AnswerForAnotherPersonError,
    CardNotRegisteredError,
    ConflictingAnswersError,
    EligibilityError,
    NotSupportedError,
    PayerRefusedError,
    PayerTimeoutError,
    PayerTrustError,
    PayerUnavailableError,
)
from eligibility.model import AnswerOutcome


class CallOutcome(StrEnum):
    """What came of a call; all but the first two are named as the question's problem."""

    ANSWERED = "answered"
    QUEUED = "queued"
    """The payer took the question and has no answer yet."""
    UNAVAILABLE = "payer-unavailable"
    SLOW = "payer-slow"
    TRUST = "payer-trust"
    UNREADABLE = "payer-unreadable"
    REFUSED = "payer-refused"
    NOT_REGISTERED = "not-registered"
    ANOTHER_PERSON = "another-person"
    CONFLICTING = "conflicting-answers"
    NOT_SUPPORTED = "not-supported"

    @classmethod
    def of(cls, answer: AnswerOutcome) -> CallOutcome:
        """Return what a call that brought an answer came to."""
        return cls.QUEUED if answer is AnswerOutcome.QUEUED else cls.ANSWERED

    @property
    def payer_spoke(self) -> bool:
        """Whether something came back from the payer itself, be it of use or not."""
        return self not in _SILENT


_SILENT = frozenset({CallOutcome.UNAVAILABLE, CallOutcome.SLOW, CallOutcome.TRUST})
_OUTCOMES: tuple[tuple[type[EligibilityError], CallOutcome], ...] = (
    (PayerTimeoutError, CallOutcome.SLOW),
    (PayerUnavailableError, CallOutcome.UNAVAILABLE),
    (PayerTrustError, CallOutcome.TRUST),
    (CardNotRegisteredError, CallOutcome.NOT_REGISTERED),
    (PayerRefusedError, CallOutcome.REFUSED),
    (AnswerForAnotherPersonError, CallOutcome.ANOTHER_PERSON),
    (ConflictingAnswersError, CallOutcome.CONFLICTING),
    (NotSupportedError, CallOutcome.NOT_SUPPORTED),
    (EligibilityError, CallOutcome.UNREADABLE),
)


def outcome_of(error: EligibilityError) -> CallOutcome:
    """Return what kind of failure ``error`` is."""
    return next(outcome for kind, outcome in _OUTCOMES if isinstance(error, kind))


@dataclass(frozen=True, slots=True)
class DisclosureCall:
    """One call about a consent: telling the payer of it, or fetching what it opens.

    Nothing of what came back is kept with it.  ``category``: what was fetched, None where the
    consent itself was told; ``by_hand``: staff asked for it.  The rest as in :class:`Call`.
    """

    id: str
    visit_id: str
    consent_id: str
    category: ConsentCategory | None
    asked_at: datetime
    by_hand: bool
    milliseconds: int | None = None
    outcome: CallOutcome | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call.  ``number``: which attempt of its question, from 1.

    ``actor``: the account at whose word it was made, or the terminal.  ``milliseconds``: from
    sending to the end, by a clock that nobody sets; it and ``outcome`` are None until then.
    ``reply_bytes`` and ``reply_sha256`` (hex) are of the whole that came back, None where nothing
    did; ``reply``: its beginning where it was no answer, which the answers' table keeps whole.
    """

    id: str
    question_id: str
    number: int
    asked_at: datetime
    actor: str
    milliseconds: int | None = None
    outcome: CallOutcome | None = None
    reply_bytes: int | None = None
    reply_sha256: str | None = None
    reply: bytes = field(default=b"", repr=False)
