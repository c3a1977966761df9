"""A check before the day stands in for a number's visit while the payer is silent, by one rule."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from eligibility.calendar import CalendarMonth
from eligibility.model import Confirmation, ConfirmationSource, FindingCode, NumberSubject, Severity
from eligibility.simulator.people import Situation
from terminal.decision import DecisionBasis
from terminal.expected.found_before import FoundBeforeVisits
from terminal.payer.freshness import Freshness
from terminal.payer.question import QuestionKind
from terminal.proof import ProofBook
from terminal.report.beside import BesideKind
from terminal.report.reporting import Reporting
from terminal.views import VisitDetail
from terminal.visit_book import VisitBook
from tests.desk_bulk import DeskBulk, record_of
from tests.desk_outbox import RECEPTION, DeskOutbox, is_answered
from tests.fhir.desk import World
from tests.fhir.insured import number_of, somebody
from tests.terminal.test_enquiry_desk import answered, asks, has_problem

TOMORROW = date(2026, 11, 25)


def checked(world: World, path: Path) -> tuple[NumberSubject, datetime]:
    """Check somebody who is expected tomorrow; return by which number, and when."""
    person = somebody(world, Situation.VALID)
    evening = DeskBulk(path, world.payer(), world.clock)
    evening.knows([record_of(person, "A-1")])
    evening.expects(TOMORROW, ["A-1"])
    evening.check.start()
    evening.begins(TOMORROW)
    evening.sees_end(TOMORROW)
    (item,) = evening.items(TOMORROW)
    assert item.ended_at is not None
    evening.stop()
    world.clock.moves_on(hours=14)
    return number_of(person), item.ended_at


def opened(world: World, path: Path, freshness: Freshness = Freshness.ALWAYS) -> DeskOutbox:
    """Open the desk in the morning."""
    desk = DeskOutbox(path, world.payer(), world.anchor, world.clock, freshness)
    desk.start()
    return desk


def visited(desk: DeskOutbox, subject: NumberSubject) -> str:
    """Ask while the payer is silent; return the visit's id."""
    visit_id = asks(desk, subject)
    desk.sees(desk.question(visit_id), has_problem, "a failure")
    return visit_id


def stands_on(desk: DeskOutbox, visit_id: str) -> Confirmation | None:
    """Return what the visit stands on."""
    return next(iter(desk.store.read(lambda tx: tx.confirmations.of_visit(visit_id))), None)


def shown(desk: DeskOutbox, visit_id: str, freshness: Freshness) -> VisitDetail:
    """Return the visit as staff see it."""
    book = VisitBook(desk.store, desk.disclosure, desk.bus, desk.now, freshness)
    return book.visit(RECEPTION, visit_id)


@pytest.mark.parametrize("freshness", list(Freshness))
def test_it_stands_in_with_its_own_age_as_far_as_the_policy_goes(
    world: World, tmp_path: Path, freshness: Freshness
) -> None:
    """Never as one of today: current by month, by staff's word or not at all; a late one wins."""
    path = tmp_path / "desk.db"
    subject, evening = checked(world, path)
    world.running.faults.set("unavailable", path="$submit")
    desk = opened(world, path, freshness)
    try:
        visit_id = visited(desk, subject)
        found = stands_on(desk, visit_id)
        assert found is not None
        assert (found.source, found.as_of) == (ConfirmationSource.RECORDED, evening)
        old = next(one for one in found.findings if one.code is FindingCode.RECORDED_ANSWER)
        monthly = freshness is Freshness.MONTHLY
        assert old.severity is (Severity.NOTE if monthly else Severity.WARN)
        assert old.blocks_history
        detail = shown(desk, visit_id, freshness)
        assert detail.row.coverage is not None
        assert detail.row.is_current is monthly
        assert desk.question(visit_id).kind is QuestionKind.NUMBER_ELIGIBILITY
        assert desk.question(visit_id).waits_at_desk is not monthly
        if freshness is Freshness.BY_STAFF:
            desk.deciding.decide(RECEPTION, visit_id, DecisionBasis.EARLIER_ANSWER, None)
            assert shown(desk, visit_id, freshness).row.is_current
        world.running.faults.clear()
        desk.enquiries.ask_again(visit_id, RECEPTION)
        desk.sees(desk.question(visit_id), is_answered, "the late answer")
        late = stands_on(desk, visit_id)
        assert late is not None
        assert (late.source, late.supersedes) == (ConfirmationSource.LIVE, found.id)
    finally:
        desk.stop()


def test_it_stands_in_for_nobody_else(world: World, tmp_path: Path) -> None:
    """Another branch or birth date of the same number may be another person."""
    path = tmp_path / "desk.db"
    subject, _ = checked(world, path)
    world.running.faults.set("unavailable", path="$submit")
    desk = opened(world, path)
    try:
        others = (
            replace(subject, insured_branch_number="77"),
            replace(subject, birthdate=subject.birthdate + timedelta(days=1)),
            replace(subject, insured_identification_number="77777777"),
        )
        for other in others:
            assert stands_on(desk, visited(desk, other)) is None
    finally:
        desk.stop()


def test_the_newer_of_a_visit_and_a_check_stands_in(world: World, tmp_path: Path) -> None:
    """A visit after the check counts in its place."""
    path = tmp_path / "desk.db"
    subject, evening = checked(world, path)
    desk = opened(world, path)
    try:
        first = answered(desk, subject)
        world.clock.moves_on(hours=1)
        world.running.faults.set("unavailable", path="$submit")
        found, newest = stands_on(desk, visited(desk, subject)), stands_on(desk, first)
        assert found is not None
        assert newest is not None
        assert found.answer_id == newest.answer_id
        assert found.as_of > evening
    finally:
        desk.stop()


def test_several_visits_may_stand_on_it_and_their_proof_says_so(
    world: World, tmp_path: Path
) -> None:
    """Also where the number is typed in full width; the page shows it once."""
    path = tmp_path / "desk.db"
    subject, evening = checked(world, path)
    number = subject.insured_identification_number
    wide = number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    other_way = unicodedata.normalize("NFKC", number) if wide == number else wide
    assert other_way != number
    typed = replace(subject, insured_identification_number=other_way)
    world.running.faults.set("unavailable", path="$submit")
    desk = opened(world, path)
    try:
        for place, asked in enumerate((subject, typed)):
            visit_id = visited(desk, asked)
            found = stands_on(desk, visit_id)
            assert found is not None
            assert found.as_of == evening
            detail = shown(desk, visit_id, Freshness.ALWAYS)
            before = FoundBeforeVisits(desk.store, desk.now)
            assert before.beside(RECEPTION, detail) is None
            proof = ProofBook(desk.store, desk.now).of_visit(RECEPTION, visit_id)
            assert [one.confirmation.id for one in proof.confirmed] == [found.id]
            asked_as = [one.question.kind for one in proof.asked]
            first = [QuestionKind.BULK_CHECK, QuestionKind.NUMBER_ELIGIBILITY]
            assert asked_as == first[place:]
        # a check is no question of the desk's, and is counted beside them
        report = Reporting(desk.store, desk.now).of(RECEPTION, CalendarMonth.at(desk.now()))
        assert (report.visits, report.questions) == (2, 2)
        (row,) = report.beside
        assert (row.kind, row.item, row.answered, row.total) == (BesideKind.CHECK, "single", 1, 1)
    finally:
        desk.stop()
