"""Words for the rest of a qualification answer: everything told, nothing guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from eligibility.benefits import (
    MedicalTicket,
    RegisteredConsent,
    SpecificDiseasesCertificate,
)
from eligibility.codes import (
    InformationConsent,
    InsuredCardClassification,
    LimitCategory,
    QualificationValidity,
    Sex,
    SpecificDisease,
    TicketType,
    UnknownCode,
)
from eligibility.model import (
    AnswerOutcome,
    CardSubject,
    Coverage,
    InsuredPerson,
    LimitCertificate,
    PayerAnswer,
)
from web import coverage_words

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
COVERAGE = Coverage(
    InsuredPerson("見本　花子", date(1960, 2, 29), Sex.FEMALE),
    InsuredCardClassification.GENERAL,
    "06130012",
    "見本健保",
)


@pytest.fixture(autouse=True)
def page() -> Iterator[None]:
    """Words are made while a page in Japanese is made."""
    with Flask("words").test_request_context("/staff/"):
        yield


@pytest.mark.parametrize(
    ("category", "words"),
    [
        (
            LimitCategory.A03,
            "80,100円＋（医療費－267,000円）×1％ / 多数回該当 44,400円　（2015年1月1日からの額）",
        ),
        (
            LimitCategory.B04,
            "外来だけ 18,000円 / 外来の年間 144,000円 / 世帯 57,600円 / 多数回該当 44,400円"
            "　（2018年8月1日からの額）",
        ),
        (LimitCategory.A05, "月 35,400円 / 多数回該当 24,600円　（2015年1月1日からの額）"),
    ],
)
def test_a_ceiling_is_told_in_yen_with_its_first_day(category: LimitCategory, words: str) -> None:
    """A category is explained by what the patient pays at most, and since when that holds."""
    assert coverage_words.ceiling_words(category, date(2026, 7, 31)) == words


def test_amounts_that_may_have_been_revised_say_so() -> None:
    """After the last day that was checked, and before the first, no amount is told as certain."""
    copied = coverage_words.ceiling_words(LimitCategory.A03, date(2026, 11, 24))
    assert "2026年8月1日からの額" in copied
    assert "原文では未確認です" in copied
    late = coverage_words.ceiling_words(LimitCategory.A03, date(2027, 8, 1))
    assert "2027年7月31日までの額です" in late
    assert "保険者の案内で確かめてください" in late
    early = coverage_words.ceiling_words(LimitCategory.B09, date(2025, 9, 30))
    assert early == "この日の額は表にありません"


def test_an_unknown_limit_category_has_no_ceiling() -> None:
    """No amount is guessed for a code that no table knows."""
    limit = LimitCertificate(UnknownCode("LimitCategory", "C01"))
    assert coverage_words.limit_rows(replace(COVERAGE, limit_certificate=limit), NOON) == []


def test_a_specific_disease_is_told_with_its_own_ceiling() -> None:
    """Disease, amount and period stand together; an amount that was not said is not made up."""
    certificate = SpecificDiseasesCertificate(
        SpecificDisease.DIALYSIS, None, date(2026, 8, 1), date(2027, 7, 31), 10_000
    )
    silent = replace(certificate, self_pay=None)
    coverage = replace(COVERAGE, specific_diseases_certificates=(certificate, silent))
    with_amount, without = (words for _, words in coverage_words.disease_rows(coverage))
    assert "慢性腎不全" in with_amount
    assert "月 10,000円" in with_amount
    assert "2027年7月31日" in with_amount
    assert "円" not in without


def test_a_ticket_shows_only_what_it_says() -> None:
    """A line of a ticket that is not filled is left out; what is filled is shown."""
    plain = dict(coverage_words.ticket_rows(MedicalTicket(TicketType.MEDICAL)))
    assert plain == {"券の種類": "医療券", "有効期間": "回答に記載なし"}
    ticket = MedicalTicket(
        TicketType.MEDICAL,
        medical_treatment_month=date(2026, 11, 1),
        injury_names=("高血圧症", "糖尿病"),
        self_pay_amount=0,
    )
    rows = dict(coverage_words.ticket_rows(ticket))
    assert rows["診療年月"] == "2026年11月"
    assert rows["傷病名"] == "高血圧症 / 糖尿病"
    assert rows["本人支払額"] == "0円"


def test_a_consent_of_the_payer_is_told_with_its_end() -> None:
    """What the payer holds is told with when it was given and until when it opens."""
    consent = RegisteredConsent(InformationConsent.GIVEN, NOON, NOON.replace(day=25))
    rows = dict(coverage_words.consent_rows(replace(COVERAGE, pharmacists_info=consent)))
    assert rows == {"薬剤情報": "同意あり　2026年11月24日 12:00　2026年11月25日 12:00 まで"}


def test_every_code_of_an_answer_is_listed_once_with_what_to_do() -> None:
    """Known codes carry their step; an unknown one is shown as it came and never explained."""
    answer = PayerAnswer(
        "a", "q", "fhir", NOON, b"", AnswerOutcome.COMPLETE, CardSubject("CN=x", "1"),
        QualificationValidity.VALID,
        (
            replace(
                COVERAGE,
                specific_diseases_certificates=(
                    SpecificDiseasesCertificate(UnknownCode("SpecificDisease", "9")),
                ),
            ),
            COVERAGE,
        ),
    )  # fmt: skip
    rows = coverage_words.code_rows(answer)
    assert [(row.table, row.code) for row in rows] == [
        ("資格有効性", "1"),
        ("性別", "2"),
        ("被保険者証区分", "01"),
        ("特定疾病", "9"),
    ]
    assert all(row.action for row in rows)
    assert rows[-1].meaning == "不明なコード「9」"
    assert "推測せず" in rows[-1].action
