"""What is before a desk for each of a synthetic population, and what of it is known to be wrong.

Who plants knows the truth: what was made wrong, on which side, and which sides were read.  Nothing
of the desk's own rules is used here; a difference is one because it was put there.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import QualificationValidity, Sex
from eligibility.model import (
    NOT_READ,
    AnswerOutcome,
    CardSubject,
    Coverage,
    HolderAttributes,
    PayerAnswer,
)
from eligibility.simulator.flaws import Flaw, flaws_of
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.people import Person, Situation

TODAY = date(2026, 11, 24)
ANSWERED = datetime(2026, 11, 24, 1, tzinfo=UTC)
LAST_TIME = datetime(2026, 11, 2, 1, tzinfo=UTC)
PERSONAL = ("name", "birthdate", "sex", "address")
INSURANCE = (
    "insurer_number",
    "insured_card_symbol",
    "insured_identification_number",
    "insured_branch_number",
)
COMPARED = {
    ("payer", "card"): frozenset(PERSONAL),
    ("card", "record"): frozenset(PERSONAL),
    ("payer", "record"): frozenset({*PERSONAL, *INSURANCE, "name_kana", "reference_number"}),
    ("payer", "recorded"): frozenset(
        {"name", "birthdate", "sex", "name_kana", "insurer_number", "ratio"}
    ),
}
"""What two sides can both say; the payer's earlier answer speaks for its own certificate only."""
BINARY = (Sex.MALE, Sex.FEMALE)
PLAIN = (Situation.VALID, Situation.NEW_JOB, Situation.SHORT_TERM, Situation.ASSISTANCE_ONLY)


class Kind(StrEnum):
    """What was planted."""

    WRONG_PERSON = "wrong-person"
    TWIN = "twin-for-twin"
    NAMESAKE = "namesake"
    RECORD_OF_ANOTHER = "record-of-another"
    REFERENCE_OF_ANOTHER = "reference-number-of-another"
    BIRTHDATE = "birth-date-wrong"
    SEX = "sex-wrong"
    GIVEN_NAME = "given-name-wrong"
    FAMILY_NAME = "family-name-changed"
    REPLACED_CHARACTER = "replaced-character"
    VARIANT = "variant-form"
    SMALL_KANA = "small-kana"
    READING = "reading-wrong"
    KANA_WIDTH = "kana-width-and-script"
    ADDRESS = "address-old"
    RATIO = "ratio-wrong"
    RATIOS = "ratio-against-certificate"
    INSURER = "insurer-changed"
    NUMBER = "number-changed"
    LOST_THOUGH_VALID = "lost-though-called-valid"
    LOST = "qualification-lost"
    NEWER = "newer-qualification"
    UNKNOWN = "no-qualification"
    SEVERAL = "several-qualifications"
    TWO_KINDS = "insurance-and-assistance"
    FULL = "pays-in-full"
    CERTIFICATE_ENDS = "certificate-ends-soon"


WRONG_PERSONS = (Kind.WRONG_PERSON, Kind.TWIN, Kind.NAMESAKE, Kind.RECORD_OF_ANOTHER)
_BY_SITUATION = {
    Situation.LEFT_JOB: Kind.LOST,
    Situation.PERIOD_OVER: Kind.LOST,
    Situation.DIED: Kind.LOST,
    Situation.ON_ASSISTANCE_NOW: Kind.LOST,
    Situation.LOST_OTHERWISE: Kind.LOST,
    Situation.NEWER_EXISTS: Kind.NEWER,
    Situation.NOT_FOUND: Kind.UNKNOWN,
    Situation.SEVERAL: Kind.SEVERAL,
    Situation.ASSISTANCE_TOO: Kind.TWO_KINDS,
    Situation.PAYS_IN_FULL: Kind.FULL,
}
_BY_FLAW = {
    Flaw.REPLACED_CHARACTER: Kind.REPLACED_CHARACTER,
    Flaw.CHARACTER_OUTSIDE_JIS: Kind.REPLACED_CHARACTER,
    Flaw.LARGE_KANA: Kind.SMALL_KANA,
    Flaw.OLD_ADDRESS: Kind.ADDRESS,
    Flaw.RATIO_WRONG: Kind.RATIO,
    Flaw.RATIOS_DISAGREE: Kind.RATIOS,
    Flaw.OTHER_PERSON: Kind.WRONG_PERSON,
    Flaw.NAMESAKE: Kind.NAMESAKE,
}


@dataclass(frozen=True, slots=True)
class Planted:
    """One error: what, on which side, in which fields.

    ``detectable``: the difference stands in a field that was read on both sides, or in one that the
    answer alone makes plain; ``reason`` says why not.
    """

    kind: Kind
    side: str
    fields: frozenset[str]
    detectable: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What one desk has before it: the patient's card, the answers, the record, and the truth."""

    person: Person
    card: HolderAttributes
    answer: PayerAnswer
    record: ClinicRecord | None
    recorded: PayerAnswer | None
    not_after: datetime
    planted: tuple[Planted, ...] = ()


def judged(desk: Desk, planted: Planted) -> Planted:
    """Say whether the difference stands in a field that was read on two sides."""
    if planted.side == "answer" or not planted.detectable:
        return planted
    for pair, fields in COMPARED.items():
        if planted.side not in pair:
            continue
        (other,) = set(pair) - {planted.side}
        seen = planted.fields & fields
        if any(_has(desk, planted.side, name) and _has(desk, other, name) for name in seen):
            return planted
    reason = "no field that differs was read on two sides"
    if not planted.fields:
        reason = "birth date, sex and name are the same"
    return replace(planted, detectable=False, reason=reason)


def _has(desk: Desk, side: str, name: str) -> bool:
    """Whether a side holds a field."""
    if side == "card":
        return name in PERSONAL and getattr(desk.card, name) is not NOT_READ
    if side == "record":
        if desk.record is None:
            return False
        return name == "reference_number" or getattr(desk.record, name, None) is not None
    answer = desk.answer if side == "payer" else desk.recorded
    if answer is None or not answer.results:
        return False
    if name == "reference_number":
        return answer.reference_number is not None
    if name == "ratio":
        return True
    coverage = answer.results[0]
    return getattr(coverage if name in INSURANCE else coverage.person, name) is not None


def clean_desk(person: Person, place: int, chance: random.Random) -> Desk:
    """Return what is before the desk where nobody planted anything that is not the payer's own."""
    true = replace(person, linked=None, registered_address=None, registered_percent=None)
    holding, own = holding_of(person, TODAY), holding_of(true, TODAY)
    number = f"{place + 1:06d}"
    card = HolderAttributes()
    if chance.random() < 0.6:
        values = {
            "name": person.name,
            "address": person.address,
            "birthdate": person.birthdate,
            "sex": person.sex,
        }
        read = {name: value for name, value in values.items() if chance.random() < 0.95}
        card = HolderAttributes(**read)  # type: ignore[arg-type]  # fields by name
    subject = CardSubject("CN=Planted", f"{place + 1:x}")
    answer = PayerAnswer(
        id=f"a-{number}",
        question_id=f"q-{number}",
        adapter="planted",
        received_at=ANSWERED,
        original=b"",
        outcome=AnswerOutcome.COMPLETE,
        subject=subject,
        qualification_validity=holding.validity,
        results=holding.results,
        reference_number=number if chance.random() < 0.3 else None,
    )
    recorded = None
    if chance.random() < 0.5 and own.results:
        recorded = replace(
            answer,
            id=f"b-{number}",
            received_at=LAST_TIME,
            qualification_validity=QualificationValidity.VALID,
            results=own.results[:1],
        )
    record = record_of(true, number, own.results, chance) if chance.random() < 0.7 else None
    ends = datetime(2028, 1, 31, 14, 59, 59, tzinfo=UTC)
    return Desk(person, card, answer, record, recorded, ends)


def record_of(
    person: Person, number: str, results: tuple[Coverage, ...], chance: random.Random
) -> ClinicRecord:
    """Return the clinic's record of somebody, without a field here and there."""
    values: dict[str, Any] = {
        "name_kana": person.name_kana,
        "sex": person.sex if person.sex in BINARY else None,
        "address": person.address,
    }
    if results:
        values |= {name: getattr(results[0], name) for name in INSURANCE}
    held = {name: value for name, value in values.items() if chance.random() < 0.9}
    return ClinicRecord(number, person.name, person.birthdate, **held)


def of_population(person: Person, desk: Desk) -> list[Planted]:
    """Return what the population's own register has wrong about somebody."""
    found = []
    if person.situation in _BY_SITUATION and person.linked is None:
        found.append(Planted(_BY_SITUATION[person.situation], "answer", frozenset()))
    for flaw in flaws_of(person, TODAY) if desk.answer.results else ():
        kind = _BY_FLAW[flaw]
        if kind in (Kind.WRONG_PERSON, Kind.NAMESAKE):
            other = person.linked or person
            found.append(Planted(kind, "payer", differing(person, other)))
        elif kind is Kind.SMALL_KANA:
            found.append(Planted(kind, "payer", frozenset({"name_kana"}), **_only_by_record(desk)))
        elif kind is Kind.ADDRESS:
            found.append(Planted(kind, "payer", frozenset({"address"})))
        else:
            found.append(Planted(kind, "answer", frozenset()))
    return found


def _only_by_record(desk: Desk) -> dict[str, Any]:
    """Small kana: the earlier answer has the same, and the card no kana."""
    if desk.record is not None and desk.record.name_kana is not None:
        return {}
    return {"detectable": False, "reason": "no field that differs was read on two sides"}


def differing(person: Person, other: Person) -> frozenset[str]:
    """Return in which fields that make a person two people differ."""
    found = set()
    if person.name != other.name:
        found.add("name")
    if person.birthdate != other.birthdate:
        found.add("birthdate")
    if person.sex in BINARY and other.sex in BINARY and person.sex is not other.sex:
        found.add("sex")
    return frozenset(found)
