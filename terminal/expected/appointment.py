"""An appointment (予約) as the clinic's own system exports it, and whom to ask about for it.  Pure.

What the line leaves empty is taken from the clinic's record of that patient number.  Where the two
contradict each other nobody is asked about: a mistyped number must not bring another's insurance.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass, replace
from datetime import date
from enum import StrEnum

from eligibility.clinic_record import ClinicRecord
from eligibility.model import NumberSubject
from eligibility.names import certainly_differ


@dataclass(frozen=True, slots=True)
class Appointment:
    """One line of the list.  ``id``: the same for the same content; ``time``: ``09:30``, in Japan.

    The fields of the patient are those of :class:`~eligibility.clinic_record.ClinicRecord`.
    """

    id: str
    day: date
    time: str | None = None
    patient_number: str | None = None
    name: str | None = None
    name_kana: str | None = None
    birthdate: date | None = None
    insurer_number: str | None = None
    insured_card_symbol: str | None = None
    insured_identification_number: str | None = None
    insured_branch_number: str | None = None

    def with_id(self) -> Appointment:
        """Return this appointment with the id that its content gives."""
        content = "\x1f".join(map(str, astuple(replace(self, id=""))))
        return replace(self, id=hashlib.sha256(content.encode()).hexdigest()[:32])


class NotAskable(StrEnum):
    """Why nobody can be asked about for an appointment; each has a sentence and a next step."""

    UNKNOWN_PATIENT = "unknown-patient"
    NAME_MISSING = "name-missing"
    BIRTHDATE_MISSING = "birthdate-missing"
    NUMBER_MISSING = "number-missing"
    CONTRADICTS_RECORD = "contradicts-record"


@dataclass(frozen=True, slots=True)
class Expected:
    """Whom the clinic expects, and by which number to ask about them.

    ``record``: the clinic's own, or what the list says where the register has nobody;
    ``patient_number``: None where the list names none.
    """

    record: ClinicRecord
    subject: NumberSubject
    patient_number: str | None

    @property
    def key(self) -> str:
        """The same for the same person under the same number, whatever the appointment."""
        person = (self.patient_number, self.record.name, *astuple(self.subject))
        return hashlib.sha256("\x1f".join(map(str, person)).encode()).hexdigest()[:32]


def expected_at(appointment: Appointment, record: ClinicRecord | None) -> Expected | NotAskable:
    """Return whom to ask about; ``record``: the clinic's own of the appointment's patient number.

    Insurer, symbol, number and branch are taken together, from the list where it names any.
    """
    if record is None and appointment.patient_number is not None and not appointment.name:
        return NotAskable.UNKNOWN_PATIENT
    if record is not None and _contradicts(appointment, record):
        return NotAskable.CONTRADICTS_RECORD
    name = appointment.name if record is None else record.name
    birthdate = appointment.birthdate if record is None else record.birthdate
    if not name:
        return NotAskable.NAME_MISSING
    if birthdate is None:
        return NotAskable.BIRTHDATE_MISSING
    listed = ClinicRecord(
        patient_number=appointment.patient_number or "",
        name=name,
        birthdate=birthdate,
        name_kana=appointment.name_kana,
        insurer_number=appointment.insurer_number,
        insured_card_symbol=appointment.insured_card_symbol,
        insured_identification_number=appointment.insured_identification_number,
        insured_branch_number=appointment.insured_branch_number,
    )
    own = record or listed
    lists_insurance = listed.insurer_number or listed.insured_identification_number
    subject = insured_subject(listed if lists_insurance else own)
    if subject is None:
        return NotAskable.NUMBER_MISSING
    return Expected(own, subject, appointment.patient_number)


def insured_subject(record: ClinicRecord) -> NumberSubject | None:
    """Return by which number to ask about a patient, None where insurer or number is missing."""
    if not record.insurer_number or not record.insured_identification_number:
        return None
    return NumberSubject(
        insurer_number=record.insurer_number,
        insured_identification_number=record.insured_identification_number,
        birthdate=record.birthdate,
        insured_card_symbol=record.insured_card_symbol,
        insured_branch_number=record.insured_branch_number,
    )


def _contradicts(appointment: Appointment, record: ClinicRecord) -> bool:
    if appointment.birthdate is not None and appointment.birthdate != record.birthdate:
        return True
    return appointment.name is not None and certainly_differ(appointment.name, record.name)
