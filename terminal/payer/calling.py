"""Makes one call to the payer about a question, committed before it is made, timed and recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from eligibility.asking import NumberQuestion, PersonQuestion
from eligibility.errors import (
    AnswerForAnotherPersonError,
    EligibilityError,
    PayerProtocolError,
    PayerRefusedError,
)
from eligibility.model import PayerAnswer
from eligibility.payer import CardQuestion, CardRegistration, Payer
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry
from terminal.payer.asked import Asked
from terminal.payer.calls import Call, CallOutcome, outcome_of
from terminal.payer.question import Question, QuestionKind, QuestionState
from terminal.store import Store, Transaction

KEPT_BYTES = 64 * 1024
"""How much is kept of a reply that is of no use; its length and hash are those of the whole."""


@dataclass(frozen=True, slots=True)
class Made:
    """A call that ended, its end not stored yet: with ``answer``, else with ``error``."""

    question: Question
    call: Call
    answer: PayerAnswer | None = None
    error: EligibilityError | None = None


class Calling:
    """Calls one payer for the outbox."""

    def __init__(
        self,
        store: Store,
        payer: Payer,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        """``monotonic``: seconds by a clock that nobody sets, for the response time."""
        self._store = store
        self._payer = payer
        self._now = now
        self._monotonic = monotonic

    def call(self, question: Question, asked: Asked, by: str | None) -> Made:
        """Commit that the question is sent now, send it, and return what came of it.

        ``by``: the account that wants it asked now, None where the terminal asks by itself.
        """
        question, call = self._begin(question, by)
        started = self._monotonic()
        try:
            question = self._registered(question, asked)
            # what the registration took is not the question's time
            started = self._monotonic()
            answer = self._ask(asked)
        except EligibilityError as error:
            call = replace(call, milliseconds=self._since(started), outcome=outcome_of(error))
            return Made(question, _with_reply(call, error), error=error)
        call = replace(
            call,
            milliseconds=self._since(started),
            outcome=CallOutcome.of(answer.outcome),
            reply_bytes=len(answer.original),
            reply_sha256=hashlib.sha256(answer.original).hexdigest(),
        )
        return Made(question, call, answer)

    def _ask(self, asked: Asked) -> PayerAnswer:
        if isinstance(asked, NumberQuestion):
            return self._payer.ask_by_number(asked)
        if isinstance(asked, PersonQuestion):
            return self._payer.ask_by_person(asked)
        return self._payer.ask(asked)

    def _since(self, started: float) -> int:
        return round((self._monotonic() - started) * 1000)

    def _begin(self, question: Question, by: str | None) -> tuple[Question, Call]:
        question = replace(question, state=QuestionState.SENT, attempts=question.attempts + 1)
        call = Call(
            id=f"{question.id}.{question.attempts}",
            question_id=question.id,
            number=question.attempts,
            asked_at=self._now(),
            actor=by or TERMINAL.id,
        )

        def store(tx: Transaction) -> None:
            tx.outbox.save(question)
            tx.calls.add(call)

        self._store.write(store)
        return question, call

    def _registered(self, question: Question, asked: Asked) -> Question:
        """Make the card an insurance card first, where that is asked for and not done yet.

        Sent again after a lost answer or a restart it does nothing twice: the id is the same.
        """
        if not isinstance(asked, CardQuestion):
            return question
        if question.kind is not QuestionKind.CARD_REGISTRATION or question.registered_at:
            return question
        since = self._payer.register_card(
            CardRegistration(
                id=question.id,
                certificate=asked.certificate,
                subject=asked.subject,
                evidence=asked.evidence,
                agreed_at=question.created_at,
            )
        )
        question = replace(question, registered_at=since)

        def store(tx: Transaction) -> None:
            tx.outbox.save(question)
            tx.audit.append(
                AuditEntry(Act.CARD_REGISTERED, TERMINAL, question.visit_id, subject=asked.subject)
            )

        self._store.write(store)
        return question


def _with_reply(call: Call, error: EligibilityError) -> Call:
    """Return ``call`` with what came back in place of an answer.

    Of a record that may be another person's only its length and hash are kept.
    """
    if not isinstance(error, PayerRefusedError | PayerProtocolError | AnswerForAnotherPersonError):
        return call
    original = error.original
    of_another = isinstance(error, AnswerForAnotherPersonError)
    return replace(
        call,
        reply_bytes=len(original),
        reply_sha256=hashlib.sha256(original).hexdigest(),
        reply=b"" if of_another else original[:KEPT_BYTES],
    )
