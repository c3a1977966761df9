"""Answers to reconcile, and what is usual around them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from eligibility.codes import (
    InsuredCardClassification,
    QualificationValidity,
    Sex,
    UnknownCode,
)
from eligibility.model import (
    AnswerOutcome,
    CardSubject,
    CopayRatio,
    Coverage,
    Finding,
    InsuredPerson,
    PayerAnswer,
)
from eligibility.reconcile import reconcile

TODAY = date(2026, 11, 24)

PERSON = InsuredPerson("見本　太郎", date(1984, 5, 17), Sex.MALE, name_kana="ﾐﾎﾝ ﾀﾛｳ")
COVERAGE = Coverage(
    person=PERSON,
    insured_card_classification=InsuredCardClassification.GENERAL,
    insurer_number="01130012",
    insurer_name="見本健康保険協会",
    insured_partial_contribution_ratio=CopayRatio(30),
    qualification_date=date(2019, 4, 1),
)
ASSISTANCE = replace(
    COVERAGE,
    insured_card_classification=InsuredCardClassification.MEDICAL_ASSISTANCE,
    insurer_number="12138014",
    insured_partial_contribution_ratio=CopayRatio(0),
)
OTHER = replace(COVERAGE, person=replace(PERSON, birthdate=date(1985, 5, 17)))
ANSWER = PayerAnswer(
    id="a-2",
    question_id="q-2",
    adapter="fhir",
    received_at=datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC),
    original=b"{}",
    outcome=AnswerOutcome.COMPLETE,
    subject=CardSubject("CN=Test", "5b1c"),
    qualification_validity=QualificationValidity.VALID,
    results=(COVERAGE,),
    payer_patient="Patient/pt-1",
)
BEFORE = replace(ANSWER, id="a-1", question_id="q-1", received_at=datetime(2026, 10, 1, tzinfo=UTC))
MIDDAY = datetime(2026, 11, 24, 3, tzinfo=UTC)
FAR = datetime(2029, 2, 28, 14, 59, 59, tzinfo=UTC)


def validity(value: QualificationValidity | UnknownCode | None, *results: Coverage) -> PayerAnswer:
    """Return the usual answer with another validity and these results."""
    return replace(ANSWER, qualification_validity=value, results=results)


def covered(**changes: object) -> PayerAnswer:
    """Return the usual answer with a changed coverage."""
    return replace(ANSWER, results=(replace(COVERAGE, **changes),))  # type: ignore[arg-type]  # fields by name


def person(**changes: object) -> PayerAnswer:
    """Return the usual answer with a changed person."""
    return covered(person=replace(PERSON, **changes))  # type: ignore[arg-type]  # fields by name


def aged(born: date, percent: int) -> PayerAnswer:
    """Return the usual answer for somebody born on a day, who pays this share."""
    return covered(
        person=replace(PERSON, birthdate=born),
        insured_partial_contribution_ratio=CopayRatio(percent),
    )


def before(answer: PayerAnswer) -> PayerAnswer:
    """Return ``answer`` as the earlier one."""
    return replace(answer, id=BEFORE.id, received_at=BEFORE.received_at)


def findings(answer: PayerAnswer = ANSWER, **circumstances: object) -> tuple[Finding, ...]:
    """Return what is found in circumstances that are usual but for the named ones."""
    usual: dict[str, object] = {
        "recorded": None,
        "today": TODAY,
        "certificate_not_after": FAR,
        "in_grace": False,
        "revocation_not_checked": False,
    }
    return reconcile(answer, **(usual | circumstances))  # type: ignore[arg-type]  # by name
