"""URLs of our FHIR profile (docs/fhir-profile.md), spelled once."""

from __future__ import annotations

from eligibility.codes import (
    CodeTable,
    ConsentCategory,
    ConsentLapse,
    DesignatedInstitution,
    ElderlyMedicalCare,
    InfectionExpense,
    InformationConsent,
    InsuredCardClassification,
    LimitCategory,
    LimitCertificateChanged,
    LimitCertificateClassification,
    MedicalTreatmentType,
    PersonalFamilyClassification,
    PrefecturalExpense,
    PreschoolClassification,
    PrescriptionIssue,
    ProvisionConsent,
    QualificationValidity,
    ReasonOfLoss,
    ReferenceClassification,
    Sex,
    SocialInsurance,
    SpecificDisease,
    TicketConsistency,
    TicketType,
    TicketUse,
)
from eligibility.history import MedicationUse

_OURS = "urn:eligibility-terminal:fhir"
_JP_CORE = "http://jpfhir.jp/fhir/core"

PROFILE = f"{_OURS}:profile:1"

ID_CERTIFICATE = f"{_OURS}:id:certificate"
ID_QUESTION = f"{_OURS}:id:question"
ID_CONSENT = f"{_OURS}:id:consent"
ID_EXPORT = f"{_OURS}:id:export"
ID_EMERGENCY = f"{_OURS}:id:emergency"
ID_INSTITUTION = f"{_JP_CORE}/IdSystem/insurance-medical-institution-no"
ID_INSURER_NUMBER = f"{_JP_CORE}/mhlw/IdSystem/InsurerNumber"

CS_ACTING_FOR = f"{_OURS}:cs:acting-for"
CS_ERROR = f"{_OURS}:cs:error"
CS_RECEIPT_MEDICINE = f"{_OURS}:cs:receipt-medicine"
CS_RECEIPT_ACT = f"{_OURS}:cs:receipt-act"
CS_RECEIPT_DISEASE = f"{_OURS}:cs:receipt-disease"
CS_JLAC10 = "urn:oid:1.2.392.200119.6.1005"

CODE_SYSTEMS: dict[type[CodeTable], str] = {
    ProvisionConsent: f"{_OURS}:cs:OQSCD001",
    ReferenceClassification: f"{_OURS}:cs:OQSCD002",
    QualificationValidity: f"{_OURS}:cs:OQSCD006",
    Sex: f"{_OURS}:cs:OQSCD007",
    ReasonOfLoss: f"{_OURS}:cs:OQSCD008",
    PersonalFamilyClassification: f"{_JP_CORE}/mhlw/CodeSystem/InsuredPersonCategory",
    InsuredCardClassification: f"{_OURS}:cs:OQSCD010",
    LimitCertificateClassification: f"{_OURS}:cs:OQSCD011",
    LimitCategory: f"{_OURS}:cs:OQSCD012",
    SpecificDisease: f"{_OURS}:cs:OQSCD013",
    LimitCertificateChanged: f"{_OURS}:cs:OQSCD014",
    PreschoolClassification: f"{_OURS}:cs:OQSCD015",
    InformationConsent: f"{_OURS}:cs:OQSCD016",
    PrescriptionIssue: f"{_OURS}:cs:OQSCD017",
    TicketType: f"{_OURS}:cs:OQSCD018",
    MedicalTreatmentType: f"{_OURS}:cs:OQSCD019",
    TicketUse: f"{_OURS}:cs:OQSCD020",
    SocialInsurance: f"{_OURS}:cs:OQSCD021",
    TicketConsistency: f"{_OURS}:cs:OQSCD022",
    InfectionExpense: f"{_OURS}:cs:OQSCD023",
    ElderlyMedicalCare: f"{_OURS}:cs:OQSCD024",
    PrefecturalExpense: f"{_OURS}:cs:OQSCD025",
    DesignatedInstitution: f"{_OURS}:cs:OQSCD026",
    ConsentLapse: f"{_OURS}:cs:OQSCD031",
    ConsentCategory: f"{_OURS}:cs:OQSCD036",
    MedicationUse: f"{_OURS}:cs:medication-use",
}

_COVERAGE = f"{_JP_CORE}/Extension/StructureDefinition/JP_Coverage_"
EXT_SYMBOL = f"{_COVERAGE}InsuredPersonSymbol"
EXT_NUMBER = f"{_COVERAGE}InsuredPersonNumber"
EXT_BRANCH_NUMBER = f"{_COVERAGE}InsuredPersonSubNumber"
EXT_NAME_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
NAME_IDEOGRAPHIC = "IDE"
NAME_SYLLABIC = "SYL"
NAME_IN_USE = "usual"
"""FHIR's use of a 氏名（その他）; every other use is the name itself."""


def ext(name: str) -> str:
    """Return the URL of our extension ``name``."""
    return f"{_OURS}:ext:{name}"
