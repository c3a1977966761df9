"""The pictures in a chip and the printed face, as another program would open them."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from terminal.card import visual
from terminal.virtual_card import pictures
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.issuing import load_card
from terminal.virtual_card.personas import read_card, write_card
from terminal.virtual_card.records import Face
from tests.virtual_card.test_records import read_face


def face(birthdate: date, expires_on: date) -> Face:
    """A face with these dates."""
    return Face("見本 太郎", "東京都", birthdate, "1", expires_on, "0123", "1" * 15, "13101")


def opened(content: bytes | None) -> Image.Image:
    """A picture as Pillow reads it."""
    assert content is not None
    return Image.open(io.BytesIO(content))


def test_the_chip_holds_real_pictures_of_name_address_and_code(card: CardOs) -> None:
    """PNG, 1 bit deep, with black on white in them."""
    record = visual.parse_visual_record(read_face(card))
    for content in (record.name_image, record.address_image, record.security_code_image):
        picture = opened(content)
        assert (picture.format, picture.mode) == ("PNG", "1")
        assert picture.getextrema() == (0, 255)


def test_the_photo_is_a_grey_boxed_jpeg_2000(card: CardOs) -> None:
    """JP2 in shades of grey, of a size that a contactless link can carry."""
    record = visual.parse_visual_record(read_face(card))
    photo = opened(record.photo)
    assert (photo.format, photo.mode, photo.size) == ("JPEG2000", "L", pictures.PHOTO_SIZE)
    assert record.photo is not None
    assert len(record.photo) < 8000


def test_pictures_differ_from_card_to_card(cards: Path) -> None:
    """Each card has pictures of its own."""
    seen = [read_card(path).pictures for path in sorted((cards / "cards").glob("*.json"))]
    assert len(seen) > 2
    assert len({pictures.photo for pictures in seen if pictures is not None}) == len(seen)


def test_a_card_issued_before_there_were_pictures_gets_the_same_ones(
    cards: Path, tmp_path: Path
) -> None:
    """Pictures are drawn from the card's data alone."""
    path = cards / "cards" / "normal.json"
    before = read_card(path)
    (tmp_path / "cards").mkdir()
    for other in cards.glob("*.*"):
        (tmp_path / other.name).write_bytes(other.read_bytes())
    write_card(tmp_path / "cards" / "normal.json", before.model_copy(update={"pictures": None}))
    card = load_card(tmp_path, "normal").card
    card.power_on()
    assert before.pictures is not None
    assert visual.parse_visual_record(read_face(card)).photo == before.pictures.photo


@pytest.mark.parametrize(
    ("birthdate", "expires_on", "has_photo"),
    [
        (date(2025, 6, 1), date(2030, 6, 1), False),
        (date(2025, 6, 1), date(2031, 6, 1), True),
    ],
)
def test_a_card_issued_before_the_first_birthday_has_no_photo(
    birthdate: date, expires_on: date, has_photo: bool
) -> None:
    """An infant's card (顔写真なし) ends on the fifth birthday and holds no photo."""
    assert bool(pictures.draw(face(birthdate, expires_on)).photo) is has_photo


@pytest.mark.parametrize(
    ("birthdate", "words"),
    [
        (date(1980, 2, 17), "昭和55年 2月17日生"),
        (date(1989, 1, 8), "平成元年 1月 8日生"),
        (date(2019, 5, 1), "令和元年 5月 1日生"),
        (date(1912, 7, 30), "大正元年 7月30日生"),
    ],
)
def test_the_birth_date_is_printed_in_its_era(birthdate: date, words: str) -> None:
    """An era's first year is 元年, and the day of a change belongs to the new era."""
    assert pictures.printed_birthdate(face(birthdate, date(2035, 1, 1))) == words


def test_the_printed_face_has_the_proportions_of_a_card() -> None:
    """ID-1, 85.60 x 53.98 mm, at 300 dpi."""
    drawn = pictures.card_face(face(date(1980, 2, 17), date(2035, 2, 17)))
    assert drawn.size == pictures.CARD_SIZE
    assert drawn.width / drawn.height == pytest.approx(85.60 / 53.98, rel=0.002)
