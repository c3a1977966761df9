"""What a message says of a person → the model's PayerAnswer, whatever message it came in.

An answer is taken only if it repeats the question's number and, where it repeats whom it was asked
about, the same person; and only if nobody in it was born on another day.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar
from uuid import uuid4

from eligibility.asking import NumberQuestion
from eligibility.codes import LimitCertificateChanged, UnknownCode
from eligibility.errors import AnswerForAnotherPersonError, PayerRefusedError
from eligibility.model import AnswerOutcome, NumberSubject, PayerAnswer, Subject
from eligibility.national.header import ProcessingResult, ResponseHeader
from eligibility.national.results import ConfirmationUnit, QualificationResult, SearchInfo

ADAPTER = "national"

NOBODY = ConfirmationUnit()
"""What a message without a body says."""

Value = TypeVar("Value")


def check_header(
    header: ResponseHeader, question: NumberQuestion, institution_code: str | None, body: bytes
) -> None:
    """Return if a response's header is that of the answer to ``question``.

    Raises AnswerForAnotherPersonError for another question's, ValueError where it names none or is
    about another day or institution, and PayerRefusedError where it says that there is none.
    """
    if header.arbitrary_file_identifier is None:
        msg = "the answer does not name its question"
        raise ValueError(msg)
    if header.arbitrary_file_identifier != question.id:
        raise AnswerForAnotherPersonError(question.id, original=body)
    if header.qualification_confirmation_date not in (
        None,
        question.qualification_confirmation_date,
    ):
        msg = "the answer is about another day"
        raise ValueError(msg)
    check_institution(header, institution_code)
    refuse_error(header, body)


def check_institution(header: ResponseHeader, institution_code: str | None) -> None:
    """Return unless a response is another institution's; raises ValueError."""
    if institution_code is not None and header.medical_institution_code not in (
        None,
        institution_code,
    ):
        msg = "the answer is for another institution"
        raise ValueError(msg)


def refuse_error(told: ResponseHeader | ProcessingResult, body: bytes) -> None:
    """Raise PayerRefusedError where the payer says that it did not do what was asked."""
    if told.is_error:
        code, words = told.refusal
        raise PayerRefusedError(code, words, original=body)


def check_person(unit: ConfirmationUnit, question: NumberQuestion, body: bytes) -> None:
    """Return if ``unit`` is about whom ``question`` asks; raises AnswerForAnotherPersonError."""
    echoed = unit.search is None or repeats(unit.search, question.subject)
    born = {result.coverage.person.birthdate for result in unit.results}
    if not echoed or not born <= {question.subject.birthdate}:
        raise AnswerForAnotherPersonError(question.id, original=body)


def repeats(search: SearchInfo, subject: NumberSubject) -> bool:
    """Whether what an answer repeats of its question is what was asked.

    What it leaves out is not compared; a value that nobody asked for is another question's.
    """
    pairs = (
        (search.insurer_number, subject.insurer_number),
        (search.insured_card_symbol, subject.insured_card_symbol),
        (search.insured_identification_number, subject.insured_identification_number),
        (search.insured_branch_number, subject.insured_branch_number),
    )
    return search.birthdate in (None, subject.birthdate) and all(
        echoed is None or (asked is not None and _plain(echoed) == _plain(asked))
        for echoed, asked in pairs
    )


def _plain(text: str) -> str:
    """Return a text by its characters alone: width and the two readings of one are no difference.

    A payer that writes Shift_JIS cannot repeat all that a desk may write in Unicode.
    """
    return "".join(unicodedata.normalize("NFKC", text).replace("〜", "~").replace("−", "-").split())


def only_person(unit: ConfirmationUnit) -> NumberSubject:
    """Return whom an answer without a question is about.

    Raises ValueError where it names nobody by a number, or more than one person.
    """
    if len({result.coverage.person.birthdate for result in unit.results}) > 1:
        msg = "the answer tells of more than one person"
        raise ValueError(msg)
    for result in unit.results:
        coverage = result.coverage
        if coverage.insured_identification_number is not None:
            return NumberSubject(
                coverage.insurer_number,
                coverage.insured_identification_number,
                coverage.person.birthdate,
                coverage.insured_card_symbol,
                coverage.insured_branch_number,
            )
    msg = "the answer names nobody by an insured number"
    raise ValueError(msg)


def payer_answer(
    unit: ConfirmationUnit,
    header: ResponseHeader,
    *,
    question_id: str,
    subject: Subject,
    received_at: datetime,
    original: bytes,
) -> PayerAnswer:
    """Return ``unit`` as the model's answer; all its results are kept.

    A unit that the payer could not look at has the outcome ERROR, its code and its words.
    """
    outcome = AnswerOutcome.ERROR if unit.is_error else header.outcome
    return PayerAnswer(
        id=uuid4().hex,
        question_id=question_id,
        adapter=ADAPTER,
        received_at=received_at,
        original=original,
        outcome=outcome,
        subject=subject,
        qualification_validity=unit.qualification_validity,
        results=tuple(result.coverage for result in unit.results),
        code=unit.processing_result_code,
        message=unit.processing_result_message,
        process_execution_time=header.process_execution_time,
        reference_classification=header.reference_classification,
        prescription_issue_select=agreed(
            stated.prescription_issue_select for stated in _levels(unit)
        ),
        reference_number=agreed(stated.reference_number for stated in _levels(unit)),
        limit_certificate_changed=_changed(unit),
    )


def _levels(unit: ConfirmationUnit) -> tuple[ConfirmationUnit | QualificationResult, ...]:
    """Return the places where an answer may say what concerns all of it."""
    return (unit, *unit.results)


def agreed(stated: Iterable[Value]) -> Value | None:
    """Return the value that stands at the answer or its results; None where they disagree."""
    found = {value for value in stated if value is not None}
    return found.pop() if len(found) == 1 else None


def _changed(unit: ConfirmationUnit) -> LimitCertificateChanged | UnknownCode | None:
    """Return whether a limit certificate changed; CHANGED, also "it cannot be told", goes first."""
    stated = [one.limit_certificate_changed for one in _levels(unit)]
    if LimitCertificateChanged.CHANGED in stated:
        return LimitCertificateChanged.CHANGED
    return agreed(stated)
