"""Whom an answer is about, whether two subjects are surely one, how numbers are compared.  Pure.

A certificate is one person's.  An insured number is one person's together with the birth date and
whatever else was asked with: with a branch and without one may be two people (twins).  A name with
birth date and sex is nobody's alone, so that no two questions by person are about the same one.
"""

from __future__ import annotations

import unicodedata

from eligibility.codes import QualificationValidity
from eligibility.model import (
    CardSubject,
    Coverage,
    InsuredPerson,
    NumberSubject,
    PayerAnswer,
    Subject,
)

KnownSubject = CardSubject | NumberSubject
"""Whoever can be known again at a later visit."""

_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))


def folded(text: str | None) -> str:
    """Return a symbol or number as it is compared: half width, no spaces, one kind of hyphen."""
    return "".join(unicodedata.normalize("NFKC", text or "").translate(_HYPHENS).split())


def number_key(subject: NumberSubject) -> tuple[str, str, str, str, str]:
    """Return insurer, birth date, number, symbol and branch as they are compared."""
    return (
        subject.insurer_number,
        subject.birthdate.isoformat(),
        folded(subject.insured_identification_number),
        folded(subject.insured_card_symbol),
        folded(subject.insured_branch_number),
    )


def names_several_people(answer: PayerAnswer) -> bool:
    """Whether an answer to a question without a card fits several people: nobody of them is meant.

    By card several results are several qualifications of its one holder.
    """
    several = answer.qualification_validity is QualificationValidity.SEVERAL
    return several and not isinstance(answer.subject, CardSubject)


def one_person(answer: PayerAnswer) -> InsuredPerson | None:
    """Return whom every result is about; None without results, or where they name several."""
    people = {coverage.person for coverage in answer.results}
    return people.pop() if len(people) == 1 and not names_several_people(answer) else None


def is_insurance_beside_assistance(results: tuple[Coverage, ...]) -> bool:
    """Whether these are one person's insurance and medical assistance (医療扶助の併用)."""
    if len(results) != 2 or results[0].person != results[1].person:
        return False
    return results[0].is_medical_assistance != results[1].is_medical_assistance


def is_same_subject(one: Subject, other: Subject) -> bool:
    """Whether both are surely about the same person."""
    if isinstance(one, NumberSubject) and isinstance(other, NumberSubject):
        return number_key(one) == number_key(other)
    return isinstance(one, CardSubject) and one == other
