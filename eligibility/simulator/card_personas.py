"""Those of the demo's people whose card is what happens."""

from __future__ import annotations

from eligibility.codes import (
    PersonalFamilyClassification,
    Sex,
)
from eligibility.simulator.insurers import Scheme
from eligibility.simulator.people import (
    CardCondition,
    Condition,
    Persona,
    Story,
)

CARD_PERSONAS: tuple[Persona, ...] = (
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
)
