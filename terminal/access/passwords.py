"""Passwords of staff: what is taken as one, and how it is hashed.

Length counts, not composition (NIST SP 800-63B-4, 3.1.1.2): 15 characters or more, any of them.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from terminal.errors import AccountReason, AccountRefusedError, LoginThrottledError

SHORTEST = 15
LONGEST = 128
FEWEST_DIFFERENT = 5
AT_ONCE = 2
WAIT_SECONDS = 5.0
NOBODYS_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$ICQKBOIX6X/akC6b8N41JQ$peHslk"
    "ieEcE38qs0DDJ/h9cAFU85eO8oaVEkuYv/6Ps"
)
"""The hash of a forgotten random password: what a name without account is verified against."""


def normal(password: str) -> str:
    """Return ``password`` as it is hashed: one form for each way to type the same characters."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *forbidden: str) -> None:
    """Raise AccountRefusedError if this cannot be a password; ``forbidden``: the owner's names."""
    form = normal(password)
    if len(form) < SHORTEST:
        raise AccountRefusedError(AccountReason.PASSWORD_TOO_SHORT)
    if len(form) > LONGEST:
        raise AccountRefusedError(AccountReason.PASSWORD_TOO_LONG)
    rest = form.casefold()
    for word in forbidden:
        rest = rest.replace(normal(word).casefold(), "") if word else rest
    if len(set(rest)) < FEWEST_DIFFERENT:
        raise AccountRefusedError(AccountReason.PASSWORD_GUESSABLE)


class Passwords:
    """Hashes and verifies by argon2id, RFC 9106's low-memory profile (64 MiB, 3 passes).

    At most two at once: more would let log-ins eat the memory.  Who cannot get a place in time
    gets LoginThrottledError.
    """

    def __init__(self) -> None:
        """Make the hasher and its places."""
        self._hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        """Return the encoded hash."""
        with self._place():
            return self._hasher.hash(normal(password))

    def fits(self, encoded: str | None, password: str) -> bool:
        """Whether ``password`` made ``encoded``; None (no such account) takes the same time."""
        with self._place():
            try:
                self._hasher.verify(encoded or NOBODYS_HASH, normal(password[: 4 * LONGEST]))
            except (VerificationError, InvalidHashError):
                return False
            return encoded is not None

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise LoginThrottledError(WAIT_SECONDS)
        try:
            yield
        finally:
            self._places.release()
