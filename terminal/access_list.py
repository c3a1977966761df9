"""Who looked at one patient's data, for that patient: every look at this institution, on paper.

A look is what the audit log wrote down in the transaction that read.  The list itself is one, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from eligibility.model import Subject
from eligibility.personal_number import personal_key
from terminal.access.accounts import Actor, Role, StaffAccount
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry, AuditRecord
from terminal.confirming import trusted_answer
from terminal.errors import UnknownVisitError, VisitStateError
from terminal.history_export import read_note
from terminal.register.record_link import LinkChoice
from terminal.store import Store, Transaction


class Looked(StrEnum):
    """What was looked at."""

    LIST = "list"
    COVERAGE = "coverage"
    ORIGINAL = "original"
    REGISTER = "register"
    APPOINTMENT = "appointment"
    HISTORY = "history"
    FETCHED = "fetched"
    EXPORTED = "exported"
    EMERGENCY_OPENED = "emergency-opened"
    EMERGENCY = "emergency"
    EMERGENCY_FETCHED = "emergency-fetched"
    ACCESS_LIST = "access-list"


LOOKS: Mapping[Act, Looked] = {
    Act.LIST_SEEN: Looked.LIST,
    Act.VISIT_SEEN: Looked.COVERAGE,
    Act.ORIGINAL_TAKEN: Looked.ORIGINAL,
    Act.REGISTER_SEEN: Looked.REGISTER,
    Act.APPOINTMENTS_SEEN: Looked.APPOINTMENT,
    Act.HISTORY_SEEN: Looked.HISTORY,
    Act.HISTORY_FETCHED: Looked.FETCHED,
    Act.HISTORY_EXPORTED: Looked.EXPORTED,
    Act.EMERGENCY_OPENED: Looked.EMERGENCY_OPENED,
    Act.EMERGENCY_SEEN: Looked.EMERGENCY,
    Act.EMERGENCY_FETCHED: Looked.EMERGENCY_FETCHED,
    Act.ACCESS_LIST_TAKEN: Looked.ACCESS_LIST,
}
"""What each act of the audit log shows of a patient; an act that is not here shows nothing."""


MEDICAL = frozenset(
    {Looked.HISTORY, Looked.FETCHED, Looked.EXPORTED, Looked.EMERGENCY, Looked.EMERGENCY_FETCHED}
)


@dataclass(frozen=True, slots=True)
class Look:
    """One look.  ``times``: how often in the same minute; ``by``: the account, None for the machine
    or an account that is no more, told apart by ``by_machine``.

    ``categories``: codes of what was looked at of the history, else empty.  ``visit_at``: when the
    visit began for which it was; ``consent_at``: when the consent was given that opened it;
    ``emergency_reason``: why it was opened without one, in the clinician's words.
    """

    at: datetime
    what: Looked
    by: StaffAccount | None
    by_machine: bool
    visit_id: str
    visit_at: datetime
    consent_at: datetime | None = None
    categories: str = ""
    emergency_reason: str | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class AccessList:
    """The looks at one patient, the newest first, as of ``made_at``.

    ``name``: the patient's, where the last answer names one person; ``since``: the first visit.
    """

    made_at: datetime
    name: str | None
    since: datetime
    looks: tuple[Look, ...]


class AccessLists:
    """Makes lists for those who may see coverage; they hand them to the patient."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """``now``: the desk's clock, aware."""
        self._store = store
        self._now = now

    def take(self, actor: Actor, visit_id: str) -> AccessList:
        """Return who looked at this visit's patient, at all visits; that it was taken is a look.

        Raises RoleError, UnknownVisitError; VisitStateError where nobody is known.
        """
        require_coverage(actor)

        def take(tx: Transaction) -> AccessList:
            subject = tx.visits.get(visit_id).subject
            if subject is None:
                msg = f"visit {visit_id} is nobody's yet"
                raise VisitStateError(msg)
            tx.audit.append(AuditEntry(Act.ACCESS_LIST_TAKEN, actor, visit_id, subject=subject))
            answer = trusted_answer(tx, subject)
            names = {one.person.name for one in answer.results} if answer else set()
            looks = _looks(tx, same_person(tx, subject))
            return AccessList(
                made_at=self._now(),
                name=names.pop() if len(names) == 1 else None,
                since=min(look.visit_at for look in looks),
                looks=looks,
            )

        return self._store.write(take)


def same_person(tx: Transaction, subject: Subject) -> set[Subject]:
    """Return this certificate or number and the others that are surely the same person's.

    Those that staff linked to the same patient of the register, and those for which the payer
    answered with the same personal number, birth date and name.
    """
    found: set[Subject] = {subject}
    for link in tx.record_links.of_subject(subject)[:1]:
        if link.choice is LinkChoice.LINKED and link.patient_number is not None:
            found |= tx.record_links.linked_to(link.patient_number)
    answer = trusted_answer(tx, subject)
    for coverage in answer.results if answer else ():
        key, person = personal_key(coverage), coverage.person
        if key is None:
            continue
        for confirmation in tx.confirmations.live_for_insured(key[0], key[2]):
            other = tx.answers.get(confirmation.answer_id)
            if any(
                personal_key(one) == key
                and (one.person.birthdate, one.person.name) == (person.birthdate, person.name)
                for one in other.results
            ):
                found.add(other.subject)
    return found


def _looks(tx: Transaction, subjects: set[Subject]) -> tuple[Look, ...]:
    accounts = {account.id: account for account in tx.accounts.all()}
    records = [row for row in tx.audit.of_subjects(subjects) if row.act in LOOKS]
    looks: list[Look] = []
    for record in sorted(records, key=lambda row: row.seq, reverse=True):
        look = _look(tx, record, accounts)
        if look is None:
            continue
        if looks and _key(looks[-1]) == _key(look):
            looks[-1] = replace(looks[-1], times=looks[-1].times + 1)
        else:
            looks.append(look)
    return tuple(looks)


def _key(look: Look) -> tuple[object, ...]:
    minute = look.at.replace(second=0, microsecond=0)
    by = look.by.id if look.by else look.by_machine
    return minute, look.what, by, look.visit_id, look.categories


def _look(
    tx: Transaction, record: AuditRecord, accounts: Mapping[str, StaffAccount]
) -> Look | None:
    if record.visit_id is None:
        return None
    try:
        visit_at = tx.visits.get(record.visit_id).opened_at
    except UnknownVisitError:  # deleted after the years it is kept
        visit_at = record.at
    what = LOOKS[record.act]
    consent = tx.consents.get(record.consent_id) if record.consent_id else None
    account = accounts.get(record.actor_id)
    medical = what in MEDICAL
    seen = (record.reason or "") if medical else ""
    emergency = tx.emergencies.get(record.consent_id) if record.consent_id and not consent else None
    return Look(
        at=record.at,
        what=what,
        by=account,
        by_machine=account is None and record.actor_id in ("terminal", "kiosk"),
        visit_id=record.visit_id,
        visit_at=visit_at,
        consent_at=consent.given_at if consent and medical else None,
        categories=read_note(seen).categories if what is Looked.EXPORTED else seen,
        emergency_reason=emergency.reason if emergency else None,
    )


def role_of(look: Look) -> Role | None:
    """Return the present role of who looked, None for the machine or a former account."""
    return look.by.role if look.by else None
