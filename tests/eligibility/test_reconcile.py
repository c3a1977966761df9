"""What staff must know about an answer: a table of cases that reads as the rule."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import pytest

from eligibility.benefits import SpecificDiseasesCertificate
from eligibility.codes import (
    InsuredCardClassification,
    LimitCategory,
    QualificationValidity,
    Sex,
    UnknownCode,
)
from eligibility.model import (
    NOT_READ,
    AnswerOutcome,
    CardSubject,
    CopayRatio,
    Coverage,
    ElderlyRecipientCertificate,
    FindingCode,
    LimitCertificate,
    PayerAnswer,
    Severity,
)
from tests.eligibility.answers import (
    ANSWER,
    ASSISTANCE,
    BEFORE,
    COVERAGE,
    OTHER,
    PERSON,
    TODAY,
    aged,
    before,
    covered,
    findings,
    person,
    validity,
)

STOP, WARN, NOTE = Severity.STOP, Severity.WARN, Severity.NOTE
OPEN, CLOSED = False, True  # whether history stays open beside this finding


@dataclass(frozen=True)
class Case:
    """One rule: the circumstances and everything that is found in them."""

    rule: str
    expect: list[tuple[FindingCode, Severity, str | None, bool]]
    answer: PayerAnswer = ANSWER
    circumstances: dict[str, object] = field(default_factory=dict)


F = FindingCode
NUMBERED = replace(
    COVERAGE,
    insured_card_symbol="見－０１",
    insured_identification_number="１２３",
    insured_branch_number="02",
)
MARRIED = replace(NUMBERED, person=replace(PERSON, name="例　太郎", name_kana="ﾚｲ ﾀﾛｳ"))
BOTH = ("name", "name_kana")


def known(**changes: object) -> Coverage:
    """Return the numbered coverage with another person."""
    return replace(NUMBERED, person=replace(PERSON, **changes))  # type: ignore[arg-type]  # fields by name


NOT_ONLY_THE_FAMILY_NAME = [
    ("another branch", BOTH, MARRIED, replace(NUMBERED, insured_branch_number="03")),
    ("another number", BOTH, MARRIED, replace(NUMBERED, insured_identification_number="１２４")),
    ("another symbol", BOTH, MARRIED, replace(NUMBERED, insured_card_symbol="見－０２")),
    (
        "no number of a person's own",
        BOTH,
        replace(MARRIED, insured_branch_number=None),
        replace(NUMBERED, insured_branch_number=None),
    ),
    (
        "another birth date",
        ("birthdate", *BOTH),
        MARRIED,
        known(birthdate=date(1984, 5, 18)),
    ),
    ("another sex", ("name", "name_kana", "sex"), MARRIED, known(sex=Sex.FEMALE)),
    ("a sex that one side does not tell", BOTH, MARRIED, known(sex=Sex.NOT_SET)),
    ("another given name", BOTH, MARRIED, known(name="見本　次郎")),
    ("another reading of the given name", BOTH, MARRIED, known(name_kana="ﾐﾎﾝ ｼﾞﾛｳ")),
    ("a reading that one side does not tell", ("name",), MARRIED, known(name_kana=None)),
    ("a given name with ●", BOTH, MARRIED, known(name="見本　●郎")),
    ("a name in one piece", BOTH, MARRIED, known(name="見本太郎")),
]
CASES = [
    Case("a plain, valid, whole answer needs nothing", []),
    Case("the same as last time needs nothing", [], circumstances={"recorded": BEFORE}),
    # -- what the payer says of the qualification
    Case(
        "無効 stops",
        [(F.QUALIFICATION_INVALID, STOP, "qualification_validity", CLOSED)],
        validity(QualificationValidity.INVALID, COVERAGE),
    ),
    Case(
        "無効 with a newer qualification stops and says so",
        [(F.NEWER_QUALIFICATION, STOP, "qualification_validity", CLOSED)],
        validity(QualificationValidity.INVALID_NEW_EXISTS, COVERAGE),
    ),
    Case(
        "該当資格なし stops",
        [(F.NO_QUALIFICATION, STOP, "qualification_validity", CLOSED)],
        validity(QualificationValidity.NOT_FOUND),
    ),
    Case(
        "複数該当 stops; nobody is picked",
        [(F.SEVERAL_CANDIDATES, STOP, "qualification_validity", CLOSED)],
        validity(QualificationValidity.SEVERAL),
    ),
    Case(
        "no validity at all is not valid",
        [(F.VALIDITY_UNKNOWN, STOP, "qualification_validity", CLOSED)],
        validity(None, COVERAGE),
    ),
    Case(
        "a validity code nobody knows is not valid",
        [(F.VALIDITY_UNKNOWN, STOP, "qualification_validity", CLOSED)],
        validity(UnknownCode("QualificationValidity", "7"), COVERAGE),
    ),
    Case(
        "有効（未登録） of medical assistance is valid",
        [],
        validity(QualificationValidity.VALID_UNREGISTERED, ASSISTANCE),
    ),
    # -- how whole the answer is
    *(
        Case(
            f"an answer that is {outcome} is not whole",
            [(F.ANSWER_INCOMPLETE, STOP, "outcome", CLOSED)],
            replace(ANSWER, outcome=outcome),
        )
        for outcome in (AnswerOutcome.QUEUED, AnswerOutcome.PARTIAL, AnswerOutcome.ERROR)
    ),
    Case(
        "有効 without a qualification is not whole",
        [(F.ANSWER_INCOMPLETE, STOP, "results", CLOSED)],
        validity(QualificationValidity.VALID),
    ),
    Case(
        "two insurances: nobody chooses",
        [(F.SEVERAL_CANDIDATES, STOP, "results", CLOSED)],
        replace(ANSWER, results=(COVERAGE, replace(COVERAGE, insurer_number="06139463"))),
    ),
    Case(
        "two persons: nobody chooses, even if one is on assistance",
        [(F.SEVERAL_CANDIDATES, STOP, "results", CLOSED)],
        replace(ANSWER, results=(OTHER, ASSISTANCE)),
    ),
    Case(
        "insurance beside assistance of one person is told, but stops nothing",
        [(F.INSURANCE_AND_ASSISTANCE, WARN, "results", OPEN)],
        replace(ANSWER, results=(COVERAGE, ASSISTANCE)),
    ),
    # -- dates against validity
    Case(
        "有効 although lost today",
        [(F.VALIDITY_CONTRADICTS_DATES, STOP, "disqualification_date", CLOSED)],
        covered(disqualification_date=TODAY),
    ),
    Case(
        "有効 although it begins tomorrow",
        [(F.VALIDITY_CONTRADICTS_DATES, STOP, "qualification_date", CLOSED)],
        covered(qualification_date=date(2026, 11, 25)),
    ),
    Case(
        "有効 although the card ended yesterday",
        [(F.VALIDITY_CONTRADICTS_DATES, STOP, "insured_card_expiration_date", CLOSED)],
        covered(insured_card_expiration_date=date(2026, 11, 23)),
    ),
    Case(
        "有効 although the card begins tomorrow",
        [(F.VALIDITY_CONTRADICTS_DATES, STOP, "insured_card_valid_date", CLOSED)],
        covered(insured_card_valid_date=date(2026, 11, 25)),
    ),
    Case(
        "an uncertain validity names the date that makes it so",
        [
            (F.VALIDITY_UNKNOWN, STOP, "qualification_validity", CLOSED),
            (F.VALIDITY_CONTRADICTS_DATES, STOP, "disqualification_date", CLOSED),
        ],
        validity(None, replace(COVERAGE, disqualification_date=TODAY)),
    ),
    Case(
        "無効 with a date of loss contradicts nothing",
        [(F.QUALIFICATION_INVALID, STOP, "qualification_validity", CLOSED)],
        validity(QualificationValidity.INVALID, replace(COVERAGE, disqualification_date=TODAY)),
    ),
    # -- the name
    Case(
        "a replaced character",
        [(F.NAME_HAS_REPLACED_CHARACTERS, WARN, "name", OPEN)],
        person(name="●本　太郎"),
    ),
    Case(
        "a character that a claim cannot carry",
        [(F.NAME_HAS_REPLACED_CHARACTERS, WARN, "name", OPEN)],
        person(name="德田　太郎"),
    ),
    # -- the ratio
    Case(
        "no ratio is not assumed to be 30 %",
        [(F.RATIO_MISSING, WARN, "insured_partial_contribution_ratio", OPEN)],
        covered(insured_partial_contribution_ratio=None),
    ),
    Case(
        "a ratio nobody can read is missing",
        [
            (F.RATIO_MISSING, WARN, "insured_partial_contribution_ratio", OPEN),
            (F.UNKNOWN_CODE, WARN, "insured_partial_contribution_ratio", OPEN),
        ],
        covered(insured_partial_contribution_ratio=UnknownCode("ContributionRatio", "3割")),
    ),
    *(
        Case(
            f"{percent} % {'fits' if fits else 'does not fit'} who was born on {born}",
            [] if fits else [(F.RATIO_DOUBTFUL, WARN, "insured_partial_contribution_ratio", OPEN)],
            aged(born, percent),
        )
        for born, percent, fits in (
            # 未就学: until 31 March after the sixth birthday; born on 1 April counts a year earlier
            (date(2020, 4, 2), 20, True),
            (date(2020, 4, 2), 30, False),
            (date(2020, 4, 1), 20, False),
            (date(2020, 4, 1), 30, True),
            (date(1984, 5, 17), 10, False),
            (date(1984, 5, 17), 20, False),
            (date(1984, 5, 17), 0, False),
            # 70歳
            (date(1956, 11, 25), 20, False),
            (date(1956, 11, 25), 30, True),
            (date(1956, 11, 24), 20, True),
            (date(1956, 11, 24), 30, True),
            (date(1940, 1, 1), 10, True),
            (date(1940, 1, 1), 40, False),
        )
    ),
    Case(
        "the certificate of the elderly says another ratio",
        [(F.RATIOS_DISAGREE, WARN, "insured_partial_contribution_ratio", OPEN)],
        covered(elderly_recipient_certificate=ElderlyRecipientCertificate(CopayRatio(20))),
    ),
    Case(
        "the certificate of the elderly stands, but names no ratio",
        [(F.RATIO_MISSING, WARN, "insured_partial_contribution_ratio", OPEN)],
        covered(elderly_recipient_certificate=ElderlyRecipientCertificate()),
    ),
    Case(
        "特別療養費: the patient pays in full, whatever ratio is named",
        [(F.PAYS_IN_FULL, WARN, "insured_card_classification", OPEN)],
        covered(insured_card_classification=InsuredCardClassification.SPECIAL_EXPENSES),
    ),
    Case(
        "an invalid qualification needs no ratio",
        [(F.QUALIFICATION_INVALID, STOP, "qualification_validity", CLOSED)],
        validity(
            QualificationValidity.INVALID,
            replace(COVERAGE, insured_partial_contribution_ratio=None),
        ),
    ),
    # -- codes
    Case(
        "each unknown code is named with its place",
        [
            (F.UNKNOWN_CODE, WARN, "insured_card_classification", OPEN),
            (F.UNKNOWN_CODE, WARN, "limit_certificate.category", OPEN),
            (F.UNKNOWN_CODE, WARN, "person.sex", OPEN),
            (F.UNKNOWN_CODE, WARN, "specific_diseases_certificates.disease_category", OPEN),
        ],
        covered(
            person=replace(PERSON, sex=UnknownCode("Sex", "9")),
            insured_card_classification=UnknownCode("InsuredCardClassification", "Z9"),
            specific_diseases_certificates=(
                SpecificDiseasesCertificate(UnknownCode("SpecificDisease", "4")),
            ),
            limit_certificate=LimitCertificate(UnknownCode("LimitCategory", "C01")),
        ),
    ),
    Case(
        "a known limit category needs nothing",
        [],
        covered(limit_certificate=LimitCertificate(LimitCategory.B05)),
    ),
    # -- the last answer for the same certificate
    Case(
        "another insurer",
        [(F.INSURER_CHANGED, WARN, "insurer_number", OPEN)],
        covered(insurer_number="06139463"),
        {"recorded": BEFORE},
    ),
    Case(
        "another ratio, which the age can have as well",
        [(F.RATIO_CHANGED, WARN, "insured_partial_contribution_ratio", OPEN)],
        aged(date(1950, 1, 1), 20),
        {"recorded": before(aged(date(1950, 1, 1), 30))},
    ),
    Case(
        "a ratio that was never read has not changed",
        [],
        circumstances={"recorded": before(covered(insured_partial_contribution_ratio=None))},
    ),
    Case(
        "another birth date is another person",
        [(F.OTHER_PERSON, STOP, "birthdate", CLOSED)],
        person(birthdate=date(1984, 5, 18)),
        {"recorded": BEFORE},
    ),
    Case(
        "another name is another person",
        [(F.OTHER_PERSON, STOP, "name", CLOSED)],
        person(name="見本　次郎"),
        {"recorded": BEFORE},
    ),
    Case(
        "another family name alone, under the person's own number, was changed: staff ask",
        [
            (F.FAMILY_NAME_CHANGED, WARN, "name", CLOSED),
            (F.FAMILY_NAME_CHANGED, WARN, "name_kana", CLOSED),
        ],
        replace(ANSWER, results=(MARRIED,)),
        {"recorded": before(replace(ANSWER, results=(NUMBERED,)))},
    ),
    *(
        Case(
            f"another family name and {what} is another person",
            [(F.OTHER_PERSON, STOP, one, CLOSED) for one in fields],
            replace(ANSWER, results=(now,)),
            {"recorded": before(replace(ANSWER, results=(then,)))},
        )
        for what, fields, now, then in NOT_ONLY_THE_FAMILY_NAME
    ),
    Case(
        "small kana and a variant form are the same person, written otherwise than last time",
        [
            (F.NAME_WRITTEN_OTHERWISE, NOTE, "name", OPEN),
            (F.NAME_WRITTEN_OTHERWISE, NOTE, "name_kana", OPEN),
        ],
        person(name="見夲　太郎", name_kana="ﾐﾎﾝ ﾀﾛ-"),
        {"recorded": BEFORE},
    ),
    Case(
        "another kana name is another person",
        [(F.OTHER_PERSON, STOP, "name_kana", CLOSED)],
        person(name_kana="ﾐﾎﾝ ｼﾞﾛｳ"),
        {"recorded": BEFORE},
    ),
    Case(
        "another sex is another person",
        [(F.OTHER_PERSON, STOP, "sex", CLOSED)],
        person(sex=Sex.FEMALE),
        {"recorded": BEFORE},
    ),
    Case(
        "a sex that is not set contradicts nothing",
        [],
        person(sex=Sex.NOT_SET),
        {"recorded": BEFORE},
    ),
    Case(
        "width and space of a name are no difference",
        [],
        person(name="見本 太郎", name_kana="ミホン　タロウ"),
        {"recorded": BEFORE},
    ),
    Case(
        "a kana name that one side did not send contradicts nothing",
        [],
        person(name_kana=None),
        {"recorded": BEFORE},
    ),
    Case(
        "medical assistance beside the insurance has ended",
        [(F.ASSISTANCE_ENDED, WARN, "insurer_number", OPEN)],
        circumstances={"recorded": before(replace(ANSWER, results=(ASSISTANCE, COVERAGE)))},
    ),
    Case(
        "medical assistance has come to an insurance that is another now",
        [
            (F.INSURANCE_AND_ASSISTANCE, WARN, "results", OPEN),
            (F.INSURER_CHANGED, WARN, "insurer_number", OPEN),
        ],
        replace(ANSWER, results=(replace(COVERAGE, insurer_number="06139463"), ASSISTANCE)),
        {"recorded": BEFORE},
    ),
    Case(
        "insurance in the place of medical assistance is another insurer",
        [
            (F.RATIO_CHANGED, WARN, "insured_partial_contribution_ratio", OPEN),
            (F.INSURER_CHANGED, WARN, "insurer_number", OPEN),
        ],
        circumstances={"recorded": before(replace(ANSWER, results=(ASSISTANCE,)))},
    ),
    Case(
        "an answer for another certificate is not looked at",
        [],
        person(birthdate=date(1950, 1, 1)),
        {"recorded": replace(BEFORE, subject=CardSubject("CN=Test", "ffff"))},
    ),
    Case(
        "one of two results is another person than before",
        [
            (F.SEVERAL_CANDIDATES, STOP, "results", CLOSED),
            (F.OTHER_PERSON, STOP, "birthdate", CLOSED),
        ],
        replace(ANSWER, results=(COVERAGE, OTHER)),
        {"recorded": BEFORE},
    ),
    # -- the certificate
    Case(
        "three months before its end",
        [(F.CERTIFICATE_EXPIRES_SOON, NOTE, "not_after", OPEN)],
        circumstances={"certificate_not_after": datetime(2027, 2, 24, 14, 59, tzinfo=UTC)},
    ),
    Case(
        "three months and a day before its end",
        [],
        circumstances={"certificate_not_after": datetime(2027, 2, 25, 14, 59, tzinfo=UTC)},
    ),
    Case(
        "the months are counted from the day in Japan, which a second may change",
        [],
        circumstances={"certificate_not_after": datetime(2027, 2, 24, 15, 0, tzinfo=UTC)},
    ),
    Case(
        "on its last day in Japan",
        [(F.CERTIFICATE_EXPIRES_SOON, NOTE, "not_after", OPEN)],
        circumstances={"certificate_not_after": datetime(2026, 11, 24, 14, 59, tzinfo=UTC)},
    ),
    Case(
        "in the three months after its end it opens no medical data",
        [(F.CERTIFICATE_EXPIRED, WARN, "not_after", CLOSED)],
        circumstances={
            "certificate_not_after": datetime(2026, 11, 20, tzinfo=UTC),
            "in_grace": True,
        },
    ),
    Case(
        "a past end counts even if nobody says grace",
        [(F.CERTIFICATE_EXPIRED, WARN, "not_after", CLOSED)],
        circumstances={"certificate_not_after": datetime(2026, 11, 20, tzinfo=UTC)},
    ),
    Case("an end nobody read says nothing", [], circumstances={"certificate_not_after": None}),
    Case(
        "revocation that was not checked is told",
        [(F.REVOCATION_NOT_CHECKED, NOTE, None, OPEN)],
        circumstances={"revocation_not_checked": True},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_rule(case: Case) -> None:
    """In these circumstances exactly these findings are made."""
    found = findings(case.answer, **case.circumstances)
    assert [(one.code, one.severity, one.field, one.blocks_history) for one in found] == case.expect


def test_a_finding_names_both_sides() -> None:
    """What each side said stands in the finding; what nobody read says so."""
    (one,) = findings(covered(insurer_number="06139463"), recorded=BEFORE)
    assert (one.from_payer, one.recorded, one.on_card) == ("06139463", "01130012", NOT_READ)
    (missing,) = findings(covered(insured_partial_contribution_ratio=None))
    assert missing.from_payer is NOT_READ
