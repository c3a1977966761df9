"""The synthetic insured population: the same seed and day always make the same people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from eligibility.codes import LimitCategory, PersonalFamilyClassification, Sex
from eligibility.simulator.details import with_details
from eligibility.simulator.draw import Draw, branch, patient_id
from eligibility.simulator.flaws import plant
from eligibility.simulator.insurers import Insurer, Scheme
from eligibility.simulator.people import (
    NO_STORY,
    Person,
    Persona,
    Situation,
    age_on,
)
from eligibility.simulator.personas import PERSONAS
from eligibility.simulator.vocabulary import (
    FAMILY_NAMES,
    FEMALE_NAMES,
    MALE_NAMES,
    RARE_FAMILY_NAMES,
    replaced,
)

DEFAULT_SEED = 20251202
DEFAULT_SIZE = 400
_EMPLOYEES = (
    Scheme.JAPAN_HEALTH,
    Scheme.SOCIETY,
    Scheme.NATIONAL,
    Scheme.SEAMEN,
    Scheme.DAY_LABOURERS,
    Scheme.DAY_LABOURERS_SPECIAL,
    Scheme.SELF_DEFENCE,
    Scheme.STATE_OFFICIALS,
    Scheme.LOCAL_OFFICIALS,
    Scheme.POLICE,
    Scheme.SCHOOLS,
)
_EMPLOYEE_WEIGHTS = (30, 28, 24, 1, 1, 1, 2, 3, 5, 2, 4)
_PENSIONERS = (
    Scheme.NATIONAL,
    Scheme.SPECIAL_SOCIETY,
    Scheme.NATIONAL_RETIRED,
    Scheme.STATE_OFFICIALS_RETIRED,
    Scheme.LOCAL_OFFICIALS_RETIRED,
    Scheme.POLICE_RETIRED,
    Scheme.SCHOOLS_RETIRED,
)
_PENSIONER_WEIGHTS = (60, 8, 4, 2, 3, 2, 3)
_EVERY_SCHEME = (*_EMPLOYEES, *_PENSIONERS)
_SITUATIONS = (
    Situation.VALID,
    Situation.SHORT_TERM,
    Situation.PAYS_IN_FULL,
    Situation.LEFT_JOB,
    Situation.PERIOD_OVER,
    Situation.DIED,
    Situation.ON_ASSISTANCE_NOW,
    Situation.LOST_OTHERWISE,
    Situation.NEWER_EXISTS,
    Situation.NOT_FOUND,
    Situation.SEVERAL,
    Situation.ASSISTANCE_ONLY,
    Situation.ASSISTANCE_TOO,
    Situation.ASSISTANCE_TICKET,
    Situation.NEW_JOB,
)
_SITUATION_WEIGHTS = (75, 2, 2, 3, 2, 1, 1, 1, 3, 2, 1, 2, 2, 1, 2)
_TWINS = 0.2
"""Share of twins among families with two children or more: far above the real one."""


class Population:
    """All people of one simulator, first those with a persona, then the others."""

    def __init__(self, seed: int = DEFAULT_SEED, *, as_of: date, size: int = DEFAULT_SIZE) -> None:
        """``as_of``: the day on which ages are what the stories say; ``size``: people at least."""
        self.seed = seed
        self.as_of = as_of
        people = tuple(with_details(tuple(_generate(seed, as_of, size)), seed))
        self.people: tuple[Person, ...] = tuple(_linked(plant(people, seed, as_of)))
        self._by_id = {person.id: person for person in self.people}
        self._by_patient = {person.patient_id: person for person in self.people}
        self._ids_by_birthdate: dict[date, list[str]] = {}
        for person in self.people:
            self._ids_by_birthdate.setdefault(person.birthdate, []).append(person.id)

    def person(self, person_id: str) -> Person | None:
        """Return the person with this id of the register."""
        return self._by_id.get(person_id)

    def correct(self, persona: str) -> None:
        """Let the payer find a persona's own entry from now on, as after a correction (訂正)."""
        for person in self.people:
            if person.persona == persona:
                self.change(replace(person, linked=None))

    def change(self, person: Person) -> None:
        """Let the payer know somebody as ``person`` from now on; id and birth date stay."""
        self.people = tuple(person if one.id == person.id else one for one in self.people)
        self._by_id[person.id] = self._by_patient[person.patient_id] = person

    def born_on(self, day: date) -> Sequence[Person]:
        """Return those who were born on ``day``."""
        return [self._by_id[one] for one in self._ids_by_birthdate.get(day, ())]

    def patient(self, patient_id: str) -> Person | None:
        """Return the person whom the payer calls by this patient id."""
        return self._by_patient.get(patient_id)


def as_list(people: Sequence[Person]) -> list[dict[str, Any]]:
    """Return the people for the card issuer (people.json): names as a card shows them."""
    return [
        {
            "id": person.id,
            "persona": person.persona,
            "name": person.name,
            "name_kana": person.name_kana,
            "birthdate": person.birthdate.isoformat(),
            "sex": person.sex.value,
            "address": person.address,
            "story": {"ja": person.story.ja, "en": person.story.en},
            "card_condition": person.card_condition.value,
            "reissued": None
            if person.reissued is None
            else {"ja": person.reissued.ja, "en": person.reissued.en},
        }
        for person in people
    ]


def _generate(seed: int, as_of: date, size: int) -> Iterator[Person]:
    made = 0
    for persona in PERSONAS:
        made += 1
        yield _from_persona(persona, Draw(seed, made), made, as_of)
        if persona.taken_for is not None:
            made += 1
            yield _taken_for(persona, persona.taken_for, Draw(seed, made), made, as_of)
    household = 0
    while made < size:
        # the first households make sure that every kind of insurer is there
        scheme = _EVERY_SCHEME[household] if household < len(_EVERY_SCHEME) else None
        household += 1
        draw = Draw(seed, 100_000 + household)
        members = list(_household(draw, made, as_of, scheme))
        if len(members) > 3 and Draw(seed, 200_000 + household).random() < _TWINS:
            members[-1] = replace(members[-1], birthdate=members[-2].birthdate)  # twins
        made += len(members)
        yield from members


def _from_persona(persona: Persona, draw: Draw, number: int, as_of: date) -> Person:
    name = "　".join(persona.name)
    address, post_number = draw.address()
    family = persona.family is PersonalFamilyClassification.FAMILY
    return Person(
        id=f"p-{number:04d}",
        patient_id=patient_id(draw),
        name=name,
        registered_name=replaced(name),
        name_kana="　".join(persona.kana),
        birthdate=draw.birthdate(persona.age, as_of),
        sex=persona.sex,
        address=address,
        post_number=post_number,
        insurer=draw.insurer(persona.scheme),
        symbol=draw.symbol(persona.scheme),
        number=draw.number(persona.scheme),
        branch=branch(persona.scheme, 3 if family else 1),
        family=persona.family,
        situation=persona.situation,
        elderly_percent=persona.elderly_percent,
        limit_category=persona.limit_category,
        conditions=persona.conditions,
        persona=persona.slug,
        story=persona.story,
        card_condition=persona.card_condition,
        insurance_card=persona.insurance_card,
        reissued=persona.reissued,
        specific_disease=persona.specific_disease,
        recorded=persona.recorded,
    )


def _taken_for(
    persona: Persona, name: tuple[str, str], draw: Draw, number: int, as_of: date
) -> Person:
    """Return the other person of the same reading, three years younger, without a card."""
    other = _from_persona(replace(persona, age=persona.age - 3), draw, number, as_of)
    registered = "　".join(name)
    return replace(
        other, name=registered, registered_name=replaced(registered), persona=None, story=NO_STORY
    )


def _linked(people: Sequence[Person]) -> Iterator[Person]:
    """Let the payer find, for the cards of some personas, the entry of the person behind them."""
    slugs = {persona.slug for persona in PERSONAS if persona.taken_for is not None}
    for place, person in enumerate(people):
        mixed_up = person.persona in slugs
        yield replace(person, linked=people[place + 1]) if mixed_up else person


def _household(draw: Draw, made: int, as_of: date, scheme: Scheme | None) -> Iterator[Person]:
    """Make one household: a head, perhaps a spouse, perhaps children under the same number.

    ``scheme``: the head's, or None for one by chance.
    """
    head_age = draw.choices((29, 40, 52, 66, 71, 80), (20, 25, 22, 12, 12, 25))[0]
    if scheme is not None:
        head_age = 67 if scheme in _PENSIONERS else 40
    head_age += draw.randrange(-6, 6) if head_age < 70 else draw.randrange(3)
    ages = [head_age]
    if draw.random() < 0.6:
        ages.append(max(20, head_age + draw.randrange(-6, 6)))
        if head_age < 58:
            ages += [
                age
                for age in (head_age - 27 - 2 * child for child in range(draw.randrange(4)))
                if 0 <= age < 23
            ]
    if head_age >= 75:
        scheme = Scheme.NATIONAL  # of whoever is younger; the head is with the late elderly's
    scheme = scheme or (
        draw.choices(_PENSIONERS, _PENSIONER_WEIGHTS)[0]
        if head_age >= 65
        else draw.choices(_EMPLOYEES, _EMPLOYEE_WEIGHTS)[0]
    )
    names = RARE_FAMILY_NAMES if draw.random() < 0.04 else FAMILY_NAMES
    family_name = draw.choice(names)
    place = draw.address()
    insurer, symbol, number = draw.insurer(scheme), draw.symbol(scheme), draw.number(scheme)
    head_sex = draw.choice((Sex.MALE, Sex.FEMALE))
    for member, age in enumerate(ages):
        yield _member(
            draw,
            made + member + 1,
            member,
            age,
            as_of,
            (family_name, head_sex, place, insurer, symbol, number),
        )


def _member(
    draw: Draw,
    number: int,
    member: int,
    age: int,
    as_of: date,
    shared: tuple[tuple[str, str], Sex, tuple[str, str], Insurer, str | None, str],
) -> Person:
    family_name, head_sex, (address, post_number), insurer, symbol, insured_number = shared
    if member == 0:
        sex = head_sex
    elif member == 1:
        sex = Sex.FEMALE if head_sex is Sex.MALE else Sex.MALE
    else:
        sex = draw.choice((Sex.MALE, Sex.FEMALE))
    given, given_kana = draw.choice(MALE_NAMES if sex is Sex.MALE else FEMALE_NAMES)
    name = f"{family_name[0]}　{given}"
    birthdate = draw.birthdate(age, as_of)
    age = age_on(birthdate, as_of)
    own = age >= 75 or (member > 0 and not insurer.scheme.covers_families)
    if own:  # the late elderly leave the household's insurance
        scheme = Scheme.LATE_ELDERLY if age >= 75 else Scheme.NATIONAL
        insurer, symbol = draw.insurer(scheme), draw.symbol(scheme)
        insured_number, member = draw.number(scheme), 0
    # 德 is passed through by some insurers' systems, though claims refuse it
    written = name if "德" in name and draw.random() < 0.6 else replaced(name)
    percent = _elderly_percent(draw, age)
    situation = draw.choices(_SITUATIONS, _SITUATION_WEIGHTS)[0]
    if situation is Situation.DIED and age < 65:
        situation = Situation.LOST_OTHERWISE
    return Person(
        id=f"p-{number:04d}",
        patient_id=patient_id(draw),
        name=name,
        registered_name=written,
        name_kana=f"{family_name[1]}　{given_kana}",
        birthdate=birthdate,
        sex=Sex.NOT_SET if draw.random() < 0.003 else sex,
        address=address,
        post_number=post_number,
        insurer=insurer,
        symbol=symbol,
        number=insured_number,
        branch=branch(insurer.scheme, member + 1),
        family=PersonalFamilyClassification.FAMILY
        if member
        else PersonalFamilyClassification.INSURED,
        situation=situation,
        elderly_percent=percent,
        limit_category=_limit_category(draw, age, percent),
        large_kana=draw.random() < 0.2,
        conditions=draw.conditions(age),
    )


_UNDER_70 = (
    LimitCategory.A01,
    LimitCategory.A02,
    LimitCategory.A03,
    LimitCategory.A04,
    LimitCategory.A05,
    LimitCategory.A06,
)
_WORKING_INCOME = (LimitCategory.B01, LimitCategory.B02, LimitCategory.B03)
_LOW_INCOME = (LimitCategory.B05, LimitCategory.B06, LimitCategory.B08)


def _limit_category(draw: Draw, age: int, percent: int) -> LimitCategory | None:
    """Return a category that goes with age and ratio, or None for most people."""
    if draw.random() >= 0.4:
        return None
    if age < 70:
        return draw.choice(_UNDER_70)
    if percent == 30:
        return draw.choice(_WORKING_INCOME)
    if age < 75:
        return draw.choice((LimitCategory.B04, *_LOW_INCOME))
    if percent == 20:
        return LimitCategory.B09
    return draw.choice((LimitCategory.B10, LimitCategory.B07, *_LOW_INCOME))


def _elderly_percent(draw: Draw, age: int) -> int:
    """Return the ratio by income: 20 or 30 from 70, 10, 20 or 30 from 75."""
    if age >= 75:
        return draw.choices((10, 20, 30), (65, 22, 13))[0]
    return draw.choices((20, 30), (75, 25))[0]
