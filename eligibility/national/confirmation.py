"""資格確認 about one person: OQSsiquc01req, OQSsiquc01res, and the card visit OQSsiquc01res_face.

Both ends are here: the desk writes requests and reads responses, the payer's side the other way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from eligibility.asking import NumberQuestion, PushedVisit
from eligibility.codes import QualificationValidity
from eligibility.model import AnswerOutcome, PayerAnswer
from eligibility.national.answers import (
    NOBODY,
    check_header,
    check_institution,
    check_person,
    only_person,
    payer_answer,
    refuse_error,
)
from eligibility.national.fields import Group, Layout
from eligibility.national.header import (
    REQUEST_HEADER,
    RESPONSE_HEADER,
    RequestHeader,
    ResponseHeader,
    message_layout,
    read_message,
    write_message,
)
from eligibility.national.results import (
    CONFIRMATION_UNIT,
    SEARCH_INFO,
    ConfirmationUnit,
    SearchInfo,
)
from eligibility.national.wire import RawElement, XmlEncoding, reading

KIND = "OQSsiquc01"
FACE = "face"
"""What stands in the name of a pushed card visit: ``OQSsiquc01res_face_….xml``."""


@dataclass(frozen=True, slots=True)
class ConfirmationSearch:
    """MessageBody of the request."""

    search: SearchInfo


@dataclass(frozen=True, slots=True)
class ConfirmationRequest:
    """OQSsiquc01req: is this number insured?"""

    header: RequestHeader
    body: ConfirmationSearch
    unread: tuple[RawElement, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmationResponse:
    """OQSsiquc01res, and the same pushed after a card visit; an error may have no body."""

    header: ResponseHeader
    body: ConfirmationUnit | None = None
    unread: tuple[RawElement, ...] = ()


REQUEST: Layout[ConfirmationRequest] = message_layout(
    ConfirmationRequest,
    REQUEST_HEADER,
    Layout(
        ConfirmationSearch,
        Group("QualificationConfirmSearchInfo", "search", SEARCH_INFO, required=True),
    ),
)
RESPONSE: Layout[ConfirmationResponse] = message_layout(
    ConfirmationResponse, RESPONSE_HEADER, CONFIRMATION_UNIT, body_required=False
)


def write_question(question: NumberQuestion, institution_code: str, encoding: XmlEncoding) -> bytes:
    """Return the request that asks ``question``; raises QuestionNotWritableError."""
    header = RequestHeader(institution_code, question.id, question.qualification_confirmation_date)
    search = SearchInfo.of(question.subject, limit_consent=question.limit_consent)
    return write_request(ConfirmationRequest(header, ConfirmationSearch(search)), encoding)


def write_request(request: ConfirmationRequest, encoding: XmlEncoding) -> bytes:
    """Return a request as XML; raises QuestionNotWritableError."""
    return write_message(REQUEST, request, encoding)


def read_request(body: bytes) -> ConfirmationRequest:
    """Return a request; raises PayerProtocolError."""
    return read_message(REQUEST, body)


def write_response(response: ConfirmationResponse, encoding: XmlEncoding) -> bytes:
    """Return a response as XML; raises QuestionNotWritableError."""
    return write_message(RESPONSE, response, encoding)


def read_response(body: bytes) -> ConfirmationResponse:
    """Return a response, whatever it answers; raises PayerProtocolError."""
    return read_message(RESPONSE, body)


def read_answer(
    body: bytes, question: NumberQuestion, *, received_at: datetime, institution_code: str | None
) -> PayerAnswer:
    """Return the answer to ``question``.

    Raises AnswerForAnotherPersonError where it names another question or person, PayerRefusedError
    where the payer refused, and PayerProtocolError where it cannot be read, lacks something, or is
    about another day or institution.
    """
    response = read_response(body)
    unit = response.body or NOBODY

    def read() -> PayerAnswer:
        check_header(response.header, question, institution_code, body)
        _check_body(response)
        check_person(unit, question, body)
        refuse_error(unit, body)
        return payer_answer(
            unit,
            response.header,
            question_id=question.id,
            subject=question.subject,
            received_at=received_at,
            original=body,
        )

    return reading(body, read)


def _check_body(response: ConfirmationResponse) -> None:
    if response.body is None and response.header.outcome is AnswerOutcome.COMPLETE:
        msg = "MessageBody is missing"
        raise ValueError(msg)


def read_visit(
    body: bytes, *, told_as: str, received_at: datetime, institution_code: str | None
) -> PushedVisit:
    """Return the card visit that a pushed message tells; ``told_as``: the name of its file.

    Its subject is the number of its first qualification, as nobody asked a question here; it has
    no answer where no qualification was found (該当資格なし).  Raises PayerRefusedError where it
    tells an error, and PayerProtocolError where it cannot be read, tells of qualifications and
    names nobody or more than one person, or is another institution's.
    """
    response = read_response(body)
    unit = response.body or NOBODY

    def read() -> PushedVisit:
        check_institution(response.header, institution_code)
        refuse_error(response.header, body)
        refuse_error(unit, body)
        identity = _identity(response)
        if _has_nobody(response):
            if response.header.arbitrary_file_identifier is None:
                msg = "nothing tells this visit, which names nobody, from another"
                raise ValueError(msg)
            return PushedVisit(identity, told_as, None, body)
        subject = only_person(unit)
        answer = payer_answer(
            unit,
            response.header,
            question_id=identity,
            subject=subject,
            received_at=received_at,
            original=body,
        )
        return PushedVisit(identity, told_as, answer, body)

    return reading(body, read)


def _has_nobody(response: ConfirmationResponse) -> bool:
    """Whether the payer looked and found no qualification, and says nothing besides."""
    unit = response.body or NOBODY
    return (
        response.header.outcome is AnswerOutcome.COMPLETE
        and unit.qualification_validity is QualificationValidity.NOT_FOUND
        and not unit.results
    )


def _identity(response: ConfirmationResponse) -> str:
    """Return an id that the same visit has under any file name, order of elements and encoding."""
    header = response.header
    unit = response.body or NOBODY
    people = sorted(
        (
            result.coverage.insurer_number,
            result.coverage.insured_card_symbol or "",
            result.coverage.insured_identification_number or "",
            result.coverage.insured_branch_number or "",
            result.coverage.person.birthdate.isoformat(),
        )
        for result in unit.results
    )
    told = (
        header.medical_institution_code,
        header.arbitrary_file_identifier,
        header.process_execution_time and header.process_execution_time.isoformat(),
        people,
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]
