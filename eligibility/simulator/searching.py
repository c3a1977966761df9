"""Whom the payer finds by an insured number, or by name, birth date and sex.  Pure.

What is not given narrows nothing; what is given must fit.  Symbols and numbers are compared in
half width, as clinics type them in both.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from eligibility.benefits import RegisteredProvision
from eligibility.codes import (
    InsuredCardClassification,
    ProvisionConsent,
    QualificationValidity,
)
from eligibility.model import Coverage, NumberSubject, PersonSubject
from eligibility.simulator.holdings import (
    Holding,
    entries_of,
    holding_of_entry,
    holding_of_several,
)
from eligibility.simulator.people import Person

_NO_ONE = Holding(QualificationValidity.NOT_FOUND, (), "該当する資格がありません。", False)
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−ー", "-"))


def people_by_number(
    people: Iterable[Person], subject: NumberSubject, today: date
) -> tuple[Person, ...]:
    """Return those who are, or were, insured by this number and born on this day."""
    return tuple(
        person
        for person in people
        if person.birthdate == subject.birthdate
        and any(_is_number_of(one, subject) for one in entries_of(person, today))
    )


def people_by_person(people: Iterable[Person], subject: PersonSubject) -> tuple[Person, ...]:
    """Return those of this name, birth date and sex, and of this address where one is given."""
    name = _plain(subject.name)
    return tuple(
        person
        for person in people
        if person.birthdate == subject.birthdate
        and person.sex is subject.sex
        and name in map(_plain, (person.registered_name, person.name, person.name_kana))
        and (subject.address is None or _lives_at(person, subject.address))
    )


def holding_by_number(
    people: Iterable[Person], subject: NumberSubject, today: date, *, limit_consent: bool
) -> tuple[Holding, Person | None]:
    """Return what the payer answers to an insured number, and the one person it is about."""
    holding, person = _holding(people_by_number(people, subject, today), today)
    if not limit_consent:
        kept = tuple(_without_limit(one) for one in holding.results)
        holding = replace(holding, results=kept)
    return holding, person


def holding_by_person(
    people: Iterable[Person], subject: PersonSubject, today: date
) -> tuple[Holding, Person | None]:
    """Return what the payer answers to a name, and the one person it is about."""
    return _holding(people_by_person(people, subject), today)


def _holding(found: Sequence[Person], today: date) -> tuple[Holding, Person | None]:
    if not found:
        return _NO_ONE, None
    if len(found) > 1:
        return holding_of_several(found, today), None
    holding = holding_of_entry(found[0], today)
    return holding, found[0] if holding.person_found else None


def _is_number_of(coverage: Coverage, subject: NumberSubject) -> bool:
    given = (subject.insured_card_symbol, subject.insured_branch_number)
    held = (coverage.insured_card_symbol, coverage.insured_branch_number)
    if coverage.insured_card_classification is InsuredCardClassification.MEDICAL_ASSISTANCE:
        held = (None, None)
    return (
        coverage.insurer_number == subject.insurer_number
        and _plain(coverage.insured_identification_number or "")
        == _plain(subject.insured_identification_number)
        and all(
            asked is None or _plain(asked) == _plain(ours or "")
            for asked, ours in zip(given, held, strict=True)
        )
    )


def _lives_at(person: Person, address: str) -> bool:
    asked = _plain(address)
    return any(
        _plain(one).startswith(asked)
        for one in (person.address, person.registered_address)
        if one is not None
    )


def _plain(text: str) -> str:
    """Return ``text`` in half width (kana: full width), without spaces, with one kind of hyphen."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_HYPHENS).split())


def _without_limit(coverage: Coverage) -> Coverage:
    if coverage.limit_consent is None:
        return coverage
    return replace(
        coverage,
        limit_certificate=None,
        limit_consent=RegisteredProvision(ProvisionConsent.NOT_GIVEN),
    )
