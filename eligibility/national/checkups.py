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
from eligibility.national.header import message_layout, read_message, write_message
from eligibility.national.history import (
    HistoryPerson,
    HistoryRequest,
    HistoryRequestHeader,
    HistorySpan,
    check_history,
    check_taken,
    write_request,
)
from eligibility.national.kinds import DAY
from eligibility.national.wire import BULK, RawElement, XmlEncoding, reading

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
class CheckupHeader:
    """MessageHeader of an answer."""

    arbitrary_file_identifier: str | None = None
    result_code: str | None = None
    message_contents: str | None = None
    person: HistoryPerson | None = None


@dataclass(frozen=True, slots=True)
class CheckupBody:
    """MessageBody of an answer."""

    result_code: str | None = None
    message_contents: str | None = None
    checkups: tuple[Checkup, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckupResponse:
    """TKKsiquc01res."""

    header: CheckupHeader
    body: CheckupBody | None = None
    unread: tuple[RawElement, ...] = ()


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
RESPONSE: Layout[CheckupResponse] = message_layout(
    CheckupResponse,
    Layout(
        CheckupHeader,
        Leaf("ArbitraryFileIdentifier", "arbitrary_file_identifier"),
        Leaf("ResultCode", "result_code"),
        Leaf("MessageContents", "message_contents"),
        Group(
            "QualificationsInfo",
            "person",
            Layout(
                HistoryPerson,
                Leaf("Name", "name"),
                Leaf("KanasName", "name_kana"),
                Leaf("Birthday", "birthdate", DAY),
                Leaf("AdministrativeGenderCode", "sex"),
            ),
        ),
    ),
    Layout(
        CheckupBody,
        Leaf("ResultCode", "result_code"),
        Leaf("MessageContents", "message_contents"),
        Series(
            "SpecificHealthCheckupInfo",
            "checkups",
            Layout(
                Checkup,
                Leaf("EffectiveTime", "effective_date", DAY, required=True),
                Series(
                    "HealthCheckupResultAndQuestionInfo",
                    "items",
                    _ITEM,
                    within="HealthCheckupResultAndQuestionInfos",
                ),
            ),
        ),
    ),
    body_required=False,
)


def write_question(
    subject: NumberSubject, request_id: str, institution_code: str, encoding: XmlEncoding
) -> bytes:
    """Return the request for all checkups; raises QuestionNotWritableError."""
    header = HistoryRequestHeader.of(subject, request_id, institution_code)
    return write_request(HistoryRequest(header, HistorySpan(CHECKUPS)), encoding)


def write_response(response: CheckupResponse, encoding: XmlEncoding) -> bytes:
    """Return an answer as XML."""
    return write_message(RESPONSE, response, encoding)


def read_response(body: bytes) -> CheckupResponse:
    """Return an answer, whatever it answers; raises PayerProtocolError."""
    return read_message(RESPONSE, body, BULK)


def read_observations(
    body: bytes, subject: NumberSubject, request_id: str
) -> tuple[CheckupObservation, ...]:
    """Return all items of all checkups of ``subject``, in the answer's order.

    Raises AnswerForAnotherPersonError for another person's or request's, PayerRefusedError with the
    payer's own words, and PayerProtocolError where it cannot be read.
    """
    response = read_response(body)
    header, told = response.header, response.body or CheckupBody()

    def read() -> tuple[CheckupObservation, ...]:
        check_taken(
            (header.result_code, told.result_code),
            (header.message_contents, told.message_contents),
            body,
        )
        check_history(header.person, header.arbitrary_file_identifier, subject, request_id, body)
        return tuple(observations_of(told))

    return reading(body, read)


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
