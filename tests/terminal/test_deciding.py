"""What staff decide while the payer is silent, what it says later, and how old an answer may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import InsuredCardClassification, QualificationValidity
from eligibility.model import (
    CardSubject,
    Confirmation,
    ConfirmationSource,
    CopayRatio,
    Finding,
    FindingCode,
    PayerAnswer,
    Severity,
)
from terminal.access.accounts import Actor
from terminal.audit import Act
from terminal.decision import SHARES, Decision, DecisionBasis, differences
from terminal.errors import RoleError, VisitStateError
from terminal.payer.freshness import Freshness, is_current
from terminal.payer.question import Question, QuestionProblem, QuestionState
from tests.desk_outbox import RECEPTION, DeskOutbox, is_answered
from tests.fhir.desk import World
from tests.simulator.desk import Card
from tests.store.builders import a_confirmation, an_answer

OpenDesk = Callable[[Freshness], DeskOutbox]
TODAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def open_desk(world: World, tmp_path: Path) -> Iterator[OpenDesk]:
    """Opens the desk with a policy on freshness."""
    opened: list[DeskOutbox] = []

    def open_it(freshness: Freshness) -> DeskOutbox:
        desk = DeskOutbox(tmp_path / "desk.db", world.payer(), world.anchor, world.clock, freshness)
        desk.start()
        opened.append(desk)
        return desk

    yield open_it
    for desk in opened:
        desk.stop()


def asks(desk: DeskOutbox, card: Card) -> Question:
    """Ask for the holder of this card."""
    return desk.asks(card.der, CardSubject(card.issuer, card.serial))


def asked_in_vain(world: World, desk: DeskOutbox) -> Question:
    """Ask a payer that is down about somebody whom it answered for three days ago."""
    desk.sees(asks(desk, world.somebody()), is_answered, "the answer of three days ago")
    world.clock.moves_on(days=3)
    world.running.faults.set("down", path="$submit")
    question = asks(desk, world.somebody())
    return desk.sees(question, lambda one: one.problem is not None, "the payer's silence")


def answers_late(world: World, desk: DeskOutbox, question: Question) -> Confirmation:
    """Let the payer come back and answer."""
    world.running.faults.clear()
    desk.enquiries.ask_again(question.visit_id, RECEPTION)
    desk.sees(question, is_answered, "the late answer")
    return desk.confirmations(question.visit_id)[0]


def otherwise(confirmation: Confirmation) -> list[Finding]:
    """Return what the payer says otherwise than was decided."""
    return [one for one in confirmation.findings if one.code is FindingCode.DECIDED_OTHERWISE]


def test_a_decision_and_the_late_answer_stand_beside_each_other(
    world: World, open_desk: OpenDesk
) -> None:
    """The late answer tells what it says otherwise; the decision is kept, with who and when."""
    desk = open_desk(Freshness.ALWAYS)
    question = asked_in_vain(world, desk)
    made = desk.deciding.decide(RECEPTION, question.visit_id, DecisionBasis.DECLARATION, 10)
    assert desk.question(question.visit_id).at_desk_since is None
    late = answers_late(world, desk, question)
    assert late.source is ConfirmationSource.LIVE
    (difference,) = otherwise(late)
    assert (difference.recorded, difference.from_payer) == ("10", "30")
    assert desk.store.read(lambda tx: tx.decisions.of_visit(question.visit_id)) == [made]
    looks = desk.store.read(lambda tx: tx.audit.of_visit(question.visit_id))
    assert [one.reason for one in looks if one.act is Act.DECIDED_OFFLINE] == ["declaration"]


def test_a_decision_that_the_payer_confirms_is_no_finding(
    world: World, open_desk: OpenDesk
) -> None:
    """The same share is nothing to settle."""
    desk = open_desk(Freshness.ALWAYS)
    question = asked_in_vain(world, desk)
    desk.deciding.decide(RECEPTION, question.visit_id, DecisionBasis.CERTIFICATE, 30)
    assert otherwise(answers_late(world, desk, question)) == []


def test_the_newest_decision_counts_and_none_is_lost(world: World, open_desk: OpenDesk) -> None:
    """Staff may decide again; the answer is held against the last."""
    desk = open_desk(Freshness.ALWAYS)
    question = asked_in_vain(world, desk)
    desk.deciding.decide(RECEPTION, question.visit_id, DecisionBasis.FULL_FEE, 30)
    world.clock.moves_on(minutes=5)
    desk.deciding.decide(RECEPTION, question.visit_id, DecisionBasis.PATIENTS_PORTAL, 30)
    found = desk.store.read(lambda tx: tx.decisions.of_visit(question.visit_id))
    assert [one.percent for one in found] == [30, 100]
    assert otherwise(answers_late(world, desk, question)) == []


def test_once_the_payer_has_answered_there_is_nothing_to_decide(
    world: World, open_desk: OpenDesk
) -> None:
    """A decision after the answer, by a strange share or by a role that may not, is refused."""
    desk = open_desk(Freshness.ALWAYS)
    question = asked_in_vain(world, desk)
    with pytest.raises(VisitStateError, match="share"):
        desk.deciding.decide(RECEPTION, question.visit_id, DecisionBasis.CERTIFICATE, 25)
    with pytest.raises(RoleError):
        desk.deciding.decide(Actor("x"), question.visit_id, DecisionBasis.CERTIFICATE, 30)
    answers_late(world, desk, question)
    with pytest.raises(VisitStateError, match="nothing to decide by"):
        desk.deciding.decide(RECEPTION, question.visit_id, DecisionBasis.CERTIFICATE, 30)
    assert desk.store.read(lambda tx: tx.decisions.of_visit(question.visit_id)) == []


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [(Freshness.ALWAYS, False), (Freshness.MONTHLY, True), (Freshness.BY_STAFF, True)],
)
def test_an_earlier_answer_stands_in_as_the_policy_says(
    world: World, open_desk: OpenDesk, policy: Freshness, allowed: bool
) -> None:
    """Staff go by an earlier answer, and by its own share, only where the policy lets it count."""
    desk = open_desk(policy)
    question = asked_in_vain(world, desk)
    if not allowed:
        with pytest.raises(VisitStateError):
            desk.deciding.decide(RECEPTION, question.visit_id, DecisionBasis.EARLIER_ANSWER, 0)
        return
    made = desk.deciding.decide(RECEPTION, question.visit_id, DecisionBasis.EARLIER_ANSWER, 0)
    earlier = desk.confirmations(question.visit_id)[0]
    assert (made.percent, made.answer_id) == (30, earlier.answer_id)


def test_an_answer_of_this_month_counts_at_once_where_that_is_the_policy(
    world: World, open_desk: OpenDesk
) -> None:
    """Nobody waits at the desk: the earlier answer stands, as what it is, and is asked again."""
    desk = open_desk(Freshness.MONTHLY)
    question = asked_in_vain(world, desk)
    assert question.at_desk_since is None
    (earlier,) = desk.confirmations(question.visit_id)
    assert earlier.source is ConfirmationSource.RECORDED
    assert {one.severity for one in earlier.findings} == {Severity.NOTE}
    assert answers_late(world, desk, question).source is ConfirmationSource.LIVE


def test_visits_on_an_earlier_answer_are_asked_for_again_in_the_background(
    world: World, open_desk: OpenDesk
) -> None:
    """A question that ended without an answer is put back, behind all who stand at the desk."""
    desk = open_desk(Freshness.ALWAYS)
    desk.sees(asks(desk, world.somebody()), is_answered, "the earlier answer")
    world.running.faults.set("malformed", path="$submit")
    question = asks(desk, world.somebody())
    for _ in range(3):
        world.clock.moves_on(seconds=130)
        desk.enquiries.kick()
        desk.sees(question, lambda one: one.attempts > 0, "an attempt")

    def given_to_staff(one: Question) -> bool:
        world.clock.moves_on(seconds=10)
        desk.enquiries.kick()
        return one.state is QuestionState.GIVEN_TO_STAFF

    ended = desk.sees(question, given_to_staff, "the end of the question")
    assert ended.problem is QuestionProblem.PAYER_UNREADABLE
    world.running.faults.clear()
    desk.recheck.run()
    assert desk.question(question.visit_id).at_desk_since is None
    desk.sees(question, is_answered, "the answer")
    assert desk.confirmations(question.visit_id)[0].source is ConfirmationSource.LIVE


def said(days_ago: int, source: ConfirmationSource) -> Confirmation:
    """Return a confirmation by an answer so many days old."""
    return a_confirmation(as_of=NOON - timedelta(days=days_ago), source=source)


@pytest.mark.parametrize("policy", list(Freshness))
@given(days=st.integers(0, 4000))
def test_no_policy_calls_an_answer_current_that_is_older_than_it_says(
    policy: Freshness, days: int
) -> None:
    """Always: today's own answer; monthly: this month's; by staff: that, or what they accepted."""
    live = is_current(policy, said(days, ConfirmationSource.LIVE), NOON)
    recorded = is_current(policy, said(days, ConfirmationSource.RECORDED), NOON)
    this_month = days < 24
    assert live == (days == 0 or (policy is Freshness.MONTHLY and this_month))
    assert recorded == (policy is Freshness.MONTHLY and this_month)
    accepted = is_current(policy, said(days, ConfirmationSource.RECORDED), NOON, accepted=True)
    assert accepted == (recorded or policy is Freshness.BY_STAFF)


def test_the_month_is_the_month_in_japan() -> None:
    """An answer of the last evening of a month in UTC belongs to the next one in Japan."""
    answer = a_confirmation(
        as_of=datetime(2026, 10, 31, 15, 30, tzinfo=UTC), source=ConfirmationSource.RECORDED
    )
    assert is_current(Freshness.MONTHLY, answer, NOON)


def decided(basis: DecisionBasis, percent: int) -> Decision:
    """Return a decision."""
    return Decision("d-1", "v-1", basis, percent, NOON, "suzuki")


def says(percent: int | None, insurer: str = "06123456", **changes: Any) -> PayerAnswer:
    """Return an answer with this share."""
    answer = an_answer()
    share = None if percent is None else CopayRatio(percent)
    coverage = replace(
        answer.results[0],
        insurer_number=insurer,
        insured_partial_contribution_ratio=share,
        qualification_date=date(2020, 4, 1),
        **changes,
    )
    return replace(answer, results=(coverage,))


@given(percent=st.sampled_from(SHARES), now=st.sampled_from((0, 10, 20, 30)))
def test_a_share_differs_exactly_where_both_are_certain_and_not_the_same(
    percent: int, now: int
) -> None:
    """The finding names both shares."""
    found = list(differences(decided(DecisionBasis.CERTIFICATE, percent), says(now), None, TODAY))
    assert [(one.recorded, one.from_payer) for one in found] == (
        [] if percent == now else [(str(percent), str(now))]
    )


def test_what_nobody_is_sure_of_is_no_difference() -> None:
    """No share from the payer, or several results: nothing to hold against the decision."""
    made = decided(DecisionBasis.DECLARATION, 30)
    assert list(differences(made, says(None), None, TODAY)) == []
    several = replace(an_answer(), results=an_answer().results * 2)
    assert list(differences(made, several, None, TODAY)) == []


def test_another_insurer_than_the_earlier_answers_is_told() -> None:
    """A claim would go to the wrong insurer."""
    made = decided(DecisionBasis.EARLIER_ANSWER, 30)
    (one,) = differences(made, says(30, insurer="39131156"), says(30), TODAY)
    assert (one.field, one.recorded, one.from_payer) == ("insurer_number", "06123456", "39131156")


def test_a_qualification_that_does_not_hold_is_told_unless_paid_in_full() -> None:
    """Whoever paid in full owes nothing to an insurer."""
    answer = replace(an_answer(), qualification_validity=QualificationValidity.INVALID)
    (one,) = differences(decided(DecisionBasis.CERTIFICATE, 30), answer, None, TODAY)
    assert one.field == "qualification_validity"
    assert list(differences(decided(DecisionBasis.FULL_FEE, 100), answer, None, TODAY)) == []


def test_who_pays_in_full_by_the_insurer_is_compared_as_such() -> None:
    """特別療養費 means the whole fee, whatever ratio stands beside it."""
    special = says(30, insured_card_classification=InsuredCardClassification.SPECIAL_EXPENSES)
    made = decided(DecisionBasis.FULL_FEE, 100)
    assert list(differences(made, special, None, TODAY)) == []
