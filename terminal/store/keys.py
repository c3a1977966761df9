"""The store's key: 32 random bytes, at rest in a file that only its owner can read."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from pathlib import Path

from terminal.errors import StoreKeyError, StoreUnwritableError

KEY_BYTES = 32
_HEX = re.compile(r"[0-9a-f]{64}")


def new_key() -> bytes:
    """Return a fresh key: 32 bytes of the operating system's randomness."""
    return secrets.token_bytes(KEY_BYTES)


def key_hex(key: bytes) -> str:
    """Return the key as 64 hex digits.  Raises StoreKeyError unless it is 32 bytes long."""
    text = key.hex()
    if not _HEX.fullmatch(text):
        msg = f"a store key has {KEY_BYTES} bytes, not {len(key)}"
        raise StoreKeyError(msg)
    return text


def derived_key(key: bytes, purpose: str) -> bytes:
    """Return 32 bytes for one purpose, from which neither the key nor another can be found."""
    key_hex(key)
    return hmac.digest(key, purpose.encode(), hashlib.sha256)


def key_check_value(key: bytes) -> str:
    """Return 32 hex digits that tell whether a key is the right one, and nothing else of it."""
    return derived_key(key, "et-key-check-1").hex()[:32]


def write_atomically(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a 0600 file so that after a power cut it is there whole or not at all.

    Raises OSError; FileExistsError where a file is already and ``replace`` is false.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.rename(path)
        else:
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names that were added or changed in ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_key_file(path: Path, key: bytes) -> None:
    """Write ``key`` to ``path`` (0600).

    Raises StoreKeyError where a file is already, since a key that is overwritten may be the only
    one, and StoreUnwritableError where none can be made.
    """
    text = key_hex(key)
    try:
        write_atomically(path, f"{text}\n".encode(), replace=False)
    except FileExistsError:
        msg = f"{path} exists already; a key file is never overwritten"
        raise StoreKeyError(msg) from None
    except OSError as error:
        msg = f"no key file can be made at {path}: {error.strerror}"
        raise StoreUnwritableError(msg) from error


def read_key_file(path: Path) -> bytes:
    """Return the key in ``path``.

    Raises StoreKeyError if the file is absent, open to others than its owner, or holds no key.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(KEY_BYTES * 2 + 2)
    except OSError as error:
        msg = f"key file {path} cannot be read: {error.strerror}"
        raise StoreKeyError(msg) from error
    if mode & 0o077:
        msg = f"key file {path} is open to others (mode {mode:03o}); it must be 600"
        raise StoreKeyError(msg)
    text = content.decode("ascii", "replace").removesuffix("\n")
    if not _HEX.fullmatch(text):
        msg = f"key file {path} must hold 64 hex digits (0-9, a-f) and nothing else"
        raise StoreKeyError(msg)
    return bytes.fromhex(text)
