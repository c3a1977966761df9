"""Consent: what a visit's patient allowed, told to the payer, and the history that it opens.

History is kept under its consent and destroyed with it (:mod:`terminal.history_keeping`); each look
asks the store for the consent by id and compares the clock.

A consent is committed before the payer is told of it, under an id that makes telling it twice
harmless; what a former run did not get to, the next one finds in the store.  So it is with the end
of a consent that the payer knows.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from eligibility.asking import Capability
from eligibility.codes import ConsentCategory, PrescriptionIssue
from eligibility.emergency import EmergencyAccess, HistoryGround
from eligibility.errors import (
    EligibilityError,
    PayerTrustError,
    PayerUnavailableError,
)
from eligibility.history import History
from eligibility.model import Confirmation, Consent, FindingCode
from eligibility.payer import Payer
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry
from terminal.consent_ending import EMERGENCY_LIVES, end_former
from terminal.consent_rules import (
    CONSENT_LIVES,
    has_end_to_tell,
    registered,
)
from terminal.errors import StoreError
from terminal.events import EventBus, Topic
from terminal.history_fetching import HistoryFetching
from terminal.history_ground import basis_of
from terminal.history_keeping import HistoryKeeper
from terminal.kept_history import KeptHistory
from terminal.payer.calls import CallOutcome, DisclosureCall, outcome_of
from terminal.payer.line import SideLine
from terminal.store import Store, Transaction

log = logging.getLogger(__name__)

FETCHERS = 2
ASKED_AGAIN = (PayerUnavailableError, PayerTrustError, StoreError)
"""Faults that pass by themselves or once the installer has been."""

T = TypeVar("T")


class Disclosure:
    """Registers consents with the payer and fetches what they open, visit by visit."""

    def __init__(
        self,
        store: Store,
        payer: Payer,
        bus: EventBus,
        now: Callable[[], datetime],
        line: SideLine,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``store``, ``payer``, ``bus``: the desk's own; ``line``: when the payer may be called.

        ``monotonic``: seconds, by which the payer's response is timed.
        """
        self._store = store
        self._payer = payer
        self._bus = bus
        self._now = now
        self._line = line
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._again: set[str] = set()
        self._by_hand: set[str] = set()
        self._waiting: dict[str, tuple[datetime, datetime]] = {}
        """Visits to be tried again: since when they wait, and when they may go."""
        self._keeper = HistoryKeeper(store, now)
        self._fetching = HistoryFetching(store, payer, self._keeper, self._call, now)
        self._fetchers = ThreadPoolExecutor(FETCHERS, thread_name_prefix="history")

    def start(self) -> None:
        """Go on with the consents of a former run, as far as it did not get."""
        self._keeper.start()
        now = self._now()

        def look(tx: Transaction) -> list[HistoryGround]:
            return [
                *tx.consents.given_since(now - CONSENT_LIVES),
                *tx.emergencies.opened_since(now - EMERGENCY_LIVES),
            ]

        for ground in self._store.read(look):
            self.advance(ground.visit_id)

    def stop(self) -> None:
        """Finish what is under way; what is kept under living consents stays sealed."""
        self._fetchers.shutdown(wait=True, cancel_futures=True)
        self._keeper.stop()

    def delete_ended(self) -> None:
        """Destroy history that nothing opens any more; reading checks the clock by itself."""
        for visit_id in self._keeper.delete_ended():
            self._show(visit_id)

    def consent_ended(self, visit_id: str) -> None:
        """Drop what has just ended opened, and tell the payer of a consent's end.

        The store has destroyed it in the transaction that ended the consent.
        """
        self._keeper.forget(visit_id)
        self._show(visit_id)
        self.advance(visit_id)

    def _show(self, visit_id: str) -> None:
        """Let the pages that show a visit's history go blank."""
        self._bus.publish(Topic.CONSENT, visit_id)
        self._bus.publish(Topic.VISIT, visit_id)

    def drop_closed(self, visit_id: str) -> None:
        """Destroy a visit's history at once where nothing opens it any more, as after a finding."""
        self._fetching.drop_closed(visit_id)

    def advance(self, visit_id: str, *, by_hand: bool = False) -> None:
        """Register and fetch whatever this visit's consent and confirmation allow now.

        ``by_hand``: staff ask for it, so the payer is called also while it seems silent.
        """
        with self._lock:
            if by_hand:
                self._by_hand.add(visit_id)
            if visit_id in self._under_way:
                self._again.add(visit_id)
                return
            self._under_way.add(visit_id)
        self._fetchers.submit(self._run, visit_id)

    def retry_failed(self) -> None:
        """Try again what the payer could not do before; a job calls this now and then."""
        if self._line.is_silent:
            return
        now = self._now()
        with self._lock:
            due = [visit_id for visit_id, (_, at) in self._waiting.items() if at <= now]
        for visit_id in due:
            self.advance(visit_id)

    def waits(self, visit_id: str) -> bool:
        """Whether this visit is tried again by itself, since the payer could not be reached."""
        with self._lock:
            return visit_id in self._waiting

    def of_visit(self, visit_id: str) -> KeptHistory | None:
        """Return what is kept for a visit, without a word of it."""
        return self._keeper.of_visit(visit_id)

    def open(self, ground: HistoryGround) -> History | None:
        """Return what is kept under what still opens it; no role is checked.  Raises StoreError."""
        return self._keeper.open(ground)

    def is_fetching(self, visit_id: str) -> bool:
        """Whether this visit's history is on its way."""
        with self._lock:
            return visit_id in self._under_way

    def _run(self, visit_id: str) -> None:
        again_at: datetime | None = None
        try:
            self._register_and_fetch(visit_id)
        except (EligibilityError, StoreError) as error:
            log.warning("history of visit %s: %s", visit_id, error)
            if isinstance(error, ASKED_AGAIN):
                again_at = self._now()
        except Exception:
            log.exception("history of visit %s is not fetched after a fault", visit_id)
        finally:
            with self._lock:
                since, _ = self._waiting.pop(visit_id, (again_at, None))
                if since is not None and again_at is not None:
                    self._waiting[visit_id] = (since, again_at)
                self._under_way.discard(visit_id)
                again = visit_id in self._again
                self._again.discard(visit_id)
                if not again:
                    self._by_hand.discard(visit_id)
            self._bus.publish(Topic.VISIT, visit_id)
            if again:
                self.advance(visit_id)

    def _register_and_fetch(self, visit_id: str) -> None:
        now = self._now()
        basis = self._store.read(lambda tx: basis_of(tx, visit_id, now))
        ground, confirmation = basis.ground, basis.confirmation
        if ground is None or now >= ground.ends_at:
            return
        if isinstance(ground, Consent) and ground.withdrawn_at is not None:
            self._tell_end(ground)
            return
        if confirmation is None or _names_another_person(confirmation):
            # the patient spoke for himself: nothing is told of whom the payer takes him for
            return
        if ground.payer_ref is None:
            known = basis.payer_patient is not None and ground.payer_patient in (
                None,
                basis.payer_patient,
            )
            if basis.payer_patient is None or not known or not basis.may_be_registered:
                return
            if isinstance(ground, Consent):
                ground = self._register(ground, basis.payer_patient)
            elif not self._fetching.is_closed(visit_id):
                ground = self._open_without_consent(ground)
        if isinstance(ground, Consent) and ground.withdrawn_at is not None:
            # while the payer was being told of it
            self._tell_end(ground)
        elif ground.payer_ref is not None and not self._fetching.is_closed(visit_id):
            self._fetching.fetch(ground)

    def _call(
        self, ground: HistoryGround, category: ConsentCategory | None, work: Callable[[], T]
    ) -> T:
        """Return what the payer says, by the policy that all calls to it go by.

        The call is committed before it is made.  ``category``: what is fetched, None where the
        consent is told.  Raises PayerSilentError, and nothing is sent, where no call may go out.
        """
        with self._lock:
            by_hand = ground.visit_id in self._by_hand
        self._line.begin(by_hand=by_hand)
        call = DisclosureCall(
            uuid.uuid4().hex, ground.visit_id, ground.id, category, self._now(), by_hand
        )
        self._store.write(lambda tx: tx.disclosure_calls.add(call))
        started = self._monotonic()
        try:
            result = self._heard(work)
        except EligibilityError as error:
            self._end(call, started, outcome_of(error))
            raise
        self._end(call, started, CallOutcome.ANSWERED)
        return result

    def _end(self, call: DisclosureCall, started: float, outcome: CallOutcome) -> None:
        milliseconds = round((self._monotonic() - started) * 1000)
        ended = replace(call, milliseconds=milliseconds, outcome=outcome)
        self._store.write(lambda tx: tx.disclosure_calls.end(ended))

    def _heard(self, work: Callable[[], T]) -> T:
        try:
            result = work()
        except PayerUnavailableError as error:
            self._line.failed(error.retry_after)
            raise
        except PayerTrustError:
            self._line.failed(None)
            raise
        except EligibilityError:
            self._payer_spoke()
            raise
        self._payer_spoke()
        return result

    def _payer_spoke(self) -> None:
        """Let out what waited, each in its time, where the payer was silent before."""
        goes_at = self._line.spoke()
        if goes_at is not None:
            with self._lock:
                for visit_id, (since, _) in self._waiting.items():
                    self._waiting[visit_id] = (since, goes_at(since))

    def _register(self, consent: Consent, payer_patient: str) -> Consent:
        prescription = self._store.read(lambda tx: _prescription(tx, consent.visit_id))
        receipt = self._call(
            consent,
            None,
            lambda: self._payer.register_consent(consent, payer_patient, prescription),
        )

        def store(tx: Transaction) -> tuple[Consent, tuple[str, ...]]:
            # as it stands now: it may have been withdrawn while the payer was being told of it
            stored = registered(tx.consents.get(consent.id) or consent, payer_patient, receipt)
            tx.consents.save(stored)
            tx.audit.append(_entry(Act.CONSENT_REGISTERED, consent))
            return stored, end_former(tx, stored, payer_patient, self._now())

        stored, former = self._store.write(store)
        for visit_id in former:
            self.consent_ended(visit_id)
        return stored

    def _open_without_consent(self, access: EmergencyAccess) -> EmergencyAccess:
        receipt = self._call(access, None, lambda: self._payer.open_without_consent(access))

        def store(tx: Transaction) -> EmergencyAccess:
            stored = tx.emergencies.get(access.id) or access
            opened = replace(
                stored,
                payer_ref=receipt.payer_ref,
                ends_at=min(stored.ends_at, receipt.available_until),
            )
            tx.emergencies.save(opened)
            tx.audit.append(_entry(Act.EMERGENCY_REGISTERED, opened))
            return opened

        return self._store.write(store)

    def _tell_end(self, consent: Consent) -> None:
        if not has_end_to_tell(consent, self._now()) or not self._payer_hears_ends:
            return
        self._call(consent, None, lambda: self._payer.end_consent(consent))
        told = replace(consent, end_told_at=self._now())

        def store(tx: Transaction) -> None:
            tx.consents.save(told)
            tx.audit.append(_entry(Act.CONSENT_END_TOLD, consent))

        self._store.write(store)

    @property
    def _payer_hears_ends(self) -> bool:
        return Capability.CONSENT_END in self._payer.capabilities


def _prescription(tx: Transaction, visit_id: str) -> PrescriptionIssue | None:
    return tx.visits.get(visit_id).prescription


def _entry(act: Act, ground: HistoryGround) -> AuditEntry:
    return AuditEntry(act, TERMINAL, ground.visit_id, consent_id=ground.id, subject=ground.subject)


def _names_another_person(confirmation: Confirmation) -> bool:
    return any(finding.code is FindingCode.OTHER_PERSON for finding in confirmation.findings)
