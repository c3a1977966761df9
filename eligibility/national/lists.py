"""Lists that the payer keeps for the institution: who has a ticket, and who consented.

医療扶助 (OQSmutic), 訪問診療等 (OQSmuhvq) and オンライン診療等 (OQSmuonq).  Each is asked for by
dates, not by people, and comes in the two steps of :mod:`eligibility.national.bulk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from eligibility.asking import BulkReception, Listed, ListKind, ListQuestion
from eligibility.national.answers import only_person, payer_answer
from eligibility.national.bulk import RESPONSE, check_download, units_of
from eligibility.national.fields import Group, Layout, Leaf
from eligibility.national.header import (
    REQUEST_HEADER,
    RequestHeader,
    message_layout,
    read_message,
    read_parsed,
    write_message,
)
from eligibility.national.kinds import DAY, MONTH
from eligibility.national.wire import BULK, RawElement, XmlEncoding, parse_message, reading

_PREFIXES = {
    ListKind.ASSISTANCE: "OQSmutic",
    ListKind.HOME_VISITS: "OQSmuhvq",
    ListKind.ONLINE: "OQSmuonq",
}
_TREATMENT_FLAGS = {ListKind.HOME_VISITS: "2", ListKind.ONLINE: "3"}


def upload_kind(kind: ListKind) -> str:
    """Return the kind of the messages that ask for a list."""
    return f"{_PREFIXES[kind]}01"


def download_kind(kind: ListKind) -> str:
    """Return the kind of the messages that fetch it."""
    return f"{_PREFIXES[kind]}02"


@dataclass(frozen=True, slots=True)
class ListSearch:
    """QualificationConfirmSearchInfo of a list: a month of tickets, or a span of days.

    ``medical_treatment_flag``: 診療区分 (OQSCD028), 2 訪問診療等, 3 オンライン診療等.
    """

    medical_treatment_month: date | None = None
    consent_date_from: date | None = None
    consent_date_to: date | None = None
    examination_date_from: date | None = None
    examination_date_to: date | None = None
    medical_treatment_flag: str | None = None

    @classmethod
    def of(cls, question: ListQuestion) -> ListSearch:
        """Return how ``question`` is written."""
        first, last = question.first, question.last
        if question.kind is ListKind.ASSISTANCE:
            return cls(medical_treatment_month=first.replace(day=1))
        flag = _TREATMENT_FLAGS[question.kind]
        if question.by_examination:
            return cls(
                examination_date_from=first, examination_date_to=last, medical_treatment_flag=flag
            )
        return cls(consent_date_from=first, consent_date_to=last, medical_treatment_flag=flag)


@dataclass(frozen=True, slots=True)
class ListBody:
    """MessageBody of a request for a list."""

    search: ListSearch


@dataclass(frozen=True, slots=True)
class ListRequest:
    """OQSmutic01req, OQSmuhvq01req and OQSmuonq01req."""

    header: RequestHeader
    body: ListBody
    unread: tuple[RawElement, ...] = ()


_SEARCH: Layout[ListSearch] = Layout(
    ListSearch,
    Leaf("MedicalTreatmentMonth", "medical_treatment_month", MONTH),
    Leaf("ConsentDateFrom", "consent_date_from", DAY),
    Leaf("ConsentDateTo", "consent_date_to", DAY),
    Leaf("ExaminationDateFrom", "examination_date_from", DAY),
    Leaf("ExaminationDateTo", "examination_date_to", DAY),
    Leaf("MedicalTreatmentFlag", "medical_treatment_flag"),
)
REQUEST: Layout[ListRequest] = message_layout(
    ListRequest,
    REQUEST_HEADER,
    Layout(ListBody, Group("QualificationConfirmSearchInfo", "search", _SEARCH, required=True)),
)


def write_question(question: ListQuestion, institution_code: str, encoding: XmlEncoding) -> bytes:
    """Return the request that asks for a list; raises QuestionNotWritableError."""
    header = RequestHeader(institution_code, question.id)
    return write_message(REQUEST, ListRequest(header, ListBody(ListSearch.of(question))), encoding)


def read_request(body: bytes) -> ListRequest:
    """Return a request for a list; raises PayerProtocolError."""
    return read_message(REQUEST, body)


def read_listed(
    body: bytes,
    reception: BulkReception,
    *,
    received_at: datetime,
    institution_code: str | None,
) -> Listed:
    """Return the list that ``reception`` is for.

    Raises PayerProtocolError where it cannot be read, and what
    :func:`eligibility.national.bulk.check_download` raises.
    """
    root = parse_message(body, BULK)

    def read() -> Listed:
        response = read_parsed(RESPONSE, root)
        check_download(response.header, reception, institution_code, body)
        answers, unnamed = [], 0
        for unit, original in units_of(response, root):
            try:
                subject = only_person(unit)
            except ValueError:
                unnamed += 1
                continue
            answers.append(
                payer_answer(
                    unit,
                    response.header,
                    question_id=reception.bulk_id,
                    subject=subject,
                    received_at=received_at,
                    original=original,
                )
            )
        return Listed(reception, tuple(answers), unnamed, body)

    return reading(body, read)
