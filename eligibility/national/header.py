"""What every message of the eligibility system (OQS) has: a header beside its body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from eligibility.codes import ReferenceClassification, UnknownCode
from eligibility.model import AnswerOutcome
from eligibility.national.fields import Group, Layout, Leaf, read_layout
from eligibility.national.kinds import DAY, MOMENT, WHOLE, code
from eligibility.national.wire import (
    SINGLE,
    Limits,
    Node,
    Writer,
    XmlEncoding,
    parse_message,
    reading,
)

NORMAL = "1"
"""処理結果区分 and 処理結果状況 of what ended well (OQSCD003, OQSCD004)."""
IN_PROCESS = "2"
"""処理結果区分 of what the payer still works on."""


@dataclass(frozen=True, slots=True)
class RequestHeader:
    """MessageHeader of a request.

    ``arbitrary_file_identifier``: 任意のファイル識別子, which the answer repeats; the id of the
    question.
    """

    medical_institution_code: str
    arbitrary_file_identifier: str | None = None
    qualification_confirmation_date: date | None = None


@dataclass(frozen=True, slots=True)
class ResponseHeader:
    """MessageHeader of a response.

    ``segment_of_result``: 処理結果区分; 1 has ended well, 2 is still worked on, anything else is an
    error.  ``character_code_identifier`` is told and never acted upon: sources disagree on what it
    means.  The last four are those of bulk messages.
    """

    segment_of_result: str
    medical_institution_code: str | None = None
    arbitrary_file_identifier: str | None = None
    process_execution_time: datetime | None = None
    qualification_confirmation_date: date | None = None
    reference_classification: ReferenceClassification | UnknownCode | None = None
    error_code: str | None = None
    error_message: str | None = None
    character_code_identifier: str | None = None
    reception_number: str | None = None
    number_of_processing_result: int | None = None
    number_of_normal_processing: int | None = None
    number_of_error: int | None = None

    @property
    def outcome(self) -> AnswerOutcome:
        """How the payer's work on the request ended."""
        if self.segment_of_result == NORMAL:
            return AnswerOutcome.COMPLETE
        if self.segment_of_result == IN_PROCESS:
            return AnswerOutcome.QUEUED
        return AnswerOutcome.ERROR

    @property
    def is_error(self) -> bool:
        """Whether the payer did not do what was asked."""
        return self.outcome is AnswerOutcome.ERROR

    @property
    def refusal(self) -> tuple[str, str]:
        """Code and words of an error, verbatim; the segment where it has no code."""
        return (
            self.error_code or f"SegmentOfResult {self.segment_of_result}",
            self.error_message or "",
        )


@dataclass(frozen=True, slots=True)
class ProcessingResult:
    """What became of one thing that was asked, beside whatever else is said of it.

    ``processing_result_status``: 処理結果状況, 1 where the payer did it; its code and message are
    the payer's, verbatim.
    """

    processing_result_status: str | None = None
    processing_result_code: str | None = None
    processing_result_message: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether the payer could not do it; a status that nobody knows is no success either."""
        return self.processing_result_status not in (None, NORMAL)

    @property
    def refusal(self) -> tuple[str, str]:
        """Code and words of an error, verbatim; the status where it has no code."""
        return (
            self.processing_result_code or self.processing_result_status or "",
            self.processing_result_message or "",
        )


REQUEST_HEADER: Layout[RequestHeader] = Layout(
    RequestHeader,
    Leaf("QualificationConfirmationDate", "qualification_confirmation_date", DAY),
    Leaf("MedicalInstitutionCode", "medical_institution_code", required=True),
    Leaf("ArbitraryFileIdentifier", "arbitrary_file_identifier"),
)

RESPONSE_HEADER: Layout[ResponseHeader] = Layout(
    ResponseHeader,
    Leaf("ProcessExecutionTime", "process_execution_time", MOMENT),
    Leaf("QualificationConfirmationDate", "qualification_confirmation_date", DAY),
    Leaf("MedicalInstitutionCode", "medical_institution_code"),
    Leaf("ArbitraryFileIdentifier", "arbitrary_file_identifier"),
    Leaf("ReferenceClassification", "reference_classification", code(ReferenceClassification)),
    Leaf("SegmentOfResult", "segment_of_result", required=True),
    Leaf("ErrorCode", "error_code"),
    Leaf("ErrorMessage", "error_message"),
    Leaf("CharacterCodeIdentifier", "character_code_identifier"),
    Leaf("ReceptionNumber", "reception_number"),
    Leaf("NumberOfProcessingResult", "number_of_processing_result", WHOLE),
    Leaf("NumberOfNormalProcessing", "number_of_normal_processing", WHOLE),
    Leaf("NumberOfError", "number_of_error", WHOLE),
)

PROCESSING_RESULT = (
    Leaf("ProcessingResultStatus", "processing_result_status"),
    Leaf("ProcessingResultCode", "processing_result_code"),
    Leaf("ProcessingResultMessage", "processing_result_message"),
)
"""The elements of a :class:`ProcessingResult` among those of the data class that is one."""


AnyMessage = TypeVar("AnyMessage")


def message_layout(
    make: Callable[..., AnyMessage],
    header: Layout[Any],
    body: Layout[Any],
    *,
    body_required: bool = True,
) -> Layout[AnyMessage]:
    """Return the layout of a whole message, whose data class has ``header`` and ``body``."""
    return Layout(
        make,
        Group("MessageHeader", "header", header, required=True),
        Group("MessageBody", "body", body, required=body_required),
    )


def read_message(layout: Layout[AnyMessage], body: bytes, limits: Limits = SINGLE) -> AnyMessage:
    """Return the message in ``body``; raises PayerProtocolError, which keeps it."""
    root = parse_message(body, limits)
    return reading(body, lambda: read_parsed(layout, root))


def read_parsed(layout: Layout[AnyMessage], root: Node) -> AnyMessage:
    """Return the message that a root element holds; raises ValueError."""
    message, unread = read_layout(layout, root)
    return replace(message, unread=unread) if unread else message  # type: ignore[type-var]


def write_message(layout: Layout[AnyMessage], message: AnyMessage, encoding: XmlEncoding) -> bytes:
    """Return ``message`` as XML, without what it holds ``unread``.

    Raises QuestionNotWritableError for a character that ``encoding`` does not hold, and ValueError
    where something is missing without which the message means nothing.
    """
    writer = Writer(encoding)
    layout.write(writer, writer.root, message)
    return writer.message()


def identifier_of(body: bytes, limits: Limits = SINGLE) -> str:
    """Return the ArbitraryFileIdentifier of any message that is whole.

    Raises PayerProtocolError where it is not whole, or names none.
    """
    root = parse_message(body, limits)

    def read() -> str:
        found = [
            (one.text or "").strip()
            for header in root
            if header.tag == "MessageHeader"
            for one in header
            if one.tag == "ArbitraryFileIdentifier"
        ]
        if len(found) != 1 or not found[0]:
            msg = "the message does not name the file that it answers"
            raise ValueError(msg)
        return found[0]

    return reading(body, read)
