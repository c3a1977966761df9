"""被保険者資格申立書: offered where nothing confirms, filled with what was read alone."""

from __future__ import annotations

import pytest

from eligibility.codes import QualificationValidity, Sex
from terminal.access.accounts import Role
from terminal.declaration import Declaration, DeclarationReason
from terminal.errors import RoleError
from terminal.views import KioskStep, VisitDetail
from tests.clinic import Clinic, Staff


def identified(clinic: Clinic, persona: str) -> VisitDetail:
    """Let somebody be identified by PIN, agree to everything, and be answered; the card stays."""
    clinic.patient.taps(persona)
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    clinic.patient.sees(KioskStep.DONE)
    return clinic.reception.opens(clinic.reception.sees_answer().visit.id)


@pytest.mark.parametrize("persona", ["ordinary", "insurance-and-assistance"])
def test_none_where_the_payer_confirms(clinic: Clinic, persona: str) -> None:
    """Neither while the patient is at the kiosk nor after 有効 is there anything to declare.

    Medical assistance beside the insurance is confirmed as well.
    """
    clinic.patient.taps(persona)
    clinic.patient.sees(KioskStep.PIN)
    assert clinic.reception.opens(clinic.reception.row().visit.id).declaration is None
    clinic.patient.types_pin()
    assert clinic.reception.opens(clinic.reception.sees_answer().visit.id).declaration is None


@pytest.mark.parametrize("persona", ["job-change", "newer-insurance"])
def test_a_lost_qualification_leaves_the_insurer_blank(clinic: Clinic, persona: str) -> None:
    """The person is known by the answer; the former insurer is nothing that the form could hold."""
    detail = identified(clinic, persona)
    assert detail.row.coverage is not None
    person = detail.row.coverage.person
    assert detail.declaration == Declaration(
        DeclarationReason.NOT_REGISTERED_YET,
        person.name,
        person.name_kana,
        person.birthdate,
        person.sex if isinstance(person.sex, Sex) else None,
        person.address,
    )


def test_nobody_found_leaves_all_blank_until_the_card_is_read(clinic: Clinic) -> None:
    """Without a person in the answer only the card's own record fills the form."""
    detail = identified(clinic, "not-found")
    assert detail.declaration == Declaration(DeclarationReason.NOT_REGISTERED_YET)
    card = clinic.stage.face_of("not-found")
    read = clinic.reception.types_number_b(detail.row.visit.id, card)
    assert read.declaration is not None
    assert read.holder is not None
    assert (read.declaration.name, read.declaration.address) == (
        read.holder.attributes.name,
        read.holder.attributes.address,
    )
    assert read.declaration.name


def test_a_silent_payer_is_the_other_reason(clinic: Clinic) -> None:
    """No answer and nothing read: only the reason is known."""
    clinic.payer.faults.set("down", path="$submit")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    row = clinic.reception.sees_row(
        lambda row: row.question is not None and row.question.problem is not None, "no answer"
    )
    declared = clinic.reception.opens(row.visit.id).declaration
    assert declared == Declaration(DeclarationReason.NO_CONFIRMATION)


def test_another_persons_answer_fills_nothing(clinic: Clinic) -> None:
    """Where the payer names somebody else, the form holds the card's holder alone, no reason."""
    detail = identified(clinic, "mislinked")
    card = clinic.stage.face_of("mislinked")
    read = clinic.reception.types_number_b(detail.row.visit.id, card)
    assert read.row.withheld
    assert read.declaration is not None
    assert read.holder is not None
    assert read.declaration.name == read.holder.attributes.name
    assert read.declaration.name_kana is None
    assert read.declaration.reason is None


def test_several_candidates_fill_no_name(clinic: Clinic) -> None:
    """Of several people none is chosen, and none of the known reasons is the one."""
    detail = identified(clinic, "several")
    assert detail.answer is not None
    assert detail.answer.qualification_validity is QualificationValidity.SEVERAL
    assert detail.declaration == Declaration()


def test_an_expired_card_that_opens_nothing_is_declared_too(clinic: Clinic) -> None:
    """A visit that waits for staff because of its certificate has no question, and a form."""
    clinic.patient.taps("expired")
    clinic.patient.sees(KioskStep.WITH_STAFF)
    detail = clinic.reception.opens(clinic.reception.row().visit.id)
    assert detail.declaration == Declaration(DeclarationReason.NO_CONFIRMATION)


def test_an_administrator_sees_none(clinic: Clinic) -> None:
    """Who may not see coverage may not see the form."""
    detail = identified(clinic, "job-change")
    with pytest.raises(RoleError):
        Staff(clinic.terminal, Role.ADMINISTRATOR).opens(detail.row.visit.id)
