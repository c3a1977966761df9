"""Good messages of every kind, for the readers of the national interface to be spoilt."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from eligibility.asking import (
    BulkQuestion,
    BulkReception,
    ListKind,
    ListQuestion,
    NumberQuestion,
    ReferenceNumberRegistration,
)
from eligibility.benefits import (
    MedicalTicket,
    RegisteredConsent,
    RegisteredProvision,
    SpecificDiseasesCertificate,
)
from eligibility.codes import (
    InformationConsent,
    InsuredCardClassification,
    LimitCategory,
    LimitCertificateChanged,
    PersonalFamilyClassification,
    PrescriptionIssue,
    ProvisionConsent,
    QualificationValidity,
    ReasonOfLoss,
    ReferenceClassification,
    Sex,
    SpecificDisease,
    TicketType,
)
from eligibility.model import (
    CopayRatio,
    Coverage,
    ElderlyRecipientCertificate,
    InsuredPerson,
    LimitCertificate,
    NumberSubject,
)
from eligibility.national import bulk, checkups, confirmation, drugs, lists, references
from eligibility.national.bulk import BulkResponse, BulkUnits, Reception, ReceptionResponse
from eligibility.national.checkups import (
    Checkup,
    CheckupBody,
    Item,
)
from eligibility.national.confirmation import ConfirmationResponse
from eligibility.national.drugs import (
    Act,
    DispensedDay,
    Drug,
    DrugBody,
    DrugDay,
    DrugMonth,
    PrescribedDay,
)
from eligibility.national.header import ResponseHeader
from eligibility.national.history import HistoryPerson, HistoryResponse, HistoryResponseHeader
from eligibility.national.references import (
    BulkRegistrationResponse,
    RegistrationInfo,
    RegistrationResponse,
    RegistrationUnit,
    RegistrationUnits,
)
from eligibility.national.results import ConfirmationUnit, QualificationResult, SearchInfo
from eligibility.national.wire import XmlEncoding

_UTF_8 = XmlEncoding.UTF_8
_NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
_DAY = date(2026, 11, 24)
_INSTITUTION = "1310000003"
_SUBJECT = NumberSubject("00138123", "4260", date(2001, 3, 27), "12-34", "01")
_QUESTION = NumberQuestion("q-1", _SUBJECT, _DAY)
_REGISTRATION = ReferenceNumberRegistration("q-1", _SUBJECT, "0042")
_HEADER = ResponseHeader(
    "1", _INSTITUTION, "q-1", _NOW, _DAY, ReferenceClassification.MY_NUMBER_CARD,
    character_code_identifier="0", reception_number="77",
)  # fmt: skip
_CONSENT = RegisteredConsent(InformationConsent.GIVEN, _NOW, _NOW)
_COVERAGE = Coverage(
    InsuredPerson(
        "見本　太郎", date(2001, 3, 27), Sex.MALE, "ﾐﾎﾝ ﾀﾛｳ", "東京都", "123-4567", "見本　タロ",
        "ﾀﾛ", Sex.NOT_SET,
    ),
    InsuredCardClassification.GENERAL, "00138123", "見本市", "12-34", "4260", "01",
    PersonalFamilyClassification.INSURED, _DAY, _DAY, _DAY, _DAY, CopayRatio(30),
    ReasonOfLoss.OTHER,
    ElderlyRecipientCertificate(CopayRatio(20), _DAY, _DAY, _DAY),
    LimitCertificate(LimitCategory.A03, None, _DAY, _DAY, _DAY, _DAY),
    insured_name="見本　花子",
    limit_consent=RegisteredProvision(ProvisionConsent.GIVEN, _NOW),
    specific_diseases_certificates=(
        SpecificDiseasesCertificate(SpecificDisease.DIALYSIS, _DAY, _DAY, _DAY, 10_000),
    ),
    medical_tickets=(
        MedicalTicket(
            TicketType.MEDICAL, _DAY, _DAY, "1", date(2026, 11, 1), injury_names=("傷病", "名"),
            self_pay_amount=0, remarks=("備考",),
        ),
    ),
    pharmacists_info=_CONSENT, diagnosis_info=_CONSENT, operation_info=_CONSENT,
    specific_health_checkups_info=_CONSENT,
)  # fmt: skip
_UNIT = ConfirmationUnit(
    "1", "0000", "正常終了", QualificationValidity.VALID,
    SearchInfo.of(_SUBJECT, limit_consent=True, identifier="q-1"),
    (QualificationResult(_COVERAGE, "0042", "q-1"),), "0042", PrescriptionIssue.PAPER,
    LimitCertificateChanged.UNCHANGED,
)  # fmt: skip
_ERROR = ResponseHeader("9", _INSTITUTION, "q-1", error_code="E1", error_message="停止中")
_REGISTERED = RegistrationUnit("1", "0000", "正常終了", RegistrationInfo.of(_REGISTRATION))
_PERSON = HistoryPerson("見本　太郎", "ミホン　タロウ", date(2001, 3, 27), "1")
_DRUG = Drug(
    "アムロジピン錠５ｍｇ", "620000001", "一般名", Decimal("1.5"), "錠", "朝食後", "別", 14, "21"
)
_ACT = Act("再診料", "112007410", "12", Decimal(1), "回", 1)
_MEDICINES = DrugBody(
    receipts=(
        DrugMonth(
            (DrugDay(_DAY, _DAY, (_DRUG,), (_ACT,)),),
            date(2026, 11, 1), "1", "1310000003", "見本診療所", "1310000003", "見本診療所", "1",
            "2",
        ),
    ),
    dispensings=(DrugMonth((DispensedDay(_DAY, _DAY, (_DRUG,)),), dispenser_name="見本薬局"),),
    prescriptions=(DrugMonth((PrescribedDay(_DAY, (_DRUG,)),), prescriber_name="見本診療所"),),
)  # fmt: skip
_CHECKUPS = CheckupBody(
    checkups=(
        Checkup(
            _DAY,
            (
                Item("9N001000000000001", "身長", "PQ", "172.5", "cm"),
                Item("9N056000000000011", "既往歴", "CD", "1", None, "1.2.392", "特記あり"),
            ),
        ),
    )
)

_WRITTEN = {
    "confirmation": confirmation.write_response(ConfirmationResponse(_HEADER, _UNIT), _UTF_8),
    "visit": confirmation.write_response(
        ConfirmationResponse(_HEADER, ConfirmationUnit("1", results=_UNIT.results)), _UTF_8
    ),
    "error": confirmation.write_response(ConfirmationResponse(_ERROR, None), _UTF_8),
    "question": confirmation.write_question(_QUESTION, _INSTITUTION, _UTF_8),
    "bulk-question": bulk.write_question(
        BulkQuestion("q-1", (_QUESTION,), _DAY), _INSTITUTION, _UTF_8
    ),
    "reception": bulk.write_reception(
        ReceptionResponse(_HEADER, Reception("1", "0000", "正常終了", "77")), _UTF_8
    ),
    "download": bulk.write_download(BulkReception("q-1", "77", _NOW), _INSTITUTION, _UTF_8),
    "bulk": bulk.write_response(BulkResponse(_HEADER, BulkUnits((_UNIT,))), _UTF_8),
    "list-question": lists.write_question(
        ListQuestion("q-1", ListKind.ONLINE, _DAY, _DAY, by_examination=True), _INSTITUTION, _UTF_8
    ),
    "registrations": references.write_registrations((_REGISTRATION,), "q-1", _INSTITUTION, _UTF_8),
    "registered": references.write_response(RegistrationResponse(_HEADER, _REGISTERED), _UTF_8),
    "bulk-registered": references.write_bulk_response(
        BulkRegistrationResponse(_HEADER, RegistrationUnits((_REGISTERED,))), _UTF_8
    ),
    "history-question": drugs.write_question(_SUBJECT, "q-1", _DAY, _DAY, _INSTITUTION, _UTF_8),
    "medicines": drugs.write_response(
        HistoryResponse(HistoryResponseHeader("1", "正常", "q-1", _PERSON), _MEDICINES), _UTF_8
    ),
    "checkups": checkups.write_response(
        HistoryResponse(HistoryResponseHeader("1", "正常", "q-1", _PERSON), _CHECKUPS), _UTF_8
    ),
}

GOOD = {name: body.decode().split("?>", 1)[1].lstrip() for name, body in _WRITTEN.items()}
"""By name, without the XML declaration."""
