"""Whole visits at readers of other kinds: T=0, long commands, one that others use as well."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from terminal.reader.played import Traits
from terminal.views import KioskNotice, KioskStep
from terminal.virtual_card.issuing import load_card
from tests.clinic import Stage, opened_clinic, wait_for


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
