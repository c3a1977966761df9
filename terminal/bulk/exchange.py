"""Both steps of the payer's own bulk exchange (一括照会): handed in, and fetched later.

Each step is committed before and after it is made: after a crash the same part is handed in under
the same id, or fetched by the reception number (受付番号) that was kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from eligibility.calendar import JAPAN
from eligibility.errors import (
    EligibilityError,
    PayerProtocolError,
    PayerRefusedError,
    PayerTrustError,
    PayerUnavailableError,
)
from eligibility.model import PayerAnswer
from eligibility.payer import Payer
from terminal.bulk.run import BulkBatch, BulkItem, BulkRun, ItemState
from terminal.payer.calls import outcome_of
from terminal.payer.question import UNREADABLE_ATTEMPTS, QuestionProblem
from terminal.payer.two_steps import BatchState, is_given_up, received, reception_of
from terminal.store import Store

STORED_TOGETHER = 20
"""Answers in one transaction; few, so that what is stored for the desk waits for few."""

StoreAnswers = Callable[[list[tuple[BulkItem, PayerAnswer]]], None]


class BulkExchange:
    """Moves one part after the other forward."""

    def __init__(
        self,
        store: Store,
        payer: Payer,
        now: Callable[[], datetime],
        store_answers: StoreAnswers,
        end_item: Callable[[BulkItem], None],
        give_way: Callable[[], bool],
    ) -> None:
        """``store_answers``, ``end_item``: what is done with answers, and with whom has none.

        ``give_way``: called between two handfuls of answers, for what the desk has to do; returns
        whether there is time for more.
        """
        self._give_way = give_way
        self._store = store
        self._payer = payer
        self._now = now
        self._store_answers = store_answers
        self._end_item = end_item

    def next_batch(self, run: BulkRun) -> BulkBatch | None:
        """Return the part to move forward next, None where all are at their end."""
        return next(iter(self._store.read(lambda tx: tx.bulk.open_batches(run.id))), None)

    def advance(self, batch: BulkBatch) -> float:
        """Move a part one step forward; return the seconds after which to look at it again.

        Raises PayerUnavailableError and PayerTrustError where the payer does not answer.
        """
        items = self._store.read(lambda tx: tx.bulk.items_of_batch(batch.id))
        try:
            if batch.state is not BatchState.RECEIVED:
                return self._hand_in(batch, items)
            return self._fetch(batch, items)
        except (PayerUnavailableError, PayerTrustError):
            raise
        except EligibilityError as error:
            attempts = self._store.read(
                lambda tx: next(
                    one.attempts for one in tx.bulk.open_batches(batch.run_id) if one.id == batch.id
                )
            )
            if isinstance(error, PayerProtocolError) and attempts < UNREADABLE_ATTEMPTS:
                return float(2**attempts)
            self._give_up(batch, items, error)
            return 0

    def _hand_in(self, batch: BulkBatch, items: list[BulkItem]) -> float:
        sent = replace(
            batch,
            state=BatchState.SENT,
            attempts=batch.attempts + 1,
            asked_on=batch.asked_on or self._now().astimezone(JAPAN).date(),
        )
        self._save(sent)
        reception = self._payer.start_bulk(sent.question(items))
        self._save(received(sent, reception))
        return 0

    def _fetch(self, batch: BulkBatch, items: list[BulkItem]) -> float:
        reception = reception_of(batch, self._now())
        if is_given_up(reception, self._now()):
            self._end_open(batch, items, ItemState.FAILED, QuestionProblem.EXPIRED)
            return 0
        tried = replace(batch, attempts=batch.attempts + 1)
        self._save(tried)
        try:
            found = self._payer.collect_bulk(batch.question(items), reception)
        except PayerUnavailableError as error:
            if error.retry_after is None:
                raise
            return error.retry_after  # the payer still works on it
        by_question = {answer.question_id: answer for answer in found.answers}
        answered = [
            (replace(item, asked_on=batch.asked_on, attempts=1), by_question[item.id])
            for item in items
            if item.ended_at is None and item.id in by_question
        ]
        for start in range(0, len(answered), STORED_TOGETHER):
            if not self._give_way():
                return 0
            self._store_answers(answered[start : start + STORED_TOGETHER])
        left = [item for item in items if item.id not in by_question]
        self._end_open(tried, left, ItemState.FAILED, QuestionProblem.LEFT_OUT)
        return 0

    def _give_up(self, batch: BulkBatch, items: list[BulkItem], error: EligibilityError) -> None:
        problem = QuestionProblem(str(outcome_of(error)))
        if isinstance(error, PayerRefusedError):
            items = [
                replace(one, refusal_code=error.code, refusal_words=error.words) for one in items
            ]
            self._end_open(batch, items, ItemState.REFUSED, problem)
        else:
            self._end_open(batch, items, ItemState.FAILED, problem)

    def _end_open(
        self, batch: BulkBatch, items: list[BulkItem], state: ItemState, problem: QuestionProblem
    ) -> None:
        """End who has no answer, then the part itself."""
        for item in items:
            if item.ended_at is None:
                self._end_item(replace(item, state=state, problem=problem))
        self._save(replace(batch, state=BatchState.ENDED))

    def _save(self, batch: BulkBatch) -> None:
        self._store.write(lambda tx: tx.bulk.save_batch(batch))
