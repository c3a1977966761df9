"""Medical data of somebody who cannot be asked (同意取得困難): in a disaster, by a clinician alone.

No consent is made of it.  The reason is the clinician's own words, each look has an audit kind of
its own, it stands in the list that the patient can ask for and in the administrator's.  It is asked
of the payer, whose disaster function needs no consent where life is at stake; over a connection
that does not know this way nothing is opened: what this desk holds under a consent that stands,
clinicians see anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from eligibility.asking import Capability
from eligibility.consenting import ConsentEnd
from eligibility.emergency import EmergencyAccess
from eligibility.model import InsuredPerson
from eligibility.numbers import IndividualNumberError, refuse_individual_number
from eligibility.payer import Payer
from terminal.access.accounts import Actor, Role
from terminal.access.rules import require_administrator
from terminal.audit import Act, AuditEntry
from terminal.consent import Disclosure
from terminal.consent_ending import EMERGENCY_LIVES, close_all, words_of
from terminal.errors import (
    DisasterModeOffError,
    DisclosureReason,
    DisclosureRefusedError,
    RoleError,
    VisitStateError,
)
from terminal.events import EventBus, Topic
from terminal.found_person import found_person, require_capability, require_period
from terminal.history_ground import basis_of
from terminal.store import Store, Transaction

SHORTEST_REASON = 5
LONGEST_REASON = 200
RECENT = 50


@dataclass(frozen=True, slots=True)
class EmergencyOffer:
    """What a clinician may open for a visit now.

    ``person``: who was found, where something may be opened; else ``refused_because``.
    """

    person: InsuredPerson | None = None
    refused_because: DisclosureReason | None = None


@dataclass(frozen=True, slots=True)
class EmergencyRow:
    """One line of the administrator's list; ``by``: the account's name, ``looks``: how many."""

    access: EmergencyAccess
    by: str | None
    looks: int
    is_open: bool


class EmergencyDesk:
    """Opens, closes and lists.  Raises RoleError, StoreError; safe to call from any thread."""

    def __init__(
        self,
        store: Store,
        payer: Payer,
        disclosure: Disclosure,
        bus: EventBus,
        now: Callable[[], datetime],
    ) -> None:
        """``disclosure``: tells the payer and fetches what is opened."""
        self._store = store
        self._payer = payer
        self._disclosure = disclosure
        self._bus = bus
        self._now = now

    def offer(self, actor: Actor, visit_id: str) -> EmergencyOffer | None:
        """Return what may be opened for this visit, None outside disaster mode.

        Raises RoleError, UnknownVisitError.
        """
        _require_clinician(actor)
        now = self._now()

        def look(tx: Transaction) -> EmergencyOffer | None:
            try:
                require_period(tx, now)
                return EmergencyOffer(self._person(tx, visit_id, now))
            except DisasterModeOffError:
                return None
            except DisclosureRefusedError as error:
                return EmergencyOffer(refused_because=error.reason)

        return self._store.read(look)

    def _person(self, tx: Transaction, visit_id: str, now: datetime) -> InsuredPerson:
        """Return who was found and said nothing.  Raises DisclosureRefusedError."""
        require_capability(self._payer, Capability.WITHOUT_CONSENT, visit_id)
        basis, person = found_person(tx, visit_id, now)
        patient = basis.payer_patient
        if basis.consent is not None or (patient and words_of(tx, patient, now)):
            raise DisclosureRefusedError(visit_id, DisclosureReason.SPOKEN)
        return person

    def open(self, actor: Actor, visit_id: str, access_id: str, reason: str) -> EmergencyAccess:
        """Open what a disaster opens, for :data:`EMERGENCY_LIVES` at most.

        ``access_id``: chosen by the form, so that a doubled command is known; one that is open
        already stays the one.  ``reason``: the clinician's words.

        Raises RoleError, DisasterModeOffError, DisclosureRefusedError, UnknownVisitError.
        """
        _require_clinician(actor)
        words = checked_reason(visit_id, reason)
        now = self._now()

        def store(tx: Transaction) -> tuple[EmergencyAccess, bool]:
            period = require_period(tx, now)
            self._person(tx, visit_id, now)
            basis = basis_of(tx, visit_id, now)
            known = tx.emergencies.get(access_id)
            current = basis.emergency
            if known is not None and known.visit_id != visit_id:
                msg = f"access {access_id} is another visit's"
                raise VisitStateError(msg)
            if known is not None or (current is not None and basis.open_categories(now)):
                found = known or current
                assert found is not None  # noqa: S101  # one of the two is
                return found, False
            subject, patient = basis.visit.subject, basis.payer_patient
            assert subject is not None  # noqa: S101  # such a visit begins with whom it asks about
            assert patient is not None  # noqa: S101  # found_person saw to it
            access = EmergencyAccess(
                id=access_id,
                visit_id=visit_id,
                subject=subject,
                payer_patient=patient,
                opened_at=now,
                ends_at=now + EMERGENCY_LIVES,
                actor=actor.id,
                reason=words,
                period_id=period.id,
            )
            tx.emergencies.add(access)
            tx.audit.append(
                AuditEntry(
                    Act.EMERGENCY_OPENED,
                    actor,
                    visit_id,
                    consent_id=access.id,
                    subject=subject,
                    reason=words,
                )
            )
            return access, True

        access, new = self._store.write(store)
        if new:
            self._disclosure.advance(visit_id)
            self._bus.publish(Topic.VISIT, visit_id)
        return access

    def close(self, actor: Actor, visit_id: str) -> None:
        """Close what is open for this visit at once.

        Raises RoleError, UnknownVisitError; VisitStateError where nothing is open.
        """
        _require_clinician(actor)
        now = self._now()

        def store(tx: Transaction) -> None:
            basis = basis_of(tx, visit_id, now)
            if basis.emergency is None or not basis.open_categories(now):
                msg = f"visit {visit_id} has nothing open without consent"
                raise VisitStateError(msg)
            close_all(tx, [basis.emergency], actor, now, ConsentEnd.STAFF)

        self._store.write(store)
        self._disclosure.consent_ended(visit_id)

    def recent(self, actor: Actor) -> tuple[int, list[EmergencyRow]]:
        """Return how often anything was opened without consent, and the last of it."""
        require_administrator(actor)
        now = self._now()

        def look(tx: Transaction) -> tuple[int, list[EmergencyRow]]:
            names = {account.id: account.display_name for account in tx.accounts.all()}
            rows = [
                EmergencyRow(
                    access,
                    names.get(access.actor),
                    _looks(tx, access),
                    is_open=_is_open(tx, access, now),
                )
                for access in tx.emergencies.recent(RECENT)
            ]
            return tx.emergencies.count(), rows

        return self._store.read(look)


def _looks(tx: Transaction, access: EmergencyAccess) -> int:
    return sum(
        row.act is Act.EMERGENCY_SEEN and row.consent_id == access.id
        for row in tx.audit.of_visit(access.visit_id)
    )


def _is_open(tx: Transaction, access: EmergencyAccess, now: datetime) -> bool:
    basis = basis_of(tx, access.visit_id, now)
    ground = basis.emergency
    return ground is not None and ground.id == access.id and basis.closed_because(now) is None


def _require_clinician(actor: Actor) -> None:
    if not isinstance(actor.role, Role) or not actor.role.may_open_without_consent:
        msg = f"{actor.role} may not open anything without consent"
        raise RoleError(msg)


def checked_reason(visit_id: str, reason: str) -> str:
    """Return a clinician's words.  Raises DisclosureRefusedError where they are none."""
    words = " ".join(reason.split())
    if not SHORTEST_REASON <= len(words) <= LONGEST_REASON:
        raise DisclosureRefusedError(visit_id, DisclosureReason.NO_REASON)
    try:
        refuse_individual_number(words)
    except IndividualNumberError:
        raise DisclosureRefusedError(visit_id, DisclosureReason.NO_REASON) from None
    return words
