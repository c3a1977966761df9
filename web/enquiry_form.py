"""The forms for asking without a card: what was typed, and what to correct, at its field.

Widths and spaces are made one; nothing else is repaired.  A wrong check digit (検証番号) is told
once and does not hinder: public samples are full of them, so the staff's look at the document
counts.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import Sex
from eligibility.model import Coverage, NumberSubject, PersonSubject
from eligibility.numbers import insurer_number_is_consistent, normalise_insurer_number
from terminal.desk_enquiry import DOCUMENTS_WITH_NUMBER, DocumentSeen
from terminal.register.dates import read_birthdate
from web.forms import one_of
from web.i18n import text

LONGEST = 40
LONGEST_WORDS = 100
OLDEST = 130
"""Years; an older birth date is a slip of the pen."""
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_BRANCH = re.compile(r"[0-9]{1,2}", re.ASCII)
_SEXES = {"1": Sex.MALE, "2": Sex.FEMALE, "3": Sex.NOT_SET}


def new_id() -> str:
    """Return the id of the visit that a form will open, so that it opens one however often sent."""
    return uuid.uuid4().hex


def _id_in(form: Mapping[str, str]) -> str:
    written = form.get("visit", "")
    return written if _ID.fullmatch(written) else new_id()


def _one_width(written: str) -> str:
    return unicodedata.normalize("NFKC", written).strip()


def _birthdate(written: str, today: date) -> date | None:
    """Return the day, None for what is no birth date of anybody who may stand here."""
    try:
        born = read_birthdate(written)
    except ValueError:
        return None
    return born if born <= today and today.year - born.year <= OLDEST else None


@dataclass(frozen=True, slots=True)
class NumberEntry:
    """What stands in the form by number, as typed; ``errors`` by field, in the page's language.

    ``checked``: the insurer number whose check digit staff let stand; ``doubtful``: whether it is
    to be asked about now.  ``patient``: number of the clinic's record that the form was filled
    from; ``follows``: the visit that it repeats.
    """

    visit: str = ""
    insurer_number: str = ""
    symbol: str = ""
    number: str = ""
    branch: str = ""
    birthdate: str = ""
    document: str = ""
    checked: str = ""
    patient: str = ""
    follows: str = ""
    doubtful: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def blank(cls, *, follows: str = "") -> NumberEntry:
        """Return an empty form."""
        return cls(visit=new_id(), follows=follows)

    @classmethod
    def of(
        cls, known: ClinicRecord | NumberSubject | Coverage, *, follows: str = ""
    ) -> NumberEntry:
        """Return the form with the number that is known of somebody.

        ``known``: the clinic's record, who was asked about before, or one of several whom an answer
        named.  The document is still to be seen.
        """
        born = known.person.birthdate if isinstance(known, Coverage) else known.birthdate
        return cls(
            visit=new_id(),
            insurer_number=known.insurer_number or "",
            symbol=known.insured_card_symbol or "",
            number=known.insured_identification_number or "",
            branch=known.insured_branch_number or "",
            birthdate=born.isoformat(),
            patient=known.patient_number if isinstance(known, ClinicRecord) else "",
            follows=follows,
        )

    @classmethod
    def read(cls, form: Mapping[str, str], today: date) -> NumberEntry:
        """Return what was typed, each unusable field with its error."""
        entry = cls(
            visit=_id_in(form),
            insurer_number=form.get("insurer_number", ""),
            symbol=form.get("symbol", ""),
            number=form.get("number", ""),
            branch=form.get("branch", ""),
            birthdate=form.get("birthdate", ""),
            document=form.get("document", ""),
            checked=form.get("checked", ""),
            patient=form.get("patient", ""),
            follows=form.get("follows", ""),
        )
        return replace(entry, errors=entry._mistakes(today))

    def _mistakes(self, today: date) -> dict[str, str]:
        wrong = {
            "insurer_number": self._insurer() is None,
            "symbol": len(self.symbol) > LONGEST,
            "number": not 0 < len(_one_width(self.number)) <= LONGEST,
            "branch": bool(self.branch.strip()) and self._branch() is None,
            "birthdate": _birthdate(self.birthdate, today) is None,
            "document": self.seen is None,
        }
        return {name: text(f"enquiry.error.{name}") for name, is_so in wrong.items() if is_so}

    def _insurer(self) -> str | None:
        try:
            return normalise_insurer_number(self.insurer_number)
        except ValueError:
            return None

    def _branch(self) -> str | None:
        """Return the branch with two digits, None where there is none that can be right."""
        branch = _one_width(self.branch)
        return branch.zfill(2) if _BRANCH.fullmatch(branch) else None

    @property
    def seen(self) -> DocumentSeen | None:
        """The document that staff had in hand."""
        chosen = one_of(DocumentSeen, self.document)
        return chosen if chosen in DOCUMENTS_WITH_NUMBER else None

    @property
    def wants_a_look(self) -> bool:
        """Whether the insurer number's check digit is wrong and nobody let it stand yet."""
        insurer = self._insurer()
        return (
            insurer is not None
            and not insurer_number_is_consistent(insurer)
            and self.checked != insurer
        )

    def asked_about(self) -> NumberEntry:
        """Return the same form, asking whether this insurer number is right."""
        return replace(self, doubtful=True, checked=self._insurer() or "")

    def subject(self, today: date) -> NumberSubject:
        """Return whom to ask about; only where there are no errors."""
        insurer, born = self._insurer(), _birthdate(self.birthdate, today)
        if insurer is None or born is None or self.errors:
            msg = "a form with mistakes is about nobody"
            raise ValueError(msg)
        return NumberSubject(
            insurer_number=insurer,
            insured_identification_number=self.number.strip(),
            birthdate=born,
            insured_card_symbol=self.symbol.strip() or None,
            insured_branch_number=self._branch(),
        )


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """What stands in the form by name, as typed; ``errors`` by field."""

    visit: str = ""
    name: str = ""
    birthdate: str = ""
    sex: str = ""
    address: str = ""
    follows: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def blank(cls) -> PersonEntry:
        """Return an empty form."""
        return cls(visit=new_id())

    @classmethod
    def of_subject(cls, subject: PersonSubject, follows: str) -> PersonEntry:
        """Return the form with what was asked with before."""
        return cls(
            visit=new_id(),
            name=subject.name,
            birthdate=subject.birthdate.isoformat(),
            sex=subject.sex.value,
            address=subject.address or "",
            follows=follows,
        )

    @classmethod
    def read(cls, form: Mapping[str, str], today: date) -> PersonEntry:
        """Return what was typed, each unusable field with its error."""
        entry = cls(
            visit=_id_in(form),
            name=form.get("name", ""),
            birthdate=form.get("birthdate", ""),
            sex=form.get("sex", ""),
            address=form.get("address", ""),
            follows=form.get("follows", ""),
        )
        wrong = {
            "name": not 0 < len(entry.name.strip()) <= LONGEST_WORDS,
            "birthdate": _birthdate(entry.birthdate, today) is None,
            "sex": entry.sex not in _SEXES,
            "address": len(entry.address) > LONGEST_WORDS,
        }
        errors = {name: text(f"enquiry.error.{name}") for name, is_so in wrong.items() if is_so}
        return replace(entry, errors=errors)

    def subject(self, today: date) -> PersonSubject:
        """Return whom to ask about; only where there are no errors."""
        born = _birthdate(self.birthdate, today)
        if born is None or self.errors:
            msg = "a form with mistakes is about nobody"
            raise ValueError(msg)
        return PersonSubject(
            name=self.name.strip(),
            birthdate=born,
            sex=_SEXES[self.sex],
            address=self.address.strip() or None,
        )
