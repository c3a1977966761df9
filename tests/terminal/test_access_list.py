"""Who looked at one patient's data, as the patient gets it."""

from __future__ import annotations

import pytest

from eligibility.model import Subject
from terminal.access.accounts import Actor, Role, StaffAccount
from terminal.access_list import AccessList, Looked, same_person
from terminal.errors import RoleError, VisitStateError
from tests.clinic import Clinic


def visits(clinic: Clinic, persona: str) -> str:
    """Let somebody share everything and go; return the visit."""
    return clinic.receives(persona).visit.id


def list_of(clinic: Clinic, visit_id: str) -> AccessList:
    """Take the list at reception."""
    return clinic.terminal.access_lists.take(clinic.reception.actor, visit_id)


def hired(clinic: Clinic, role: Role) -> tuple[StaffAccount, Actor]:
    """Return a new member of staff."""
    account = clinic.terminal.access.create_account(
        Actor("terminal"), f"{role}-2", f"{role} two", role, "a long enough password"
    )
    return account, Actor(account.id, role, account.display_name)


def test_a_look_at_history_says_who_what_and_by_which_consent(clinic: Clinic) -> None:
    """The doctor's look stands there with role, categories, visit and when it was consented."""
    visit_id = visits(clinic, "ordinary")
    account, doctor = hired(clinic, Role.CLINICIAN)
    clinic.doctor.sees_history(visit_id)
    clinic.terminal.desk.history(doctor, visit_id)
    look = next(one for one in list_of(clinic, visit_id).looks if one.by == account)
    assert look.what is Looked.HISTORY
    assert "YZK" in look.categories.split(",")
    consent = clinic.terminal.store.read(lambda tx: tx.consents.of_visit(visit_id))
    assert consent is not None
    assert look.consent_at == consent.given_at
    assert look.visit_id == visit_id


def test_all_visits_of_one_person_and_nobody_elses(clinic: Clinic) -> None:
    """Both visits of one card stand there; another person's looks never do."""
    first = visits(clinic, "ordinary")
    other = visits(clinic, "elderly")
    second = visits(clinic, "ordinary")
    for visit_id in (first, other, second):
        clinic.reception.opens(visit_id)
    assert {look.visit_id for look in list_of(clinic, second).looks} == {first, second}
    assert {look.visit_id for look in list_of(clinic, other).looks} == {other}


def test_the_list_is_a_look_itself(clinic: Clinic) -> None:
    """Who took it stands on top of it."""
    visit_id = visits(clinic, "ordinary")
    newest = list_of(clinic, visit_id).looks[0]
    assert (newest.what, newest.times) == (Looked.ACCESS_LIST, 1)


def test_an_administrator_takes_no_list(clinic: Clinic) -> None:
    """Even that somebody has records here is not for the administrator."""
    visit_id = visits(clinic, "ordinary")
    with pytest.raises(RoleError):
        clinic.terminal.access_lists.take(clinic.administrator.actor, visit_id)


def test_nobody_has_no_list(clinic: Clinic) -> None:
    """Where no card was read there is nobody to give it to."""
    clinic.terminal.desk.call_staff(None)
    visit_id = clinic.reception.row().visit.id
    with pytest.raises(VisitStateError):
        list_of(clinic, visit_id)


def test_two_people_of_one_family_are_two(clinic: Clinic) -> None:
    """A number without a branch, or another birth date or name, makes nobody the same person."""
    visits(clinic, "ordinary")
    subjects: set[Subject] = set()
    for persona in ("ordinary", "elderly", "child"):
        visit_id = visits(clinic, persona) if persona != "child" else visits_with_parent(clinic)
        subject = clinic.terminal.store.read(
            lambda tx, visit_id=visit_id: tx.visits.get(visit_id).subject  # type: ignore[misc]
        )
        assert subject is not None
        subjects.add(subject)
    for subject in subjects:
        found = clinic.terminal.store.read(
            lambda tx, subject=subject: same_person(tx, subject)  # type: ignore[misc]
        )
        assert found == {subject}


def visits_with_parent(clinic: Clinic) -> str:
    """Let a child's parent refuse everything; return the visit."""
    clinic.patient.taps("child")
    clinic.patient.types_pin()
    clinic.patient.answers_all(allow=False)
    visit_id = clinic.reception.sees_answer().visit.id
    clinic.patient.takes_card()
    return visit_id
