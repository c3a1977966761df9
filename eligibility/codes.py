"""Code tables of the eligibility system (業務コード OQSCDnnn) as enums.

A member's value is the code that is stored and sent; ``ja`` is the official Japanese label, ``en``
its English reading.  A code that no table knows is kept as :class:`UnknownCode` and shown as such:
it is never dropped and never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeVar


class CodeTable(Enum):
    """An enum whose members carry their code, the Japanese and the English label."""

    ja: str
    en: str

    def __new__(cls, code: str, ja: str, en: str) -> CodeTable:
        """Make a member whose value is the code alone."""
        member = object.__new__(cls)
        member._value_ = code
        member.ja = ja
        member.en = en
        return member


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code that the table named ``table`` does not hold, kept verbatim."""

    table: str
    value: str


Table = TypeVar("Table", bound=CodeTable)


def read_code(table: type[Table], code: str) -> Table | UnknownCode:
    """Return the member of ``table`` with this code, or the code itself as unknown."""
    try:
        return table(code)  # type: ignore[call-arg]  # a look-up by value, not the __new__ above
    except ValueError:
        return UnknownCode(table.__name__, code)


class ProvisionConsent(CodeTable):
    """提供同意 (OQSCD001): whether the patient lets a certificate be passed on."""

    NOT_GIVEN = "0", "未同意", "Not consented"
    GIVEN = "1", "同意", "Consented"


class ReferenceClassification(CodeTable):
    """照会区分 (OQSCD002): by what the payer was asked."""

    MY_NUMBER_CARD = "1", "マイナンバーカード", "My Number card"
    INSURED_NUMBER = "2", "被保険者証情報", "Insured number"


class QualificationValidity(CodeTable):
    """資格有効性 (OQSCD006): what the payer says of the qualification."""

    VALID = "1", "有効", "Valid"
    INVALID = "2", "無効", "Invalid"
    INVALID_NEW_EXISTS = "3", "無効（新しい資格あり）", "Invalid (a newer qualification exists)"
    NOT_FOUND = "4", "該当資格なし", "No such qualification"
    SEVERAL = "5", "複数該当", "Several match"
    VALID_UNREGISTERED = "6", "有効（未登録）", "Valid (not yet registered, medical assistance)"


class Sex(CodeTable):
    """性別 (OQSCD007)."""

    MALE = "1", "男", "Male"
    FEMALE = "2", "女", "Female"
    NOT_SET = "3", "未設定", "Not set"


class ReasonOfLoss(CodeTable):
    """資格喪失事由 (OQSCD008)."""

    DEATH = "01", "死亡", "Death"
    PUBLIC_ASSISTANCE = "02", "生活保護受給開始", "Public assistance began"
    OTHER_INSURANCE = "03", "医療保険等の資格取得", "Joined another insurance"
    OTHER = "99", "その他", "Other"


class PersonalFamilyClassification(CodeTable):
    """本人・家族の別 (OQSCD009)."""

    INSURED = "1", "本人", "Insured person"
    FAMILY = "2", "家族", "Family member"


class InsuredCardClassification(CodeTable):
    """被保険者証区分 (OQSCD010)."""

    GENERAL = "01", "一般", "General"
    RETIRED = "02", "退職", "Retired"
    SHORT_GENERAL = "03", "短期（一般）", "Short-term (general)"
    SHORT_RETIRED = "04", "短期（退職）", "Short-term (retired)"
    SPECIAL_EXPENSES = "05", "特別療養費支給対象者", "Special medical expenses (pays in full)"
    SPECIAL_RETIRED = "06", "特例退職", "Special retired"
    SELF_DEFENCE = "07", "自衛官", "Self-Defence Forces"
    MEDICAL_ASSISTANCE = "A1", "医療扶助", "Medical assistance"


class LimitCertificateClassification(CodeTable):
    """限度額適用認定証区分 (OQSCD011)."""

    LIMIT = "01", "限度額適用認定証", "Limit certificate"
    LIMIT_AND_MEAL = (
        "02",
        "限度額適用・標準負担額減額認定証",
        "Limit and meal-reduction certificate",
    )
    MEAL = "03", "標準負担額減額認定証", "Meal-reduction certificate"


class LimitCategory(CodeTable):
    """限度額適用認定証適用区分 (OQSCD012): the high-cost limit category."""

    A01 = "A01", "ア", "A01 (ア)"
    A02 = "A02", "イ", "A02 (イ)"
    A03 = "A03", "ウ", "A03 (ウ)"
    A04 = "A04", "エ", "A04 (エ)"
    A05 = "A05", "オ", "A05 (オ)"
    A06 = "A06", "オ（境）", "A06 (オ, border case)"
    B01 = "B01", "現役並みⅢ", "B01 (working-income III)"
    B02 = "B02", "現役並みⅡ", "B02 (working-income II)"
    B03 = "B03", "現役並みⅠ", "B03 (working-income I)"
    B04 = "B04", "一般", "B04 (general, 70-74)"
    B05 = "B05", "低所得Ⅱ", "B05 (low income II)"
    B06 = "B06", "低所得Ⅰ", "B06 (low income I)"
    B07 = "B07", "低所得Ⅰ（老福）", "B07 (low income I, old-age welfare)"
    B08 = "B08", "低所得Ⅰ（境）", "B08 (low income I, border case)"
    B09 = "B09", "一般Ⅱ", "B09 (general II, 75+)"
    B10 = "B10", "一般Ⅰ", "B10 (general I, 75+)"


class SpecificDisease(CodeTable):
    """特定疾病区分 (OQSCD013)."""

    DIALYSIS = "1", "人工透析を実施している慢性腎不全", "Chronic renal failure on dialysis"
    CLOTTING_FACTOR = "2", "先天性血液凝固因子障害", "Congenital clotting factor disorder"
    HIV = "3", "血液凝固因子製剤に起因するHIV感染症", "HIV infection from clotting factor products"


class LimitCertificateChanged(CodeTable):
    """限度額適用認定証の変更 (OQSCD014)."""

    UNCHANGED = "0", "変更なし", "Unchanged"
    CHANGED = "1", "変更あり又は判定不能", "Changed, or it cannot be told"


class PreschoolClassification(CodeTable):
    """未就学区分 (OQSCD015)."""

    PRESCHOOL = "1", "未就学", "Below school age"


class InformationConsent(CodeTable):
    """閲覧同意区分 (OQSCD016): whether medical information may be seen."""

    NOT_GIVEN = "0", "同意なし", "No consent"
    GIVEN = "1", "同意あり", "Consented"
    ENDED = "2", "同意有効期限切れ", "Consent has ended"
    UNOBTAINABLE = "3", "同意取得困難", "Consent cannot be obtained"


class PrescriptionIssue(CodeTable):
    """処方箋発行形態 (OQSCD017)."""

    ELECTRONIC = "1", "電子処方箋", "Electronic prescription"
    PAPER = "2", "紙の処方箋", "Paper prescription"


class TicketType(CodeTable):
    """券別 (OQSCD018) of a ticket of medical assistance (医療扶助)."""

    MEDICAL = "01", "医療券", "Medical ticket"
    DISPENSING = "02", "調剤券", "Dispensing ticket"


class MedicalTreatmentType(CodeTable):
    """診療別 (OQSCD019): what a ticket is good for."""

    INPATIENT = "01", "入院", "Inpatient"
    OUTPATIENT = "02", "入院外", "Outpatient"
    DENTAL = "03", "歯科", "Dental"
    DISPENSING = "04", "調剤", "Dispensing"
    HOME_NURSING = "05", "訪問看護", "Home nursing"


class TicketUse(CodeTable):
    """単独・併用の別 (OQSCD020): assistance alone, or beside an insurance."""

    ALONE = "01", "単独", "Alone"
    COMBINED = "02", "併用", "Beside an insurance"


class SocialInsurance(CodeTable):
    """社会保険の状況 (OQSCD021) on a ticket."""

    YES = "01", "あり", "Yes"
    NO = "02", "なし", "No"


class TicketConsistency(CodeTable):
    """不整合フラグ (OQSCD022): the ticket does not fit what else is registered."""

    INCONSISTENT = "1", "不整合", "Does not fit the register"


class InfectionExpense(CodeTable):
    """感染症の公費の状況 (OQSCD023) on a ticket."""

    YES = "01", "あり", "Yes"
    NO = "02", "なし", "No"


class ElderlyMedicalCare(CodeTable):
    """後期高齢者医療の状況 (OQSCD024) on a ticket."""

    YES = "01", "あり", "Yes"
    NO = "02", "なし", "No"


class PrefecturalExpense(CodeTable):
    """都道府県費の状況 (OQSCD025) on a ticket."""

    YES = "01", "あり", "Yes"
    NO = "02", "なし", "No"


class DesignatedInstitution(CodeTable):
    """指定医療機関フラグ (OQSCD026): whether the ticket names the institution that asks."""

    SAME = "0", "一致", "This institution"
    OTHER = "1", "不一致", "Another institution"


class ConsentLapse(CodeTable):
    """同意失効理由 (OQSCD031): why a consent ended before its time."""

    BY_INSTITUTION = "1", "医療機関による取消", "Withdrawn by the institution"
    BY_PATIENT = "2", "患者による取消", "Withdrawn by the patient"
    CHANGE_OF_USE = "3", "用途変更", "Change of use"


class ConsentCategory(CodeTable):
    """閲覧同意情報種別 (OQSCD036): what a consent is about."""

    TKK = "TKK", "特定健診", "Health checkups"
    YZK = "YZK", "薬剤・処方", "Medicines"
    SRJ = "SRJ", "診療・アレルギー・検査", "Treatment"
    SHJ = "SHJ", "手術・傷病名・感染症", "Operations and diagnoses"
    TSR = "TSR", "特定疾病", "Specific diseases"
