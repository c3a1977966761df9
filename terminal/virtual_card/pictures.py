"""The pictures of a card: its printed face, and those in the chip (PNG 1 bit deep, JPEG 2000).

The face has the size of ISO/IEC 7810 ID-1 at 300 dpi and a plain design of its own, marked as a
sample (見本) all over.  Nobody is on the photo: it is drawn, from nothing but the card's serial.
"""

from __future__ import annotations

import hashlib
import io
import logging
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from terminal.virtual_card.personas import CardPictures
from terminal.virtual_card.records import Face, era_of

log = logging.getLogger(__name__)

CARD_SIZE = (1011, 638)
"""85.60 x 53.98 mm at 300 dpi."""

PHOTO_SIZE = (240, 320)
_PHOTO_BYTES = 6000
_FONTS = (
    Path("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"),
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
)
_SEX = {"1": "男", "2": "女"}
_INK = (32, 32, 40)
_PALE = (222, 232, 240)
_PAPER = (246, 247, 244)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def font(size: int) -> Font:
    """Return a Japanese font; where none is installed, one that has digits and Latin letters."""
    for path in _FONTS:
        if path.exists():
            return ImageFont.truetype(path, size)
    log.warning(
        "no Japanese font: the names on the cards' pictures are boxes. "
        "Install the Debian package fonts-ipaexfont-gothic."
    )
    return ImageFont.load_default(size)


def printed_birthdate(face: Face) -> str:
    """Return the birth date as it is printed: ``昭和55年 2月17日生``, ``令和元年 5月 1日生``."""
    era, year = era_of(face.birthdate)
    shown = "元" if year == 1 else f"{year:2d}"
    return f"{era}{shown}年{face.birthdate.month:2d}月{face.birthdate.day:2d}日生"


def printed_expiry(face: Face) -> str:
    """Return the card's last day as it is printed, e.g. ``2035年 2月17日まで有効``."""
    day = face.expires_on
    return f"{day.year}年{day.month:2d}月{day.day:2d}日まで有効"


def card_face(face: Face) -> Image.Image:
    """Draw the front of the card."""
    card = Image.new("RGB", CARD_SIZE, _PAPER)
    pen = ImageDraw.Draw(card)
    for x in range(-CARD_SIZE[1], CARD_SIZE[0], 34):
        pen.line((x, CARD_SIZE[1], x + CARD_SIZE[1], 0), fill=_PALE, width=2)
    _write(pen, (40, 38), "氏名", 22)
    _write(pen, (112, 28), face.name, 36)
    _write(pen, (40, 92), "住所", 22)
    for number, line in enumerate(_lines(face.address, 36, 850)):
        _write(pen, (112, 84 + 42 * number), line, 32)
    card.paste(_photo_on_face(face), (40, 180))
    _write(pen, (40, 520), f"{face.serial}0", 24)
    _write(pen, (40, 558), face.security_code, 36)
    _write(pen, (340, 200), printed_birthdate(face), 36)
    _write(pen, (780, 206), f"性別 {_SEX.get(face.sex, '－')}", 30)
    _write(pen, (340, 266), printed_expiry(face), 36)
    _write(pen, (340, 344), "電子証明書の有効期限        年      月      日", 26)
    _write(pen, (340, 408), "見本市長", 30)
    _write(pen, (560, 408), "個人番号カード（見本）", 30)
    pen.rounded_rectangle((340, 462, 970, 548), 8, outline=_INK, width=2)
    _write(pen, (352, 470), "追記欄", 18)
    _write(pen, (340, 572), "SAMPLE  TEST CARD  実在の人のカードではありません", 24)
    pen.rounded_rectangle((1, 1, CARD_SIZE[0] - 2, CARD_SIZE[1] - 2), 38, outline=_INK, width=2)
    return card


def draw(face: Face) -> CardPictures:
    """Draw the pictures that the chip holds."""
    return CardPictures(
        name=_plate((480, 64), [face.name], 40),
        address=_plate((480, 96), _lines(face.address, 26, 460)[:3], 26),
        security_code=_plate((96, 32), [face.security_code], 28),
        photo=_jpeg_2000(portrait(face)) if face.has_photo else b"",
    )


def _jpeg_2000(grey: Image.Image) -> bytes:
    """Return a boxed JPEG 2000 (JP2) of about the size that a card's photo has."""
    picture = io.BytesIO()
    rate = grey.width * grey.height / _PHOTO_BYTES
    grey.save(picture, "JPEG2000", quality_mode="rates", quality_layers=[rate], no_jp2=False)
    return picture.getvalue()


def portrait(face: Face) -> Image.Image:
    """Draw somebody who is nobody, the same for the same card; greyscale."""
    dice = hashlib.sha256(face.serial.encode()).digest()
    width, height = PHOTO_SIZE
    picture = Image.new("L", PHOTO_SIZE, 226)
    pen = ImageDraw.Draw(picture)
    hair, skin, coat = 30 + dice[0] % 70, 172 + dice[1] % 30, 70 + dice[2] % 80
    middle, wide, top = width // 2, 56 + dice[3] % 14, 64 + dice[4] % 16
    pen.ellipse((middle - 104, 236, middle + 104, height + 120), fill=coat)
    pen.rectangle((middle - 22, 200, middle + 22, 256), fill=skin - 14)
    pen.ellipse((middle - wide - 12, top - 22, middle + wide + 12, 196), fill=hair)
    pen.ellipse((middle - wide, top, middle + wide, 226), fill=skin)
    pen.pieslice((middle - wide - 2, top - 12, middle + wide + 2, top + 84), 180, 360, fill=hair)
    eyes = top + 76 + dice[5] % 8
    for x in (middle - 24, middle + 24):
        pen.ellipse((x - 8, eyes - 4, x + 8, eyes + 4), fill=244)
        pen.ellipse((x - 4, eyes - 4, x + 4, eyes + 4), fill=32)
        pen.line((x - 12, eyes - 15, x + 12, eyes - 15), fill=hair, width=4)
    pen.line((middle, eyes + 6, middle - 4, eyes + 30), fill=skin - 40, width=3)
    pen.arc((middle - 18, eyes + 24, middle + 18, eyes + 48), 20, 160, fill=110, width=4)
    return picture


def _photo_on_face(face: Face) -> Image.Image:
    frame = Image.new("RGB", (248, 330), _PALE)
    if face.has_photo:
        frame.paste(portrait(face).resize((246, 328)), (1, 1))
    else:
        _write(ImageDraw.Draw(frame), (52, 146), "写真なし", 36)
    return frame


def _plate(size: tuple[int, int], lines: list[str], text_size: int) -> bytes:
    """Return black text on white as PNG, 1 bit deep as the card's pictures are."""
    plate = Image.new("L", size, 255)
    pen = ImageDraw.Draw(plate)
    for number, line in enumerate(lines):
        pen.text((6, 2 + number * (text_size + 4)), line, fill=0, font=font(text_size))
    picture = io.BytesIO()
    plate.convert("1", dither=Image.Dither.NONE).save(picture, "PNG", optimize=True)
    return picture.getvalue()


def _write(pen: ImageDraw.ImageDraw, place: tuple[int, int], words: str, size: int) -> None:
    pen.text(place, words, fill=_INK, font=font(size))


def _lines(words: str, size: int, width: int) -> list[str]:
    """Break ``words`` where a line of ``width`` pixels is full."""
    lines = [""]
    for letter in words:
        if font(size).getlength(lines[-1] + letter) > width:
            lines.append("")
        lines[-1] += letter
    return lines
