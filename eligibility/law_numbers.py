"""法別番号: by which law an insurer or a public payer pays, the first two of its eight digits.

Source: 設定要領 of 保険者番号 and of 公費負担者番号, with their tables.  From 80 on each prefecture
numbers schemes of its own, which have no name here.
"""

from __future__ import annotations

from dataclasses import dataclass

from eligibility.numbers import normalise_insurer_number


@dataclass(frozen=True, slots=True)
class LawNumber:
    """One 法別番号.  ``ja``: the scheme's usual short name; ``en``: its English reading.

    ``public_expense``: whether it is a 公費負担医療, which pays beside or instead of an insurance.
    """

    code: str
    ja: str
    en: str
    public_expense: bool = False


NATIONAL_HEALTH_INSURANCE = LawNumber("00", "国民健康保険", "National Health Insurance")
"""Has no 法別番号 of its own: its numbers have six digits, to which 00 is padded."""

_INSURANCES = (
    NATIONAL_HEALTH_INSURANCE,
    LawNumber("01", "協会けんぽ", "Japan Health Insurance Association"),
    LawNumber("02", "船員保険", "Seamen's insurance"),
    LawNumber("03", "日雇特例（一般）", "Day labourers (general)"),
    LawNumber("04", "日雇特例（特別）", "Day labourers (special)"),
    LawNumber("06", "健保組合", "Health insurance society"),
    LawNumber("07", "自衛官", "Self-Defence Forces"),
    LawNumber("31", "国家公務員共済", "National public officers' mutual aid"),
    LawNumber("32", "地方公務員等共済", "Local public officers' mutual aid"),
    LawNumber("33", "警察共済", "Police mutual aid"),
    LawNumber("34", "公立学校・私学共済", "School staff's mutual aid"),
    LawNumber("39", "後期高齢者医療", "Medical care for the late-stage elderly"),
    LawNumber("63", "健保組合（特例退職）", "Health insurance society (retired)"),
    LawNumber("67", "国保（退職者）", "National Health Insurance (retired)"),
    LawNumber("72", "国家公務員共済（特例退職）", "National public officers (retired)"),
    LawNumber("73", "地方公務員等共済（特例退職）", "Local public officers (retired)"),
    LawNumber("74", "警察共済（特例退職）", "Police (retired)"),
    LawNumber("75", "公立学校・私学共済（特例退職）", "School staff (retired)"),
)
_PUBLIC_EXPENSES = (
    ("10", "感染症法（結核・適正医療）", "Tuberculosis, outpatient"),
    ("11", "感染症法（結核・入院）", "Tuberculosis, inpatient"),
    ("12", "生活保護法（医療扶助）", "Public assistance (medical assistance)"),
    ("13", "戦傷病者特別援護法（療養の給付）", "Wounded veterans (treatment)"),
    ("14", "戦傷病者特別援護法（更生医療）", "Wounded veterans (rehabilitation)"),
    ("15", "障害者総合支援法（更生医療）", "Disability support (rehabilitation)"),
    ("16", "障害者総合支援法（育成医療）", "Disability support (children)"),
    ("17", "児童福祉法（療育の給付）", "Child welfare (tuberculosis)"),
    ("18", "原爆援護法（認定疾病医療）", "Atomic bomb survivors (recognised diseases)"),
    ("19", "原爆援護法（一般疾病医療費）", "Atomic bomb survivors (general diseases)"),
    ("20", "精神保健福祉法（措置入院）", "Mental health (compulsory admission)"),
    ("21", "障害者総合支援法（精神通院医療）", "Disability support (psychiatric outpatient)"),
    ("22", "麻薬及び向精神薬取締法（入院措置）", "Narcotics control (admission)"),
    ("23", "母子保健法（養育医療）", "Premature infants"),
    ("24", "障害者総合支援法（療養介護医療）", "Disability support (nursing care)"),
    ("25", "中国残留邦人等支援法", "Japanese left behind in China"),
    ("28", "感染症法（一類感染症等）", "Class I infectious diseases"),
    ("29", "感染症法（新感染症）", "New infectious diseases"),
    ("30", "医療観察法", "Medical treatment and supervision"),
    ("38", "肝炎治療・肝がん等", "Hepatitis and liver cancer"),
    ("51", "特定疾患治療・先天性血液凝固因子障害等", "Specified diseases"),
    ("52", "児童福祉法（小児慢性特定疾病）", "Chronic diseases of children"),
    ("53", "児童福祉法（措置等に係る医療）", "Child welfare (placements)"),
    ("54", "難病法（特定医療）", "Intractable diseases"),
    ("62", "特定B型肝炎ウイルス感染者", "Hepatitis B victims"),
    ("66", "石綿健康被害救済法", "Asbestos victims"),
    ("79", "児童福祉法（障害児入所医療等）", "Disabled children in institutions"),
)

LAW_NUMBERS = {
    law.code: law
    for law in (*_INSURANCES, *(LawNumber(*one, public_expense=True) for one in _PUBLIC_EXPENSES))
}


def law_number_of(number: str) -> LawNumber | None:
    """Return by which law an insurer or public payer pays, None where the table does not say.

    Raises ValueError for what is no insurer number.
    """
    return LAW_NUMBERS.get(normalise_insurer_number(number)[:2])
