"""The list of appointments: looked at first, then taken whole, day by day, in one transaction.

A file's days are put in the place of what was known of those days, so that who has cancelled is
not asked about; other days stay.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from eligibility.calendar import JAPAN
from terminal.access.accounts import Actor
from terminal.audit import Act, AuditEntry
from terminal.errors import CsvFileError, CsvFileReason, PreviewOutdatedError
from terminal.expected.appointment import Appointment, Expected, NotAskable, expected_at
from terminal.expected.appointment_file import AppointmentFile, read_appointment_file
from terminal.previews import Previews
from terminal.register.clinic_register import require_register
from terminal.store import Store, Transaction

KEPT = timedelta(days=7)
"""How long the list of a day that has passed is kept."""


@dataclass(frozen=True, slots=True)
class DayChange:
    """What a file does to one day's list."""

    day: date
    total: int
    new: int
    gone: tuple[Appointment, ...]


@dataclass(frozen=True, slots=True)
class AppointmentChanges:
    """What a file does.  ``not_askable``: for whom nobody could be asked as things stand."""

    days: tuple[DayChange, ...]
    not_askable: tuple[tuple[Appointment, NotAskable], ...]

    @property
    def total(self) -> int:
        """How many appointments the file has."""
        return sum(one.total for one in self.days)


@dataclass(frozen=True, slots=True)
class AppointmentPreview:
    """A file that was looked at.  ``id`` takes it; ``changes`` is None where it cannot be taken."""

    id: str
    file: AppointmentFile
    changes: AppointmentChanges | None


def expected_in(tx: Transaction, appointment: Appointment) -> Expected | NotAskable:
    """Return whom to ask about for an appointment, by what the register says now."""
    number = appointment.patient_number
    entry = None if number is None else tx.clinic_records.find(number)
    return expected_at(appointment, None if entry is None else entry.record)


def changes_of(tx: Transaction, file: AppointmentFile) -> AppointmentChanges:
    """Return what taking the file would do."""
    days = []
    for day in sorted({one.day for one in file.records}):
        listed = {one.id for one in file.records if one.day == day}
        known = tx.appointments.on(day)
        gone = tuple(one for one in known if one.id not in listed)
        days.append(DayChange(day, len(listed), len(listed) - len(known) + len(gone), gone))
    doubtful = []
    for one in file.records:
        expected = expected_in(tx, one)
        if isinstance(expected, NotAskable):
            doubtful.append((one, expected))
    return AppointmentChanges(tuple(days), tuple(doubtful))


class AppointmentBook:
    """The appointments of one store.  Raises RoleError, StoreError; safe from any thread."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """``now``: aware."""
        self._store = store
        self._now = now
        self._previews: Previews[AppointmentPreview] = Previews(now)

    @property
    def today(self) -> date:
        """The day in Japan."""
        return self._now().astimezone(JAPAN).date()

    def look_at(self, actor: Actor, data: bytes) -> AppointmentPreview:
        """Read a file and tell what taking it would do; nothing is stored but that it was seen.

        Raises CsvFileError.
        """
        require_register(actor)
        file = read_appointment_file(data, self.today)
        changes = None
        if not file.problem_count:
            changes = self._store.read(lambda tx: changes_of(tx, file))
        seen = AuditEntry(Act.APPOINTMENTS_FILE_SEEN, actor, reason=f"{file.lines} lines")
        self._store.write(lambda tx: tx.audit.append(seen))
        return self._previews.keep(actor, AppointmentPreview(uuid.uuid4().hex, file, changes))

    def take(self, actor: Actor, preview_id: str) -> AppointmentChanges:
        """Take the file that was looked at, whole; return what that did.

        Raises PreviewOutdatedError where it would now do something else than was shown, or was
        looked at too long ago; CsvFileError where lines of it are wrong.
        """
        require_register(actor)
        preview = self._previews.get(actor, preview_id)
        shown = preview.changes
        if shown is None:
            raise CsvFileError(CsvFileReason.LINES)
        oldest = self.today - KEPT

        def store(tx: Transaction) -> None:
            if changes_of(tx, preview.file) != shown:
                msg = "the list or the register changed since the file was looked at"
                raise PreviewOutdatedError(msg)
            tx.appointments.replace_days([one.day for one in shown.days], preview.file.records)
            tx.appointments.forget_before(oldest)
            days = " ".join(f"{one.day}:{one.total}" for one in shown.days[:31])
            tx.audit.append(AuditEntry(Act.APPOINTMENTS_IMPORTED, actor, reason=days))

        try:
            self._store.write(store)
        finally:
            self._previews.forget(actor)
        return shown
