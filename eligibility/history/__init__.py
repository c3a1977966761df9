"""Consented history: medicines, treatment and checkups, reachable only with a live consent."""

from eligibility.history.documents import (
    CheckupObservation,
    History,
    MedicationRecord,
    TreatmentRecord,
)

__all__ = ["CheckupObservation", "History", "MedicationRecord", "TreatmentRecord"]
