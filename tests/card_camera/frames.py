"""What the card camera sees in the tests: the virtual card's printed face, well and badly lit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date

import numpy as np
from PIL import Image

from face_auth.types import CameraState, Frame
from terminal.card_camera.face import PrintedNumber
from terminal.virtual_card import pictures
from terminal.virtual_card.camera_view import View, see
from terminal.virtual_card.records import Face

TODAY = date(2026, 11, 24)


def face(birthdate: date, expiry_year: int, security_code: str) -> Face:
    """A face with these three parts; the card ends on a birthday."""
    return Face(
        name="見本 花子",
        address="東京都千代田区霞が関一丁目2番3号 見本マンション405号室",
        birthdate=birthdate,
        sex="2",
        expires_on=birthdate.replace(year=expiry_year),
        security_code=security_code,
        serial="482915637047261",
        municipality="13101",
    )


HANAKO = face(date(1980, 2, 17), 2035, "2285")
TARO = face(date(1958, 11, 9), 2029, "0617")


def frame(
    shown: Face | Image.Image | None,
    view: View | None = None,
    *,
    sequence: int = 1,
    upside_down: bool = False,
) -> Frame:
    """One picture of a face; ``sequence`` also chooses the noise."""
    drawn = pictures.card_face(shown) if isinstance(shown, Face) else shown
    seen = see(drawn, view or View(), sequence)
    if upside_down:
        seen = seen.rotate(180)
    return Frame(np.asarray(seen)[:, :, ::-1].copy(), sequence, float(sequence))


def parts(printed: PrintedNumber | None) -> tuple[date, int, str] | None:
    """The three parts, to compare."""
    if printed is None:
        return None
    return printed.birthdate, printed.expiry_year, printed.security_code.decode()


def parts_of(shown: Face) -> tuple[date, int, str]:
    """The three parts that stand on a face."""
    return shown.birthdate, shown.expires_on.year, shown.security_code


class PlayedFrames:
    """A camera that gives these pictures, each once, and then none."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = list(frames)
        self.given: list[Frame] = []
        self.all_given = threading.Event()
        self.is_on = False

    def start(self) -> None:
        """Switch it on."""
        self.is_on = True

    def stop(self) -> None:
        """Switch it off."""
        self.is_on = False

    @property
    def state(self) -> CameraState:
        """Well, while it is on."""
        return CameraState.OK if self.is_on else CameraState.STOPPED

    def newest(self) -> Frame | None:
        """The last one given."""
        return self.given[-1] if self.given else None

    def next_frame(self, after: int = 0, timeout: float = 2.0) -> Frame | None:
        """The next one; waits for nothing."""
        if not self._frames:
            self.all_given.set()
            return None
        self.given.append(self._frames.pop(0))
        return self.given[-1]
