"""The right name that staff enter: kept beside the payer's for later visits, taken back at will."""

from __future__ import annotations

import pytest

from terminal.access.accounts import Actor, Role
from terminal.audit import Act
from terminal.errors import RightNameRefusedError, RoleError
from tests.clinic import Clinic


def comes(clinic: Clinic, persona: str = "replaced-character") -> str:
    """Let somebody come, by default with a replaced character; return the visit's id."""
    return clinic.receives(persona).visit.id


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


def test_taking_a_correction_back_brings_the_former_name(clinic: Clinic) -> None:
    """Each step back leads one entry back, and no further than to none; pressed twice it is one."""
    names, actor = clinic.terminal.right_names, clinic.reception.actor
    visit_id = comes(clinic)
    for written in ("髙橋 恵", "髙橋 惠", "髙橋 惠"):
        names.enter(actor, visit_id, written)
    holds = names.withdraw(actor, visit_id)
    assert holds is not None
    assert holds.name == "髙橋 恵"
    assert names.view(actor, visit_id).entered == holds
    assert names.withdraw(actor, visit_id) is None
    assert names.withdraw(actor, visit_id) is None
    names.enter(actor, visit_id, "髙橋 惠")
    entered = names.view(actor, visit_id).entered
    assert entered is not None
    assert entered.name == "髙橋 惠"


def test_the_list_shows_the_right_name_beside_a_name_that_cannot_be_written(
    clinic: Clinic,
) -> None:
    """The payer's name stays; beside a name that can be written nothing is put."""
    names, actor = clinic.terminal.right_names, clinic.reception.actor
    visit_id = comes(clinic)
    names.enter(actor, visit_id, "髙橋 恵")
    row = clinic.reception.opens(visit_id).row
    assert row.right_name == "髙橋 恵"
    assert row.name
    assert "●" in row.name
    plain = comes(clinic, "ordinary")
    names.enter(actor, plain, "見本 太郎")
    assert clinic.reception.opens(plain).row.right_name is None


def test_a_renewed_cards_former_name_is_offered_and_never_taken_by_itself(clinic: Clinic) -> None:
    """What was entered for the earlier card of certainly the same person is named, once."""
    names, actor = clinic.terminal.right_names, clinic.reception.actor
    names.enter(actor, comes(clinic, "ordinary"), "髙橋 恵")
    renewed = comes(clinic, "ordinary-reissued")
    view = names.view(actor, renewed)
    assert view.entered is None
    assert view.from_before is not None
    assert view.from_before.name == "髙橋 恵"
    names.enter(actor, renewed, "髙橋 恵")
    assert names.view(actor, renewed).from_before is None
    assert names.view(actor, comes(clinic)).from_before is None


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
