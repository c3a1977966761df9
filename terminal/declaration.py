"""被保険者資格申立書: what the desk can fill in of it, where nothing confirms the qualification.

The patient declares to be insured, and pays the ordinary share (保発0710第1号, 2023-07-10).  What
nobody read stays blank: the patient writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from eligibility.codes import QualificationValidity, Sex
from eligibility.model import HolderAttributes, NotRead, PayerAnswer
from eligibility.names import has_replaced_characters
from eligibility.results import is_insurance_beside_assistance, one_person
from eligibility.validity import CONFIRMED
from terminal.visit import VisitState

if TYPE_CHECKING:
    from terminal.views import VisitRow

_T = TypeVar("_T")

_LOST = frozenset(
    {
        QualificationValidity.INVALID,
        QualificationValidity.INVALID_NEW_EXISTS,
        QualificationValidity.NOT_FOUND,
    }
)


class DeclarationReason(StrEnum):
    """Why the qualification cannot be confirmed online, as the form asks for it."""

    NOT_REGISTERED_YET = "not-registered-yet"
    """「資格（無効）」「資格情報なし」: a new insurer has not registered the person yet."""
    NO_CONFIRMATION = "no-confirmation"
    """The machine, the line or the payer failed."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """The form as far as it is known; None is a blank to be written by hand.

    The insurer is always a blank: the one of an earlier or refused answer may be the former one.
    ``name_is_entered``: by staff, since the payer's cannot be written.
    """

    reason: DeclarationReason | None = None
    name: str | None = None
    name_kana: str | None = None
    birthdate: date | None = None
    sex: Sex | None = None
    address: str | None = None
    name_is_entered: bool = False


def declaration_of(
    row: VisitRow, attributes: HolderAttributes | None, answer: PayerAnswer | None
) -> Declaration | None:
    """Return the form for this visit, None while the qualification is or may yet be confirmed.

    ``attributes``: the holder's as the card says them; they come before the payer's.  ``answer``:
    what ``row`` stands on, None where it is withheld.  For a name with ``●`` stands what staff
    entered, else a blank.
    """
    if not _nothing_confirms(row):
        return None
    person = one_person(answer) if answer else None
    card = attributes or HolderAttributes()
    name, sex = _read(card.name), _read(card.sex)
    entered = name is None and person is not None and row.right_name is not None
    if person is not None:
        unreadable = has_replaced_characters(person.name)
        name = name or row.right_name or (None if unreadable else person.name)
        sex = sex or person.sex
    return Declaration(
        reason=_reason(row),
        name=name,
        name_kana=None if person is None else person.name_kana,
        birthdate=_read(card.birthdate) or (None if person is None else person.birthdate),
        sex=sex if sex in (Sex.MALE, Sex.FEMALE) else None,
        address=_read(card.address) or (None if person is None else person.address),
        name_is_entered=entered,
    )


def _nothing_confirms(row: VisitRow) -> bool:
    if row.visit.state is VisitState.OPENED:
        return False
    if row.confirmation is not None and row.is_current:
        validity = row.confirmation.qualification_validity
        one = len(row.results) == 1 or is_insurance_beside_assistance(row.results)
        return row.withheld or not one or validity not in CONFIRMED
    return row.question is None or row.question.problem is not None


def _reason(row: VisitRow) -> DeclarationReason | None:
    """Tell a lost qualification from no answer; another person's, or several, is neither."""
    if row.withheld:
        return None
    if row.confirmation is None or not row.is_current:
        return DeclarationReason.NO_CONFIRMATION
    lost = row.confirmation.qualification_validity in _LOST
    return DeclarationReason.NOT_REGISTERED_YET if lost else None


def _read(value: _T | NotRead) -> _T | None:
    return None if isinstance(value, NotRead) else value
