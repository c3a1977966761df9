"""The camera over the reader: looks at the card that was accepted, until it is sure or told off.

The camera is on only while a card is looked at.  A number is believed when two pictures, one after
the other, show the same; else nothing is told, and staff type it.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from eligibility.calendar import JAPAN
from face_auth import CameraError, CameraState, FrameSource, overwrite
from terminal.card_camera.face import FaceReader, PrintedNumber
from terminal.card_camera.ocr import Tesseract
from terminal.card_camera.settings import CardCameraSettings
from terminal.face import cameras

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.25
_WIDTH, _HEIGHT, _RATE = 1920, 1080, 10


class CardCameraProblem(StrEnum):
    """Why no card's face can be read; those of the camera itself are CameraState's."""

    NO_TESSERACT = "no-tesseract"
    NO_LANGUAGE = "no-language"
    UNPLUGGED = "unplugged"
    BUSY = "busy"
    NO_PERMISSION = "no-permission"
    UNUSABLE = "unusable"
    BLACK = "black"
    FROZEN = "frozen"


@dataclass(slots=True)
class _Look:
    """One card to look at."""

    found: Callable[[PrintedNumber], None]
    ended: threading.Event = field(default_factory=threading.Event)


class CardCamera:
    """Looks at one card after the other, on a thread of its own."""

    def __init__(
        self,
        camera: FrameSource,
        today: Callable[[], date],
        *,
        seconds: float,
        tesseract: Tesseract | None = None,
    ) -> None:
        """``seconds``: how long a card is looked at; ``today``: in Japan."""
        self._camera = camera
        self._tesseract = tesseract or Tesseract()
        self._reader = FaceReader(today, self._tesseract)
        self._seconds = seconds
        self._changed = threading.Condition()
        self._look: _Look | None = None
        self._stopping = False
        self._problem: CardCameraProblem | None = None
        self._thread = threading.Thread(target=self._run, name="card camera", daemon=True)

    def start(self) -> None:
        """Wait for the first card."""
        self._thread.start()

    def stop(self) -> None:
        """End it; nothing is told any more."""
        with self._changed:
            self._stopping = True
            self._end()
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def look(self, found: Callable[[PrintedNumber], None]) -> None:
        """Look at the card that lies there now, and at no other any more.

        ``found``: called at most once, on the camera's thread, with what is then the callee's to
        clear.
        """
        with self._changed:
            self._end()
            self._look = _Look(found)
            self._changed.notify_all()

    def look_away(self) -> None:
        """The card is gone or done with: tell nothing of it any more."""
        with self._changed:
            self._end()

    @property
    def problem(self) -> CardCameraProblem | None:
        """What kept the last card's face from being read; None where nothing did."""
        with self._changed:
            return self._problem

    def examine(self) -> CardCameraProblem | None:
        """Switch the camera on and see whether a picture comes; for the doctor, without start."""
        problem = self._program_problem()
        if problem is not None:
            return problem
        state = cameras.examine(self._camera)
        return None if state is CameraState.OK else CardCameraProblem(state)

    def _program_problem(self) -> CardCameraProblem | None:
        if not self._tesseract.is_installed:
            return CardCameraProblem.NO_TESSERACT
        if self._tesseract.missing_languages():
            return CardCameraProblem.NO_LANGUAGE
        return None

    def _end(self) -> None:
        if self._look is not None:
            self._look.ended.set()
            self._look = None

    def _run(self) -> None:
        self._note(self._program_problem())
        while True:
            with self._changed:
                while self._look is None and not self._stopping:
                    self._changed.wait()
                if self._stopping or self._look is None:
                    return
                look = self._look
            printed = self._look_at(look)
            with self._changed:
                current = self._look is look
                if current:
                    self._look = None
                if printed is not None and not current:
                    printed.clear()
                    printed = None
            if printed is not None:
                log.info("the number on a card's face was read")
                look.found(printed)

    def _look_at(self, look: _Look) -> PrintedNumber | None:
        """Return what two pictures agree on, None where they do not in time."""
        problem = self._program_problem()
        if problem is not None:
            self._note(problem)
            return None
        self._camera.start()
        try:
            return self._agreed(look)
        finally:
            self._camera.stop()

    def _agreed(self, look: _Look) -> PrintedNumber | None:
        ends = time.monotonic() + self._seconds
        last: PrintedNumber | None = None
        sequence, mark = 0, -1
        while not look.ended.is_set() and time.monotonic() < ends:
            try:
                frame = self._camera.next_frame(sequence, timeout=cameras.FRAME_SECONDS)
            except CameraError as error:
                self._note(CardCameraProblem(error.state))
                look.ended.wait(_PAUSE_SECONDS)
                continue
            if frame is None:
                continue
            self._note(None)
            sequence, before, mark = frame.sequence, mark, zlib.crc32(frame.pixels.data)
            # the very same picture is no second witness: a sensor's noise never repeats itself
            printed = None if mark == before else self._reader.read(frame)
            overwrite(frame.pixels)
            if printed is None:
                continue
            if last is not None:
                agreed = printed == last
                last.clear()
                if agreed:
                    return printed
            last = printed
        if last is not None:
            last.clear()
        return None

    def _note(self, problem: CardCameraProblem | None) -> None:
        with self._changed:
            told, self._problem = self._problem, problem
        if problem is not None and problem is not told:
            log.warning("card camera: %s", problem)


def make_card_camera(
    settings: CardCameraSettings, now: Callable[[], datetime]
) -> CardCamera | None:
    """Return the configured camera; None where there is none."""
    camera = cameras.make_camera(settings, width=_WIDTH, height=_HEIGHT, rate=_RATE)
    if camera is None:
        return None
    return CardCamera(camera, lambda: now().astimezone(JAPAN).date(), seconds=settings.seconds)
