"""Believing a number: two pictures, one card, bounded time, and nothing kept."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from face_auth import Frame
from terminal.card_camera.face import PrintedNumber
from terminal.card_camera.ocr import Tesseract
from terminal.card_camera.settings import CardCameraSettings
from terminal.card_camera.watch import CardCamera, CardCameraProblem, make_card_camera
from tests.card_camera.frames import HANAKO, TARO, TODAY, PlayedFrames, frame, parts, parts_of
from tests.terminal.test_health import NOW
from tests.virtual_card.parts import wait_until

LONG = 60.0


class Desk:
    """What the desk hears of a camera that sees these pictures."""

    def __init__(
        self, frames: Sequence[Frame], *, seconds: float = LONG, program: str = "tesseract"
    ) -> None:
        self.source = PlayedFrames(frames)
        tesseract = Tesseract(program, seconds=30.0)
        self.camera = CardCamera(self.source, lambda: TODAY, seconds=seconds, tesseract=tesseract)
        self.heard: list[tuple[str, PrintedNumber]] = []
        self.has_heard = threading.Event()

    def look(self, card: str) -> None:
        """A card was accepted."""

        def found(printed: PrintedNumber) -> None:
            self.heard.append((card, printed))
            self.has_heard.set()

        self.camera.look(found)

    def hears(self) -> list[tuple[str, object]]:
        """What was told in the end."""
        assert self.has_heard.wait(LONG)
        return [(card, parts(printed)) for card, printed in self.heard]

    def hears_nothing(self) -> bool:
        """Whether nothing was told once the camera is off again."""
        assert self.source.all_given.wait(LONG)
        self.camera.look_away()
        wait_until(lambda: not self.source.is_on, "the camera is off", LONG)
        return self.heard == []


@pytest.fixture
def desks() -> Iterator[list[Desk]]:
    """Desks to be stopped."""
    made: list[Desk] = []
    yield made
    for desk in made:
        desk.camera.stop()


def started(desks: list[Desk], desk: Desk) -> Desk:
    """Start a desk's camera, stopped at the end."""
    desks.append(desk)
    desk.camera.start()
    return desk


def test_two_agreeing_pictures_are_told_once_and_the_camera_goes_off(desks: list[Desk]) -> None:
    """Agreement ends the look; every picture that was taken is overwritten."""
    frames = [frame(HANAKO, sequence=number) for number in (1, 2, 3)]
    desk = started(desks, Desk(frames))
    assert not desk.source.is_on
    desk.look("hanako")
    assert desk.hears() == [("hanako", parts_of(HANAKO))]
    wait_until(lambda: not desk.source.is_on, "the camera is off", LONG)
    assert [given.sequence for given in desk.source.given] == [1, 2]
    assert not any(given.pixels.any() for given in desk.source.given)


def test_pictures_that_disagree_are_never_told(desks: list[Desk]) -> None:
    """Two cards in turn: no picture follows one that says the same."""
    shown = (HANAKO, TARO, HANAKO)
    frames = [frame(face, sequence=number) for number, face in enumerate(shown, 1)]
    desk = started(desks, Desk(frames))
    desk.look("hanako")
    assert desk.hears_nothing()


def test_the_very_same_picture_is_no_second_one(desks: list[Desk]) -> None:
    """A camera that stands still shows one picture, however often it gives it."""
    first = frame(HANAKO, sequence=1)
    again = [Frame(first.pixels.copy(), number, 0.0) for number in (2, 3)]
    desk = started(desks, Desk([first, *again]))
    desk.look("hanako")
    assert desk.hears_nothing()


def test_an_unreadable_picture_between_two_does_no_harm(desks: list[Desk]) -> None:
    """A hand over the card for a moment is no disagreement."""
    frames = [frame(TARO, sequence=1), frame(None, sequence=2), frame(TARO, sequence=3)]
    desk = started(desks, Desk(frames))
    desk.look("taro")
    assert desk.hears() == [("taro", parts_of(TARO))]


class SwappedMidWay(PlayedFrames):
    """After the first picture, another card is accepted."""

    desk: Desk

    def next_frame(self, after: int = 0, timeout: float = 2.0) -> Frame | None:
        """Give the next one."""
        given = super().next_frame(after, timeout)
        if len(self.given) == 1:
            self.desk.look("taro")
        return given


def test_a_card_swapped_mid_way_is_looked_at_afresh(desks: list[Desk]) -> None:
    """What was seen of the first card counts for nothing, and the first card's desk hears none."""
    frames = [frame(TARO, sequence=number) for number in (1, 2, 3, 4)]
    desk = Desk([])
    source = SwappedMidWay(frames)
    source.desk = desk
    desk.source = source
    desk.camera = CardCamera(source, lambda: TODAY, seconds=LONG, tesseract=Tesseract(seconds=30.0))
    started(desks, desk)
    desk.look("hanako")
    assert desk.hears() == [("taro", parts_of(TARO))]
    assert [given.sequence for given in source.given] == [1, 2, 3]


def test_a_card_taken_away_is_told_nothing_of(desks: list[Desk]) -> None:
    """Looking away while a picture is read drops what it shows."""
    desk = started(desks, Desk([frame(HANAKO, sequence=1)]))
    desk.look("hanako")
    wait_until(lambda: bool(desk.source.given), "a picture was taken", LONG)
    assert desk.hears_nothing()


def test_a_look_ends_by_itself(desks: list[Desk]) -> None:
    """Without two good pictures the camera goes off after the configured time."""
    desk = started(desks, Desk([], seconds=0.2))
    desk.look("hanako")
    assert desk.source.all_given.wait(LONG)
    wait_until(lambda: not desk.source.is_on, "the camera is off", LONG)
    assert desk.heard == []
    assert desk.camera.problem is None


def test_a_missing_program_is_a_named_state(desks: list[Desk], tmp_path: Path) -> None:
    """Without tesseract the camera stays off, nothing is told, and the problem has its name."""
    desk = started(desks, Desk([frame(HANAKO)], program=str(tmp_path / "none")))
    desk.look("hanako")
    wait_until(lambda: desk.camera.problem is not None, "a problem is told", LONG)
    assert desk.camera.problem is CardCameraProblem.NO_TESSERACT
    assert desk.source.given == []


def test_a_program_without_our_models_is_a_named_state(desks: list[Desk], tmp_path: Path) -> None:
    """tesseract without its Japanese model cannot read a card."""
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nprintf 'List of languages\\neng\\n'\n")
    program.chmod(0o755)
    desk = started(desks, Desk([frame(HANAKO)], program=str(program)))
    wait_until(lambda: desk.camera.problem is not None, "a problem is told", LONG)
    assert desk.camera.problem is CardCameraProblem.NO_LANGUAGE
    assert desk.camera.examine() is CardCameraProblem.NO_LANGUAGE


def recorded(path: Path, seconds: float = 2.0) -> CardCamera:
    """The configured camera of this recording."""
    settings = CardCameraSettings.model_validate(
        {"kind": "recorded", "recording": path, "seconds": seconds}
    )
    camera = make_card_camera(settings, lambda: NOW)
    assert camera is not None
    return camera


def test_an_unplugged_camera_is_told_from_one_that_sees_nothing(tmp_path: Path) -> None:
    """No file, no picture in it, and black pictures are three problems."""
    assert recorded(tmp_path / "none.jpg").examine() is CardCameraProblem.UNPLUGGED
    (tmp_path / "text.jpg").write_text("no picture")
    assert recorded(tmp_path / "text.jpg").examine() is CardCameraProblem.UNUSABLE
    lid = tmp_path / "lid"
    lid.mkdir()
    dark = np.random.default_rng(1).integers(0, 3, (4, 120, 160, 3), np.uint8)
    for number, pixels in enumerate(dark):
        Image.fromarray(pixels).save(lid / f"{number}.png")
    assert recorded(lid).examine() is CardCameraProblem.BLACK


def test_trouble_during_a_look_is_told_and_over_with_the_next_picture(tmp_path: Path) -> None:
    """A camera that is plugged in again is well again."""
    picture = tmp_path / "view.png"
    camera = recorded(picture, seconds=LONG)
    camera.start()
    try:
        camera.look(lambda printed: printed.clear())
        wait_until(lambda: camera.problem is CardCameraProblem.UNPLUGGED, "it is unplugged", LONG)
        Image.new("RGB", (640, 480), (90, 90, 90)).save(picture)
        wait_until(lambda: camera.problem is None, "it is well again", LONG)
    finally:
        camera.stop()


def test_there_is_no_camera_unless_one_is_configured() -> None:
    """By default staff type the number."""
    assert make_card_camera(CardCameraSettings.model_validate({}), lambda: NOW) is None


def test_the_log_holds_nothing_of_the_number(
    desks: list[Desk], caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative level, no part of it is in a record or a repr."""
    caplog.set_level(logging.DEBUG)
    desk = started(desks, Desk([frame(HANAKO, sequence=number) for number in (1, 2)]))
    desk.look("hanako")
    desk.hears()
    printed = desk.heard[0][1]
    told = caplog.text + repr(printed)
    assert "was read" in told
    assert [part for part in ("2285", "1980", "昭和", "2035") if part in told] == []
    printed.clear()
    assert parts(printed) != parts_of(HANAKO)


def test_a_terminal_without_a_camera_loads_nothing_for_it() -> None:
    """Neither numpy nor Pillow nor OpenCV, whoever of the terminal's parts might."""
    code = "import sys, terminal.app; print({'cv2', 'numpy', 'PIL'} & set(sys.modules))"
    result = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
