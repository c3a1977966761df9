"""Keeps what a consent opened while it stands, and destroys it at its end.

At rest it is sealed in the store; what somebody looked at stays open in memory until then.  A look
goes by the consent as it stands and by the clock, and what was deleted is told to the audit log by
category and count.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from eligibility.consenting import ConsentEnd
from eligibility.emergency import EmergencyAccess, HistoryGround
from eligibility.history import History
from eligibility.model import Consent
from terminal.access.accounts import TERMINAL, Actor
from terminal.audit import Act, AuditEntry
from terminal.consent_rules import is_over, open_categories
from terminal.history_ground import ENDED, basis_of
from terminal.kept_history import HistoryEnd, KeptHistory
from terminal.store import Store, Transaction
from terminal.store.history_content import unpack


class HistoryKeeper:
    """The histories of one desk.  All methods may be called from any thread; raise StoreError."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """``store``: where they are sealed."""
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[str, KeptHistory] = {}
        self._opened: dict[str, History] = {}

    def start(self) -> None:
        """Destroy what ended while nobody ran, and find what a former run kept."""
        self.delete_ended()
        kept = self._store.read(lambda tx: tx.histories.all())
        with self._lock:
            self._kept = {one.visit_id: one for one in kept}

    def stop(self) -> None:
        """Forget what is open in memory."""
        with self._lock:
            self._opened.clear()

    def of_visit(self, visit_id: str) -> KeptHistory | None:
        """Return what is kept for a visit, without opening it or checking any right."""
        with self._lock:
            return self._kept.get(visit_id)

    def open(self, ground: HistoryGround) -> History | None:
        """Return the history under ``ground``; None where none is kept or the ground is over.

        It is decrypted at the first look, by the consent as the store holds it then.  What was
        opened without consent is in memory alone.
        """
        now = self._now()
        if not open_categories(ground, now):
            return None
        with self._lock:
            opened = self._opened.get(ground.id)
        if opened is not None or isinstance(ground, EmergencyAccess):
            return opened
        consent = ground
        content = self._store.read(lambda tx: tx.histories.open(consent.id, now))
        if content is None:
            return None
        history = unpack(content)
        with self._lock:
            kept = self._kept.get(consent.visit_id)
            # not what was destroyed or fetched anew meanwhile
            if kept is None or kept.consent_id != consent.id:
                return None
            return self._opened.setdefault(consent.id, history)

    def kept(self, kept: KeptHistory, history: History) -> None:
        """Hold in memory what the caller has just kept in the store."""
        with self._lock:
            self._kept[kept.visit_id] = kept
            self._opened[kept.consent_id] = history

    def delete(self, visit_id: str, why: HistoryEnd) -> None:
        """Destroy what is kept for a visit."""
        kept = self.of_visit(visit_id)
        if kept is None:
            return
        try:
            self._store.write(lambda tx: _delete_under(tx, kept.consent_id, why))
        finally:
            self.forget(visit_id)

    def forget(self, visit_id: str) -> None:
        """Drop from memory what was destroyed in the store."""
        with self._lock:
            kept = self._kept.pop(visit_id, None)
            if kept is not None:
                self._opened.pop(kept.consent_id, None)

    def delete_ended(self) -> tuple[str, ...]:
        """Destroy what nothing opens any more; return the visits.

        A job calls this now and then; no look depends on it.
        """
        now = self._now()
        over: list[str] = []
        with self._lock:
            held = [kept.visit_id for kept in self._kept.values()]
        for visit_id in self._store.read(lambda tx: _without_ground(tx, held, now)):
            self.forget(visit_id)
            over.append(visit_id)
        ended = self._store.read(lambda tx: _ended(tx, now))
        if ended:
            try:
                self._store.write(lambda tx: _delete_ended(tx, now))
            finally:
                for kept in ended:
                    self.forget(kept.visit_id)
        self._store.erase_log()
        return (*over, *(kept.visit_id for kept in ended))


def delete_history(
    tx: Transaction, consent: Consent, why: HistoryEnd | ConsentEnd, actor: Actor
) -> None:
    """Destroy what ``consent`` opened, in the caller's transaction, and tell how much it was."""
    kept = tx.histories.delete(consent.id)
    if kept is None:
        return
    tx.audit.append(
        AuditEntry(
            Act.HISTORY_DELETED,
            actor,
            consent.visit_id,
            consent_id=consent.id,
            subject=consent.subject,
            reason=f"{why.value}:{kept.told_counts}",
        )
    )


def _delete_under(tx: Transaction, consent_id: str, why: HistoryEnd) -> None:
    consent = tx.consents.get(consent_id)
    if consent is not None:
        delete_history(tx, consent, why, TERMINAL)


def _without_ground(tx: Transaction, visit_ids: list[str], now: datetime) -> list[str]:
    """Return the visits whose access without consent is over, by its time or the disaster's."""
    found = (basis_of(tx, visit_id, now) for visit_id in visit_ids)
    return [
        basis.visit.id
        for basis in found
        if basis.emergency is not None and basis.closed_because(now) in ENDED
    ]


def _ended(tx: Transaction, now: datetime) -> list[KeptHistory]:
    return [kept for kept in tx.histories.all() if _is_over(tx, kept.consent_id, now)]


def _is_over(tx: Transaction, consent_id: str, now: datetime) -> bool:
    consent = tx.consents.get(consent_id)
    return consent is None or is_over(consent, now)


def _delete_ended(tx: Transaction, now: datetime) -> None:
    for kept in _ended(tx, now):
        _delete_under(tx, kept.consent_id, HistoryEnd.EXPIRED)
