"""Medicines as three sources tell of them: receipts, dispensings and prescriptions (薬剤情報)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum

from eligibility.codes import CodeTable, UnknownCode
from eligibility.history.institution import Institution


class MedicationOrigin(IntEnum):
    """Which source a record comes from; of records that repeat each other the lowest is shown."""

    RECEIPT = 1
    """レセプト: claimed, weeks late."""
    DISPENSING = 2
    """調剤 of an electronic prescription: handed over."""
    PRESCRIPTION = 3
    """処方: prescribed, and perhaps never dispensed."""


class MedicationUse(CodeTable):
    """剤形区分 of electronic prescriptions: how a medicine is used."""

    INTERNAL = "1", "内服", "Internal"
    AS_NEEDED = "2", "頓服", "As needed"
    EXTERNAL = "3", "外用", "External"
    DROPS = "4", "内服滴剤", "Internal drops"
    INJECTION = "5", "注射", "Injection"


class QuantityPer(Enum):
    """What ``quantity`` is the amount of."""

    DAY = "day"
    """1日量, for each of ``days``."""
    TIME = "time"
    """1回量, for each of ``times``."""
    WHOLE = "whole"
    """全量."""


@dataclass(frozen=True, slots=True)
class MedicationRecord:
    """One medicine on one day, from one source.

    ``dispensed_on``: 調剤日, or 診療日 where it was given at once; ``prescribed_on``: 処方日; one
    of both is there.  ``name``: 医薬品名; ``code``: レセ電コード, 9 digits; ``ingredient``: 一般名.
    ``quantity`` in ``unit`` for each of what ``quantity_per`` says, which is None where the source
    leaves it open; ``days``: 日数 that it is to last; ``times``: 回数, where no days are meant;
    ``days_or_times``: a number of which the source leaves open what it counts.
    ``usage``: 用法, ``special_instruction``: 特別指示, as written.  ``dispenser``: 調剤機関, or the
    one that treated; ``prescriber``: 処方発行機関; one of both is there.  ``inpatient``: 入院, None
    where it is not said.
    """

    origin: MedicationOrigin
    name: str
    dispensed_on: date | None = None
    prescribed_on: date | None = None
    dispenser: Institution | None = None
    prescriber: Institution | None = None
    code: str | None = None
    ingredient: str | None = None
    use: MedicationUse | UnknownCode | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    quantity_per: QuantityPer | None = None
    days: int | None = None
    times: int | None = None
    days_or_times: int | None = None
    usage: str | None = None
    special_instruction: str | None = None
    inpatient: bool | None = None

    def __post_init__(self) -> None:
        """Refuse a record without any day or place, which no timeline could hold."""
        if self.dispensed_on is None and self.prescribed_on is None:
            msg = "a medicine has a day of dispensing or of prescription"
            raise ValueError(msg)
        if self.dispenser is None and self.prescriber is None:
            msg = "a medicine was dispensed or prescribed by somebody"
            raise ValueError(msg)
        if min(self.days or 0, self.times or 0, self.days_or_times or 0) < 0:
            msg = "a medicine lasts no negative number of days or times"
            raise ValueError(msg)

    @property
    def day(self) -> date:
        """The day on which it stands in a list: of dispensing, or else of prescription."""
        day = self.dispensed_on or self.prescribed_on
        assert day is not None  # noqa: S101  # refused above
        return day

    @property
    def institution(self) -> Institution:
        """Who gave it: who dispensed, or else who prescribed."""
        institution = self.dispenser or self.prescriber
        assert institution is not None  # noqa: S101  # refused above
        return institution
