"""CoverageEligibilityResponse → PayerAnswer.

An answer is read whole or not at all, and only if it names the question and the certificate,
insured number or person that were asked about.  What the payer contradicts in itself stays
uncertain: ``inforce`` that does not fit the validity code makes the validity ``None``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from pydantic import Field

from eligibility.asking import NumberQuestion, PersonQuestion
from eligibility.codes import (
    LimitCertificateChanged,
    PrescriptionIssue,
    QualificationValidity,
    ReferenceClassification,
    UnknownCode,
)
from eligibility.errors import AnswerForAnotherPersonError, PayerRefusedError
from eligibility.fhir import vocabulary
from eligibility.fhir.coverages import read_coverage
from eligibility.fhir.vocabulary import ext
from eligibility.fhir.wire import (
    Day,
    Element,
    Extension,
    Identifier,
    Instant,
    Json,
    Many,
    Reference,
    Text,
    code_of,
    find_extension,
    parse_json,
    read_resource,
    read_subject,
    reading,
    string_of,
)
from eligibility.fhir.without_card import read_asked_about
from eligibility.model import AnswerOutcome, CardSubject, Coverage, PayerAnswer, Subject
from eligibility.payer import CardQuestion
from eligibility.validity import CONFIRMED

ADAPTER = "fhir"

Question = CardQuestion | NumberQuestion | PersonQuestion
"""Whatever the profile can be asked."""

_PATIENT = re.compile(r"Patient/[A-Za-z0-9.-]{1,64}", re.ASCII)

# Codes that say: no qualification of this person holds on the day.
_DENIED = frozenset(
    {
        QualificationValidity.INVALID,
        QualificationValidity.INVALID_NEW_EXISTS,
        QualificationValidity.NOT_FOUND,
    }
)


class _Insurance(Element):
    coverage: Reference
    inforce: bool | None = None


class _Request(Element):
    identifier: Identifier


class _Response(Element):
    contained: Many[Json] = Field(default_factory=list)
    extension: Many[Extension]
    patient: Reference
    serviced_date: Day | None = Field(None, alias="servicedDate")
    created: Instant | None = None
    requestor: Reference | None = None
    request: _Request
    outcome: Text
    disposition: Text | None = None
    insurance: Many[_Insurance] = Field(default_factory=list)


def read_answer(
    body: bytes, question: Question, *, received_at: datetime, institution_code: str | None
) -> PayerAnswer:
    """Return the answer to ``question``.

    An answer without a card carries the payer's patient only where the payer says that it answers
    in disaster mode (災害時) and names one person: else a consent could be for nobody.

    Raises AnswerForAnotherPersonError where it names another subject or question, or somebody of
    another birth date than an insured number or a name was asked with,
    PayerRefusedError where its outcome is ``error`` (a business error in a transport's 200), and
    PayerProtocolError where it cannot be read, lacks something, or is about another day or
    institution.
    """
    resource = parse_json(body)

    def read() -> PayerAnswer:
        response = read_resource(_Response, "CoverageEligibilityResponse", resource)
        _check_subject(response, question, body)
        _check_circumstances(response, question, institution_code)
        outcome = AnswerOutcome(response.outcome)
        code = string_of(response.extension, ext("processing-result-code"))
        if outcome is AnswerOutcome.ERROR:
            raise PayerRefusedError(code or outcome, response.disposition or "", original=body)
        results = tuple(
            read_coverage(one.coverage, response.contained) for one in response.insurance
        )
        _check_birthdates(results, question, body)
        stated = code_of(response.extension, ext("qualification-validity"), QualificationValidity)
        return PayerAnswer(
            id=uuid4().hex,
            question_id=question.id,
            adapter=ADAPTER,
            received_at=received_at,
            original=body,
            outcome=outcome,
            subject=question.subject,
            qualification_validity=_certain(stated, response.insurance),
            results=results,
            code=code,
            message=response.disposition,
            payer_patient=_payer_patient(response, question, stated, results),
            process_execution_time=response.created,
            reference_classification=code_of(
                response.extension, ext("reference-classification"), ReferenceClassification
            ),
            prescription_issue_select=code_of(
                response.extension, ext("prescription-issue-select"), PrescriptionIssue
            ),
            reference_number=string_of(response.extension, ext("reference-number")),
            limit_certificate_changed=code_of(
                response.extension, ext("limit-certificate-changed"), LimitCertificateChanged
            ),
        )

    return reading(body, read)


def _check_subject(response: _Response, question: Question, body: bytes) -> None:
    """Return if the answer names the question, and whom it was asked about, and nobody else."""
    identifier = response.request.identifier
    if identifier.system != vocabulary.ID_QUESTION or identifier.value is None:
        msg = "the answer does not name its question"
        raise ValueError(msg)
    subjects: set[Subject | None]
    if isinstance(question, CardQuestion):
        subjects = set(_certificates(response))
    else:
        subjects = {read_asked_about(response.extension)}
        if subjects == {None}:
            msg = "the answer does not name whom it is about"
            raise ValueError(msg)
    if identifier.value != question.id or subjects != {question.subject}:
        raise AnswerForAnotherPersonError(question.id, original=body)


def _certificates(response: _Response) -> Sequence[CardSubject]:
    stated = find_extension(response.extension, ext("card-certificate"))
    if stated is None or stated.value_identifier is None or response.patient.identifier is None:
        msg = "the answer does not name the certificate that it is for"
        raise ValueError(msg)
    return read_subject(stated.value_identifier), read_subject(response.patient.identifier)


def _check_birthdates(results: Sequence[Coverage], question: Question, body: bytes) -> None:
    """Raise for a result of another birth date: nobody else was asked for without a card."""
    if isinstance(question, CardQuestion):
        return
    if any(one.person.birthdate != question.subject.birthdate for one in results):
        raise AnswerForAnotherPersonError(question.id, original=body)


def _check_circumstances(
    response: _Response, question: Question, institution_code: str | None
) -> None:
    if response.serviced_date not in (None, question.qualification_confirmation_date):
        msg = "the answer is about another day"
        raise ValueError(msg)
    requestor = None if response.requestor is None else response.requestor.identifier
    if (
        institution_code is not None
        and requestor is not None
        and requestor.value != institution_code
    ):
        msg = "the answer is for another institution"
        raise ValueError(msg)


def _payer_patient(
    response: _Response,
    question: Question,
    stated: QualificationValidity | UnknownCode | None,
    results: Sequence[Coverage],
) -> str | None:
    patient = response.patient
    if not isinstance(question, CardQuestion):
        told = find_extension(response.extension, ext("disaster"))
        if told is None or told.value_boolean is not True:
            return None
        people = {one.person for one in results}
        if stated is QualificationValidity.SEVERAL or len(people) != 1:
            return None
    if patient.reference is not None and not _PATIENT.fullmatch(patient.reference):
        msg = "the payer's patient is not a reference of its own"
        raise ValueError(msg)
    return patient.reference


def _certain(
    stated: QualificationValidity | UnknownCode | None, insurance: Sequence[_Insurance]
) -> QualificationValidity | UnknownCode | None:
    """Return the validity, or None where ``inforce`` says otherwise.

    有効 needs every result in force (absent is not true); 無効 and 該当資格なし need none that is.
    """
    if stated in CONFIRMED and not all(one.inforce is True for one in insurance):
        return None
    if stated in _DENIED and any(one.inforce is True for one in insurance):
        return None
    return stated
