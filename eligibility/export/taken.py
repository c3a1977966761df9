"""What a file of consented history is made of: records, whose, from whom, by which consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory, QualificationValidity, Sex, UnknownCode
from eligibility.history import History, Institution
from eligibility.history.timeline import DrugLine
from eligibility.model import Consent, Coverage, InsuredPerson

SOURCE = "オンライン資格確認等システム"
"""Who told all of it."""


class PartState(StrEnum):
    """Why a category has records in a file, or none."""

    FETCHED = "fetched"
    """Consented and fetched whole: no record means that nothing is on record."""
    NOT_FETCHED = "not-fetched"
    """Consented, but the payer did not give it."""
    NOT_TOLD = "not-told"
    """Consented, but the payer's interface has no message of it."""
    NOT_CONSENTED = "not-consented"


@dataclass(frozen=True, slots=True)
class TakenHistory:
    """A history as it was taken for a file.

    ``id``: of this file, 32 hex digits.  ``institution``: whose desk wrote it.  ``adapter``: over
    what the payer was asked; ``as_of``: when it told the coverage.  ``coverages``: all results of
    that answer, of one birth date.  ``patient_number``: the clinic's own, where staff linked the
    patient.  ``history``: only what ``consent`` opens; ``wanted``: what the file is about.
    """

    id: str
    exported_at: datetime
    institution: Institution
    adapter: str
    as_of: datetime
    validity: QualificationValidity | UnknownCode | None
    coverages: tuple[Coverage, ...]
    consent: Consent
    history: History
    wanted: frozenset[ConsentCategory]
    patient_number: str | None = None

    def __post_init__(self) -> None:
        """Refuse what does not say whose it is, or holds what it may not."""
        if len({one.person.birthdate for one in self.coverages}) != 1:
            msg = "a history is somebody's: the coverages name one birth date"
            raise ValueError(msg)
        if self.history.consent_id != self.consent.id:
            msg = "a history was fetched under the consent that opens it"
            raise ValueError(msg)
        opened = {one for one in self.wanted if self.consent.allows(one, self.exported_at)}
        if self.history != self.history.narrowed_to(opened):
            msg = "a file holds only what the consent opens and what it is about"
            raise ValueError(msg)

    @property
    def source(self) -> str:
        """Who told it, and over which interface."""
        return f"{SOURCE} ({self.adapter})"

    @property
    def birthdate(self) -> date:
        """The patient's."""
        return self.coverages[0].person.birthdate

    @property
    def persons(self) -> tuple[InsuredPerson, ...]:
        """How each coverage writes the patient, each way of writing once."""
        return tuple(dict.fromkeys(one.person for one in self.coverages))

    @property
    def names(self) -> tuple[str, ...]:
        """The patient's names as the coverages write them; none is chosen."""
        return tuple(dict.fromkeys(one.name for one in self.persons))

    @property
    def sex(self) -> Sex | UnknownCode | None:
        """The patient's, None where the coverages disagree."""
        told = {one.sex for one in self.persons}
        return told.pop() if len(told) == 1 else None

    @property
    def today(self) -> date:
        """The day in Japan on which the file was made."""
        return self.exported_at.astimezone(JAPAN).date()

    def state(self, category: ConsentCategory) -> PartState:
        """Return why a category has records here, or none."""
        if category in self.history.fetched:
            return PartState.FETCHED
        if category in self.history.untold:
            return PartState.NOT_TOLD
        if self.consent.allows(category, self.exported_at):
            return PartState.NOT_FETCHED
        return PartState.NOT_CONSENTED

    def drug_lines(self) -> tuple[DrugLine, ...]:
        """Return the medicines without doubles, the newest first, each with what is doubtful."""
        drugs = self.history.drugs
        lines = {
            id(line.entry): line
            for group in drugs.groups(self.today, self.birthdate)
            for line in group.lines
        }
        return tuple(lines[id(entry)] for entry in drugs.entries)
