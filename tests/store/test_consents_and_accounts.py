from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from eligibility.codes import ConsentCategory
from eligibility.model import ConsentChannel, ConsentDecision
from terminal.access.accounts import Role
from terminal.errors import LoginRefusedError, StoreError, VisitStateError
from terminal.store import Store, Transaction
from tests.store.builders import (
    MORNING,
    SATO,
    a_code,
    a_consent,
    a_kiosk,
    a_session,
    an_account,
    open_visit,
)

MINUTE = timedelta(minutes=1)


@pytest.fixture
def staffed(store: Store) -> Store:
    """A store with one visit and one account."""
    open_visit(store, "v-1")
    store.write(lambda tx: tx.accounts.add(an_account()))
    return store


def test_consent_comes_back(staffed: Store) -> None:
    """A consent is found by its id and by its visit, the newest where there are several."""
    assert staffed.read(lambda tx: tx.consents.get("k-1")) is None
    assert staffed.read(lambda tx: tx.consents.of_visit("v-1")) is None
    newer = a_consent("k-2", given_at=MORNING + MINUTE)
    assert staffed.write(lambda tx: tx.consents.add(newer))
    assert staffed.write(lambda tx: tx.consents.add(a_consent()))
    assert not staffed.write(lambda tx: tx.consents.add(a_consent()))
    assert staffed.read(lambda tx: tx.consents.get("k-1")) == a_consent()
    assert staffed.read(lambda tx: tx.consents.of_visit("v-1")) == newer


def test_consent_takes_the_payers_registration(staffed: Store) -> None:
    """The payer's reference, its patient and its earlier end are kept."""
    staffed.write(lambda tx: tx.consents.add(a_consent()))
    registered = a_consent(
        payer_ref="Consent/1", payer_patient="Patient/1", ends_at=MORNING + MINUTE
    )
    staffed.write(lambda tx: tx.consents.save(registered))
    assert staffed.read(lambda tx: tx.consents.get("k-1")) == registered


@pytest.mark.parametrize(
    "change",
    [
        {"decisions": {ConsentCategory.TKK: ConsentDecision.YES}},
        {"ends_at": MORNING + timedelta(hours=25)},
        {"subject": SATO},
        {"given_at": MORNING + MINUTE},
        {"channel": ConsentChannel.PAYER},
        {"visit_id": "v-2"},
    ],
)
def test_consent_is_never_widened(staffed: Store, change: dict[str, Any]) -> None:
    """What was allowed, by whom, when and for how long never grows."""
    open_visit(staffed, "v-2")
    staffed.write(lambda tx: tx.consents.add(a_consent()))
    with pytest.raises(VisitStateError, match="k-1"):
        staffed.write(lambda tx: tx.consents.save(a_consent(**change)))
    assert staffed.read(lambda tx: tx.consents.get("k-1")) == a_consent()


def test_withdrawn_consent_stays_withdrawn(staffed: Store) -> None:
    """A registration that comes back after the withdrawal does not undo it."""
    staffed.write(lambda tx: tx.consents.add(a_consent()))
    withdrawn = a_consent(withdrawn_at=MORNING + MINUTE)
    staffed.write(lambda tx: tx.consents.save(withdrawn))
    with pytest.raises(VisitStateError):
        staffed.write(lambda tx: tx.consents.save(a_consent(payer_ref="Consent/1")))
    registered = replace(withdrawn, payer_ref="Consent/1")
    staffed.write(lambda tx: tx.consents.save(registered))
    assert staffed.read(lambda tx: tx.consents.get("k-1")) == registered


def test_unknown_consent_cannot_be_saved(staffed: Store) -> None:
    """A consent that was never given has no registration."""
    with pytest.raises(StoreError, match="no consent k-9"):
        staffed.write(lambda tx: tx.consents.save(a_consent("k-9")))


def test_accounts(staffed: Store) -> None:
    """Accounts are found by id and by exact login name, changed, and listed by login name."""
    second = an_account("s-2", "abe", role=Role.CLINICIAN)
    staffed.write(lambda tx: tx.accounts.add(second))
    changed = an_account(disabled_at=MORNING)
    staffed.write(lambda tx: tx.accounts.save(changed))
    assert staffed.read(lambda tx: tx.accounts.get("s-1")) == changed
    assert staffed.read(lambda tx: tx.accounts.by_login("abe")) == second
    assert staffed.read(lambda tx: tx.accounts.by_login("Abe")) is None
    assert staffed.read(lambda tx: tx.accounts.all()) == [second, changed]
    with pytest.raises(StoreError, match="no account s-9"):
        staffed.read(lambda tx: tx.accounts.get("s-9"))


def test_login_name_belongs_to_one_account(staffed: Store) -> None:
    """A second account cannot take a login name, neither when made nor when changed."""
    staffed.write(lambda tx: tx.accounts.add(an_account("s-2", "abe")))
    with pytest.raises(StoreError, match="taken"):
        staffed.write(lambda tx: tx.accounts.add(an_account("s-3", "abe")))
    with pytest.raises(StoreError, match="taken"):
        staffed.write(lambda tx: tx.accounts.save(an_account("s-1", "abe")))


def test_sessions(staffed: Store) -> None:
    """Log-ins are found by their token's hash and listed by account, the newest first."""
    newer = a_session(b"\x01" * 32, started_at=MORNING + MINUTE)
    staffed.write(lambda tx: tx.sessions.add(a_session()))
    staffed.write(lambda tx: tx.sessions.add(newer))
    assert staffed.read(lambda tx: tx.sessions.by_token_hash(b"\xff" * 32)) == a_session()
    assert staffed.read(lambda tx: tx.sessions.by_token_hash(b"\x00" * 32)) is None
    assert staffed.read(lambda tx: tx.sessions.of_account("s-1")) == [newer, a_session()]
    assert staffed.read(lambda tx: tx.sessions.of_account("s-2")) == []


def test_revoked_session_is_never_brought_back(staffed: Store) -> None:
    """A page that read the log-in before it was revoked notes its use without reviving it."""
    staffed.write(lambda tx: tx.sessions.add(a_session()))
    staffed.write(lambda tx: tx.sessions.save(a_session(revoked_at=MORNING)))
    staffed.write(lambda tx: tx.sessions.save(a_session(last_seen_at=MORNING + MINUTE)))
    assert staffed.read(lambda tx: tx.sessions.by_token_hash(b"\xff" * 32)) == a_session(
        last_seen_at=MORNING + MINUTE, revoked_at=MORNING
    )


def test_session_needs_an_account(staffed: Store) -> None:
    """A log-in of nobody is refused by the database itself."""
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        staffed.write(lambda tx: tx.sessions.add(a_session(account_id="s-9")))


def test_kiosks(staffed: Store) -> None:
    """Kiosks are found by their token's hash; a revoked one stays revoked."""
    newer = a_kiosk("kiosk-2", token_hash=b"\x02" * 32, enrolled_at=MORNING + MINUTE)
    staffed.write(lambda tx: tx.kiosks.add(a_kiosk()))
    staffed.write(lambda tx: tx.kiosks.add(newer))
    assert staffed.read(lambda tx: tx.kiosks.by_token_hash(b"\x02" * 32)) == newer
    assert staffed.read(lambda tx: tx.kiosks.by_token_hash(b"\x03" * 32)) is None
    revoked = a_kiosk(revoked_at=MORNING)
    staffed.write(lambda tx: tx.kiosks.save(revoked))
    staffed.write(lambda tx: tx.kiosks.save(a_kiosk()))
    assert staffed.read(lambda tx: tx.kiosks.all()) == [newer, revoked]


def test_enrolment_code_is_used_once(staffed: Store) -> None:
    """The second use of a one-time code is refused."""
    staffed.write(lambda tx: tx.kiosks.add_code(a_code()))
    assert staffed.read(lambda tx: tx.kiosks.code(b"\xfd" * 32)) == a_code()
    assert staffed.read(lambda tx: tx.kiosks.code(b"\x00" * 32)) is None
    used = a_code(used_at=MORNING)
    staffed.write(lambda tx: tx.kiosks.save_code(used))
    with pytest.raises(LoginRefusedError):
        staffed.write(lambda tx: tx.kiosks.save_code(a_code(used_at=MORNING + MINUTE)))
    assert staffed.read(lambda tx: tx.kiosks.code(b"\xfd" * 32)) == used


def test_tries_are_counted_by_key_and_time(store: Store) -> None:
    """Tries count under their own key from a moment on, and are forgotten on request."""

    def three_tries(tx: Transaction) -> None:
        for minutes in range(3):
            tx.throttle.record("name:suzuki", MORNING + minutes * MINUTE)

    store.write(three_tries)
    store.write(lambda tx: tx.throttle.record("name:abe", MORNING))
    assert store.read(lambda tx: tx.throttle.count_since("name:suzuki", MORNING + MINUTE)) == 2
    store.write(lambda tx: tx.throttle.clear("name:suzuki"))
    assert store.read(lambda tx: tx.throttle.count_since("name:suzuki", MORNING)) == 0
    assert store.read(lambda tx: tx.throttle.count_since("name:abe", MORNING)) == 1


def test_old_tries_are_forgotten(store: Store) -> None:
    """Tries do not pile up for ever."""
    store.write(lambda tx: tx.throttle.record("name:suzuki", MORNING))
    later = MORNING + timedelta(days=8)
    store.write(lambda tx: tx.throttle.record("name:abe", later))
    assert store.read(lambda tx: tx.throttle.count_since("name:suzuki", MORNING)) == 0
