"""Fetches what a visit's history stands on opens, by category, and puts it where it can be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Protocol

from eligibility.codes import ConsentCategory
from eligibility.emergency import HistoryGround
from eligibility.errors import (
    AnswerForAnotherPersonError,
    ConsentRequiredError,
    EligibilityError,
)
from eligibility.history import History
from eligibility.model import Consent
from eligibility.payer import Payer
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry
from terminal.consent_rules import HISTORY_CATEGORIES
from terminal.history_ground import basis_of, ground_by_id
from terminal.history_keeping import HistoryKeeper
from terminal.kept_history import HistoryEnd, KeptHistory, counts_of
from terminal.store import Store, Transaction
from terminal.store.history_content import pack

Faults = dict[ConsentCategory, EligibilityError]


class HistoryCall(Protocol):
    """How the payer is called: by the policy that all calls go by, and written down."""

    def __call__(
        self, ground: HistoryGround, category: ConsentCategory | None, work: Callable[[], History]
    ) -> History:
        """Return what ``work`` does; raises its EligibilityError."""
        ...


class HistoryFetching:
    """Fetches the histories of one desk."""

    def __init__(
        self,
        store: Store,
        payer: Payer,
        keeper: HistoryKeeper,
        call: HistoryCall,
        now: Callable[[], datetime],
    ) -> None:
        """``keeper``: who keeps them; ``call``: how the payer is called."""
        self._store = store
        self._payer = payer
        self._keeper = keeper
        self._call = call
        self._now = now

    def fetch(self, ground: HistoryGround) -> None:
        """Fetch what is not held yet: a category that fails takes no other with it.

        Raises the first fault, after what came was put where it can be seen.  Where the payer
        mixes people up in one list, no list of it is trusted.  Where it says that the consent does
        not hold, it is asked again for what is held, and what it refuses then is not kept.
        """
        held = self._keeper.open(ground) or self._nothing(ground)
        history, faults = self._ask(ground, held, set(HISTORY_CATEGORIES) - held.answered)
        if held.answered and _refused(faults):
            new = history.narrowed_to(history.answered - held.answered)
            told, again = self._ask(ground, new, held.answered)
            history = told.joined_with(held.narrowed_to(again.keys() - _refused(again)))
        if history.answered:
            if history is not held:
                self._keep(ground, history, history.fetched - held.fetched)
        elif held.answered:
            self._keeper.delete(ground.visit_id, HistoryEnd.REFUSED)
        for fault in faults.values():
            raise fault

    def _nothing(self, ground: HistoryGround) -> History:
        return History(ground.id, self._now(), frozenset())

    def _ask(
        self, ground: HistoryGround, history: History, categories: Iterable[ConsentCategory]
    ) -> tuple[History, Faults]:
        """Return ``history`` joined with what the payer tells, and what failed."""
        faults: Faults = {}
        for category in (one for one in HISTORY_CATEGORIES if one in categories):
            live = self._store.read(lambda tx: ground_by_id(tx, ground.id))
            if live is None or not live.allows(category, self._now()):
                continue
            if self.is_closed(ground.visit_id):
                break
            try:
                fetch = partial(self._payer.fetch_history, live, category)
                history = history.joined_with(self._call(ground, category, fetch))
            except AnswerForAnotherPersonError:
                self._keeper.delete(ground.visit_id, HistoryEnd.ANOTHER_PERSON)
                raise
            except EligibilityError as error:
                faults[category] = error
        return history, faults

    def _keep(
        self, ground: HistoryGround, history: History, new: Iterable[ConsentCategory]
    ) -> None:
        """Put a history where it can be seen; the audit log names what is new of it."""
        now = self._now()
        by_consent = isinstance(ground, Consent)
        # what was opened without consent is never at rest anywhere
        packed = pack(history) if by_consent else None
        kept = KeptHistory(ground.id, ground.visit_id, now, counts_of(history))

        def store(tx: Transaction) -> bool:
            fetched = ",".join(sorted(one.value for one in new))
            if fetched:
                tx.audit.append(
                    AuditEntry(
                        Act.HISTORY_FETCHED if by_consent else Act.EMERGENCY_FETCHED,
                        TERMINAL,
                        ground.visit_id,
                        consent_id=ground.id,
                        subject=ground.subject,
                        reason=fetched,
                    )
                )
            basis = basis_of(tx, ground.visit_id, now)
            live = basis.ground
            if live is None or live.id != ground.id or basis.closed_because(now) is not None:
                return False
            if packed is not None:
                tx.histories.keep(kept, packed, now)
            return True

        if self._store.write(store):
            self._keeper.kept(kept, history)
        # looked at after it was put there: whoever closes it in between drops it, or this does
        self.drop_closed(ground.visit_id)

    def drop_closed(self, visit_id: str) -> None:
        """Destroy a visit's history where nothing opens it any more, as after a finding."""
        if self.is_closed(visit_id):
            self._keeper.delete(visit_id, HistoryEnd.CLOSED)

    def is_closed(self, visit_id: str) -> bool:
        """Whether nothing opens a visit's history now."""
        now = self._now()
        basis = self._store.read(lambda tx: basis_of(tx, visit_id, now))
        return basis.closed_because(now) is not None


def _refused(faults: Faults) -> set[ConsentCategory]:
    """Return the categories for which the payer says that no consent holds."""
    return {one for one, error in faults.items() if isinstance(error, ConsentRequiredError)}
