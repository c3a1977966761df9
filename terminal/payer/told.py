"""The file in which the national reader told of a card visit that no answer holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ToldFile:
    """A file of the national interface, kept with the visit that it tells.

    ``name``: under which it came; ``content``: its bytes as they came.
    """

    visit_id: str
    name: str
    received_at: datetime
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Digest of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()
