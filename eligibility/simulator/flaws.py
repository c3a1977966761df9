"""Errors that are planted in the register, and the list of them: the truth that a desk is held to.

They are what clinics in Japan report: ●, characters that no claim takes, large kana, an old
address, a wrong ratio, and the records of two people mixed up.  What is planted here is known here
alone; nothing of the desk's own rules is used.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum

from eligibility.simulator.people import Person, Situation, age_on
from eligibility.simulator.vocabulary import full_width, large_kana, replaced

_PLAIN = frozenset({Situation.VALID, Situation.NEW_JOB})
_SMALLEST = 200
"""People in a register from which on every kind of flaw occurs."""


class Flaw(StrEnum):
    """What is wrong with a person's entry."""

    REPLACED_CHARACTER = "replaced-character"
    CHARACTER_OUTSIDE_JIS = "character-outside-jis"
    LARGE_KANA = "large-kana"
    OLD_ADDRESS = "old-address"
    RATIO_WRONG = "ratio-wrong"
    RATIOS_DISAGREE = "ratios-disagree"
    OTHER_PERSON = "other-person"
    NAMESAKE = "namesake"


def flaws_of(person: Person, today: date) -> tuple[Flaw, ...]:
    """Return what is wrong with the entry that the payer finds for ``person``."""
    other = person.linked
    if other is not None:
        same = (other.name, other.birthdate) == (person.name, person.birthdate)
        return (Flaw.NAMESAKE if same else Flaw.OTHER_PERSON,)
    found = []
    if "●" in person.registered_name:
        found.append(Flaw.REPLACED_CHARACTER)
    elif replaced(person.registered_name) != person.registered_name:
        found.append(Flaw.CHARACTER_OUTSIDE_JIS)
    if person.large_kana and large_kana(person.name_kana) != person.name_kana:
        found.append(Flaw.LARGE_KANA)
    if person.registered_address is not None:
        found.append(Flaw.OLD_ADDRESS)
    if person.registered_percent is not None:
        elderly = 70 <= age_on(person.birthdate, today) < 75
        found.append(Flaw.RATIOS_DISAGREE if elderly else Flaw.RATIO_WRONG)
    return tuple(found)


def plant(people: Sequence[Person], seed: int, as_of: date) -> list[Person]:
    """Return ``people`` with errors in about one entry of thirty, none at people with a persona.

    The shares are far above the real ones, so that a few hundred people have each kind.
    """
    chance = random.Random(f"{seed}/flaws")  # noqa: S311  # synthetic people
    planted = list(people)
    free = [place for place, person in enumerate(people) if _may_be_spoilt(person)]
    chance.shuffle(free)
    spare = iter(free)

    def some(share: float) -> int:
        least = 1 if len(people) >= _SMALLEST else 0
        return max(least, round(share * len(people)))

    for _ in range(some(0.015)):
        _change(planted, spare, lambda one: replace(one, registered_address=_moved(one, chance)))
    for elderly in (False, True):
        band = [
            place
            for place in free
            if (70 <= age_on(people[place].birthdate, as_of) < 75) is elderly
            and 7 <= age_on(people[place].birthdate, as_of) < 75
        ]
        for place in band[-some(0.004) :] if band else []:
            planted[place] = replace(
                planted[place], registered_percent=_wrong_percent(planted[place], as_of, chance)
            )
    for number in range(some(0.003)):
        _double(planted, spare, chance, as_of, mixed_up=number % 2 == 0)
    for _ in range(some(0.004)):
        _mix_up(planted, spare, chance)
    return planted


def _may_be_spoilt(person: Person) -> bool:
    return person.persona is None and person.situation in _PLAIN


def _change(
    planted: list[Person], spare: Iterator[int], change: Callable[[Person], Person]
) -> None:
    place = next(spare, None)
    if place is not None:
        planted[place] = change(planted[place])


def _moved(person: Person, chance: random.Random) -> str:
    """Return the address before a move within the same town."""
    town = person.address.rstrip("０１２３４５６７８９－")
    while True:
        numbers = (chance.randrange(1, 9), chance.randrange(1, 30), chance.randrange(1, 20))
        moved = town + full_width("-".join(map(str, numbers)))
        if moved != person.address:
            return moved


def _wrong_percent(person: Person, as_of: date, chance: random.Random) -> int:
    """Return a ratio that this age cannot have, or that the elderly certificate contradicts."""
    if age_on(person.birthdate, as_of) < 70:
        return chance.choice((10, 20))
    return chance.choice([percent for percent in (10, 20, 30) if percent != person.elderly_percent])


def _double(
    planted: list[Person],
    spare: Iterator[int],
    chance: random.Random,
    as_of: date,
    *,
    mixed_up: bool,
) -> None:
    """Make one person another's namesake with the same birth date; perhaps mix the two up."""
    place = next(spare, None)
    if place is None:
        return
    person = planted[place]
    band = _band(person, as_of)
    models = [
        other
        for other in planted
        if other is not person
        and _may_be_spoilt(other)
        and other.sex is person.sex
        and other.linked is None
        and other.registered_name == other.name
        and other.insurer.number != person.insurer.number
        and _band(other, as_of) == band
    ]
    if not models:
        return
    model = chance.choice(models)
    person = replace(
        person,
        name=model.name,
        registered_name=model.registered_name,
        name_kana=model.name_kana,
        birthdate=model.birthdate,
        name_in_use=None,
        insured_name=model.name if person.insured_name == person.registered_name else None,
    )
    planted[place] = replace(person, linked=model) if mixed_up else person


def _mix_up(planted: list[Person], spare: Iterator[int], chance: random.Random) -> None:
    """Let the payer find somebody else's entry for one person's card."""
    place = next(spare, None)
    if place is None:
        return
    person = planted[place]
    others = [
        other
        for other in planted
        if other.name != person.name
        and other.birthdate != person.birthdate
        and other.linked is None
        and other.situation is Situation.VALID
    ]
    if others:
        planted[place] = replace(person, linked=chance.choice(others))


def _band(person: Person, as_of: date) -> int:
    """Return the age band in which insurance and ratio follow the same rule."""
    age = age_on(person.birthdate, as_of)
    return sum(age >= limit for limit in (8, 70, 75))
