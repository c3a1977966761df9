"""The right name of a card's holder where the payer's cannot be written: entered once by staff.

It stands beside the payer's name, never in its place, and proves nothing about who somebody is.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from eligibility.model import PersonSubject
from eligibility.names import has_replaced_characters
from eligibility.numbers import IndividualNumberError, refuse_individual_number
from eligibility.subjects import KnownSubject
from terminal.access.accounts import Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.confirming import known_before_of
from terminal.errors import RightNameRefusedError, VisitStateError
from terminal.events import EventBus, Topic
from terminal.register.right_name import RightName, that_holds
from terminal.store import Store, Transaction

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class RightNameView:
    """What staff entered for a visit's holder: None where nothing holds; ``entered_by``: a name.

    ``from_before``: where nothing holds, what holds for a card that the same person certainly
    had before: staff may take it over, nothing does so by itself.
    """

    entered: RightName | None = None
    entered_by: str | None = None
    from_before: RightName | None = None


class RightNames:
    """The right names of one store.  Raises RoleError, UnknownVisitError, StoreError."""

    def __init__(self, store: Store, bus: EventBus, now: Callable[[], datetime]) -> None:
        """``now``: aware."""
        self._store = store
        self._bus = bus
        self._now = now

    def view(self, actor: Actor, visit_id: str) -> RightNameView:
        """Return what was entered for the holder, at this visit or an earlier one of the card."""
        require_coverage(actor)

        def look(tx: Transaction) -> RightNameView:
            subject = tx.visits.get(visit_id).subject
            if subject is None:
                return RightNameView()
            found = that_holds(tx.right_names.of_subject(subject))
            if found is None:
                return RightNameView(from_before=_from_before(tx, visit_id))
            names = {account.id: account.display_name for account in tx.accounts.all()}
            return RightNameView(found, names.get(found.entered_by))

        return self._store.read(look)

    def enter(self, actor: Actor, visit_id: str, name: str) -> None:
        """Keep the right name for this and later visits with the same certificate or number.

        Raises RightNameRefusedError for what is no name: empty, too long, with ``●`` or a control
        character, or an Individual Number; VisitStateError where the visit has neither card nor
        insured number.
        """
        written = name.strip()
        try:
            refuse_individual_number(written)
        except IndividualNumberError:
            raise RightNameRefusedError from None
        if not 0 < len(written) <= LONGEST_NAME or has_replaced_characters(written):
            raise RightNameRefusedError
        if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in written):
            raise RightNameRefusedError
        self._keep(actor, visit_id, written, Act.RIGHT_NAME_ENTERED)

    def withdraw(self, actor: Actor, visit_id: str) -> RightName | None:
        """Take the name that holds back; return the one entered before it, which holds again."""
        return self._keep(actor, visit_id, None, Act.RIGHT_NAME_WITHDRAWN)

    def _keep(self, actor: Actor, visit_id: str, name: str | None, act: Act) -> RightName | None:
        require_coverage(actor)

        def store(tx: Transaction) -> RightName | None:
            subject = tx.visits.get(visit_id).subject
            if subject is None or isinstance(subject, PersonSubject):
                msg = f"visit {visit_id} has neither card nor number to keep a name for"
                raise VisitStateError(msg)
            held = that_holds(tx.right_names.of_subject(subject))
            if name == (None if held is None else held.name):
                # pressed twice: there is one entry to take back, or none
                return held
            tx.right_names.add(self._entry(subject, name, actor, visit_id))
            tx.audit.append(AuditEntry(act, actor, visit_id, subject=subject))
            return that_holds(tx.right_names.of_subject(subject))

        holds = self._store.write(store)
        self._bus.publish(Topic.VISIT, visit_id)
        return holds

    def _entry(
        self, subject: KnownSubject, name: str | None, actor: Actor, visit_id: str
    ) -> RightName:
        return RightName(uuid.uuid4().hex, subject, name, self._now(), actor.id, visit_id)


def _from_before(tx: Transaction, visit_id: str) -> RightName | None:
    """Return what holds for an earlier card of a visit's holder, the latest card that has one."""
    for subject in known_before_of(tx, visit_id):
        if found := that_holds(tx.right_names.of_subject(subject)):
            return found
    return None
