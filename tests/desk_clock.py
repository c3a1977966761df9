"""The desk's clocks, which a test may let go on."""

from __future__ import annotations

import time
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


@dataclass
class Silence:
    """What the desk measures silence by: the machine's seconds, and what a test let pass besides.

    ``speed``: how fast the machine's pass.
    """

    speed: float = 1.0
    ahead: float = 0.0

    def __call__(self) -> float:
        """Return seconds that no wall clock moves."""
        return time.monotonic() * self.speed + self.ahead

    def passes(self, seconds: float) -> None:
        """Let nobody touch anything for so long."""
        self.ahead += seconds
