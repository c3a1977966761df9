"""Who may come in: log-ins, accounts and kiosks over a real encrypted store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from terminal.access import passwords, rules
from terminal.access.accounts import KIOSK, TERMINAL, Actor, Role
from terminal.access.kiosk import KioskAccess
from terminal.access.staff import StaffAccess, handle
from terminal.audit import Act
from terminal.errors import (
    AccountReason,
    AccountRefusedError,
    LoginRefusedError,
    LoginThrottledError,
    RoleError,
)
from terminal.store import Store
from terminal.store.keys import new_key

PASSWORD = "seven quiet herons"
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        """Begin at noon in Japan."""
        self.at = NOON

    def __call__(self) -> datetime:
        """Return the present moment."""
        return self.at

    def passes(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    """The desk's clock."""
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A fresh encrypted store."""
    key = new_key()
    Store.create(tmp_path / "store.db", key, "access-1")
    store = Store.open(
        tmp_path / "store.db",
        key,
        "access-1",
        desk_id="desk-1",
        now=clock,
        monotonic=lambda: clock().timestamp(),
    )
    yield store
    store.close()


@pytest.fixture
def access(store: Store, clock: Clock) -> StaffAccess:
    """A desk with one administrator, ``chief``."""
    access = StaffAccess(store, clock)
    access.create_account(TERMINAL, "chief", "Chief", Role.ADMINISTRATOR, PASSWORD)
    return access


@pytest.fixture
def kiosks(store: Store, clock: Clock) -> KioskAccess:
    """The kiosks of that desk."""
    return KioskAccess(store, clock, desk_id="desk-1")


def acts(store: Store) -> list[Act]:
    """Return what the audit log tells, the oldest first."""
    return [record.act for record in store.read(lambda tx: tx.audit.recent(1000))][::-1]


def fails(access: StaffAccess, times: int, device: str | None = None) -> None:
    """Try a wrong password so often."""
    for _ in range(times):
        with pytest.raises(LoginRefusedError):
            access.log_in("chief", "wrong", device)


def test_hashes_follow_rfc_9106(access: StaffAccess, store: Store) -> None:
    """Passwords are hashed by argon2id with the low-memory profile, as is the stand-in's hash."""
    account = store.read(lambda tx: tx.accounts.by_login("chief"))
    assert account is not None
    assert extract_parameters(account.password_hash) == RFC_9106_LOW_MEMORY
    assert extract_parameters(passwords.NOBODYS_HASH) == RFC_9106_LOW_MEMORY


def test_an_unknown_name_is_hashed_too(
    access: StaffAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name without account costs one verification, so that time tells no names."""
    seen: list[str] = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, encoded: str, password: str) -> bool:
        seen.append(encoded)
        return real(self, encoded, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    with pytest.raises(LoginRefusedError):
        access.log_in("nobody", PASSWORD)
    assert seen == [passwords.NOBODYS_HASH]


def test_the_store_holds_no_token(access: StaffAccess, store: Store) -> None:
    """Only a token's SHA-256 is kept; two log-ins have different tokens of 256 bits."""
    one, two = access.log_in("chief", PASSWORD), access.log_in("chief", PASSWORD)
    assert one.token != two.token
    assert len(one.token) >= 43
    sessions = store.read(lambda tx: tx.sessions.of_account(one.log_in.account.id))
    assert {session.token_hash for session in sessions} == {
        rules.digest(one.token),
        rules.digest(two.token),
    }
    assert access.whose(rules.digest(one.token).hex()) is None


def test_a_log_in_ends_after_silence(access: StaffAccess, clock: Clock) -> None:
    """30 minutes without a person's doing end it; what pages do by themselves does not count."""
    token = access.log_in("chief", PASSWORD).token
    for _ in range(29):
        clock.passes(minutes=1)
        assert access.whose(token, seen=False) is not None
    clock.passes(minutes=1)
    assert access.whose(token) is None


def test_a_log_in_ends_in_any_case(access: StaffAccess, clock: Clock) -> None:
    """Ten hours end it, however busy its owner is."""
    token = access.log_in("chief", PASSWORD).token
    for _ in range(29):
        clock.passes(minutes=20)
        assert access.whose(token) is not None
    clock.passes(minutes=20)
    assert access.whose(token) is None


def test_a_token_opens_nothing_after_log_out(access: StaffAccess) -> None:
    """Replaying the cookie after log-out is refused by the server."""
    new = access.log_in("chief", PASSWORD)
    access.log_out(new.log_in)
    assert access.whose(new.token) is None


def test_an_owner_ends_another_log_in(access: StaffAccess) -> None:
    """One's own log-ins are listed and ended one by one; a stranger's handle ends nothing."""
    here, there = access.log_in("chief", PASSWORD), access.log_in("chief", PASSWORD)
    access.revoke(here.log_in, "0" * 16)
    assert len(access.log_ins(here.log_in)) == 2
    access.revoke(here.log_in, handle(there.log_in.session))
    assert access.whose(there.token) is None
    assert access.whose(here.token) is not None


def test_names_are_held_up_after_failures(access: StaffAccess, clock: Clock) -> None:
    """Five failures in a minute hold a name up, even with the right password, then it opens."""
    fails(access, 5)
    with pytest.raises(LoginThrottledError):
        access.log_in("chief", PASSWORD)
    clock.passes(seconds=61)
    assert access.log_in("chief", PASSWORD).token


def test_an_owner_is_never_locked_out_for_ever(access: StaffAccess, clock: Clock) -> None:
    """A stranger who never stops does not keep the owner out of a browser used before."""
    device = access.log_in("chief", PASSWORD).device
    refused = 0
    for _ in range(200):
        try:
            access.log_in("chief", "wrong")
        except LoginThrottledError:
            refused += 1
        except LoginRefusedError:
            pass
        clock.passes(seconds=5)
    assert refused > 150
    assert access.log_in("chief", PASSWORD, device).token


def test_a_device_mark_is_no_free_pass(access: StaffAccess) -> None:
    """A forged mark counts as none, a real one has its own count, another's does not fit."""
    real = access.log_in("chief", PASSWORD).device
    access.create_account(TERMINAL, "other", "Other", Role.RECEPTION, PASSWORD + "!")
    others = access.log_in("other", PASSWORD + "!").device
    fails(access, 5)
    for device in ("x.y", others, real[:-1] + ("0" if real[-1] != "0" else "1"), ""):
        with pytest.raises(LoginThrottledError):
            access.log_in("chief", PASSWORD, device)
    fails(access, 5, real)
    with pytest.raises(LoginThrottledError):
        access.log_in("chief", PASSWORD, real)


def test_a_disabled_account_is_out_at_once(access: StaffAccess) -> None:
    """Closing an account ends its log-ins and refuses new ones; opening it lets it in again."""
    chief = access.log_in("chief", PASSWORD).log_in.actor
    clerk = access.create_account(chief, "clerk", "Clerk", Role.RECEPTION, PASSWORD + "s")
    token = access.log_in("clerk", PASSWORD + "s").token
    access.disable_account(chief, clerk.id)
    assert access.whose(token) is None
    with pytest.raises(LoginRefusedError):
        access.log_in("clerk", PASSWORD + "s")
    access.enable_account(chief, clerk.id)
    assert access.whose(token) is None
    assert access.log_in("clerk", PASSWORD + "s").token


def test_the_last_administrator_stays(access: StaffAccess) -> None:
    """The last administrator cannot be closed; one of two can."""
    chief = access.log_in("chief", PASSWORD).log_in.actor
    with pytest.raises(AccountRefusedError) as refused:
        access.disable_account(chief, chief.id)
    assert refused.value.reason is AccountReason.LAST_ADMINISTRATOR
    access.create_account(chief, "second", "Second", Role.ADMINISTRATOR, PASSWORD + "2")
    access.disable_account(chief, chief.id)


def test_a_new_password_ends_other_log_ins(access: StaffAccess) -> None:
    """Changing the password needs the present one and ends every other log-in."""
    here, there = access.log_in("chief", PASSWORD), access.log_in("chief", PASSWORD)
    with pytest.raises(LoginRefusedError):
        access.change_password(here.log_in, "wrong", "another long sentence")
    access.change_password(here.log_in, PASSWORD, "another long sentence")
    assert access.whose(there.token) is None
    assert access.whose(here.token) is not None
    assert access.log_in("chief", "another long sentence").token


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("fourteen chars", AccountReason.PASSWORD_TOO_SHORT),
        ("x" * 129, AccountReason.PASSWORD_TOO_LONG),
        ("aaaaaaaaaaaaaaaaaaaa", AccountReason.PASSWORD_GUESSABLE),
        ("clerkclerkclerkclerk", AccountReason.PASSWORD_GUESSABLE),
    ],
)
def test_weak_passwords_are_refused(
    access: StaffAccess, password: str, reason: AccountReason
) -> None:
    """Length counts; one's own name or a single key pressed again and again is no password."""
    with pytest.raises(AccountRefusedError) as refused:
        access.create_account(TERMINAL, "clerk", "Clerk", Role.RECEPTION, password)
    assert refused.value.reason is reason


@pytest.mark.parametrize("name", ["", "x", "UPPER CASE", "a" * 33, "<b>", "名前", "-dash"])
def test_odd_login_names_are_refused(access: StaffAccess, name: str) -> None:
    """A log-in name is 2 to 32 small letters, digits, dots, dashes."""
    with pytest.raises(AccountRefusedError) as refused:
        access.create_account(TERMINAL, name, "Clerk", Role.RECEPTION, PASSWORD)
    assert refused.value.reason is AccountReason.NAME_FORM


def test_a_name_belongs_to_one(access: StaffAccess) -> None:
    """Two accounts cannot share a log-in name, whatever its case."""
    with pytest.raises(AccountRefusedError) as refused:
        access.create_account(TERMINAL, " CHIEF ", "Clerk", Role.RECEPTION, PASSWORD)
    assert refused.value.reason is AccountReason.NAME_TAKEN


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_administer(
    access: StaffAccess, kiosks: KioskAccess, role: Role
) -> None:
    """No other role, nor the kiosk, may make accounts or kiosks."""
    for actor in (Actor("someone", role), KIOSK):
        with pytest.raises(RoleError):
            access.create_account(actor, "clerk", "Clerk", Role.RECEPTION, PASSWORD)
        for act in (access.accounts, kiosks.enrolled, kiosks.make_code):
            with pytest.raises(RoleError):
                act(actor)
        for change in (access.disable_account, access.enable_account, kiosks.revoke):
            with pytest.raises(RoleError):
                change(actor, "x")


def test_a_kiosk_code_works_once(kiosks: KioskAccess) -> None:
    """A code makes one browser the kiosk, typed in any case and with gaps, and never another."""
    code = kiosks.make_code(TERMINAL)
    assert len(code) == 8
    token = kiosks.enrol(f" {code[:4].lower()}-{code[4:]} ")
    kiosk = kiosks.whose(token)
    assert kiosk is not None
    assert kiosk.desk_id == "desk-1"
    with pytest.raises(LoginRefusedError):
        kiosks.enrol(code)


def test_a_kiosk_code_ends_after_ten_minutes(kiosks: KioskAccess, clock: Clock) -> None:
    """A code that is too old makes no kiosk."""
    code = kiosks.make_code(TERMINAL)
    clock.passes(minutes=10)
    with pytest.raises(LoginRefusedError):
        kiosks.enrol(code)


def test_kiosk_codes_cannot_be_guessed_in_a_row(kiosks: KioskAccess) -> None:
    """Guesses are held up, the right one among them."""
    code = kiosks.make_code(TERMINAL)
    for _ in range(5):
        with pytest.raises(LoginRefusedError):
            kiosks.enrol("AAAAAAAA")
    with pytest.raises(LoginThrottledError):
        kiosks.enrol(code)


def test_a_revoked_kiosk_is_none(kiosks: KioskAccess) -> None:
    """A kiosk that was revoked has no right any more and leaves the list."""
    token = kiosks.enrol(kiosks.make_code(TERMINAL))
    (kiosk,) = kiosks.enrolled(TERMINAL)
    kiosks.revoke(TERMINAL, kiosk.id)
    assert kiosks.whose(token) is None
    assert kiosks.enrolled(TERMINAL) == []


def test_every_act_is_recorded(access: StaffAccess, kiosks: KioskAccess, store: Store) -> None:
    """Log-ins, refusals, accounts and kiosks stand in the audit log in their order."""
    fails(access, 1)
    new = access.log_in("chief", PASSWORD)
    actor = new.log_in.actor
    clerk = access.create_account(actor, "clerk", "Clerk", Role.RECEPTION, PASSWORD)
    access.disable_account(actor, clerk.id)
    kiosks.enrol(kiosks.make_code(actor))
    kiosks.revoke(actor, kiosks.enrolled(actor)[0].id)
    access.log_out(new.log_in)
    assert acts(store) == [
        Act.ACCOUNT_CREATED,
        Act.LOGIN_REFUSED,
        Act.LOGGED_IN,
        Act.ACCOUNT_CREATED,
        Act.ACCOUNT_CHANGED,
        Act.KIOSK_CODE_MADE,
        Act.KIOSK_ENROLLED,
        Act.KIOSK_REVOKED,
        Act.LOGGED_OUT,
    ]


def test_what_was_typed_is_not_kept(access: StaffAccess, store: Store) -> None:
    """A refused name, which may be a password in the wrong field, is in no record."""
    typed = "my secret in the wrong field"
    with pytest.raises(LoginRefusedError):
        access.log_in(typed, "x")
    records = store.read(lambda tx: tx.audit.recent(10))
    assert records[0].actor_id == "unknown"
    assert typed not in repr(records)
