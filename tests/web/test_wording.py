"""Marks and words by value: what is uncertain is never shown as certain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from eligibility.codes import LimitCategory, QualificationValidity, Sex, UnknownCode
from eligibility.model import (
    Confirmation,
    ConfirmationSource,
    CopayRatio,
    Coverage,
    Finding,
    FindingCode,
    InsuredPerson,
    LimitCertificate,
    Severity,
)
from terminal.views import DeskNeed, VisitRow
from terminal.visit import Visit, VisitOrigin
from web import face_words, finding_words, i18n, wording

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
PERSON = InsuredPerson("見本 花子", date(1960, 2, 29), Sex.FEMALE)
COVERAGE = Coverage(PERSON, None, "06130012", "見本健保")


@pytest.fixture(autouse=True)
def page() -> Iterator[None]:
    """Words are made while a page in Japanese is made."""
    with Flask("words").test_request_context("/staff/"):
        yield


def row(
    validity: QualificationValidity | UnknownCode | None,
    source: ConfirmationSource = ConfirmationSource.LIVE,
    *findings: Finding,
    is_current: bool = True,
) -> VisitRow:
    """Return a line with one confirmation."""
    visit = Visit("v", "desk-1", VisitOrigin.CARD, NOON)
    confirmation = Confirmation("c", "v", "a", NOON, NOON, source, validity, findings)
    worst = findings[0].severity if findings else None
    return VisitRow(
        visit,
        DeskNeed.NOTHING,
        PERSON.name,
        PERSON,
        (COVERAGE,),
        validity,
        confirmation,
        worst,
        is_current=is_current,
    )


@pytest.mark.parametrize("validity", list(QualificationValidity))
def test_only_a_valid_answer_is_marked_valid(validity: QualificationValidity) -> None:
    """Each validity code has its mark; none but the two valid ones is a blue circle."""
    kind = wording.coverage_mark(row(validity)).kind
    valid = validity in (QualificationValidity.VALID, QualificationValidity.VALID_UNREGISTERED)
    assert (kind == "valid") == valid


def test_what_stops_the_desk_is_not_marked_valid() -> None:
    """A valid answer with a finding that stops, an old one or an unknown code is to be checked."""
    stop = Finding(FindingCode.RATIOS_DISAGREE, Severity.STOP)
    valid = QualificationValidity.VALID
    assert wording.coverage_mark(row(valid, ConfirmationSource.LIVE, stop)).kind == "attention"
    for source in (ConfirmationSource.RECORDED, ConfirmationSource.LIVE):
        old = row(valid, source, is_current=False)
        assert wording.coverage_mark(old).kind == "attention"
    assert wording.coverage_mark(row(UnknownCode("x", "9"))).kind == "attention"
    assert wording.coverage_mark(row(None)).kind == "attention"
    unanswered = replace(row(valid), confirmation=None, validity=None)
    assert wording.coverage_mark(unanswered).kind == "waiting"


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (CopayRatio(30), "3割"),
        (CopayRatio(0), "0 %"),
        (CopayRatio(15), "15 %"),
        (CopayRatio(100), "10割"),
        (UnknownCode("ratio", "ZZ"), "不明なコード「ZZ」"),
        (None, "回答に記載なし"),
    ],
)
def test_a_share_is_never_guessed(ratio: CopayRatio | UnknownCode | None, words: str) -> None:
    """A share is told as it is; an unknown or missing one is told as such."""
    assert wording.share(ratio) == words


@pytest.mark.parametrize(
    ("now", "age"),
    [
        (datetime(2026, 2, 28, 14, 59, tzinfo=UTC), 65),
        (datetime(2026, 2, 28, 15, 0, tzinfo=UTC), 66),
    ],
)
def test_an_age_is_that_of_the_day_in_japan(now: datetime, age: int) -> None:
    """The age changes at midnight in Japan, for a leap-day birthday on the first of March."""
    assert f"（{age}歳）" in wording.birthdate(PERSON.birthdate, now)


def test_a_limit_is_shown_with_its_period() -> None:
    """The limit category never stands without since when and until when."""
    limit = LimitCertificate(LimitCategory.A03, None, date(2026, 4, 1), None)
    rows = dict(wording.burden_rows(replace(COVERAGE, limit_certificate=limit)))
    assert rows["限度額適用区分"] == "ウ　2026年4月1日 から 期限の記載なし まで"


def test_both_sides_of_a_finding_are_shown() -> None:
    """Old and new stand side by side, each with whose it is; what nobody read is left out."""
    finding = Finding(
        FindingCode.RATIO_CHANGED,
        Severity.WARN,
        "insured_partial_contribution_ratio",
        from_payer="10",
        recorded="30",
    )
    assert finding_words.finding_values(finding) == [
        ("旧（前回の記録）", "3割", True),
        ("支払側", "1割", False),
    ]


def test_a_comparison_of_faces_is_told_result_first() -> None:
    """Result, reason and strictness in words, the figures after them; the unknown as it stands."""
    figures = "score=0.4100 match-at=0.5 profile=fmr-1e-4 frames=5"
    said = face_words.result_words(f"ask-staff attack-signs {figures}")
    words = "職員の確認へ（写真や画面のおそれ、基準: 最も厳しい、40人の写真で測定）"
    assert said == (words, figures)
    for other in ("", "match", "match score profile=own", "perhaps score profile=fmr-1e-4"):
        assert face_words.result_words(other) == (other, "")


def test_every_result_of_a_comparison_has_words() -> None:
    """Whatever is decided of a face can be told."""
    from face_auth import PROFILES, Outcome
    from face_auth.matcher import DecisionReason

    assert set(face_words.RESULTS) == set(Outcome)
    assert set(face_words.REASONS) == set(DecisionReason)
    assert set(face_words.PROFILES) == set(PROFILES)


def test_the_day_of_a_moment_is_japans() -> None:
    """At 08:42 in Japan it is today there, though UTC still has yesterday."""
    moment = datetime(2026, 11, 24, 23, 42, tzinfo=UTC)
    assert i18n.show_date(moment) == "2026年11月25日"
    assert i18n.show_date(moment.date()) == "2026年11月24日"
