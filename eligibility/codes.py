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


class ConsentCategory(CodeTable):
    """閲覧同意情報種別 (OQSCD036): what a consent is about."""

    TKK = "TKK", "特定健診", "Health checkups"
    YZK = "YZK", "薬剤・処方", "Medicines"
    SRJ = "SRJ", "診療・アレルギー・検査", "Treatment"
    SHJ = "SHJ", "手術・傷病名・感染症", "Operations and diagnoses"
    TSR = "TSR", "特定疾病", "Specific diseases"
