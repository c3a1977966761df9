"""An answer from what the payer holds, spoilt by a fault where one is switched on."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from eligibility.codes import QualificationValidity
from eligibility.model import AnswerOutcome, CardSubject, NumberSubject, PersonSubject, Subject
from eligibility.simulator import wire
from eligibility.simulator.faults import Fault, FaultKind
from eligibility.simulator.holdings import Holding, holding_of
from eligibility.simulator.people import Person


def make_answer(
    echo: wire.Echo,
    holding: Holding,
    person: Person | None,
    reference_number: str | None,
    now: datetime,
    fault: Fault | None,
    *,
    disaster: bool = False,
) -> wire.Json:
    """Return the CoverageEligibilityResponse; ``person``: the one whom it is about, if any.

    ``disaster``: the institution may be told whom a consent by mouth would be for.
    """
    kind = None if fault is None else fault.kind
    response_id = f"r-{secrets.token_hex(8)}"
    if kind is FaultKind.QUEUED:
        return wire.answer(
            echo, response_id, now, AnswerOutcome.QUEUED, "処理中です。", code="0001"
        )
    if kind is FaultKind.ERROR:
        return wire.answer(
            echo, response_id, now, AnswerOutcome.ERROR, "処理できませんでした。", code="9999"
        )
    known = person if holding.person_found else None
    return wire.answer(
        echo,
        response_id,
        now,
        AnswerOutcome.PARTIAL if kind is FaultKind.PARTIAL else AnswerOutcome.COMPLETE,
        holding.message,
        code=wire.PROCESSED,
        validity=holding.validity,
        results=holding.results,
        patient_id=None if known is None else patient_of(echo.subject, known),
        prescription=None if known is None else known.prescription,
        reference_number=None if known is None else reference_number,
        disaster=disaster,
    )


def patient_of(subject: Subject, person: Person) -> str:
    """Return the payer's id of whom an answer is about: a card may be linked to somebody else."""
    holder = person.linked or person if isinstance(subject, CardSubject) else person
    return holder.patient_id


def other_subject(subject: Subject) -> Subject:
    """Return somebody else than was asked about, for the fault that mixes people up."""
    if isinstance(subject, CardSubject):
        return CardSubject(subject.issuer, f"{int(subject.serial, 16) + 1:x}")
    if isinstance(subject, NumberSubject):
        return replace(
            subject, insured_identification_number=f"{subject.insured_identification_number}1"
        )
    return PersonSubject("みほん　別人", subject.birthdate, subject.sex, subject.address)


def next_person(people: Sequence[Person], person: Person, today: date) -> Person:
    """Return another person who is insured, for the same fault."""
    start = people.index(person) + 1
    return next(
        other
        for other in (*people[start:], *people[:start])
        if holding_of(other, today).validity is QualificationValidity.VALID
    )
