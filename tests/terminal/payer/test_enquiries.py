"""The outbox against a payer that falls silent and comes back; the clock goes on when told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eligibility.model import CardSubject, ConfirmationSource
from eligibility.retry import AskingPolicy
from terminal.errors import VisitStateError
from terminal.payer.question import Question, QuestionProblem, QuestionState
from tests.clinic import wait_for
from tests.desk_outbox import RECEPTION, DeskOutbox, is_answered
from tests.fhir.desk import World
from tests.simulator.desk import Card

POLICY = AskingPolicy()


def asks(desk: DeskOutbox, card: Card) -> Question:
    """Ask for the holder of this card."""
    return desk.asks(card.der, CardSubject(card.issuer, card.serial))


def has_problem(question: Question) -> bool:
    """Whether it was tried, or held back, and waits."""
    return question.problem is not None and question.state is QuestionState.PENDING


def goes_on(world: World, desk: DeskOutbox, seconds: float) -> None:
    """Let time pass for payer and desk."""
    world.clock.moves_on(seconds=seconds)
    desk.enquiries.kick()


def are_held(world: World, desk: DeskOutbox, questions: list[Question]) -> None:
    """Wait until each was looked at and waits for a later moment."""

    def later() -> bool:
        found = [desk.question(one.visit_id) for one in questions]
        return all(
            one.state is QuestionState.PENDING and one.next_at > world.clock() for one in found
        )

    wait_for(later, "a look at each")


def test_a_silent_payer_is_asked_once_and_the_others_wait(world: World, desk: DeskOutbox) -> None:
    """After one failure nothing goes out but the probe of somebody at the desk, in its time."""
    world.running.faults.set("down", path="$submit")
    first = desk.sees(asks(desk, world.somebody()), has_problem, "the first to fail")
    assert (first.attempts, first.problem) == (1, QuestionProblem.PAYER_UNAVAILABLE)
    assert desk.enquiries.payer_is_silent
    others = [desk.sees(asks(desk, world.somebody()), has_problem, "a wait") for _ in range(3)]
    assert [other.attempts for other in others] == [0, 0, 0]
    earliest = world.clock() + timedelta(seconds=POLICY.probe_low)
    assert all(other.next_at >= earliest for other in others)
    goes_on(world, desk, POLICY.probe_high)
    asked = [first, *others]
    wait_for(lambda: sum(desk.question(one.visit_id).attempts for one in asked) == 2, "one probe")


def test_who_is_at_the_desk_comes_first_when_the_payer_returns(
    world: World, desk: DeskOutbox
) -> None:
    """The answer to the one at the desk lets the others out, later and spread over their time."""
    world.running.faults.set("down", path="$submit")
    gone = [desk.sees(asks(desk, world.somebody()), has_problem, "a wait") for _ in range(4)]
    goes_on(world, desk, 900)
    are_held(world, desk, gone)
    assert sum(desk.question(one.visit_id).attempts for one in gone) == 2
    here = desk.sees(asks(desk, world.somebody()), has_problem, "a wait")
    # until just before its turn, so that nobody else's falls on the same moment
    moment = timedelta(milliseconds=1)
    goes_on(world, desk, (here.next_at - moment - world.clock()).total_seconds())
    are_held(world, desk, gone)
    world.running.faults.clear()
    goes_on(world, desk, moment.total_seconds())
    desk.sees(here, is_answered, "the answer for who is at the desk")
    assert not desk.enquiries.payer_is_silent
    soonest = world.clock() + timedelta(seconds=POLICY.catch_up_seconds)
    latest = world.clock() + timedelta(seconds=POLICY.drain_seconds)
    left = [desk.question(one.visit_id) for one in gone]
    left = [one for one in left if one.state is QuestionState.PENDING]
    assert left
    assert all(soonest <= one.next_at <= latest for one in left)
    goes_on(world, desk, POLICY.drain_seconds)
    for one in gone:
        desk.sees(one, is_answered, "the answers for who went home")


def test_a_question_asked_by_hand_goes_out_at_once(world: World, desk: DeskOutbox) -> None:
    """Staff need not wait for the probe; the answer ends the silence for all."""
    world.running.faults.set("down", path="$submit")
    question = desk.sees(asks(desk, world.somebody()), has_problem, "the failure")
    world.running.faults.clear()
    desk.enquiries.ask_again(question.visit_id, RECEPTION)
    desk.sees(question, is_answered, "the answer")
    assert not desk.enquiries.payer_is_silent
    with pytest.raises(VisitStateError, match="no open question"):
        desk.enquiries.ask_again(question.visit_id, RECEPTION)


def test_the_payer_says_when_to_come_again(world: World, desk: DeskOutbox) -> None:
    """A Retry-After is never undercut, nor by those who come meanwhile."""
    world.running.faults.set("unavailable", path="$submit")
    question = desk.sees(asks(desk, world.somebody()), has_problem, "the failure")
    assert question.next_at >= world.clock() + timedelta(seconds=2)


def test_an_answer_that_is_not_ready_is_asked_for_soon(world: World, desk: DeskOutbox) -> None:
    """A payer that says "later" speaks: nobody else is held back."""
    world.running.faults.set("queued", path="$submit")
    question = desk.sees(asks(desk, world.somebody()), has_problem, "the wait")
    assert question.problem is QuestionProblem.PAYER_SLOW
    assert not desk.enquiries.payer_is_silent
    longest = timedelta(seconds=POLICY.spoken.ceiling(1))
    assert question.next_at <= question.created_at + longest
    world.running.faults.clear()
    goes_on(world, desk, POLICY.spoken.ceiling(1))
    desk.sees(question, is_answered, "the answer")


def test_each_question_ends_even_where_the_payer_never_speaks(
    world: World, desk: DeskOutbox
) -> None:
    """After a day without an answer a question goes to staff, and can still be asked by hand."""
    world.running.faults.set("down", path="$submit")
    question = desk.sees(asks(desk, world.somebody()), has_problem, "the failure")
    goes_on(world, desk, 24 * 3600)
    ended = desk.sees(
        question, lambda one: one.state is QuestionState.GIVEN_TO_STAFF, "the end of the question"
    )
    assert ended.problem is QuestionProblem.EXPIRED
    world.running.faults.clear()
    desk.enquiries.ask_again(question.visit_id, RECEPTION)
    desk.sees(question, is_answered, "the answer")
    assert desk.confirmations(question.visit_id)[0].source is ConfirmationSource.LIVE
