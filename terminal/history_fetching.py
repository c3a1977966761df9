"""Fetches what a consent opens, category by category, and puts it where it can be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Protocol

from eligibility.codes import ConsentCategory
from eligibility.errors import (
    AnswerForAnotherPersonError,
    ConsentRequiredError,
    EligibilityError,
)
from eligibility.history import History
from eligibility.model import Confirmation, Consent
from eligibility.payer import Payer
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry
from terminal.consent_rules import HISTORY_CATEGORIES, history_closed_because
from terminal.history_keeping import HistoryKeeper
from terminal.kept_history import HistoryEnd, KeptHistory
from terminal.store import Store, Transaction

Faults = dict[ConsentCategory, EligibilityError]


class HistoryCall(Protocol):
    """How the payer is called: by the policy that all calls go by, and written down."""

    def __call__(
        self, consent: Consent, category: ConsentCategory | None, work: Callable[[], History]
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

    def fetch(self, consent: Consent) -> None:
        """Fetch what is not held yet: a category that fails takes no other with it.

        Raises the first fault, after what came was put where it can be seen.  Where the payer
        mixes people up in one list, no list of it is trusted.  Where it says that the consent does
        not hold, it is asked again for what is held, and what it refuses then is not kept.
        """
        held = self._keeper.open(consent) or self._nothing(consent)
        history, faults = self._ask(consent, held, set(HISTORY_CATEGORIES) - held.answered)
        if held.answered and _refused(faults):
            new = history.narrowed_to(history.answered - held.answered)
            told, again = self._ask(consent, new, held.answered)
            history = told.joined_with(held.narrowed_to(again.keys() - _refused(again)))
        if history.answered:
            if history is not held:
                self._keep(consent, history, history.fetched - held.fetched)
        elif held.answered:
            self._keeper.delete(consent.visit_id, HistoryEnd.REFUSED)
        for fault in faults.values():
            raise fault

    def _nothing(self, consent: Consent) -> History:
        return History(consent.id, self._now(), frozenset())

    def _ask(
        self, consent: Consent, history: History, categories: Iterable[ConsentCategory]
    ) -> tuple[History, Faults]:
        """Return ``history`` joined with what the payer tells, and what failed."""
        faults: Faults = {}
        for category in (one for one in HISTORY_CATEGORIES if one in categories):
            live = self._store.read(lambda tx: tx.consents.get(consent.id))
            if live is None or not live.allows(category, self._now()):
                continue
            if self.is_closed(consent.visit_id):
                break
            try:
                fetch = partial(self._payer.fetch_history, live, category)
                history = history.joined_with(self._call(consent, category, fetch))
            except AnswerForAnotherPersonError:
                self._keeper.delete(consent.visit_id, HistoryEnd.ANOTHER_PERSON)
                raise
            except EligibilityError as error:
                faults[category] = error
        return history, faults

    def _keep(self, consent: Consent, history: History, new: Iterable[ConsentCategory]) -> None:
        """Put a history where it can be seen; the audit log names what is new of it."""
        now = self._now()

        def store(tx: Transaction) -> KeptHistory | None:
            fetched = ",".join(sorted(one.value for one in new))
            if fetched:
                tx.audit.append(
                    AuditEntry(
                        Act.HISTORY_FETCHED,
                        TERMINAL,
                        consent.visit_id,
                        consent_id=consent.id,
                        subject=consent.subject,
                        reason=fetched,
                    )
                )
            live, confirmation, _ = basis(tx, consent.visit_id)
            if live is None or live.id != consent.id:
                return None
            if history_closed_because(live, confirmation, now) is not None:
                return None
            return self._keeper.keep(tx, live, history, now)

        kept = self._store.write(store)
        if kept is not None:
            self._keeper.kept(kept, history)
        # looked at after it was put there: whoever closes it in between drops it, or this does
        self.drop_closed(consent.visit_id)

    def drop_closed(self, visit_id: str) -> None:
        """Destroy a visit's history where nothing opens it any more, as after a finding."""
        if self.is_closed(visit_id):
            self._keeper.delete(visit_id, HistoryEnd.CLOSED)

    def is_closed(self, visit_id: str) -> bool:
        """Whether nothing opens a visit's history now."""
        consent, confirmation, _ = self._store.read(lambda tx: basis(tx, visit_id))
        return history_closed_because(consent, confirmation, self._now()) is not None


def basis(tx: Transaction, visit_id: str) -> tuple[Consent | None, Confirmation | None, str | None]:
    """Return what a visit's history stands on, and whom the payer says that it is about."""
    confirmations = tx.confirmations.of_visit(visit_id)
    confirmation = confirmations[0] if confirmations else None
    payer_patient = None
    if confirmation is not None and confirmation.source.is_todays_answer:
        payer_patient = tx.answers.get(confirmation.answer_id).payer_patient
    return tx.consents.of_visit(visit_id), confirmation, payer_patient


def _refused(faults: Faults) -> set[ConsentCategory]:
    """Return the categories for which the payer says that no consent holds."""
    return {one for one, error in faults.items() if isinstance(error, ConsentRequiredError)}
