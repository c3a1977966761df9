"""A card on the desk's own reader, where the payer is asked over the national interface."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.errors import LookRefusedError
from terminal.reader.played import Cable, Traits
from terminal.views import CardPlace, DeskNeed, KioskNotice, KioskStep
from terminal.visit import StaffNeed, VisitState
from tests.clinic import Clinic, Stage, opened_clinic, wait_for


def over_folders(folder: Path, *more: str) -> str:
    """Return a section that has the payer asked over folders below ``folder``, which are made."""
    names = ("req", "res", *more)
    for name in names:
        (folder / name).mkdir(parents=True)
    dirs = "".join(f'{name}_dir = "{folder / name}"\n' for name in names)
    return f'interface = "national"\n[national]\n{dirs}'


@pytest.fixture
def linked(stage: Stage, tmp_path: Path) -> Iterator[Clinic]:
    """A desk that asks over the folders ``req`` and ``res`` below ``tmp_path``."""
    with opened_clinic(tmp_path, stage, eligibility=over_folders(tmp_path)) as clinic:
        yield clinic


@pytest.mark.parametrize("persona", ["ordinary", "pin-blocked", "phone", "not-loaded"])
def test_a_card_at_the_desk_is_sent_on_unread(linked: Clinic, tmp_path: Path, persona: str) -> None:
    """Whatever the card, nobody types a PIN or answers for nothing, and no visit is left behind."""
    view = linked.patient.taps(persona)
    assert (view.step, view.notice) == (KioskStep.CARD_PROBLEM, KioskNotice.CARD_ELSEWHERE)
    assert (view.visit_id, view.methods) == (None, ())
    assert linked.terminal.desk.today(linked.reception.actor).rows == ()
    assert list((tmp_path / "req").iterdir()) == []


def test_the_kiosk_is_free_for_the_next_once_the_card_is_taken(linked: Clinic) -> None:
    """Nobody has to wait for words to go."""
    linked.patient.taps("ordinary")
    linked.patient.takes_card()
    linked.patient.sees(KioskStep.IDLE)


def test_a_card_that_stays_is_a_forgotten_one(stage: Stage, tmp_path: Path) -> None:
    """After the time of silence staff read that a card lies there, until it is taken."""
    with opened_clinic(tmp_path, stage, speed=60, eligibility=over_folders(tmp_path)) as hasty:
        hasty.patient.taps("ordinary")
        wait_for(lambda: hasty.patient.screen.notice is KioskNotice.CARD_LEFT, "the time to pass")
        desk, actor = hasty.terminal.desk, hasty.reception.actor
        assert desk.today(actor).card_left_at is not None
        hasty.patient.takes_card()
        hasty.patient.sees(KioskStep.IDLE)
        assert desk.today(actor).card_left_at is None


def test_staff_who_are_called_read_why_the_card_is_of_no_use(linked: Clinic) -> None:
    """The visit is about nobody: no look is offered, none is taken; the form by number is."""
    linked.patient.taps("ordinary")
    linked.terminal.desk.call_staff(None)
    assert linked.patient.screen.staff_called
    row = linked.reception.row()
    assert (row.visit.state, row.visit.staff_need) == (
        VisitState.WITH_STAFF,
        StaffNeed.OTHER_READER,
    )
    assert row.need is DeskNeed.OTHER_WAY
    detail = linked.reception.opens(row.visit.id)
    assert (row.visit.subject, detail.may_identify, detail.may_close) == (None, False, True)
    with pytest.raises(LookRefusedError):
        linked.reception.looks(row.visit.id)


@pytest.mark.parametrize(
    ("more", "cards"), [((), CardPlace.RECEPTION), (("face",), CardPlace.OTHER_READER)]
)
def test_where_to_go_is_the_adapters_word(
    stage: Stage, tmp_path: Path, more: tuple[str, ...], cards: CardPlace
) -> None:
    """To the national reader where it tells this desk of its visits, else to reception."""
    with opened_clinic(tmp_path, stage, eligibility=over_folders(tmp_path, *more)) as clinic:
        assert clinic.patient.sees(KioskStep.IDLE).cards is cards


def test_a_desk_that_takes_no_cards_needs_no_reader(stage: Stage, tmp_path: Path) -> None:
    """The kiosk goes on sending people where they are served while its own reader is away."""
    cable = Cable()
    traits, chosen = Traits(cable=cable), over_folders(tmp_path)
    with opened_clinic(tmp_path, stage, traits=traits, eligibility=chosen) as clinic:
        clinic.patient.taps("ordinary")
        cable.pull()
        wait_for(
            lambda: "reader.not-needed" in {check.code for check in clinic.terminal.health()},
            "the reader to be missed",
        )
        clinic.patient.sees(KioskStep.IDLE)
        cable.plug()
        clinic.patient.sees(KioskStep.CARD_PROBLEM)
