"""One line of the clinic's register as it is kept, and what an import does to it: plain data."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from eligibility.clinic_record import ClinicRecord
from eligibility.names import comparable

_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def searchable(text: str) -> str:
    """Return ``text`` as names are searched: one width, no space, katakana, small letters.

    For finding only; whether two names are one is never decided by it.
    """
    folded = unicodedata.normalize("NFKC", comparable(text)).casefold()
    return folded.translate(_HIRAGANA_TO_KATAKANA)


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """A patient of the register.  ``taken_at``: of the import that wrote it last, by ``taken_by``.

    ``searched``: what a search by name or kana looks through.
    """

    record: ClinicRecord
    taken_at: datetime
    taken_by: str
    searched: str

    @staticmethod
    def of(record: ClinicRecord, taken_at: datetime, taken_by: str) -> RegisterEntry:
        """Return the entry of a record that an import brought."""
        searched = "\n".join((searchable(record.name), searchable(record.name_kana or "")))
        return RegisterEntry(record, taken_at, taken_by, searched)


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """What a file changes at one patient: ``fields`` are the names of those that differ."""

    before: ClinicRecord
    after: ClinicRecord
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegisterChanges:
    """What a file does to the register; ``missing`` stand in the register alone, and stay."""

    new: tuple[ClinicRecord, ...]
    changed: tuple[RegisterChange, ...]
    unchanged: int
    missing: tuple[str, ...]
