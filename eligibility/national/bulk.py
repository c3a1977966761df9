"""一括照会, in two steps: OQSmuquc01 hands in questions for a 受付番号, OQSmuquc02 fetches answers.

The payer's lists (医療扶助, 訪問診療等, オンライン診療等) and 照会番号 go in the same two steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from eligibility.asking import BulkAnswers, BulkQuestion, BulkReception, NumberQuestion
from eligibility.errors import PayerUnavailableError
from eligibility.model import AnswerOutcome, PayerAnswer
from eligibility.national.answers import (
    agreed,
    check_institution,
    check_person,
    payer_answer,
    refuse_error,
    repeats,
)
from eligibility.national.fields import Layout, Leaf, Series
from eligibility.national.header import (
    PROCESSING_RESULT,
    REQUEST_HEADER,
    RESPONSE_HEADER,
    ProcessingResult,
    RequestHeader,
    ResponseHeader,
    message_layout,
    read_message,
    read_parsed,
    write_message,
)
from eligibility.national.results import (
    CONFIRMATION_UNIT,
    SEARCH_INFO,
    ConfirmationUnit,
    SearchInfo,
)
from eligibility.national.wire import (
    BULK,
    Node,
    RawElement,
    XmlEncoding,
    parse_message,
    part_of,
    reading,
)

UPLOAD_KIND = "OQSmuquc01"
DOWNLOAD_KIND = "OQSmuquc02"

STILL_WORKING_SECONDS = 30.0
"""How long to wait before an answer is fetched again that the payer still works on."""

UNIT = "BulkConfirmUnit"
"""The element that holds one person's answer."""


@dataclass(frozen=True, slots=True)
class BulkSearch:
    """MessageBody of OQSmuquc01req."""

    searches: tuple[SearchInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """OQSmuquc01req: are these numbers insured?  Each has its own 任意識別子."""

    header: RequestHeader
    body: BulkSearch
    unread: tuple[RawElement, ...] = ()


@dataclass(frozen=True, slots=True)
class Reception(ProcessingResult):
    """MessageBody of a response that takes a bulk request (受付結果)."""

    reception_number: str | None = None


@dataclass(frozen=True, slots=True)
class ReceptionResponse:
    """OQSmu…01res: the request was taken, under this 受付番号."""

    header: ResponseHeader
    body: Reception | None = None
    unread: tuple[RawElement, ...] = ()

    @property
    def reception_number(self) -> str | None:
        """受付番号, which may stand in the body or in the header; None where the two differ."""
        in_body = None if self.body is None else self.body.reception_number
        return agreed((self.header.reception_number, in_body))


@dataclass(frozen=True, slots=True)
class Download:
    """MessageBody of a request for answers that are ready."""

    reception_number: str


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """OQSmu…02req: what has become of this 受付番号?"""

    header: RequestHeader
    body: Download
    unread: tuple[RawElement, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkUnits:
    """MessageBody of OQSmu…02res."""

    units: tuple[ConfirmationUnit, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkResponse:
    """OQSmu…02res: an answer for each person; none while the payer still works on it."""

    header: ResponseHeader
    body: BulkUnits | None = None
    unread: tuple[RawElement, ...] = ()


REQUEST: Layout[BulkRequest] = message_layout(
    BulkRequest,
    REQUEST_HEADER,
    Layout(BulkSearch, Series("QualificationConfirmSearchInfo", "searches", SEARCH_INFO)),
)
RECEPTION: Layout[ReceptionResponse] = message_layout(
    ReceptionResponse,
    RESPONSE_HEADER,
    Layout(Reception, Leaf("ReceptionNumber", "reception_number"), *PROCESSING_RESULT),
    body_required=False,
)
DOWNLOAD: Layout[DownloadRequest] = message_layout(
    DownloadRequest,
    REQUEST_HEADER,
    Layout(Download, Leaf("ReceptionNumber", "reception_number", required=True)),
)
RESPONSE: Layout[BulkResponse] = message_layout(
    BulkResponse,
    RESPONSE_HEADER,
    Layout(BulkUnits, Series(UNIT, "units", CONFIRMATION_UNIT)),
    body_required=False,
)


# -- Handing in ------------------------------------------------------------------------------------


def write_question(question: BulkQuestion, institution_code: str, encoding: XmlEncoding) -> bytes:
    """Return the request that hands in all of ``question``; raises QuestionNotWritableError."""
    header = RequestHeader(institution_code, question.id, question.qualification_confirmation_date)
    searches = tuple(
        SearchInfo.of(one.subject, limit_consent=one.limit_consent, identifier=one.id)
        for one in question.questions
    )
    return write_message(REQUEST, BulkRequest(header, BulkSearch(searches)), encoding)


def read_request(body: bytes) -> BulkRequest:
    """Return what is handed in; raises PayerProtocolError."""
    return read_message(REQUEST, body, BULK)


def write_reception(response: ReceptionResponse, encoding: XmlEncoding) -> bytes:
    """Return the response that takes a bulk request."""
    return write_message(RECEPTION, response, encoding)


def read_reception(
    body: bytes, request_id: str, *, received_at: datetime, institution_code: str | None
) -> BulkReception:
    """Return the reception of the request that ``request_id`` names.

    Raises PayerRefusedError where the payer did not take it, and PayerProtocolError where that
    cannot be read, answers another request or has no 受付番号.
    """
    response = read_message(RECEPTION, body)

    def read() -> BulkReception:
        if response.header.arbitrary_file_identifier != request_id:
            msg = "the reception does not name its request"
            raise ValueError(msg)
        check_institution(response.header, institution_code)
        refuse_error(response.header, body)
        refuse_error(response.body or Reception(), body)
        if response.reception_number is None:
            msg = "the reception has no ReceptionNumber, or two"
            raise ValueError(msg)
        return BulkReception(request_id, response.reception_number, received_at)

    return reading(body, read)


# -- Fetching --------------------------------------------------------------------------------------


def write_download(reception: BulkReception, institution_code: str, encoding: XmlEncoding) -> bytes:
    """Return the request that fetches what ``reception`` brought."""
    header = RequestHeader(institution_code, reception.bulk_id)
    return write_message(
        DOWNLOAD, DownloadRequest(header, Download(reception.reception_number)), encoding
    )


def read_download(body: bytes) -> DownloadRequest:
    """Return a request that fetches; raises PayerProtocolError."""
    return read_message(DOWNLOAD, body)


def write_response(response: BulkResponse, encoding: XmlEncoding) -> bytes:
    """Return the answers as XML."""
    return write_message(RESPONSE, response, encoding)


def read_response(body: bytes) -> BulkResponse:
    """Return the answers, whatever they answer; raises PayerProtocolError."""
    return read_message(RESPONSE, body, BULK)


def check_download(
    header: ResponseHeader, reception: BulkReception, institution_code: str | None, body: bytes
) -> None:
    """Return if a response brings what ``reception`` is for, and is whole.

    Raises PayerUnavailableError while the payer works on it, PayerRefusedError where it refuses,
    and ValueError for another reception's or institution's.
    """
    named = (header.reception_number, header.arbitrary_file_identifier)
    expected = (reception.reception_number, reception.bulk_id)
    if named == (None, None) or any(
        found not in (None, own) for found, own in zip(named, expected, strict=True)
    ):
        msg = "the answers are another reception's"
        raise ValueError(msg)
    check_institution(header, institution_code)
    refuse_error(header, body)
    if header.outcome is AnswerOutcome.QUEUED:
        msg = f"the payer still works on reception {reception.reception_number}"
        raise PayerUnavailableError(msg, retry_after=STILL_WORKING_SECONDS)


def units_of(response: BulkResponse, root: Node) -> Iterator[tuple[ConfirmationUnit, bytes]]:
    """Yield each unit of a response, and its own part of the file."""
    units = () if response.body is None else response.body.units
    nodes = root.iterfind(f"MessageBody/{UNIT}")
    return ((unit, part_of(node)) for unit, node in zip(units, nodes, strict=True))


def read_answers(
    body: bytes,
    question: BulkQuestion,
    reception: BulkReception,
    *,
    received_at: datetime,
    institution_code: str | None,
) -> BulkAnswers:
    """Return the answers to ``question``; those that the payer left out are named.

    All are taken or none: raises AnswerForAnotherPersonError where one is about another person,
    PayerProtocolError where one is to no question or a second one to the same, or cannot be read,
    and what :func:`check_download` raises.
    """
    root = parse_message(body, BULK)

    def read() -> BulkAnswers:
        response = read_parsed(RESPONSE, root)
        check_download(response.header, reception, institution_code, body)
        open_questions = _Questions(question.questions)
        answers: list[PayerAnswer] = []
        for unit, original in units_of(response, root):
            asked = open_questions.take(unit)
            check_person(unit, asked, body)
            answers.append(
                payer_answer(
                    unit,
                    response.header,
                    question_id=asked.id,
                    subject=asked.subject,
                    received_at=received_at,
                    original=original,
                )
            )
        return BulkAnswers(reception, tuple(answers), open_questions.left, body)

    return reading(body, read)


class _Questions:
    """Questions that wait for their answer."""

    def __init__(self, questions: Iterable[NumberQuestion]) -> None:
        self._by_id = {question.id: question for question in questions}
        # the few that a unit without 任意識別子 may answer
        self._by_number = defaultdict(list)
        for question in self._by_id.values():
            self._by_number[question.subject.insurer_number].append(question.id)

    @property
    def left(self) -> tuple[str, ...]:
        """Ids of those that have none."""
        return tuple(self._by_id)

    def take(self, unit: ConfirmationUnit) -> NumberQuestion:
        """Return the one question that ``unit`` answers; raises ValueError.

        It is named by its 任意識別子; where that is missing, by whom it repeats.
        """
        search = unit.search or SearchInfo()
        identifier = agreed(
            (search.arbitrary_identifier, *(one.arbitrary_identifier for one in unit.results))
        )
        if identifier is None and search.insured_identification_number is not None:
            fitting = [
                one
                for one in self._by_number.get(search.insurer_number or "", ())
                if one in self._by_id and repeats(search, self._by_id[one].subject)
            ]
            identifier = fitting[0] if len(fitting) == 1 else None
        if identifier is None or identifier not in self._by_id:
            msg = "an answer is to no question, or a second one to the same"
            raise ValueError(msg)
        return self._by_id.pop(identifier)
