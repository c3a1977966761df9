"""Visits and the clinic's register: linked by themselves only where it is certain, else by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eligibility.clinic_record import ClinicRecord
from eligibility.model import FindingCode
from eligibility.simulator.people import Person
from terminal.access.accounts import Actor, Role
from terminal.audit import Act
from terminal.errors import RoleError, UnknownPatientError, VisitStateError
from terminal.register.file import write_register_file
from terminal.register.record_link import RecordView
from terminal.views import HistoryClosed
from tests.clinic import Clinic

PERSONA = "ordinary"


def person_of(clinic: Clinic, persona: str = PERSONA) -> Person:
    """Return whom the payer knows by this persona."""
    people = clinic.payer.payer.population.people
    return next(person for person in people if person.persona == persona)


def record_of(person: Person, number: str | None = None) -> ClinicRecord:
    """Return what the clinic would have on file of a person."""
    return ClinicRecord(
        number or person.reference_number or "1",
        person.registered_name,
        person.birthdate,
        person.name_kana,
        person.sex,
    )


def imports(clinic: Clinic, *records: ClinicRecord) -> None:
    """Let reception import these patients."""
    register, actor = clinic.terminal.register, clinic.reception.actor
    register.take(actor, register.look_at(actor, write_register_file(list(records)).encode()).id)


def comes(clinic: Clinic, persona: str = PERSONA) -> str:
    """Let somebody come, agree to all and go; return the visit's id."""
    return clinic.receives(persona).visit.id


def seen(clinic: Clinic, visit_id: str) -> RecordView:
    """Return what reception sees of the register beside a visit."""
    return clinic.terminal.record_links.view(
        clinic.reception.actor, clinic.reception.opens(visit_id)
    )


def found_codes(clinic: Clinic, visit_id: str) -> set[FindingCode]:
    """Return the codes of what was found about a visit."""
    confirmation = clinic.reception.opens(visit_id).row.confirmation
    assert confirmation is not None
    return {finding.code for finding in confirmation.findings}


def patient_id(clinic: Clinic, visit_id: str) -> str | None:
    """Return the number that is kept with a visit."""
    return clinic.reception.opens(visit_id).row.visit.clinic_patient_id


def test_a_certain_reference_number_links_by_itself(clinic: Clinic) -> None:
    """The number, birth date and name of one record agree: it is the person's."""
    person = person_of(clinic)
    imports(clinic, record_of(person), record_of(person_of(clinic, "elderly")))
    visit_id = comes(clinic)
    assert seen(clinic, visit_id).record == record_of(person)
    assert patient_id(clinic, visit_id) == person.reference_number


@pytest.mark.parametrize("kind", ["another-name", "another-day", "a-namesake", "no-reference"])
def test_a_doubt_links_nobody_and_shows_who_it_may_be(clinic: Clinic, kind: str) -> None:
    """A number that points at somebody else, a namesake, or no number: staff choose."""
    person = person_of(clinic)
    own = record_of(person)
    records = {
        "another-name": (replace(own, name="別人 太郎"),),
        "another-day": (replace(own, birthdate=own.birthdate.replace(year=1950)),),
        "a-namesake": (own, replace(own, patient_number="namesake")),
        "no-reference": (replace(own, patient_number="other"),),
    }[kind]
    imports(clinic, *records)
    visit_id = comes(clinic)
    view = seen(clinic, visit_id)
    assert (view.record, patient_id(clinic, visit_id)) == (None, None)
    assert {one.record.patient_number for one in view.candidates} == {
        one.patient_number for one in records
    }


def test_a_link_by_hand_holds_until_it_is_taken_back(clinic: Clinic) -> None:
    """Linked by staff, found again at the next visit, unlinked, taken back: each step is logged."""
    record = replace(record_of(person_of(clinic)), patient_number="00777")
    imports(clinic, record)
    links, actor = clinic.terminal.record_links, clinic.reception.actor
    first = comes(clinic)
    links.link(actor, first, "００７７７")
    assert (seen(clinic, first).record, patient_id(clinic, first)) == (record, "00777")
    second = comes(clinic)
    assert seen(clinic, second).record == record
    with pytest.raises(VisitStateError):
        links.undo(actor, second)
    links.unlink(actor, second)
    assert seen(clinic, second).record is None
    assert patient_id(clinic, first) is None
    links.undo(actor, second)
    assert seen(clinic, second).record == record
    log = clinic.terminal.store.read(lambda tx: tx.audit.of_visit(second))
    acts = [(one.act, one.actor_id, one.reason) for one in log if "record-" in one.act]
    assert acts == [
        (Act.RECORD_UNLINKED, actor.id, None),
        (Act.RECORD_LINKED, actor.id, "00777"),
    ]


def test_taking_the_first_link_back_leaves_it_to_the_terminal(clinic: Clinic) -> None:
    """What held before anybody chose holds again."""
    own = record_of(person_of(clinic))
    imports(clinic, own)
    visit_id = comes(clinic)
    links, actor = clinic.terminal.record_links, clinic.reception.actor
    links.unlink(actor, visit_id)
    assert seen(clinic, visit_id).record is None
    links.undo(actor, visit_id)
    assert seen(clinic, visit_id).record == own


def test_another_persons_record_closes_the_history_at_once(clinic: Clinic) -> None:
    """A wrong link is found as soon as it is made, and its taking back opens the history again."""
    imports(clinic, replace(record_of(person_of(clinic, "elderly")), patient_number="wrong"))
    visit_id = comes(clinic)
    clinic.doctor.sees_history(visit_id)
    links, actor = clinic.terminal.record_links, clinic.reception.actor
    links.link(actor, visit_id, "wrong")
    assert FindingCode.RECORD_IS_ANOTHER in found_codes(clinic, visit_id)
    closed = clinic.doctor.opens(visit_id)
    assert closed.history_closed_because is HistoryClosed.BLOCKED_BY_FINDING
    links.undo(actor, visit_id)
    assert FindingCode.RECORD_IS_ANOTHER not in found_codes(clinic, visit_id)
    clinic.doctor.sees_history(visit_id)


def test_what_cannot_be_linked_changes_nothing(clinic: Clinic) -> None:
    """A number nobody has, one that is none, and who may not see visits are refused."""
    visit_id = comes(clinic)
    links = clinic.terminal.record_links
    for number in ("12345", "", "a b", "1" * 100):
        with pytest.raises(UnknownPatientError):
            links.link(clinic.reception.actor, visit_id, number)
    administrator = Actor("admin", Role.ADMINISTRATOR)
    with pytest.raises(RoleError):
        links.link(administrator, visit_id, "1")
    with pytest.raises(RoleError):
        links.view(administrator, clinic.reception.opens(visit_id))
    with pytest.raises(VisitStateError):
        links.undo(clinic.reception.actor, visit_id)
    assert patient_id(clinic, visit_id) is None


def test_a_renewed_cards_former_link_is_offered_and_taken_over_by_hand_alone(
    clinic: Clinic,
) -> None:
    """The same person certainly: what staff chose for the earlier card is named, not taken."""
    record = replace(record_of(person_of(clinic)), patient_number="00777")
    other = replace(record, patient_number="00778")
    imports(clinic, record, other)
    links, actor = clinic.terminal.record_links, clinic.reception.actor
    links.link(actor, comes(clinic), "00777")
    renewed = comes(clinic, "ordinary-reissued")
    view = seen(clinic, renewed)
    assert (view.record, view.from_before) == (None, record)
    assert patient_id(clinic, renewed) is None
    links.link(actor, renewed, "00777")
    view = seen(clinic, renewed)
    assert (view.record, view.from_before) == (record, None)
    links.undo(actor, renewed)
    # who chose for the new card is not offered the old choice again
    assert seen(clinic, renewed).from_before is None


def test_no_link_is_offered_that_is_another_persons_or_for_another_person(clinic: Clinic) -> None:
    """An earlier link that the answer contradicts, and another patient's link, are not named."""
    wrong = replace(record_of(person_of(clinic, "elderly")), patient_number="wrong")
    imports(clinic, wrong)
    links, actor = clinic.terminal.record_links, clinic.reception.actor
    links.link(actor, comes(clinic), "wrong")
    assert seen(clinic, comes(clinic, "ordinary-reissued")).from_before is None
    assert seen(clinic, comes(clinic, "elderly")).from_before is None


def test_an_import_holds_todays_visits_against_the_register_again(clinic: Clinic) -> None:
    """A corrected record, and one that was missing, count at once for who is here already."""
    person = person_of(clinic)
    wrong = replace(record_of(person), name="別人 太郎")
    imports(clinic, wrong)
    visit_id = comes(clinic)
    clinic.doctor.sees_history(visit_id)
    clinic.terminal.record_links.link(clinic.reception.actor, visit_id, wrong.patient_number)
    assert FindingCode.RECORD_IS_ANOTHER in found_codes(clinic, visit_id)
    imports(clinic, replace(wrong, name=person.registered_name))
    assert FindingCode.RECORD_IS_ANOTHER not in found_codes(clinic, visit_id)
    clinic.doctor.sees_history(visit_id)
    imports(clinic, wrong)
    assert FindingCode.RECORD_IS_ANOTHER in found_codes(clinic, visit_id)
    closed = clinic.doctor.opens(visit_id)
    assert closed.history_closed_because is HistoryClosed.BLOCKED_BY_FINDING

    other = comes(clinic, "elderly")
    assert patient_id(clinic, other) is None
    position = clinic.terminal.bus.sequence
    imports(clinic, record_of(person_of(clinic, "elderly")))
    assert patient_id(clinic, other) == person_of(clinic, "elderly").reference_number
    assert clinic.terminal.bus.sequence > position
