"""URLs and codes of our FHIR profile as the payer's side writes them (docs/fhir-profile.md)."""

from __future__ import annotations

from enum import StrEnum

BASE = "urn:eligibility-terminal:fhir"
PROFILE = f"{BASE}:profile:1"

ID_CERTIFICATE = f"{BASE}:id:certificate"
ID_QUESTION = f"{BASE}:id:question"
ID_CONSENT = f"{BASE}:id:consent"
ID_EMERGENCY = f"{BASE}:id:emergency"
ID_INSTITUTION = "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no"
ID_INSURER = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber"

CS_PROVISION = f"{BASE}:cs:OQSCD001"
CS_REFERENCE = f"{BASE}:cs:OQSCD002"
CS_VALIDITY = f"{BASE}:cs:OQSCD006"
CS_SEX = f"{BASE}:cs:OQSCD007"
CS_REASON_OF_LOSS = f"{BASE}:cs:OQSCD008"
CS_CARD_CLASSIFICATION = f"{BASE}:cs:OQSCD010"
CS_LIMIT_CLASSIFICATION = f"{BASE}:cs:OQSCD011"
CS_LIMIT_CATEGORY = f"{BASE}:cs:OQSCD012"
CS_SPECIFIC_DISEASE = f"{BASE}:cs:OQSCD013"
CS_LIMIT_CHANGED = f"{BASE}:cs:OQSCD014"
CS_PRESCHOOL = f"{BASE}:cs:OQSCD015"
CS_INFORMATION_CONSENT = f"{BASE}:cs:OQSCD016"
CS_PRESCRIPTION = f"{BASE}:cs:OQSCD017"
CS_TICKET_TYPE = f"{BASE}:cs:OQSCD018"
CS_TREATMENT_TYPE = f"{BASE}:cs:OQSCD019"
CS_TICKET_USE = f"{BASE}:cs:OQSCD020"
CS_SOCIAL_INSURANCE = f"{BASE}:cs:OQSCD021"
CS_CONSISTENCY = f"{BASE}:cs:OQSCD022"
CS_INFECTION = f"{BASE}:cs:OQSCD023"
CS_ELDERLY_CARE = f"{BASE}:cs:OQSCD024"
CS_PREFECTURAL = f"{BASE}:cs:OQSCD025"
CS_DESIGNATED = f"{BASE}:cs:OQSCD026"
CS_CONSENT_LAPSE = f"{BASE}:cs:OQSCD031"
CS_ACTING_FOR = f"{BASE}:cs:acting-for"
CS_CONSENT_CATEGORY = f"{BASE}:cs:OQSCD036"
CS_ERROR = f"{BASE}:cs:error"
CS_FAMILY = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/InsuredPersonCategory"
CS_MEDICATION_USE = f"{BASE}:cs:medication-use"
CS_RECEIPT_MEDICINE = f"{BASE}:cs:receipt-medicine"
CS_RECEIPT_ACT = f"{BASE}:cs:receipt-act"
CS_RECEIPT_DISEASE = f"{BASE}:cs:receipt-disease"
CS_CHECKUP_ITEM = "urn:oid:1.2.392.200119.6.1005"

_JP_COVERAGE = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_"
EXT_SYMBOL = f"{_JP_COVERAGE}InsuredPersonSymbol"
EXT_NUMBER = f"{_JP_COVERAGE}InsuredPersonNumber"
EXT_BRANCH = f"{_JP_COVERAGE}InsuredPersonSubNumber"
EXT_NAME_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"


def ext(name: str) -> str:
    """Return the URL of our own extension ``name``."""
    return f"{BASE}:ext:{name}"


class RefusalCode(StrEnum):
    """Why the payer refuses: ``cs:error``."""

    REQUEST_INVALID = "request-invalid"
    CERTIFICATE_MISMATCH = "certificate-mismatch"
    INSTITUTION_UNKNOWN = "institution-unknown"
    INSTITUTION_MISMATCH = "institution-mismatch"
    CONSENT_MISSING = "consent-missing"
    IDENTIFICATION_MISSING = "identification-missing"
    NOT_FOUND = "not-found"
    PATIENT_UNKNOWN = "patient-unknown"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    IDEMPOTENCY_CONFLICT = "idempotency-conflict"
    CONSENT_CONFLICT = "consent-conflict"
    REQUEST_TOO_LARGE = "request-too-large"
    MEDIA_TYPE_UNSUPPORTED = "media-type-unsupported"
    CERTIFICATE_UNTRUSTED = "certificate-untrusted"
    CERTIFICATE_UNKNOWN = "certificate-unknown"
    CERTIFICATE_REVOKED = "certificate-revoked"
    NOT_REGISTERED = "not-registered"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid"
    DISASTER_MODE_OFF = "disaster-mode-off"
    PROOF_INSUFFICIENT = "proof-insufficient"
    SIGNATURE_INVALID = "signature-invalid"
    RECORD_UNTRUSTED = "record-untrusted"
    RECORD_ALTERED = "record-altered"
    RECORD_MISMATCH = "record-mismatch"
    CHALLENGE_UNKNOWN = "challenge-unknown"
    CHALLENGE_USED = "challenge-used"
    CHALLENGE_EXPIRED = "challenge-expired"
    CHALLENGE_WRONG = "challenge-wrong"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    TOO_MANY_REQUESTS = "too-many-requests"


# code → (HTTP status, FHIR issue type, the payer's words)
REFUSALS: dict[RefusalCode, tuple[int, str, str]] = {
    RefusalCode.REQUEST_INVALID: (400, "invalid", "要求の形式に誤りがあります。"),
    RefusalCode.CERTIFICATE_MISMATCH: (
        400,
        "invalid",
        "証明書と証明書の識別情報が一致しません。",
    ),
    RefusalCode.INSTITUTION_UNKNOWN: (403, "security", "医療機関等を確認できません。"),
    RefusalCode.INSTITUTION_MISMATCH: (
        403,
        "security",
        "医療機関コードが接続証明書と一致しません。",
    ),
    RefusalCode.CONSENT_MISSING: (403, "forbidden", "有効な閲覧同意がありません。"),
    RefusalCode.IDENTIFICATION_MISSING: (
        403,
        "forbidden",
        "同意を登録できる本人確認がありません。",
    ),
    RefusalCode.DISASTER_MODE_OFF: (
        403,
        "forbidden",
        "災害時の照会は、いまは使用できません。",
    ),
    RefusalCode.NOT_FOUND: (404, "not-found", "該当する要求先がありません。"),
    RefusalCode.PATIENT_UNKNOWN: (404, "not-found", "該当する患者がありません。"),
    RefusalCode.METHOD_NOT_ALLOWED: (405, "not-supported", "この操作は使用できません。"),
    RefusalCode.IDEMPOTENCY_CONFLICT: (
        409,
        "conflict",
        "同じ要求番号が別の内容で使用されています。",
    ),
    RefusalCode.CONSENT_CONFLICT: (
        409,
        "conflict",
        "同じ同意番号が別の内容で登録されています。",
    ),
    RefusalCode.REQUEST_TOO_LARGE: (413, "too-long", "要求が大きすぎます。"),
    RefusalCode.MEDIA_TYPE_UNSUPPORTED: (415, "not-supported", "要求の媒体型が対象外です。"),
    RefusalCode.CERTIFICATE_UNTRUSTED: (
        422,
        "security",
        "利用者証明用電子証明書の発行者を確認できません。",
    ),
    RefusalCode.CERTIFICATE_UNKNOWN: (
        422,
        "unknown",
        "利用者証明用電子証明書に対応する加入者がありません。",
    ),
    RefusalCode.CERTIFICATE_REVOKED: (
        422,
        "security",
        "利用者証明用電子証明書は失効しています。",
    ),
    RefusalCode.NOT_REGISTERED: (
        422,
        "business-rule",
        "健康保険証としての利用登録がされていません。",
    ),
    RefusalCode.CERTIFICATE_EXPIRED: (
        422,
        "expired",
        "利用者証明用電子証明書の有効期限が切れています。",
    ),
    RefusalCode.CERTIFICATE_NOT_YET_VALID: (
        422,
        "business-rule",
        "利用者証明用電子証明書の有効期間前です。",
    ),
    RefusalCode.PROOF_INSUFFICIENT: (
        422,
        "business-rule",
        "本人確認の方法が資格確認に足りません。",
    ),
    RefusalCode.SIGNATURE_INVALID: (422, "security", "署名を検証できません。"),
    RefusalCode.RECORD_UNTRUSTED: (422, "security", "券面情報の発行者を確認できません。"),
    RefusalCode.RECORD_ALTERED: (422, "security", "券面情報の署名を検証できません。"),
    RefusalCode.RECORD_MISMATCH: (
        422,
        "security",
        "券面情報が証明書の名義人と一致しません。",
    ),
    RefusalCode.CHALLENGE_UNKNOWN: (422, "unknown", "この検証値は発行されていません。"),
    RefusalCode.CHALLENGE_USED: (422, "duplicate", "この検証値は使用済みです。"),
    RefusalCode.CHALLENGE_EXPIRED: (422, "expired", "この検証値の有効期限が切れています。"),
    RefusalCode.CHALLENGE_WRONG: (422, "security", "検証値が一致しません。"),
    RefusalCode.REFUSED: (422, "processing", "この照会は受け付けられません。"),
    RefusalCode.UNAVAILABLE: (503, "transient", "ただいま混み合っています。"),
    RefusalCode.TOO_MANY_REQUESTS: (429, "throttled", "照会が多すぎます。時間をおいてください。"),
}
