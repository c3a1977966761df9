"""Asking again in the background for those who are expected today.

A source says who that is, and hands out the questions as the outbox shall hold them.  Who has an
appointment and did not come yet is asked about by :mod:`terminal.bulk.commands`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from eligibility.model import ConfirmationSource
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry
from terminal.payer.asked import QUESTION_LIVES
from terminal.payer.question import Question, QuestionProblem, QuestionState
from terminal.store import Store, Transaction
from terminal.visit_book import day_bounds

Source = Callable[[Transaction, datetime], Iterable[Question]]

_NOT_AGAIN = frozenset({QuestionProblem.ANOTHER_PERSON})


def standing_on_record(tx: Transaction, now: datetime) -> Iterator[Question]:
    """Yield the ended questions of today's visits that stand on an earlier answer.

    What still waits is asked by the outbox itself; a refusal needs a new tap.
    """
    for visit in tx.visits.opened_between(*day_bounds(now)):
        confirmation = next(iter(tx.confirmations.of_visit(visit.id)), None)
        question = tx.outbox.of_visit(visit.id)
        if (
            confirmation is not None
            and confirmation.source is ConfirmationSource.RECORDED
            and question is not None
            and question.state is QuestionState.GIVEN_TO_STAFF
            and question.problem not in _NOT_AGAIN
        ):
            yield question


class Recheck:
    """Puts questions back into the outbox, behind all for whom somebody stands at the desk."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        kick: Callable[[], None],
        sources: Sequence[Source] = (standing_on_record,),
    ) -> None:
        """``kick``: called when there is something to ask."""
        self._store = store
        self._now = now
        self._kick = kick
        self._sources = sources

    def run(self) -> None:
        """Ask again for all who are expected and not confirmed; a job calls this."""
        now = self._now()

        def put(tx: Transaction) -> int:
            count = 0
            for source in self._sources:
                for question in list(source(tx, now)):
                    again = replace(
                        question,
                        state=QuestionState.PENDING,
                        next_at=now,
                        expires_at=max(question.expires_at, now + QUESTION_LIVES),
                        waits_at_desk=False,
                    )
                    if tx.outbox.has(again.id):
                        tx.outbox.save(again)
                    else:
                        tx.outbox.add(again)
                    tx.audit.append(
                        AuditEntry(
                            Act.QUESTION_COMMITTED, TERMINAL, question.visit_id, reason="recheck"
                        )
                    )
                    count += 1
            return count

        if self._store.write(put):
            self._kick()
