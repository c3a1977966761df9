"""The people of the demo's tray: one for each thing that happens at a reception desk."""

from __future__ import annotations

from dataclasses import dataclass

from eligibility.codes import (
    LimitCategory,
    PersonalFamilyClassification,
    Sex,
    SpecificDisease,
)
from eligibility.simulator.insurers import Scheme
from eligibility.simulator.people import (
    CardCondition,
    Condition,
    Recorded,
    Situation,
    Story,
)


@dataclass(frozen=True, slots=True)
class Persona:
    """A person with a story; ``age`` in years on the day the demo is made."""

    slug: str
    name: tuple[str, str]
    kana: tuple[str, str]
    age: int
    sex: Sex
    scheme: Scheme
    story: Story
    situation: Situation = Situation.VALID
    family: PersonalFamilyClassification = PersonalFamilyClassification.INSURED
    elderly_percent: int = 10
    limit_category: LimitCategory | None = None
    conditions: tuple[Condition, ...] = ()
    card_condition: CardCondition = CardCondition.NORMAL
    insurance_card: bool = True
    reissued: Story | None = None
    specific_disease: SpecificDisease | None = None
    recorded: Recorded = Recorded.ORDINARY
    taken_for: tuple[str, str] | None = None
    """The name of somebody else of the same reading, whose entry the register has for the card."""


PERSONAS: tuple[Persona, ...] = (
    Persona(
        "ordinary",
        ("山田", "健一"),
        ("ヤマダ", "ケンイチ"),
        46,
        Sex.MALE,
        Scheme.JAPAN_HEALTH,
        Story(
            "会社員。高血圧の薬を続けており、毎年健診を受けています。",
            "Office worker on blood-pressure medicine, with a checkup every year.",
        ),
        conditions=(Condition.HYPERTENSION, Condition.HAY_FEVER),
        reissued=Story(
            "同じ人が、再交付された新しいカードを持って来ました。電子証明書の番号が変わっています。",
            "The same man with a reissued card, whose certificate has a new serial number.",
        ),
    ),
    Persona(
        "elderly",
        ("田中", "千代"),
        ("タナカ", "チヨ"),
        84,
        Sex.FEMALE,
        Scheme.LATE_ELDERLY,
        Story(
            "84歳、後期高齢者医療の1割負担。薬がたくさんあります。",
            "84 years old, pays 10 percent, takes many medicines.",
        ),
        conditions=(
            Condition.HYPERTENSION,
            Condition.LIPIDS,
            Condition.FIBRILLATION,
            Condition.BONES,
            Condition.INSOMNIA,
            Condition.REFLUX,
            Condition.CONSTIPATION,
            Condition.KNEES,
        ),
    ),
    Persona(
        "child",
        ("鈴木", "陽翔"),
        ("スズキ", "ハルト"),
        4,
        Sex.MALE,
        Scheme.SOCIETY,
        Story(
            "4歳の子ども。保護者が暗証番号を入力します。",
            "A child of four; a guardian enters the PIN.",
        ),
        family=PersonalFamilyClassification.FAMILY,
        conditions=(Condition.ASTHMA,),
    ),
    Persona(
        "job-change",
        ("佐藤", "美咲"),
        ("サトウ", "ミサキ"),
        33,
        Sex.FEMALE,
        Scheme.SOCIETY,
        Story(
            "先月退職し、次の保険がまだ登録されていません（無効）。",
            "Left her job last month; the next insurance is not registered yet (invalid).",
        ),
        situation=Situation.LEFT_JOB,
    ),
    Persona(
        "newer-insurance",
        ("伊藤", "大輔"),
        ("イトウ", "ダイスケ"),
        39,
        Sex.MALE,
        Scheme.LOCAL_OFFICIALS,
        Story(
            "転職し、新しい資格があります（無効、新しい資格あり）。",
            "Changed jobs; a newer qualification exists (invalid, newer exists).",
        ),
        situation=Situation.NEWER_EXISTS,
    ),
    Persona(
        "not-found",
        ("渡辺", "葵"),
        ("ワタナベ", "アオイ"),
        27,
        Sex.FEMALE,
        Scheme.NATIONAL,
        Story(
            "引っ越したばかりで、該当する資格が見つかりません。",
            "Moved recently; no qualification is found.",
        ),
        situation=Situation.NOT_FOUND,
    ),
    Persona(
        "several",
        ("小林", "純"),
        ("コバヤシ", "ジュン"),
        52,
        Sex.MALE,
        Scheme.NATIONAL,
        Story(
            "複数の資格が該当し、窓口での確認が必要です。",
            "Several qualifications match; the desk has to ask.",
        ),
        situation=Situation.SEVERAL,
    ),
    Persona(
        "medical-assistance",
        ("中村", "茂"),
        ("ナカムラ", "シゲル"),
        61,
        Sex.MALE,
        Scheme.MEDICAL_ASSISTANCE,
        Story(
            "医療扶助を受けています（有効、未登録）。",
            "Receives medical assistance (valid, not yet registered).",
        ),
        situation=Situation.ASSISTANCE_ONLY,
    ),
    Persona(
        "insurance-and-assistance",
        ("加藤", "節子"),
        ("カトウ", "セツコ"),
        58,
        Sex.FEMALE,
        Scheme.JAPAN_HEALTH,
        Story(
            "健康保険と医療扶助の両方があります（結果が2件）。",
            "Has health insurance and medical assistance: two results.",
        ),
        situation=Situation.ASSISTANCE_TOO,
        conditions=(Condition.DIABETES,),
    ),
    Persona(
        "replaced-character",
        ("髙橋", "恵"),
        ("タカハシ", "メグミ"),
        50,
        Sex.FEMALE,
        Scheme.SCHOOLS,
        Story(
            "氏名の「髙」が「●」で返ってきます。",
            "The payer writes one character of her name as ●.",
        ),
        conditions=(Condition.LIPIDS,),
    ),
    Persona(
        "limit-certificate",
        ("山本", "正男"),
        ("ヤマモト", "マサオ"),
        72,
        Sex.MALE,
        Scheme.NATIONAL,
        Story(
            "72歳、2割負担。高齢受給者証と限度額の認定があります。",
            "72 years old, pays 20 percent; holds a ratio and a limit certificate.",
        ),
        elderly_percent=20,
        limit_category=LimitCategory.B05,
        conditions=(Condition.HYPERTENSION, Condition.DIABETES, Condition.LIPIDS),
    ),
    Persona(
        "last-try",
        ("吉田", "直美"),
        ("ヨシダ", "ナオミ"),
        44,
        Sex.FEMALE,
        Scheme.STATE_OFFICIALS,
        Story(
            "暗証番号を2回間違えており、あと1回で使えなくなります。",
            "Mistyped the PIN twice; one more error blocks it.",
        ),
        card_condition=CardCondition.LAST_TRY,
    ),
    Persona(
        "pin-blocked",
        ("松本", "勇"),
        ("マツモト", "イサム"),
        68,
        Sex.MALE,
        Scheme.SPECIAL_SOCIETY,
        Story(
            "暗証番号が使えません。顔か、職員の目視で確認します。",
            "The PIN is blocked; his face is compared, by camera or by staff.",
        ),
        conditions=(Condition.HYPERTENSION, Condition.REFLUX),
        card_condition=CardCondition.PIN_BLOCKED,
    ),
    Persona(
        "expires-soon",
        ("井上", "香織"),
        ("イノウエ", "カオリ"),
        36,
        Sex.FEMALE,
        Scheme.POLICE,
        Story(
            "電子証明書の有効期限がもうすぐ切れます。",
            "The card's certificate expires soon.",
        ),
        card_condition=CardCondition.EXPIRES_SOON,
    ),
    Persona(
        "expired",
        ("木村", "修"),
        ("キムラ", "オサム"),
        57,
        Sex.MALE,
        Scheme.NATIONAL,
        Story(
            "電子証明書の有効期限が切れています。",
            "The card's certificate has expired.",
        ),
        conditions=(Condition.HYPERTENSION,),
        card_condition=CardCondition.EXPIRED,
    ),
    Persona(
        "face-only",
        ("清水", "和子"),
        ("シミズ", "カズコ"),
        79,
        Sex.FEMALE,
        Scheme.LATE_ELDERLY,
        Story(
            "暗証番号のない「顔認証マイナンバーカード」です。顔か、職員の目視で確認します。",
            "A card without a PIN; her face is compared, by camera or by staff.",
        ),
        conditions=(Condition.HYPERTENSION, Condition.INSOMNIA),
        card_condition=CardCondition.FACE_ONLY,
    ),
    Persona(
        "in-grace",
        ("林", "誠"),
        ("ハヤシ", "マコト"),
        48,
        Sex.MALE,
        Scheme.JAPAN_HEALTH,
        Story(
            "電子証明書の期限が先月切れました。3か月間は資格だけ確認できます。",
            "His certificate expired last month; for three months coverage alone is told.",
        ),
        conditions=(Condition.LIPIDS,),
        card_condition=CardCondition.IN_GRACE,
    ),
    Persona(
        "infant",
        ("山崎", "結衣"),
        ("ヤマザキ", "ユイ"),
        0,
        Sex.FEMALE,
        Scheme.SOCIETY,
        Story(
            "0歳の赤ちゃん。カードに顔写真がありません。",
            "A baby, whose card bears no photo.",
        ),
        family=PersonalFamilyClassification.FAMILY,
    ),
    Persona(
        "phone",
        ("森", "翼"),
        ("モリ", "ツバサ"),
        24,
        Sex.MALE,
        Scheme.SOCIETY,
        Story(
            "スマートフォンに入れたマイナンバーカードです。券面の情報は入っていません。",
            "A My Number card in a phone: certificates, but nothing of the card's face.",
        ),
        card_condition=CardCondition.PHONE,
    ),
    Persona(
        "not-loaded",
        ("池田", "キヨ"),
        ("イケダ", "キヨ"),
        81,
        Sex.FEMALE,
        Scheme.LATE_ELDERLY,
        Story(
            "カードに電子証明書が入っていません。市区町村の窓口で入れてもらえます。",
            "Her card holds no certificates; the municipality can load them.",
        ),
        card_condition=CardCondition.NOT_LOADED,
    ),
    Persona(
        "revoked",
        ("橋本", "拓也"),
        ("ハシモト", "タクヤ"),
        41,
        Sex.MALE,
        Scheme.NATIONAL,
        Story(
            "紛失届が出されたカードです。電子証明書は失効しています。",
            "A card that was reported lost; its certificate is revoked.",
        ),
        card_condition=CardCondition.REVOKED,
    ),
    Persona(
        "not-registered",
        ("石川", "百合子"),
        ("イシカワ", "ユリコ"),
        55,
        Sex.FEMALE,
        Scheme.SPECIAL_SOCIETY,
        Story(
            "健康保険証としての利用登録がまだのカードです。",
            "Her card is not yet registered as an insurance card.",
        ),
        insurance_card=False,
    ),
    Persona(
        "card-expired",
        ("清水", "勝"),
        ("シミズ", "マサル"),
        67,
        Sex.MALE,
        Scheme.NATIONAL,
        Story(
            "カードそのものの期限が半年前に切れています。新しいカードの申請が要ります。",
            "His card itself expired half a year ago; he has to apply for a new one.",
        ),
        card_condition=CardCondition.CARD_EXPIRED,
    ),
    Persona(
        "specific-disease",
        ("松本", "進"),
        ("マツモト", "ススム"),
        58,
        Sex.MALE,
        Scheme.JAPAN_HEALTH,
        Story(
            "人工透析に通っています。特定疾病の受療証と、限度額の区分ウがあります。",
            "Comes for dialysis, with a specific-disease certificate and limit category A03.",
        ),
        limit_category=LimitCategory.A03,
        conditions=(Condition.HYPERTENSION,),
        specific_disease=SpecificDisease.DIALYSIS,
    ),
    Persona(
        "mislinked",
        ("高田", "良子"),
        ("タカダ", "リョウコ"),
        50,
        Sex.FEMALE,
        Scheme.SOCIETY,
        Story(
            "支払側で、読みが同じ別の人に誤ってつながっています。券面の情報と照合すると分かります。",
            "Linked by mistake to somebody of the same reading; comparing with the card shows it.",
        ),
        conditions=(Condition.DIABETES,),
        taken_for=("高田", "涼子"),
    ),
    Persona(
        "many-records",
        ("大木", "ヨシ"),
        ("オオキ", "ヨシ"),
        83,
        Sex.FEMALE,
        Scheme.LATE_ELDERLY,
        Story(
            "5年分で3,000行を超える薬の記録があります。二つの医院から同じ成分の薬が出ています。",
            "Has more than 3,000 lines of medicines; two clinics prescribe the same ingredient.",
        ),
        conditions=tuple(Condition),
        recorded=Recorded.MUCH,
    ),
    Persona(
        "untidy-records",
        ("中田", "昇"),
        ("ナカタ", "ノボル"),
        59,
        Sex.MALE,
        Scheme.SOCIETY,
        Story(
            "記録が整っていません。単位の違い、知らない項目、ありえない日付が混じっています。",
            "His records are untidy: units disagree, items are unknown, days are impossible.",
        ),
        conditions=(Condition.HYPERTENSION, Condition.DIABETES),
        recorded=Recorded.UNTIDY,
    ),
    Persona(
        "nothing-recorded",
        ("川口", "剛"),
        ("カワグチ", "ツヨシ"),
        46,
        Sex.MALE,
        Scheme.NATIONAL,
        Story(
            "同意はしますが、薬も診療も健診も記録がありません。",
            "Consents, but no medicine, treatment or checkup is on record.",
        ),
        recorded=Recorded.NOTHING,
    ),
)
