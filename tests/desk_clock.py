"""The desk's wall clock, which a test may let go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class DeskClock:
    """The desk's wall clock: the machine's, and what a test let pass besides."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """Return the desk's present moment."""
        return datetime.now(UTC) + self.ahead

    def goes_on(self, **time: float) -> None:
        """Let time pass; arguments as of ``timedelta``."""
        self.ahead += timedelta(**time)
