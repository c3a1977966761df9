"""Names: what cannot be printed, and in what two spellings differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.names import (
    Spelling,
    certainly_differ,
    characters_outside_jis_x_0208,
    comparable,
    has_replaced_characters,
    how_alike,
)

NAMES = st.text("アイウオーｱｲｳ 　山髙高齊斉●ガｶﾞシヨョょSs", max_size=8)


@pytest.mark.parametrize(
    ("name", "outside"),
    [
        ("見本　太郎", ()),
        ("德田　花", ("德",)),
        ("𠮷野　見本", ("𠮷",)),
        ("髙橋　一郎", ("髙",)),
        ("山﨑　一郎", ("﨑",)),
        ("Ａ－Ｂ～Ｃ", ()),
        ("ﾐﾎﾝ ﾀﾛｳ", ()),
        ("●●　太郎", ()),
        ("ヴィクトル　グエン・ヴァン", ()),
    ],
)
def test_characters_that_a_claim_cannot_carry(name: str, outside: tuple[str, ...]) -> None:
    """What JIS X 0208 does not hold is named; two readings of one of its signs are both held."""
    assert characters_outside_jis_x_0208(name) == outside


def test_the_payers_replacement_sign_is_seen() -> None:
    """``●`` stands for a character that the payer could not send."""
    assert has_replaced_characters("●田　太郎")
    assert not has_replaced_characters("○田　太郎")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﾐﾎﾝ ﾀﾛｳ", "ミホン　タロウ"),
        ("ｶﾞｷﾞｸﾞ", "ガギグ"),
        ("見本　太郎", "見本 太郎"),
        ("見本太郎", "見本　太郎"),
        ("ＳＭＩＴＨ", "SMITH"),
        ("カ\u3099", "ガ"),
    ],
)
def test_width_and_space_make_no_difference(one: str, other: str) -> None:
    """Half and full width, with and without a space, compare as equal."""
    assert comparable(one) == comparable(other)
    assert not certainly_differ(one, other)


W, C, T, K, L, V, U = Spelling


@pytest.mark.parametrize(
    ("one", "other", "kinds"),
    [
        ("見本　太郎", "見本　太郎", set()),
        ("ﾐﾎﾝ ﾀﾛｳ", "ミホンタロウ", {W}),
        ("ＡＮＮ", "ANN", {W}),
        ("Smith", "SMITH", {C}),
        ("みほん", "ミホン", {T}),
        ("ｼﾖｳｲﾁ", "ショウイチ", {K}),
        ("きょうこ", "キヨウコ", {T, K}),
        ("オオノ", "オーノ", {L}),
        ("コウジ", "コージ", {L}),
        ("ケイコ", "ケーコ", {L}),
        ("コ－ジ", "コージ", set()),
        ("高橋", "髙橋", {V}),
        ("山崎", "山﨑", {V}),
        ("吉田", "𠮷田", {V}),
        ("渡邊", "渡邉", {V}),
        ("渡辺", "渡邉", {V}),
        ("斉藤", "齊藤", {V}),
        ("斎藤", "齋藤", {V}),
        ("桑田", "桒田", {V}),
        ("浜田", "濵田", {V}),
        ("浜田", "濱田", {V}),
        ("濱田", "濵田", {V}),
        ("徳田", "德田", {V}),
        ("神田", "\ufa19田", {V}),
        ("辻\U000e0100", "辻", {V}),
        ("●田", "高田", {U}),
        ("●田", "●田", {U}),
        ("\ue000田", "\ue000田", {U}),
        ("髙田", "山田", {U}),
        ("髙橋　ｼﾖｳ", "高橋ショウ", {V, K}),
    ],
)
def test_spellings_of_one_name(one: str, other: str, kinds: set[Spelling]) -> None:
    """In what two spellings differ is told, whichever of the two is asked first."""
    assert how_alike(one, other) == how_alike(other, one) == frozenset(kinds)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("斉藤", "斎藤"),
        ("山崎", "山埼"),
        ("太田", "大田"),
        ("吉田", "古田"),
        ("阿部", "安部"),
        ("ハナ", "ハナコ"),
        ("ハナ", "ハタ"),
        ("オウノ", "オオノ"),
        ("カーコ", "カイコ"),
        ("ジユン", "ズユン"),
        ("太郎●", "太郎"),
        ("\ue000田", "\ue000野"),
        ("", "ア"),
    ],
)
def test_spellings_are_not_guessed_to_be_the_same(one: str, other: str) -> None:
    """What looks or sounds alike, another vowel and another length are other names."""
    assert how_alike(one, other) is None
    assert certainly_differ(other, one)


def test_a_replaced_character_proves_nothing() -> None:
    """``●`` may be any one character, but the rest must agree."""
    assert not certainly_differ("●田　太郎", "德田　太郎")
    assert certainly_differ("●田　太郎", "德田　次郎")


@given(one=NAMES, other=NAMES)
def test_difference_is_symmetric(one: str, other: str) -> None:
    """Whether two names differ does not depend on which is asked first."""
    assert how_alike(one, other) == how_alike(other, one)
    assert not (how_alike(one, one) or set()) - {Spelling.UNREADABLE}


@given(name=st.text(max_size=20))
def test_comparing_is_stable_on_any_text(name: str) -> None:
    """Normalising twice changes nothing more, whatever the text."""
    assert comparable(comparable(name)) == comparable(name)
