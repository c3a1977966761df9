"""Reading 照合番号B off pictures of a card: right, or not at all."""

from __future__ import annotations

import random
import resource
import stat
from datetime import date
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from terminal.card_camera.face import FaceReader, birthdate_of
from terminal.card_camera.ocr import LANGUAGES, Tesseract
from terminal.virtual_card import pictures
from terminal.virtual_card.camera_view import View
from terminal.virtual_card.records import Face
from tests.card_camera.frames import HANAKO, TARO, TODAY, face, frame, parts, parts_of


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    """The reader with the real tesseract."""
    return FaceReader(lambda: TODAY, Tesseract(seconds=30.0))


def program(path: Path, script: str) -> Tesseract:
    """Another program in tesseract's place."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Tesseract(str(path), seconds=0.5)


@pytest.mark.parametrize(
    "view",
    [
        View(shift=(150, -120), width=850, degrees=5.0),
        View(shift=(-160, 130), width=850, degrees=-5.0, tilt=0.08),
        View(degrees=3.0, tilt=-0.08, width=760),
        View(blur=1.4, noise=10.0),
        View(light=0.4),
        View(light=1.2),
        View(glare=(880, 640, 70)),
    ],
    ids=lambda view: repr(view)[5:-1],
)
def test_a_face_is_read_wherever_and_however_it_lies(reader: FaceReader, view: View) -> None:
    """Shift, turns of 5 degrees, tilt, blur, noise, dim and bright light, a lamp nearby."""
    assert parts(reader.read(frame(HANAKO, view))) == parts_of(HANAKO)


@pytest.mark.parametrize(
    "shown",
    [
        TARO,
        face(date(1989, 1, 8), 2031, "4071"),
        face(date(2020, 12, 30), 2030, "9938"),
        face(date(1926, 12, 24), 2027, "5500"),
    ],
    ids=["昭和33年", "平成元年", "令和2年", "大正15年"],
)
def test_every_era_is_read(reader: FaceReader, shown: Face) -> None:
    """The year of the era becomes the right date, 元年 the first."""
    assert parts(reader.read(frame(shown))) == parts_of(shown)


def test_a_card_upside_down_is_read(reader: FaceReader) -> None:
    """Nobody has to turn the card."""
    assert parts(reader.read(frame(TARO, upside_down=True))) == parts_of(TARO)


def altered(region: tuple[int, int, int, int], words: str = "") -> Image.Image:
    """The face of HANAKO with ``words`` in the place of what stands in a region."""
    drawn = pictures.card_face(HANAKO)
    pen = ImageDraw.Draw(drawn)
    pen.rectangle(region, fill=(246, 247, 244))
    pen.text((region[0] + 10, region[1] + 6), words, fill=(32, 32, 40), font=pictures.font(36))
    return drawn


BIRTH_LINE, EXPIRY_LINE, CODE_LINE = (330, 192, 770, 246), (330, 258, 980, 312), (30, 552, 330, 606)


@pytest.mark.parametrize(
    "shown",
    [
        None,
        altered(CODE_LINE, "228"),
        altered(EXPIRY_LINE),
        altered(EXPIRY_LINE, "2035年 2月18日まで有効"),
        altered(EXPIRY_LINE, "2055年 2月17日まで有効"),
        altered(EXPIRY_LINE, "2012年 2月17日まで有効"),
        altered(BIRTH_LINE, "1980年 2月17日生"),
        altered(BIRTH_LINE, "昭和65年 2月17日生"),
        altered(BIRTH_LINE, "昭和55年 2月30日生"),
        Image.new("RGB", pictures.CARD_SIZE, (200, 210, 190)),
    ],
    ids=[
        "no card",
        "three digits",
        "no expiry",
        "expiry on no birthday",
        "expiry too far",
        "expiry before there were cards",
        "Gregorian birth date",
        "no such year of the era",
        "no such day",
        "another card",
    ],
)
def test_what_cannot_be_right_is_not_read(reader: FaceReader, shown: Image.Image | None) -> None:
    """Each part must be there and plausible; nothing is filled in."""
    assert reader.read(frame(shown)) is None


def test_glare_on_the_code_hides_the_whole_number(reader: FaceReader) -> None:
    """Two digits under a lamp's reflection are not guessed."""
    assert reader.read(frame(HANAKO, View(glare=(262, 708, 60)))) is None


def test_bad_pictures_give_the_right_number_or_none(reader: FaceReader) -> None:
    """Over seeded bad views, one reading after the other: never a wrong one."""
    dice = random.Random(20261124)  # noqa: S311  # seeded on purpose
    seen = set()
    for number in range(3):
        view = View(
            shift=(dice.randint(-90, 90), dice.randint(-90, 90)),
            degrees=dice.uniform(-5, 5),
            width=dice.choice([520, 640, 800]),
            tilt=dice.uniform(-0.1, 0.1),
            light=dice.choice([0.35, 0.7, 1.2]),
            blur=dice.uniform(1.0, 2.5),
            noise=dice.choice([8, 16]),
            glare=(dice.randint(250, 1000), dice.randint(250, 750), 40),
        )
        read = parts(reader.read(frame(TARO, view, sequence=number)))
        assert read in (None, parts_of(TARO))
        seen.add(read)
    assert None in seen


def test_reading_writes_no_file(reader: FaceReader) -> None:
    """Where no file may hold a byte, reading goes on: picture and text pass through pipes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        read = reader.read(frame(HANAKO))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert parts(read) == parts_of(HANAKO)


@pytest.mark.parametrize(
    "script", ["exit 1", "sleep 60", "printf '\\377'", "printf '2285\\n'"], ids=lambda text: text
)
def test_a_program_that_fails_hangs_or_babbles_reads_nothing(tmp_path: Path, script: str) -> None:
    """Its time is bounded, and what it says is not believed unless all parts are there."""
    broken = FaceReader(lambda: TODAY, program(tmp_path / "tesseract", script))
    assert broken.read(frame(HANAKO)) is None


def test_a_missing_program_is_known_and_reads_nothing(tmp_path: Path) -> None:
    """Without tesseract there is no number and no crash."""
    missing = Tesseract(str(tmp_path / "tesseract"))
    assert not missing.is_installed
    assert missing.missing_languages() == list(LANGUAGES)
    assert FaceReader(lambda: TODAY, missing).read(frame(HANAKO)) is None


def test_models_that_disagree_on_the_code_are_not_believed(tmp_path: Path) -> None:
    """One model's digits alone are no security code."""
    dates = "昭和55年2月17日生\\n2035年2月17日まで有効\\n"
    cases = (("2285", "2285", True), ("2285", "2286", False))
    for number, (by_digits, by_japanese, believed) in enumerate(cases):
        script = f"""cat >/dev/null
case "$*" in
  *生*) printf '{dates}' ;;
  *" eng "*) echo {by_digits} ;;
  *) echo {by_japanese} ;;
esac"""
        two = FaceReader(lambda: TODAY, program(tmp_path / f"tesseract-{number}", script))
        assert (two.read(frame(HANAKO)) is not None) is believed


@pytest.mark.parametrize(
    ("printed", "birthdate"),
    [
        (("昭和", "64", "1", "7"), date(1989, 1, 7)),
        (("昭和", "64", "1", "8"), None),
        (("平成", "元", "1", "8"), date(1989, 1, 8)),
        (("平成", "1", "1", "7"), None),
        (("平成", "31", "4", "30"), date(2019, 4, 30)),
        (("平成", "31", "5", "1"), None),
        (("令和", "元", "5", "1"), date(2019, 5, 1)),
        (("大正", "15", "12", "24"), date(1926, 12, 24)),
        (("昭和", "元", "12", "25"), date(1926, 12, 25)),
        (("昭和", "0", "12", "25"), None),
        (("昭和", "55", "13", "1"), None),
    ],
)
def test_days_outside_of_their_era_are_none(
    printed: tuple[str, str, str, str], birthdate: date | None
) -> None:
    """The day of a change belongs to the new era."""
    assert birthdate_of(*printed) == birthdate
