"""A registration of a patient's reference number (照会番号), as the store keeps it: plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from eligibility.asking import ReferenceNumberBatch, ReferenceNumberRegistration
from eligibility.model import NumberSubject
from terminal.payer.question import QuestionProblem
from terminal.payer.two_steps import BatchState


class RegistrationState(StrEnum):
    """Where a registration stands; the last three are ends."""

    WAITING = "waiting"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"


OPEN_REGISTRATIONS = frozenset({RegistrationState.WAITING, RegistrationState.SENT})


@dataclass(frozen=True, slots=True)
class ReferenceRegistration:
    """One patient's registration; ``id`` is the idempotency key.

    The clinic's patient number is the reference number.  ``code``, ``message``: the payer's.
    """

    id: str
    patient_number: str
    subject: NumberSubject
    created_at: datetime
    created_by: str
    state: RegistrationState = RegistrationState.WAITING
    attempts: int = 0
    problem: QuestionProblem | None = None
    code: str | None = None
    message: str | None = None
    ended_at: datetime | None = None

    @property
    def at_desk_since(self) -> datetime | None:
        """Nobody stands at the desk for it."""
        return None

    def registration(self) -> ReferenceNumberRegistration:
        """Return what the payer is told."""
        return ReferenceNumberRegistration(self.id, self.subject, self.patient_number)


@dataclass(frozen=True, slots=True)
class RegistrationBatch:
    """Registrations that are handed in together; ``id`` is the idempotency key of all.

    ``registrations``: their ids.  ``reception_number``: 受付番号, by which their results are
    fetched.
    """

    id: str
    registrations: tuple[str, ...]
    created_at: datetime
    state: BatchState = BatchState.READY
    attempts: int = 0
    problem: QuestionProblem | None = None
    reception_number: str | None = None
    received_at: datetime | None = None

    @property
    def at_desk_since(self) -> datetime | None:
        """Nobody stands at the desk for it."""
        return None

    def handed_in(self, registrations: Iterable[ReferenceRegistration]) -> ReferenceNumberBatch:
        """Return what the payer is told."""
        return ReferenceNumberBatch(self.id, tuple(one.registration() for one in registrations))
