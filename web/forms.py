"""Form fields → typed values."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

Choice = TypeVar("Choice", bound=StrEnum)


def one_of(choices: type[Choice], value: str | None) -> Choice | None:
    """Return the member of ``choices`` that was chosen, None for nothing or anything else."""
    try:
        return choices(value or "")
    except ValueError:
        return None
