"""Monthly ceilings of high-cost treatment (高額療養費) by limit category: data, not code.

The amounts stand in ``limits.toml`` with the day from which they hold and their source.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from eligibility.codes import LimitCategory

_FILE = Path(__file__).with_name("limits.toml")


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a patient pays at most in a month, in yen (自己負担限度額).

    ``base`` plus ``percent`` of what the treatment costs above ``above``; both None where there is
    no such part.  ``many_times``: 多数回該当.  ``outpatient`` and ``outpatient_year``: 外来（個人）
    in a month, and from August to July.  ``year``: 年間上限, of the household from August to July;
    the insurer refunds what is above it, the desk charges by the month.  ``starts``: the first day
    for which this holds.
    """

    starts: date
    base: int
    percent: int | None = None
    above: int | None = None
    many_times: int | None = None
    outpatient: int | None = None
    outpatient_year: int | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class StatedCeiling:
    """A ceiling for one day, and how sure it is.

    ``known_until`` is set where that day lies after the last one for which amounts are known.
    ``compared``: whether the amount was compared with an official text.
    """

    ceiling: Ceiling
    known_until: date | None
    compared: bool


@dataclass(frozen=True, slots=True)
class _Table:
    """Each category's ceilings, the newest first, and until when they are compared and known."""

    ceilings: dict[LimitCategory, tuple[Ceiling, ...]]
    compared_until: date
    known_until: date


@cache
def _table() -> _Table:
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    found: dict[LimitCategory, list[Ceiling]] = {}
    for entry in content["ceilings"]:
        amounts: dict[str, Any] = {
            key: value for key, value in entry.items() if key not in ("categories", "from")
        }
        for code in entry["categories"]:
            category = LimitCategory(code)  # type: ignore[call-arg]  # a look-up by value
            found.setdefault(category, []).append(Ceiling(entry["from"], **amounts))
    ordered = {
        category: tuple(sorted(ceilings, key=lambda one: one.starts, reverse=True))
        for category, ceilings in found.items()
    }
    return _Table(ordered, content["compared_until"], content["known_until"])


def ceiling_on(category: LimitCategory, day: date) -> StatedCeiling | None:
    """Return the ceiling of ``category`` on ``day``, or None where the table begins later."""
    table = _table()
    for ceiling in table.ceilings.get(category, ()):
        if ceiling.starts <= day:
            return StatedCeiling(
                ceiling,
                known_until=table.known_until if day > table.known_until else None,
                compared=ceiling.starts <= table.compared_until,
            )
    return None
