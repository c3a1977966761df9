"""People whom the simulated payer insures, and questions about them without a card."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from dataclasses import replace
from typing import Any

from eligibility.asking import NumberQuestion, PersonQuestion
from eligibility.fhir.answers import read_answer
from eligibility.model import NumberSubject, PayerAnswer, PersonSubject
from eligibility.simulator.people import Person, Situation
from tests.fhir.desk import World
from tests.fhir.samples import INSTITUTION, NOW


def number_of(person: Person) -> NumberSubject:
    """Return what stands on the certificate of a person with a health insurance."""
    return NumberSubject(
        person.insurer.number, person.number, person.birthdate, person.symbol, person.branch
    )


def question(world: World, subject: NumberSubject) -> NumberQuestion:
    """Return a new question by number."""
    return NumberQuestion(f"q-{uuid.uuid4()}", subject, world.today)


def person_question(world: World, subject: PersonSubject) -> PersonQuestion:
    """Return a new question by person."""
    return PersonQuestion(f"q-{uuid.uuid4()}", subject, world.today)


def somebody(world: World, *situations: Situation) -> Person:
    """Return a person in one of these situations whom nobody else's number fits."""
    return next(
        one
        for one in world.running.payer.population.people
        if one.situation in situations and one.linked is None
    )


def twins(world: World) -> tuple[Person, Person]:
    """Return two people of one number and birth date who are insured."""
    people = [
        one
        for one in world.running.payer.population.people
        if one.situation is Situation.VALID and one.branch is not None
    ]
    counted = Counter(replace(number_of(one), insured_branch_number=None) for one in people)
    subject = next(one for one, times in counted.items() if times == 2)
    first, second = (
        one for one in people if replace(number_of(one), insured_branch_number=None) == subject
    )
    return first, second


def read(answer: Any, question: NumberQuestion | PersonQuestion) -> PayerAnswer:
    """Return the answer in this JSON, as received now."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return read_answer(body, question, received_at=NOW, institution_code=INSTITUTION)
