"""The check of many people before they come (一括照会): one thread that asks, slowly and last.

Whom it asks about is committed before, each under an id of its own, so that after a crash the same
question goes out again and has one answer.  While anything is asked for somebody at the desk,
nothing is asked here; a payer that is down is waited for as the outbox does.
"""

from __future__ import annotations

import time
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
from eligibility.model import AnswerOutcome, PayerAnswer
from eligibility.payer import Payer
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry
from terminal.bulk.exchange import BulkExchange
from terminal.bulk.findings import findings_about
from terminal.bulk.run import (
    BulkBatch,
    BulkItem,
    BulkRun,
    ItemState,
    RunState,
    RunWay,
    says_something_new,
)
from terminal.bulk.settings import BulkSettings
from terminal.events import EventBus, Topic
from terminal.payer.background import LONGEST_SLEEP, Background, BackgroundLine
from terminal.payer.calls import outcome_of
from terminal.payer.line import PayerLine
from terminal.payer.question import UNREADABLE_ATTEMPTS, QuestionProblem
from terminal.store import Store, Transaction

MOMENT = 0.02
"""Seconds between two handfuls of answers that came together."""
SLOW_ATTEMPTS = 20
TOLD_EVERY = 2.0
"""Seconds between two words to the pages on how far a run got."""


class BulkCheck:
    """Asks the payer about the people of the runs in the store; safe to share between threads."""

    def __init__(
        self,
        store: Store,
        payer: Payer,
        bus: EventBus,
        now: Callable[[], datetime],
        *,
        line: PayerLine,
        desk_is_asking: Callable[[], bool],
        payer_spoke: Callable[[], None],
        settings: BulkSettings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``line``: the desk's own; ``payer_spoke``: called when the payer answered something."""
        self._store = store
        self._payer = payer
        self._bus = bus
        self._now = now
        self._line = BackgroundLine(line, now, desk_is_asking, payer_spoke)
        self._pause = settings.pause_seconds
        self._monotonic = monotonic
        self._exchange = BulkExchange(
            store, payer, now, self._store_answers, self._end_item, self._give_way
        )
        self._next_slot = 0.0
        self._told_at = 0.0
        self._background = Background("bulk", self._step)

    def start(self) -> None:
        """Begin to ask; what a former run of the program left open goes on."""
        self._background.start()

    def stop(self) -> None:
        """Stop asking; what is under way is finished."""
        self._background.stop()

    def kick(self) -> None:
        """Look now for what there is to ask."""
        self._background.kick()
        self._bus.publish(Topic.BULK)

    def _step(self) -> float:
        """Do the next thing there is to do; return the seconds until one should look again."""
        run = self._store.read(lambda tx: tx.bulk.running())
        if run is None:
            return LONGEST_SLEEP
        return self._ask_together(run) if run.way is RunWay.BULK else self._ask_next(run)

    # -- one by one --

    def _ask_next(self, run: BulkRun) -> float:
        item = self._store.read(lambda tx: tx.bulk.next_item(run.id))
        if item is None:
            self._end(run)
            return 0
        wait = self._next_slot - self._monotonic()
        if wait > 0 or (wait := self._held_for(run, item)) > 0:
            return wait
        self._next_slot = self._monotonic() + self._pause
        item = replace(
            item,
            state=ItemState.SENT,
            attempts=item.attempts + 1,
            asked_on=item.asked_on or self._now().astimezone(JAPAN).date(),
        )
        self._store.write(lambda tx: tx.bulk.save_item(item))
        try:
            answer = self._payer.ask_by_number(item.question(item.asked_on or item.day))
        except EligibilityError as error:
            self._not_answered(run, item, error)
        else:
            self._goes_on(run)
            if answer.outcome is AnswerOutcome.QUEUED:
                self._try_again(item, QuestionProblem.PAYER_SLOW, SLOW_ATTEMPTS)
            else:
                self._store_answers([(item, answer)])
        self._tell()
        return 0

    def _held_for(self, run: BulkRun, asked: BulkItem | BulkBatch) -> float:
        """Return the seconds for which this may not be asked, 0 where it goes out now."""
        wait = self._line.wait(asked)
        if self._line.is_held:
            self._set_problem(run, run.problem or QuestionProblem.PAYER_UNAVAILABLE)
        return wait

    def _goes_on(self, run: BulkRun) -> None:
        self._line.spoke()
        self._set_problem(run, None)

    def _set_problem(self, run: BulkRun, problem: QuestionProblem | None) -> None:
        def store(tx: Transaction) -> None:
            stored = tx.bulk.run(run.id)
            if stored is not None and stored.problem is not problem:
                tx.bulk.save_run(replace(stored, problem=problem))

        if run.problem is not problem:
            self._store.write(store)
            self._bus.publish(Topic.BULK, run.id)

    def _not_answered(self, run: BulkRun, item: BulkItem, error: EligibilityError) -> None:
        problem = QuestionProblem(str(outcome_of(error)))
        if isinstance(error, PayerUnavailableError | PayerTrustError):
            self._unavailable(run, item, error)
            return
        self._goes_on(run)
        if isinstance(error, PayerRefusedError):
            self._end_item(
                replace(
                    item,
                    state=ItemState.REFUSED,
                    problem=problem,
                    refusal_code=error.code,
                    refusal_words=error.words,
                )
            )
        elif isinstance(error, PayerProtocolError):
            self._try_again(item, problem, UNREADABLE_ATTEMPTS)
        else:
            self._end_item(replace(item, state=ItemState.FAILED, problem=problem))

    def _unavailable(
        self,
        run: BulkRun,
        asked: BulkItem | BulkBatch,
        error: PayerUnavailableError | PayerTrustError,
    ) -> None:
        """Leave the payer alone for as long as the line says."""
        self._line.failed(asked, error)
        self._set_problem(run, QuestionProblem(str(outcome_of(error))))

    def _try_again(self, item: BulkItem, problem: QuestionProblem, most: int) -> None:
        """Ask about this person again after the others; given up after ``most`` attempts."""
        if item.attempts >= most:
            self._end_item(replace(item, state=ItemState.FAILED, problem=problem))
            return
        self._save_if_open(replace(item, problem=problem))
        self._line.soon(item)

    def _end_item(self, item: BulkItem) -> None:
        self._save_if_open(replace(item, ended_at=self._now()))

    def _save_if_open(self, item: BulkItem) -> None:
        """Store what became of a question, unless it was cancelled meanwhile."""

        def store(tx: Transaction) -> None:
            stored = tx.bulk.item(item.id)
            if stored is not None and stored.state is not ItemState.CANCELLED:
                tx.bulk.save_item(item)

        self._store.write(store)

    def _store_answers(self, answered: list[tuple[BulkItem, PayerAnswer]]) -> None:
        """Store answers and what they say beside what was known, in one transaction."""
        now = self._now()
        # what each says is found out beside what is written for the desk meanwhile
        ended = self._store.read(
            lambda tx: [(_ended(tx, item, answer, now), answer) for item, answer in answered]
        )

        def store(tx: Transaction) -> None:
            for item, answer in ended:
                stored = tx.bulk.item(item.id)
                if stored is None or stored.ended_at is not None:
                    continue  # cancelled, or stored before a crash
                if item.state is ItemState.ANSWERED:
                    tx.bulk.add_answer(answer)
                tx.bulk.save_item(item)
                tx.audit.append(
                    AuditEntry(
                        Act.BULK_ANSWERED,
                        TERMINAL,
                        subject=item.subject,
                        reason=item.patient_number,
                    )
                )

        self._store.write(store)

    # -- together --

    def _ask_together(self, run: BulkRun) -> float:
        batch = self._exchange.next_batch(run)
        if batch is None:
            self._end(run)
            return 0
        wait = self._held_for(run, batch)
        if wait > 0:
            return wait
        try:
            again_in = self._exchange.advance(batch)
        except (PayerUnavailableError, PayerTrustError) as error:
            self._unavailable(run, batch, error)
        else:
            self._goes_on(run)
            if again_in:
                self._line.not_for(again_in)
        self._tell()
        return 0

    def _give_way(self) -> bool:
        """Leave the machine to the desk: while it asks, and a moment in any case.

        Returns False where the program ends: what is left is fetched again by the next run of it.
        """
        self._background.rest(MOMENT)
        self._line.give_way(self._background)
        return not self._background.is_stopping

    # -- the end --

    def _end(self, run: BulkRun) -> None:
        now = self._now()

        def store(tx: Transaction) -> None:
            stored = tx.bulk.run(run.id)
            if stored is None or stored.state is not RunState.RUNNING:
                return
            tx.bulk.save_run(replace(stored, state=RunState.DONE, ended_at=now, problem=None))
            progress = tx.bulk.progress(run.id)
            counts = f"{run.day} answered {progress.answered}, failed {progress.failed}"
            tx.audit.append(AuditEntry(Act.BULK_ENDED, TERMINAL, reason=counts))

        self._store.write(store)
        self._bus.publish(Topic.BULK, run.id)

    def _tell(self) -> None:
        if self._monotonic() - self._told_at >= TOLD_EVERY:
            self._told_at = self._monotonic()
            self._bus.publish(Topic.BULK)


def _ended(tx: Transaction, item: BulkItem, answer: PayerAnswer, now: datetime) -> BulkItem:
    """Return the item as the answer leaves it; somebody else's answer answers nothing."""
    if answer.subject != item.subject:
        return replace(
            item, state=ItemState.FAILED, problem=QuestionProblem.ANOTHER_PERSON, ended_at=now
        )
    findings = findings_about(tx, item, answer)
    return replace(
        item,
        state=ItemState.ANSWERED,
        problem=None,
        answer_id=answer.id,
        ended_at=now,
        findings=findings,
        changed=says_something_new(findings),
    )
