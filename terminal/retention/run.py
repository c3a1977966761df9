"""One deletion of what is older than it is kept, and what it counts.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from eligibility.calendar import JAPAN


class Erasable(StrEnum):
    """What is deleted, as it is counted."""

    VISITS = "visits"
    QUESTIONS = "questions"
    ANSWERS = "answers"
    """The payer's answers with the bytes that they came in."""
    CONFIRMATIONS = "confirmations"
    CONSENTS = "consents"
    HOLDERS = "holders"
    """What cards said of their holders."""
    DECISIONS = "decisions"
    ENTRIES = "entries"
    """Right names and links to the register of holders of whom no visit is kept."""
    APPOINTMENTS = "appointments"
    CHECKS = "checks"
    """People of checks before the day, with their answers."""
    REFERENCE_NUMBERS = "reference-numbers"
    """Registrations of 照会番号 that a newer one of the same patient replaced."""
    FILES = "files"
    """Files of the national interface that told of a visit."""


Counts = Mapping[Erasable, int]


class RunStart(StrEnum):
    """Who or what began a run."""

    NIGHT = "night"
    ADMINISTRATOR = "administrator"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """``kept_from``: the first day, in Japan, that is kept; ``actor``: whose account began it.

    ``ended_at`` is None while it goes on, and for one that was broken off: what it had deleted by
    then is counted, and the next run goes on.
    """

    id: str
    start: RunStart
    actor: str
    kept_from: date
    started_at: datetime
    ended_at: datetime | None = None
    counts: Counts = field(default_factory=dict)

    def with_more(self, more: Counts) -> RetentionRun:
        """Return the run after it deleted ``more``."""
        return replace(self, counts=added(self.counts, more))


def added(one: Counts, other: Counts) -> dict[Erasable, int]:
    """Return the sum of both, without what is none."""
    both = {kind: one.get(kind, 0) + other.get(kind, 0) for kind in Erasable}
    return {kind: count for kind, count in both.items() if count}


def told(counts: Counts) -> str:
    """Return counts as the audit log tells them: ``visits=2,answers=3``."""
    return ",".join(f"{kind.value}={counts[kind]}" for kind in Erasable if counts.get(kind))


def kept_from(now: datetime, years: int) -> date:
    """Return the first day in Japan that is kept at ``now``: today's date ``years`` years ago."""
    today = now.astimezone(JAPAN).date()
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # 29 February in a year without one
        return today.replace(year=today.year - years, day=28)


def begins(day: date) -> datetime:
    """Return the first moment of a day in Japan."""
    return datetime.combine(day, time(), JAPAN)


def last_due(now: datetime, at: time) -> datetime:
    """Return the newest moment that is ``at`` o'clock in Japan and not after ``now``."""
    local = now.astimezone(JAPAN)
    due = datetime.combine(local.date(), at, JAPAN)
    return due if due <= local else due - timedelta(days=1)
