"""Staff accounts, their log-ins, enrolled kiosks, and counted tries."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from terminal.access.accounts import EnrolmentCode, KioskEnrolment, StaffAccount, StaffSession
from terminal.errors import LoginRefusedError, StoreError
from terminal.store.encoding import Decoder, encode_bytes, encode_moment
from terminal.store.records import Records, Table

_ACCOUNTS = Table("accounts", "account", Decoder(StaffAccount))
_SESSIONS = Table("sessions", "session", Decoder(StaffSession))
_KIOSKS = Table("kiosks", "kiosk", Decoder(KioskEnrolment))
_CODES = Table("kiosk_codes", "enrolment code", Decoder(EnrolmentCode))

TRIES_KEPT = timedelta(days=7)


class Accounts:
    """Staff accounts; a login name belongs to one."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _ACCOUNTS)

    def add(self, account: StaffAccount) -> bool:
        """Store a new account; return False where the same was stored already.

        Raises StoreError where the login name is taken.
        """
        self._check_name_free(account)
        return self._rows.add(account.id, account)

    def save(self, account: StaffAccount) -> None:
        """Store a changed account.  Raises StoreError where it is unknown or the name is taken."""
        self._check_name_free(account)
        self._rows.replace(account.id, account)

    def _check_name_free(self, account: StaffAccount) -> None:
        holder = self.by_login(account.login_name)
        if holder is not None and holder.id != account.id:
            msg = f"the login name of account {account.id} is taken by account {holder.id}"
            raise StoreError(msg)

    def get(self, account_id: str) -> StaffAccount:
        """Return the account.  Raises StoreError where there is none."""
        return self._rows.get(account_id)

    def by_login(self, login_name: str) -> StaffAccount | None:
        """Return the account with exactly this login name, or None."""
        return self._rows.first("WHERE login_name = ?", [login_name])

    def all(self) -> list[StaffAccount]:
        """Return all accounts by login name."""
        return self._rows.select("ORDER BY login_name")


class Sessions:
    """Log-ins; once revoked, revoked for good."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _SESSIONS)

    def add(self, session: StaffSession) -> bool:
        """Store a new log-in; return False where the same was stored already."""
        return self._rows.add(encode_bytes(session.token_hash), session)

    def save(self, session: StaffSession) -> None:
        """Store a changed log-in.

        The first revocation stays, also where ``session`` was read before it: a page that only
        notes its use never brings a log-in back.
        """
        key = encode_bytes(session.token_hash)
        revoked_at = self._rows.get(key).revoked_at or session.revoked_at
        self._rows.replace(key, replace(session, revoked_at=revoked_at))

    def by_token_hash(self, token_hash: bytes) -> StaffSession | None:
        """Return the log-in with this SHA-256 of its token, or None."""
        return self._rows.find(encode_bytes(token_hash))

    def of_account(self, account_id: str) -> list[StaffSession]:
        """Return the account's log-ins, the newest first."""
        return self._rows.select(
            "WHERE account_id = ? ORDER BY started_at DESC, rowid DESC", [account_id]
        )


class Kiosks:
    """Enrolled kiosks and the one-time codes that enrol them."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _KIOSKS)
        self._codes = Records(db, _CODES)

    def add(self, kiosk: KioskEnrolment) -> bool:
        """Store a new kiosk; return False where the same was stored already."""
        return self._rows.add(kiosk.id, kiosk)

    def save(self, kiosk: KioskEnrolment) -> None:
        """Store a changed kiosk; the first revocation stays."""
        revoked_at = self._rows.get(kiosk.id).revoked_at or kiosk.revoked_at
        self._rows.replace(kiosk.id, replace(kiosk, revoked_at=revoked_at))

    def by_token_hash(self, token_hash: bytes) -> KioskEnrolment | None:
        """Return the kiosk with this SHA-256 of its token, or None."""
        return self._rows.first("WHERE token_hash = ?", [encode_bytes(token_hash)])

    def all(self) -> list[KioskEnrolment]:
        """Return all kiosks, the newest first."""
        return self._rows.select("ORDER BY enrolled_at DESC, rowid DESC")

    def add_code(self, code: EnrolmentCode) -> bool:
        """Store a new one-time code; return False where the same was stored already."""
        return self._codes.add(encode_bytes(code.code_hash), code)

    def save_code(self, code: EnrolmentCode) -> None:
        """Store that a code was used.  Raises LoginRefusedError where it was used before."""
        key = encode_bytes(code.code_hash)
        stored = self._codes.get(key)
        if stored.used_at is not None and stored != code:
            msg = "the enrolment code was used already"
            raise LoginRefusedError(msg)
        self._codes.replace(key, code)

    def code(self, code_hash: bytes) -> EnrolmentCode | None:
        """Return the code with this SHA-256, or None."""
        return self._codes.find(encode_bytes(code_hash))


class Throttle:
    """Tries that are counted, each under a key such as a login name or an address."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def record(self, key: str, at: datetime) -> None:
        """Count one try; tries older than ``TRIES_KEPT`` are forgotten."""
        self._db.execute("DELETE FROM throttle WHERE at < ?", [encode_moment(at - TRIES_KEPT)])
        self._db.execute("INSERT INTO throttle (key, at) VALUES (?, ?)", [key, encode_moment(at)])

    def count_since(self, key: str, since: datetime) -> int:
        """Return how many tries there were at ``since`` or later."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM throttle WHERE key = ? AND at >= ?", [key, encode_moment(since)]
        ).fetchone()
        return int(count)

    def clear(self, key: str) -> None:
        """Forget the tries of ``key``."""
        self._db.execute("DELETE FROM throttle WHERE key = ?", [key])
