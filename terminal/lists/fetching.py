"""Asks for lists and fetches them in the background, after all else.

Each step is committed before and after it is made: after a crash the same list is asked for under
the same id, or fetched by the reception number (受付番号) that was kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from eligibility.asking import Capability, Listed
from eligibility.errors import (
    EligibilityError,
    PayerProtocolError,
    PayerRefusedError,
    PayerTrustError,
    PayerUnavailableError,
)
from eligibility.payer import Payer
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry
from terminal.events import EventBus, Topic
from terminal.lists.payer_list import PayerList
from terminal.payer.background import LONGEST_SLEEP, Background, BackgroundLine
from terminal.payer.calls import outcome_of
from terminal.payer.line import PayerLine
from terminal.payer.question import UNREADABLE_ATTEMPTS, QuestionProblem
from terminal.payer.two_steps import BatchState, is_given_up, received, reception_of
from terminal.store import Store, Transaction


class PayerListFetching:
    """Fetches what is asked for, one list after the other."""

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
    ) -> None:
        """``line``: the desk's own; ``payer_spoke``: called when the payer answered something."""
        self._store = store
        self._payer = payer
        self._bus = bus
        self._now = now
        self._line = BackgroundLine(line, now, desk_is_asking, payer_spoke)
        self._background = Background("payer-lists", self._step)

    def start(self) -> None:
        """Begin; what a former run of the program left open goes on."""
        self._background.start()

    def stop(self) -> None:
        """Stop; what is under way is finished."""
        self._background.stop()

    def kick(self) -> None:
        """Look now for what there is to fetch."""
        self._background.kick()

    def _step(self) -> float:
        if Capability.LISTS not in self._payer.capabilities:
            return LONGEST_SLEEP
        one = self._store.read(lambda tx: tx.payer_lists.next_open())
        if one is None:
            return LONGEST_SLEEP
        wait = self._line.wait(one)
        if wait > 0:
            return wait
        try:
            again_in = self._advance(one)
        except (PayerUnavailableError, PayerTrustError) as error:
            self._line.failed(one, error)
        except EligibilityError as error:
            self._line.spoke()
            self._not_given(one.id, error)
        else:
            self._line.spoke()
            if again_in:
                self._line.not_for(again_in)
        self._bus.publish(Topic.BULK)
        return 0

    def _advance(self, one: PayerList) -> float:
        """Move a list one step forward; return the seconds after which to look at it again."""
        tried = replace(one, attempts=one.attempts + 1)
        if one.state is BatchState.RECEIVED:
            return self._fetch(tried)
        tried = replace(tried, state=BatchState.SENT)
        self._save(tried)
        reception = self._payer.start_list(one.question)
        self._save(received(tried, reception))
        return 0

    def _fetch(self, one: PayerList) -> float:
        reception = reception_of(one, one.asked_at)
        if is_given_up(reception, self._now()):
            self._end(replace(one, problem=QuestionProblem.EXPIRED), None)
            return 0
        self._save(one)
        try:
            listed = self._payer.collect_list(one.question, reception)
        except PayerUnavailableError as error:
            if error.retry_after is None:
                raise
            return error.retry_after  # the payer still works on it
        self._end(replace(one, count=len(listed.answers), unnamed=listed.unnamed), listed)
        return 0

    def _not_given(self, list_id: str, error: EligibilityError) -> None:
        one = self._store.read(lambda tx: tx.payer_lists.get(list_id))
        if isinstance(error, PayerProtocolError) and one.attempts < UNREADABLE_ATTEMPTS:
            self._line.soon(one)
            return
        one = replace(one, problem=QuestionProblem(str(outcome_of(error))))
        if isinstance(error, PayerRefusedError):
            one = replace(one, refusal_code=error.code, refusal_words=error.words)
        self._end(one, None)

    def _end(self, one: PayerList, listed: Listed | None) -> None:
        """Store who stands on a list, and that it is at its end, in one transaction."""
        ended = replace(one, state=BatchState.ENDED, ended_at=self._now())

        def store(tx: Transaction) -> None:
            if listed is not None:
                tx.payer_lists.add_entries(one.id, listed.answers)
            tx.payer_lists.save(ended)
            result = ended.problem or ended.count
            reason = f"{one.question.kind} {one.id} {result}"
            tx.audit.append(AuditEntry(Act.PAYER_LIST_ENDED, TERMINAL, reason=reason))

        self._store.write(store)

    def _save(self, one: PayerList) -> None:
        self._store.write(lambda tx: tx.payer_lists.save(one))
