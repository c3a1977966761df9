"""Content under a key of its own: once the key is destroyed, nobody can read it (crypto-shredding).

AES-256-GCM by ``cryptography``.  Each content has a fresh key, which is used once; at rest the key
is wrapped by one that is derived from the store's, so that it can be destroyed alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terminal.errors import StoreDamagedError
from terminal.store.keys import KEY_BYTES, new_key

NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES


@dataclass(frozen=True, slots=True)
class Sealed:
    """``wrapped_key``: 60 bytes, without which ``content`` says nothing to anybody."""

    wrapped_key: bytes = field(repr=False)
    content: bytes = field(repr=False)


def seal(wrapping_key: bytes, plain: bytes, about: str) -> Sealed:
    """Encrypt ``plain`` with a fresh key; ``about``: what it is bound to, needed to open it."""
    key = new_key()
    return Sealed(_encrypted(wrapping_key, key, about), _encrypted(key, plain, about))


def unseal(wrapping_key: bytes, sealed: Sealed, about: str) -> bytes:
    """Return what was sealed.  Raises StoreDamagedError where it was changed or is about others."""
    try:
        key = _decrypted(wrapping_key, sealed.wrapped_key, about)
        return _decrypted(key, sealed.content, about)
    except (InvalidTag, ValueError):
        msg = f"what was sealed for {about} cannot be opened"
        raise StoreDamagedError(msg) from None


def _encrypted(key: bytes, plain: bytes, about: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, about.encode())


def _decrypted(key: bytes, content: bytes, about: str) -> bytes:
    nonce, rest = content[:NONCE_BYTES], content[NONCE_BYTES:]
    return AESGCM(key).decrypt(nonce, rest, about.encode())
