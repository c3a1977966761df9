"""Which record of the clinic's register stands beside an answer: by staff's choice, or certainly.

By itself the terminal takes a record only where the payer's reference number (照会番号) names it,
nobody else of the register could be the person, and birth date and name agree.
"""

from __future__ import annotations

from eligibility.clinic_record import ClinicRecord
from eligibility.model import HolderAttributes, InsuredPerson, NotRead, PayerAnswer, Subject
from eligibility.register import Candidates, Ground, candidates
from eligibility.results import one_person
from terminal.register.file import read_patient_number
from terminal.register.record_link import LinkChoice, RecordLink
from terminal.store import Transaction


def choice_for(tx: Transaction, subject: Subject) -> RecordLink | None:
    """Return the newest choice of staff for this card or number, None where nothing was chosen."""
    link = next(iter(tx.record_links.of_subject(subject)), None)
    return None if link is None or link.choice is LinkChoice.LEFT else link


def record_for(tx: Transaction, answer: PayerAnswer) -> ClinicRecord | None:
    """Return the record that ``answer`` is to be held against, None for nobody's."""
    link = choice_for(tx, answer.subject)
    if link is not None:
        return None if link.patient_number is None else _entry(tx, link.patient_number)
    person = one_person(answer)
    if person is None:
        return None
    found = candidates_for(tx, person, answer.reference_number)
    one = found.the_one
    named = one is not None and Ground.REFERENCE_NUMBER in found.all[0].grounds
    return one if named else None


def candidates_for(
    tx: Transaction, person: InsuredPerson | HolderAttributes, reference_number: str | None
) -> Candidates:
    """Return everybody of the register who may be ``person``, by birth date and reference."""
    found: dict[str, ClinicRecord] = {}
    if not isinstance(person.birthdate, NotRead):
        for entry in tx.clinic_records.born_on(person.birthdate):
            found[entry.record.patient_number] = entry.record
    named = _entry(tx, reference_number or "")
    if named is not None:
        found[named.patient_number] = named
    return candidates(person, found.values(), reference_number=reference_number)


def _entry(tx: Transaction, number: str) -> ClinicRecord | None:
    try:
        entry = tx.clinic_records.find(read_patient_number(number))
    except ValueError:
        return None
    return None if entry is None else entry.record
