"""What is kept of a fetched history, told without its content; and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from eligibility.codes import ConsentCategory
from eligibility.history import History


class HistoryEnd(StrEnum):
    """Why a kept history was deleted, other than by somebody who ended its consent."""

    EXPIRED = "expired"
    """The time of the consent was up."""
    CLOSED = "closed"
    """Nothing opens it any more, as after a finding."""
    ANOTHER_PERSON = "another-person"
    """The payer mixed people up: nothing that it told is trusted."""
    REFUSED = "refused-by-payer"
    """The payer says that the consent does not hold any more."""


@dataclass(frozen=True, slots=True)
class KeptHistory:
    """That a history is kept, without a word of it.

    ``counts``: records of each category that came, 0 where there is none.
    """

    consent_id: str
    visit_id: str
    kept_at: datetime
    counts: Mapping[ConsentCategory, int]

    @property
    def fetched(self) -> frozenset[ConsentCategory]:
        """The categories that came."""
        return frozenset(self.counts)

    @property
    def told_counts(self) -> str:
        """The counts as the audit log tells them: ``TKK=12,YZK=3``."""
        counts = sorted((category.value, count) for category, count in self.counts.items())
        return ",".join(f"{category}={count}" for category, count in counts)


def counts_of(history: History) -> dict[ConsentCategory, int]:
    """Return how many records of each fetched category there are."""
    counts = {
        ConsentCategory.YZK: len(history.medications),
        ConsentCategory.SRJ: len(history.treatments),
        ConsentCategory.SHJ: len(history.operations) + len(history.diagnoses),
        ConsentCategory.TKK: len(history.checkups),
    }
    return {category: counts[category] for category in history.fetched}
