"""What requests and answers about consented history have in common (YZKsiquc01, TKKsiquc01).

Their headers name the same numbers otherwise than those of 資格確認 do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from eligibility.errors import AnswerForAnotherPersonError, PayerRefusedError
from eligibility.model import NumberSubject
from eligibility.national.fields import Group, Layout, Leaf
from eligibility.national.header import message_layout, read_message, write_message
from eligibility.national.kinds import INSURER_NUMBER, MONTH
from eligibility.national.wire import BULK, RawElement, XmlEncoding, reading

BODY = "MessageBody"
TAKEN = "1"
"""ResultCode of an answer that holds what was asked for."""
OUTPATIENT = "1"
"""MedicalTreatmentFlag, 診療区分 (OQSCD028): 外来."""


@dataclass(frozen=True, slots=True)
class HistoryRequestHeader:
    """MessageHeader of a request for history."""

    medical_institution_code: str
    insurer_number: str
    insured_card_symbol: str | None
    insured_identification_number: str
    insured_branch_number: str | None
    arbitrary_file_identifier: str | None = None

    @classmethod
    def of(
        cls, subject: NumberSubject, request_id: str, institution_code: str
    ) -> HistoryRequestHeader:
        """Return the header of a request for what is known of ``subject``."""
        return cls(
            institution_code,
            subject.insurer_number,
            subject.insured_card_symbol,
            subject.insured_identification_number,
            subject.insured_branch_number,
            request_id,
        )


@dataclass(frozen=True, slots=True)
class HistorySpan:
    """MessageBody of a request: first and last month, and in which form.

    ``file_category``: for medicines 2 is XML and 4 XML with 診療情報, for checkups 2 is XML; the
    odd ones are PDF.  ``pr_di_inf_classification`` is sent as 1; its other values are not known.
    """

    file_category: str
    start_month: date | None = None
    end_month: date | None = None
    pr_di_inf_classification: str | None = "1"
    medical_treatment_flag: str | None = OUTPATIENT


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """YZKsiquc01req and TKKsiquc01req."""

    header: HistoryRequestHeader
    body: HistorySpan
    unread: tuple[RawElement, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryPerson:
    """Whose history an answer says that it is."""

    name: str | None = None
    name_kana: str | None = None
    birthdate: date | None = None
    sex: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """Whether this is what was asked for: code and words, which stand in header or body."""

    result_code: str | None = None
    message_contents: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryResponseHeader(HistoryResult):
    """MessageHeader of an answer."""

    arbitrary_file_identifier: str | None = None
    person: HistoryPerson | None = None


Body = TypeVar("Body", bound=HistoryResult)
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Told(Generic[Record]):
    """What an answer tells of a person: records in its order, and what no layout knows of it."""

    records: tuple[Record, ...]
    unread: tuple[RawElement, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryResponse(Generic[Body]):
    """YZKsiquc01res and TKKsiquc01res."""

    header: HistoryResponseHeader
    body: Body | None = None
    unread: tuple[RawElement, ...] = ()


REQUEST: Layout[HistoryRequest] = message_layout(
    HistoryRequest,
    Layout(
        HistoryRequestHeader,
        Leaf("MedicalInstitutionCode", "medical_institution_code", required=True),
        Leaf("InsurerNumber", "insurer_number", INSURER_NUMBER, required=True),
        Leaf("InsuranceCardSymbol", "insured_card_symbol"),
        Leaf("InsuredPersonIdentificationNumber", "insured_identification_number", required=True),
        Leaf("BranchNumber", "insured_branch_number"),
        Leaf("ArbitraryFileIdentifier", "arbitrary_file_identifier"),
    ),
    Layout(
        HistorySpan,
        Leaf("StartDate", "start_month", MONTH),
        Leaf("EndDate", "end_month", MONTH),
        Leaf("FileCategory", "file_category", required=True),
        Leaf("PrDiInfClassification", "pr_di_inf_classification"),
        Leaf("MedicalTreatmentFlag", "medical_treatment_flag"),
    ),
)
RESULT = (
    Leaf("ResultCode", "result_code"),
    Leaf("MessageContents", "message_contents"),
)
"""The elements of a :class:`HistoryResult` among those of the data class that is one."""


def response_layout(person: Group, body: Layout[Body]) -> Layout[HistoryResponse[Body]]:
    """Return the layout of an answer; ``person``: the part of its header that says whose it is."""
    return message_layout(
        HistoryResponse,
        Layout(
            HistoryResponseHeader,
            Leaf("ArbitraryFileIdentifier", "arbitrary_file_identifier"),
            *RESULT,
            person,
        ),
        body,
        body_required=False,
    )


def write_request(request: HistoryRequest, encoding: XmlEncoding) -> bytes:
    """Return a request as XML; raises QuestionNotWritableError."""
    return write_message(REQUEST, request, encoding)


def read_request(body: bytes) -> HistoryRequest:
    """Return a request; raises PayerProtocolError."""
    return read_message(REQUEST, body)


def read_history(
    layout: Layout[HistoryResponse[Body]],
    records_of: Callable[[Body], Iterable[Record]],
    body: bytes,
    subject: NumberSubject,
    request_id: str,
) -> Told[Record]:
    """Return all that an answer tells of ``subject``.

    Raises AnswerForAnotherPersonError for another person's or request's, PayerRefusedError with the
    payer's own words, and PayerProtocolError where it cannot be read.
    """
    response = read_message(layout, body, BULK)

    def read() -> Told[Record]:
        _check_taken(response.header, response.body or HistoryResult(), body)
        _check_person(response.header, subject, request_id, body)
        records = () if response.body is None else tuple(records_of(response.body))
        return Told(records, tuple(one for one in response.unread if BODY in one.place))

    return reading(body, read)


def _check_taken(header: HistoryResult, told: HistoryResult, body: bytes) -> None:
    """Return if the result code says that this is what was asked for."""
    found = {one.result_code for one in (header, told) if one.result_code is not None}
    if len(found) != 1:
        msg = "ResultCode is missing, or comes twice"
        raise ValueError(msg)
    code = found.pop()
    if code != TAKEN:
        words = header.message_contents or told.message_contents or ""
        raise PayerRefusedError(code, words, original=body)


def _check_person(
    header: HistoryResponseHeader, subject: NumberSubject, request_id: str, body: bytes
) -> None:
    """Return if an answer is about ``subject`` and to the request ``request_id``.

    Raises ValueError where it does not say when the person was born: history of nobody in
    particular is nobody's.
    """
    if header.arbitrary_file_identifier not in (None, request_id):
        raise AnswerForAnotherPersonError(request_id, original=body)
    if header.person is None or header.person.birthdate is None:
        msg = "the answer does not say whose history it is"
        raise ValueError(msg)
    if header.person.birthdate != subject.birthdate:
        raise AnswerForAnotherPersonError(request_id, original=body)
