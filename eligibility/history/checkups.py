"""Specific health checkups (特定健診): one record for each item on each day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from eligibility.history.institution import Institution

JLAC10_LENGTH = 17
_JLAC10 = re.compile(r"[0-9A-Z]{17}", re.ASCII)


class Comparator(Enum):
    """On which side of the written number the true one lies, where it was not measured exactly."""

    BELOW = "<"
    AT_MOST = "<="
    AT_LEAST = ">="
    ABOVE = ">"


@dataclass(frozen=True, slots=True)
class CodedResult:
    """A result that is a code (CD, CO).  ``words``: what the payer says that it means."""

    code: str
    words: str | None = None


@dataclass(frozen=True, slots=True)
class CheckupObservation:
    """One item of one checkup.

    ``item_code``: JLAC10, 17 characters, of which the method is a part.  ``value``: a number in
    ``unit`` (PQ), a code (CD, CO), words (ST), or None where the item has no result (未実施).
    ``comparator``: only with a number.  ``institution``: 健診機関, where it is said.
    """

    effective_date: date
    item_code: str
    item_name: str
    value: Decimal | CodedResult | str | None
    unit: str | None = None
    comparator: Comparator | None = None
    institution: Institution | None = None

    def __post_init__(self) -> None:
        """Refuse what is no item code, and a comparison or a unit of what is no number."""
        if not _JLAC10.fullmatch(self.item_code):
            msg = f"a checkup item's code has {JLAC10_LENGTH} characters"
            raise ValueError(msg)
        if not isinstance(self.value, Decimal) and (self.unit or self.comparator):
            msg = "only a number has a unit or lies beyond a limit"
            raise ValueError(msg)
