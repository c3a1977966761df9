"""Files of the national interface that were no answer, as the desk keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was set aside, and why.

    ``id``: the same for the same file however often it is met.  ``sha256`` and ``content`` are
    None where it was not read: then it still lies where it was found.
    """

    id: str
    name: str = field(repr=False)
    reason: str
    size: int
    kept_at: datetime
    sha256: str | None = None
    question_id: str | None = None
    content: bytes | None = field(default=None, repr=False)
