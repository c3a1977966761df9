"""The right name that staff enter: kept beside the payer's for later visits, taken back at will."""

from __future__ import annotations

import pytest

from terminal.accounts import Actor, Role
from terminal.audit import Act
from terminal.errors import RightNameRefusedError, RoleError
from terminal.views import KioskStep
from tests.clinic import Clinic


def comes(clinic: Clinic) -> str:
    """Let the patient with a replaced character come; return the visit's id."""
    clinic.patient.taps("replaced-character")
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    clinic.patient.sees(KioskStep.DONE)
    row = clinic.reception.sees_answer()
    clinic.patient.takes_card()
    return row.visit.id


def test_a_name_is_entered_once_and_taken_back(clinic: Clinic) -> None:
    """It is there at the next visit, the payer's name stays what it was, each step is logged."""
    names, actor = clinic.terminal.right_names, clinic.reception.actor
    first = comes(clinic)
    answered = clinic.reception.opens(first).answer
    assert names.view(actor, first).entered is None
    names.enter(actor, first, " 髙橋\u3000恵 ")
    second = comes(clinic)
    entered = names.view(actor, second).entered
    assert entered is not None
    assert (entered.name, entered.entered_by, entered.visit_id) == ("髙橋\u3000恵", actor.id, first)
    assert clinic.reception.opens(first).answer == answered
    names.withdraw(actor, second)
    assert names.view(actor, first).entered is None
    log = clinic.terminal.store.read(
        lambda tx: [*tx.audit.of_visit(first), *tx.audit.of_visit(second)]
    )
    acts = [(one.act, one.reason) for one in log if "right-name" in one.act]
    assert acts == [(Act.RIGHT_NAME_ENTERED, None), (Act.RIGHT_NAME_WITHDRAWN, None)]


def test_what_is_no_name_is_not_kept(clinic: Clinic) -> None:
    """Nothing, too much, ●, line breaks and an Individual Number are refused without a trace."""
    visit_id = comes(clinic)
    names, actor = clinic.terminal.right_names, clinic.reception.actor
    for written in ("", "\u3000", "甲" * 101, "●橋 恵", "髙橋\n恵", "1234 5678 9018"):
        with pytest.raises(RightNameRefusedError):
            names.enter(actor, visit_id, written)
    administrator = Actor("admin", Role.ADMINISTRATOR)
    with pytest.raises(RoleError):
        names.enter(administrator, visit_id, "髙橋 恵")
    with pytest.raises(RoleError):
        names.view(administrator, visit_id)
    assert names.view(actor, visit_id).entered is None
