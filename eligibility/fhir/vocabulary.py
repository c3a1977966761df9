"""URLs of our FHIR profile (docs/fhir-profile.md), spelled once."""

from __future__ import annotations

from eligibility.codes import (
    CodeTable,
    ConsentCategory,
    InsuredCardClassification,
    LimitCategory,
    LimitCertificateClassification,
    PersonalFamilyClassification,
    QualificationValidity,
    ReasonOfLoss,
    Sex,
)

_OURS = "urn:eligibility-terminal:fhir"
_JP_CORE = "http://jpfhir.jp/fhir/core"

PROFILE = f"{_OURS}:profile:1"

ID_CERTIFICATE = f"{_OURS}:id:certificate"
ID_QUESTION = f"{_OURS}:id:question"
ID_CONSENT = f"{_OURS}:id:consent"
ID_INSTITUTION = f"{_JP_CORE}/IdSystem/insurance-medical-institution-no"
ID_INSURER_NUMBER = f"{_JP_CORE}/mhlw/IdSystem/InsurerNumber"

CS_ERROR = f"{_OURS}:cs:error"
CS_JLAC10 = "urn:oid:1.2.392.200119.6.1005"

CODE_SYSTEMS: dict[type[CodeTable], str] = {
    QualificationValidity: f"{_OURS}:cs:OQSCD006",
    Sex: f"{_OURS}:cs:OQSCD007",
    ReasonOfLoss: f"{_OURS}:cs:OQSCD008",
    PersonalFamilyClassification: f"{_JP_CORE}/mhlw/CodeSystem/InsuredPersonCategory",
    InsuredCardClassification: f"{_OURS}:cs:OQSCD010",
    LimitCertificateClassification: f"{_OURS}:cs:OQSCD011",
    LimitCategory: f"{_OURS}:cs:OQSCD012",
    ConsentCategory: f"{_OURS}:cs:OQSCD036",
}

_COVERAGE = f"{_JP_CORE}/Extension/StructureDefinition/JP_Coverage_"
EXT_SYMBOL = f"{_COVERAGE}InsuredPersonSymbol"
EXT_NUMBER = f"{_COVERAGE}InsuredPersonNumber"
EXT_BRANCH_NUMBER = f"{_COVERAGE}InsuredPersonSubNumber"
EXT_NAME_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
NAME_IDEOGRAPHIC = "IDE"
NAME_SYLLABIC = "SYL"


def ext(name: str) -> str:
    """Return the URL of our extension ``name``."""
    return f"{_OURS}:ext:{name}"
