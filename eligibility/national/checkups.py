"""特定健診情報: TKKsiquc01, a flat list of items for each checkup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from eligibility.history import CheckupObservation, CodedResult
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
from eligibility.national.kinds import DAY
from eligibility.national.wire import BULK, XmlEncoding

KIND = "TKKsiquc01"

CHECKUPS = "2"

_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,12})?")
_CODED = frozenset({"CD", "CO"})
_MEASURED = "PQ"


@dataclass(frozen=True, slots=True)
class Item:
    """HealthCheckupResultAndQuestionInfo: one item with its result, or one question.

    ``data_type``: PQ a number, CD and CO a code, ST words.
    """

    item_code: str
    item_name: str
    data_type: str | None = None
    data_value: str | None = None
    unit: str | None = None
    oid: str | None = None
    data_value_name: str | None = None


@dataclass(frozen=True, slots=True)
class Checkup:
    """SpecificHealthCheckupInfo: one checkup on one day (受診日)."""

    effective_date: date
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckupBody(HistoryResult):
    """MessageBody of TKKsiquc01res."""

    checkups: tuple[Checkup, ...] = ()


_ITEM: Layout[Item] = Layout(
    Item,
    Leaf("ItemCode", "item_code", required=True),
    Leaf("ItemName", "item_name", required=True),
    Leaf("DataType", "data_type"),
    Leaf("DataValue", "data_value"),
    Leaf("Unit", "unit"),
    Leaf("Oid", "oid"),
    Leaf("DataValueName", "data_value_name"),
)
_PERSON: Layout[HistoryPerson] = Layout(
    HistoryPerson,
    Leaf("Name", "name"),
    Leaf("KanasName", "name_kana"),
    Leaf("Birthday", "birthdate", DAY),
    Leaf("AdministrativeGenderCode", "sex"),
)
_CHECKUP: Layout[Checkup] = Layout(
    Checkup,
    Leaf("EffectiveTime", "effective_date", DAY, required=True),
    Series(
        "HealthCheckupResultAndQuestionInfo",
        "items",
        _ITEM,
        within="HealthCheckupResultAndQuestionInfos",
    ),
)
RESPONSE: Layout[HistoryResponse[CheckupBody]] = response_layout(
    Group("QualificationsInfo", "person", _PERSON),
    Layout(CheckupBody, *RESULT, Series("SpecificHealthCheckupInfo", "checkups", _CHECKUP)),
)


def write_question(
    subject: NumberSubject, request_id: str, institution_code: str, encoding: XmlEncoding
) -> bytes:
    """Return the request for all checkups; raises QuestionNotWritableError."""
    header = HistoryRequestHeader.of(subject, request_id, institution_code)
    return write_request(HistoryRequest(header, HistorySpan(CHECKUPS)), encoding)


def write_response(response: HistoryResponse[CheckupBody], encoding: XmlEncoding) -> bytes:
    """Return an answer as XML."""
    return write_message(RESPONSE, response, encoding)


def read_response(body: bytes) -> HistoryResponse[CheckupBody]:
    """Return an answer, whatever it answers; raises PayerProtocolError."""
    return read_message(RESPONSE, body, BULK)


def read_observations(
    body: bytes, subject: NumberSubject, request_id: str
) -> Told[CheckupObservation]:
    """Return all items of all checkups of ``subject``; raises what :func:`read_history` does."""
    return read_history(RESPONSE, observations_of, body, subject, request_id)


def observations_of(body: CheckupBody) -> Iterator[CheckupObservation]:
    """Yield each item; raises ValueError for what is no item code."""
    for checkup in body.checkups:
        for item in checkup.items:
            value = _value(item)
            yield CheckupObservation(
                checkup.effective_date,
                item.item_code,
                item.item_name,
                value,
                item.unit if isinstance(value, Decimal) else None,
            )


def _value(item: Item) -> Decimal | CodedResult | str | None:
    """Return a result as what its type says that it is; one that is not so is kept as words."""
    if item.data_value is None:
        return item.data_value_name
    if item.data_type in _CODED:
        return CodedResult(item.data_value, item.data_value_name)
    if item.data_type == _MEASURED and _NUMBER.fullmatch(item.data_value):
        return Decimal(item.data_value)
    return " ".join(
        one for one in (item.data_value, item.unit, item.data_value_name) if one is not None
    )
