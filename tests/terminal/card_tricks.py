"""A quick hand at a desk with a socket reader: cards that are moved, swapped or spoilt on cue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from terminal.reader.played import Traits
from terminal.reader.socket_reader import PLAIN
from terminal.views import KioskStep, VisitRow
from terminal.virtual_card.files import Card
from terminal.virtual_card.issuing import load_card
from terminal.virtual_card.script import ScriptedCard, read_step
from terminal.virtual_card.vpicc import VirtualCardSlot
from terminal.visit import VisitState
from tests.clinic import Clinic, Patient, Stage, opened_clinic, wait_for

FIRST, SECOND = "ordinary", "elderly"
GAP_SECONDS = 0.03
HANGING = (VisitState.OPENED, VisitState.IDENTIFIED)


@dataclass
class Hand:
    """Somebody at the reader who is quicker than any patient."""

    clinic: Clinic
    slot: VirtualCardSlot

    def __post_init__(self) -> None:
        """Be the patient as well."""
        self.patient = Patient(self.clinic.terminal, self.slot, self.clinic.stage.cards_dir)

    def card(self, persona: str) -> Card:
        """Return a persona's card as it was issued."""
        return load_card(self.clinic.stage.cards_dir, persona).card

    def name(self, persona: str) -> str:
        """Return the name that the payer knows a persona by."""
        return load_card(self.clinic.stage.cards_dir, persona).person.name

    def puts(self, persona: str, *script: str) -> None:
        """Put a card to which this happens, command by command; return at once."""
        steps = [read_step(words) for words in script]
        others = {SECOND: self.card(SECOND)}
        self.slot.insert(ScriptedCard(self.card(persona), steps, self.slot, others))

    def rows(self) -> tuple[VisitRow, ...]:
        """Return today's list, the newest first."""
        return self.clinic.terminal.desk.today(self.clinic.reception.actor).rows

    def clears_the_desk(self) -> None:
        """Take whatever lies there and wait for a clean screen; staff close what waits for them."""
        self.slot.remove()
        wait_for(lambda: not self.patient.screen.card_present, "an empty reader")
        for row in self.rows():
            if row.visit.state is VisitState.WITH_STAFF:
                self.clinic.terminal.desk.close_visit(self.clinic.reception.actor, row.visit.id)

    def next_person_is_met(self) -> None:
        """Let the second person be asked for a PIN in a visit of their own, and nobody hang."""
        if self.patient.screen.step is not KioskStep.PIN:
            self.clears_the_desk()
            self.patient.taps(SECOND)
        view = self.patient.screen
        assert (view.step, view.notice, view.answers) == (KioskStep.PIN, None, ())
        first, *others = self.rows()
        assert first.visit.id == view.visit_id
        assert [row for row in others if row.visit.state in HANGING] == []
        self.clinic.terminal.desk.leave(first.visit.id)
        self.slot.remove()


@contextmanager
def quick_desk(
    folder: Path, stage: Stage, answer_seconds: float, *, traits: Traits | None = PLAIN
) -> Iterator[Hand]:
    """Open a clinic with a socket reader, or with None the daemon's.

    ``answer_seconds``: what a card may take for a command.
    """
    with opened_clinic(
        folder, stage, traits=traits, reader=f"answer_seconds = {answer_seconds}"
    ) as clinic:
        if traits is None:
            yield Hand(clinic, clinic.slot)
            return
        # once the reader has been watched for a while, a card that comes was tapped
        clinic.patient.taps(FIRST)
        clinic.patient.takes_card()
        port = clinic.config.reader.socket_port
        with VirtualCardSlot(port, gap_seconds=GAP_SECONDS) as slot:
            yield Hand(clinic, slot)
