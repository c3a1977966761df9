"""A check of many people before they come (一括照会), as the store keeps it: plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from eligibility.asking import BulkQuestion, NumberQuestion
from eligibility.clinic_record import ClinicRecord
from eligibility.model import Finding, FindingCode, NumberSubject, Severity
from terminal.payer.question import QuestionProblem
from terminal.payer.two_steps import BatchState


class RunOrigin(StrEnum):
    """What began a run."""

    BY_HAND = "by-hand"
    EVENING = "evening"
    """The job of the evening before."""
    MORNING = "morning"
    """The job of the same morning."""


class RunWay(StrEnum):
    """How the payer's adapter is asked."""

    SINGLE = "single"
    """One question after the other, paced."""
    BULK = "bulk"
    """Handed in together, fetched later by reception number (受付番号)."""


class RunState(StrEnum):
    """Where a run stands; the last two are ends."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


class ItemState(StrEnum):
    """Where one person's question stands; all but the first two are ends."""

    WAITING = "waiting"
    SENT = "sent"
    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_ITEMS = frozenset({ItemState.WAITING, ItemState.SENT})
CHANGES = frozenset(
    {
        FindingCode.INSURER_CHANGED,
        FindingCode.ASSISTANCE_ENDED,
        FindingCode.RECORD_INSURANCE_DIFFERS,
        FindingCode.RATIO_CHANGED,
        FindingCode.RECORD_FAMILY_NAME_DIFFERS,
    }
)
"""What staff must look at though it stops nobody; what stops is looked at in any case."""


def says_something_new(findings: Iterable[Finding]) -> bool:
    """Whether an answer says something else than was known, or stops."""
    return any(one.severity is Severity.STOP or one.code in CHANGES for one in findings)


@dataclass(frozen=True, slots=True)
class BulkRun:
    """One check of the people expected on ``day``.

    ``problem``: why nothing is asked at the moment, None while it goes on.
    """

    id: str
    day: date
    origin: RunOrigin
    way: RunWay
    started_at: datetime
    started_by: str
    state: RunState = RunState.RUNNING
    ended_at: datetime | None = None
    problem: QuestionProblem | None = None


@dataclass(frozen=True, slots=True)
class BulkItem:
    """One person of a run; ``id`` is the question's idempotency key.

    ``key``: of :class:`~terminal.expected.appointment.Expected`; ``record``: whom the clinic
    expects.
    ``asked_on``: the day that is asked for, set when it is sent first, so that it is the same
    however often it is sent.  ``findings``: what the answer brought, ``changed``: whether staff
    must look at it.
    """

    id: str
    run_id: str
    key: str
    day: date
    position: int
    patient_number: str | None
    record: ClinicRecord
    subject: NumberSubject
    state: ItemState = ItemState.WAITING
    asked_on: date | None = None
    attempts: int = 0
    problem: QuestionProblem | None = None
    refusal_code: str | None = None
    refusal_words: str | None = None
    answer_id: str | None = None
    ended_at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    changed: bool = False
    batch_id: str | None = None

    @property
    def at_desk_since(self) -> datetime | None:
        """Nobody stands at the desk for it."""
        return None

    def question(self, today: date) -> NumberQuestion:
        """Return what the payer is asked."""
        return NumberQuestion(self.id, self.subject, self.asked_on or today)


@dataclass(frozen=True, slots=True)
class BulkBatch:
    """A part of a run, handed in together; ``id`` is its idempotency key."""

    id: str
    run_id: str
    number: int
    state: BatchState = BatchState.READY
    asked_on: date | None = None
    attempts: int = 0
    reception_number: str | None = None
    received_at: datetime | None = None
    problem: QuestionProblem | None = None

    @property
    def at_desk_since(self) -> datetime | None:
        """Nobody stands at the desk for it."""
        return None

    def question(self, items: list[BulkItem]) -> BulkQuestion:
        """Return what the payer is asked together.  Raises ValueError before it was ever sent."""
        if self.asked_on is None:
            msg = f"part {self.id} was not sent yet"
            raise ValueError(msg)
        asked = tuple(one.question(self.asked_on) for one in items)
        return BulkQuestion(self.id, asked, self.asked_on)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many people of a run are in each state."""

    waiting: int = 0
    answered: int = 0
    changed: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        """All people of the run."""
        return self.waiting + self.ended

    @property
    def ended(self) -> int:
        """How many need not be asked any more."""
        return self.answered + self.failed + self.cancelled
