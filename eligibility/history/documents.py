"""History documents as plain data; kept in memory for the visit, never written to disk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from eligibility.codes import ConsentCategory


@dataclass(frozen=True, slots=True)
class MedicationRecord:
    """One dispensed medicine (調剤, 薬剤情報).

    ``name``: 医薬品名; ``ingredient``: 一般名; ``quantity`` in ``unit``; ``days``: 日数;
    ``usage``: 用法 as written; ``institution``: who dispensed or prescribed.
    """

    dispensed_on: date
    institution: str
    name: str
    ingredient: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    usage: str | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class TreatmentRecord:
    """One act of treatment (診療行為)."""

    performed_on: date
    institution: str
    name: str


@dataclass(frozen=True, slots=True)
class CheckupObservation:
    """One measured item of a specific health checkup (特定健診).

    ``item_code``: JLAC10, 17 characters; ``value``: a number in ``unit``, or the words of a
    coded or written result.
    """

    effective_date: date
    item_code: str
    item_name: str
    value: Decimal | str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What was fetched under one consent: only the categories in ``fetched`` were asked for."""

    consent_id: str
    fetched_at: datetime
    fetched: frozenset[ConsentCategory]
    medications: tuple[MedicationRecord, ...] = ()
    treatments: tuple[TreatmentRecord, ...] = ()
    checkups: tuple[CheckupObservation, ...] = ()
