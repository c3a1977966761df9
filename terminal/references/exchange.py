"""Both steps of registering several reference numbers (照会番号): handed in, and fetched later.

Each step is committed before and after it is made: after a crash the same batch is handed in under
the same id, or its results are fetched by the reception number (受付番号) that was kept.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from eligibility.asking import ReferenceNumberResult
from eligibility.errors import PayerProtocolError, PayerUnavailableError
from eligibility.payer import Payer
from terminal.payer.question import UNREADABLE_ATTEMPTS
from terminal.payer.two_steps import BatchState, is_given_up, received, reception_of
from terminal.references.reference_number import ReferenceRegistration, RegistrationBatch
from terminal.store import Store, Transaction

Settle = Callable[
    [Transaction, Sequence[ReferenceRegistration], Sequence[ReferenceNumberResult] | None], None
]


class RegistrationExchange:
    """Moves one batch after the other forward; for one thread."""

    def __init__(
        self, store: Store, payer: Payer, now: Callable[[], datetime], settle: Settle
    ) -> None:
        """``settle``: stores the results of a batch, None where the payer never gave any."""
        self._store = store
        self._payer = payer
        self._now = now
        self._settle = settle

    def under_way(self) -> RegistrationBatch | None:
        """Return the batch to move forward next, None where all are at their end."""
        return self._store.read(lambda tx: tx.reference_numbers.open_batch())

    def begin(self, registrations: Sequence[ReferenceRegistration]) -> None:
        """Commit that these are handed in together."""
        ids = tuple(one.id for one in registrations)
        batch = RegistrationBatch(uuid.uuid4().hex, ids, self._now())
        self._store.write(lambda tx: tx.reference_numbers.add_batch(batch))

    def advance(self, batch: RegistrationBatch) -> float:
        """Move a batch one step forward; return the seconds after which to look at it again.

        Raises EligibilityError where the payer does not answer, refuses all, or cannot be read.
        """
        registrations = self._store.read(
            lambda tx: [tx.reference_numbers.get(one) for one in batch.registrations]
        )
        if batch.state is BatchState.RECEIVED:
            return self._fetch(batch, registrations)
        return self._hand_in(batch, registrations)

    def end(self, batch: RegistrationBatch) -> None:
        """Give a batch up; what it holds stays open."""
        ended = replace(batch, state=BatchState.ENDED)
        self._store.write(lambda tx: tx.reference_numbers.save_batch(ended))

    def _hand_in(
        self, batch: RegistrationBatch, registrations: list[ReferenceRegistration]
    ) -> float:
        sent = replace(batch, state=BatchState.SENT, attempts=batch.attempts + 1)
        self._save(sent)
        reception = self._payer.start_registrations(sent.handed_in(registrations))
        self._save(received(sent, reception))
        return 0

    def _fetch(self, batch: RegistrationBatch, registrations: list[ReferenceRegistration]) -> float:
        reception = reception_of(batch, batch.created_at)
        if is_given_up(reception, self._now()):
            self._settle_all(batch, registrations, None)
            return 0
        tried = replace(batch, attempts=batch.attempts + 1)
        self._save(tried)
        try:
            results = self._payer.collect_registrations(tried.handed_in(registrations), reception)
        except PayerUnavailableError as error:
            if error.retry_after is None:
                raise
            return error.retry_after  # the payer still works on them
        except PayerProtocolError:
            if tried.attempts < UNREADABLE_ATTEMPTS:
                return float(2**tried.attempts)
            raise
        self._settle_all(tried, registrations, results)
        return 0

    def _settle_all(
        self,
        batch: RegistrationBatch,
        registrations: list[ReferenceRegistration],
        results: Sequence[ReferenceNumberResult] | None,
    ) -> None:
        """Store the results, and that the batch is at its end, in one transaction."""

        def store(tx: Transaction) -> None:
            self._settle(tx, registrations, results)
            tx.reference_numbers.save_batch(replace(batch, state=BatchState.ENDED))

        self._store.write(store)

    def _save(self, batch: RegistrationBatch) -> None:
        self._store.write(lambda tx: tx.reference_numbers.save_batch(batch))
