"""Where something was prescribed, dispensed, done or measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Institution:
    """医療機関・薬局.  ``code``: 医療機関コード, 10 digits, as the payer wrote it; not checked."""

    name: str
    code: str | None = None

    def is_same_as(self, other: Institution) -> bool:
        """Whether both are one place for certain: equal codes, or equal names without any code."""
        if self.code is not None or other.code is not None:
            return self.code == other.code
        return self.name == other.name

    def is_other_than(self, other: Institution) -> bool:
        """Whether both are two places for certain: unequal codes, or unequal names without any."""
        if self.code is not None and other.code is not None:
            return self.code != other.code
        return self.code is None and other.code is None and self.name != other.name
