"""Which patient of the clinic's register a holder is, by hand or by itself: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from eligibility.clinic_record import ClinicRecord
from eligibility.register import Candidate
from eligibility.subjects import KnownSubject


class LinkChoice(StrEnum):
    """What staff chose for a holder."""

    LINKED = "linked"
    """This patient of the register."""
    UNLINKED = "unlinked"
    """None of the register, also not the one whom the reference number names."""
    LEFT = "left"
    """As the terminal finds by itself: what held before anybody chose."""


@dataclass(frozen=True, slots=True)
class RecordLink:
    """One choice; the newest for a certificate or number counts, none is changed.

    ``patient_number``: with LINKED; ``made_by``: account; ``visit_id``: at which visit it was made.
    """

    id: str
    subject: KnownSubject
    choice: LinkChoice
    made_at: datetime
    made_by: str
    visit_id: str
    patient_number: str | None = None


@dataclass(frozen=True, slots=True)
class RecordView:
    """The clinic's own record beside one visit.

    ``record``: whom the visit is linked to, None for nobody; ``link``: the choice that made it so,
    None where the terminal found it by the reference number, or nobody chose; ``link_made_by``: a
    name.  ``gone``: the number that was chosen and that the register no longer holds.
    ``candidates``: everybody of the register who may be the person, where nobody is linked.
    ``from_before``: whom staff linked a card or number to that the same person certainly had
    before, where nobody chose for this one; it may be taken over, nothing does so by itself.
    ``may_link``: not without card or number, nor where the clinic has imported no register.
    """

    record: ClinicRecord | None = None
    link: RecordLink | None = None
    link_made_by: str | None = None
    gone: str | None = None
    candidates: tuple[Candidate, ...] = ()
    from_before: ClinicRecord | None = None
    may_link: bool = False
    may_undo: bool = False
