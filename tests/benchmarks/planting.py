"""Errors planted in what card, payer and clinic's register say of a synthetic population.

Who plants knows the truth: what was made wrong, on which side, and which sides were read.  Nothing
of the desk's own rules is used here; a difference is one because it was put there.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from eligibility.codes import Sex
from eligibility.model import NOT_READ, CopayRatio
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.people import Person, age_on
from eligibility.simulator.population import Population
from eligibility.simulator.vocabulary import (
    FAMILY_NAMES,
    FEMALE_NAMES,
    MALE_NAMES,
    half_width_kana,
)
from tests.benchmarks.planted import (
    ANSWERED,
    BINARY,
    PLAIN,
    TODAY,
    Desk,
    Kind,
    Planted,
    clean_desk,
    differing,
    judged,
    of_population,
    record_of,
)

_FORMS = str.maketrans("高崎吉辺斎島沢浜桜竜", "髙﨑𠮷邉齋嶋澤濵櫻龍")


def planted_desks(population: Population, seed: int) -> Iterator[Desk]:
    """Return a desk for everybody: as the population has them, and with more errors planted."""
    chance = random.Random(f"{seed}/planting")  # noqa: S311  # synthetic people
    people = population.people
    twins = _twins(people)
    kinds = tuple(_PLANTERS)
    for place, person in enumerate(people):
        desk = clean_desk(person, place, chance)
        found = of_population(person, desk)
        if not found and person.situation in PLAIN and chance.random() < 0.55:
            other = people[(place + chance.randrange(1, len(people))) % len(people)]
            planter = _PLANTERS[chance.choice(kinds)]
            if person.name.translate(_FORMS) != person.name and chance.random() < 0.3:
                planter = _PLANTERS[chance.choice(("variant", "variant-on-card"))]
            desk = planter(desk, twins.get(person.id, other), chance) or desk
        else:
            desk = replace(desk, planted=tuple(found))
        yield replace(desk, planted=tuple(judged(desk, one) for one in desk.planted))


def _twins(people: Iterable[Person]) -> dict[str, Person]:
    """Return for each of two people of one address and birth date the other one."""
    at_home: defaultdict[tuple[str, date], list[Person]] = defaultdict(list)
    for person in people:
        if person.situation in PLAIN and person.linked is None:
            at_home[person.address, person.birthdate].append(person)
    pairs = [born for born in at_home.values() if len(born) == 2 and born[0].name != born[1].name]
    return {one.id: other for born in pairs for one, other in (born, born[::-1])}


# -- planters: each returns the desk with one error, or None where it cannot be planted

Planter = Callable[[Desk, Person, random.Random], Desk | None]


def _with(desk: Desk, kind: Kind, side: str, *fields: str) -> Desk:
    return replace(desk, planted=(Planted(kind, side, frozenset(fields)),))


def _payer(desk: Desk, **changes: Any) -> Desk:
    """Return the desk with a person whom the payer describes otherwise."""
    results = tuple(
        replace(one, person=replace(one.person, **changes)) for one in desk.answer.results
    )
    return replace(desk, answer=replace(desk.answer, results=results))


def _covered(desk: Desk, **changes: Any) -> Desk:
    first, *rest = desk.answer.results
    results = (replace(first, **changes), *rest)
    return replace(desk, answer=replace(desk.answer, results=results))


def _recorded_otherwise(desk: Desk, **changes: Any) -> Desk | None:
    """Return the desk whose clinic holds something else of the patient; None without a record."""
    return None if desk.record is None else replace(desk, record=replace(desk.record, **changes))


def _another(desk: Desk, other: Person, _chance: random.Random) -> Desk | None:
    """The payer finds another person's entry."""
    plain = replace(other, linked=None)
    results = holding_of(plain, TODAY).results
    if not results or other.situation not in PLAIN:
        return None
    twin = other.birthdate == desk.person.birthdate and other.address == desk.person.address
    kind = Kind.TWIN if twin else Kind.WRONG_PERSON
    found = replace(desk, answer=replace(desk.answer, results=results))
    return _with(found, kind, "payer", *differing(desk.person, other))


def _record_of_another(desk: Desk, other: Person, chance: random.Random) -> Desk | None:
    """The visit is linked to the record of somebody else, whose reference number it may bring."""
    if desk.record is None or desk.person.sex not in BINARY:
        return None
    record = record_of(replace(other, linked=None), "999999", (), chance)
    answer = replace(desk.answer, reference_number="999999")
    found = replace(desk, record=record, answer=answer)
    return _with(found, Kind.RECORD_OF_ANOTHER, "record", *differing(desk.person, other))


def _reference(desk: Desk, _other: Person, _chance: random.Random) -> Desk:
    answer = replace(desk.answer, reference_number="999999")
    found = replace(desk, answer=answer)
    return _with(found, Kind.REFERENCE_OF_ANOTHER, "payer", "reference_number")


def _on_a_side(kind: Kind, name: str, wrong: Callable[[Desk, random.Random], Any]) -> Planter:
    """Return a planter that writes something wrong at the payer or in the clinic's record."""

    def plant(desk: Desk, _other: Person, chance: random.Random) -> Desk | None:
        value = wrong(desk, chance)
        if value is None or desk.person.name_in_use is not None:
            return None
        if chance.random() < 0.5:
            return _with(_payer(desk, **{name: value}), kind, "payer", name)
        found = _recorded_otherwise(desk, **{name: value})
        return None if found is None else _with(found, kind, "record", name)

    return plant


def _birthdate(desk: Desk, chance: random.Random) -> date:
    born = desk.person.birthdate
    return born + timedelta(days=chance.choice((-1, 1, 30, -365, 366, 3653)))


def _sex(desk: Desk, _chance: random.Random) -> Sex | None:
    if desk.person.sex not in BINARY:
        return None
    return Sex.FEMALE if desk.person.sex is Sex.MALE else Sex.MALE


def _given_name(desk: Desk, chance: random.Random) -> str:
    family, _, given = desk.person.name.partition("　")
    names = MALE_NAMES if desk.person.sex is Sex.MALE else FEMALE_NAMES
    return f"{family}　{chance.choice([name for name, _ in names if name != given])}"


def _variant(desk: Desk, _chance: random.Random) -> str | None:
    written = desk.person.name.translate(_FORMS)
    return None if written == desk.person.name else written


def _family_name(desk: Desk, _other: Person, chance: random.Random) -> Desk | None:
    """Married since: the clinic has the former name."""
    _, _, given = desk.person.name.partition("　")
    _, _, given_kana = desk.person.name_kana.partition("　")
    former, kana = chance.choice(
        [one for one in FAMILY_NAMES if not desk.person.name.startswith(one[0])]
    )
    changes = {"name": f"{former}　{given}", "name_kana": f"{kana}　{given_kana}"}
    found = _recorded_otherwise(desk, **changes)
    return None if found is None else _with(found, Kind.FAMILY_NAME, "record", *changes)


def _form_on_card(desk: Desk, _other: Person, _chance: random.Random) -> Desk | None:
    written = desk.person.name.translate(_FORMS)
    if written == desk.person.name or desk.card.name is NOT_READ or desk.person.name_in_use:
        return None
    found = replace(desk, card=replace(desk.card, name=written))
    return _with(found, Kind.VARIANT, "card", "name")


def _reading(desk: Desk, _other: Person, chance: random.Random) -> Desk | None:
    family, _, _ = desk.person.name_kana.partition("　")
    kana = chance.choice([kana for _, kana in FAMILY_NAMES if kana != family])
    found = _recorded_otherwise(desk, name_kana=desk.person.name_kana.replace(family, kana, 1))
    return None if found is None else _with(found, Kind.READING, "record", "name_kana")


def _kana_width(desk: Desk, _other: Person, chance: random.Random) -> Desk | None:
    """Half width, or hiragana: a difference that is none."""
    kana = desk.person.name_kana
    hiragana = "".join(chr(ord(one) - 0x60) if "ァ" <= one <= "ヶ" else one for one in kana)
    written = chance.choice((half_width_kana(kana), hiragana))
    found = _recorded_otherwise(desk, name_kana=written, name=desk.person.name.replace("　", " "))
    return None if found is None else _with(found, Kind.KANA_WIDTH, "record", "name_kana")


def _ratio(desk: Desk, _other: Person, chance: random.Random) -> Desk | None:
    """Another share: one that the age can have is plain from an earlier answer alone."""
    coverage = desk.answer.results[0]
    ratio = coverage.insured_partial_contribution_ratio
    if not isinstance(ratio, CopayRatio) or ratio.percent not in (10, 20, 30):
        return None
    percent = chance.choice([one for one in (10, 20, 30) if one != ratio.percent])
    found = _covered(desk, insured_partial_contribution_ratio=CopayRatio(percent))
    age = age_on(desk.person.birthdate, TODAY)
    if 70 <= age < 75:
        return _with(found, Kind.RATIOS, "answer")
    if age < 70:
        return _with(found, Kind.RATIO, "answer")
    return _with(found, Kind.RATIO, "payer", "ratio")


def _insurer(desk: Desk, other: Person, _chance: random.Random) -> Desk | None:
    """A new job: the payer has the new insurer, the clinic and the earlier answer the former."""
    if other.insurer.number == desk.answer.results[0].insurer_number:
        return None
    found = _covered(desk, insurer_number=other.insurer.number, insurer_name=other.insurer.name)
    return _with(found, Kind.INSURER, "payer", "insurer_number")


def _number(desk: Desk, _other: Person, chance: random.Random) -> Desk | None:
    name = chance.choice(("insured_identification_number", "insured_branch_number"))
    if desk.record is None or getattr(desk.record, name) is None:
        return None
    if desk.record.insurer_number is None:
        return None
    value = "99" if name == "insured_branch_number" else "9999999"
    found = _recorded_otherwise(desk, **{name: value})
    return None if found is None else _with(found, Kind.NUMBER, "record", name)


def _address(desk: Desk, other: Person, _chance: random.Random) -> Desk | None:
    if other.address == desk.person.address:
        return None
    return _with(_payer(desk, address=other.address), Kind.ADDRESS, "payer", "address")


def _lost(desk: Desk, _other: Person, chance: random.Random) -> Desk:
    """The payer calls valid what ended by its own dates."""
    ended = TODAY - timedelta(days=chance.randrange(90))
    name = "disqualification_date"
    return _with(_covered(desk, **{name: ended}), Kind.LOST_THOUGH_VALID, "answer")


def _certificate(desk: Desk, _other: Person, chance: random.Random) -> Desk:
    ends = ANSWERED + timedelta(days=chance.randrange(1, 88))
    return _with(replace(desk, not_after=ends), Kind.CERTIFICATE_ENDS, "answer")


_PLANTERS: dict[str, Planter] = {
    "another": _another,
    "another-again": _another,
    "record": _record_of_another,
    "reference": _reference,
    "birthdate": _on_a_side(Kind.BIRTHDATE, "birthdate", _birthdate),
    "sex": _on_a_side(Kind.SEX, "sex", _sex),
    "given-name": _on_a_side(Kind.GIVEN_NAME, "name", _given_name),
    "variant": _on_a_side(Kind.VARIANT, "name", _variant),
    "variant-on-card": _form_on_card,
    "family-name": _family_name,
    "reading": _reading,
    "kana-width": _kana_width,
    "ratio": _ratio,
    "insurer": _insurer,
    "number": _number,
    "address": _address,
    "lost": _lost,
    "certificate": _certificate,
}
