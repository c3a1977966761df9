"""The clinic's own record against answer and card: a table of cases that reads as the rule."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import QualificationValidity, Sex
from eligibility.model import (
    NOT_READ,
    FindingCode,
    HolderAttributes,
    InsuredPerson,
    PayerAnswer,
    Severity,
)
from eligibility.register import Ground, candidates, is_about_record
from tests.eligibility.answers import ANSWER, ASSISTANCE, COVERAGE, PERSON, findings

F = FindingCode
STOP, WARN, NOTE = Severity.STOP, Severity.WARN, Severity.NOTE
OPEN, CLOSED = False, True

ADDRESS = "東京都千代田区霞が関１－２－３"
HERE = replace(PERSON, address=ADDRESS)
INSURED = replace(
    COVERAGE,
    person=HERE,
    insured_card_symbol="見－１２",
    insured_identification_number="３４５",
    insured_branch_number="01",
)
RECORD = ClinicRecord(
    "00417",
    "見本　太郎",
    HERE.birthdate,
    name_kana="みほん　たろう",
    sex=Sex.MALE,
    address="東京都千代田区霞が関1-2-3",
    insurer_number="1130012",
    insured_card_symbol="見-12",
    insured_identification_number="345",
    insured_branch_number="1",
)
NO_CARD = HolderAttributes()
CARD = HolderAttributes("見本　太郎", ADDRESS, HERE.birthdate, Sex.MALE)


def answer_of(*people: InsuredPerson, **changes: Any) -> PayerAnswer:
    """Return an answer with these people, each insured as the record says."""
    results = tuple(replace(INSURED, person=one) for one in people or (HERE,))
    return replace(ANSWER, **({"results": results} | changes))


MATCHING = answer_of()


@dataclass(frozen=True)
class Case:
    """One rule: what is another in the record, and everything that is found about it."""

    rule: str
    expect: list[tuple[FindingCode, Severity, str | None, bool]]
    record: dict[str, Any] = field(default_factory=dict)
    answer: PayerAnswer = MATCHING
    card: HolderAttributes = NO_CARD


CASES = [
    Case("width, spaces, dashes, script of kana and cut zeros are no differences", []),
    Case("the card says the same", [], card=CARD),
    # -- another person: stopped, and never merged
    Case(
        "another birth date is another person's record",
        [(F.RECORD_IS_ANOTHER, STOP, "birthdate", CLOSED)],
        {"birthdate": date(1984, 5, 18)},
    ),
    Case(
        "another sex is another person's record",
        [(F.RECORD_IS_ANOTHER, STOP, "sex", CLOSED)],
        {"sex": Sex.FEMALE},
    ),
    Case(
        "another given name is another person's record",
        [
            (F.RECORD_IS_ANOTHER, STOP, "name", CLOSED),
            (F.RECORD_KANA_DIFFERS, WARN, "name_kana", OPEN),
        ],
        {"name": "見本　次郎", "name_kana": "ミホン　ジロウ"},
    ),
    Case(
        "a name replaced by ● whose reading differs is another person's",
        [
            (F.RECORD_IS_ANOTHER, STOP, "name_kana", CLOSED),
            (F.NAME_HAS_REPLACED_CHARACTERS, WARN, "name", OPEN),
        ],
        {"name_kana": "サトウ　タロウ"},
        answer_of(replace(HERE, name="●本　太郎")),
    ),
    Case(
        "a card of another than the record's stops, though the payer says nothing of it",
        [
            (F.NO_QUALIFICATION, STOP, "qualification_validity", CLOSED),
            (F.RECORD_IS_ANOTHER, STOP, "birthdate", CLOSED),
        ],
        {"birthdate": date(1990, 1, 1)},
        answer_of(results=(), qualification_validity=QualificationValidity.NOT_FOUND),
        CARD,
    ),
    # -- the same person, otherwise
    Case(
        "a family name alone was changed",
        [(F.RECORD_FAMILY_NAME_DIFFERS, WARN, "name", OPEN)],
        {"name": "手本　太郎", "name_kana": None},
    ),
    Case(
        "a family name and an address alone are looked at before medical data open",
        [
            (F.RECORD_FAMILY_NAME_DIFFERS, WARN, "name", CLOSED),
            (F.RECORD_ADDRESS_DIFFERS, NOTE, "address", OPEN),
        ],
        {"name": "手本　太郎", "name_kana": None, "address": "大阪府見本市１"},
    ),
    Case(
        "a name that the payer could not write is looked at",
        [
            (F.NAME_HAS_REPLACED_CHARACTERS, WARN, "name", OPEN),
            (F.RECORD_NAME_NOT_COMPARED, NOTE, "name", OPEN),
        ],
        {},
        answer_of(replace(HERE, name="●本　太郎")),
    ),
    Case(
        "a variant form of a character is the same name written otherwise",
        [
            (F.RECORD_NAME_WRITTEN_OTHERWISE, NOTE, "name", OPEN),
        ],
        {"name": "桒田　太郎"},
        answer_of(replace(HERE, name="桑田　太郎")),
    ),
    Case(
        "small kana written large are the same reading written otherwise",
        [(F.RECORD_KANA_WRITTEN_OTHERWISE, NOTE, "name_kana", OPEN)],
        {"name_kana": "ミホン　ショウイチ"},
        answer_of(replace(HERE, name_kana="ﾐﾎﾝ ｼﾖｳｲﾁ")),
    ),
    Case(
        "another reading of the same name is asked about",
        [(F.RECORD_KANA_DIFFERS, WARN, "name_kana", OPEN)],
        {"name_kana": "ケンポン　タロウ"},
    ),
    Case(
        "another address is a note",
        [(F.RECORD_ADDRESS_DIFFERS, NOTE, "address", OPEN)],
        {"address": "大阪府見本市１"},
    ),
    Case(
        "an older address of the payer is told once, where card and record agree",
        [(F.ADDRESS_DIFFERS, NOTE, "address", OPEN)],
        {},
        answer_of(replace(HERE, address="大阪府見本市１")),
        CARD,
    ),
    # -- the insurance on file
    Case(
        "another insurer is new insurance; its other numbers are not compared",
        [(F.RECORD_INSURANCE_DIFFERS, WARN, "insurer_number", OPEN)],
        {"insurer_number": "06139463", "insured_card_symbol": "9"},
    ),
    *(
        Case(
            f"another {name} is told",
            [(F.RECORD_INSURANCE_DIFFERS, WARN, name, OPEN)],
            {name: value},
        )
        for name, value in (
            ("insured_card_symbol", "見-13"),
            ("insured_identification_number", "0345"),
            ("insured_branch_number", "02"),
        )
    ),
    Case(
        "assistance beside the insurance on file is no other insurance",
        [(F.INSURANCE_AND_ASSISTANCE, WARN, "results", OPEN)],
        {},
        answer_of(results=(INSURED, replace(ASSISTANCE, person=HERE))),
    ),
    # -- the reference number
    Case("the record's own reference number", [], answer=answer_of(reference_number="００４１７")),
    Case(
        "a reference number that names another record closes medical data",
        [(F.REFERENCE_OF_ANOTHER_RECORD, WARN, "reference_number", CLOSED)],
        answer=answer_of(reference_number="00418"),
    ),
    # -- what the register does not hold
    Case(
        "a field that the register does not hold says nothing",
        [],
        {
            "name_kana": None,
            "sex": None,
            "address": None,
            "insurer_number": None,
            "insured_card_symbol": None,
            "insured_identification_number": None,
            "insured_branch_number": None,
        },
        answer_of(replace(HERE, sex=Sex.FEMALE)),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_rule(case: Case) -> None:
    """With this record exactly these findings are made."""
    found = findings(case.answer, record=replace(RECORD, **case.record), attributes=case.card)
    assert [(one.code, one.severity, one.field, one.blocks_history) for one in found] == case.expect


def test_a_finding_names_every_side() -> None:
    """Card, payer and record stand in one finding; without a record nothing is said of it."""
    stranger = replace(RECORD, birthdate=date(1990, 1, 1))
    (one,) = findings(answer_of(), record=stranger, attributes=CARD)
    assert (one.on_card, one.from_payer, one.in_record, one.recorded) == (
        "1984-05-17",
        "1984-05-17",
        "1990-01-01",
        NOT_READ,
    )
    assert all(finding.in_record is NOT_READ for finding in findings(answer_of()))


NAMES = st.sampled_from(
    ["見本　太郎", "見本 太郎", "手本　太郎", "●本　太郎", "髙本　太郎", "ＡＮ"]
)
DAYS = st.dates(date(1930, 1, 1), date(1930, 1, 3))
SEXES = st.sampled_from(Sex)
KANA = st.none() | st.sampled_from(["ﾐﾎﾝ ﾀﾛｳ", "みほん　たろう", "テホン　タロウ"])
ADDRESSES = st.none() | st.sampled_from(["東京都１－２", "大阪府３"])
PEOPLE = st.builds(
    InsuredPerson,
    name=NAMES,
    birthdate=DAYS,
    sex=SEXES,
    name_kana=KANA,
    address=ADDRESSES,
    name_of_other=st.none() | NAMES,
)
RECORDS = st.builds(
    ClinicRecord,
    patient_number=st.sampled_from(["1", "2"]),
    name=NAMES,
    birthdate=DAYS,
    name_kana=KANA,
    sex=st.none() | SEXES,
    address=ADDRESSES,
    insurer_number=st.none() | st.sampled_from(["01130012", "06139463"]),
)
CARDS = st.builds(
    HolderAttributes,
    name=st.just(NOT_READ) | NAMES,
    address=st.just(NOT_READ) | st.sampled_from(["東京都１－２", "大阪府３"]),
    birthdate=st.just(NOT_READ) | DAYS,
    sex=st.just(NOT_READ) | SEXES,
)
SEVERAL = st.lists(PEOPLE, max_size=3)


@given(record=RECORDS, people=SEVERAL, card=CARDS, data=st.data())
def test_a_record_adds_and_never_takes_away(
    record: ClinicRecord, people: list[InsuredPerson], card: HolderAttributes, data: st.DataObject
) -> None:
    """What is found without the record is found with it; what is more is about it, in any order."""
    answer = answer_of(results=tuple(replace(INSURED, person=one) for one in people))
    without = findings(answer, attributes=card)
    with_it = findings(answer, attributes=card, record=record)
    assert [one for one in with_it if not is_about_record(one)] == list(without)
    shuffled = replace(answer, results=tuple(data.draw(st.permutations(answer.results))))
    assert findings(shuffled, attributes=card, record=record) == with_it


@given(record=RECORDS, person=PEOPLE, card=CARDS)
def test_two_birth_dates_are_never_one_patient(
    record: ClinicRecord, person: InsuredPerson, card: HolderAttributes
) -> None:
    """Another birth date at the payer or on the card stops, whatever else is the same."""
    found = findings(answer_of(person), attributes=card, record=record)
    stopped = any(
        one.code is F.RECORD_IS_ANOTHER and one.field == "birthdate" and one.blocks_history
        for one in found
    )
    sides = {person.birthdate, card.birthdate} - {NOT_READ}
    assert stopped == (sides != {record.birthdate})


@given(record=RECORDS, person=PEOPLE, card=CARDS)
def test_what_a_side_does_not_hold_is_never_compared(
    record: ClinicRecord, person: InsuredPerson, card: HolderAttributes
) -> None:
    """Every finding about the record has its value and another side's that is not the same."""
    for one in findings(answer_of(person), attributes=card, record=record):
        if is_about_record(one):
            others = {one.on_card, one.from_payer} - {NOT_READ}
            assert one.in_record is not NOT_READ
            assert others
            alike = one.code is F.RECORD_NAME_NOT_COMPARED  # ● and ● may stand for two characters
            assert alike or others != {one.in_record}


# -- which record


def test_exactly_one_and_certain() -> None:
    """Birth date and name alone name the one record; so does the reference number beside them."""
    other = replace(RECORD, patient_number="00418", birthdate=date(1990, 1, 1))
    assert candidates(HERE, [other, RECORD]).the_one == RECORD
    assert candidates(CARD, [other, RECORD]).the_one == RECORD
    found = candidates(HERE, [other, RECORD], reference_number="00417")
    assert found.all[0].grounds == {Ground.REFERENCE_NUMBER, Ground.BIRTHDATE_AND_NAME}
    assert found.the_one == RECORD


@pytest.mark.parametrize(
    ("changes", "reference", "how_many"),
    [
        ({"patient_number": "00418"}, None, 2),
        ({"patient_number": "00418"}, "00417", 2),
        ({"patient_number": "00418", "birthdate": date(1990, 1, 1)}, "00418", 2),
        ({"patient_number": "00418", "name": "●本　太郎"}, None, 2),
    ],
)
def test_several_are_never_narrowed(
    changes: dict[str, Any], reference: str | None, how_many: int
) -> None:
    """Namesakes, a number that points elsewhere and a name half read are all returned."""
    records = [RECORD, replace(RECORD, **changes)]
    found = candidates(HERE, records, reference_number=reference)
    assert (len(found.all), found.the_one) == (how_many, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "●本　太郎"},
        {"sex": Sex.FEMALE},
        {"name_kana": "ケンポン　タロウ"},
    ],
)
def test_one_that_is_not_certain_is_left_to_staff(changes: dict[str, Any]) -> None:
    """A single record whose name is half read, or which is another in sex or reading, is shown."""
    found = candidates(HERE, [replace(RECORD, **changes)])
    assert (len(found.all), found.the_one) == (1, None)


def test_a_name_written_otherwise_is_certain_beside_the_reference_number() -> None:
    """Spelling alone leaves it to staff; the clinic's own number beside it makes it sure."""
    for name in ("見夲　太郎", "●本　太郎"):
        person = replace(HERE, name=name)
        assert candidates(person, [RECORD]).the_one is None
        assert candidates(person, [RECORD], reference_number="00417").the_one == RECORD


def test_a_card_that_was_not_read_names_nobody() -> None:
    """Without birth date and name only the reference number points to a record, uncertainly."""
    assert candidates(HolderAttributes(), [RECORD]).all == ()
    found = candidates(HolderAttributes(), [RECORD], reference_number="00417")
    assert (len(found.all), found.the_one) == (1, None)


@given(records=st.lists(RECORDS, max_size=4), person=PEOPLE, data=st.data())
def test_candidates_do_not_depend_on_the_order(
    records: list[ClinicRecord], person: InsuredPerson, data: st.DataObject
) -> None:
    """Every order of the register gives the same set, and the one only ever alone and certain."""
    found = candidates(person, records)
    again = candidates(person, data.draw(st.permutations(records)))
    assert set(found.all) == set(again.all)
    assert found.the_one == again.the_one
    if found.the_one is not None:
        assert found.the_one.birthdate == person.birthdate
