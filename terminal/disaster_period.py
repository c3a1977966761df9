"""A period of disaster mode (災害時): plain data and the rule when it is on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(days=7)
"""How far ahead an end may lie, when it is switched on and each time it is extended."""


@dataclass(frozen=True, slots=True)
class DisasterPeriod:
    """From when to when staff may ask by name; ``reason``: an administrator's words.

    ``ended_at``: when somebody switched it off before its end.
    """

    id: str
    reason: str
    began_at: datetime
    ends_at: datetime
    begun_by: str
    ended_at: datetime | None = None

    def is_on(self, now: datetime) -> bool:
        """Whether it is on at this moment: it ends by itself."""
        return self.ended_at is None and self.began_at <= now < self.ends_at
