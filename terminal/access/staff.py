"""Who may come in: log-ins of staff, and their accounts.

Every act is recorded in the audit log in the same transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from eligibility.numbers import IndividualNumberError, refuse_individual_number
from terminal.access.accounts import (
    Actor,
    Role,
    StaffAccount,
    StaffSession,
)
from terminal.access.passwords import Passwords, check_password
from terminal.access.rules import (
    NOBODY,
    TOKEN_BYTES,
    count_try,
    digest,
    require_administrator,
)
from terminal.audit import Act, AuditEntry, AuditRecord
from terminal.errors import (
    AccountReason,
    AccountRefusedError,
    LoginRefusedError,
    RoleError,
)

if TYPE_CHECKING:
    from terminal.store import Store, Transaction

SEEN_EVERY = timedelta(seconds=60)
LOGIN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
DISPLAY_NAME_LONGEST = 60


def handle(session: StaffSession) -> str:
    """Return a name for a log-in that its owner may see; it opens nothing."""
    return hashlib.sha256(b"log-in\n" + session.token_hash).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class LogIn:
    """A log-in that holds now, and whose it is."""

    session: StaffSession
    account: StaffAccount

    @property
    def actor(self) -> Actor:
        """The one who acts, as the desk and the audit log know it."""
        return Actor(self.account.id, self.account.role, self.account.display_name)


@dataclass(frozen=True, slots=True)
class NewLogIn:
    """What a successful log-in gives: ``token`` for the session cookie, ``device`` for the other.

    ``device`` marks a browser in which the owner came in before, so that strangers who fail with
    the owner's name elsewhere do not hold the owner up here.
    """

    token: str
    device: str
    log_in: LogIn


@dataclass(frozen=True, slots=True)
class Look:
    """One row of a visit's log; ``name`` is that of the member of staff, if it was one."""

    record: AuditRecord
    name: str | None


class StaffAccess:
    """Accounts and log-ins of one desk.  Safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        *,
        idle: timedelta = timedelta(minutes=30),
        absolute: timedelta = timedelta(hours=10),
    ) -> None:
        """``idle``: silence after which a log-in ends; ``absolute``: when it ends in any case."""
        self._store = store
        self._now = now
        self._idle = idle
        self._absolute = absolute
        self._passwords = Passwords()
        self._device_key = secrets.token_bytes(TOKEN_BYTES)

    # -- log-ins --

    def log_in(self, login_name: str, password: str, device: str | None = None) -> NewLogIn:
        """Open a log-in.  Raises LoginRefusedError, LoginThrottledError.

        A name is held up after 5 failures a minute or 20 in a quarter of an hour; tries made
        while it is held up do not count, so that nobody can lock an owner out for ever.
        """
        name = login_name.strip().casefold()
        account = self._store.read(lambda tx: tx.accounts.by_login(name))
        if account is not None and self._knows_device(account, device):
            key = f"device:{digest(device or '').hex()[:32]}"
        else:
            key = f"name:{digest(name).hex()[:32]}"
        now = self._now()
        self._store.write(lambda tx: count_try(tx, key, now))
        fits = self._passwords.fits(account.password_hash if account else None, password)
        if account is None or not fits or account.disabled_at is not None:
            actor = Actor(account.id, account.role) if account else NOBODY
            self._record(Act.LOGIN_REFUSED, actor)
            msg = "name and password do not fit"
            raise LoginRefusedError(msg)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = StaffSession(digest(token), account.id, now, now, now + self._absolute)
        log_in = LogIn(session, account)

        def open_session(tx: Transaction) -> None:
            current = tx.accounts.get(account.id)
            if current != account:
                msg = "the account changed meanwhile"
                raise LoginRefusedError(msg)
            tx.sessions.add(session)
            tx.throttle.clear(key)
            tx.audit.append(AuditEntry(Act.LOGGED_IN, log_in.actor))

        self._store.write(open_session)
        return NewLogIn(token, self._new_device(account), log_in)

    def _new_device(self, account: StaffAccount) -> str:
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._device_mark(account, nonce)}"

    def _device_mark(self, account: StaffAccount, nonce: str) -> str:
        message = f"{account.id}\n{nonce}".encode()
        return hmac.new(self._device_key, message, hashlib.sha256).hexdigest()

    def _knows_device(self, account: StaffAccount, device: str | None) -> bool:
        nonce, _, mark = (device or "").partition(".")
        return hmac.compare_digest(mark.encode(), self._device_mark(account, nonce).encode())

    def whose(self, token: str, *, seen: bool = True) -> LogIn | None:
        """Return the log-in that ``token`` opens now, or None.

        ``seen``: a person did something; kept at most once a minute.  Requests that pages make by
        themselves pass False, so that an unwatched screen does end.
        """
        now = self._now()

        def look(tx: Transaction) -> LogIn | None:
            session = tx.sessions.by_token_hash(digest(token))
            if session is None or not self._holds(session, now):
                return None
            account = tx.accounts.get(session.account_id)
            return LogIn(session, account) if account.disabled_at is None else None

        log_in = self._store.read(look)
        if log_in is None or not seen or now - log_in.session.last_seen_at < SEEN_EVERY:
            return log_in
        self._store.write(lambda tx: self._see(tx, log_in.session.token_hash, now))
        return log_in

    def _holds(self, session: StaffSession, now: datetime) -> bool:
        return (
            session.revoked_at is None
            and now < session.ends_at
            and now - session.last_seen_at < self._idle
        )

    def _see(self, tx: Transaction, token_hash: bytes, now: datetime) -> None:
        session = tx.sessions.by_token_hash(token_hash)
        if session is not None and self._holds(session, now):
            tx.sessions.save(replace(session, last_seen_at=now))

    def log_out(self, log_in: LogIn) -> None:
        """End this log-in; its token opens nothing any more."""
        self._end(log_in, log_in.session)

    def log_ins(self, log_in: LogIn) -> list[StaffSession]:
        """Return the owner's log-ins that hold now, the newest first."""
        now = self._now()
        sessions = self._store.read(lambda tx: tx.sessions.of_account(log_in.account.id))
        open_now = [session for session in sessions if self._holds(session, now)]
        return sorted(open_now, key=lambda session: session.started_at, reverse=True)

    def revoke(self, log_in: LogIn, session_handle: str) -> None:
        """End one of the owner's own log-ins, named by :func:`handle`; an unknown one is gone."""
        for session in self.log_ins(log_in):
            if handle(session) == session_handle:
                self._end(log_in, session)

    def _end(self, log_in: LogIn, session: StaffSession) -> None:
        def end(tx: Transaction) -> None:
            stored = tx.sessions.by_token_hash(session.token_hash)
            if stored is not None and stored.revoked_at is None:
                tx.sessions.save(replace(stored, revoked_at=self._now()))
                tx.audit.append(AuditEntry(Act.LOGGED_OUT, log_in.actor))

        self._store.write(end)

    # -- accounts --

    def accounts(self, actor: Actor) -> list[StaffAccount]:
        """Return all accounts by name.  Raises RoleError."""
        require_administrator(actor)
        found = self._store.read(lambda tx: tx.accounts.all())
        return sorted(found, key=lambda account: account.login_name)

    def create_account(
        self, actor: Actor, login_name: str, display_name: str, role: Role, password: str
    ) -> StaffAccount:
        """Make an account.  Raises RoleError, AccountRefusedError.

        ``actor``: an administrator, or the terminal itself at installation.
        """
        require_administrator(actor)
        name, shown = login_name.strip().casefold(), display_name.strip()
        if not LOGIN_NAME.fullmatch(name) or not 0 < len(shown) <= DISPLAY_NAME_LONGEST:
            raise AccountRefusedError(AccountReason.NAME_FORM)
        try:
            refuse_individual_number(name)
            refuse_individual_number(shown)
        except IndividualNumberError:
            raise AccountRefusedError(AccountReason.INDIVIDUAL_NUMBER) from None
        check_password(password, name, shown)
        encoded = self._passwords.hash(password)
        account = StaffAccount(uuid.uuid4().hex, name, shown, role, encoded, self._now())

        def add(tx: Transaction) -> None:
            if tx.accounts.by_login(name) is not None:
                raise AccountRefusedError(AccountReason.NAME_TAKEN)
            tx.accounts.add(account)
            reason = f"{account.id} {role}"
            tx.audit.append(AuditEntry(Act.ACCOUNT_CREATED, actor, reason=reason))

        self._store.write(add)
        return account

    def disable_account(self, actor: Actor, account_id: str) -> None:
        """Close an account and end its log-ins.  Raises RoleError, AccountRefusedError.

        The last administrator stays.
        """
        require_administrator(actor)

        def disable(tx: Transaction) -> None:
            everybody = tx.accounts.all()
            account = _account(everybody, account_id)
            if account.disabled_at is not None:
                return
            others = [
                other
                for other in everybody
                if other.role is Role.ADMINISTRATOR
                and other.disabled_at is None
                and other.id != account.id
            ]
            if account.role is Role.ADMINISTRATOR and not others:
                raise AccountRefusedError(AccountReason.LAST_ADMINISTRATOR)
            now = self._now()
            tx.accounts.save(replace(account, disabled_at=now))
            self._end_all(tx, account.id, now)
            reason = f"{account.id} disabled"
            tx.audit.append(AuditEntry(Act.ACCOUNT_CHANGED, actor, reason=reason))

        self._store.write(disable)

    def enable_account(self, actor: Actor, account_id: str) -> None:
        """Open a closed account again.  Raises RoleError, AccountRefusedError."""
        require_administrator(actor)

        def enable(tx: Transaction) -> None:
            account = _account(tx.accounts.all(), account_id)
            if account.disabled_at is not None:
                tx.accounts.save(replace(account, disabled_at=None))
                reason = f"{account.id} enabled"
                tx.audit.append(AuditEntry(Act.ACCOUNT_CHANGED, actor, reason=reason))

        self._store.write(enable)

    def change_password(self, log_in: LogIn, present: str, new: str) -> None:
        """Change the owner's password and end the owner's other log-ins.

        Raises LoginRefusedError (``present`` is wrong), LoginThrottledError, AccountRefusedError.
        """
        account = log_in.account
        key = f"account:{account.id}"
        self._store.write(lambda tx: count_try(tx, key, self._now()))
        if not self._passwords.fits(account.password_hash, present):
            msg = "the present password does not fit"
            raise LoginRefusedError(msg)
        check_password(new, account.login_name, account.display_name)
        encoded = self._passwords.hash(new)

        def change(tx: Transaction) -> None:
            tx.accounts.save(replace(tx.accounts.get(account.id), password_hash=encoded))
            tx.throttle.clear(key)
            self._end_all(tx, account.id, self._now(), but=log_in.session.token_hash)
            reason = f"{account.id} password"
            tx.audit.append(AuditEntry(Act.ACCOUNT_CHANGED, log_in.actor, reason=reason))

        self._store.write(change)

    @staticmethod
    def _end_all(tx: Transaction, account_id: str, now: datetime, but: bytes = b"") -> None:
        for session in tx.sessions.of_account(account_id):
            if session.revoked_at is None and session.token_hash != but:
                tx.sessions.save(replace(session, revoked_at=now))

    # -- who looked --

    def who_looked(self, actor: Actor, visit_id: str) -> list[Look]:
        """Return what was done and seen in a visit, the newest first.  Raises RoleError."""
        if actor.role is None:
            msg = "only staff may see who looked"
            raise RoleError(msg)

        def read(tx: Transaction) -> list[Look]:
            names = {account.id: account.display_name for account in tx.accounts.all()}
            return [Look(entry, names.get(entry.actor_id)) for entry in tx.audit.of_visit(visit_id)]

        return self._store.read(read)[::-1]

    def _record(self, act: Act, actor: Actor) -> None:
        self._store.write(lambda tx: tx.audit.append(AuditEntry(act, actor)))


def _account(everybody: list[StaffAccount], account_id: str) -> StaffAccount:
    for account in everybody:
        if account.id == account_id:
            return account
    raise AccountRefusedError(AccountReason.UNKNOWN_ACCOUNT)
