"""Whole visits at readers of other kinds: T=0, long commands, one that others use as well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.reader.played import Cable, Traits
from terminal.views import KioskNotice, KioskStep
from terminal.virtual_card.issuing import load_card
from tests.clinic import PIN, Stage, opened_clinic, wait_for
from tests.reader.place import Disturbed
from tests.terminal.card_tricks import FIRST, HANGING, Hand, quick_desk
from tests.terminal.test_card_moved import RECOGNITION, STEPS


@pytest.mark.parametrize(
    ("traits", "reads"),
    [
        (Traits(), 5),
        (Traits(t0=True), 5),
        (Traits(t0=True, longest_data=0x10000), 5),
        (Traits(longest_data=0x10000), 2),
    ],
    ids=["short", "t0", "t0-long", "long"],
)
def test_a_visit_at_each_kind_of_reader(
    tmp_path: Path, stage: Stage, traits: Traits, reads: int
) -> None:
    """The same visit, whatever commands pass; the certificate takes as few READs as can be."""
    with opened_clinic(tmp_path, stage, traits=traits) as clinic:
        card = load_card(stage.cards_dir, "ordinary").card
        clinic.slot.insert(card)
        clinic.patient.sees(KioskStep.PIN)
        targets = [e.target for e in card.trace.entries() if e.command.upper().startswith("00B0")]
        assert targets.count("jpki/000A") == reads
        assert clinic.patient.types_pin().step is KioskStep.CONSENT
        clinic.patient.consents_to_all()
        assert clinic.reception.sees_answer().name


def test_a_card_that_another_program_holds_is_read_once_it_is_free(
    tmp_path: Path, stage: Stage
) -> None:
    """The kiosk asks to wait, stays so while it tries again, and then reads the card by itself."""
    held = threading.Event()
    held.set()
    with opened_clinic(tmp_path, stage, speed=20, traits=Traits(held=held)) as clinic:
        card = load_card(stage.cards_dir, "ordinary").card
        clinic.slot.insert(card)
        view = clinic.patient.sees(KioskStep.CARD_PROBLEM)
        assert (view.notice, view.card_present) == (KioskNotice.CARD_BUSY, True)
        clinic.terminal.desk.call_staff(None)
        version = clinic.patient.screen.version
        wait_for(lambda: clinic.patient.screen.version > version + 2, "further tries")
        view = clinic.patient.screen
        assert (view.notice, view.staff_called) == (KioskNotice.CARD_BUSY, True)
        assert card.trace.entries() == ()
        held.clear()
        assert clinic.patient.sees(KioskStep.PIN).tries_left == 3


def test_a_busy_card_that_is_taken_leaves_a_clean_screen(tmp_path: Path, stage: Stage) -> None:
    """Nothing is tried any more, and the next card is read."""
    held = threading.Event()
    held.set()
    with opened_clinic(tmp_path, stage, traits=Traits(held=held)) as clinic:
        assert clinic.patient.taps("ordinary").notice is KioskNotice.CARD_BUSY
        clinic.patient.takes_card()
        clinic.patient.sees(KioskStep.IDLE)
        held.clear()
        assert clinic.patient.taps("elderly").step is KioskStep.PIN
        assert len(clinic.terminal.desk.today(clinic.reception.actor).rows) == 1


@pytest.fixture(scope="module")
def cable() -> Cable:
    """What joins the desk's reader to the machine."""
    return Cable()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, stage: Stage, cable: Cable) -> Iterator[Hand]:
    """One desk whose reader's cable can be pulled."""
    traits = Traits(cable=cable)
    with quick_desk(tmp_path_factory.mktemp("cable"), stage, 1.0, traits=traits) as hand:
        yield hand


@pytest.mark.parametrize("step", STEPS)
def test_a_reader_unplugged_in_a_step(desk: Hand, cable: Cable, step: str) -> None:
    """The kiosk names it and shows nobody's visit; plugged in again, the card is to be lifted."""
    desk.clears_the_desk()
    reach, _ = STEPS[step]
    reach(desk)
    count = len(desk.rows())
    cable.pull()
    view = desk.patient.sees(KioskStep.OUT_OF_SERVICE)
    assert (view.notice, view.visit_id, view.card_present) == (KioskNotice.NO_READER, None, False)
    assert not [row for row in desk.rows() if row.visit.state in HANGING]
    cable.plug()
    view = desk.patient.sees(KioskStep.CARD_PROBLEM)
    assert (view.notice, view.visit_id) == (KioskNotice.CARD_LEFT, None)
    assert len(desk.rows()) == count
    desk.next_person_is_met()


@pytest.mark.parametrize("number", [1, 6, 11, 12, 16, 18])
def test_a_reader_unplugged_in_the_middle_of_a_command(
    desk: Hand, cable: Cable, number: int
) -> None:
    """Nobody is identified, no visit hangs, and the next person is served at once."""
    desk.clears_the_desk()
    sent = [0]

    def is_due(_: bytes) -> bool:
        sent[0] += 1
        return sent[0] == number

    def pulls() -> bytes | None:
        cable.pull()
        return None

    desk.slot.insert(Disturbed(desk.card(FIRST), is_due, pulls))
    if number > RECOGNITION[-1]:
        view = desk.patient.sees(KioskStep.PIN)
        desk.clinic.terminal.desk.enter_pin(view.visit_id or "", bytearray(PIN.encode()))
    assert desk.patient.sees(KioskStep.OUT_OF_SERVICE).notice is KioskNotice.NO_READER
    assert not [row for row in desk.rows() if row.visit.state in HANGING]
    desk.slot.remove()
    cable.plug()
    desk.patient.sees(KioskStep.IDLE)
    assert all(row.identification is None for row in desk.rows()[:1])
    desk.next_person_is_met()
