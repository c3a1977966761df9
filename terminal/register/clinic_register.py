"""The clinic's own register of patients (患者台帳): imported from a file, searched by staff.

An import is looked at first and taken afterwards, whole, in one transaction.  Nothing is deleted:
who is missing in a file stays, and is told.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime

from eligibility.calendar import JAPAN
from eligibility.clinic_record import ClinicRecord
from terminal.access.accounts import TERMINAL, Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.errors import CsvFileError, CsvFileReason, PreviewOutdatedError
from terminal.payer.reconfirming import Reconfirming
from terminal.previews import Previews
from terminal.register.dates import read_birthdate
from terminal.register.entry import RegisterChange, RegisterChanges, RegisterEntry, searchable
from terminal.register.file import RegisterFile, read_register_file
from terminal.store import Store, Transaction
from terminal.store.clinic_records import bodies

PAGE = 25
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class RegisterPreview:
    """A file that was looked at.  ``id`` takes it; ``changes`` is None where it cannot be taken.

    ``state``: of the register that the changes were found against.
    """

    id: str
    file: RegisterFile
    changes: RegisterChanges | None
    state: tuple[int, str]


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """A page of what a search found.  ``number`` counts from 1; ``total``: patients found."""

    entries: tuple[RegisterEntry, ...]
    total: int
    number: int
    pages: int
    register_size: int


def changes_of(before: dict[str, ClinicRecord], file: RegisterFile) -> RegisterChanges:
    """Return what the file does to a register that holds ``before``, by patient number.

    A column that the file lacks leaves what is recorded; an empty cell empties it.
    """
    new, changed, unchanged = [], [], 0
    for record in file.records:
        former = before.get(record.patient_number)
        if former is None:
            new.append(record)
            continue
        kept = {
            field.name: getattr(record if field.name in file.columns else former, field.name)
            for field in fields(ClinicRecord)
        }
        after = ClinicRecord(**kept)
        differing = tuple(name for name in kept if getattr(former, name) != kept[name])
        if differing:
            changed.append(RegisterChange(former, after, differing))
        else:
            unchanged += 1
    named = {record.patient_number for record in file.records}
    missing = tuple(number for number in before if number not in named)
    return RegisterChanges(tuple(new), tuple(changed), unchanged, missing)


def _recorded(tx: Transaction) -> dict[str, ClinicRecord]:
    return {entry.record.patient_number: entry.record for entry in tx.clinic_records.all()}


def require_register(actor: Actor) -> None:
    """Let who may see coverage pass, and the terminal's own command line.  Raises RoleError."""
    if actor != TERMINAL:
        require_coverage(actor)


class ClinicRegister:
    """The register of one store.  Raises RoleError, StoreError; safe to call from any thread."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        on_change: Callable[[str], None] = lambda _visit_id: None,
    ) -> None:
        """``now``: aware.  ``on_change``: called with each visit that an import changed."""
        self._store = store
        self._reconfirming = Reconfirming(now)
        self._now = now
        self._on_change = on_change
        self._previews: Previews[RegisterPreview] = Previews(now)

    def look_at(self, actor: Actor, data: bytes) -> RegisterPreview:
        """Read a file and tell what taking it would do; nothing is stored but that it was seen.

        Raises CsvFileError.
        """
        require_register(actor)
        file = read_register_file(data, self._now().astimezone(JAPAN).date())

        def compare(tx: Transaction) -> tuple[RegisterChanges | None, tuple[int, str]]:
            changes = None if file.problem_count else changes_of(_recorded(tx), file)
            return changes, tx.clinic_records.state()

        # beside visits that are written meanwhile: a large register takes seconds
        changes, state = self._store.read(compare)
        seen = AuditEntry(Act.REGISTER_FILE_SEEN, actor, reason=f"{file.lines} lines")
        self._store.write(lambda tx: tx.audit.append(seen))
        preview = RegisterPreview(uuid.uuid4().hex, file, changes, state)
        return self._previews.keep(actor, preview)

    def take(self, actor: Actor, preview_id: str) -> RegisterChanges:
        """Take the file that was looked at, whole; return what that did.

        The visits of these days are held against the register as it is now.

        Raises PreviewOutdatedError where it would now do something else than was shown, or was
        looked at too long ago; CsvFileError where lines of it are wrong.
        """
        require_register(actor)
        preview = self._previews.get(actor, preview_id)
        if preview.changes is None:
            raise CsvFileError(CsvFileReason.LINES)
        shown = preview.changes
        now = self._now()
        taken = (*shown.new, *(one.after for one in shown.changed))
        written = bodies(RegisterEntry.of(record, now, actor.id) for record in taken)

        def store(tx: Transaction) -> list[str]:
            if tx.clinic_records.state() != preview.state:
                msg = "the register changed since the file was looked at"
                raise PreviewOutdatedError(msg)
            tx.clinic_records.take(written)
            counts = f"new {len(shown.new)}, changed {len(shown.changed)}"
            tx.audit.append(AuditEntry(Act.REGISTER_IMPORTED, actor, reason=counts))
            return self._reconfirming.of_these_days(tx)

        try:
            changed = self._store.write(store)
        finally:
            self._previews.forget(actor)
        for visit_id in changed:
            self._on_change(visit_id)
        return shown

    def search(self, actor: Actor, text: str, number: int = 1) -> RegisterPage:
        """Return a page of the patients that ``text`` finds; which were shown is written down.

        ``text``: part of the name or the kana, the start of the number, or a birth date in any form
        that a file may have; empty for all.  A page past the last is the last.
        """
        require_register(actor)
        wanted = text.strip()[:LONGEST_SEARCH]
        born = _as_day(wanted)

        def look(tx: Transaction) -> RegisterPage:
            offset = (max(number, 1) - 1) * PAGE
            asked = searchable(wanted)
            found, total = tx.clinic_records.search(asked, born, offset, PAGE)
            pages = max(1, -(-total // PAGE))
            shown = min(max(number, 1), pages)
            if shown != number:
                found, total = tx.clinic_records.search(asked, born, (shown - 1) * PAGE, PAGE)
            if found:
                numbers = " ".join(entry.record.patient_number for entry in found)
                tx.audit.append(AuditEntry(Act.REGISTER_SEEN, actor, reason=numbers))
            return RegisterPage(tuple(found), total, shown, pages, tx.clinic_records.state()[0])

        return self._store.write(look)


def _as_day(text: str) -> date | None:
    try:
        return read_birthdate(text)
    except ValueError:
        return None
