"""資格確認結果: what a message says of one person ⇄ the model's Coverage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from eligibility.benefits import (
    MedicalTicket,
    RegisteredConsent,
    RegisteredProvision,
    SpecificDiseasesCertificate,
)
from eligibility.codes import (
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
    Sex,
    SocialInsurance,
    SpecificDisease,
    TicketConsistency,
    TicketType,
    TicketUse,
    UnknownCode,
)
from eligibility.model import (
    Coverage,
    ElderlyRecipientCertificate,
    InsuredPerson,
    LimitCertificate,
    NumberSubject,
)
from eligibility.national.fields import Flat, Group, Layout, Leaf, Numbered, Series
from eligibility.national.header import PROCESSING_RESULT, ProcessingResult
from eligibility.national.kinds import DAY, INSURER_NUMBER, MOMENT, MONTH, RATIO, YEN, code


@dataclass(frozen=True, slots=True)
class SearchInfo:
    """QualificationConfirmSearchInfo: whom a request asks about, and as the answer repeats it.

    ``arbitrary_identifier``: 任意識別子, the id of one question of many.
    """

    insurer_number: str | None = None
    insured_card_symbol: str | None = None
    insured_identification_number: str | None = None
    insured_branch_number: str | None = None
    birthdate: date | None = None
    limit_consent: ProvisionConsent | UnknownCode | None = None
    arbitrary_identifier: str | None = None

    @classmethod
    def of(
        cls, subject: NumberSubject, *, limit_consent: bool, identifier: str | None = None
    ) -> SearchInfo:
        """Return how ``subject`` is asked about."""
        return cls(
            subject.insurer_number,
            subject.insured_card_symbol,
            subject.insured_identification_number,
            subject.insured_branch_number,
            subject.birthdate,
            ProvisionConsent.GIVEN if limit_consent else ProvisionConsent.NOT_GIVEN,
            identifier,
        )


@dataclass(frozen=True, slots=True)
class QualificationResult:
    """ResultOfQualificationConfirmation: one qualification, and what stands beside it."""

    coverage: Coverage
    reference_number: str | None = None
    arbitrary_identifier: str | None = None
    prescription_issue_select: PrescriptionIssue | UnknownCode | None = None
    limit_certificate_changed: LimitCertificateChanged | UnknownCode | None = None


@dataclass(frozen=True, slots=True)
class ConfirmationUnit(ProcessingResult):
    """The answer about one person: the body of a single one, a BulkConfirmUnit of many."""

    qualification_validity: QualificationValidity | UnknownCode | None = None
    search: SearchInfo | None = None
    results: tuple[QualificationResult, ...] = ()
    reference_number: str | None = None
    prescription_issue_select: PrescriptionIssue | UnknownCode | None = None
    limit_certificate_changed: LimitCertificateChanged | UnknownCode | None = None


SEARCH_INFO: Layout[SearchInfo] = Layout(
    SearchInfo,
    Leaf("InsurerNumber", "insurer_number", INSURER_NUMBER),
    Leaf("InsuredCardSymbol", "insured_card_symbol"),
    Leaf("InsuredIdentificationNumber", "insured_identification_number"),
    Leaf("InsuredBranchNumber", "insured_branch_number"),
    Leaf("Birthdate", "birthdate", DAY),
    Leaf("LimitApplicationCertificateRelatedConsFlg", "limit_consent", code(ProvisionConsent)),
    Leaf("ArbitraryIdentifier", "arbitrary_identifier"),
)

_PERSON: Layout[InsuredPerson] = Layout(
    InsuredPerson,
    Leaf("Name", "name", required=True),
    Leaf("NameOfOther", "name_of_other"),
    Leaf("NameKana", "name_kana"),
    Leaf("NameOfOtherKana", "name_of_other_kana"),
    Leaf("Sex1", "sex", code(Sex), required=True),
    Leaf("Sex2", "sex2", code(Sex)),
    Leaf("Birthdate", "birthdate", DAY, required=True),
    Leaf("Address", "address"),
    Leaf("PostNumber", "post_number"),
)

_ELDERLY: Layout[ElderlyRecipientCertificate] = Layout(
    ElderlyRecipientCertificate,
    Leaf("ElderlyRecipientCertificateDate", "certificate_date", DAY),
    Leaf("ElderlyRecipientValidStartDate", "valid_start_date", DAY),
    Leaf("ElderlyRecipientValidEndDate", "valid_end_date", DAY),
    Leaf("ElderlyRecipientContributionRatio", "contribution_ratio", RATIO),
)

_LIMIT = "LimitApplicationCertificate"

_LIMIT_CERTIFICATE: Layout[LimitCertificate] = Layout(
    LimitCertificate,
    Leaf(f"{_LIMIT}Classification", "classification", code(LimitCertificateClassification)),
    Leaf(f"{_LIMIT}ClassificationFlag", "category", code(LimitCategory)),
    Leaf(f"{_LIMIT}Date", "certificate_date", DAY),
    Leaf(f"{_LIMIT}ValidStartDate", "valid_start_date", DAY),
    Leaf(f"{_LIMIT}ValidEndDate", "valid_end_date", DAY),
    Leaf(f"{_LIMIT}LongTermDate", "long_term_date", DAY),
)

_SPECIFIC_DISEASES: Layout[SpecificDiseasesCertificate] = Layout(
    SpecificDiseasesCertificate,
    Leaf(
        "SpecificDiseasesDiseaseCategory", "disease_category", code(SpecificDisease), required=True
    ),
    Leaf("SpecificDiseasesCertificateDate", "certificate_date", DAY),
    Leaf("SpecificDiseasesValidStartDate", "valid_start_date", DAY),
    Leaf("SpecificDiseasesValidEndDate", "valid_end_date", DAY),
    Leaf("SpecificDiseasesSelfPay", "self_pay", YEN),
)

_DESIGNATED = "DesignatedMedicalInstitution"
_ISSUER = "PrescriptionIssuerMedicalInstitution"

_MEDICAL_TICKET: Layout[MedicalTicket] = Layout(
    MedicalTicket,
    Leaf("TicketType", "ticket_type", code(TicketType), required=True),
    Leaf("MedicalTicketValidDate", "valid_date", DAY),
    Leaf("MedicalTicketExpirationDate", "expiration_date", DAY),
    Leaf("IssueNumber", "issue_number"),
    Leaf("MedicalTreatmentMonth", "medical_treatment_month", MONTH),
    Leaf(f"{_DESIGNATED}Code", "designated_medical_institution_code"),
    Leaf(f"{_DESIGNATED}Flag", "designated_medical_institution_flag", code(DesignatedInstitution)),
    Leaf(f"{_DESIGNATED}Name", "designated_medical_institution_name"),
    Leaf(f"{_ISSUER}Code", "prescription_issuer_medical_institution_code"),
    Leaf(f"{_ISSUER}Name", "prescription_issuer_medical_institution_name"),
    Numbered("InjuryName", "injury_names", 3),
    Leaf("MedicalTreatmentType", "medical_treatment_type", code(MedicalTreatmentType)),
    Leaf("SelfPayAmount", "self_pay_amount", YEN),
    Leaf("DistrictContactName", "district_contact_name"),
    Leaf("HandlingContactName", "handling_contact_name"),
    Leaf("SingleOrCombinedUse", "single_or_combined_use", code(TicketUse)),
    Leaf("StatusOfSocialInsurance", "status_of_social_insurance", code(SocialInsurance)),
    Leaf("ConsistencyFlag", "consistency_flag", code(TicketConsistency)),
    # so spelt on the wire
    Leaf("StatusOfInfecton", "status_of_infection", code(InfectionExpense)),
    Leaf("StatusOfElderlyMedicalCare", "status_of_elderly_medical_care", code(ElderlyMedicalCare)),
    Leaf("StatusOfPrefecturalExpenses", "status_of_prefectural_expenses", code(PrefecturalExpense)),
    Numbered("Remarks", "remarks", 3),
)


def _provision(name: str) -> Layout[RegisteredProvision]:
    return Layout(
        RegisteredProvision,
        Leaf(f"{name}ConsFlg", "flag", code(ProvisionConsent), required=True),
        Leaf(f"{name}ConsTime", "consent_time", MOMENT),
    )


def _consent(name: str) -> Layout[RegisteredConsent]:
    return Layout(
        RegisteredConsent,
        Leaf(f"{name}ConsFlg", "flag", code(InformationConsent), required=True),
        Leaf(f"{name}ConsTime", "consent_time", MOMENT),
        Leaf(f"{name}AvailableTime", "available_time", MOMENT),
    )


_COVERAGE: Layout[Coverage] = Layout(
    Coverage,
    Leaf(
        "InsuredCardClassification", "insured_card_classification", code(InsuredCardClassification)
    ),
    Leaf("InsurerNumber", "insurer_number", INSURER_NUMBER, required=True),
    Leaf("InsuredCardSymbol", "insured_card_symbol"),
    Leaf("InsuredIdentificationNumber", "insured_identification_number"),
    Leaf("InsuredBranchNumber", "insured_branch_number"),
    Leaf(
        "PersonalFamilyClassification",
        "personal_family_classification",
        code(PersonalFamilyClassification),
    ),
    Leaf("InsuredName", "insured_name"),
    Flat("person", _PERSON, required=True),
    Leaf("QualificationDate", "qualification_date", DAY),
    Leaf("DisqualificationDate", "disqualification_date", DAY),
    Leaf("InsuredCertificateIssuanceDate", "insured_certificate_issuance_date", DAY),
    Leaf("InsuredCardValidDate", "insured_card_valid_date", DAY),
    Leaf("InsuredCardExpirationDate", "insured_card_expiration_date", DAY),
    Leaf("InsuredPartialContributionRatio", "insured_partial_contribution_ratio", RATIO),
    Leaf("PreschoolClassification", "preschool_classification", code(PreschoolClassification)),
    Leaf("ReasonOfLoss", "reason_of_loss", code(ReasonOfLoss)),
    Leaf("InsurerName", "insurer_name", required=True),
    Group("ElderlyRecipientCertificateInfo", "elderly_recipient_certificate", _ELDERLY),
    Flat("limit_consent", _provision(f"{_LIMIT}Related")),
    Group(f"{_LIMIT}RelatedInfo", "limit_certificate", _LIMIT_CERTIFICATE),
    Flat("specific_diseases_consent", _provision("SpecificDiseasesCertificateRelated")),
    Series(
        "SpecificDiseasesCertificateInfo",
        "specific_diseases_certificates",
        _SPECIFIC_DISEASES,
        within="SpecificDiseasesCertificateList",
    ),
    Series(
        "MedicalTicketInfo", "medical_tickets", _MEDICAL_TICKET, within="PublicExpenseResultList"
    ),
    Flat("specific_health_checkups_info", _consent("SpecificHealthCheckupsInfo")),
    Flat("pharmacists_info", _consent("PharmacistsInfo")),
    Flat("diagnosis_info", _consent("DiagnosisInfo")),
    Flat("operation_info", _consent("OperationInfo")),
)

_BESIDE = (
    Leaf("ReferenceNumber", "reference_number"),
    Leaf("PrescriptionIssueSelect", "prescription_issue_select", code(PrescriptionIssue)),
    Leaf(f"{_LIMIT}Changed", "limit_certificate_changed", code(LimitCertificateChanged)),
)

_RESULT: Layout[QualificationResult] = Layout(
    QualificationResult,
    Flat("coverage", _COVERAGE, required=True),
    Leaf("ArbitraryIdentifier", "arbitrary_identifier"),
    *_BESIDE,
)

CONFIRMATION_UNIT: Layout[ConfirmationUnit] = Layout(
    ConfirmationUnit,
    Group("QualificationConfirmSearchInfo", "search", SEARCH_INFO),
    *PROCESSING_RESULT,
    Leaf("QualificationValidity", "qualification_validity", code(QualificationValidity)),
    Series(
        "ResultOfQualificationConfirmation",
        "results",
        _RESULT,
        within="ResultList",
        direct_too=True,
    ),
    *_BESIDE,
)
