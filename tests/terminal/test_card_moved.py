"""Cards that leave, change or fail in every step of a visit: the desk goes on with the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from terminal.views import DoneOutcome, KioskNotice, KioskStep
from terminal.virtual_card.issuing import load_card
from terminal.visit import CloseReason, VisitState
from tests.clinic import PIN, Stage, wait_for
from tests.terminal.card_tricks import FIRST, SECOND, Hand, quick_desk

ANSWER_SECONDS = 0.4
RECOGNITION = range(1, 12)
PROOF = range(12, 19)
"""The commands of an insertion, by their number: to read the card, and to prove the PIN."""

COMMANDS = [*RECOGNITION, *PROOF]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> Iterator[Hand]:
    """One desk for all: whatever happened before must not matter."""
    with quick_desk(tmp_path_factory.mktemp("moved"), stage, ANSWER_SECONDS) as hand:
        yield hand


@pytest.fixture
def hand(desk: Hand) -> Iterator[Hand]:
    """An empty reader before, and the next person asked for their own PIN after."""
    desk.clears_the_desk()
    yield desk
    desk.next_person_is_met()


def settled(hand: Hand) -> KioskStep:
    """Return where the kiosk comes to rest with the card that was put."""
    before = (KioskStep.IDLE, KioskStep.DONE)
    passing = (*before, KioskStep.READING, KioskStep.CHECKING_PIN, KioskStep.CHECKING)
    wait_for(lambda: hand.patient.screen.step not in passing, "the kiosk to come to rest")
    return hand.patient.screen.step


def goes_until(hand: Hand, number: int, *script: str) -> None:
    """Put the first person's card, and type the PIN where the script strikes only then."""
    hand.puts(FIRST, *script)
    if number in PROOF:
        view = hand.patient.sees(KioskStep.PIN)
        hand.clinic.terminal.desk.enter_pin(view.visit_id or "", bytearray(PIN.encode()))


def test_the_numbers_of_the_commands_are_those_of_a_visit(desk: Hand) -> None:
    """The tables above cover every command that a card gets, so that no step is left out."""
    desk.clears_the_desk()
    card = load_card(desk.clinic.stage.cards_dir, FIRST).card
    desk.slot.insert(card)
    desk.patient.sees(KioskStep.PIN)
    assert len(card.trace.entries()) == RECOGNITION[-1]
    desk.patient.types_pin()
    assert len(card.trace.entries()) == PROOF[-1]


@pytest.mark.parametrize("number", COMMANDS)
def test_a_card_taken_in_the_middle_of_a_command(hand: Hand, number: int) -> None:
    """The kiosk says that the card left; a visit that was begun is over, its holder unknown."""
    before = len(hand.rows())
    goes_until(hand, number, f"remove@{number}")
    wait_for(
        lambda: hand.patient.screen.notice is KioskNotice.CARD_REMOVED,
        "the card's going to be told",
    )
    assert hand.patient.screen.step is KioskStep.CARD_PROBLEM
    rows = hand.rows()
    assert len(rows) - before == (number in PROOF)
    if number in PROOF:
        assert rows[0].visit.state is VisitState.ABANDONED
        assert rows[0].visit.close_reason is CloseReason.CARD_REMOVED
        assert rows[0].identification is None


@pytest.mark.parametrize("number", COMMANDS)
def test_a_card_swapped_in_the_middle_of_a_command(hand: Hand, number: int) -> None:
    """The second person is asked for a PIN of their own; the first one's visit is over."""
    before = {row.visit.id for row in hand.rows()}
    goes_until(hand, number, f"swap@{number}:{SECOND}")

    def is_the_second() -> bool:
        rows = [row for row in hand.rows() if row.visit.id not in before]
        view = hand.patient.screen
        asked = view.step is KioskStep.PIN and bool(rows) and view.visit_id == rows[0].visit.id
        return asked and len(rows) == 1 + (number in PROOF)

    wait_for(is_the_second, "the second person's PIN to be asked for")
    new = [row for row in hand.rows() if row.visit.id not in before]
    assert [row.visit.state for row in new] == [
        VisitState.OPENED,
        *([VisitState.ABANDONED] if number in PROOF else []),
    ]
    if number in PROOF:
        assert new[0].visit.subject != new[1].visit.subject


@pytest.mark.parametrize("number", COMMANDS)
def test_a_card_that_falls_silent(hand: Hand, number: int) -> None:
    """It is given up: named as unreadable before the visit, led to staff within one."""
    goes_until(hand, number, f"mute@{number}")
    if number in RECOGNITION:
        assert settled(hand) is KioskStep.CARD_PROBLEM
        assert hand.patient.screen.notice is KioskNotice.CARD_UNREADABLE
    else:
        assert settled(hand) is KioskStep.WITH_STAFF
    hand.clears_the_desk()


@pytest.mark.parametrize("number", COMMANDS)
@pytest.mark.parametrize("spoil", ["fault", "cut", "garble", "shorten", "lengthen"])
def test_a_card_that_answers_wrongly(hand: Hand, spoil: str, number: int) -> None:
    """A spoilt answer never passes for a good one: who is identified is the card's holder."""
    goes_until(hand, number, f"{spoil}@{number}")
    step = settled(hand)
    if step is KioskStep.PIN and hand.patient.screen.notice is None:
        # read in spite of it: then it must be whole, and the card's signature must fit
        step = hand.patient.types_pin().step
    if step is KioskStep.CONSENT:
        assert hand.clinic.reception.sees_answer().name == hand.name(FIRST)
    else:
        assert step in (KioskStep.CARD_PROBLEM, KioskStep.WITH_STAFF, KioskStep.PIN)
    hand.clears_the_desk()


@pytest.mark.parametrize("number", [1, 12])
def test_a_first_command_that_fails_once_is_forgiven(hand: Hand, number: int) -> None:
    """6F00 on the first command after power-up spoils neither the tap nor the PIN."""
    goes_until(hand, number, f"fault@{number}")
    if number == 1:
        hand.patient.types_pin()
    hand.patient.sees(KioskStep.CONSENT)
    hand.clears_the_desk()


def test_a_slow_card_is_waited_for(hand: Hand) -> None:
    """Each answer may take nearly the whole limit; the visit is as any other."""
    hand.puts(FIRST, f"delay@1+:{ANSWER_SECONDS / 8}")
    assert hand.patient.types_pin().step is KioskStep.CONSENT
    hand.clears_the_desk()


@pytest.mark.parametrize(
    "script", ["remove@5", "remove@18", "mute@16", "cut@3", f"swap@18:{SECOND}"]
)
def test_the_next_person_gets_their_own_answer(hand: Hand, script: str) -> None:
    """Whatever became of the first card, the second one's visit holds the second person alone."""
    goes_until(hand, int(script.partition("@")[2].partition(":")[0]), script)
    if not script.startswith("swap"):
        settled(hand)
        hand.clears_the_desk()
        hand.patient.taps(SECOND)
    hand.patient.sees(KioskStep.PIN)
    view = hand.patient.types_pin()
    hand.patient.consents_to_all()
    assert hand.patient.sees(KioskStep.DONE).outcome is DoneOutcome.CONFIRMED
    row = hand.clinic.reception.sees_answer()
    assert (row.visit.id, row.name) == (view.visit_id, hand.name(SECOND))
    hand.clears_the_desk()


def to_pin(hand: Hand) -> None:
    """A card was put."""
    hand.puts(FIRST)
    hand.patient.sees(KioskStep.PIN)


def to_consent(hand: Hand) -> None:
    """The PIN was right."""
    to_pin(hand)
    hand.patient.types_pin()


def to_done(hand: Hand) -> None:
    """All was answered."""
    to_consent(hand)
    hand.patient.consents_to_all()
    hand.patient.sees(KioskStep.DONE)


def to_staff(hand: Hand) -> None:
    """Staff were called."""
    to_pin(hand)
    hand.clinic.terminal.desk.call_staff(hand.patient.screen.visit_id)


def to_card_left(hand: Hand) -> None:
    """The card was left behind."""
    to_pin(hand)
    hand.clinic.terminal.desk.leave(hand.patient.screen.visit_id or "")


def to_checking(hand: Hand) -> None:
    """The payer keeps the patient waiting."""
    hand.clinic.payer.faults.set("slow", seconds=2, path="$submit")
    to_consent(hand)
    hand.patient.consents_to_all()
    assert hand.patient.screen.step is KioskStep.CHECKING
    hand.clinic.payer.faults.clear()


def to_refused_pin(hand: Hand) -> None:
    """The PIN was wrong once."""
    to_pin(hand)
    hand.patient.types_pin("9999")


STEPS: dict[str, tuple[Callable[[Hand], None], tuple[KioskStep, ...]]] = {
    "pin": (to_pin, (KioskStep.CARD_PROBLEM,)),
    "pin-wrong": (to_refused_pin, (KioskStep.CARD_PROBLEM,)),
    "consent": (to_consent, (KioskStep.CHECKING, KioskStep.DONE)),
    "checking": (to_checking, (KioskStep.CHECKING, KioskStep.DONE)),
    "done": (to_done, (KioskStep.DONE,)),
    "with-staff": (to_staff, (KioskStep.WITH_STAFF,)),
    "card-left": (to_card_left, (KioskStep.IDLE,)),
}
"""How a step is reached, and where the kiosk stands once the card was taken there."""


@pytest.mark.parametrize("step", STEPS)
def test_a_card_taken_in_a_step(hand: Hand, step: str) -> None:
    """The kiosk stands where it may, shows no question any more, and nobody is left identified."""
    reach, ends = STEPS[step]
    reach(hand)
    hand.patient.takes_card()
    assert hand.patient.screen.step in ends
    states = {row.visit.state for row in hand.rows()}
    assert states <= {VisitState.ABANDONED, VisitState.FINISHED, VisitState.WITH_STAFF}


@pytest.mark.parametrize("persona", [FIRST, SECOND])
@pytest.mark.parametrize("step", STEPS)
def test_a_card_moved_or_swapped_in_a_step(hand: Hand, step: str, persona: str) -> None:
    """Whoever's card comes next, the same one lifted or another, begins a visit of its own."""
    reach, _ = STEPS[step]
    reach(hand)
    first = hand.rows()[0].visit
    hand.puts(persona)

    def is_new() -> bool:
        view = hand.patient.screen
        return view.step is KioskStep.PIN and view.visit_id == hand.rows()[0].visit.id != first.id

    wait_for(is_new, "a visit of its own")
    assert (hand.rows()[0].visit.subject == first.subject) is (persona == FIRST)
    view = hand.patient.screen
    assert (view.notice, view.answers, view.staff_called) == (None, (), False)
    if persona == FIRST:
        hand.clears_the_desk()
