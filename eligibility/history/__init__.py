"""Consented history: medicines, treatment and checkups, reachable only with a live consent."""

from eligibility.history.checkups import CheckupObservation, CodedResult, Comparator
from eligibility.history.documents import History, Record
from eligibility.history.drugs import (
    MedicationOrigin,
    MedicationRecord,
    MedicationUse,
    QuantityPer,
)
from eligibility.history.institution import Institution
from eligibility.history.treatment import DiagnosisRecord, OperationRecord, TreatmentRecord

__all__ = [
    "CheckupObservation",
    "CodedResult",
    "Comparator",
    "DiagnosisRecord",
    "History",
    "Institution",
    "MedicationOrigin",
    "MedicationRecord",
    "MedicationUse",
    "OperationRecord",
    "QuantityPer",
    "Record",
    "TreatmentRecord",
]
