"""What log-ins of staff and enrolled kiosks have in common: tokens, throttling, who administers.

Cookies' tokens are 256 random bits; the store holds their SHA-256 only.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from terminal.access.accounts import Actor, Role
from terminal.errors import LoginThrottledError, RoleError

if TYPE_CHECKING:
    from terminal.store import Transaction

TOKEN_BYTES = 32
TRIES = ((5, timedelta(minutes=1)), (20, timedelta(minutes=15)))
NOBODY = Actor("unknown")


def digest(token: str) -> bytes:
    """Return what the store keeps of a token: its SHA-256, 32 bytes."""
    return hashlib.sha256(token.encode()).digest()


def count_try(tx: Transaction, key: str, now: datetime) -> None:
    """Count a try under ``key``.  Raises LoginThrottledError where there were too many."""
    for allowed, window in TRIES:
        if tx.throttle.count_since(key, now - window) >= allowed:
            raise LoginThrottledError(window.total_seconds())
    tx.throttle.record(key, now)


def require_administrator(actor: Actor) -> None:
    """Let administrators and the terminal itself pass.  Raises RoleError."""
    if actor.role is not Role.ADMINISTRATOR and actor.id != "terminal":
        msg = "only an administrator may do this"
        raise RoleError(msg)


def require_coverage(actor: Actor) -> None:
    """Raise RoleError unless this actor may see visits and coverage."""
    if not isinstance(actor.role, Role) or not actor.role.may_see_coverage:
        msg = f"{actor.role} may not see visits"
        raise RoleError(msg)
