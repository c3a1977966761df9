"""Reading of text in a picture by tesseract, as a program of its own.

Picture and text go through pipes: bindings such as pytesseract write both into files, and what
they would write here is 照合番号B.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

JAPANESE, DIGITS_MODEL = "jpn", "eng"
LANGUAGES = (JAPANESE, DIGITS_MODEL)
READ_SECONDS = 8.0
"""One reading takes 0.2 s on an idle machine, some seconds on a busy one; then it is given up."""

_LIST_SECONDS = 5.0
_ONE_BLOCK = "6"
_ENVIRONMENT = {"OMP_THREAD_LIMIT": "1", "PATH": "/usr/local/bin:/usr/bin:/bin"}
"""One thread: more of them cost a small picture time instead of saving it."""


class Tesseract:
    """The program ``tesseract`` with its models."""

    def __init__(self, program: str = "tesseract", *, seconds: float = READ_SECONDS) -> None:
        """``program``: its name or path; ``seconds`` for one reading."""
        self._program = program
        self._seconds = seconds

    @property
    def is_installed(self) -> bool:
        """Whether the program is there."""
        return shutil.which(self._program, path=_ENVIRONMENT["PATH"]) is not None

    def missing_languages(self) -> list[str]:
        """Return which of our models are not installed; all of them where the program fails."""
        try:
            listed = subprocess.run(  # noqa: S603  # our own words alone
                [self._program, "--list-langs"],
                capture_output=True,
                check=False,
                env=_ENVIRONMENT,
                timeout=_LIST_SECONDS,
            ).stdout.split()
        except (OSError, subprocess.TimeoutExpired):
            listed = []
        return [language for language in LANGUAGES if language.encode() not in listed]

    def read(self, picture: Image, language: str, letters: str) -> str | None:
        """Return the lines of one block of text made of ``letters``, without blanks in them.

        None: not read in time, or the program fails or is gone.
        """
        with io.BytesIO() as content:
            picture.save(content, "PPM")
            with content.getbuffer() as pixels:
                found = self._run(pixels, language, letters)
                pixels[:] = bytes(len(pixels))
        return found

    def _run(self, pixels: memoryview, language: str, letters: str) -> str | None:
        command = [self._program, "stdin", "stdout", "--dpi", "300", "--psm", _ONE_BLOCK]
        command += ["-l", language, "-c", f"tessedit_char_whitelist={letters}"]
        try:
            process = subprocess.Popen(  # noqa: S603  # our own words alone
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
            )
        except OSError:
            return None
        with process:
            try:
                output, _ = process.communicate(
                    pixels,  # type: ignore[arg-type]  # any buffer is written
                    timeout=self._seconds,
                )
            except subprocess.TimeoutExpired:
                process.kill()
                return None
        if process.returncode:
            return None
        with contextlib.suppress(UnicodeDecodeError):
            return output.decode().replace(" ", "").replace("\u3000", "")
        return None
