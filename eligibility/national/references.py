"""照会番号: registering the institution's own numbers of patients, singly or many at once.

One is OQSsiimm01.  Many go in the two steps of :mod:`eligibility.national.bulk`: OQSmuimm01, then
OQSmuimm02.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from eligibility.asking import (
    BulkReception,
    ReferenceNumberRegistration,
    ReferenceNumberResult,
)
from eligibility.errors import AnswerForAnotherPersonError, PayerUnavailableError
from eligibility.model import AnswerOutcome
from eligibility.national.answers import check_institution, repeats
from eligibility.national.bulk import STILL_WORKING_SECONDS, check_download
from eligibility.national.fields import Group, Layout, Leaf, Series
from eligibility.national.header import (
    PROCESSING_RESULT,
    REQUEST_HEADER,
    RESPONSE_HEADER,
    ProcessingResult,
    RequestHeader,
    ResponseHeader,
    message_layout,
    read_message,
    write_message,
)
from eligibility.national.kinds import INSURER_NUMBER
from eligibility.national.results import SearchInfo
from eligibility.national.wire import BULK, RawElement, XmlEncoding, reading

SINGLE_KIND = "OQSsiimm01"
UPLOAD_KIND = "OQSmuimm01"
DOWNLOAD_KIND = "OQSmuimm02"


@dataclass(frozen=True, slots=True)
class RegistrationInfo:
    """ReferenceNumberRegistrationInfo: a 照会番号 and whose it is to be."""

    reference_number: str | None = None
    insurer_number: str | None = None
    insured_card_symbol: str | None = None
    insured_identification_number: str | None = None
    insured_branch_number: str | None = None

    @classmethod
    def of(cls, registration: ReferenceNumberRegistration) -> RegistrationInfo:
        """Return how ``registration`` is written."""
        subject = registration.subject
        return cls(
            registration.reference_number,
            subject.insurer_number,
            subject.insured_card_symbol,
            subject.insured_identification_number,
            subject.insured_branch_number,
        )

    def is_of(self, registration: ReferenceNumberRegistration) -> bool:
        """Whether this repeats ``registration``; what it leaves out is not compared."""
        search = SearchInfo(
            self.insurer_number,
            self.insured_card_symbol,
            self.insured_identification_number,
            self.insured_branch_number,
        )
        return self.reference_number in (None, registration.reference_number) and repeats(
            search, registration.subject
        )


@dataclass(frozen=True, slots=True)
class Registrations:
    """MessageBody of a request."""

    registrations: tuple[RegistrationInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """OQSsiimm01req with one registration, OQSmuimm01req with many."""

    header: RequestHeader
    body: Registrations
    unread: tuple[RawElement, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistrationUnit(ProcessingResult):
    """What became of one registration: the body of a single answer, a BulkRegistrationUnit."""

    registration: RegistrationInfo | None = None
    reference_number: str | None = None


@dataclass(frozen=True, slots=True)
class RegistrationResponse:
    """OQSsiimm01res."""

    header: ResponseHeader
    body: RegistrationUnit | None = None
    unread: tuple[RawElement, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistrationUnits:
    """MessageBody of OQSmuimm02res."""

    units: tuple[RegistrationUnit, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkRegistrationResponse:
    """OQSmuimm02res."""

    header: ResponseHeader
    body: RegistrationUnits | None = None
    unread: tuple[RawElement, ...] = ()


_INFO: Layout[RegistrationInfo] = Layout(
    RegistrationInfo,
    Leaf("ReferenceNumber", "reference_number"),
    Leaf("InsurerNumber", "insurer_number", INSURER_NUMBER),
    Leaf("InsuredCardSymbol", "insured_card_symbol"),
    Leaf("InsuredIdentificationNumber", "insured_identification_number"),
    Leaf("InsuredBranchNumber", "insured_branch_number"),
)
_UNIT: Layout[RegistrationUnit] = Layout(
    RegistrationUnit,
    Group("ReferenceNumberRegistrationInfo", "registration", _INFO),
    Leaf("ReferenceNumber", "reference_number"),
    *PROCESSING_RESULT,
)
REQUEST: Layout[RegistrationRequest] = message_layout(
    RegistrationRequest,
    REQUEST_HEADER,
    Layout(Registrations, Series("ReferenceNumberRegistrationInfo", "registrations", _INFO)),
)
RESPONSE: Layout[RegistrationResponse] = message_layout(
    RegistrationResponse, RESPONSE_HEADER, _UNIT, body_required=False
)
BULK_RESPONSE: Layout[BulkRegistrationResponse] = message_layout(
    BulkRegistrationResponse,
    RESPONSE_HEADER,
    Layout(RegistrationUnits, Series("BulkRegistrationUnit", "units", _UNIT)),
    body_required=False,
)


def write_registrations(
    registrations: Sequence[ReferenceNumberRegistration],
    request_id: str,
    institution_code: str,
    encoding: XmlEncoding,
) -> bytes:
    """Return the request that registers these, one or many; raises QuestionNotWritableError."""
    body = Registrations(tuple(RegistrationInfo.of(one) for one in registrations))
    request = RegistrationRequest(RequestHeader(institution_code, request_id), body)
    return write_message(REQUEST, request, encoding)


def read_request(body: bytes) -> RegistrationRequest:
    """Return what is to be registered; raises PayerProtocolError."""
    return read_message(REQUEST, body, BULK)


def write_response(response: RegistrationResponse, encoding: XmlEncoding) -> bytes:
    """Return the answer to one registration as XML."""
    return write_message(RESPONSE, response, encoding)


def read_response(body: bytes) -> RegistrationResponse:
    """Return the answer to one registration, whatever it answers; raises PayerProtocolError."""
    return read_message(RESPONSE, body)


def write_bulk_response(response: BulkRegistrationResponse, encoding: XmlEncoding) -> bytes:
    """Return the answers to many registrations as XML."""
    return write_message(BULK_RESPONSE, response, encoding)


def read_bulk_response(body: bytes) -> BulkRegistrationResponse:
    """Return the answers to many registrations; raises PayerProtocolError."""
    return read_message(BULK_RESPONSE, body, BULK)


def read_registered(
    body: bytes, registration: ReferenceNumberRegistration, *, institution_code: str | None
) -> ReferenceNumberResult:
    """Return what became of one registration; a refusal is a result, with the payer's own words.

    Raises PayerUnavailableError while the payer works on it, AnswerForAnotherPersonError where it
    is another registration's, and PayerProtocolError where it cannot be read or does not say.
    """
    response = read_response(body)
    header = response.header

    def read() -> ReferenceNumberResult:
        if header.arbitrary_file_identifier is None:
            msg = "the answer does not name its request"
            raise ValueError(msg)
        if header.arbitrary_file_identifier != registration.id:
            raise AnswerForAnotherPersonError(registration.id, original=body)
        check_institution(header, institution_code)
        if header.outcome is AnswerOutcome.QUEUED:
            msg = f"the payer still works on registration {registration.id}"
            raise PayerUnavailableError(msg, retry_after=STILL_WORKING_SECONDS)
        if header.is_error:
            return ReferenceNumberResult(registration.id, False, *header.refusal)
        unit = response.body or RegistrationUnit()
        if not _info(unit).is_of(registration):
            raise AnswerForAnotherPersonError(registration.id, original=body)
        return _result(unit, registration.id)

    return reading(body, read)


def read_bulk_registered(
    body: bytes,
    registrations: Sequence[ReferenceNumberRegistration],
    reception: BulkReception,
    *,
    institution_code: str | None,
) -> tuple[ReferenceNumberResult, ...]:
    """Return what became of those registrations that the payer names, in its order.

    Raises PayerProtocolError where one answer is to no registration or a second one to the same,
    and what :func:`eligibility.national.bulk.check_download` raises.
    """
    response = read_bulk_response(body)

    def read() -> tuple[ReferenceNumberResult, ...]:
        check_download(response.header, reception, institution_code, body)
        waiting = defaultdict(list)
        for one in registrations:
            waiting[one.reference_number].append(one)
        found = []
        for unit in () if response.body is None else response.body.units:
            info = _info(unit)
            fitting = [one for one in waiting[info.reference_number or ""] if info.is_of(one)]
            if not fitting or len({one.subject for one in fitting}) > 1:
                msg = "an answer is to no registration, or it cannot be told to which"
                raise ValueError(msg)
            waiting[fitting[0].reference_number].remove(fitting[0])
            found.append(_result(unit, fitting[0].id))
        return tuple(found)

    return reading(body, read)


def _info(unit: RegistrationUnit) -> RegistrationInfo:
    """Return what a unit repeats of its registration."""
    if unit.registration is not None:
        return unit.registration
    return RegistrationInfo(unit.reference_number)


def _result(unit: RegistrationUnit, registration_id: str) -> ReferenceNumberResult:
    if unit.processing_result_status is None:
        msg = "ProcessingResultStatus is missing"
        raise ValueError(msg)
    return ReferenceNumberResult(
        registration_id,
        not unit.is_error,
        unit.processing_result_code,
        unit.processing_result_message,
    )
