"""How old an answer may be to count as the present one: the institution's own policy."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from eligibility.calendar import JAPAN
from eligibility.model import Confirmation, ConfirmationSource


class Freshness(StrEnum):
    """When a recorded answer may stand in for the payer's own of today."""

    ALWAYS = "always"
    """Never: each visit is confirmed by the payer itself."""
    MONTHLY = "monthly"
    """In the calendar month, in Japan, in which the payer gave it."""
    BY_STAFF = "by-staff"
    """Where staff say so for a visit, whatever its age."""


def is_current(
    policy: Freshness, confirmation: Confirmation, now: datetime, *, accepted: bool = False
) -> bool:
    """Whether what a visit stands on counts as the present state at the moment ``now``.

    The payer's own answer to this visit does on its day.  ``accepted``: staff let the earlier
    answer stand in for this visit.
    """
    said, today = confirmation.as_of.astimezone(JAPAN).date(), now.astimezone(JAPAN).date()
    if confirmation.source is not ConfirmationSource.RECORDED and said == today:
        return True
    return earlier_counts(policy, confirmation.as_of, now, accepted=accepted)


def earlier_counts(
    policy: Freshness, as_of: datetime, now: datetime, *, accepted: bool = False
) -> bool:
    """Whether an earlier answer, of a visit or of a check before the day, counts at ``now``."""
    said, today = as_of.astimezone(JAPAN).date(), now.astimezone(JAPAN).date()
    if policy is Freshness.MONTHLY:
        return (said.year, said.month) == (today.year, today.month)
    return policy is Freshness.BY_STAFF and accepted
