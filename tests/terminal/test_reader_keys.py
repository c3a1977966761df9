"""Visits at a reader with a keypad of its own, played by the socket reader."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eligibility.payer import IdentificationMethod, ProofKind
from terminal.errors import VisitStateError
from terminal.reader.played import Keypad, Traits
from terminal.views import KioskNotice, KioskStep, NumberBState
from terminal.virtual_card.issuing import load_card
from terminal.visit import CloseReason, StaffNeed, VisitState
from tests.clinic import PIN, Clinic, Stage, opened_clinic, wait_for

Press = Callable[[Keypad], None]


class KeypadClinic:
    """A clinic and the fingers at its reader's keys."""

    def __init__(self, clinic: Clinic, keypad: Keypad) -> None:
        self.clinic = clinic
        self.keypad = keypad

    def asks(self) -> str:
        """Wait until the reader asks for the PIN; return the visit's id."""
        wait_for(lambda: self.keypad.waiting, "the reader to ask for the PIN")
        view = self.clinic.patient.sees(KioskStep.PIN_ON_READER)
        assert view.visit_id is not None
        return view.visit_id

    def starts_again(self) -> str:
        """Press the kiosk's button that lets the reader ask again."""
        view = self.clinic.patient.sees(KioskStep.PIN)
        assert view.visit_id is not None
        self.clinic.terminal.desk.start_pin_entry(view.visit_id)
        return self.asks()


def opened(folder: Path, stage: Stage, reader: str = "") -> Iterator[KeypadClinic]:
    """Open a clinic whose reader has keys; ``reader``: lines of its section."""
    keypad = Keypad()
    with opened_clinic(folder, stage, traits=Traits(keypad=keypad), reader=reader) as clinic:
        yield KeypadClinic(clinic, keypad)


@pytest.fixture
def desk(tmp_path: Path, stage: Stage) -> Iterator[KeypadClinic]:
    """A clinic whose reader has keys."""
    yield from opened(tmp_path, stage)


@pytest.fixture
def screen_desk(tmp_path: Path, stage: Stage) -> Iterator[KeypadClinic]:
    """A clinic whose reader has keys that are not to be used."""
    yield from opened(tmp_path, stage, reader='keypad = "never"')


def test_a_visit_with_the_pin_typed_on_the_reader(desk: KeypadClinic) -> None:
    """The reader asks as soon as the card is read; the card's signature identifies the holder."""
    patient = desk.clinic.patient
    assert patient.taps("ordinary").step is KioskStep.PIN_ON_READER
    desk.asks()
    assert patient.screen.tries_left == 3
    desk.keypad.type(PIN.encode())
    patient.consents_to_all()
    patient.sees(KioskStep.DONE)
    row = desk.clinic.reception.sees_answer()
    assert row.identification is not None
    assert (row.identification.method, row.identification.proof) == (
        IdentificationMethod.PIN,
        ProofKind.AUTH_KEY,
    )


@pytest.mark.parametrize(
    ("press", "notice"),
    [
        (Keypad.run_out, KioskNotice.PIN_TIMED_OUT),
        (Keypad.cancel, KioskNotice.PIN_CANCELLED),
        (lambda keypad: keypad.type(b"123"), KioskNotice.PIN_LENGTH),
        (lambda keypad: keypad.type(b"12345"), KioskNotice.PIN_LENGTH),
    ],
)
def test_an_entry_that_came_to_nothing_is_told_and_costs_no_try(
    desk: KeypadClinic, press: Press, notice: KioskNotice
) -> None:
    """The kiosk says how the entry ended and lets the patient begin anew, in the same visit."""
    patient = desk.clinic.patient
    visit_id = patient.taps("ordinary").visit_id
    desk.asks()
    press(desk.keypad)
    view = patient.sees(KioskStep.PIN)
    assert (view.notice, view.tries_left, view.pin_on_reader) == (notice, 3, True)
    assert view.seconds_left is not None
    assert desk.starts_again() == visit_id
    desk.keypad.type(PIN.encode())
    patient.sees(KioskStep.CONSENT)


def test_wrong_pins_on_the_reader_count_down_to_staff(desk: KeypadClinic) -> None:
    """Each wrong PIN tells the tries left; after the last one staff are waited for."""
    patient = desk.clinic.patient
    patient.taps("ordinary")
    for left in (2, 1):
        desk.asks()
        desk.keypad.type(b"9999")
        view = patient.sees(KioskStep.PIN)
        assert (view.notice, view.tries_left) == (KioskNotice.PIN_WRONG, left)
        desk.starts_again()
    desk.keypad.type(b"9999")
    assert patient.sees(KioskStep.WITH_STAFF).notice is KioskNotice.PIN_BLOCKED
    row = desk.clinic.reception.row()
    assert row.visit.staff_need is StaffNeed.PIN_BLOCKED
    desk.clinic.reception.looks(row.visit.id)
    patient.sees(KioskStep.CONSENT)


def test_before_the_last_try_the_reader_does_not_ask_by_itself(desk: KeypadClinic) -> None:
    """A card with one try left is warned about first; the patient begins, or calls staff."""
    view = desk.clinic.patient.taps("last-try")
    assert (view.step, view.tries_left, view.pin_on_reader) == (KioskStep.PIN, 1, True)
    assert not desk.keypad.waiting
    desk.starts_again()
    desk.keypad.type(PIN.encode())
    desk.clinic.patient.sees(KioskStep.CONSENT)


@pytest.mark.parametrize("persona", ["pin-blocked", "face-only"])
def test_no_keys_are_asked_for_where_no_pin_can_help(desk: KeypadClinic, persona: str) -> None:
    """A blocked card goes to staff at once, also at a reader with keys."""
    assert desk.clinic.patient.taps(persona).step is KioskStep.WITH_STAFF
    assert not desk.keypad.waiting


def test_a_card_taken_while_the_keys_are_waited_for_ends_the_visit(desk: KeypadClinic) -> None:
    """The kiosk says that the card left; the next card is asked for its own PIN."""
    patient = desk.clinic.patient
    first = patient.taps("ordinary").visit_id
    desk.asks()
    patient.takes_card()
    assert patient.sees(KioskStep.CARD_PROBLEM).notice is KioskNotice.CARD_REMOVED
    assert desk.clinic.reception.row().visit.close_reason is CloseReason.CARD_REMOVED
    assert patient.taps("elderly").visit_id != first
    desk.asks()
    desk.keypad.type(PIN.encode())
    patient.sees(KioskStep.CONSENT)


def test_staff_who_look_while_the_keys_are_waited_for_are_not_undone(desk: KeypadClinic) -> None:
    """A look identifies at once; a PIN that comes later, right or wrong, changes nothing."""
    clinic = desk.clinic
    first, again = KioskStep.CONSENT, KioskStep.MY_CONSENTS
    for late, asked in ((b"9999", first), (PIN.encode(), again)):
        clinic.patient.taps("ordinary")
        visit_id = desk.asks()
        clinic.reception.looks(visit_id)
        clinic.patient.sees(asked)
        desk.keypad.type(late)
        wait_for(lambda: not desk.keypad.waiting, "the reader to have its PIN")
        clinic.patient.consents_to_all()
        row = clinic.reception.sees_answer()
        assert row.identification is not None
        assert row.identification.method is IdentificationMethod.STAFF_VISUAL
        clinic.patient.sees(KioskStep.DONE)
        clinic.patient.takes_card()


def test_staff_can_be_called_while_the_keys_are_waited_for(desk: KeypadClinic) -> None:
    """The call is there at once; a right PIN typed after all leads on in the same visit."""
    clinic = desk.clinic
    clinic.patient.taps("ordinary")
    visit_id = desk.asks()
    clinic.terminal.desk.call_staff(visit_id)
    assert clinic.patient.screen.step is KioskStep.WITH_STAFF
    assert clinic.reception.row().visit.staff_need is StaffNeed.CALLED
    desk.keypad.type(PIN.encode())
    assert clinic.patient.sees(KioskStep.CONSENT).visit_id == visit_id
    assert clinic.reception.row().visit.staff_need is None


def test_staff_who_were_called_learn_that_the_pin_is_blocked(desk: KeypadClinic) -> None:
    """The last wrong try of a patient who waits for staff changes why staff are needed."""
    clinic = desk.clinic
    clinic.patient.taps("last-try")
    visit_id = desk.starts_again()
    clinic.terminal.desk.call_staff(visit_id)
    desk.keypad.type(b"9999")
    clinic.reception.sees_row(
        lambda row: row.visit.staff_need is StaffNeed.PIN_BLOCKED, "the blocked PIN"
    )
    assert clinic.patient.screen.step is KioskStep.WITH_STAFF


@pytest.mark.parametrize("late", [b"9999", PIN.encode()])
def test_who_leaves_while_the_keys_are_waited_for_has_left(desk: KeypadClinic, late: bytes) -> None:
    """A PIN that somebody types after "stop" opens nothing and shows nothing."""
    clinic = desk.clinic
    clinic.patient.taps("ordinary")
    visit_id = desk.asks()
    clinic.terminal.desk.leave(visit_id)
    assert clinic.patient.screen.notice is KioskNotice.CARD_LEFT
    desk.keypad.type(late)
    wait_for(lambda: not desk.keypad.waiting, "the reader to have its PIN")
    clinic.patient.takes_card()
    clinic.patient.sees(KioskStep.IDLE)
    row = clinic.reception.row()
    assert (row.visit.state, row.visit.close_reason) == (VisitState.ABANDONED, CloseReason.LEFT)
    assert row.identification is None


def test_a_pin_is_not_taken_on_the_screen_as_well(desk: KeypadClinic) -> None:
    """Where the reader has keys, a PIN sent by the page is refused, cleared, and costs no try."""
    clinic = desk.clinic
    view = clinic.patient.taps("ordinary")
    desk.asks()
    desk.keypad.cancel()
    clinic.patient.sees(KioskStep.PIN)
    pin = bytearray(PIN.encode())
    assert view.visit_id is not None
    with pytest.raises(VisitStateError, match="on the reader"):
        clinic.terminal.desk.enter_pin(view.visit_id, pin)
    assert not any(pin)
    assert clinic.patient.screen.tries_left == 3


def test_keys_that_cannot_do_it_leave_the_screen(desk: KeypadClinic) -> None:
    """A reader that promises a keypad and refuses the entry does not stop the visit."""
    clinic = desk.clinic
    clinic.patient.taps("ordinary")
    desk.asks()
    desk.keypad.refuse()
    view = clinic.patient.sees(KioskStep.PIN)
    assert (view.notice, view.pin_on_reader) == (None, False)
    assert clinic.patient.types_pin().step is KioskStep.CONSENT


def test_keys_are_left_alone_where_the_configuration_says_so(screen_desk: KeypadClinic) -> None:
    """``keypad = "never"`` asks on the screen, and no entry is begun on the reader."""
    clinic = screen_desk.clinic
    view = clinic.patient.taps("ordinary")
    assert (view.step, view.pin_on_reader) == (KioskStep.PIN, False)
    with pytest.raises(VisitStateError, match="on the screen"):
        clinic.terminal.desk.start_pin_entry(view.visit_id or "")
    assert clinic.patient.types_pin().step is KioskStep.CONSENT
    assert not screen_desk.keypad.waiting


def test_time_goes_on_for_the_kiosk_while_the_keys_are_waited_for(
    tmp_path: Path, stage: Stage
) -> None:
    """A question that stays unanswered ends by itself, though the reader still waits for keys."""
    keypad = Keypad()
    with opened_clinic(tmp_path, stage, traits=Traits(keypad=keypad)) as clinic:
        desk = KeypadClinic(clinic, keypad)
        clinic.patient.taps("ordinary")
        clinic.reception.looks(desk.asks())
        clinic.patient.sees(KioskStep.CONSENT)
        clinic.silence.passes(61)
        assert clinic.patient.sees(KioskStep.CARD_PROBLEM).notice is KioskNotice.CARD_LEFT
        assert keypad.waiting
        assert clinic.reception.row().visit.close_reason is CloseReason.WALKED_AWAY


def test_a_terminal_that_stops_does_not_wait_for_the_keys(desk: KeypadClinic) -> None:
    """Stopping ends the entry; the visit is settled at the next start, and nothing is proved."""
    clinic = desk.clinic
    clinic.patient.taps("ordinary")
    desk.asks()
    clinic.slot.remove()
    stopping = threading.Thread(target=clinic.restarts)
    stopping.start()
    stopping.join(timeout=10)
    assert not stopping.is_alive()
    row = clinic.reception.row()
    assert row.visit.state is VisitState.ABANDONED
    assert row.identification is None


def test_the_pin_of_the_reader_s_keys_is_nowhere_in_the_desk(
    tmp_path: Path, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Files and logs hold no PIN, and the card got it in the one command of the reader itself."""
    caplog.set_level(0)
    keypad = Keypad()
    with opened_clinic(tmp_path, stage, traits=Traits(keypad=keypad)) as clinic:
        desk = KeypadClinic(clinic, keypad)
        card = load_card(stage.cards_dir, "ordinary").card
        clinic.slot.insert(card)
        desk.asks()
        keypad.type(PIN.encode())
        clinic.patient.sees(KioskStep.CONSENT)
        verifies = [e for e in card.trace.entries() if e.command.upper().startswith("00200080")]
        assert len([e for e in verifies if len(e.command) > 8]) == 1
    needle = PIN.encode()
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or needle not in file.read_bytes(), file
    assert "31323334" not in caplog.text


def test_no_number_is_read_off_the_card_while_fingers_are_on_the_keys(desk: KeypadClinic) -> None:
    """Staff are told that the card is in use; the entry goes on, and the number works after it."""
    clinic = desk.clinic
    clinic.patient.taps("ordinary")
    visit_id = desk.asks()
    face = clinic.stage.face_of("ordinary")
    detail = clinic.reception.types_number_b(visit_id, face)
    assert detail.number_b is not None
    assert (detail.number_b.state, desk.keypad.waiting) == (NumberBState.CARD_BUSY, True)
    desk.keypad.type(PIN.encode())
    clinic.patient.sees(KioskStep.CONSENT)
    assert clinic.reception.types_number_b(visit_id, face).holder is not None
