"""A name that staff entered for a holder: plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from eligibility.subjects import KnownSubject


@dataclass(frozen=True, slots=True)
class RightName:
    """One entry; none is changed: see :func:`that_holds`.

    ``name``: None where the one that held then was taken back; ``entered_by``: account;
    ``visit_id``: at which visit.
    """

    id: str
    subject: KnownSubject
    name: str | None
    entered_at: datetime
    entered_by: str
    visit_id: str


def that_holds(entries: Iterable[RightName]) -> RightName | None:
    """Return the name that holds after ``entries`` of one certificate, the oldest first.

    What is taken back leaves the name that was entered before it.
    """
    held: list[RightName] = []
    for one in entries:
        if one.name is not None:
            held.append(one)
        elif held:
            held.pop()
    return held[-1] if held else None
