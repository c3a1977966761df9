"""The parts of 照合番号B on the face of a card, read from one picture of it.

What is printed (right of the photo, and under it):

* ``昭和55年 2月17日生`` the birth date in its era;
* ``2035年 2月17日まで有効`` the card's last day, which is a birthday of its holder;
* 16 digits, the maker's number, and below them the security code, 4 digits alone.

A face that says it otherwise is not read: the birth date of foreign residents stands in the
Gregorian year (西暦), and how 照合番号B is made of that is not public.  The security code has
nothing to check it by, so two models of tesseract must read the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from face_auth.types import overwrite
from terminal.card.number_b import (
    HEISEI,
    REIWA,
    SECURITY_CODE_LENGTH,
    SHOWA,
    TAISHO,
    NumberB,
    year_of_era,
)
from terminal.card_camera.flatten import flatten
from terminal.card_camera.ocr import DIGITS_MODEL, JAPANESE, Tesseract
from terminal.errors import NumberBEntryError

if TYPE_CHECKING:
    from PIL.Image import Image

    from face_auth.types import Frame

DATES_REGION = (325, 180, 1005, 330)
CODE_REGION = (20, 508, 330, 628)
"""Left, top, right, bottom on the flat face (see FLAT_SIZE), with room around."""

ERAS = {"令和": REIWA, "平成": HEISEI, "昭和": SHOWA, "大正": TAISHO}
_DIGITS = "0123456789"
_DATE_LETTERS = _DIGITS + "元年月日生まで有効令和平成昭大正"
_BIRTH = re.compile(r"(令和|平成|昭和|大正)(元|\d{1,2})年(\d{1,2})月(\d{1,2})日生")
_EXPIRY = re.compile(r"(?<!\d)(\d{4})年(\d{1,2})月(\d{1,2})日(?:まで|有効)")
_FEWEST_MARKS = 3
"""With fewer of 年, 月 and 日 read, the card may lie upside down."""


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """The three parts of 照合番号B; to be cleared by whoever holds it.

    ``security_code``: four ASCII digits; ``expiry_year``: Gregorian.
    """

    birthdate: date = field(repr=False)
    expiry_year: int = field(repr=False)
    security_code: bytearray = field(repr=False)

    def clear(self) -> None:
        """Overwrite the security code; may be called twice."""
        self.security_code[:] = bytes(len(self.security_code))


class FaceReader:
    """Reads one picture at a time."""

    def __init__(self, today: Callable[[], date], tesseract: Tesseract) -> None:
        """``today``: in Japan."""
        self._today = today
        self._tesseract = tesseract

    def read(self, frame: Frame) -> PrintedNumber | None:
        """Return what one picture shows, None where any part is unsure.

        The card may lie upside down.
        """
        # green alone is grey enough, and all that is printed is dark in it
        grey = frame.pixels[:, :, 1].copy()
        face = flatten(grey)
        overwrite(grey)
        if face is None:
            return None
        turned = None
        try:
            words = self._dates_text(face)
            if sum(words.count(mark) for mark in "年月日") < _FEWEST_MARKS:
                turned = face.rotate(180)
                words = self._dates_text(turned)
            dates = dates_of(words)
            return None if dates is None else self._whole(turned or face, *dates)
        finally:
            blacken(face)
            if turned is not None:
                blacken(turned)

    def _dates_text(self, face: Image) -> str:
        return self._text(face, DATES_REGION, JAPANESE, _DATE_LETTERS)

    def _whole(self, face: Image, birthdate: date, expiry_year: int) -> PrintedNumber | None:
        code = self._security_code(face)
        if code is None:
            return None
        try:
            # what the staff's typing is checked for holds here as well
            NumberB(birthdate, expiry_year, code, today=self._today()).clear()
        except NumberBEntryError:
            return None
        return PrintedNumber(birthdate, expiry_year, code)

    def _security_code(self, face: Image) -> bytearray | None:
        """Return the one line of four digits that both models see."""
        code: str | None = None
        for language in (DIGITS_MODEL, JAPANESE):
            lines = self._text(face, CODE_REGION, language, _DIGITS).split()
            found = [line for line in lines if len(line) == SECURITY_CODE_LENGTH]
            if len(found) != 1 or code not in (None, found[0]):
                return None
            code = found[0]
        return bytearray(code or "", "ascii")

    def _text(
        self, face: Image, region: tuple[int, int, int, int], language: str, letters: str
    ) -> str:
        part = face.crop(region)
        try:
            return self._tesseract.read(part, language, letters) or ""
        finally:
            blacken(part)


def dates_of(words: str) -> tuple[date, int] | None:
    """Return birth date and year of expiry; the card ends on a birthday."""
    birth, expiry = _BIRTH.search(words), _EXPIRY.search(words)
    if birth is None or expiry is None:
        return None
    birthdate = birthdate_of(*birth.groups())
    ends = int(expiry[2]), int(expiry[3])
    if birthdate is None or ends != (birthdate.month, birthdate.day):
        return None
    return birthdate, int(expiry[1])


def birthdate_of(era: str, year: str, month: str, day: str) -> date | None:
    """Return the date of these printed words, None where the era has no such day."""
    of_era = 1 if year == "元" else int(year)
    try:
        birthdate = date(ERAS[era].year + of_era - 1, int(month), int(day))
    except ValueError:
        return None
    fits = birthdate >= ERAS[era] and year_of_era(birthdate) == of_era
    return birthdate if fits else None


def blacken(picture: Image) -> None:
    """Overwrite a picture that we own."""
    picture.paste(0, (0, 0, *picture.size))
