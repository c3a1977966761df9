"""What staff must know about an answer: a table of cases that reads as the rule, and properties."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Finding,
    FindingCode,
    InsuredPerson,
    LimitCertificate,
    PayerAnswer,
    Severity,
)
from eligibility.reconcile import reconcile
from eligibility.validity import CONFIRMED

TODAY = date(2026, 11, 24)
STOP, WARN, NOTE = Severity.STOP, Severity.WARN, Severity.NOTE
OPEN, CLOSED = False, True  # whether history stays open beside this finding

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


@dataclass(frozen=True)
class Case:
    """One rule: the circumstances and everything that is found in them."""

    rule: str
    expect: list[tuple[FindingCode, Severity, str | None, bool]]
    answer: PayerAnswer = ANSWER
    circumstances: dict[str, object] = field(default_factory=dict)


F = FindingCode
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
        [(F.SEVERAL_CANDIDATES, WARN, "results", OPEN)],
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
        ],
        covered(
            person=replace(PERSON, sex=UnknownCode("Sex", "9")),
            insured_card_classification=UnknownCode("InsuredCardClassification", "Z9"),
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
        "another ratio",
        [(F.RATIO_CHANGED, WARN, "insured_partial_contribution_ratio", OPEN)],
        covered(insured_partial_contribution_ratio=CopayRatio(20)),
        {"recorded": BEFORE},
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


PERSONS = st.builds(
    InsuredPerson,
    name=st.sampled_from(["見本　太郎", "見本 太郎", "見本　花", "●本　太郎"]),
    birthdate=st.dates(date(1930, 1, 1), date(1930, 1, 4)),
    sex=st.sampled_from([*Sex, UnknownCode("Sex", "9")]),
    name_kana=st.sampled_from([None, "ﾐﾎﾝ ﾀﾛｳ", "ﾐﾎﾝ ﾊﾅ"]),
)
DAYS = st.none() | st.dates(date(2026, 11, 22), date(2026, 11, 26))
RATIOS = st.sampled_from([None, CopayRatio(10), CopayRatio(30), UnknownCode("R", "x")])
COVERAGES = st.builds(
    Coverage,
    person=PERSONS,
    insured_card_classification=st.sampled_from([None, *InsuredCardClassification]),
    insurer_number=st.sampled_from(["01130012", "06139463"]),
    insurer_name=st.just("見本"),
    qualification_date=DAYS,
    disqualification_date=DAYS,
    insured_card_valid_date=DAYS,
    insured_card_expiration_date=DAYS,
    insured_partial_contribution_ratio=RATIOS,
    elderly_recipient_certificate=st.none()
    | st.builds(ElderlyRecipientCertificate, RATIOS, DAYS, DAYS),
)
ANSWERS = st.builds(
    replace,
    st.just(ANSWER),
    outcome=st.sampled_from(AnswerOutcome),
    qualification_validity=st.sampled_from(
        [None, UnknownCode("QualificationValidity", "7"), *QualificationValidity]
    ),
    results=st.lists(COVERAGES, max_size=3).map(tuple),
)
MOMENTS = st.none() | st.integers(-400, 400).map(lambda days: MIDDAY + timedelta(days=days))


@given(one=ANSWERS, recorded=st.none() | ANSWERS, not_after=MOMENTS, grace=st.booleans())
def test_no_history_without_a_confirmed_qualification(
    one: PayerAnswer, recorded: PayerAnswer | None, not_after: datetime | None, grace: bool
) -> None:
    """Whatever comes: unless a whole answer confirms one qualification, history is closed."""
    found = findings(one, recorded=recorded, certificate_not_after=not_after, in_grace=grace)
    confirmed = (
        one.qualification_validity in CONFIRMED
        and one.outcome is AnswerOutcome.COMPLETE
        and one.results
    )
    if not confirmed or grace:
        assert any(finding.blocks_history for finding in found)
    for finding in found:
        if finding.severity is STOP:
            assert finding.blocks_history


@given(one=ANSWERS, recorded=st.none() | ANSWERS, data=st.data())
def test_the_order_of_results_means_nothing(
    one: PayerAnswer, recorded: PayerAnswer | None, data: st.DataObject
) -> None:
    """The same results in another order give the same findings."""
    shuffled = replace(one, results=tuple(data.draw(st.permutations(one.results))))
    assert findings(one, recorded=recorded) == findings(shuffled, recorded=recorded)


@given(now=COVERAGES, then=COVERAGES)
def test_two_birth_dates_are_never_one_person(now: Coverage, then: Coverage) -> None:
    """If the birth dates differ, the answer is stopped, whatever else is the same."""
    found = findings(
        replace(ANSWER, results=(now,)), recorded=before(replace(ANSWER, results=(then,)))
    )
    stopped = any(one.code is F.OTHER_PERSON and one.blocks_history for one in found)
    if now.person.birthdate != then.person.birthdate:
        assert stopped
    if now.person == then.person:
        assert not stopped


@given(one=ANSWERS, recorded=st.none() | ANSWERS)
def test_what_was_not_read_is_never_compared(
    one: PayerAnswer, recorded: PayerAnswer | None
) -> None:
    """A finding about a change always has a value from each side."""
    for finding in findings(one, recorded=recorded):
        if finding.code in (F.RATIO_CHANGED, F.INSURER_CHANGED, F.OTHER_PERSON):
            assert NOT_READ not in (finding.from_payer, finding.recorded)
            assert finding.from_payer != finding.recorded


@given(one=ANSWERS, recorded=st.none() | ANSWERS)
def test_the_gravest_comes_first_and_nothing_twice(
    one: PayerAnswer, recorded: PayerAnswer | None
) -> None:
    """Findings are sorted by severity and unique."""
    found = findings(one, recorded=recorded)
    ranks = [list(Severity).index(finding.severity) for finding in found]
    assert ranks == sorted(ranks)
    assert len(set(found)) == len(found)
