"""Names: what cannot be printed, and comparison by width and space only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.names import (
    certainly_differ,
    characters_outside_jis_x_0208,
    comparable,
    has_replaced_characters,
)

NAMES = st.text("アイウｱｲｳ 　山田太郎●ガｶﾞ", max_size=8)


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("シヨウイチ", "ショウイチ"),
        ("斉藤", "斎藤"),
        ("徳田", "德田"),
        ("神田", "\ufa19田"),
        ("山崎", "山﨑"),
        ("Smith", "SMITH"),
        ("ハナ", "ハナコ"),
        ("太郎●", "太郎"),
    ],
)
def test_spellings_are_not_guessed_to_be_the_same(one: str, other: str) -> None:
    """Small kana, old and new forms, case and length are differences."""
    assert certainly_differ(one, other)


def test_a_replaced_character_proves_nothing() -> None:
    """``●`` may be any one character, but the rest must agree."""
    assert not certainly_differ("●田　太郎", "德田　太郎")
    assert certainly_differ("●田　太郎", "德田　次郎")


@given(one=NAMES, other=NAMES)
def test_difference_is_symmetric(one: str, other: str) -> None:
    """Whether two names differ does not depend on which is asked first."""
    assert certainly_differ(one, other) == certainly_differ(other, one)
    assert not certainly_differ(one, one)


@given(name=st.text(max_size=20))
def test_comparing_is_stable_on_any_text(name: str) -> None:
    """Normalising twice changes nothing more, whatever the text."""
    assert comparable(comparable(name)) == comparable(name)
