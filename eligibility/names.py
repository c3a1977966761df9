"""How names are looked at: what cannot be printed, and in what two spellings differ.

Nothing here guesses: what makes two spellings one name is a rule or stands in a table, and is told.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from eligibility.variants import are_variants

REPLACED = "●"
"""What the eligibility system puts in place of a character that it does not hold."""

# Unicode has two readings of these six JIS X 0208 characters; the codec knows only the other one.
_SECOND_READINGS = str.maketrans("～∥－￠￡￢", "〜‖−¢£¬")

_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")

_KANA_AND_WIDTH_FORMS = re.compile("[\u3041-\u3096\u3099\u309a\u30a1-\u30fa\uff01-\uffee]+")


def has_replaced_characters(text: str) -> bool:
    """Whether a character of this name was replaced by ``●``."""
    return REPLACED in text


def characters_outside_jis_x_0208(text: str) -> tuple[str, ...]:
    """Return the characters, in order, that a claim, a receipt or a prescription cannot carry.

    Those documents are written in Shift_JIS with JIS X 0201 and JIS X 0208, without vendors'
    additions; a name with another character is refused at the claim.
    """
    outside = []
    for character in text:
        try:
            character.translate(_SECOND_READINGS).encode("shift_jis")
        except UnicodeEncodeError:
            outside.append(character)
    return tuple(outside)


def can_be_written(name: str) -> bool:
    """Whether claims, receipts and prescriptions can carry this name as it stands."""
    return not has_replaced_characters(name) and not characters_outside_jis_x_0208(name)


def comparable(text: str) -> str:
    """Return ``text`` with one width (half-width kana made full) and without white space.

    Everything else stays: small kana, old and new forms, upper and lower case.
    """
    one_width = _KANA_AND_WIDTH_FORMS.sub(
        lambda match: unicodedata.normalize("NFKC", match.group()), text
    )
    return "".join(one_width.split())


class Spelling(StrEnum):
    """In what two spellings of one name differ.

    WIDTH: full or half width, or spaces; CASE: upper or lower; SCRIPT: hiragana or katakana;
    SMALL_KANA: small kana written large; LONG_MARK: ー or the vowel itself; VARIANT: another form
    of one character (異体字).  UNREADABLE: a character that another system may have to write
    otherwise (●, outside JIS X 0208, a clinic's own 外字), which proves nothing.
    """

    WIDTH = "width"
    CASE = "case"
    SCRIPT = "script"
    SMALL_KANA = "small-kana"
    LONG_MARK = "long-mark"
    VARIANT = "variant"
    UNREADABLE = "unreadable"


_SMALL_TO_LARGE = str.maketrans("ァィゥェォヵヶッャュョヮ", "アイウエオカケツヤユヨワ")
_SMALL_SET = frozenset("ァィゥェォヵヶッャュョヮぁぃぅぇぉゕゖっゃゅょゎ")
_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_MARK = "ー"
_LIKE_A_MARK = re.compile("(?<=[\u3041-\u3096\u30a1-\u30fa])[-‐‑‒–—―−－]")
_VOWELS = {
    kana: vowels
    for row, vowels in (
        ("アカサタナハマヤラワガザダバパ", "ア"),
        ("イキシチニヒミリギジヂビピ", "イ"),
        ("ウクスツヌフムユルグズヅブプヴ", "ウ"),
        ("エケセテネヘメレゲゼデベペ", "エイ"),
        ("オコソトノホモヨロヲゴゾドボポ", "オウ"),
    )
    for kana in row
}
"""By which vowels a kana is made long where no mark (ー) stands."""


def how_alike(one: str, other: str) -> frozenset[Spelling] | None:
    """Return in what two spellings of one name differ, or None where they are two names.

    Empty: nothing differs.  Two characters are one only by width, case, kana, or the table of
    variants; everything else is another name, unless a character is UNREADABLE.  Never means "the
    same person".
    """
    left, right = _forms(one), _forms(other)
    if len(left) != len(right):
        return None
    found = set()
    before = ""
    for (a, form_a), (b, form_b) in zip(left, right, strict=True):
        kinds = _of_two(a, b, before)
        if kinds is None:
            return None
        found |= kinds
        if form_a != form_b:
            found.add(Spelling.VARIANT)
        before = _kana(a) + _kana(b)
    if "".join(one.split()) != "".join(other.split()) and comparable(one) == comparable(other):
        found.add(Spelling.WIDTH)
    return frozenset(found)


def certainly_differ(one: str, other: str) -> bool:
    """Whether these are two names: see :func:`how_alike`.  False never means "the same person"."""
    return how_alike(one, other) is None


def _forms(text: str) -> list[tuple[str, str]]:
    """Return each character with the variation selector (IVS) that chooses its form, if any."""
    forms: list[tuple[str, str]] = []
    for character in _LIKE_A_MARK.sub(_MARK, comparable(text)).replace("・", ""):
        if forms and _VARIATION_SELECTORS.match(character):
            forms[-1] = (forms[-1][0], character)
        else:
            forms.append((character, ""))
    return forms


def _of_two(one: str, other: str, before: str) -> set[Spelling] | None:
    """Return in what two characters at one place differ; ``before``: the kana before them."""
    if one == other:
        return {Spelling.UNREADABLE} if one == REPLACED or _is_private(one) else set()
    if one.casefold() == other.casefold():
        return {Spelling.CASE}
    here, there = _kana(one), _kana(other)
    if here == there:
        scripts = one in _SMALL_SET, other in _SMALL_SET
        small = {Spelling.SMALL_KANA} if scripts[0] != scripts[1] else set()
        return small or {Spelling.SCRIPT}
    long_by = "".join(_VOWELS.get(kana, "") for kana in before)
    if _MARK in (here, there) and {here, there} - {_MARK} <= set(long_by):
        return {Spelling.LONG_MARK}
    if are_variants(one, other):
        return {Spelling.VARIANT}
    unreadable = any(
        character == REPLACED or characters_outside_jis_x_0208(character)
        for character in (one, other)
    )
    return {Spelling.UNREADABLE} if unreadable else None


def _kana(character: str) -> str:
    """Return a kana as the large katakana; anything else as it is."""
    return character.translate(_HIRAGANA_TO_KATAKANA).translate(_SMALL_TO_LARGE)


def _is_private(character: str) -> bool:
    return unicodedata.category(character) == "Co"


def scripts_differ(one: str, other: str) -> bool:
    """Whether one name is written in Latin letters alone and the other without any.

    A foreign resident's card says NGUYEN where an insurer may hold グエン: nothing to compare.
    """
    kinds = [
        {_is_latin(letter) for letter in comparable(name) if letter.isalpha()}
        for name in (one, other)
    ]
    return kinds in ([{True}, {False}], [{False}, {True}])


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN ")
