"""The check of expected patients: everybody once, last, whatever happens to desk and payer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from eligibility.codes import QualificationValidity
from eligibility.model import FindingCode
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.people import Person
from terminal.access.accounts import Actor, Role
from terminal.audit import Act, AuditRecord
from terminal.bulk.run import BulkRun, ItemState, RunOrigin, RunState
from terminal.errors import BulkStateError, RoleError
from terminal.expected.expected_list import RowGroup
from terminal.payer.question import QuestionProblem
from tests.clinic import wait_for
from tests.desk_bulk import FAST, DeskBulk, ordinary_people, record_of, settings
from tests.desk_outbox import RECEPTION
from tests.fhir.desk import World, opened_world

TOMORROW = date(2026, 11, 25)
TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One payer for all tests."""
    with opened_world(tmp_path_factory.mktemp("payer")) as world:
        yield world


@pytest.fixture
def world(running: World) -> Iterator[World]:
    """The payer, well and with nothing remembered."""
    before = running.clock.moment
    yield running
    running.clock.moment = before
    running.running.payer.forget()
    running.running.faults.clear()
    running.close()


@pytest.fixture
def desk(tmp_path: Path, world: World) -> Iterator[DeskBulk]:
    """A desk that asks as fast as it may."""
    desk = DeskBulk(tmp_path / "desk.db", world.payer(), world.clock)
    yield desk
    desk.stop()


def known(desk: DeskBulk, people: list[Person]) -> list[str]:
    """Take these people into the register; return their patient numbers."""
    numbers = [f"{place:04}" for place in range(1, len(people) + 1)]
    desk.knows(record_of(person, number) for person, number in zip(people, numbers, strict=True))
    return numbers


def test_everybody_is_asked_about_once(desk: DeskBulk, world: World) -> None:
    """Each person of the list has one answer with its bytes, however often they are expected."""
    numbers = known(desk, ordinary_people(world, 12))
    desk.expects(TOMORROW, [*numbers, numbers[0]])
    desk.check.start()
    desk.begins(TOMORROW)
    done = desk.sees_end(TOMORROW)
    assert done.progress is not None
    assert (done.progress.total, done.progress.answered) == (12, 12)
    items = desk.items(TOMORROW)
    assert {one.state for one in items} == {ItemState.ANSWERED}
    answers = [desk.answer_to(one) for one in items]
    assert len({one.id for one in answers if one is not None}) == 12
    for item, answer in zip(items, answers, strict=True):
        assert answer is not None
        assert answer.question_id == item.id
        assert answer.original
        assert answer.qualification_validity is QualificationValidity.VALID
        assert all(one.person.birthdate == item.record.birthdate for one in answer.results)
    page = desk.list.day(RECEPTION, TOMORROW)
    assert page.total == 13
    assert [row.item for row in page.rows if row.appointment.patient_number == numbers[0]] == [
        items[0],
        items[0],
    ]


def test_what_changed_stands_first_then_errors_then_the_rest(desk: DeskBulk, world: World) -> None:
    """Lost and other insurance, and another person, come before what nobody could be asked."""
    people = world.running.payer.population.people
    lost = next(
        one
        for one in people
        if holding_of(one, world.today).validity is QualificationValidity.INVALID
    )
    plain = ordinary_people(world, 3)
    desk.knows(
        [
            record_of(plain[0], "1"),
            replace(record_of(plain[1], "2"), name="別人 太郎", name_kana="ベツジン タロウ"),
            replace(record_of(plain[2], "3"), insurer_number=None),
            record_of(lost, "4"),
        ]
    )
    desk.expects(TOMORROW, ["1", "2", "3", "4", "9"])
    desk.check.start()
    desk.begins(TOMORROW)
    desk.sees_end(TOMORROW)
    page = desk.list.day(RECEPTION, TOMORROW)
    assert [(row.appointment.patient_number, row.group) for row in page.rows] == [
        ("2", RowGroup.CHANGED),
        ("4", RowGroup.CHANGED),
        ("3", RowGroup.ERROR),
        ("9", RowGroup.ERROR),
        ("1", RowGroup.QUIET),
    ]
    another, gone, *_, quiet = page.rows
    assert another.coverage is None
    assert another.item is not None
    assert FindingCode.RECORD_IS_ANOTHER in {one.code for one in another.item.findings}
    assert gone.item is not None
    assert FindingCode.QUALIFICATION_INVALID in {one.code for one in gone.item.findings}
    assert quiet.coverage is not None
    assert page.counts == {RowGroup.CHANGED: 2, RowGroup.ERROR: 2, RowGroup.QUIET: 1}


def test_a_change_of_the_evening_is_one_in_the_morning(desk: DeskBulk, world: World) -> None:
    """What differs from the last day's answer is told again by a later check of the same day."""
    (person,) = ordinary_people(world, 1)
    (number,) = known(desk, [person])
    desk.expects(TODAY, [number])
    desk.expects(TOMORROW, [number])
    desk.check.start()
    desk.begins(TODAY)
    desk.sees_end(TODAY)
    population = world.running.payer.population
    other = next(
        one.insurer
        for one in population.people
        if one.insurer.number != person.insurer.number
        and one.insurer.scheme is person.insurer.scheme
    )
    changed = replace(person, insurer=other)
    population.change(changed)
    try:
        desk.knows([record_of(changed, number)])
        for _ in range(2):
            desk.begins(TOMORROW, again=True)
            desk.sees_end(TOMORROW)
            (item,) = desk.items(TOMORROW)
            assert FindingCode.INSURER_CHANGED in {one.code for one in item.findings}
            assert item.changed
    finally:
        population.change(person)


def test_a_payer_that_is_down_is_waited_for(desk: DeskBulk, world: World) -> None:
    """Nobody is lost while the payer is down; the check says so, and goes on by itself."""
    numbers = known(desk, ordinary_people(world, 6))
    desk.expects(TOMORROW, numbers)
    world.running.faults.set("down")
    desk.check.start()
    desk.begins(TOMORROW)

    def held() -> bool:
        run = desk.standing(TOMORROW).run
        return run is not None and run.problem is not None

    wait_for(held, "the check to wait")
    # nobody at the desk is held back, since nobody there was failed yet
    assert not desk.line.is_silent
    world.running.faults.clear()
    world.clock.moves_on(hours=3)
    done = desk.sees_end(TOMORROW)
    assert done.progress is not None
    assert (done.progress.answered, done.progress.failed) == (6, 0)
    assert done.run is not None
    assert done.run.problem is None


def test_while_the_desk_asks_nothing_is_asked_here(desk: DeskBulk, world: World) -> None:
    """Who stands at the desk goes first: the check begins when nobody is asked about any more."""
    desk.expects(TOMORROW, known(desk, ordinary_people(world, 3)))
    desk.desk_is_asking = True
    desk.check.start()
    desk.begins(TOMORROW)
    with pytest.raises(AssertionError):
        desk.sees_end(TOMORROW, seconds=1.0)
    assert {one.attempts for one in desk.items(TOMORROW)} == {0}
    desk.desk_is_asking = False
    desk.sees_end(TOMORROW)


def test_it_keeps_to_its_pace(tmp_path: Path, world: World) -> None:
    """No more questions a minute go out than are configured."""
    slow = settings(questions_per_minute=1)
    desk = DeskBulk(tmp_path / "slow.db", world.payer(), world.clock, slow)
    desk.expects(TOMORROW, known(desk, ordinary_people(world, 3)))
    desk.check.start()
    desk.begins(TOMORROW)
    wait_for(lambda: desk.standing(TOMORROW).progress.answered == 1, "the first answer")  # type: ignore[union-attr]
    with pytest.raises(AssertionError):
        wait_for(lambda: desk.standing(TOMORROW).progress.answered > 1, "a second", 2.0)  # type: ignore[union-attr]
    desk.stop()


def test_it_is_paused_resumed_and_cancelled(desk: DeskBulk, world: World) -> None:
    """Paused nothing is asked; resumed it goes on; cancelled what came stays and no more comes."""
    desk.expects(TOMORROW, known(desk, ordinary_people(world, 8)))
    run = desk.begins(TOMORROW)
    desk.commands.pause(RECEPTION, run.id)
    desk.check.start()
    with pytest.raises(BulkStateError):
        desk.commands.begin(RECEPTION, TOMORROW)
    with pytest.raises(AssertionError):
        desk.sees_end(TOMORROW, seconds=0.5)
    desk.commands.resume(RECEPTION, run.id)
    desk.sees_end(TOMORROW)
    again = desk.begins(TOMORROW, again=True)
    desk.commands.cancel(RECEPTION, again.id)
    with pytest.raises(BulkStateError):
        desk.commands.resume(RECEPTION, again.id)
    # what the first one found is still shown
    assert {one.state for one in desk.items(TOMORROW)} == {ItemState.ANSWERED}


def test_fresh_answers_are_not_asked_for_again(desk: DeskBulk, world: World) -> None:
    """Only who was not answered within some hours is asked about, unless staff want all."""
    numbers = known(desk, ordinary_people(world, 4))
    desk.expects(TOMORROW, numbers[:3])
    desk.check.start()
    desk.begins(TOMORROW)
    desk.sees_end(TOMORROW)
    assert desk.commands.begin(RECEPTION, TOMORROW) is None
    desk.expects(TOMORROW, numbers)
    assert desk.commands.begin(RECEPTION, TOMORROW) is not None
    done = desk.sees_end(TOMORROW)
    assert done.progress is not None
    assert done.progress.total == 1
    world.clock.moves_on(hours=FAST.fresh_hours)
    desk.begins(TOMORROW)
    assert desk.standing(TOMORROW).progress.total == 4  # type: ignore[union-attr]


def test_the_clock_begins_what_is_configured(desk: DeskBulk, world: World) -> None:
    """The evening asks for tomorrow's list, the morning for today's, each once a day."""
    numbers = known(desk, ordinary_people(world, 2))
    desk.expects(TODAY, numbers[:1])
    desk.expects(TOMORROW, numbers)
    desk.check.start()
    desk.commands.begin_due()  # 10:00 in Japan: the morning's time has passed
    assert [run.origin for run in runs(desk, TODAY)] == [RunOrigin.MORNING]
    assert runs(desk, TOMORROW) == []
    world.clock.moves_on(hours=9, minutes=16)
    desk.sees_end(TODAY)
    for _ in range(3):
        desk.commands.begin_due()
    assert [run.origin for run in runs(desk, TOMORROW)] == [RunOrigin.EVENING]
    desk.sees_end(TOMORROW)
    world.clock.moves_on(hours=12)
    for _ in range(3):
        desk.commands.begin_due()
    assert [run.origin for run in runs(desk, TOMORROW)] == [RunOrigin.MORNING, RunOrigin.EVENING]


def runs(desk: DeskBulk, day: date) -> list[BulkRun]:
    """Return the checks of a day, the newest first."""
    return desk.store.read(lambda tx: tx.bulk.of_day(day))


def test_it_may_be_switched_off(tmp_path: Path, world: World) -> None:
    """Without times nothing is asked by itself."""
    off = settings(evening_check="off", morning_check="off")
    desk = DeskBulk(tmp_path / "off.db", world.payer(), world.clock, off)
    desk.expects(TODAY, known(desk, ordinary_people(world, 1)))
    desk.commands.begin_due()
    assert runs(desk, TODAY) == []
    desk.stop()


def test_a_restart_loses_and_doubles_nobody(tmp_path: Path, world: World) -> None:
    """What was asked before the end has its answer, the rest is asked by the next life."""
    path = tmp_path / "lives.db"
    paced = settings(questions_per_minute=600)
    first = DeskBulk(path, world.payer(), world.clock, paced)
    first.expects(TOMORROW, known(first, ordinary_people(world, 20)))
    first.check.start()
    first.begins(TOMORROW)
    wait_for(lambda: first.standing(TOMORROW).progress.answered >= 3, "some answers")  # type: ignore[union-attr]
    first.stop()
    second = DeskBulk(path, world.payer(), world.clock)
    before = {one.id: one.answer_id for one in second.items(TOMORROW) if one.answer_id}
    assert 3 <= len(before) < 20
    second.check.start()
    done = second.sees_end(TOMORROW)
    assert done.progress is not None
    assert done.progress.answered == 20
    after = {one.id: one.answer_id for one in second.items(TOMORROW)}
    assert {ident: after[ident] for ident in before} == before
    assert len(set(after.values())) == 20
    second.stop()


def test_a_refusal_is_told_in_the_payers_words_and_holds_nobody_back(
    desk: DeskBulk, world: World
) -> None:
    """One refused question leaves the others alone."""
    people = ordinary_people(world, 3)
    records = [record_of(person, str(n)) for n, person in enumerate(people)]
    records[1] = replace(records[1], insured_identification_number="99999999")
    desk.knows(records)
    desk.expects(TOMORROW, ["0", "1", "2"])
    desk.check.start()
    desk.begins(TOMORROW)
    desk.sees_end(TOMORROW)
    codes = [{one.code for one in item.findings} for item in desk.items(TOMORROW)]
    assert FindingCode.NO_QUALIFICATION in codes[1]
    assert FindingCode.NO_QUALIFICATION not in codes[0] | codes[2]


def test_an_answer_that_cannot_be_read_is_given_up_after_some_tries(
    desk: DeskBulk, world: World
) -> None:
    """Rubbish from the payer ends as an error of that person, not as a loop."""
    desk.expects(TOMORROW, known(desk, ordinary_people(world, 1)))
    world.running.faults.set("malformed")
    desk.check.start()
    desk.begins(TOMORROW)
    while not desk.standing(TOMORROW).progress.failed:  # type: ignore[union-attr]
        world.clock.moves_on(seconds=30)
        desk.check.kick()
        wait_for(lambda: True, "a moment")
    (item,) = desk.items(TOMORROW)
    assert (item.state, item.problem) == (ItemState.FAILED, QuestionProblem.PAYER_UNREADABLE)


def test_each_look_and_act_is_written_down(desk: DeskBulk, world: World) -> None:
    """The log tells who began, whom the list showed by number, and each answer's person."""
    numbers = known(desk, ordinary_people(world, 2))
    desk.expects(TOMORROW, numbers)
    desk.check.start()
    desk.begins(TOMORROW)
    desk.sees_end(TOMORROW)
    desk.list.day(RECEPTION, TOMORROW)
    told = [(one.act, one.reason, one.subject_hash is not None) for one in recent(desk, 5)]
    assert told == [
        (Act.BULK_STARTED, f"{TOMORROW} by-hand 2", False),
        (Act.BULK_ANSWERED, numbers[0], True),
        (Act.BULK_ANSWERED, numbers[1], True),
        (Act.BULK_ENDED, f"{TOMORROW} answered 2, failed 0", False),
        (Act.APPOINTMENTS_SEEN, f"{TOMORROW} {' '.join(numbers)}", False),
    ]


def recent(desk: DeskBulk, count: int) -> list[AuditRecord]:
    """Return the newest records, the oldest of them first."""
    return list(reversed(desk.store.read(lambda tx: tx.audit.recent(count))))


def test_only_who_may_see_coverage_may_begin_and_look(desk: DeskBulk, world: World) -> None:
    """An administrator neither begins a check nor sees its list."""
    desk.expects(TOMORROW, known(desk, ordinary_people(world, 1)))
    administrator = Actor("a-1", Role.ADMINISTRATOR, "管理者")
    for act in (desk.commands.begin, desk.list.day, desk.list.standing):
        with pytest.raises(RoleError):
            act(administrator, TOMORROW)


def test_a_day_that_has_passed_is_not_asked_about(desk: DeskBulk) -> None:
    """Nobody is expected yesterday."""
    with pytest.raises(BulkStateError):
        desk.commands.begin(RECEPTION, TODAY - timedelta(days=1))


def test_a_run_tells_what_it_was(desk: DeskBulk, world: World) -> None:
    """Who began it, when it began and ended."""
    desk.expects(TOMORROW, known(desk, ordinary_people(world, 1)))
    desk.check.start()
    desk.begins(TOMORROW)
    run = desk.sees_end(TOMORROW).run
    assert run is not None
    assert (run.started_by, run.state) == (RECEPTION.id, RunState.DONE)
    assert isinstance(run.ended_at, datetime)
