"""Words that synthetic people are made of: common names, streets that do not exist, kana."""

from __future__ import annotations

import unicodedata


def _pairs(words: str) -> tuple[tuple[str, str], ...]:
    """Return (written, kana) of each word."""
    halves = (word.partition("/") for word in words.split())
    return tuple((written, kana) for written, _, kana in halves)


FAMILY_NAMES: tuple[tuple[str, str], ...] = _pairs(
    "佐藤/サトウ 鈴木/スズキ 高橋/タカハシ 田中/タナカ 伊藤/イトウ 渡辺/ワタナベ 山本/ヤマモト "
    "中村/ナカムラ 小林/コバヤシ 加藤/カトウ 吉田/ヨシダ 山田/ヤマダ 佐々木/ササキ "
    "山口/ヤマグチ 松本/マツモト 井上/イノウエ 木村/キムラ 林/ハヤシ 斎藤/サイトウ "
    "清水/シミズ 山崎/ヤマザキ 森/モリ 池田/イケダ 橋本/ハシモト 阿部/アベ 石川/イシカワ "
    "中島/ナカジマ 前田/マエダ 藤田/フジタ 小川/オガワ 後藤/ゴトウ 岡田/オカダ "
    "長谷川/ハセガワ 村上/ムラカミ 近藤/コンドウ 石井/イシイ 遠藤/エンドウ 青木/アオキ "
    "坂本/サカモト 西村/ニシムラ 福田/フクダ 太田/オオタ 三浦/ミウラ 岡本/オカモト "
    "松田/マツダ 中川/ナカガワ 中野/ナカノ 原田/ハラダ 小野/オノ 田村/タムラ 竹内/タケウチ "
    "金子/カネコ 和田/ワダ 中山/ナカヤマ 石田/イシダ 上田/ウエダ 森田/モリタ 柴田/シバタ"
)

# As registered, with characters outside JIS X 0208: the payer's system writes ● for some of
# them and passes others through.
RARE_FAMILY_NAMES: tuple[tuple[str, str], ...] = (
    ("髙橋", "タカハシ"),
    ("山﨑", "ヤマザキ"),
    ("𠮷田", "ヨシダ"),
    ("德永", "トクナガ"),
    ("濵田", "ハマダ"),
    ("栁沢", "ヤナギサワ"),
)

MALE_NAMES: tuple[tuple[str, str], ...] = _pairs(
    "翔太/ショウタ 健一/ケンイチ 大輔/ダイスケ 誠/マコト 拓也/タクヤ 浩二/コウジ 隆/タカシ "
    "和也/カズヤ 直樹/ナオキ 雄一/ユウイチ 悠斗/ユウト 蓮/レン 陽翔/ハルト 湊/ミナト "
    "正男/マサオ 清/キヨシ 勇/イサム 茂/シゲル 昭一/ショウイチ 博/ヒロシ 修/オサム 進/ススム "
    "達也/タツヤ 亮/リョウ 智也/トモヤ 秀樹/ヒデキ 剛/ツヨシ 純/ジュン 一郎/イチロウ "
    "恭平/キョウヘイ"
)

FEMALE_NAMES: tuple[tuple[str, str], ...] = _pairs(
    "陽子/ヨウコ 裕子/ユウコ 恵/メグミ 真由美/マユミ 久美子/クミコ 直美/ナオミ 智子/トモコ "
    "愛/アイ 美咲/ミサキ 葵/アオイ 結衣/ユイ 陽菜/ヒナ 凛/リン さくら/サクラ 千代/チヨ "
    "文子/フミコ 和子/カズコ 幸子/サチコ 節子/セツコ 京子/キョウコ 順子/ジュンコ "
    "洋子/ヨウコ 典子/ノリコ 香織/カオリ 綾/アヤ 麻衣/マイ 彩/アヤ 由美/ユミ 明美/アケミ "
    "春香/ハルカ"
)

PREFECTURES: tuple[tuple[str, str, str], ...] = (
    ("13", "東京都", "みほん区"),
    ("14", "神奈川県", "みほん市"),
    ("11", "埼玉県", "みほん市"),
    ("12", "千葉県", "みほん市"),
    ("27", "大阪府", "みほん市"),
    ("23", "愛知県", "みほん市"),
    ("01", "北海道", "みほん市"),
    ("40", "福岡県", "みほん市"),
)

TOWNS = ("青葉町", "桜町", "本町", "緑町", "栄町", "若葉町", "日の出町", "富士見町")

_FULL_WIDTH_DIGITS = str.maketrans("0123456789-", "０１２３４５６７８９－")
_SMALL_TO_LARGE = str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ")


def _half_width_table() -> dict[int, str]:
    table = {ord("　"): " ", ord("ー"): "ｰ"}
    for code in range(0xFF66, 0xFF9E):
        for mark in ("", "ﾞ", "ﾟ"):
            half = chr(code) + mark
            full = unicodedata.normalize("NFKC", half)
            if len(full) == 1:
                table[ord(full)] = half
    return table


_HALF_WIDTH = _half_width_table()


def half_width_kana(kana: str) -> str:
    """Return katakana in half width with a half-width space, as the payer's system sends it."""
    return kana.translate(_HALF_WIDTH)


def large_kana(kana: str) -> str:
    """Return katakana with small kana written large, as some insurers register it."""
    return kana.translate(_SMALL_TO_LARGE)


def full_width(text: str) -> str:
    """Return digits and hyphens in full width."""
    return text.translate(_FULL_WIDTH_DIGITS)


def replaced(name: str) -> str:
    """Return ``name`` with ● for each character that JIS X 0208 does not hold."""
    return "".join(
        character if _in_jis_x_0208(character) or character == "　" else "●" for character in name
    )


def _in_jis_x_0208(character: str) -> bool:
    try:
        # euc_jp holds JIS X 0208 in two bytes, JIS X 0212 in three
        return len(character.encode("euc_jp")) <= 2
    except UnicodeEncodeError:
        return False
