"""Questions to the payer: committed before they are sent; answered, refused or given to staff.

One thread looks for what is due, a few send, whoever stands at the desk first.  Nothing here holds
a visit back: while the payer is silent the last recorded answer is shown as what it is, and the
question is asked again when :mod:`eligibility.retry` says so.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from eligibility.calendar import JAPAN
from eligibility.errors import (
    PayerProtocolError,
    PayerRefusedError,
    PayerTrustError,
    PayerUnavailableError,
)
from eligibility.model import AnswerOutcome, CardSubject, PayerAnswer
from eligibility.payer import CardQuestion, Payer
from terminal.access.accounts import TERMINAL, Actor
from terminal.audit import Act, AuditEntry
from terminal.card.certificates import CertificateVerifier
from terminal.confirming import Confirming
from terminal.errors import StoreError, VisitStateError
from terminal.events import EventBus, Topic
from terminal.identification import Identification
from terminal.payer.asked import QUESTION_LIVES, asked_by, new_question_id, question_for
from terminal.payer.calling import Calling, Made
from terminal.payer.calls import Call
from terminal.payer.freshness import Freshness
from terminal.payer.line import BY_HAND, PayerLine
from terminal.payer.question import (
    UNREADABLE_ATTEMPTS,
    Question,
    QuestionKind,
    QuestionProblem,
    QuestionState,
)
from terminal.payer.senders import Senders
from terminal.store import Store, Transaction

log = logging.getLogger(__name__)

SENDERS = 4
LONGEST_SLEEP = 5.0
"""Seconds; short, since the wall clock may be set meanwhile."""
AFTER_FAULT = 5.0
ENDED = (QuestionState.ANSWERED, QuestionState.REFUSED, QuestionState.GIVEN_TO_STAFF)


def new_question(identification: Identification, subject: CardSubject, now: datetime) -> Question:
    """Return the outbox row that asks for this holder's eligibility today (資格確認)."""
    asked = CardQuestion(
        id=new_question_id(),
        certificate=identification.certificate,
        subject=subject,
        evidence=identification.evidence,
        qualification_confirmation_date=now.astimezone(JAPAN).date(),
    )
    return question_for(asked, identification.visit_id, now)


class Enquiries:
    """Runs the outbox against one payer.

    ``on_change``: called with the visit id whenever its question got further.
    """

    def __init__(
        self,
        store: Store,
        payer: Payer,
        verifier: CertificateVerifier,
        bus: EventBus,
        now: Callable[[], datetime],
        on_change: Callable[[str], None],
        *,
        line: PayerLine,
        freshness: Freshness = Freshness.ALWAYS,
        monotonic: Callable[[], float] = time.monotonic,
        may_ask_by_name: Callable[[], bool] = lambda: False,
    ) -> None:
        """``line``: when to ask a silent payer again.

        ``freshness``: when an earlier answer counts as the present one; ``monotonic``: seconds,
        by which the payer's response is timed; ``may_ask_by_name``: whether disaster mode is on.
        """
        self._store = store
        self._calling = Calling(store, payer, now, monotonic)
        self._freshness = freshness
        self._confirming = Confirming(verifier, now, freshness)
        self._bus = bus
        self._now = now
        self._on_change = on_change
        self._line = line
        self._may_ask_by_name = may_ask_by_name
        self._lock = threading.Condition()
        self._under_way: set[str] = set()
        self._by_hand: dict[str, str] = {}
        self._stopping = False
        self._woken = False
        self._senders = Senders(SENDERS, self._send)
        self._watcher = threading.Thread(target=self._watch, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to ask; what a former run left unanswered keeps its time."""
        self._watcher.start()

    def stop(self) -> None:
        """Stop asking; what is under way is finished or asked again by the next run."""
        with self._lock:
            self._stopping = True
            self._lock.notify_all()
        if self._watcher.ident is not None:
            self._watcher.join()
        self._senders.stop()

    @property
    def payer_is_silent(self) -> bool:
        """Whether the last tries failed, so that nothing is sent but a probe now and then."""
        return self._line.is_silent

    @property
    def is_asking(self) -> bool:
        """Whether anything is under way or about to be sent: what nobody waits for waits."""
        with self._lock:
            return bool(self._under_way)

    def kick(self) -> None:
        """Look now for what is due."""
        with self._lock:
            self._woken = True
            self._lock.notify_all()

    def ask_again(self, visit_id: str, actor: Actor) -> None:
        """Ask an unanswered question again now, under its own id.

        Raises VisitStateError where there is none, or where it was answered or refused: then the
        card has to be tapped again.
        """

        def reopen(tx: Transaction) -> Question:
            question = tx.outbox.of_visit(visit_id)
            if question is None or question.state in (
                QuestionState.ANSWERED,
                QuestionState.REFUSED,
            ):
                msg = f"visit {visit_id} has no open question"
                raise VisitStateError(msg)
            now = self._now()
            question = replace(
                question,
                state=QuestionState.PENDING,
                next_at=now,
                expires_at=max(question.expires_at, now + QUESTION_LIVES),
            )
            tx.outbox.save(question)
            tx.audit.append(
                AuditEntry(Act.QUESTION_COMMITTED, actor, visit_id, reason="asked again by hand")
            )
            return question

        question = self._store.write(reopen)
        with self._lock:
            self._by_hand[question.id] = actor.id
        self._submit(question)

    # -- the watching thread -------------------------------------------------------------------

    def _watch(self) -> None:
        while True:
            wait = LONGEST_SLEEP
            try:
                self._expire_and_submit()
                upcoming = self._store.read(lambda tx: tx.outbox.next_due())
                if upcoming is not None:
                    wait = min(wait, max(0.2, (upcoming - self._now()).total_seconds()))
            except StoreError:
                log.exception("the outbox cannot be read")
                wait = AFTER_FAULT
            except Exception:
                # one fault must not end all asking
                log.exception("the outbox is looked at again after a fault")
                wait = AFTER_FAULT
            with self._lock:
                if not self._woken and not self._stopping:
                    self._lock.wait(wait)
                self._woken = False
                if self._stopping:
                    return

    def _expire_and_submit(self) -> None:
        now = self._now()
        for question in self._store.read(lambda tx: tx.outbox.due(now)):
            if question.expires_at <= now:
                self._expire(question)
            else:
                self._submit(question)

    def _expire(self, question: Question) -> None:
        try:
            self._end(question, QuestionState.GIVEN_TO_STAFF, QuestionProblem.EXPIRED)
        except VisitStateError as error:
            # it was answered meanwhile: that stands
            log.info("%s", error)

    def _submit(self, question: Question) -> None:
        with self._lock:
            if self._stopping or question.id in self._under_way:
                return
            self._under_way.add(question.id)
            by_hand = question.id in self._by_hand
        self._senders.put(self._line.urgency(question, by_hand=by_hand), question.id)

    # -- one question --------------------------------------------------------------------------

    def _send(self, question_id: str) -> None:
        with self._lock:
            by = self._by_hand.pop(question_id, None)
        try:
            question = self._store.read(lambda tx: tx.outbox.get(question_id))
            if question.state not in ENDED:
                self._send_open(question, by)
        except VisitStateError as error:
            # it was answered meanwhile: that stands
            log.info("%s", error)
        except StoreError:
            # the row is as it was: the next look at the outbox finds it again
            log.exception("question %s is not stored", question_id)
        except Exception:
            log.exception("question %s stays open after a fault", question_id)
        finally:
            with self._lock:
                # asked for by hand while this was under way: once more
                again = question_id in self._by_hand and not self._stopping
                if not again:
                    self._under_way.discard(question_id)
            if again:
                self._senders.put(BY_HAND, question_id)

    def _send_open(self, question: Question, by: str | None) -> None:
        """Send a question, unless it is held back; ``by``: who asked for it by hand."""
        if question.kind is QuestionKind.PERSON_ELIGIBILITY and not self._may_ask_by_name():
            self._end(question, QuestionState.GIVEN_TO_STAFF, QuestionProblem.DISASTER_OVER)
            return
        question = self._stand_in(question)
        held_until = self._line.held_until(question, by_hand=by is not None)
        if held_until is not None:
            problem = question.problem or QuestionProblem.PAYER_UNAVAILABLE
            self._postpone(question, problem, held_until)
            released_at = self._line.released_at(question)
            if released_at is not None:
                self._postpone(question, problem, released_at)
            return
        made = self._calling.call(question, asked_by(question), by)
        if made.answer is None:
            self._not_answered(made)
        elif made.answer.outcome is AnswerOutcome.QUEUED:
            self.payer_spoke()
            again_at = self._line.soon(made.question)
            self._postpone(made.question, QuestionProblem.PAYER_SLOW, again_at, made.call)
        else:
            self.payer_spoke()
            self._store_answer(made, made.answer)

    def _not_answered(self, made: Made) -> None:
        """Settle what becomes of a question whose call failed."""
        question, error = made.question, made.error
        problem = QuestionProblem(str(made.call.outcome))
        if isinstance(error, PayerUnavailableError | PayerTrustError):
            wait = error.retry_after if isinstance(error, PayerUnavailableError) else None
            self._postpone(question, problem, self._line.failed(question, wait), made.call)
            return
        self.payer_spoke()
        if isinstance(error, PayerRefusedError):
            refused = replace(question, refusal_code=error.code, refusal_words=error.words)
            self._end(refused, QuestionState.REFUSED, problem, made.call)
        elif isinstance(error, PayerProtocolError) and question.attempts < UNREADABLE_ATTEMPTS:
            self._postpone(question, problem, self._line.soon(question), made.call)
        else:
            self._end(question, QuestionState.GIVEN_TO_STAFF, problem, made.call)

    def _stand_in(self, question: Question) -> Question:
        """Let an earlier answer that is still current count at once; then nobody need wait."""
        if self._freshness is not Freshness.MONTHLY or question.attempts or question.problem:
            return question
        asked = asked_by(question)

        def store(tx: Transaction) -> Question:
            if not self._confirming.confirm_if_current(tx, question.visit_id, asked):
                return question
            confirmed = replace(question, waits_at_desk=False)
            tx.outbox.save(confirmed)
            return confirmed

        question = self._store.write(store)
        if not question.waits_at_desk:
            self._tell(question.visit_id)
        return question

    def payer_spoke(self) -> None:
        """Let out what was held back, now that the payer answered somebody."""
        goes_at = self._line.spoke()
        if goes_at is None:
            return
        with self._lock:
            under_way = set(self._under_way)

        def store(tx: Transaction) -> None:
            for question in tx.outbox.waiting():
                if question.state is QuestionState.PENDING and question.id not in under_way:
                    tx.outbox.save(replace(question, next_at=goes_at(question)))

        self._store.write(store)
        self.kick()

    def _store_answer(self, made: Made, answer: PayerAnswer) -> None:
        question = made.question
        asked = asked_by(question)

        def store(tx: Transaction) -> None:
            self._confirming.confirm(tx, question.visit_id, asked, answer)
            tx.calls.end(made.call)
            tx.outbox.save(replace(question, state=QuestionState.ANSWERED, problem=None))

        self._store.write(store)
        self._tell(question.visit_id)

    def _tell(self, visit_id: str) -> None:
        self._bus.publish(Topic.VISIT, visit_id)
        self._on_change(visit_id)

    def _postpone(
        self,
        question: Question,
        problem: QuestionProblem,
        until: datetime,
        call: Call | None = None,
    ) -> None:
        postponed = replace(question, state=QuestionState.PENDING, problem=problem, next_at=until)

        def store(tx: Transaction) -> None:
            tx.outbox.save(postponed)
            if call is not None:
                tx.calls.end(call)
            self._confirming.confirm_by_record(tx, question.visit_id, asked_by(question))

        self._store.write(store)
        self._tell(question.visit_id)
        self.kick()

    def _end(
        self,
        question: Question,
        state: QuestionState,
        problem: QuestionProblem,
        call: Call | None = None,
    ) -> None:
        ended = replace(question, state=state, problem=problem)

        def store(tx: Transaction) -> None:
            tx.outbox.save(ended)
            if call is not None:
                tx.calls.end(call)
            if (
                state is QuestionState.GIVEN_TO_STAFF
                and problem is not QuestionProblem.ANOTHER_PERSON
            ):
                self._confirming.confirm_by_record(tx, question.visit_id, asked_by(question))
            tx.audit.append(
                AuditEntry(Act.QUESTION_ENDED, TERMINAL, question.visit_id, reason=str(problem))
            )

        self._store.write(store)
        self._tell(question.visit_id)
