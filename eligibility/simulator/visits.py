"""When a synthetic person went to which clinic and pharmacy, and what for.  Pure.

Days of visits depend on the person and the calendar, not on the day of looking, so that the
history of yesterday is still there tomorrow.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from eligibility.history import Institution
from eligibility.numbers import luhn_check_digit
from eligibility.simulator.drugs import (
    BLOOD_ACTS,
    EXTRA_ACTS,
    HAY_FEVER_SEASON,
    LASTING,
    PASSING,
    PASSING_CHILD,
    REGULAR_ACTS,
    Drug,
)
from eligibility.simulator.people import Condition, Person, Recorded, age_on

YEARS_BACK = 5
_EARLIEST_ILLNESS = date(2019, 1, 1)
_INTERVALS = (28, 28, 35, 56)


def _institution(name: str, kind: int, number: int) -> Institution:
    digits = f"13{kind}{number:06d}"
    return Institution(name, f"{digits}{luhn_check_digit(digits)}")


CLINICS = tuple(
    _institution(name, 1, 100 + number)
    for number, name in enumerate(
        ("みほん内科クリニック", "青葉みほん医院", "みほん総合病院", "桜町みほん診療所")
    )
)
PHARMACIES = tuple(
    _institution(name, 4, 200 + number)
    for number, name in enumerate(("みほん薬局　本町店", "青葉みほん薬局", "桜町みほん調剤薬局"))
)


@dataclass(frozen=True, slots=True)
class ClinicVisit:
    """One visit: its medicines were prescribed and handed over on the same day."""

    day: date
    clinic: Institution
    pharmacy: Institution
    drugs: tuple[Drug, ...]
    acts: tuple[str, ...]
    interval: int
    reasons: tuple[Condition, ...] = ()


def visits_of(person: Person, today: date) -> list[ClinicVisit]:
    """Return the visits of the last five years, newest first."""
    if not person.insurer.scheme.shows_history or person.recorded is Recorded.NOTHING:
        return []
    first = max(today - timedelta(days=365 * YEARS_BACK), person.birthdate + timedelta(days=30))
    visits = [*_regular(person, first, today), *_passing(person, first, today)]
    return sorted(visits, key=lambda visit: visit.day, reverse=True)


def chance_of(person: Person, *about: object) -> random.Random:
    """Return chance that depends on the person and a matter, and on nothing else."""
    return random.Random("/".join(map(str, (person.patient_id, *about))))  # noqa: S311  # synthetic


def _working_day(day: date) -> date:
    return day - timedelta(days=1) if day.isoweekday() == 7 else day


def _regular(person: Person, first: date, today: date) -> Iterator[ClinicVisit]:
    """Yield the visits for lasting illnesses, at the person's own interval."""
    lasting = [condition for condition in person.conditions if LASTING[condition]]
    if not lasting:
        return
    chance = chance_of(person, "regular")
    interval = 7 if person.recorded is Recorded.MUCH else chance.choice(_INTERVALS)
    clinic, pharmacy = chance.choice(CLINICS), chance.choice(PHARMACIES)
    begun = {  # not all on the same day, so that a list shows when a medicine was added
        condition: _EARLIEST_ILLNESS + timedelta(days=chance.randrange(2300))
        for condition in lasting
    }
    phase = chance.randrange(interval)
    day = date.fromordinal(first.toordinal() + (phase - first.toordinal()) % interval)
    while day <= today:
        present = [condition for condition in lasting if begun[condition] <= day]
        if present:
            number = day.toordinal() // interval
            acts = list(REGULAR_ACTS)
            if number % 4 == 0:
                acts += BLOOD_ACTS
                acts += [EXTRA_ACTS[item] for item in present if item in EXTRA_ACTS]
            yield ClinicVisit(
                _working_day(day),
                clinic,
                pharmacy,
                tuple(drug for condition in present for drug in LASTING[condition]),
                tuple(acts),
                interval,
                tuple(present),
            )
        day += timedelta(days=interval)


def _passing(person: Person, first: date, today: date) -> Iterator[ClinicVisit]:
    """Yield visits for colds and the like, and for hay fever in its season."""
    month = first.replace(day=1)
    while month <= today:
        chance = chance_of(person, "passing", month)
        day = _working_day(month + timedelta(days=chance.randrange(1, 28)))
        age = age_on(person.birthdate, month)
        likely = 0.3 if age < 7 else 0.09
        visit = None
        if chance.random() < likely:
            illness = chance.choice(PASSING_CHILD if age < 7 else PASSING)
            visit = illness.drugs, illness.acts
        elif Condition.HAY_FEVER in person.conditions and month.month in (2, 3, 4):
            visit = HAY_FEVER_SEASON, ("再診料", "外来管理加算")
        if visit is not None and first <= day <= today:
            yield ClinicVisit(
                day, chance.choice(CLINICS), chance.choice(PHARMACIES), visit[0], visit[1], 7
            )
        month = (month + timedelta(days=32)).replace(day=1)
