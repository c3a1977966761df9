"""What staff decide for a visit while the payer gives no answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from eligibility.calendar import JAPAN
from eligibility.model import Confirmation, ConfirmationSource
from eligibility.validity import copay_ratio_on
from terminal.access.accounts import Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.confirming import is_doubtful
from terminal.decision import SHARES, Decision, DecisionBasis
from terminal.errors import VisitStateError
from terminal.events import EventBus, Topic
from terminal.payer.freshness import Freshness, is_current
from terminal.payer.question import Question, QuestionState
from terminal.store import Store, Transaction


def offered(
    policy: Freshness,
    question: Question | None,
    confirmation: Confirmation | None,
    now: datetime,
) -> tuple[DecisionBasis, ...]:
    """Return what staff may go by now: nothing where the payer answered, or may any moment.

    An earlier answer only where the institution's policy lets it stand in, and where it is not
    doubtful whose it is.
    """
    if question is None or question.problem is None:
        return ()
    usable = (
        confirmation is not None
        and confirmation.source is ConfirmationSource.RECORDED
        and not is_doubtful(confirmation)
        and is_current(policy, confirmation, now, accepted=True)
    )
    return tuple(
        basis for basis in DecisionBasis if usable or basis is not DecisionBasis.EARLIER_ANSWER
    )


class Deciding:
    """Takes decisions down.  Raises RoleError, UnknownVisitError, VisitStateError, StoreError."""

    def __init__(
        self, store: Store, bus: EventBus, now: Callable[[], datetime], policy: Freshness
    ) -> None:
        """``policy``: when an earlier answer may stand in."""
        self._store = store
        self._bus = bus
        self._now = now
        self._policy = policy

    def decide(
        self, actor: Actor, visit_id: str, basis: DecisionBasis, percent: int | None
    ) -> Decision:
        """Record what staff went by, and the share; the question no longer waits at the desk.

        ``percent``: one of SHARES, or None where the basis brings its own: FULL_FEE is 100, and an
        earlier answer's own share counts where it is certain.  Raises VisitStateError where the
        payer has answered meanwhile, this basis is not offered, or there is no share.
        """
        require_coverage(actor)
        if percent is not None and percent not in SHARES:
            msg = f"a share is one of {SHARES} percent"
            raise VisitStateError(msg)

        def store(tx: Transaction) -> Decision:
            now = self._now()
            visit = tx.visits.get(visit_id)
            question = tx.outbox.of_visit(visit_id)
            confirmation = next(iter(tx.confirmations.of_visit(visit_id)), None)
            if basis not in offered(self._policy, question, confirmation, now):
                msg = f"visit {visit_id}: {basis} is nothing to decide by now"
                raise VisitStateError(msg)
            share, answer_id = 100 if basis is DecisionBasis.FULL_FEE else percent, None
            if basis is DecisionBasis.EARLIER_ANSWER and confirmation is not None:
                answer_id = confirmation.answer_id
                today = now.astimezone(JAPAN).date()
                results = tx.answers.get(answer_id).results
                ratio = copay_ratio_on(results[0], today) if len(results) == 1 else None
                share = share if ratio is None else ratio.percent
            if share is None:
                msg = f"visit {visit_id}: the earlier answer names no certain share"
                raise VisitStateError(msg)
            decision = Decision(uuid.uuid4().hex, visit_id, basis, share, now, actor.id, answer_id)
            tx.decisions.add(decision)
            if question is not None and question.state is not QuestionState.REFUSED:
                tx.outbox.save(replace(question, waits_at_desk=False))
            tx.audit.append(
                AuditEntry(
                    Act.DECIDED_OFFLINE, actor, visit_id, subject=visit.subject, reason=basis
                )
            )
            return decision

        decision = self._store.write(store)
        self._bus.publish(Topic.VISIT, visit_id)
        return decision
