"""The card's holder against the payer's people: another person is stopped, doubt is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import Sex, UnknownCode
from eligibility.holder import Match, about_holder, compare
from eligibility.model import (
    NOT_READ,
    Finding,
    FindingCode,
    HolderAttributes,
    InsuredPerson,
    PayerAnswer,
    Severity,
)
from tests.eligibility.answers import ANSWER, COVERAGE, PERSON, findings

F = FindingCode
ADDRESS = "東京都千代田区霞が関１－２－３"
HERE = replace(PERSON, address="東京都千代田区霞が関1-2-3")
CARD = HolderAttributes("見本　太郎", ADDRESS, PERSON.birthdate, Sex.MALE)


def answer_of(*people: InsuredPerson) -> PayerAnswer:
    """Return an answer with these people."""
    return replace(ANSWER, results=tuple(replace(COVERAGE, person=one) for one in people))


def found(card: HolderAttributes = CARD, *people: InsuredPerson) -> list[tuple[F, str | None]]:
    """Return code and field of what is found about the holder."""
    return [(one.code, one.field) for one in about_holder(card, answer_of(*(people or (HERE,))))]


def differs(**changes: Any) -> list[tuple[F, str | None]]:
    """Return what is found where the payer's person has these changes."""
    return found(CARD, replace(HERE, **changes))


def test_the_same_person_needs_nothing() -> None:
    """Width, spaces and dashes are no differences."""
    assert found() == []
    assert {one.match for one in compare(CARD, HERE)} == {Match.SAME}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"birthdate": date(1984, 5, 18)}, ["birthdate"]),
        ({"sex": Sex.FEMALE}, ["sex"]),
        ({"name": "見本　次郎"}, ["name"]),
        ({"name": "手本　太郎", "address": "大阪府見本市１"}, ["name"]),
        ({"name": "手本　太郎", "address": None}, ["name"]),
        ({"name": "手本　太郎", "birthdate": date(1990, 1, 1)}, ["birthdate", "name"]),
        ({"name": "手本　太郎", "sex": Sex.FEMALE}, ["name", "sex"]),
        ({"name": "手本太郎"}, ["name"]),
    ],
)
def test_another_person_is_stopped(changes: dict[str, Any], fields: list[str]) -> None:
    """Another birth date, sex or name stops the desk, closes history, and shows both sides."""
    person = replace(HERE, **changes)
    stops = about_holder(CARD, answer_of(person))
    assert [(one.code, one.field) for one in stops] == [(F.OTHER_PERSON, name) for name in fields]
    for stop in stops:
        assert (stop.severity, stop.blocks_history) == (Severity.STOP, True)
        assert NOT_READ not in (stop.on_card, stop.from_payer)
        assert stop.on_card != stop.from_payer


def test_a_family_name_alone_is_asked_about() -> None:
    """With birth date, given name and address the same it was changed, or is written otherwise."""
    (finding,) = about_holder(CARD, answer_of(replace(HERE, name="三元　太郎")))
    assert (finding.code, finding.severity, finding.blocks_history) == (
        F.NAME_DIFFERS,
        Severity.WARN,
        False,
    )


def test_what_an_address_shows_is_only_a_note() -> None:
    """Another address blocks nothing: the payer's may be older; none given is no difference."""
    (finding,) = about_holder(CARD, answer_of(replace(HERE, address="大阪府見本市１")))
    assert (finding.code, finding.severity, finding.blocks_history) == (
        F.ADDRESS_DIFFERS,
        Severity.NOTE,
        False,
    )
    assert differs(address=None) == differs(address=" ") == []


@pytest.mark.parametrize(
    ("on_card", "from_payer"),
    [
        ("髙橋　恵", "●橋　恵"),
        ("高橋　恵", "●橋　恵"),
        ("髙橋　恵", "古橋　恵"),
        ("\ue000橋　恵", "\ue000橋　恵"),
        ("NGUYEN VAN AN", "グエン　ヴァン　アン"),
    ],
)
def test_uncertain_characters_prove_nothing(on_card: str, from_payer: str) -> None:
    """What another system may have to write otherwise is neither the same nor another person."""
    card, person = replace(CARD, name=on_card), replace(HERE, name=from_payer)
    assert compare(card, person)[0].match is Match.UNDETERMINED
    assert found(card, person) == [(F.NAME_NOT_COMPARED, "name")]


@pytest.mark.parametrize(
    ("on_card", "from_payer"),
    [
        ("髙橋　恵", "高橋　恵"),
        ("渡邉　恵", "渡辺　恵"),
        ("齋藤　恵", "斎藤　恵"),
        ("辻\U000e0100　恵", "辻　恵"),
    ],
)
def test_variant_forms_are_one_name_written_otherwise(on_card: str, from_payer: str) -> None:
    """What the table of variants makes one name is told as such, and is nobody else's."""
    card, person = replace(CARD, name=on_card), replace(HERE, name=from_payer)
    assert compare(card, person)[0].match is Match.WRITTEN_OTHERWISE
    assert found(card, person) == [(F.NAME_WRITTEN_OTHERWISE, "name")]


@pytest.mark.parametrize(
    ("on_card", "from_payer"),
    [("髙橋　恵", "●橋　愛"), ("髙橋　恵", "高島　恵"), ("AN　NGUYEN", "BINH　NGUYEN")],
)
def test_certain_characters_still_count(on_card: str, from_payer: str) -> None:
    """Beside uncertain characters a certain difference is one."""
    card = replace(CARD, name=on_card, address=NOT_READ)
    assert found(card, replace(HERE, name=from_payer)) == [(F.OTHER_PERSON, "name")]


@pytest.mark.parametrize(
    ("on_card", "name", "name_of_other", "match"),
    [
        ("見本　太郎", "ＭＩＨＯＮ　ＴＡＲＯ", "見本　太郎", Match.SAME),
        ("見本　太郎", "手本　太郎", "見本　太郎", Match.SAME),
        ("見本　太郎", "手本　太郎", "手本　次郎", Match.DIFFERS),
        ("見本　太郎", "手本　太郎", "見本　●郎", Match.UNDETERMINED),
        ("見本［手本］　太郎", "見本　太郎", None, Match.UNDETERMINED),
        ("見本　太郎", "見本　太郎（手本　太郎）", None, Match.UNDETERMINED),
        ("見本［手本］　太郎", "見本［手本］　太郎", None, Match.SAME),
    ],
)
def test_another_name_in_use_is_no_other_person(
    on_card: str, name: str, name_of_other: str | None, match: Match
) -> None:
    """The payer's second name counts as well; one in brackets on one side proves nothing."""
    person = replace(HERE, name=name, name_of_other=name_of_other)
    assert compare(replace(CARD, name=on_card), person)[0].match is match


def test_upper_case_is_no_other_person() -> None:
    """Latin letters are compared without their case."""
    assert found(replace(CARD, name="Van An　NGUYEN"), replace(HERE, name="VAN AN NGUYEN")) == []


def test_only_male_and_female_contradict() -> None:
    """Not known, not applicable or not set says too little."""
    for code in (UnknownCode("ISO/IEC 5218", "9"), Sex.NOT_SET, NOT_READ):
        assert found(replace(CARD, sex=code)) == []
    assert differs(sex=Sex.NOT_SET) == []


def test_one_of_several_never_narrows() -> None:
    """Where some of several are others, that is told, closes history, and nobody is chosen."""
    twin = replace(HERE, name="見本　次郎")
    assert found(CARD, HERE, twin) == [(F.CANDIDATE_IS_ANOTHER, "name")]
    assert findings(answer_of(HERE, twin), attributes=CARD)[0].code is F.SEVERAL_CANDIDATES
    assert {code for code, _ in found(CARD, twin, replace(twin, sex=Sex.FEMALE))} == {
        F.OTHER_PERSON
    }


def test_reconciling_holds_the_card_against_the_answer() -> None:
    """What the card says is among the findings; unread it changes nothing."""
    stranger = answer_of(replace(HERE, birthdate=date(1990, 1, 1)))
    assert findings(stranger) == ()
    assert [one.code for one in findings(stranger, attributes=CARD)] == [F.OTHER_PERSON]


NAMES = ["見本　太郎", "見本 太郎", "三元　太郎", "髙本　太郎", "●本　太郎", "NGUYEN AN"]
DAYS = st.dates(date(1930, 1, 1), date(1930, 1, 3))
SEXES = st.sampled_from([*Sex, UnknownCode("ISO/IEC 5218", "9")])
ADDRESSES = st.sampled_from(["東京都１－２", "東京都1-2", "大阪府３"])
CARDS = st.builds(
    HolderAttributes,
    name=st.just(NOT_READ) | st.sampled_from(NAMES) | st.text(max_size=6),
    address=st.just(NOT_READ) | ADDRESSES,
    birthdate=st.just(NOT_READ) | DAYS,
    sex=st.just(NOT_READ) | SEXES,
)
PEOPLE = st.builds(
    InsuredPerson,
    name=st.sampled_from(NAMES) | st.text(max_size=6),
    birthdate=DAYS,
    sex=SEXES,
    address=st.none() | ADDRESSES,
)
SEVERAL = st.lists(PEOPLE, max_size=3)


def blocking(card: HolderAttributes, people: list[InsuredPerson]) -> list[Finding]:
    """Return the findings that close history."""
    return [one for one in about_holder(card, answer_of(*people)) if one.blocks_history]


@given(card=CARDS, people=SEVERAL)
def test_two_birth_dates_are_never_passed_over(
    card: HolderAttributes, people: list[InsuredPerson]
) -> None:
    """Was the birth date read and differs, it is told, and history is closed."""
    for person in people:
        if card.birthdate not in (NOT_READ, person.birthdate):
            told = {one.from_payer for one in blocking(card, people) if one.field == "birthdate"}
            assert person.birthdate.isoformat() in told
            if len(people) == 1:
                assert {one.code for one in blocking(card, people)} == {F.OTHER_PERSON}


@given(people=SEVERAL)
def test_what_nobody_read_says_nothing(people: list[InsuredPerson]) -> None:
    """Unread everywhere, nothing is found and nothing is called the same."""
    assert about_holder(HolderAttributes(), answer_of(*people)) == ()
    for person in people:
        assert {one.match for one in compare(HolderAttributes(), person)} == {Match.NOT_READ}


@given(card=CARDS, person=PEOPLE)
def test_an_unread_field_is_never_the_same_or_another(
    card: HolderAttributes, person: InsuredPerson
) -> None:
    """Each match that speaks of both sides has a value from both."""
    for one in compare(card, person):
        assert (one.match is Match.NOT_READ) == (one.on_card is NOT_READ)
        if one.match in (Match.SAME, Match.DIFFERS):
            assert one.from_payer is not NOT_READ


@given(card=CARDS, people=SEVERAL)
def test_the_order_of_people_means_nothing(
    card: HolderAttributes, people: list[InsuredPerson]
) -> None:
    """Every order gives the same findings, the gravest first and none twice."""
    first, *others = (about_holder(card, answer_of(*order)) for order in permutations(people))
    assert all(other == first for other in others)
    assert len(set(first)) == len(first)
    assert list(first) == sorted(first, key=lambda one: list(Severity).index(one.severity))


@given(card=CARDS, person=PEOPLE)
def test_a_person_who_is_another_stays_so_among_others(
    card: HolderAttributes, person: InsuredPerson
) -> None:
    """Another result beside never takes back that somebody is another person."""
    if blocking(card, [person]):
        assert blocking(card, [person, person])
        assert blocking(card, [person, HERE])
