"""A name that staff entered for a holder: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eligibility.subjects import KnownSubject


@dataclass(frozen=True, slots=True)
class RightName:
    """One entry; the newest for a certificate or number counts, none is changed.

    ``name``: None where it was taken back; ``entered_by``: account; ``visit_id``: at which visit.
    """

    id: str
    subject: KnownSubject
    name: str | None
    entered_at: datetime
    entered_by: str
    visit_id: str
