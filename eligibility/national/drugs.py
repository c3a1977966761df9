"""薬剤情報・診療情報: YZKsiquc01, with one tree of months for each source of medicines.

Each dispensing may be told by all three sources.  All are kept, each with its origin; which repeat
each other is judged in :mod:`eligibility.history.merging`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from eligibility.calendar import CalendarMonth
from eligibility.history import (
    Institution,
    MedicationOrigin,
    MedicationRecord,
    QuantityPer,
    TreatmentRecord,
)
from eligibility.model import NumberSubject
from eligibility.national.fields import Group, Layout, Leaf, Series
from eligibility.national.header import read_message, write_message
from eligibility.national.history import (
    RESULT,
    HistoryPerson,
    HistoryRequest,
    HistoryRequestHeader,
    HistoryResponse,
    HistoryResult,
    HistorySpan,
    Told,
    read_history,
    response_layout,
    write_request,
)
from eligibility.national.kinds import AMOUNT, DAY, MONTH, WHOLE
from eligibility.national.wire import BULK, XmlEncoding

KIND = "YZKsiquc01"

MEDICINES = "2"
MEDICINES_AND_TREATMENT = "4"

# 診療識別 of receipts: what their number of times counts
_INTERNAL = "21"
_COUNTED = frozenset({"22", "23"})


@dataclass(frozen=True, slots=True)
class Drug:
    """DrugInf: one medicine.  ``classification``: 診療識別 of receipts, 用法区分 of the others."""

    name: str
    code: str | None = None
    ingredient: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    usage: str | None = None
    special_instruction: str | None = None
    times: int | None = None
    classification: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """MeTrInf: one 診療行為."""

    name: str
    code: str | None = None
    classification: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True)
class DrugDay:
    """DiDateInf: what was dispensed, prescribed or done on one day."""

    dispensed_on: date | None = None
    prescribed_on: date | None = None
    drugs: tuple[Drug, ...] = ()
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True)
class PrescribedDay:
    """ShPrDateInf: what was prescribed on one day."""

    prescribed_on: date | None = None
    drugs: tuple[Drug, ...] = ()


@dataclass(frozen=True, slots=True)
class DispensedDay:
    """CzDiDateInf: what was dispensed on one day."""

    dispensed_on: date | None = None
    prescribed_on: date | None = None
    drugs: tuple[Drug, ...] = ()


@dataclass(frozen=True, slots=True)
class DrugMonth:
    """A month at one place.  The values of ``organisation``, ``is_own`` and ``kind`` are not known.

    ``dispenser``: 診療・調剤機関; ``prescriber``: 処方発行機関.
    """

    days: tuple[DrugDay | DispensedDay | PrescribedDay, ...] = ()
    month: date | None = None
    organisation: str | None = None
    dispenser_code: str | None = None
    dispenser_name: str | None = None
    prescriber_code: str | None = None
    prescriber_name: str | None = None
    is_own: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class DrugBody(HistoryResult):
    """MessageBody of YZKsiquc01res: three sources."""

    receipts: tuple[DrugMonth, ...] = ()
    dispensings: tuple[DrugMonth, ...] = ()
    prescriptions: tuple[DrugMonth, ...] = ()


def _drug(prefix: str, classification: str) -> Layout[Drug]:
    return Layout(
        Drug,
        Leaf(f"{prefix}DrugC", "code"),
        Leaf(f"{prefix}DrugN", "name", required=True),
        Leaf(f"{prefix}IngreN", "ingredient"),
        Leaf(f"{prefix}Qua1", "quantity", AMOUNT),
        Leaf(f"{prefix}Unit", "unit"),
        Leaf(f"{prefix}UsageN", "usage"),
        Leaf(f"{prefix}SpInst", "special_instruction"),
        Leaf(f"{prefix}Times", "times", WHOLE),
        Leaf(classification, "classification"),
    )


_ACT: Layout[Act] = Layout(
    Act,
    Leaf("SinInfN", "name", required=True),
    Leaf("SinInfCd", "code"),
    Leaf("MeTrIdCl", "classification"),
    Leaf("Qua1", "quantity", AMOUNT),
    Leaf("Unit", "unit"),
    Leaf("Times", "times", WHOLE),
)
_RECEIPT: Layout[DrugMonth] = Layout(
    DrugMonth,
    Leaf("DiOrg", "organisation"),
    Leaf("MeTrDiHCd", "dispenser_code"),
    Leaf("MeTrDiHNm", "dispenser_name"),
    Leaf("PrlsHCd", "prescriber_code"),
    Leaf("PrlsHNm", "prescriber_name"),
    Leaf("MeTrMonth", "month", MONTH),
    Leaf("PrIsOrg", "is_own"),
    Leaf("InOut", "kind"),
    Series(
        "DiDateInf",
        "days",
        Layout(
            DrugDay,
            Leaf("DiDate", "dispensed_on", DAY),
            Leaf("PrDate", "prescribed_on", DAY),
            Series("DrugInf", "drugs", _drug("", "MeTrIdCl"), within="DrugInfs"),
            Series("MeTrInf", "acts", _ACT, within="MeTrInfs"),
        ),
        within="DiDateInfs",
    ),
)
_DISPENSING: Layout[DrugMonth] = Layout(
    DrugMonth,
    Leaf("CzDiOrg", "organisation"),
    Leaf("CzMeTrDiHCd", "dispenser_code"),
    Leaf("CzMeTrDiHNm", "dispenser_name"),
    Leaf("CzPrlsHCd", "prescriber_code"),
    Leaf("CzPrlsHNm", "prescriber_name"),
    Leaf("CzDiMonth", "month", MONTH),
    Leaf("CzPrIsOrg", "is_own"),
    Leaf("CzPrCl", "kind"),
    Series(
        "CzDiDateInf",
        "days",
        Layout(
            DispensedDay,
            Leaf("CzDiDate", "dispensed_on", DAY),
            Leaf("CzPrDate", "prescribed_on", DAY),
            Series("CzDrugInf", "drugs", _drug("Cz", "CzUsageCl"), within="CzDrugInfs"),
        ),
        within="CzDiDateInfs",
    ),
)
_PRESCRIPTION: Layout[DrugMonth] = Layout(
    DrugMonth,
    Leaf("ShPrOrg", "organisation"),
    Leaf("ShMeTrDiHCd", "dispenser_code"),
    Leaf("ShMeTrDiHNm", "dispenser_name"),
    Leaf("ShPrHCd", "prescriber_code"),
    Leaf("ShPrHNm", "prescriber_name"),
    Leaf("ShPrMonth", "month", MONTH),
    Leaf("ShPrIsOrg", "is_own"),
    Leaf("ShPrCl", "kind"),
    Series(
        "ShPrDateInf",
        "days",
        Layout(
            PrescribedDay,
            Leaf("ShPrDate", "prescribed_on", DAY),
            Series("ShDrugInf", "drugs", _drug("Sh", "ShUsageCl"), within="ShDrugInfs"),
        ),
        within="ShPrDateInfs",
    ),
)
_PERSON: Layout[HistoryPerson] = Layout(
    HistoryPerson,
    Leaf("Name", "name"),
    Leaf("KanaName", "name_kana"),
    Leaf("Birth", "birthdate", DAY),
    Leaf("AdmGendCode", "sex"),
)
RESPONSE: Layout[HistoryResponse[DrugBody]] = response_layout(
    Group("QuaInf", "person", _PERSON),
    Layout(
        DrugBody,
        *RESULT,
        Series("MeTrMonthInf", "receipts", _RECEIPT),
        Series("CzDiMonthInf", "dispensings", _DISPENSING, within="CzDiInf"),
        Series("ShPrMonthInf", "prescriptions", _PRESCRIPTION, within="ShPrInf"),
    ),
)


def write_question(
    subject: NumberSubject,
    request_id: str,
    first: date,
    last: date,
    institution_code: str,
    encoding: XmlEncoding,
    *,
    treatment: bool = False,
) -> bytes:
    """Return the request for the months from ``first`` to ``last``.

    ``treatment``: with 診療情報.  Raises QuestionNotWritableError.
    """
    return write_request(
        HistoryRequest(
            HistoryRequestHeader.of(subject, request_id, institution_code),
            HistorySpan(
                MEDICINES_AND_TREATMENT if treatment else MEDICINES,
                first.replace(day=1),
                last.replace(day=1),
            ),
        ),
        encoding,
    )


def write_response(response: HistoryResponse[DrugBody], encoding: XmlEncoding) -> bytes:
    """Return an answer as XML."""
    return write_message(RESPONSE, response, encoding)


def read_response(body: bytes) -> HistoryResponse[DrugBody]:
    """Return an answer, whatever it answers; raises PayerProtocolError."""
    return read_message(RESPONSE, body, BULK)


def read_records(
    body: bytes, subject: NumberSubject, request_id: str
) -> Told[MedicationRecord | TreatmentRecord]:
    """Return all that an answer tells of ``subject``; raises what :func:`read_history` does."""
    return read_history(RESPONSE, records_of, body, subject, request_id)


def records_of(body: DrugBody) -> Iterator[MedicationRecord | TreatmentRecord]:
    """Yield each medicine and act; raises ValueError where one has no day or no place."""
    trees = (
        (MedicationOrigin.RECEIPT, body.receipts),
        (MedicationOrigin.DISPENSING, body.dispensings),
        (MedicationOrigin.PRESCRIPTION, body.prescriptions),
    )
    for origin, months in trees:
        for month in months:
            for day in month.days:
                yield from _medicines(origin, month, day)
                if isinstance(day, DrugDay):
                    yield from _treatments(month, day)


def _place(name: str | None, code: str | None) -> Institution | None:
    return None if name is None else Institution(name, code)


def _medicines(
    origin: MedicationOrigin, month: DrugMonth, day: DrugDay | DispensedDay | PrescribedDay
) -> Iterator[MedicationRecord]:
    for drug in day.drugs:
        internal = origin is MedicationOrigin.RECEIPT and drug.classification == _INTERNAL
        counted = origin is MedicationOrigin.RECEIPT and drug.classification in _COUNTED
        yield MedicationRecord(
            origin=origin,
            name=drug.name,
            dispensed_on=None if isinstance(day, PrescribedDay) else day.dispensed_on,
            prescribed_on=day.prescribed_on,
            dispenser=_place(month.dispenser_name, month.dispenser_code),
            prescriber=_place(month.prescriber_name, month.prescriber_code),
            code=drug.code,
            ingredient=drug.ingredient,
            quantity=drug.quantity,
            unit=drug.unit,
            # what the number counts is known for some classes only
            quantity_per=QuantityPer.DAY if internal else None,
            days=drug.times if internal else None,
            times=drug.times if counted else None,
            days_or_times=None if internal or counted else drug.times,
            usage=drug.usage,
            special_instruction=drug.special_instruction,
        )


def _treatments(month: DrugMonth, day: DrugDay) -> Iterator[TreatmentRecord]:
    for act in day.acts:
        place = _place(month.dispenser_name, month.dispenser_code)
        when = month.month or day.dispensed_on
        if place is None or when is None:
            msg = "an act of treatment has no place or no month"
            raise ValueError(msg)
        yield TreatmentRecord(
            month=CalendarMonth.of(when),
            institution=place,
            name=act.name,
            performed_on=day.dispensed_on,
            code=act.code,
            classification=act.classification,
            quantity=act.quantity,
            unit=act.unit,
            times=act.times,
        )
