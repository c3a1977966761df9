"""A history as bytes and back; see :mod:`terminal.store.histories`, which seals them.

A heavy one takes a while: it is packed before a transaction begins and unpacked after it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from eligibility.codes import ConsentCategory
from eligibility.history import (
    CheckupObservation,
    CodedResult,
    Comparator,
    DiagnosisRecord,
    History,
    Institution,
    MedicationRecord,
    OperationRecord,
    TreatmentRecord,
)
from eligibility.history.documents import UnreadPart
from eligibility.history.timeline import DrugTimeline
from terminal.errors import StoreDamagedError
from terminal.store.encoding import Decoder, encode

_FAST = 1
"""Level of compression: a payer's answer repeats itself so much that more gains little."""


@dataclass(frozen=True, slots=True)
class _Checkup:
    """One item of a checkup; a number and words stand apart, since both are text in JSON."""

    effective_date: date
    item_code: str
    item_name: str
    number: Decimal | None
    coded: CodedResult | None
    words: str | None
    unit: str | None
    comparator: Comparator | None
    institution: Institution | None


@dataclass(frozen=True, slots=True)
class _Content:
    """What a history holds, but for what is computed from it."""

    consent_id: str
    fetched_at: datetime
    fetched: tuple[ConsentCategory, ...]
    medications: tuple[MedicationRecord, ...]
    treatments: tuple[TreatmentRecord, ...]
    operations: tuple[OperationRecord, ...]
    diagnoses: tuple[DiagnosisRecord, ...]
    checkups: tuple[_Checkup, ...]
    untold: tuple[ConsentCategory, ...]
    unread: tuple[UnreadPart, ...] = ()


_decode = Decoder(_Content)


@dataclass(frozen=True, slots=True)
class PackedHistory:
    """A history as bytes.  ``answered``: the categories that it has, or that nobody can ask for."""

    consent_id: str
    answered: frozenset[ConsentCategory]
    content: bytes = field(repr=False)


def pack(history: History) -> PackedHistory:
    """Return ``history`` as compressed canonical JSON."""
    content = _Content(
        history.consent_id,
        history.fetched_at,
        _sorted(history.fetched),
        history.medications,
        history.treatments,
        history.operations,
        history.diagnoses,
        tuple(_kept(one) for one in history.checkups),
        _sorted(history.untold),
        history.unread,
    )
    packed = zlib.compress(encode(content).encode(), _FAST)
    return PackedHistory(history.consent_id, history.answered, packed)


def unpack(content: bytes) -> History:
    """Return what :func:`pack` packed.  Raises StoreDamagedError for anything else."""
    try:
        whole = _decode(zlib.decompress(content).decode())
    except (zlib.error, ValueError):
        msg = "a history that was kept cannot be read"
        raise StoreDamagedError(msg) from None
    return History(
        whole.consent_id,
        whole.fetched_at,
        frozenset(whole.fetched),
        whole.medications,
        whole.treatments,
        whole.operations,
        whole.diagnoses,
        tuple(_observed(one) for one in whole.checkups),
        DrugTimeline(whole.medications),
        frozenset(whole.untold),
        whole.unread,
    )


def _sorted(categories: Iterable[ConsentCategory]) -> tuple[ConsentCategory, ...]:
    return tuple(sorted(categories, key=lambda category: category.value))


def _kept(one: CheckupObservation) -> _Checkup:
    value = one.value
    return _Checkup(
        one.effective_date,
        one.item_code,
        one.item_name,
        value if isinstance(value, Decimal) else None,
        value if isinstance(value, CodedResult) else None,
        value if isinstance(value, str) else None,
        one.unit,
        one.comparator,
        one.institution,
    )


def _observed(one: _Checkup) -> CheckupObservation:
    # "is None" throughout: a number may be 0 and words may be empty
    values = (one.number, one.coded, one.words)
    return CheckupObservation(
        one.effective_date,
        one.item_code,
        one.item_name,
        next((value for value in values if value is not None), None),
        one.unit,
        one.comparator,
        one.institution,
    )
