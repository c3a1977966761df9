"""Registration of the clinic's patient numbers at the payer (照会番号), singly and all at once.

Committed before it is sent, each under an id of its own: after a crash the same registration goes
out again, and the payer takes it once.  The number is registered under the insured number that the
register holds; that it comes back with an answer proves nothing by itself
(:mod:`terminal.register.record_choice`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from eligibility.asking import Capability
from eligibility.clinic_record import ClinicRecord
from eligibility.errors import NotSupportedError
from terminal.access.accounts import Actor
from terminal.audit import Act, AuditEntry
from terminal.errors import UnknownPatientError
from terminal.expected.appointment import insured_subject
from terminal.references.reference_number import (
    OPEN_REGISTRATIONS,
    ReferenceRegistration,
    RegistrationState,
)
from terminal.register.clinic_register import require_register
from terminal.register.file import read_patient_number
from terminal.store import Store, Transaction

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ReferenceStanding:
    """How far registration got; ``failed``: the newest that the payer did not take.

    ``missing``: patients of the register that have no registration for their present insurance;
    ``without_number``: those among the register's whom no insured number is known of.
    """

    waiting: int
    accepted: int
    missing: int
    without_number: int
    failed: tuple[ReferenceRegistration, ...]
    supported: bool


class ReferenceNumberDesk:
    """Commits registrations, and tells how far they got; safe to call from any thread.

    Raises RoleError, StoreError.
    """

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        *,
        is_supported: bool = True,
        kick: Callable[[], None] = lambda: None,
    ) -> None:
        """``is_supported``: whether the payer's interface in use knows these registrations.

        ``kick``: called when there is something to send.
        """
        self._store = store
        self._now = now
        self._kick = kick
        self.is_supported = is_supported

    def register_one(self, actor: Actor, patient_number: str) -> ReferenceRegistration:
        """Register one patient's number; one that is registered or on its way stays as it is.

        Raises UnknownPatientError, also where no insured number is known; NotSupportedError.
        """
        require_register(actor)
        self._require_support()

        def store(tx: Transaction) -> ReferenceRegistration:
            try:
                entry = tx.clinic_records.find(read_patient_number(patient_number))
            except ValueError:
                entry = None
            new = None if entry is None else self._new(actor, entry.record)
            if new is None:
                raise UnknownPatientError("no patient of this number whose insured number is known")
            latest = tx.reference_numbers.latest_of(new.patient_number)
            if latest is not None and _still_holds(latest, new):
                return latest
            self._commit(tx, actor, [new], new.patient_number)
            return new

        found = self._store.write(store)
        self._kick()
        return found

    def register_all(self, actor: Actor) -> int:
        """Register every patient of the register who is not yet; return how many that are.

        Who was refused is tried again.  Raises NotSupportedError.
        """
        require_register(actor)
        self._require_support()
        new = self._store.read(lambda tx: self._missing(tx, actor))
        if new:
            self._store.write(lambda tx: self._commit(tx, actor, new, str(len(new))))
            self._kick()
        return len(new)

    def standing(self, actor: Actor) -> ReferenceStanding:
        """Return how far registration got; whose it names is written down."""
        require_register(actor)
        missing, without = self._store.read(
            lambda tx: (len(self._missing(tx, actor)), _without_number(tx))
        )

        def look(tx: Transaction) -> ReferenceStanding:
            latest = tx.reference_numbers.latest_of_all().values()
            failed = [
                one
                for one in latest
                if one.state in (RegistrationState.REFUSED, RegistrationState.FAILED)
            ][-MOST_SHOWN:]
            if failed:
                numbers = " ".join(one.patient_number for one in failed)
                tx.audit.append(AuditEntry(Act.REGISTER_SEEN, actor, reason=numbers))
            return ReferenceStanding(
                waiting=sum(one.state in OPEN_REGISTRATIONS for one in latest),
                accepted=sum(one.state is RegistrationState.ACCEPTED for one in latest),
                missing=missing,
                without_number=without,
                failed=tuple(failed),
                supported=self.is_supported,
            )

        return self._store.write(look)

    def _require_support(self) -> None:
        if not self.is_supported:
            raise NotSupportedError(Capability.REFERENCE_NUMBERS)

    def _missing(self, tx: Transaction, actor: Actor) -> list[ReferenceRegistration]:
        latest = tx.reference_numbers.latest_of_all()
        found = []
        for entry in tx.clinic_records.all():
            new = self._new(actor, entry.record)
            before = latest.get(entry.record.patient_number)
            if new is not None and (before is None or not _still_holds(before, new)):
                found.append(new)
        return found

    def _new(self, actor: Actor, record: ClinicRecord) -> ReferenceRegistration | None:
        subject = insured_subject(record)
        if subject is None:
            return None
        return ReferenceRegistration(
            uuid.uuid4().hex, record.patient_number, subject, self._now(), actor.id
        )

    def _commit(
        self, tx: Transaction, actor: Actor, new: list[ReferenceRegistration], reason: str
    ) -> None:
        tx.reference_numbers.add_all(new)
        tx.audit.append(AuditEntry(Act.REFERENCE_NUMBERS_COMMITTED, actor, reason=reason))


def _still_holds(latest: ReferenceRegistration, new: ReferenceRegistration) -> bool:
    """Whether nothing has to be sent: it is taken, or on its way, for the same insurance."""
    taken = latest.state is RegistrationState.ACCEPTED or latest.state in OPEN_REGISTRATIONS
    return taken and latest.subject == new.subject


def _without_number(tx: Transaction) -> int:
    return sum(insured_subject(one.record) is None for one in tx.clinic_records.all())
