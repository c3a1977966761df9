"""A renewed card is known by the payer's numbers; twins, families and mix-ups never are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import Sex
from eligibility.model import (
    NOT_READ,
    CardSubject,
    Coverage,
    FindingCode,
    InsuredPerson,
    PayerAnswer,
    Severity,
)
from eligibility.personal_number import personal_key
from eligibility.renewal import about_renewal, known_before
from tests.eligibility.answers import ANSWER, COVERAGE, PERSON

NUMBERED = replace(
    COVERAGE,
    insured_card_symbol="見－０１",
    insured_identification_number="１２３",
    insured_branch_number="02",
)
NEW = replace(ANSWER, results=(NUMBERED,))
FORMER = replace(
    NEW,
    id="a-0",
    subject=CardSubject("CN=Test", "1a2b"),
    received_at=datetime(2025, 6, 2, 3, tzinfo=UTC),
)


def former(**changes: object) -> PayerAnswer:
    """Return the former card's answer with another coverage."""
    return replace(FORMER, results=(replace(NUMBERED, **changes),))  # type: ignore[arg-type]  # fields by name


def known_as(**changes: object) -> PayerAnswer:
    """Return the former card's answer with another person."""
    return former(person=replace(PERSON, **changes))  # type: ignore[arg-type]  # fields by name


def test_a_renewed_card_is_noted_with_the_day_of_the_last_record() -> None:
    """Same numbers, same person, another certificate: one note, which holds nothing back."""
    older = replace(FORMER, received_at=datetime(2024, 1, 1, tzinfo=UTC))
    (finding,) = about_renewal(NEW, None, [older, FORMER])
    assert (finding.code, finding.severity) == (FindingCode.CARD_RENEWED, Severity.NOTE)
    assert (finding.recorded, finding.blocks_history) == ("2025-06-02", False)


def test_the_earlier_cards_are_named_the_latest_first_and_none_beside_a_contradiction() -> None:
    """As long as every record with the number fits, also after the new card was seen."""
    older = replace(
        FORMER,
        subject=CardSubject("CN=Test", "0a"),
        received_at=datetime(2024, 1, 1, tzinfo=UTC),
    )
    assert known_before(NEW, [older, FORMER, NEW]) == (FORMER.subject, older.subject)
    assert known_before(NEW, [former(insured_branch_number="03")]) == ()
    assert known_before(NEW, [older, known_as(birthdate=date(1950, 1, 1))]) == ()


def test_a_card_that_was_seen_before_is_not_new_again() -> None:
    """Once the new certificate has a record of its own, nothing is noted any more."""
    assert about_renewal(NEW, NEW, [FORMER]) == ()
    assert about_renewal(NEW, None, [NEW]) == ()


def test_twins_are_told_apart_by_their_branch_alone() -> None:
    """Same name, same birth date, same family number, another branch: another person."""
    assert about_renewal(NEW, None, [former(insured_branch_number="03")]) == ()


def test_a_number_without_branch_is_a_familys() -> None:
    """Where the payer tells no branch, nobody is recognised, however equal the rest is."""
    without = replace(NEW, results=(replace(NUMBERED, insured_branch_number=None),))
    assert about_renewal(without, None, [former(insured_branch_number=None)]) == ()
    assert about_renewal(NEW, None, [former(insured_branch_number=None)]) == ()


@pytest.mark.parametrize("insurer", ["39131156", "12138014"])
def test_some_numbers_are_one_persons_without_a_branch(insurer: str) -> None:
    """The late elderly and those on medical assistance have numbers of their own."""
    own = replace(
        NUMBERED, insurer_number=insurer, insured_card_symbol=None, insured_branch_number=None
    )
    now, then = replace(NEW, results=(own,)), replace(FORMER, results=(own,))
    assert [one.code for one in about_renewal(now, None, [then])] == [FindingCode.CARD_RENEWED]


@pytest.mark.parametrize(
    ("changes", "blocks"),
    [
        ({"birthdate": date(1984, 5, 18)}, True),
        ({"sex": Sex.FEMALE}, True),
        ({"name": "見本　花子"}, False),
    ],
)
def test_a_contradiction_forbids_the_link(changes: dict[str, object], blocks: bool) -> None:
    """The same numbers with another birth date, sex or name are told with both values."""
    (finding,) = about_renewal(NEW, None, [known_as(**changes)])
    assert finding.code is FindingCode.EARLIER_CARD_CONTRADICTS
    assert finding.severity is Severity.WARN
    assert [finding.field] == list(changes)
    assert finding.blocks_history is blocks
    assert NOT_READ not in (finding.from_payer, finding.recorded)


def test_one_contradiction_outweighs_any_agreement() -> None:
    """Of two former records one fits and one does not: nothing is linked."""
    found = about_renewal(NEW, None, [FORMER, known_as(birthdate=date(1990, 1, 1))])
    assert {one.code for one in found} == {FindingCode.EARLIER_CARD_CONTRADICTS}


def test_a_character_that_nobody_could_read_contradicts_nothing() -> None:
    """A name with ● that agrees in the rest leaves the numbers to speak."""
    found = about_renewal(NEW, None, [known_as(name="見●　太郎")])
    assert [one.code for one in found] == [FindingCode.CARD_RENEWED]


PEOPLE = st.builds(
    InsuredPerson,
    name=st.sampled_from(["見本　太郎", "見本 太郎", "見本　花", "●本　太郎"]),
    birthdate=st.dates(date(1990, 1, 1), date(1990, 1, 2)),
    sex=st.sampled_from(Sex),
)
COVERAGES = st.builds(
    Coverage,
    person=PEOPLE,
    insured_card_classification=st.none(),
    insurer_number=st.sampled_from(["01130012", "39131156"]),
    insurer_name=st.just("見本"),
    insured_card_symbol=st.sampled_from([None, "1"]),
    insured_identification_number=st.sampled_from([None, "1", "2"]),
    insured_branch_number=st.sampled_from([None, "01", "02"]),
)
ANSWERS = st.builds(
    replace,
    st.just(ANSWER),
    results=st.lists(COVERAGES, max_size=2).map(tuple),
    subject=st.builds(CardSubject, st.just("CN=Test"), st.sampled_from(["a", "b", "c"])),
)


@given(ANSWERS, st.none() | ANSWERS, st.lists(ANSWERS, max_size=3))
def test_a_link_stands_on_equal_numbers_and_no_contradiction(
    answer: PayerAnswer, recorded: PayerAnswer | None, others: list[PayerAnswer]
) -> None:
    """Whatever comes together: linked only by a whole personal number and an agreeing person."""
    found = about_renewal(answer, recorded, others)
    codes = {one.code for one in found}
    assert len(codes) <= 1
    assert codes <= {FindingCode.CARD_RENEWED, FindingCode.EARLIER_CARD_CONTRADICTS}
    pairs = [
        (now.person, then.person)
        for other in others
        if other.subject != answer.subject
        for now in answer.results
        for then in other.results
        if personal_key(now) is not None and personal_key(now) == personal_key(then)
    ]
    if not pairs:
        assert found == ()
    if FindingCode.CARD_RENEWED in codes:
        assert recorded is None
        assert all(now.birthdate == then.birthdate for now, then in pairs)


@given(ANSWERS, st.lists(ANSWERS, max_size=3))
def test_the_order_of_records_does_not_matter(
    answer: PayerAnswer, others: list[PayerAnswer]
) -> None:
    """The same records in any order give the same findings."""
    assert len({about_renewal(answer, None, order) for order in permutations(others)}) == 1


@given(COVERAGES)
def test_a_number_names_a_person_only_with_branch_or_by_its_kind(coverage: Coverage) -> None:
    """No number, or a family's number alone, names nobody."""
    key = personal_key(coverage)
    if coverage.insured_identification_number is None:
        assert key is None
    elif coverage.insured_branch_number is None:
        assert (key is not None) is coverage.insurer_number.startswith("39")
    else:
        assert key is not None
