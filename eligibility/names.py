"""How names are looked at: what cannot be printed, and comparison by width and space only.

Nothing here guesses: two spellings of one character are two characters.
"""

from __future__ import annotations

import re
import unicodedata

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


def comparable(text: str) -> str:
    """Return ``text`` with one width (half-width kana made full) and without white space.

    Everything else stays: small kana, old and new forms, upper and lower case.
    """
    one_width = _KANA_AND_WIDTH_FORMS.sub(
        lambda match: unicodedata.normalize("NFKC", match.group()), text
    )
    return "".join(one_width.split())


def certainly_differ(one: str, other: str) -> bool:
    """Whether two names differ beyond width and space.

    A ``●`` is a character nobody could read: it proves no difference where the rest agrees.  False
    never means "the same person".
    """
    left, right = comparable(one), comparable(other)
    if len(left) != len(right):
        return True
    return any(a != b and REPLACED not in (a, b) for a, b in zip(left, right, strict=True))


_SMALL_TO_LARGE = str.maketrans("ァィゥェォヵヶッャュョヮ", "アイウエオカケツヤユヨワ")
_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_LONG_MARKS = dict.fromkeys(map(ord, "-‐‑‒–—―−－"), "ー")
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


def readings_differ(one: str, other: str) -> bool:
    """Whether two names in kana differ in how they are read.

    Width, spaces, hiragana or katakana, small kana written large and a long vowel written as mark
    or as vowel are no differences: systems differ in them.  A ``●`` proves none.
    """
    left, right = _reading(one), _reading(other)
    if len(left) != len(right):
        return True
    return any(
        a != b and REPLACED not in (a, b) and not (place and _is_long(left[place - 1], a, b))
        for place, (a, b) in enumerate(zip(left, right, strict=True))
    )


def _reading(text: str) -> str:
    kana = comparable(text).translate(_HIRAGANA_TO_KATAKANA).translate(_SMALL_TO_LARGE)
    return kana.replace("・", "").translate(_LONG_MARKS).casefold()


def _is_long(before: str, one: str, other: str) -> bool:
    """Whether one is the mark of a long vowel and the other that vowel itself."""
    vowel = {one, other} - {"ー"}
    return len(vowel) == 1 and vowel.pop() in _VOWELS.get(before, "")


def as_far_as_certain(text: str) -> str:
    """Return ``text`` to be compared, with ``●`` for each character that proves nothing.

    That is what another system may have to write otherwise: a character outside JIS X 0208, or one
    whose form is chosen by a variation selector (IVS).  Upper and lower case are made one.
    """
    certain: list[str] = []
    for character in comparable(text).casefold():
        if _VARIATION_SELECTORS.match(character):
            certain[-1:] = [REPLACED]
        elif characters_outside_jis_x_0208(character):
            certain.append(REPLACED)
        else:
            certain.append(character)
    return "".join(certain)


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
