"""FHIR's data types as JSON, and the URIs of Japanese code systems, spelled once.

The URIs are those of JP Core 1.2 (guide-urlmap); the receipt computer's medicines have no URL there
yet, so that the OID of the electronic prescription's specification (別表15) stands for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from eligibility.codes import CodeTable, UnknownCode
from eligibility.fhir.vocabulary import CODE_SYSTEMS, CS_RECEIPT_ACT, ext

Json = dict[str, Any]

_JP_CORE = "http://jpfhir.jp/fhir/core"
_HL7 = "http://terminology.hl7.org/CodeSystem"

CS_CLAIM_MEDICINE = "urn:oid:1.2.392.100495.20.2.71"
"""医薬品コード（レセ電算医薬品マスター）."""
CS_CLAIM_DISEASE = f"{_JP_CORE}/mhlw/CodeSystem/masterB-disease"
"""レセプト電算用傷病名マスター."""
CS_CLAIM_ACT = f"{_JP_CORE}/mhlw/CodeSystem/masterS-medicalProcedure"
"""医科診療行為マスター: codes that begin with 1."""
CS_CLAIM_DENTAL_ACT = f"{_JP_CORE}/mhlw/CodeSystem/masterH-dentalProcedure"
"""歯科診療行為マスター: codes that begin with 3."""
CS_MEDICATION_FORM = f"{_JP_CORE}/mhlw/CodeSystem/MedicationForm"
"""剤形区分コード of electronic prescriptions."""
CS_OBSERVATION_CATEGORY = f"{_JP_CORE}/CodeSystem/JP_SimpleObservationCategory_CS"
EXT_DISEASE_OUTCOME = f"{_JP_CORE}/Extension/StructureDefinition/JP_Condition_DiseaseOutcome"
ID_MEMBER = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
"""被保険者個人識別子."""
ID_PATIENT_NUMBER = "urn:oid:1.2.392.100495.20.3.51.1{institution}"
"""患者を特定するID of one institution, whose ten digits follow a 1."""
UCUM = "http://unitsofmeasure.org"

_CODE = re.compile(r"[^\s]+(\s[^\s]+)*")
_ACT_MASTERS = {"1": CS_CLAIM_ACT, "3": CS_CLAIM_DENTAL_ACT}


def hl7(name: str) -> str:
    """Return the URI of one of HL7's own code systems."""
    return f"{_HL7}/{name}"


def act_system(code: str) -> str:
    """Return whose code an act's is, by its first digit; our own name where no master has it."""
    whole = len(code) == 9 and code.isascii() and code.isdigit()
    return _ACT_MASTERS.get(code[0], CS_RECEIPT_ACT) if whole else CS_RECEIPT_ACT


def without_nothing(resource: Json) -> Json:
    """Return what has a value: FHIR lets no element be empty."""
    return {name: part for name, part in resource.items() if part not in (None, [], {}, "")}


def coding(system: str | None, code: str, display: str | None = None) -> Json:
    """Return a Coding.  What FHIR does not take for a code is kept as an extension, as written."""
    if _CODE.fullmatch(code):
        return without_nothing({"system": system, "code": code, "display": display})
    written = [extension("code", "String", code)]
    return without_nothing({"extension": written, "system": system, "display": display})


def table_coding(code: CodeTable | UnknownCode, system: str | None = None) -> Json:
    """Return the Coding of a code table's entry, of an unknown one the code alone."""
    if isinstance(code, UnknownCode):
        return coding(system, code.value)
    return coding(system or CODE_SYSTEMS[type(code)], code.value, code.ja)


def concept(
    text: str | None = None, system: str | None = None, code: str | None = None
) -> Json | None:
    """Return a CodeableConcept, None where there is neither words nor code."""
    codes = [] if code is None else [coding(system, code)]
    return without_nothing({"coding": codes, "text": text}) or None


def extension(name: str, kind: str, value: object) -> Json:
    """Return our extension ``name`` with a value of FHIR's type ``kind``."""
    return {"url": ext(name), f"value{kind}": value}


def extensions(*told: tuple[str, str, object]) -> list[Json]:
    """Return those of our extensions (name, kind, value) that have a value."""
    return [extension(*one) for one in told if one[2] is not None]


def parts(*told: tuple[str, str, object]) -> list[Json]:
    """Return the inner extensions (url, kind, value) that have a value."""
    return [{"url": url, f"value{kind}": value} for url, kind, value in told if value is not None]


def quantity(
    value: Decimal | int | None, unit: str | None = None, comparator: str | None = None
) -> Json | None:
    """Return a Quantity in the unit as it was written; a unit without a number says nothing."""
    if value is None:
        return None
    return without_nothing({"value": value, "comparator": comparator, "unit": unit}) | {
        "value": value
    }


def days(count: int | None) -> Json | None:
    """Return a number of days in UCUM."""
    if count is None:
        return None
    return {"value": count, "unit": "日", "system": UCUM, "code": "d"}


def day(value: date | None) -> str | None:
    """Return a FHIR date."""
    return None if value is None else value.isoformat()


def all_of(found: Iterable[Json | None]) -> list[Json]:
    """Return those that are there."""
    return [one for one in found if one is not None]
