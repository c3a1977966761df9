"""An exchange in two steps: handed in, and fetched later by its reception number (受付番号)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol, TypeVar

from eligibility.asking import BulkReception

ANSWER_LIVES = timedelta(hours=24)
"""How long an answer is waited for after the payer took what was handed in."""


class BatchState(StrEnum):
    """How far got what is handed in together."""

    READY = "ready"
    SENT = "sent"
    RECEIVED = "received"
    """The payer gave a reception number; the answers are to be fetched."""
    ENDED = "ended"


class HandedIn(Protocol):
    """A dataclass of what is handed in; it has ``state`` and ``attempts`` besides."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> str:
        """The idempotency key."""
        ...

    @property
    def reception_number(self) -> str | None:
        """受付番号; None before the payer took it."""
        ...

    @property
    def received_at(self) -> datetime | None:
        """When the payer took it."""
        ...


Batch = TypeVar("Batch", bound=HandedIn)


def received(batch: Batch, reception: BulkReception) -> Batch:
    """Return what the payer has taken, as it is to be kept: from now on its answer is fetched."""
    return replace(
        batch,
        state=BatchState.RECEIVED,
        attempts=0,
        reception_number=reception.reception_number,
        received_at=reception.received_at,
    )


def reception_of(batch: HandedIn, received_at: datetime) -> BulkReception:
    """Return by what the answer is fetched; ``received_at``: where the payer told no time."""
    return BulkReception(batch.id, batch.reception_number or "", batch.received_at or received_at)


def is_given_up(reception: BulkReception, now: datetime) -> bool:
    """Whether no answer is to be waited for any more."""
    return now - reception.received_at > ANSWER_LIVES
