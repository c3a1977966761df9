"""One drop folder: names and bytes, and nothing that a name could lead out of it.

Every operation opens the folder anew and works relative to it, without following links, so that a
share that went away and came back is met as it is now.  Other programs write, move and delete here
at the same time: what is gone when it is looked at is simply not there.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from eligibility.errors import FolderAwayError

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes; a bulk answer (一括照会) of 10,000 people stays below."""
MOST_ENTRIES = 200_000
"""How many names of one folder are looked at in one go."""
_REQUEST_MODE = 0o640
_TEMPORARY = re.compile(r"\.eligibility-[0-9a-f]{16}\.part")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
# a share that does not know how to make a folder's own entry durable says so by these
_NO_FSYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})
_GONE = frozenset({errno.ENOENT, errno.ESTALE})


class NotAName(ValueError):  # noqa: N818  # a programming error, told as Python tells them
    """What should be a file's name has path parts or other signs than a name has."""


def checked_name(name: str) -> str:
    """Return ``name`` if it can be nothing but a plain file's name; raises NotAName."""
    if not _NAME.fullmatch(name):
        msg = "a name of letters, digits, dots, hyphens and underscores, without path parts"
        raise NotAName(msg)
    return name


class Unreadable(StrEnum):
    """Why an entry is not read, whatever stands in it."""

    NOT_A_FILE = "not-a-file"
    """A link, folder, pipe, socket or device in place of a file."""
    TOO_LARGE = "too-large"
    NO_ACCESS = "no-access"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the folder says of one name, without opening it; links are not followed."""

    name: str
    inode: int
    size: int
    modified_ns: int
    is_file: bool

    @property
    def stamp(self) -> tuple[int, int, int]:
        """What changes when the file is written or replaced."""
        return self.inode, self.size, self.modified_ns


class Folder:
    """One folder of the exchange; safe to share between threads.

    Raises FolderAwayError where the folder itself cannot be used.
    """

    def __init__(self, path: Path) -> None:
        """``path`` need not be there yet."""
        self.path = path
        self._was_mount: bool | None = None

    def check(self) -> None:
        """Return if the folder is there and can be written to."""
        with self._opened() as folder:
            if not os.access(".", os.R_OK | os.W_OK | os.X_OK, dir_fd=folder):
                msg = f"{self.path}: the terminal may not read and write there"
                raise FolderAwayError(msg)

    def identity(self) -> tuple[int, int]:
        """Return what tells this folder from another that is put in its place."""
        with self._opened() as folder:
            found = os.fstat(folder)
            return found.st_dev, found.st_ino

    def entries(self, fits: Callable[[str], bool]) -> list[Entry]:
        """Return what lies there under a fitting name, by name."""
        found = []
        with self._opened() as folder, os.scandir(folder) as listing:
            for item in islice(listing, MOST_ENTRIES):
                if not fits(item.name):
                    continue
                entry = _entry(folder, item.name)
                if entry is not None:
                    found.append(entry)
        return sorted(found, key=lambda entry: entry.name)

    def entry(self, name: str) -> Entry | None:
        """Return what lies there under ``name``, None where nothing does."""
        with self._opened() as folder:
            return _entry(folder, name)

    def read(self, name: str, limit: int = LARGEST_FILE) -> bytes | Unreadable | None:
        """Return a file's bytes as they are now; None where it is gone meanwhile."""
        with self._opened() as folder:
            try:
                # NONBLOCK: a pipe must not hold us back before it is seen to be one
                opened = os.open(
                    name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
                )
            except OSError as error:
                return _why_not(error)
        try:
            found = os.fstat(opened)
            if not stat.S_ISREG(found.st_mode):
                return Unreadable.NOT_A_FILE
            if found.st_size > limit:
                return Unreadable.TOO_LARGE
            return _content(opened, limit)
        except OSError as error:
            return _why_not(error)
        finally:
            os.close(opened)

    def publish(self, name: str, content: bytes) -> None:
        """Let a file appear whole under ``name``, durable before anybody can see it.

        Raises OSError where the disk or the share does not take it.
        """
        checked_name(name)
        with self._opened() as folder:
            temporary = f".eligibility-{secrets.token_hex(8)}.part"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                opened = os.open(temporary, flags, _REQUEST_MODE, dir_fd=folder)
                with os.fdopen(opened, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise
            _settle(folder)

    def remove(self, name: str) -> None:
        """Take a file away; nothing happens where it is gone already."""
        with self._opened() as folder:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            _settle(folder)

    def remove_leftovers(self, before_ns: int) -> int:
        """Take away what a crash left half published before that moment; return how much."""
        old = [
            entry
            for entry in self.entries(lambda name: _TEMPORARY.fullmatch(name) is not None)
            if entry.is_file and entry.modified_ns < before_ns
        ]
        for entry in old:
            self.remove(entry.name)
        return len(old)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise FolderAwayError(f"{self.path}: {error.strerror}") from error
        try:
            self._check_mounted()
            yield folder
        except OSError as error:
            # the folder itself, or the server behind it, failed under our hands
            if error.errno in (errno.ESTALE, errno.EIO, errno.EHOSTDOWN, errno.ETIMEDOUT):
                raise FolderAwayError(f"{self.path}: {error.strerror}") from error
            raise
        finally:
            os.close(folder)

    def _check_mounted(self) -> None:
        """Refuse the empty folder that stands where a share was mounted before."""
        mounted = self._is_on_mount()
        if self._was_mount and not mounted:
            msg = f"{self.path}: the share is no longer mounted"
            raise FolderAwayError(msg)
        self._was_mount = mounted

    def _is_on_mount(self) -> bool:
        """Whether the folder itself is where a share is mounted."""
        try:
            return self.path.stat().st_dev != self.path.parent.stat().st_dev
        except OSError as error:
            raise FolderAwayError(f"{self.path}: {error.strerror}") from error


def _entry(folder: int, name: str) -> Entry | None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    return Entry(name, found.st_ino, found.st_size, found.st_mtime_ns, stat.S_ISREG(found.st_mode))


def _why_not(error: OSError) -> Unreadable | None:
    """Say what an error on opening or reading a file means; raises what means the folder."""
    if error.errno in _GONE:
        return None
    if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENODEV):
        return Unreadable.NOT_A_FILE
    if error.errno in (errno.EACCES, errno.EPERM):
        return Unreadable.NO_ACCESS
    raise error


def _content(opened: int, limit: int) -> bytes | Unreadable:
    parts: list[bytes] = []
    left = limit + 1
    while left > 0:
        part = os.read(opened, min(left, 1024 * 1024))
        if not part:
            return b"".join(parts)
        parts.append(part)
        left -= len(part)
    return Unreadable.TOO_LARGE


def _settle(folder: int) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _NO_FSYNC:
            raise
