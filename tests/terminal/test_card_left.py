"""Cards that lie on the reader and that nobody is using."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.reader.played import Traits
from terminal.views import KioskNotice, KioskStep
from terminal.virtual_card.issuing import load_card
from tests.clinic import Clinic, Stage, opened_clinic, wait_for


@pytest.fixture(params=["pcsc", "socket"])
def each_reader(request: pytest.FixtureRequest, tmp_path: Path, stage: Stage) -> Iterator[Clinic]:
    """A clinic with each kind of reader in turn."""
    traits = Traits() if request.param == "socket" else None
    with opened_clinic(tmp_path, stage, traits=traits) as clinic:
        yield clinic


def test_a_card_found_at_the_start_begins_no_visit(each_reader: Clinic) -> None:
    """After a restart the card that lies there is not even read: it is to be taken, staff see it.

    Taken and put again it is a tap like any other.
    """
    clinic = each_reader
    first = clinic.patient.taps("ordinary")
    card = load_card(clinic.stage.cards_dir, "ordinary").card
    clinic.slot.insert(card)
    # the swap has to be over, or it would come as a tap after the restart
    wait_for(lambda: clinic.patient.screen.visit_id not in (None, first.visit_id), "the card")
    clinic.patient.sees(KioskStep.PIN)
    clinic.restarts()
    view = clinic.patient.sees(KioskStep.CARD_PROBLEM)
    assert (view.notice, view.visit_id, view.card_present) == (KioskNotice.CARD_LEFT, None, True)
    sent = len(card.trace.entries())
    assert clinic.terminal.desk.today(clinic.reception.actor).card_left_at is not None
    before = len(clinic.terminal.desk.today(clinic.reception.actor).rows)
    clinic.patient.takes_card()
    clinic.patient.sees(KioskStep.IDLE)
    assert len(card.trace.entries()) == sent
    assert clinic.terminal.desk.today(clinic.reception.actor).card_left_at is None
    assert clinic.patient.taps("ordinary").step is KioskStep.PIN
    assert len(clinic.terminal.desk.today(clinic.reception.actor).rows) == before + 1
