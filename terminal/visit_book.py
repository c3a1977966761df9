"""Today's visits as staff see them, and the looks at them in the audit log.

What a row says is decided here, once; the pages only format it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta

from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory
from eligibility.holder import Comparison, Match, alone_on_card, compare, is_about_holder
from eligibility.model import (
    CardSubject,
    Confirmation,
    Coverage,
    FindingCode,
    NotRead,
    PayerAnswer,
    Severity,
)
from eligibility.names import can_be_written
from eligibility.results import one_person
from terminal.access.accounts import Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.consent import Disclosure
from terminal.consent_rules import without_refused
from terminal.deciding import offered
from terminal.decision import Decision
from terminal.declaration import declaration_of
from terminal.desk_need import UNANSWERED, need_of, worst_of
from terminal.errors import VisitStateError
from terminal.events import EventBus
from terminal.history_access import HistoryAccess
from terminal.history_ground import basis_of
from terminal.identification import HolderRecord
from terminal.payer.freshness import Freshness, is_current
from terminal.payer.question import Question, QuestionState
from terminal.register.right_name import that_holds
from terminal.staff_look import PHONES, look_refused_because
from terminal.store import Store, Transaction
from terminal.views import DayList, DoneOutcome, HistoryClosed, VisitDetail, VisitRow
from terminal.visit import Visit, VisitEvent, VisitState, allowed

ASKED_FOR_BY_HAND = (HistoryClosed.NOT_FETCHED, HistoryClosed.PAYER_SILENT)
"""History that failed to come: staff may ask for it again at once."""


def day_bounds(now: datetime) -> tuple[datetime, datetime]:
    """Return the first moment of today and of tomorrow in Japan."""
    today = now.astimezone(JAPAN).date()
    start = datetime.combine(today, time(), JAPAN)
    return start, datetime.combine(today + timedelta(days=1), time(), JAPAN)


class VisitBook:
    """Reads visits for staff.  Whoever sees a name is written down in the same transaction."""

    def __init__(
        self,
        store: Store,
        disclosure: Disclosure,
        bus: EventBus,
        now: Callable[[], datetime],
        freshness: Freshness,
    ) -> None:
        """``disclosure``: keeps the history; ``bus``: whose sequence the list carries.

        ``freshness``: how old an answer may be to count as the present one.
        """
        self._freshness = freshness
        self._store = store
        self._disclosure = disclosure
        self._bus = bus
        self._now = now
        self._lock = threading.Lock()
        self._listed: set[tuple[str, str]] = set()
        self.history = HistoryAccess(store, disclosure, now)

    def today(self, actor: Actor) -> DayList:
        """Return today's visits, the newest first.

        Each (member of staff, visit) pair is written to the audit log when the visit first stands
        in that person's list with a person known, not again at each refresh.
        Raises RoleError for a role that may not see coverage.
        """
        require_coverage(actor)
        sequence = self._bus.sequence
        now = self._now()
        day = self._store.read(lambda tx: self._rows(tx, now))
        with self._lock:
            # a desk runs for months: what stands in no list any more is forgotten
            today = {row.visit.id for row in day[0]}
            self._listed = {pair for pair in self._listed if pair[1] in today}
        if self._new_to(actor, day[0]):

            def look(tx: Transaction) -> tuple[tuple[VisitRow, ...], int]:
                seen = self._rows(tx, now)
                for row in self._new_to(actor, seen[0]):
                    tx.audit.append(
                        AuditEntry(Act.LIST_SEEN, actor, row.visit.id, subject=row.visit.subject)
                    )
                return seen

            # read again, so that who is shown is written down in the transaction that reads
            day = self._store.write(look)
            with self._lock:
                self._listed.update((actor.id, row.visit.id) for row in day[0] if row.visit.subject)
        return DayList(now, sequence, day[0], day[1])

    def _new_to(self, actor: Actor, rows: tuple[VisitRow, ...]) -> list[VisitRow]:
        """Return the lines with a person that do not stand in this one's list yet."""
        with self._lock:
            return [
                row
                for row in rows
                if row.visit.subject and (actor.id, row.visit.id) not in self._listed
            ]

    def _rows(self, tx: Transaction, now: datetime) -> tuple[tuple[VisitRow, ...], int]:
        visits = tx.visits.opened_between(*day_bounds(now))
        rows = (_row(tx, visit, self._freshness, now) for visit in visits)
        return tuple(row for row, _ in rows), tx.outbox.waiting_count()

    def visit(self, actor: Actor, visit_id: str) -> VisitDetail:
        """Return one visit whole.  Raises RoleError, UnknownVisitError."""
        require_coverage(actor)

        def look(
            tx: Transaction,
        ) -> tuple[
            VisitRow,
            PayerAnswer | None,
            list[Confirmation],
            HolderRecord | None,
            Mapping[str, str],
        ]:
            visit = tx.visits.get(visit_id)
            row, answer = _row(tx, visit, self._freshness, self._now())
            tx.audit.append(AuditEntry(Act.VISIT_SEEN, actor, visit_id, subject=visit.subject))
            holder = None if visit.subject is None else tx.holders.latest_of(visit.subject)
            names = {account.id: account.display_name for account in tx.accounts.all()}
            return row, answer, tx.confirmations.of_visit(visit_id), holder, names

        row, answer, confirmations, holder, names = self._store.write(look)
        heard = None if row.consent is None else row.consent.oral
        no_look = look_refused_because(row.visit)
        decisions = self._store.read(lambda tx: _decisions(tx, visit_id))
        now = self._now()
        basis = self._store.read(lambda tx: basis_of(tx, visit_id, now))
        closed = self.history.closed(actor, basis)
        opened: frozenset[ConsentCategory] = frozenset()
        kept = self._disclosure.of_visit(visit_id)
        if closed is None and kept is not None:
            opened = basis.open_categories(now) & kept.fetched
        return VisitDetail(
            row=row,
            answer=answer,
            former=tuple(confirmations[1:]),
            history_open=opened,
            history_closed_because=closed,
            may_identify=allowed(row.visit, VisitEvent.IDENTIFY) and no_look is None,
            no_look=no_look if allowed(row.visit, VisitEvent.IDENTIFY) else None,
            may_ask_again=closed in ASKED_FOR_BY_HAND or _may_be_asked(row.question),
            may_close=allowed(row.visit, VisitEvent.ABANDON),
            decisions=decisions,
            may_decide_by=offered(self._freshness, row.question, row.confirmation, self._now()),
            holder=holder,
            holder_read_by=None if holder is None else names.get(holder.actor),
            compared=_compared(holder, answer, row.confirmation),
            declaration=declaration_of(row, holder.attributes if holder else None, answer),
            emergency=basis.emergency,
            heard_by=None if heard is None else names.get(heard.heard_by),
        )

    def require_readable(self, actor: Actor, visit_id: str) -> None:
        """Raise unless this actor may have the holder's record read for this visit.

        Raises RoleError, UnknownVisitError, VisitStateError.
        """
        require_coverage(actor)
        if not self.is_readable(visit_id):
            msg = f"visit {visit_id}: no record is read where the card is refused or the visit over"
            raise VisitStateError(msg)

    def is_readable(self, visit_id: str) -> bool:
        """Whether the holder's record may be read now.  Raises UnknownVisitError."""
        return is_readable(self._store.read(lambda tx: tx.visits.get(visit_id)))

    def outcome(self, visit_id: str) -> DoneOutcome | None:
        """Return what the kiosk may say of a visit in public, None while the payer is asked."""

        def look(tx: Transaction) -> tuple[Question | None, list[Confirmation]]:
            return tx.outbox.of_visit(visit_id), tx.confirmations.of_visit(visit_id)

        def counts(tx: Transaction) -> bool:
            return any(
                _counts_as_current(tx, one, self._freshness, self._now())
                for one in tx.confirmations.of_visit(visit_id)[:1]
            )

        question, confirmations = self._store.read(look)
        if question is None or question.state in UNANSWERED:
            return DoneOutcome.SEE_STAFF
        if question.state is not QuestionState.ANSWERED and not self._store.read(counts):
            return DoneOutcome.QUEUED if question.problem else None
        stop = any(worst_of(confirmation) is Severity.STOP for confirmation in confirmations[:1])
        return DoneOutcome.SEE_STAFF if stop or not confirmations else DoneOutcome.CONFIRMED


def is_readable(visit: Visit) -> bool:
    """Whether the holder's record may be read: of an accepted card, in a visit nobody gave up."""
    return (
        isinstance(visit.subject, CardSubject)
        and visit.token not in PHONES
        and visit.certificate_reason is None
        and visit.state is not VisitState.ABANDONED
    )


def _compared(
    holder: HolderRecord | None, answer: PayerAnswer | None, confirmation: Confirmation | None
) -> tuple[Comparison, ...]:
    """Return the card's holder beside the one person of the answer.

    Without an answer that may be handed out, or where it names several, the card's side alone; what
    the findings say of a withheld one is told with them.
    """
    if holder is None:
        return ()
    person = one_person(answer) if answer else None
    if person is not None:
        return compare(holder.attributes, person)
    alone = alone_on_card(holder.attributes)
    against = {
        finding.field
        for finding in (confirmation.findings if confirmation else ())
        if is_about_holder(finding) and finding.code is FindingCode.OTHER_PERSON
    }
    return tuple(
        replace(one, match=Match.DIFFERS) if one.field in against else one for one in alone
    )


def _may_be_asked(question: Question | None) -> bool:
    """Whether asking again under the same id can help; an answer or a refusal needs a new tap."""
    return question is not None and question.state not in (
        QuestionState.ANSWERED,
        QuestionState.REFUSED,
    )


def _decisions(tx: Transaction, visit_id: str) -> tuple[tuple[Decision, str | None], ...]:
    """Return what was decided for a visit, the newest first, each with who did."""
    names = {account.id: account.display_name for account in tx.accounts.all()}
    return tuple((one, names.get(one.actor)) for one in tx.decisions.of_visit(visit_id))


def _counts_as_current(
    tx: Transaction, confirmation: Confirmation, freshness: Freshness, now: datetime
) -> bool:
    """Whether this counts as the present state, by age or by what staff decided."""
    decision = next(iter(tx.decisions.of_visit(confirmation.visit_id)), None)
    accepted = decision is not None and decision.answer_id == confirmation.answer_id
    return is_current(freshness, confirmation, now, accepted=accepted)


def _row(
    tx: Transaction, visit: Visit, freshness: Freshness, now: datetime
) -> tuple[VisitRow, PayerAnswer | None]:
    """Return a visit's line and the answer that it stands on.

    An answer that may be another person's is not even handed out.
    """
    question = tx.outbox.of_visit(visit.id)
    confirmations = tx.confirmations.of_visit(visit.id)
    confirmation = confirmations[0] if confirmations else None
    answer = tx.answers.get(confirmation.answer_id) if confirmation else None
    withheld = confirmation is not None and any(
        finding.code is FindingCode.OTHER_PERSON for finding in confirmation.findings
    )
    consent = tx.consents.of_visit(visit.id)
    if withheld:
        answer = None
    elif answer is not None:
        results = tuple(without_refused(one, consent) for one in answer.results)
        answer = replace(answer, results=results)
    decision = next(iter(tx.decisions.of_visit(visit.id)), None)
    answered = confirmation is not None and confirmation.source.is_todays_answer
    decided = decision is not None and not answered
    shown: tuple[Coverage, ...] = answer.results if answer else ()
    names = {result.person.name for result in shown}
    name = names.pop() if len(names) == 1 else None
    row = VisitRow(
        visit=visit,
        need=need_of(visit, question, confirmation, decided=decided),
        name=name,
        person=one_person(answer) if answer else None,
        results=shown,
        validity=confirmation.qualification_validity if confirmation else None,
        confirmation=confirmation,
        worst=worst_of(confirmation) if confirmation else None,
        question=question,
        identification=tx.identifications.of_visit(visit.id),
        consent=consent,
        withheld=withheld,
        is_current=confirmation is not None
        and _counts_as_current(tx, confirmation, freshness, now),
        decision=decision,
        enquiry=tx.desk_enquiries.of_visit(visit.id),
        right_name=_right_name(tx, visit, name),
        name_on_card=_name_on_card(tx, visit) if name is None else None,
    )
    return row, answer


def _name_on_card(tx: Transaction, visit: Visit) -> str | None:
    """Return what the card of this visit says of its holder's name, where it was read."""
    holder = tx.holders.of_visit(visit.id)
    if holder is None or isinstance(holder.attributes.name, NotRead):
        return None
    return holder.attributes.name


def _right_name(tx: Transaction, visit: Visit, name: str | None) -> str | None:
    """Return what staff entered for the holder, where the payer's name cannot be written."""
    if visit.subject is None or name is None or can_be_written(name):
        return None
    entered = that_holds(tx.right_names.of_subject(visit.subject))
    return None if entered is None else entered.name
