"""Looks at the payer without being asked: at start and daily, so that a change is seen by day one.

What the payer says it can do (its capability statement) and how long the institution's certificate
still holds both change without anybody touching this desk.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from eligibility.payer import Payer
from terminal.health import HealthCheck, HealthState
from terminal.health_payer import payer_checks

log = logging.getLogger(__name__)


class PayerWatch:
    """Keeps what the last look found, in ``checks``; empty until the first one ended."""

    def __init__(self, payer: Payer, certificate: Path | None, now: Callable[[], datetime]) -> None:
        """``certificate``: by which the payer knows this desk; None where it needs none."""
        self._payer = payer
        self._certificate = certificate
        self._now = now
        self.checks: tuple[HealthCheck, ...] = ()

    def look(self) -> None:
        """Read the capability statement and the certificate, and log what is not well."""
        checks = tuple(payer_checks(self._payer, self._certificate, self._now()))
        for check in checks:
            level = logging.INFO if check.state is HealthState.PASS else logging.WARNING
            log.log(level, "%s: %s %s", check.code, check.reason, check.remedy)
        self.checks = checks
