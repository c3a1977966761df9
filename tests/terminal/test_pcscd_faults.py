"""Faults that only a real pcscd brings, in every step of a visit; the desk goes on after each."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from terminal.views import KioskNotice, KioskStep
from terminal.virtual_card.card_os import MuteCard
from terminal.virtual_card.pcscd import READER_NAME, PrivatePcscd
from tests.clinic import PATIENCE, PIN, Stage, wait_for
from tests.reader.other_program import another_program
from tests.reader.place import Disturbed
from tests.terminal.card_tricks import FIRST, HANGING, SECOND, Hand, quick_desk
from tests.terminal.test_card_moved import STEPS, to_pin

READER = f"{READER_NAME} 00 00"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> Iterator[Hand]:
    """One desk with a real daemon for all."""
    with quick_desk(tmp_path_factory.mktemp("pcscd"), stage, 1.0, traits=None) as hand:
        yield hand


@pytest.fixture
def hand(desk: Hand, pcscd: PrivatePcscd) -> Iterator[Hand]:
    """A daemon that runs, an empty reader before, and the next person met after."""
    desk.clears_the_desk()
    yield desk
    pcscd.start()
    desk.next_person_is_met()


def daemon_comes_back(hand: Hand, pcscd: PrivatePcscd) -> None:
    """See the kiosk out of service with nobody's visit, and start the daemon."""
    view = hand.patient.sees(KioskStep.OUT_OF_SERVICE)
    assert (view.notice, view.visit_id) == (KioskNotice.PCSC_DOWN, None)
    pcscd.start()


def card_is_to_be_lifted(hand: Hand) -> None:
    """See that the card which lies there is nobody's, have it lifted, and nothing left open."""
    view = hand.patient.sees(KioskStep.CARD_PROBLEM)
    assert (view.notice, view.visit_id) == (KioskNotice.CARD_LEFT, None)
    hand.patient.takes_card()
    hand.patient.sees(KioskStep.IDLE)
    assert not [row for row in hand.rows() if row.visit.state in HANGING]


@pytest.mark.parametrize("step", STEPS)
def test_a_daemon_that_dies_in_a_step(hand: Hand, pcscd: PrivatePcscd, step: str) -> None:
    """The screen shows nothing of the visit any more; the card is not read into another one."""
    reach, _ = STEPS[step]
    reach(hand)
    count = len(hand.rows())
    pcscd.kill()
    daemon_comes_back(hand, pcscd)
    card_is_to_be_lifted(hand)
    assert len(hand.rows()) == count


def dies_at(hand: Hand, pcscd: PrivatePcscd, number: int) -> threading.Event:
    """Put a card at whose n-th command the daemon dies; the event tells that it is dead."""
    sent = [0]
    dead = threading.Event()

    def is_due(_: bytes) -> bool:
        sent[0] += 1
        return sent[0] == number

    def dies() -> bytes | None:
        pcscd.kill()
        dead.set()
        return None

    hand.slot.insert(Disturbed(hand.card(FIRST), is_due, dies))
    return dead


@pytest.mark.parametrize("number", [1, 5, 11])
def test_a_daemon_that_dies_while_the_card_is_read(
    hand: Hand, pcscd: PrivatePcscd, number: int
) -> None:
    """No visit was begun; the card, which nobody has seen yet, is read anew or to be lifted."""
    count = len(hand.rows())
    dead = dies_at(hand, pcscd, number)
    assert dead.wait(PATIENCE)
    daemon_comes_back(hand, pcscd)
    wait_for(lambda: hand.patient.screen.card_present, "the card to be seen again")
    wait_for(lambda: hand.patient.screen.step is not KioskStep.READING, "the end of reading")
    asks = hand.patient.screen.step is KioskStep.PIN
    assert asks or hand.patient.screen.notice is KioskNotice.CARD_LEFT
    assert len(hand.rows()) == count + asks
    hand.clears_the_desk()


@pytest.mark.parametrize("number", [12, 16, 18])
def test_a_daemon_that_dies_while_the_pin_is_proved(
    hand: Hand, pcscd: PrivatePcscd, number: int
) -> None:
    """Nobody is identified, and the card has to be lifted before it is read again."""
    dead = dies_at(hand, pcscd, number)
    view = hand.patient.sees(KioskStep.PIN)
    hand.clinic.terminal.desk.enter_pin(view.visit_id or "", bytearray(PIN.encode()))
    assert dead.wait(PATIENCE)
    daemon_comes_back(hand, pcscd)
    card_is_to_be_lifted(hand)
    assert hand.rows()[0].identification is None


@pytest.mark.parametrize(
    "script", ["remove@3", "remove@16", f"swap@5:{SECOND}", "mute@13", "cut@2"]
)
def test_a_card_that_fails_behind_a_real_daemon(hand: Hand, script: str) -> None:
    """As behind the socket reader: told, settled, and nobody is left at the kiosk."""
    hand.puts(FIRST, script)
    if script in ("remove@16", "mute@13"):
        view = hand.patient.sees(KioskStep.PIN)
        hand.clinic.terminal.desk.enter_pin(view.visit_id or "", bytearray(PIN.encode()))
    end = {
        "remove@3": KioskStep.CARD_PROBLEM,
        "remove@16": KioskStep.CARD_PROBLEM,
        f"swap@5:{SECOND}": KioskStep.PIN,
        "mute@13": KioskStep.WITH_STAFF,
        "cut@2": KioskStep.CARD_PROBLEM,
    }[script]
    hand.patient.sees(end)


def test_a_mute_card_is_given_up_and_the_desk_lives(hand: Hand) -> None:
    """A transmit that never returns is left behind; staff can be called all the while."""
    hand.slot.insert(MuteCard())
    hand.patient.sees(KioskStep.READING)
    assert hand.rows() is not None
    assert hand.patient.sees(KioskStep.CARD_PROBLEM).notice is KioskNotice.CARD_UNREADABLE
    hand.clinic.terminal.desk.call_staff(None)
    assert hand.patient.screen.staff_called


@pytest.mark.parametrize("how", ["exclusive", "transaction"])
def test_another_program_at_the_pin_costs_no_try(hand: Hand, how: str) -> None:
    """The kiosk asks again for the PIN; it works as soon as that program is gone."""
    to_pin(hand)
    with another_program(READER, how):
        view = hand.patient.types_pin()
        assert (view.step, view.notice) == (KioskStep.PIN, KioskNotice.CARD_BUSY)
        assert view.tries_left == 3
    # who shared something earlier is shown that first
    proved = (KioskStep.CONSENT, KioskStep.MY_CONSENTS)
    wait_for(lambda: hand.patient.types_pin().step in proved, "the PIN to be proved")
    hand.clears_the_desk()
