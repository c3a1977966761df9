"""A whole clinic for tests: real daemon, virtual card, payer over TLS, encrypted store.

Tests read as stories: ``clinic.patient.taps("tanaka")``, ``clinic.reception.row()``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from eligibility.history import History
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.server import RunningSimulator
from eligibility.simulator.setup import initialise
from terminal.access.accounts import Actor, Role
from terminal.app import Terminal
from terminal.config import TerminalConfig, load_config
from terminal.identification import VisualReason
from terminal.reader import CardReader, SocketReader, make_reader
from terminal.reader.played import Traits
from terminal.reader.types import ReaderState
from terminal.store import Store
from terminal.store.keys import new_key, write_key_file
from terminal.views import (
    ConsentItem,
    KioskStep,
    KioskView,
    NumberBState,
    VisitDetail,
    VisitRow,
)
from terminal.virtual_card.issuing import issue, load_card
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.personas import StoredCard, read_card, read_people
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.desk_clock import DeskClock, Silence
from tests.ports import free_port

T = TypeVar("T")
PIN = "1234"
STORE_ID = "5707e1d0-test"
PATIENCE = 15.0


def wait_for(look: Callable[[], T | bool | None], what: str, seconds: float = PATIENCE) -> T:
    """Return the first true value of ``look``; fail with ``what`` when it does not come."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while time.monotonic() < deadline:
        value = look()
        if value:
            return value  # type: ignore[return-value]  # True only where T is bool
        time.sleep(pause)
        # a look that is work itself must not hold up what it looks for
        pause = min(2 * pause, 0.1)
    msg = f"waited {seconds} s in vain for: {what}"
    raise AssertionError(msg)


@dataclass(frozen=True)
class Stage:
    """What a clinic stands on, made once for all tests: PKI and issued cards on disk."""

    payer_dir: Path
    cards_dir: Path
    pcsc_socket: Path
    vpcd_port: int

    def face_of(self, persona: str) -> StoredCard:
        """Return what is printed on a persona's card."""
        return read_card(self.cards_dir / "cards" / f"{persona}.json")


def set_the_stage(payer_dir: Path, cards_dir: Path, pcscd: PrivatePcscd) -> Stage:
    """Make certificates of a payer, and cards of its insured people."""
    now = datetime.now(UTC)
    initialise(payer_dir, now)
    issue(read_people(payer_dir / "people.json"), cards_dir, now)
    return Stage(payer_dir, cards_dir, pcscd.socket_path, pcscd.port)


def write_config(folder: Path, stage: Stage, payer_url: str, **sections: str) -> Path:
    """Write a demo configuration whose store stands in ``folder``; return the file.

    ``sections``: lines of TOML to add to a section.
    """
    web_port = free_port()

    def extra(name: str) -> str:
        return sections.get(name, "")

    text = f"""
[terminal]
environment = "demo"
desk_id = "desk-1"
data_dir = "{folder}"
{extra("terminal")}
[institution]
code = "{DEFAULT_INSTITUTION}"
kind = "clinic"
name = "テスト医院"
{extra("institution")}
[reader]
pcsc_socket = "{stage.pcsc_socket}"
{extra("reader")}
[card]
anchors = ["{stage.cards_dir / "ca.pem"}"]
{extra("card")}
[card_camera]
{extra("card_camera")}
[face]
{extra("face")}
[payer]
base_url = "{payer_url}"
ca_file = "{stage.payer_dir / "ca.pem"}"
client_certificate = "{stage.payer_dir / "client.pem"}"
client_key = "{stage.payer_dir / "client.key"}"
{extra("payer")}
[eligibility]
{extra("eligibility")}
[appointments]
{extra("appointments")}
[retention]
{extra("retention")}
[store]
path = "{folder / "store.db"}"
key_file = "{folder / "store.key"}"
store_id = "{STORE_ID}"
[web]
port = {web_port}
{extra("web")}
[kiosk]
{extra("kiosk")}
"""
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return file


class Patient:
    """Somebody with a card in front of the kiosk."""

    def __init__(self, terminal: Terminal, slot: VirtualCardSlot, cards_dir: Path) -> None:
        """``slot``: where the card is put."""
        self._terminal = terminal
        self._slot = slot
        self._cards_dir = cards_dir

    @property
    def screen(self) -> KioskView:
        """What the kiosk shows now."""
        return self._terminal.desk.kiosk()

    def sees(self, step: KioskStep) -> KioskView:
        """Wait until the kiosk shows this step."""

        def look() -> KioskView | None:
            view = self.screen
            return view if view.step is step else None

        try:
            return wait_for(look, f"kiosk step {step}")
        except AssertionError as error:
            error.add_note(f"the kiosk shows {self.screen}")
            raise

    def taps(self, persona: str) -> KioskView:
        """Put this persona's card on the reader and wait until something is asked."""
        before = self.screen
        self.card = load_card(self._cards_dir, persona).card
        self._slot.insert(self.card)

        def look() -> KioskView | None:
            view = self.screen
            asks = view.step not in (KioskStep.IDLE, KioskStep.READING)
            is_new = view.visit_id != before.visit_id or view.visit_id is None
            return view if view.card_present and asks and is_new else None

        return wait_for(look, "the card to be read")

    def types_pin(self, pin: str = PIN) -> KioskView:
        """Type the PIN and wait for what comes of it."""
        view = self.sees(KioskStep.PIN)
        assert view.visit_id is not None
        self._terminal.desk.enter_pin(view.visit_id, bytearray(pin, "ascii"))
        return wait_for(
            lambda: self.screen.step is not KioskStep.CHECKING_PIN and self.screen, "the PIN"
        )

    def answers(self, item: ConsentItem, *, allow: bool) -> None:
        """Answer the item that is asked."""
        view = self._is_asked()
        assert view.visit_id is not None
        if view.combined:
            self._terminal.desk.questions.one_by_one(view.visit_id)
        self._terminal.desk.questions.answer_consent(view.visit_id, item, allow)

    def answers_all(self, *, allow: bool) -> None:
        """Answer what is asked together."""
        view = self._is_asked()
        assert view.visit_id is not None
        self._terminal.desk.questions.answer_all(view.visit_id, allow)

    def _is_asked(self) -> KioskView:
        """Wait for the consents; who shares something by now chooses again."""
        asked = (KioskStep.CONSENT, KioskStep.MY_CONSENTS)
        view = wait_for(lambda: self.screen.step in asked and self.screen, "the consents")
        if view.step is KioskStep.MY_CONSENTS:
            assert view.visit_id is not None
            self._terminal.desk.questions.choose_again(view.visit_id)
        return self.sees(KioskStep.CONSENT)

    def consents_to_all(self) -> None:
        """Say yes to each item."""
        for item in ConsentItem:
            self.answers(item, allow=True)

    def answers_registration(self, *, agree: bool) -> None:
        """Say whether the card shall be an insurance card."""
        view = self.sees(KioskStep.REGISTER)
        assert view.visit_id is not None
        self._terminal.desk.answer_registration(view.visit_id, agree)

    def takes_card(self) -> None:
        """Take the card back."""
        self._slot.remove()
        wait_for(lambda: not self.screen.card_present, "the card to be seen as taken")


class Staff:
    """A member of staff at the desk."""

    def __init__(self, terminal: Terminal, role: Role) -> None:
        """``role``: what may be seen."""
        self._terminal = terminal
        self.actor = Actor(f"staff-{role}", role, f"{role}")

    def row(self, number: int = 0) -> VisitRow:
        """Return a line of today's list, the newest first."""
        return self._terminal.desk.today(self.actor).rows[number]

    def sees_row(self, fits: Callable[[VisitRow], bool], what: str) -> VisitRow:
        """Wait until the newest line is as described."""

        def look() -> VisitRow | None:
            rows = self._terminal.desk.today(self.actor).rows
            return rows[0] if rows and fits(rows[0]) else None

        try:
            return wait_for(look, what)
        except AssertionError as error:
            rows = self._terminal.desk.today(self.actor).rows
            error.add_note(f"the newest line is {rows[0] if rows else 'absent'}")
            raise

    def sees_answer(self) -> VisitRow:
        """Wait until the payer's live answer stands in the newest line."""
        return self.sees_row(
            lambda row: row.confirmation is not None and row.confirmation.source == "live",
            "the payer's answer",
        )

    def opens(self, visit_id: str) -> VisitDetail:
        """Open a visit."""
        return self._terminal.desk.visit(self.actor, visit_id)

    def sees_history(self, visit_id: str) -> History:
        """Wait until the history of a visit is open, and open it."""
        try:
            # thousands of records are fetched, read and stored
            wait_for(lambda: self.opens(visit_id).history_open, "history", 4 * PATIENCE)
        except AssertionError as error:
            error.add_note(f"closed because {self.opens(visit_id).history_closed_because}")
            raise
        return self._terminal.desk.history(self.actor, visit_id).history

    def looks(self, visit_id: str, reason: VisualReason = VisualReason.PIN_FORGOTTEN) -> None:
        """Confirm by eye that holder and card belong together."""
        self._terminal.desk.identify_visually(self.actor, visit_id, reason)

    def types_number_b(self, visit_id: str, card: StoredCard, *, wrong: int = 0) -> VisitDetail:
        """Type 照合番号B off a card's face; return the visit once it is known what came of it.

        ``wrong``: how far the security code is from the right one.
        """
        code = (int(card.security_code) + wrong) % 10000
        self._terminal.desk.enter_number_b(
            self.actor,
            visit_id,
            card.person.birthdate,
            card.expires_on.year,
            bytearray(b"%04d" % code),
        )

        def look() -> VisitDetail | None:
            detail = self.opens(visit_id)
            waits = detail.number_b and detail.number_b.state is NumberBState.READING
            return None if waits else detail

        return wait_for(look, "what comes of 照合番号B")


@dataclass
class Clinic:
    """One desk with all that it needs.  ``make``: how its terminal is made."""

    terminal: Terminal
    payer: RunningSimulator
    slot: VirtualCardSlot
    stage: Stage
    config: TerminalConfig
    make: Callable[[], Terminal]
    clock: DeskClock
    silence: Silence

    def restarts(self) -> None:
        """Let the terminal's process end and begin again."""
        self.terminal.stop()
        self.terminal = self.make()
        self.terminal.start()
        self.__post_init__()

    def __post_init__(self) -> None:
        """Let the people come in."""
        self.patient = Patient(self.terminal, self.slot, self.stage.cards_dir)
        self.reception = Staff(self.terminal, Role.RECEPTION)
        self.doctor = Staff(self.terminal, Role.CLINICIAN)
        self.administrator = Staff(self.terminal, Role.ADMINISTRATOR)

    def receives(self, persona: str) -> VisitRow:
        """Let somebody come, type the PIN, agree to all that is asked, and go; return the line."""
        self.patient.taps(persona)
        self.patient.types_pin()
        self.patient.consents_to_all()
        self.patient.sees(KioskStep.DONE)
        row = self.reception.sees_answer()
        self.patient.takes_card()
        return row


@contextmanager
def opened_clinic(
    folder: Path, stage: Stage, *, speed: float = 1.0, traits: Traits | None = None, **sections: str
) -> Iterator[Clinic]:
    """Open a clinic whose data stand in ``folder``; close it again.

    ``speed``: how fast the kiosk's time of silence passes.  ``traits``: a socket reader that plays
    these, in place of the daemon's.
    """
    vpcd_port = stage.vpcd_port
    if traits is not None:
        vpcd_port = free_port()
        socket_reader = f'kind = "socket"\nsocket_port = {vpcd_port}\n'
        sections["reader"] = socket_reader + sections.get("reader", "")
    with RunningSimulator(
        stage.payer_dir,
        # a port bound as "any" cannot be taken again while old connections linger
        free_port(),
        card_ca=stage.cards_dir / "ca.pem",
        issued=stage.cards_dir / "issued.json",
        record_ca=stage.cards_dir / "record-ca.pem",
    ) as payer:
        config = load_config(write_config(folder, stage, payer.base_url, **sections))
        if not config.store.path.exists():
            key = new_key()
            write_key_file(config.store.key_file, key)
            Store.create(config.store.path, key, STORE_ID)

        clock, silence = DeskClock(), Silence(speed)

        def make() -> Terminal:
            reader = (
                make_reader(config.reader)
                if traits is None
                else SocketReader(config.reader, traits)
            )
            readers.append(reader)
            return Terminal(config, now=clock, monotonic=silence, reader=reader)

        readers: list[CardReader] = []
        terminal = make()
        terminal.start()
        # a card put in before the reader was met is one that lay there
        wait_for(lambda: readers[0].state is ReaderState.READY, "the reader")
        # a slot that was there before would plug its card in as one that lay there
        with VirtualCardSlot(vpcd_port) as slot:
            clinic = Clinic(terminal, payer, slot, stage, config, make, clock, silence)
            try:
                clinic.patient.sees(KioskStep.IDLE)
                # a fault that a test switches on is not for the look at start
                wait_for(lambda: terminal.payer_watch.checks, "the look at the payer")
                yield clinic
                # vpcd looks every 400 ms: the next clinic must not find this one's card
                slot.remove()
                wait_for(lambda: not clinic.patient.screen.card_present, "an empty reader")
            finally:
                clinic.terminal.stop()
