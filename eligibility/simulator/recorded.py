"""Which lists of history there are, by which consent each opens, and what is in them."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from eligibility.codes import ConsentCategory
from eligibility.history import MedicationOrigin, Record
from eligibility.simulator import names
from eligibility.simulator.bodies import invalid
from eligibility.simulator.people import Person
from eligibility.simulator.records import (
    checkups_of,
    diagnoses_of,
    medications_of,
    operations_of,
    treatments_of,
)

RESOURCE_CATEGORIES = {
    "MedicationDispense": (ConsentCategory.YZK,),
    "MedicationRequest": (ConsentCategory.YZK,),
    "Procedure": (ConsentCategory.SRJ, ConsentCategory.SHJ),
    "Condition": (ConsentCategory.SHJ,),
    "Observation": (ConsentCategory.TKK,),
}


def asked_category(resource: str, category: str | None) -> ConsentCategory:
    """Return the consent category that a search asks for; raises RefusalError where it is open."""
    open_to = RESOURCE_CATEGORIES[resource]
    if category is None and len(open_to) == 1:
        return open_to[0]
    for one in open_to:
        if category == f"{names.CS_CONSENT_CATEGORY}|{one.value}":
            return one
    raise invalid("category")


@lru_cache(maxsize=32)
def recorded(
    resource: str, category: ConsentCategory, person: Person, today: date
) -> tuple[Record, ...]:
    """Return what is on record, newest first; made once for all its pages."""
    if resource == "Observation":
        return tuple(checkups_of(person, today))
    if resource == "Condition":
        return tuple(diagnoses_of(person, today))
    if resource == "Procedure":
        of = operations_of if category is ConsentCategory.SHJ else treatments_of
        return tuple(of(person, today))
    prescribed = resource == "MedicationRequest"
    return tuple(
        record
        for record in medications_of(person, today)
        if (record.origin is MedicationOrigin.PRESCRIPTION) is prescribed
    )
