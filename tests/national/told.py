"""What of a record the national interface has an element for: all that it does not tell, named."""

from __future__ import annotations

from dataclasses import replace

from eligibility.history import (
    CheckupObservation,
    MedicationOrigin,
    MedicationRecord,
    QuantityPer,
)


def medicine_as_told(record: MedicationRecord) -> MedicationRecord:
    """Return what of a medicine the national interface tells: all but how it is used.

    Neither 剤形区分 nor 入院.  Of receipts 内服 has its days and anything else its times; of the
    others nobody knows what a number counts.
    """
    number = next(
        (one for one in (record.days, record.times, record.days_or_times) if one is not None), None
    )
    told = replace(record, use=None, inpatient=None, quantity_per=None, days=None, times=None)
    if record.origin is not MedicationOrigin.RECEIPT:
        return replace(told, days_or_times=number)
    if record.quantity_per is QuantityPer.DAY:
        return replace(told, days=number, quantity_per=QuantityPer.DAY)
    return replace(told, times=record.times or 1)


def result_as_told(observation: CheckupObservation) -> CheckupObservation:
    """Return what of a result the national interface tells: a limit ("<10") in words, no place."""
    if observation.comparator is None:
        return replace(observation, institution=None)
    words = f"{observation.comparator.value}{observation.value} {observation.unit}"
    return replace(observation, value=words, unit=None, comparator=None, institution=None)
