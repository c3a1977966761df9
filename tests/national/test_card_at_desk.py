"""A card on the desk's own reader, where the payer is asked over the national interface."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.errors import LookRefusedError
from terminal.views import DeskNeed, KioskNotice, KioskStep
from terminal.visit import StaffNeed, VisitState
from tests.clinic import Clinic, Stage, opened_clinic, wait_for


@pytest.fixture
def linked(stage: Stage, tmp_path: Path) -> Iterator[Clinic]:
    """A desk that asks over the folders ``req`` and ``res`` below ``tmp_path``."""
    for name in ("req", "res"):
        (tmp_path / name).mkdir()
    national = f'[national]\nreq_dir = "{tmp_path / "req"}"\nres_dir = "{tmp_path / "res"}"\n'
    chosen = 'interface = "national"\n' + national
    with opened_clinic(tmp_path, stage, speed=4, eligibility=chosen) as clinic:
        yield clinic


@pytest.mark.parametrize("persona", ["ordinary", "pin-blocked", "phone"])
def test_a_card_at_the_desk_is_sent_on_before_anything_is_asked_of_the_patient(
    linked: Clinic, tmp_path: Path, persona: str
) -> None:
    """Whatever the card, nobody types a PIN or answers for nothing: staff are called at once."""
    view = linked.patient.taps(persona)
    assert (view.step, view.notice) == (KioskStep.WITH_STAFF, KioskNotice.OTHER_READER)
    assert view.methods == ()
    row = linked.reception.row()
    assert (row.visit.state, row.visit.staff_need) == (
        VisitState.WITH_STAFF,
        StaffNeed.OTHER_READER,
    )
    assert row.need is DeskNeed.OTHER_WAY
    assert (row.question, row.consent, row.identification) == (None, None, None)
    assert list((tmp_path / "req").iterdir()) == []


def test_staff_cannot_identify_its_holder_either(linked: Clinic) -> None:
    """A look would commit a question that cannot be asked: none is offered, none is taken."""
    linked.patient.taps("ordinary")
    visit = linked.reception.row().visit
    detail = linked.reception.opens(visit.id)
    assert (visit.subject, detail.may_identify, detail.may_close) == (None, False, True)
    with pytest.raises(LookRefusedError):
        linked.reception.looks(visit.id)


def test_the_kiosk_is_free_for_the_next_once_the_card_is_taken(linked: Clinic) -> None:
    """The words stay to be read, then the screen is clean; staff keep the visit."""
    linked.patient.taps("ordinary")
    linked.patient.takes_card()
    view = linked.patient.screen
    assert (view.step, view.notice) == (KioskStep.WITH_STAFF, KioskNotice.OTHER_READER)
    wait_for(lambda: linked.patient.screen.step is KioskStep.IDLE, "a clean screen")
    assert linked.reception.row().visit.state is VisitState.WITH_STAFF
