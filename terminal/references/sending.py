"""Sends registrations of reference numbers (照会番号) in the background, after all else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from eligibility.asking import Capability, ReferenceNumberResult
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
from terminal.payer.background import LONGEST_SLEEP, Background, BackgroundLine
from terminal.payer.calls import outcome_of
from terminal.payer.line import PayerLine
from terminal.payer.question import UNREADABLE_ATTEMPTS, QuestionProblem
from terminal.references.exchange import RegistrationExchange
from terminal.references.reference_number import (
    OPEN_REGISTRATIONS,
    ReferenceRegistration,
    RegistrationBatch,
    RegistrationState,
)
from terminal.store import Store, Transaction

SENT_TOGETHER = 20


class ReferenceNumberSending:
    """Sends what is committed, in handfuls; one that is refused as a whole is sent one by one."""

    def __init__(
        self,
        store: Store,
        payer: Payer,
        now: Callable[[], datetime],
        *,
        line: PayerLine,
        desk_is_asking: Callable[[], bool],
        payer_spoke: Callable[[], None],
    ) -> None:
        """``line``: the desk's own; ``payer_spoke``: called when the payer answered something."""
        self._store = store
        self._payer = payer
        self._now = now
        self._line = BackgroundLine(line, now, desk_is_asking, payer_spoke)
        self._exchange = RegistrationExchange(store, payer, now, self._settle)
        self._one_by_one = 0
        self._background = Background("reference-numbers", self._step)

    def start(self) -> None:
        """Begin to send; what a former run of the program left open goes on."""
        self._background.start()

    def stop(self) -> None:
        """Stop; what is under way is finished."""
        self._background.stop()

    def kick(self) -> None:
        """Look now for what there is to send."""
        self._background.kick()

    def _step(self) -> float:
        if Capability.REFERENCE_NUMBERS not in self._payer.capabilities:
            return LONGEST_SLEEP
        batch = self._exchange.under_way()
        if batch is not None:
            return self._send_together(batch)
        size = 1 if self._one_by_one else SENT_TOGETHER
        waiting = self._store.read(lambda tx: tx.reference_numbers.next_open(size))
        if not waiting:
            return LONGEST_SLEEP
        wait = self._line.wait(waiting[0])
        if wait > 0:
            return wait
        sent = [
            replace(one, state=RegistrationState.SENT, attempts=one.attempts + 1) for one in waiting
        ]
        self._store.write(lambda tx: _save(tx, sent))
        self._one_by_one = max(0, self._one_by_one - 1)
        if len(sent) > 1 and Capability.REFERENCE_NUMBERS_TOGETHER in self._payer.capabilities:
            self._exchange.begin(sent)
            return 0
        try:
            results = self._payer.register_reference_numbers([one.registration() for one in sent])
        except (PayerUnavailableError, PayerTrustError) as error:
            self._line.failed(sent[0], error)
        except EligibilityError as error:
            self._line.spoke()
            self._not_taken(sent, error)
        else:
            self._line.spoke()
            self._store.write(lambda tx: self._settle(tx, sent, results))
        return 0

    def _send_together(self, batch: RegistrationBatch) -> float:
        """Move what was handed in together one step forward."""
        wait = self._line.wait(batch)
        if wait > 0:
            return wait
        try:
            again_in = self._exchange.advance(batch)
        except (PayerUnavailableError, PayerTrustError) as error:
            self._line.failed(batch, error)
        except EligibilityError:
            self._line.spoke()
            # which of them it was is not known, and some may be taken
            self._one_by_one = len(batch.registrations)
            self._exchange.end(batch)
        else:
            self._line.spoke()
            if again_in:
                self._line.not_for(again_in)
        return 0

    def _settle(
        self,
        tx: Transaction,
        sent: Sequence[ReferenceRegistration],
        results: Sequence[ReferenceNumberResult] | None,
    ) -> None:
        """Store what became of those that were sent; None: nothing is known of any."""
        by_id = {one.registration_id: one for one in results or ()}
        nothing = QuestionProblem.EXPIRED if results is None else QuestionProblem.LEFT_OUT
        ended = []
        for one in sent:
            result = by_id.get(one.id)
            if result is None:
                ended.append(self._without_result(one, nothing))
                continue
            state = RegistrationState.ACCEPTED if result.accepted else RegistrationState.REFUSED
            ended.append(
                replace(
                    one,
                    state=state,
                    problem=None if result.accepted else QuestionProblem.PAYER_REFUSED,
                    code=result.code,
                    message=result.message,
                    ended_at=self._now(),
                )
            )
        _save(tx, ended)

    def _without_result(
        self, one: ReferenceRegistration, problem: QuestionProblem
    ) -> ReferenceRegistration:
        """Leave it open, to be sent again, unless that was done often enough."""
        if one.attempts < UNREADABLE_ATTEMPTS:
            return one
        return self._ended(one, RegistrationState.FAILED, problem)

    def _not_taken(self, sent: list[ReferenceRegistration], error: EligibilityError) -> None:
        """Settle what becomes of those whose message was refused, or answered with rubbish."""
        if len(sent) > 1:
            # which of them it was is not known, and some may be taken
            self._one_by_one = len(sent)
            return
        problem = QuestionProblem(str(outcome_of(error)))
        if isinstance(error, PayerProtocolError) and sent[0].attempts < UNREADABLE_ATTEMPTS:
            self._line.soon(sent[0])
            return
        state = RegistrationState.FAILED
        if isinstance(error, PayerRefusedError):
            state = RegistrationState.REFUSED
            sent = [replace(one, code=error.code, message=error.words) for one in sent]
        ended = [self._ended(one, state, problem) for one in sent]
        self._store.write(lambda tx: _save(tx, ended))

    def _ended(
        self, one: ReferenceRegistration, state: RegistrationState, problem: QuestionProblem
    ) -> ReferenceRegistration:
        return replace(one, state=state, problem=problem, ended_at=self._now())


def _save(tx: Transaction, registrations: list[ReferenceRegistration]) -> None:
    for one in registrations:
        tx.reference_numbers.save(one)
        if one.state not in OPEN_REGISTRATIONS:
            tx.audit.append(
                AuditEntry(
                    Act.REFERENCE_NUMBER_ENDED,
                    TERMINAL,
                    subject=one.subject,
                    reason=f"{one.patient_number} {one.state}",
                )
            )
