"""A history as a FHIR R4 Bundle (collection); it leaves only if it is valid base FHIR.

No ``meta.profile`` is claimed: the resources follow JP Core and eCheckup in systems and shape, but
no validator of these profiles looks at them (docs/history.md).
"""

from __future__ import annotations

import json
from decimal import Decimal

from eligibility.errors import ExportNotValidError
from eligibility.export.care import add_care
from eligibility.export.elements import Json, coding, hl7
from eligibility.export.entries import Entries
from eligibility.export.exact_json import write_exact_json
from eligibility.export.medicines import add_medicines
from eligibility.export.observations import add_checkups
from eligibility.export.people import add_consent, add_coverages, add_patient, add_provenances
from eligibility.export.taken import TakenHistory
from eligibility.fhir.vocabulary import ID_EXPORT
from eligibility.fhir.wire import write_instant

_PLACES_TOLD = 3


def write_bundle(taken: TakenHistory) -> bytes:
    """Return the bundle as UTF-8 JSON; raises ExportNotValidError where it is no valid FHIR."""
    body = write_exact_json(_bundle(taken))
    check_bundle(taken.id, body)
    return body


def check_bundle(file_id: str, body: bytes) -> None:
    """Raise ExportNotValidError unless ``body`` is a Bundle by the models of base R4B.

    The error names elements and rules, never values: they are health data.
    """
    # half a second and the models' memory are spent only where somebody takes a file
    from fhir.resources.R4B.bundle import Bundle
    from pydantic import ValidationError

    try:
        Bundle.model_validate(json.loads(body, parse_float=Decimal))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        places = sorted({".".join(str(part) for part in one["loc"]) for one in found})
        raise ExportNotValidError(file_id, len(found), places[:_PLACES_TOLD]) from None


def _bundle(taken: TakenHistory) -> Json:
    entries = Entries(taken.id)
    patient = add_patient(entries, taken)
    coverages = add_coverages(entries, taken, patient)
    consent = add_consent(entries, taken, patient)
    records = [
        *add_medicines(entries, taken, patient),
        *add_care(entries, taken, patient),
        *add_checkups(entries, taken, patient),
    ]
    add_provenances(entries, taken, coverages, records, consent)
    return {
        "resourceType": "Bundle",
        "meta": {"security": [coding(hl7("v3-Confidentiality"), "R")]},
        "language": "ja",
        "identifier": {"system": ID_EXPORT, "value": taken.id},
        "type": "collection",
        "timestamp": write_instant(taken.exported_at),
        "entry": entries.all,
    }
