"""The camera over the tray's reader: one picture file, replaced again and again.

``WatchedPicture`` of :mod:`face_auth.replay` sees it as a camera would the card that lies there.
"""

from __future__ import annotations

import io
import logging
import threading
from pathlib import Path

from PIL import Image

from terminal.errors import ConfigError
from terminal.virtual_card import camera_view, pictures
from terminal.virtual_card.personas import write_file
from terminal.virtual_card.tray import Tray

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
_FRAME_SECONDS = 0.5
_FRAMES = 60
"""So many pictures after each change; then the view stands still."""
_QUALITY = 90
_LYING = camera_view.View(shift=(18, -12), degrees=1.6, tilt=0.02)


class TrayCamera:
    """Writes what lies on a tray's reader into ``file`` (JPEG), on a thread of its own."""

    def __init__(self, tray: Tray, file: Path) -> None:
        """Raises ConfigError where the file cannot be written."""
        self._tray = tray
        self._file = file
        self._stopping = threading.Event()
        self._shown: str | None = None
        self._still = self._look_at(None)
        self._write(0)
        self._thread = threading.Thread(target=self._run, name="tray-camera", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and take the picture away: an unplugged camera."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._file.unlink(missing_ok=True)

    def _run(self) -> None:
        frames, waited = 0, 0.0
        while not self._stopping.wait(_LOOK_SECONDS):
            waited += _LOOK_SECONDS
            lying = self._tray.on_reader
            if lying != self._shown:
                self._shown, self._still = lying, self._look_at(lying)
                frames, waited = 0, _FRAME_SECONDS
            if waited >= _FRAME_SECONDS and frames < _FRAMES:
                frames, waited = frames + 1, 0.0
                try:
                    self._write(frames)
                except ConfigError as error:
                    log.warning("the camera's picture is not written: %s", error)

    def _look_at(self, slug: str | None) -> Image.Image:
        face = self._tray.face(slug) if slug is not None else None
        return camera_view.still(pictures.card_face(face) if face is not None else None, _LYING)

    def _write(self, seed: int) -> None:
        content = io.BytesIO()
        seen = camera_view.grained(self._still, _LYING.noise, seed)
        seen.save(content, "JPEG", quality=_QUALITY)
        write_file(self._file, content.getvalue())
