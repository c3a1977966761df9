"""Acts, operations and diagnoses → Procedure and Condition."""

from __future__ import annotations

from eligibility.codes import ConsentCategory
from eligibility.export.elements import (
    CS_CLAIM_DISEASE,
    EXT_DISEASE_OUTCOME,
    Json,
    act_system,
    coding,
    concept,
    day,
    extensions,
    hl7,
    quantity,
    table_coding,
    without_nothing,
)
from eligibility.export.entries import Entries
from eligibility.export.taken import TakenHistory
from eligibility.history import DiagnosisRecord, OperationRecord, TreatmentRecord


def add_care(entries: Entries, taken: TakenHistory, patient: Json) -> list[str]:
    """Add what was done and found; return the addresses."""
    history = taken.history
    acts: list[TreatmentRecord | OperationRecord] = [*history.treatments, *history.operations]
    return [
        *(entries.add(_act(entries, one, patient)) for one in acts),
        *(entries.add(_diagnosis(entries, one, patient)) for one in history.diagnoses),
    ]


def _act(entries: Entries, act: TreatmentRecord | OperationRecord, patient: Json) -> Json:
    treatment = act if isinstance(act, TreatmentRecord) else None
    category = ConsentCategory.SHJ if treatment is None else ConsentCategory.SRJ
    amount = None if treatment is None else quantity(treatment.quantity, treatment.unit)
    codes = [] if act.code is None else [coding(act_system(act.code), act.code)]
    return {
        "resourceType": "Procedure",
        "extension": extensions(
            ("times", "Quantity", quantity(act.times)),
            ("inpatient", "Boolean", act.inpatient),
            ("amount", "Quantity", amount),
            ("unit", "String", treatment.unit if treatment and amount is None else None),
            ("act-classification", "String", treatment.classification if treatment else None),
        ),
        "status": "completed",
        "category": {"coding": [table_coding(category)]},
        "code": without_nothing({"coding": codes, "text": act.name}),
        "subject": patient,
        "performedDateTime": day(act.performed_on) or str(act.month),
        "performer": [{"actor": entries.place(act.institution)}],
    }


def _diagnosis(entries: Entries, one: DiagnosisRecord, patient: Json) -> Json:
    outcome = {"url": EXT_DISEASE_OUTCOME, "valueCodeableConcept": {"text": one.outcome}}
    suspected = concept(None, hl7("condition-ver-status"), "unconfirmed")
    codes = [] if one.code is None else [coding(CS_CLAIM_DISEASE, one.code)]
    return {
        "resourceType": "Condition",
        "extension": [
            *extensions(
                ("institution", "Reference", entries.place(one.institution)),
                ("main-diagnosis", "Boolean", one.is_main),
            ),
            *([] if one.outcome is None else [outcome]),
        ],
        # a receipt's name of a disease without 疑い is not called confirmed: nobody said so
        "verificationStatus": suspected if one.suspected else None,
        "category": [concept(None, hl7("condition-category"), "encounter-diagnosis")],
        "code": without_nothing({"coding": codes, "text": one.name}),
        "subject": patient,
        "onsetDateTime": day(one.began_on),
        "recordedDate": str(one.month),
    }
