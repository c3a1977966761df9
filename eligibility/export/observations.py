"""Checkups → Observations, as eCheckup writes them: one for each item of each day."""

from __future__ import annotations

from decimal import Decimal

from eligibility.export.elements import (
    CS_OBSERVATION_CATEGORY,
    Json,
    coding,
    concept,
    day,
    quantity,
    without_nothing,
)
from eligibility.export.entries import Entries
from eligibility.export.taken import TakenHistory
from eligibility.fhir.vocabulary import CS_JLAC10
from eligibility.history import CheckupObservation, CodedResult
from eligibility.history.analytes import ItemGroup, item_of

_LABORATORY = (
    ItemGroup.LIPIDS,
    ItemGroup.SUGAR,
    ItemGroup.LIVER,
    ItemGroup.KIDNEY,
    ItemGroup.BLOOD,
    ItemGroup.URINE,
)
_CATEGORIES = {
    ItemGroup.BODY: "body-measurement",
    ItemGroup.PRESSURE: "vital-signs",
    ItemGroup.QUESTIONS: "social-history",
    **dict.fromkeys(_LABORATORY, "laboratory"),
}


def add_checkups(entries: Entries, taken: TakenHistory, patient: Json) -> list[str]:
    """Add all items of all checkups; return their addresses."""
    return [entries.add(_item(entries, one, patient)) for one in taken.history.checkups]


def _item(entries: Entries, one: CheckupObservation, patient: Json) -> Json:
    known = item_of(one.item_code)
    category = None if known is None else _CATEGORIES.get(known.group)
    place = entries.place(one.institution)
    return {
        "resourceType": "Observation",
        # eCheckup: an item without a result is "cancelled", and says that there is none
        "status": "cancelled" if one.value is None else "final",
        "category": [] if category is None else [concept(None, CS_OBSERVATION_CATEGORY, category)],
        "code": without_nothing(
            {"coding": [coding(CS_JLAC10, one.item_code, one.item_name)], "text": one.item_name}
        ),
        "subject": patient,
        "effectiveDateTime": day(one.effective_date),
        "performer": [] if place is None else [place],
        **_result(one),
    }


def _result(one: CheckupObservation) -> Json:
    """Return the result as it came; its unit is the payer's, not turned into UCUM."""
    value = one.value
    if value is None:
        return {"dataAbsentReason": {"text": "結果なし"}}
    if isinstance(value, Decimal):
        comparator = None if one.comparator is None else one.comparator.value
        return {"valueQuantity": quantity(value, one.unit, comparator)}
    if isinstance(value, CodedResult):
        # the payer names no table with the code
        told = {"coding": [coding(None, value.code, value.words)], "text": value.words}
        return {"valueCodeableConcept": without_nothing(told)}
    return {"valueString": value}
