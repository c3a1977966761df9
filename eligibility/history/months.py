"""Treatment, operations and diagnoses by month and institution, and which of them are sensitive."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from eligibility.calendar import CalendarMonth
from eligibility.history.documents import History
from eligibility.history.institution import Institution
from eligibility.history.merging import folded
from eligibility.history.treatment import DiagnosisRecord, OperationRecord, TreatmentRecord

AnyAct = TypeVar("AnyAct", TreatmentRecord, OperationRecord, DiagnosisRecord)
_Place = tuple[str | None, str | None]

_SENSITIVE = re.compile(
    "精神|心身|うつ|統合失調|依存|発達|性病|梅毒|淋菌|クラミジア|hiv|エイズ|免疫不全|妊娠|流産|中絶|不妊|"
    "生殖|遺伝|カウンセリング"
)
"""Words of acts that people would not have read over a shoulder.  Folding hides nothing."""


@dataclass(frozen=True, slots=True)
class CareAtInstitution:
    """What one institution did and found in one month, each in the order of its days."""

    institution: Institution
    treatments: tuple[TreatmentRecord, ...] = ()
    operations: tuple[OperationRecord, ...] = ()
    diagnoses: tuple[DiagnosisRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class MonthOfCare:
    """One month (診療年月) and the institutions that were visited in it (受診歴)."""

    month: CalendarMonth
    institutions: tuple[CareAtInstitution, ...]


def is_sensitive(record: TreatmentRecord | OperationRecord | DiagnosisRecord) -> bool:
    """Whether a row is folded until somebody asks for it: operations, diagnoses, some acts."""
    if not isinstance(record, TreatmentRecord):
        return True
    return _SENSITIVE.search(folded(record.name)) is not None


def months_of_care(history: History) -> tuple[MonthOfCare, ...]:
    """Return every act, operation and diagnosis once, the newest month first.

    Two names under one code are one place, shown under the name that comes first.
    """
    acts = sorted(history.treatments, key=_order)
    operated = sorted(history.operations, key=_order)
    names: dict[CalendarMonth, dict[_Place, Institution]] = defaultdict(dict)
    records: list[TreatmentRecord | OperationRecord | DiagnosisRecord]
    records = [*acts, *operated, *history.diagnoses]
    for record in records:
        names[record.month].setdefault(_place(record), record.institution)
    treatments, operations = _by_place(acts), _by_place(operated)
    diagnoses = _by_place(history.diagnoses)
    return tuple(
        MonthOfCare(
            month,
            tuple(
                CareAtInstitution(
                    institution,
                    tuple(treatments[month, place]),
                    tuple(operations[month, place]),
                    tuple(diagnoses[month, place]),
                )
                for place, institution in names[month].items()
            ),
        )
        for month in sorted(names, reverse=True)
    )


def _place(record: TreatmentRecord | OperationRecord | DiagnosisRecord) -> _Place:
    """Return what is equal where :meth:`Institution.is_same_as` holds, and only there."""
    institution = record.institution
    return institution.code, institution.name if institution.code is None else None


def _order(record: TreatmentRecord | OperationRecord) -> tuple[date, str, str, str, str]:
    """Return a key by day, and within it as a receipt is ordered; a payer's order says nothing."""
    place = record.institution
    code = record.code or ""
    return record.performed_on or date.min, code, record.name, place.code or "", place.name


def _by_place(records: Iterable[AnyAct]) -> defaultdict[tuple[CalendarMonth, _Place], list[AnyAct]]:
    found: defaultdict[tuple[CalendarMonth, _Place], list[AnyAct]] = defaultdict(list)
    for record in records:
        found[record.month, _place(record)].append(record)
    return found
