"""Looks into consented history: each asks for the consent live and is written down where it reads.

A look is refused by role, by consent, by the clock and by findings, in the transaction that writes
who looked at whose history; what was fetched is touched only afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime

from eligibility.codes import ConsentCategory
from eligibility.errors import ConsentRequiredError
from eligibility.model import Confirmation, InsuredPerson
from eligibility.results import one_person
from terminal.access.accounts import Actor
from terminal.audit import Act, AuditEntry
from terminal.consent import Disclosure
from terminal.consent_rules import HISTORY_CATEGORIES
from terminal.errors import RoleError, VisitStateError
from terminal.history_ground import Basis, basis_of
from terminal.store import Store, Transaction
from terminal.views import HistoryClosed, OpenHistory

WITHOUT_CONSENT = frozenset(
    {
        HistoryClosed.NOT_ASKED,
        HistoryClosed.NOT_GRANTED,
        HistoryClosed.REFUSED,
        HistoryClosed.ENDED,
        HistoryClosed.WITHDRAWN,
        HistoryClosed.WITHOUT_CARD,
        HistoryClosed.DISASTER_OVER,
        HistoryClosed.EMERGENCY_OVER,
    }
)


class HistoryAccess:
    """Opens what a visit's history stands on allows, to whom it may be opened."""

    def __init__(self, store: Store, disclosure: Disclosure, now: Callable[[], datetime]) -> None:
        """``disclosure``: keeps the history."""
        self._store = store
        self._disclosure = disclosure
        self._now = now

    def look(
        self,
        actor: Actor,
        visit_id: str,
        categories: AbstractSet[ConsentCategory] = frozenset(HISTORY_CATEGORIES),
    ) -> OpenHistory:
        """Return what of ``categories`` the consent opens now; the audit log names them.

        Raises RoleError for a role without history, UnknownVisitError, ConsentRequiredError where
        no consent is live, VisitStateError where a finding blocks it or nothing was fetched yet.
        """

        def read(tx: Transaction) -> tuple[Basis, HistoryClosed | None, InsuredPerson | None]:
            basis = basis_of(tx, visit_id, self._now())
            closed = self.closed(actor, basis)
            shown = basis.open_categories(self._now()) & categories
            seen = ",".join(sorted(one.value for one in shown))
            act = Act.HISTORY_SEEN if basis.emergency is None else Act.EMERGENCY_SEEN
            tx.audit.append(
                AuditEntry(
                    act if closed is None else Act.HISTORY_REFUSED,
                    actor,
                    visit_id,
                    consent_id=basis.ground.id if basis.ground else None,
                    subject=basis.visit.subject,
                    reason=seen if closed is None else closed.value,
                )
            )
            return basis, closed, _person(tx, basis.confirmation)

        basis, closed, person = self._store.write(read)
        require_open(actor, visit_id, closed)
        ground, until = basis.ground, basis.until()
        history = None if ground is None else self._disclosure.open(ground)
        if history is None or until is None:
            msg = f"visit {visit_id}: history is closed: it was deleted just now"
            raise VisitStateError(msg)
        now = self._now()
        opened = basis.open_categories(now)
        return OpenHistory(
            history=history.narrowed_to(opened & categories),
            consent=basis.consent,
            emergency=basis.emergency,
            until=until,
            missing=frozenset((opened - history.answered) & categories),
            seen_at=now,
            person=person,
        )

    def closed(self, actor: Actor, basis: Basis) -> HistoryClosed | None:
        """Return why this actor may look at no history now, or None."""
        if actor.role is None or not actor.role.may_see_history:
            return HistoryClosed.ROLE
        closed = basis.closed_because(self._now())
        ground = basis.ground
        if closed is not None or ground is None:
            return closed
        if basis.emergency is not None and not actor.role.may_open_without_consent:
            return HistoryClosed.ROLE
        kept = self._disclosure.of_visit(ground.visit_id)
        if kept is not None and kept.consent_id == ground.id:
            return None
        if self._disclosure.is_fetching(ground.visit_id):
            return HistoryClosed.FETCHING
        if self._disclosure.waits(ground.visit_id):
            return HistoryClosed.PAYER_SILENT
        return HistoryClosed.NOT_FETCHED


def require_open(actor: Actor, visit_id: str, closed: HistoryClosed | None) -> None:
    """Raise the error of why history is closed; return where it is open."""
    if closed is HistoryClosed.ROLE:
        msg = f"{actor.role} may not see history"
        raise RoleError(msg)
    if closed in WITHOUT_CONSENT:
        raise ConsentRequiredError(closed.value)
    if closed is not None:
        msg = f"visit {visit_id}: history is closed: {closed}"
        raise VisitStateError(msg)


def _person(tx: Transaction, confirmation: Confirmation | None) -> InsuredPerson | None:
    """Return the one person whom today's answer is about, None where it names several."""
    if confirmation is None or not confirmation.source.is_todays_answer:
        return None
    return one_person(tx.answers.get(confirmation.answer_id))
