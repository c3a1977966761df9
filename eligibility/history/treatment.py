"""What was done and found: acts of treatment (診療), operations (手術) and diagnoses (傷病名)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from eligibility.calendar import CalendarMonth
from eligibility.history.institution import Institution


@dataclass(frozen=True, slots=True)
class TreatmentRecord:
    """One act of treatment (診療行為, consent category SRJ).

    ``month``: 診療年月; ``performed_on``: the day in it, where it is said.  ``code``:
    診療行為コード; ``classification``: 診療識別, both verbatim.  ``quantity`` in ``unit``;
    ``times``: 回数.
    """

    month: CalendarMonth
    institution: Institution
    name: str
    performed_on: date | None = None
    code: str | None = None
    classification: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    times: int | None = None
    inpatient: bool | None = None

    def __post_init__(self) -> None:
        """Refuse a day outside its month."""
        require_within(self.month, self.performed_on)


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """One operation (手術情報, consent category SHJ); the fields are those of an act."""

    month: CalendarMonth
    institution: Institution
    name: str
    performed_on: date | None = None
    code: str | None = None
    times: int | None = None
    inpatient: bool | None = None

    def __post_init__(self) -> None:
        """Refuse a day outside its month."""
        require_within(self.month, self.performed_on)


@dataclass(frozen=True, slots=True)
class DiagnosisRecord:
    """One diagnosis on a receipt (傷病名, consent category SHJ).

    ``month``: 診療年月 of the receipt; ``began_on``: 診療開始日.  ``code``: 傷病名コード.
    ``is_main``: 主傷病; ``suspected``: 疑い, not confirmed; ``outcome``: 転帰 as written.
    """

    month: CalendarMonth
    institution: Institution
    name: str
    began_on: date | None = None
    code: str | None = None
    is_main: bool | None = None
    suspected: bool = False
    outcome: str | None = None


def require_within(month: CalendarMonth, day: date | None) -> None:
    """Raise ValueError for a day outside ``month``."""
    if day is not None and CalendarMonth.of(day) != month:
        msg = "the day of an act lies in its month"
        raise ValueError(msg)
