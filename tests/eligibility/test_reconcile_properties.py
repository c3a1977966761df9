"""What holds for every answer that is reconciled, whatever comes together in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import InsuredCardClassification, QualificationValidity, Sex, UnknownCode
from eligibility.model import (
    NOT_READ,
    AnswerOutcome,
    CopayRatio,
    Coverage,
    ElderlyRecipientCertificate,
    FindingCode,
    InsuredPerson,
    PayerAnswer,
    Severity,
)
from eligibility.validity import CONFIRMED
from tests.eligibility.answers import (
    ANSWER,
    MIDDAY,
    before,
    findings,
)

F = FindingCode
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
        if finding.severity is Severity.STOP:
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
        if finding.code in (
            F.RATIO_CHANGED,
            F.INSURER_CHANGED,
            F.OTHER_PERSON,
            F.FAMILY_NAME_CHANGED,
        ):
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
