"""Medicines and acts of treatment for each lasting illness and each passing one.

Generic names with an invented maker (「見本」); doses and usages as they are commonly prescribed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from eligibility.simulator.people import Condition


@dataclass(frozen=True, slots=True)
class Drug:
    """``quantity``: per day in ``unit``; ``days``: None for as long as the visit's interval."""

    name: str
    ingredient: str
    quantity: Decimal
    unit: str
    usage: str
    days: int | None = None


def _drug(
    name: str, ingredient: str, quantity: str, unit: str, usage: str, days: int | None = None
) -> Drug:
    return Drug(name, ingredient, Decimal(quantity), unit, usage, days)


_MORNING = "１日１回朝食後"
_EVENING = "１日１回夕食後"
_BEDTIME = "１日１回就寝前"
_TWICE = "１日２回朝夕食後"
_THRICE = "１日３回毎食後"

LASTING: dict[Condition, tuple[Drug, ...]] = {
    Condition.HYPERTENSION: (
        _drug("アムロジピン錠５ｍｇ「見本」", "アムロジピンベシル酸塩", "1", "錠", _MORNING),
        _drug(
            "オルメサルタン錠２０ｍｇ「見本」", "オルメサルタンメドキソミル", "1", "錠", _MORNING
        ),
    ),
    Condition.LIPIDS: (
        _drug(
            "ロスバスタチン錠２．５ｍｇ「見本」", "ロスバスタチンカルシウム", "1", "錠", _EVENING
        ),
    ),
    Condition.DIABETES: (
        _drug(
            "メトホルミン塩酸塩錠５００ｍｇＭＴ「見本」", "メトホルミン塩酸塩", "2", "錠", _TWICE
        ),
        _drug("シタグリプチン錠５０ｍｇ「見本」", "シタグリプチンリン酸塩", "1", "錠", _MORNING),
    ),
    Condition.REFLUX: (
        _drug("ランソプラゾールＯＤ錠１５ｍｇ「見本」", "ランソプラゾール", "1", "錠", _MORNING),
    ),
    Condition.INSOMNIA: (
        _drug("ゾルピデム酒石酸塩錠５ｍｇ「見本」", "ゾルピデム酒石酸塩", "1", "錠", _BEDTIME),
    ),
    Condition.BONES: (
        _drug(
            "エルデカルシトールカプセル０．７５μｇ「見本」",
            "エルデカルシトール",
            "1",
            "カプセル",
            _MORNING,
        ),
    ),
    Condition.KNEES: (
        _drug("セレコキシブ錠１００ｍｇ「見本」", "セレコキシブ", "2", "錠", _TWICE),
        _drug(
            "ロキソプロフェンＮａテープ１００ｍｇ「見本」",
            "ロキソプロフェンナトリウム",
            "1",
            "枚",
            "１日１回患部に貼付",
        ),
    ),
    Condition.HAY_FEVER: (),
    Condition.ASTHMA: (
        _drug("モンテルカスト錠５ｍｇ「見本」", "モンテルカストナトリウム", "1", "錠", _BEDTIME),
    ),
    Condition.FIBRILLATION: (
        _drug("アピキサバン錠２．５ｍｇ「見本」", "アピキサバン", "2", "錠", _TWICE),
        _drug(
            "ビソプロロールフマル酸塩錠０．６２５ｍｇ「見本」",
            "ビソプロロールフマル酸塩",
            "1",
            "錠",
            _MORNING,
        ),
    ),
    Condition.CONSTIPATION: (
        _drug("酸化マグネシウム錠３３０ｍｇ「見本」", "酸化マグネシウム", "3", "錠", _THRICE),
    ),
}

HAY_FEVER_SEASON = (
    _drug(
        "フェキソフェナジン塩酸塩錠６０ｍｇ「見本」",
        "フェキソフェナジン塩酸塩",
        "2",
        "錠",
        _TWICE,
        28,
    ),
    _drug(
        "モメタゾン点鼻液５０μｇ「見本」５６噴霧用",
        "モメタゾンフランカルボン酸エステル",
        "1",
        "瓶",
        "１日１回　１回各鼻腔に２噴霧",
        28,
    ),
)


@dataclass(frozen=True, slots=True)
class PassingIllness:
    """What a single visit was for: its medicines and acts of treatment."""

    drugs: tuple[Drug, ...]
    acts: tuple[str, ...]


PASSING: tuple[PassingIllness, ...] = (
    PassingIllness(
        (
            _drug(
                "アセトアミノフェン錠２００ｍｇ「見本」",
                "アセトアミノフェン",
                "6",
                "錠",
                _THRICE,
                5,
            ),
            _drug(
                "カルボシステイン錠５００ｍｇ「見本」",
                "Ｌ－カルボシステイン",
                "3",
                "錠",
                _THRICE,
                5,
            ),
        ),
        ("初診料",),
    ),
    PassingIllness(
        (
            _drug("レバミピド錠１００ｍｇ「見本」", "レバミピド", "3", "錠", _THRICE, 7),
            _drug("ファモチジンＯＤ錠２０ｍｇ「見本」", "ファモチジン", "2", "錠", _TWICE, 7),
        ),
        ("初診料", "超音波検査（腹部）"),
    ),
    PassingIllness(
        (
            _drug(
                "ロキソプロフェンＮａ錠６０ｍｇ「見本」",
                "ロキソプロフェンナトリウム水和物",
                "3",
                "錠",
                _THRICE,
                5,
            ),
        ),
        ("初診料", "単純撮影（デジタル）", "消炎鎮痛等処置"),
    ),
    PassingIllness(
        (
            _drug(
                "アモキシシリンカプセル２５０ｍｇ「見本」",
                "アモキシシリン水和物",
                "3",
                "カプセル",
                _THRICE,
                5,
            ),
        ),
        ("初診料", "Ａ群β溶連菌迅速試験定性"),
    ),
)

PASSING_CHILD: tuple[PassingIllness, ...] = (
    PassingIllness(
        (
            _drug(
                "カルボシステインシロップ５％「見本」",
                "Ｌ－カルボシステイン",
                "6",
                "ｍＬ",
                _THRICE,
                5,
            ),
            _drug(
                "チペピジンヒベンズ酸塩シロップ０．５％「見本」",
                "チペピジンヒベンズ酸塩",
                "6",
                "ｍＬ",
                _THRICE,
                5,
            ),
        ),
        ("初診料", "乳幼児加算（初診）"),
    ),
    PassingIllness(
        (
            _drug(
                "ヘパリン類似物質油性クリーム０．３％「見本」",
                "ヘパリン類似物質",
                "25",
                "ｇ",
                "１日２回塗布",
                14,
            ),
        ),
        ("初診料", "乳幼児加算（初診）"),
    ),
)

REGULAR_ACTS = ("再診料", "外来管理加算", "特定疾患療養管理料")
BLOOD_ACTS = ("血液採取（静脈）", "血液化学検査（１０項目以上）", "末梢血液一般検査")
EXTRA_ACTS: dict[Condition, str] = {
    Condition.DIABETES: "ＨｂＡ１ｃ",
    Condition.FIBRILLATION: "心電図検査（１２誘導）",
    Condition.BONES: "骨塩定量検査（ＤＥＸＡ法）",
    Condition.KNEES: "関節腔内注射",
}
