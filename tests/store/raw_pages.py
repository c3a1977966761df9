"""What really stands in a store's files: every page and every frame of the log, decrypted.

Nothing here asks SQLite what belongs to the database: free pages, the unused part of pages and
frames of the log that are out of date are read like all others.  The format is SQLCipher 4's,
https://www.zetetic.net/sqlcipher/design/: AES-256 in CBC mode by page, at the end of each page its
initialization vector and an HMAC-SHA512; the first 16 bytes of the file are the salt.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE = 4096
SALT = 16
VECTOR = 16
TAG = 64
RESERVED = VECTOR + TAG
LOG_HEADER = 32
FRAME_HEADER = 24


@dataclass(frozen=True)
class RawPage:
    """One page as it stands in a file.  ``number``: from 1; ``content``: decrypted."""

    file: str
    place: int
    number: int
    content: bytes


class PageReader:
    """Decrypts pages of one store with its key."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        with path.open("rb") as file:
            self._salt = file.read(SALT)
        mixed = bytes(one ^ 0x3A for one in self._salt)
        self._authentication = hashlib.pbkdf2_hmac("sha512", key, mixed, 2, 32)

    def pages(self) -> Iterator[RawPage]:
        """Yield every page of the file, then of every frame of its log; none is left out.

        Raises ValueError for one whose authentication code does not fit: it would not have been
        read.
        """
        content = self._path.read_bytes()
        assert len(content) % PAGE == 0
        for place, start in enumerate(range(0, len(content), PAGE)):
            yield self._page(self._path.name, place, place + 1, content[start : start + PAGE])
        log = self._path.with_name(self._path.name + "-wal")
        frames = log.read_bytes()[LOG_HEADER:] if log.exists() else b""
        size = FRAME_HEADER + PAGE
        assert len(frames) % size == 0
        for place, start in enumerate(range(0, len(frames), size)):
            number = int.from_bytes(frames[start : start + 4], "big")
            page = frames[start + FRAME_HEADER : start + size]
            yield self._page(log.name, place, number, page)

    def _page(self, file: str, place: int, number: int, page: bytes) -> RawPage:
        if page == bytes(PAGE):
            return RawPage(file, place, number, page)
        begin = SALT if number == 1 else 0
        sealed, reserved = page[begin : PAGE - RESERVED], page[PAGE - RESERVED :]
        vector, tag = reserved[:VECTOR], reserved[VECTOR:]
        told = sealed + vector + number.to_bytes(4, "little")
        if not hmac.compare_digest(hmac.digest(self._authentication, told, "sha512"), tag):
            msg = f"page {number} at {place} of {file} cannot be read"
            raise ValueError(msg)
        decryptor = Cipher(algorithms.AES256(self._key), modes.CBC(vector)).decryptor()
        return RawPage(file, place, number, bytes(begin) + decryptor.update(sealed))


def places_of(path: Path, key: bytes, *needles: bytes) -> list[tuple[str, int]]:
    """Return where any of ``needles`` stands: file, and number of the page or frame in it.

    What runs over the end of a page is found by any part of it that is whole in one: short needles
    only.
    """
    return [
        (page.file, page.place)
        for page in PageReader(path, key).pages()
        if any(needle in page.content for needle in needles)
    ]
