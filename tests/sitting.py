"""Somebody who stands before the kiosk's camera, for whole visits with face verification.

Two public persons' portraits prove that the parts work together, not how often faces are mistaken.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from face_auth import load_models
from face_auth.detector import FaceDetector
from face_auth.opencv import cv2
from terminal.views import KioskView
from terminal.virtual_card import pictures
from terminal.virtual_card.issuing import _face
from terminal.virtual_card.personas import read_card, write_card
from tests.clinic import Stage
from tests.face.heads import Performer, Sitter, seat
from tests.face.portraits import cut, jpeg_2000, read_portraits

if TYPE_CHECKING:
    from face_auth.types import Pixels

SECONDS_A_FRAME = 1 / 12


def read_sitters() -> tuple[Mapping[str, Sitter], bytes]:
    """Return persons a and b, ready to be rendered, and what a card of person a would hold."""
    portraits, detector = read_portraits(), FaceDetector(load_models())
    sitters = {
        name: seat(portraits[picture], detector.detect(portraits[picture])[0])
        for name, picture in (("a", "a1"), ("b", "b1"))
    }
    return sitters, jpeg_2000(cut(portraits["a2"], detector), 240, 320, 25)


def with_photo(stage: Stage, folder: Path, photos: Mapping[str, bytes]) -> Stage:
    """Return a stage in ``folder`` whose cards of these personas bear these photos."""
    shutil.copytree(stage.cards_dir, folder)
    for persona, photo in photos.items():
        path = folder / "cards" / f"{persona}.json"
        card = read_card(path)
        drawn = card.pictures or pictures.draw(_face(card))
        changed = drawn.model_copy(update={"photo": photo})
        write_card(path, card.model_copy(update={"pictures": changed}))
    return replace(stage, cards_dir=folder)


class Mirror:
    """What stands before the camera: a file that a recorded camera watches."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._performer: Performer | None = None
        self._plugged_in = True
        self.has_a_lid = False
        self._chance = np.random.default_rng(7)
        self._room = cv2.GaussianBlur(self._grain(60, 200), (0, 0), 3)
        self.shown: list[Pixels] = []
        self._write(self._view())

    def nobody(self) -> None:
        """Leave an empty room."""
        self._performer = None

    def sits(self, performer: Performer) -> None:
        """Let somebody stand before it, who does what the kiosk asks."""
        self._performer = performer

    def is_unplugged(self) -> None:
        """Pull the camera's plug."""
        self._plugged_in = False

    def step(self, kiosk: Callable[[], KioskView]) -> None:
        """Take one more picture."""
        if not self._plugged_in:
            self.file.unlink(missing_ok=True)
            return
        performer = self._performer
        if performer is not None:
            prompt = kiosk().face
            performer.step = None if prompt is None else prompt.step
        self._write(self._view() if performer is None or self.has_a_lid else performer.view())

    def _grain(self, least: int, most: int) -> Pixels:
        return self._chance.integers(least, most, (480, 640, 3), dtype=np.uint8)

    def _view(self) -> Pixels:
        if self.has_a_lid:
            return self._grain(0, 5)
        return cv2.add(self._room, self._grain(0, 9))  # type: ignore[return-value]  # cv2's stubs say any array

    def _write(self, pixels: Pixels) -> None:
        self.shown = [*self.shown[-30:], pixels]
        new = self.file.with_suffix(".new.bmp")
        assert cv2.imwrite(str(new), pixels)
        new.replace(self.file)


@contextmanager
def filmed(mirror: Mirror, kiosk: Callable[[], KioskView]) -> Iterator[None]:
    """Let the camera take pictures until the end."""
    ended = threading.Event()

    def film() -> None:
        while not ended.wait(SECONDS_A_FRAME):
            mirror.step(kiosk)

    thread = threading.Thread(target=film, name="mirror")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
