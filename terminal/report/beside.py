"""What a month's report counts beside the desk's own questions: consents, history, many at once.

Each stands apart: none of it is a question at the desk, so none is in its sums, shares and times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from terminal.bulk.run import OPEN_ITEMS, ItemState
from terminal.payer.calls import CallOutcome
from terminal.references.reference_number import OPEN_REGISTRATIONS, RegistrationState


class BesideKind(StrEnum):
    """What was asked; the first two are calls, the others people who were asked about."""

    CONSENT = "consent-calls"
    """Consents told to the payer, their ends included."""
    HISTORY = "history-calls"
    """Consented history fetched, by category."""
    CHECK = "bulk-checks"
    """Checks of many people before the day, by way of asking."""
    REFERENCE_NUMBER = "reference-numbers"
    """Registrations of 照会番号."""


UNENDED = "without-end"
_GOOD = frozenset({CallOutcome.ANSWERED, ItemState.ANSWERED, RegistrationState.ACCEPTED})
_OPEN = frozenset({UNENDED, CallOutcome.QUEUED, *OPEN_ITEMS, *OPEN_REGISTRATIONS})


@dataclass(frozen=True, slots=True)
class BesideCount:
    """How many of one kind, and of one ``item`` of it (category, way), came to one outcome."""

    kind: BesideKind
    item: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class BesideRow:
    """One kind and item, with its outcomes by code; ``answered``, ``without`` and ``open`` are all.

    ``without``: what ended without an answer, a refusal included.
    """

    kind: BesideKind
    item: str
    outcomes: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(count for _, count in self.outcomes)

    @property
    def answered(self) -> int:
        """What the payer did as it was asked to."""
        return sum(count for code, count in self.outcomes if code in _GOOD)

    @property
    def open(self) -> int:
        """What has no end."""
        return sum(count for code, count in self.outcomes if code in _OPEN)

    @property
    def without(self) -> int:
        """What ended otherwise."""
        return self.total - self.answered - self.open


def beside_rows(counts: Iterable[BesideCount]) -> tuple[BesideRow, ...]:
    """Return the counts as rows, by kind, then item; what never occurred has none."""
    found: dict[tuple[BesideKind, str], list[tuple[str, int]]] = defaultdict(list)
    for one in counts:
        if one.count:
            found[one.kind, one.item].append((one.outcome, one.count))
    kinds = list(BesideKind)
    return tuple(
        BesideRow(kind, item, tuple(sorted(found[kind, item])))
        for kind, item in sorted(found, key=lambda key: (kinds.index(key[0]), key[1]))
    )
