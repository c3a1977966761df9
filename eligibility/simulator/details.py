"""What the register holds of a person beside name and insurance: made from the seed alone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from eligibility.codes import (
    LimitCategory,
    PersonalFamilyClassification,
    PrescriptionIssue,
    Sex,
    SpecificDisease,
)
from eligibility.simulator.people import Person

_IN_USE = (("見本", "ミホン"), ("青木", "アオキ"), ("林", "ハヤシ"), ("金子", "カネコ"))
_ADULT_LIMITS = frozenset(
    {LimitCategory.A01, LimitCategory.A02, LimitCategory.A03, LimitCategory.A04}
)


def with_details(people: Sequence[Person], seed: int) -> Iterator[Person]:
    """Yield ``people`` with their details."""
    heads = _heads(people)
    for person in people:
        chance = random.Random(f"{seed}/details/{person.id}")  # noqa: S311  # synthetic people
        family = person.family is PersonalFamilyClassification.FAMILY
        family_name, _, given = person.registered_name.partition("　")
        head = heads.get((person.insurer.number, person.number))
        in_use = chance.choice(_IN_USE) if chance.random() < 0.01 else None
        number = f"{chance.randrange(1_000_000):06d}"
        disease = person.specific_disease
        if chance.random() < 0.15 and person.limit_category in _ADULT_LIMITS:
            disease = chance.choice(tuple(SpecificDisease))
        yield replace(
            person,
            insured_name=(head or f"{family_name}　茂") if family else person.registered_name,
            name_in_use=None
            if in_use is None or person.persona
            else (f"{in_use[0]}　{given}", f"{in_use[1]}　{person.name_kana.split('　')[-1]}"),
            sex2=person.sex if person.sex is not Sex.NOT_SET and chance.random() < 0.005 else None,
            reference_number=number if chance.random() < 0.6 else None,
            prescription=chance.choice((*PrescriptionIssue, None)),
            specific_disease=disease,
        )


def _heads(people: Iterable[Person]) -> dict[tuple[str, str], str]:
    """Return the insured person's name of each insurer's number."""
    return {
        (person.insurer.number, person.number): person.registered_name
        for person in people
        if person.family is PersonalFamilyClassification.INSURED and person.branch is not None
    }
