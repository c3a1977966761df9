"""Which browsers are the kiosk of a desk: one-time codes, enrolment, revocation.

Every act is recorded in the audit log in the same transaction.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from terminal.access.accounts import KIOSK, Actor, EnrolmentCode, KioskEnrolment
from terminal.access.rules import (
    NOBODY,
    TOKEN_BYTES,
    count_try,
    digest,
    require_administrator,
)
from terminal.audit import Act, AuditEntry
from terminal.errors import LoginRefusedError

if TYPE_CHECKING:
    from terminal.store import Store, Transaction

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8
CODE_LIFE = timedelta(minutes=10)


class KioskAccess:
    """The kiosks of one desk.  Safe to use from any thread."""

    def __init__(self, store: Store, now: Callable[[], datetime], *, desk_id: str) -> None:
        """``desk_id``: whose kiosk a browser becomes."""
        self._store = store
        self._now = now
        self._desk_id = desk_id

    def make_code(self, actor: Actor) -> str:
        """Return a new one-time code that makes a browser this desk's kiosk within 10 minutes.

        8 letters and digits that are not mistaken for each other.  Raises RoleError.
        """
        require_administrator(actor)
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        now = self._now()
        row = EnrolmentCode(digest(code), self._desk_id, now, now + CODE_LIFE)

        def add(tx: Transaction) -> None:
            tx.kiosks.add_code(row)
            tx.audit.append(AuditEntry(Act.KIOSK_CODE_MADE, actor))

        self._store.write(add)
        return code

    def enrol(self, code: str) -> str:
        """Use ``code`` up and return the token for the kiosk's cookie.

        Raises LoginRefusedError (wrong, used or too old), LoginThrottledError.
        """
        typed = "".join(character for character in code.upper() if character.isalnum())
        now = self._now()
        self._store.write(lambda tx: count_try(tx, "kiosk-code", now))
        token = secrets.token_urlsafe(TOKEN_BYTES)

        def use_up(tx: Transaction) -> bool:
            row = tx.kiosks.code(digest(typed))
            if row is None or row.used_at is not None or now >= row.ends_at:
                tx.audit.append(AuditEntry(Act.LOGIN_REFUSED, NOBODY, reason="kiosk-code"))
                return False
            tx.kiosks.save_code(replace(row, used_at=now))
            kiosk = KioskEnrolment(uuid.uuid4().hex, row.desk_id, digest(token), now)
            tx.kiosks.add(kiosk)
            tx.throttle.clear("kiosk-code")
            tx.audit.append(AuditEntry(Act.KIOSK_ENROLLED, KIOSK, reason=kiosk.id))
            return True

        if not self._store.write(use_up):
            msg = "the code does not fit"
            raise LoginRefusedError(msg)
        return token

    def whose(self, token: str) -> KioskEnrolment | None:
        """Return the kiosk that ``token`` stands for, or None."""
        kiosk = self._store.read(lambda tx: tx.kiosks.by_token_hash(digest(token)))
        return kiosk if kiosk is not None and kiosk.revoked_at is None else None

    def enrolled(self, actor: Actor) -> list[KioskEnrolment]:
        """Return the enrolled kiosks, the newest first.  Raises RoleError."""
        require_administrator(actor)
        found = self._store.read(lambda tx: tx.kiosks.all())
        open_now = [kiosk for kiosk in found if kiosk.revoked_at is None]
        return sorted(open_now, key=lambda kiosk: kiosk.enrolled_at, reverse=True)

    def revoke(self, actor: Actor, kiosk_id: str) -> None:
        """Make a browser no kiosk any more.  Raises RoleError; an unknown one is gone."""
        require_administrator(actor)

        def end(tx: Transaction) -> None:
            for kiosk in tx.kiosks.all():
                if kiosk.id == kiosk_id and kiosk.revoked_at is None:
                    tx.kiosks.save(replace(kiosk, revoked_at=self._now()))
                    reason = f"{kiosk_id} revoked"
                    tx.audit.append(AuditEntry(Act.KIOSK_REVOKED, actor, reason=reason))

        self._store.write(end)
