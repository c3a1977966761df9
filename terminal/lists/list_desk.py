"""What staff do with the payer's lists: ask for one, and look at who stands on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from eligibility.asking import Capability, ListKind, ListQuestion
from eligibility.errors import NotSupportedError
from eligibility.model import PayerAnswer
from terminal.access.accounts import TERMINAL, Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.errors import UnknownPayerListError
from terminal.lists.payer_list import PayerList
from terminal.register.record_choice import record_for
from terminal.store import Store, Transaction

KEPT = timedelta(days=31)
"""How long a list is kept: it says how things were when it was fetched."""
MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """One entry.  ``patient_number``: of the clinic's record, where that is certain."""

    answer: PayerAnswer
    patient_number: str | None


@dataclass(frozen=True, slots=True)
class OpenedList:
    """A list with everybody on it, in the payer's order."""

    list: PayerList
    people: tuple[ListedPerson, ...]


class PayerListDesk:
    """Asks for lists and shows them.  Raises RoleError, StoreError; safe from any thread.

    What stands on a list confirms nobody's visit and opens no medical data.
    """

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        *,
        is_supported: bool,
        kick: Callable[[], None] = lambda: None,
    ) -> None:
        """``is_supported``: whether the payer's interface in use knows lists.

        ``kick``: called when there is something to fetch.
        """
        self._store = store
        self._now = now
        self._kick = kick
        self.is_supported = is_supported

    def ask(
        self,
        actor: Actor,
        kind: ListKind,
        first: date,
        last: date,
        *,
        by_examination: bool = False,
    ) -> PayerList:
        """Ask for a list; the same one that is still on its way is not asked for twice.

        Raises NotSupportedError, and ValueError for days that no list has.
        """
        require_coverage(actor)
        if not self.is_supported:
            raise NotSupportedError(Capability.LISTS)
        question = ListQuestion(uuid.uuid4().hex, kind, first, last, by_examination)
        new = PayerList(question.id, question, self._now(), actor.id)

        def store(tx: Transaction) -> PayerList:
            for one in tx.payer_lists.open():
                if replace(one.question, id=question.id) == question:
                    return one
            tx.payer_lists.add(new)
            reason = f"{kind} {first} {last}"
            tx.audit.append(AuditEntry(Act.PAYER_LIST_ASKED, actor, reason=reason))
            return new

        asked = self._store.write(store)
        self._kick()
        return asked

    def recent(self, actor: Actor) -> list[PayerList]:
        """Return the lists that were asked for, the newest first; they name nobody."""
        require_coverage(actor)
        return self._store.read(lambda tx: tx.payer_lists.newest(MOST_SHOWN))

    def opened(self, actor: Actor, list_id: str) -> OpenedList:
        """Return a list with who stands on it; each of them is written down as looked at.

        Raises UnknownPayerListError.
        """
        require_coverage(actor)

        def look(tx: Transaction) -> OpenedList:
            one = tx.payer_lists.find(list_id)
            if one is None:
                raise UnknownPayerListError("no such list, or it was deleted")
            people = []
            for answer in tx.payer_lists.entries(one.id):
                record = record_for(tx, answer)
                number = None if record is None else record.patient_number
                people.append(ListedPerson(answer, number))
                tx.audit.append(
                    AuditEntry(Act.PAYER_LIST_SEEN, actor, subject=answer.subject, reason=one.id)
                )
            return OpenedList(one, tuple(people))

        return self._store.write(look)

    def delete_old(self) -> int:
        """Delete lists that were kept long enough; return how many.  A job calls this."""
        before = self._now() - KEPT

        def delete(tx: Transaction) -> int:
            old = tx.payer_lists.asked_before(before)
            for one in old:
                tx.payer_lists.delete(one.id)
                reason = f"{one.question.kind} {one.id} {one.count}"
                tx.audit.append(AuditEntry(Act.PAYER_LIST_DELETED, TERMINAL, reason=reason))
            return len(old)

        return self._store.write(delete)
