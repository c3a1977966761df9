"""A camera that plays pictures or a video, or watches one picture file: for demo, tests, training.

A shipped part with the same protocol as a real camera.  It may be chosen by configuration only
where the installation is none for patients; that is for the caller to refuse.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from face_auth.camera import OwnedCamera
from face_auth.errors import PhotoError, camera_error
from face_auth.jpeg2000 import BARE, BOXED
from face_auth.types import CameraState

if TYPE_CHECKING:
    from face_auth.types import Pixels

PICTURES = (".bmp", ".j2c", ".j2k", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".webp")
MOST_BYTES = 20_000_000
LOOK_SECONDS = 0.05
"""How often the watched picture is looked at."""


class RecordedCamera(OwnedCamera):
    """Plays ``source`` at ``rate`` frames/s, over and over.

    ``source`` is a folder of pictures, played in the order of their names, or a video file; a
    folder or file that is not there is an unplugged camera.
    """

    def __init__(
        self,
        source: Path,
        *,
        rate: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(_PlayedDevice(source, rate), clock=clock)


class WatchedPicture(OwnedCamera):
    """Sees what stands in one picture file, which another program replaces (``os.replace``).

    Each change becomes a new frame; an unchanged picture is an unchanged view, not a frozen
    camera.  No file: unplugged.
    """

    def __init__(self, file: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(_WatchedDevice(file), clock=clock)


def read_picture(file: Path) -> Pixels | None:
    """Read a picture file, as BGR; None where it is none, too large or gone.

    JPEG 2000 is read as a card's photo, within its limits: OpenCV alone reads no bare grey
    codestream, and lets bombs through.
    """
    from face_auth.opencv import cv2

    try:
        if file.stat().st_size > MOST_BYTES:
            return None
        content = bytearray(file.read_bytes())
    except OSError:
        return None
    import numpy as np

    if content.startswith((BARE, BOXED)):
        from face_auth.photo import decode_photo

        try:
            return decode_photo(content)
        except PhotoError:
            return None
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return pixels  # type: ignore[return-value]  # cv2's stubs say any array


class _PlayedDevice:
    may_repeat = False

    def __init__(self, source: Path, rate: float) -> None:
        self.name = str(source)
        self._source = source
        self._period = 1.0 / rate
        self._files: list[Path] = []
        self._position = 0
        self._due = 0.0
        from face_auth.opencv import cv2

        self._video = cv2.VideoCapture()

    def open(self) -> None:
        """Find the pictures or open the video; raises CameraError."""
        self._position = 0
        self._due = time.monotonic()
        try:
            if self._source.is_dir():
                found = self._source.iterdir()
                self._files = sorted(file for file in found if file.suffix.lower() in PICTURES)
                usable = bool(self._files)
            else:
                self._source.stat()
                usable = self._video.open(str(self._source))
        except FileNotFoundError as error:
            raise camera_error(CameraState.UNPLUGGED, self.name) from error
        except PermissionError as error:
            raise camera_error(CameraState.NO_PERMISSION, self.name) from error
        if not usable:
            raise camera_error(CameraState.UNUSABLE, self.name)

    def read(self, stopping: threading.Event) -> Pixels | None:
        """Return the next picture when its time has come."""
        if stopping.wait(max(0.0, self._due - time.monotonic())):
            return None
        self._due = max(self._due + self._period, time.monotonic())
        pixels = self._of_video() if self._video.isOpened() else self._of_folder()
        if pixels is None and self._source.exists():
            raise camera_error(CameraState.UNUSABLE, self.name)
        return pixels

    def _of_folder(self) -> Pixels | None:
        file = self._files[self._position]
        self._position = (self._position + 1) % len(self._files)
        return read_picture(file)

    def _of_video(self) -> Pixels | None:
        got, pixels = self._video.read()
        if not got:
            self._video.open(str(self._source))
            got, pixels = self._video.read()
        return pixels if got else None  # type: ignore[return-value]  # cv2's stubs say any array

    def close(self) -> None:
        """Close the video."""
        self._video.release()


class _WatchedDevice:
    may_repeat = True

    def __init__(self, file: Path) -> None:
        self.name = str(file)
        self._file = file
        self._seen: tuple[int, int, int] | None = None

    def open(self) -> None:
        """See that the file is there; raises CameraError."""
        self._seen = None
        if not self._file.is_file():
            raise camera_error(CameraState.UNPLUGGED, self.name)

    def read(self, stopping: threading.Event) -> Pixels | None:
        """Return the picture once it has changed."""
        while not stopping.is_set():
            try:
                now = self._file.stat()
            except OSError:
                return None
            mark = (now.st_mtime_ns, now.st_ino, now.st_size)
            if mark != self._seen:
                pixels = read_picture(self._file)
                if pixels is None:
                    raise camera_error(CameraState.UNUSABLE, self.name)
                self._seen = mark
                return pixels
            stopping.wait(LOOK_SECONDS)
        return None

    def close(self) -> None:
        """Nothing is held."""
