"""What the results of one answer are together: whose, and which of them the insurance.  Pure."""

from __future__ import annotations

from eligibility.codes import QualificationValidity
from eligibility.model import CardSubject, Coverage, InsuredPerson, PayerAnswer


def names_several_people(answer: PayerAnswer) -> bool:
    """Whether an answer to a question without a card fits several people: nobody of them is meant.

    By card several results are several qualifications of its one holder.
    """
    several = answer.qualification_validity is QualificationValidity.SEVERAL
    return several and not isinstance(answer.subject, CardSubject)


def results_meant(answer: PayerAnswer) -> tuple[Coverage, ...]:
    """Return the results that say something of whom was asked about; none where several fit."""
    return () if names_several_people(answer) else answer.results


def one_person(answer: PayerAnswer) -> InsuredPerson | None:
    """Return whom every result is about; None without results, or where they name several."""
    people = {coverage.person for coverage in results_meant(answer)}
    return people.pop() if len(people) == 1 else None


def is_insurance_beside_assistance(results: tuple[Coverage, ...]) -> bool:
    """Whether these are one person's insurance and medical assistance (医療扶助の併用)."""
    if len(results) != 2 or results[0].person != results[1].person:
        return False
    return results[0].is_medical_assistance != results[1].is_medical_assistance


def insurances(results: tuple[Coverage, ...]) -> tuple[Coverage, ...]:
    """Return those that insurance on file, or of last time, is held against.

    Medical assistance (医療扶助) is held against it only where it is all that there is.
    """
    return tuple(one for one in results if not one.is_medical_assistance) or results
