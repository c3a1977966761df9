"""The check of expected patients over the link application: handed in together, fetched later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from eligibility.codes import QualificationValidity
from eligibility.simulator.faults import FaultKind
from terminal.bulk.run import BulkBatch, ItemState, RunState, RunWay
from terminal.payer.question import QuestionProblem
from terminal.payer.two_steps import BatchState
from tests.clinic import wait_for
from tests.desk_bulk import DeskBulk, ordinary_people, record_of, settings
from tests.national.desk import LinkedWorld, opened_link

TOMORROW = date(2026, 11, 25)
PARTS = settings(bulk_size=4)


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[LinkedWorld]:
    """The payer behind its link application."""
    with opened_link(tmp_path) as linked:
        yield linked


def a_desk(path: Path, linked: LinkedWorld) -> DeskBulk:
    """Return a desk whose adapter remembers by this store."""
    return DeskBulk(path, linked.payer(), linked.world.clock, PARTS)


def expects(desk: DeskBulk, linked: LinkedWorld, count: int) -> list[str]:
    """Expect so many people tomorrow; return their patient numbers."""
    people = ordinary_people(linked.world, count)
    numbers = [f"{n:04}" for n in range(1, count + 1)]
    desk.knows(record_of(one, number) for one, number in zip(people, numbers, strict=True))
    desk.expects(TOMORROW, numbers)
    return numbers


def the_part(desk: DeskBulk, batch_id: str) -> BulkBatch:
    """Return how far a part got."""
    found = desk.store.read(lambda tx: tx.bulk.batch(batch_id))
    assert found is not None
    return found


def test_everybody_is_answered_part_by_part(tmp_path: Path, linked: LinkedWorld) -> None:
    """Ten people in parts of four: three reception numbers, one answer each, nothing left over."""
    desk = a_desk(tmp_path / "desk.db", linked)
    expects(desk, linked, 10)
    desk.check.start()
    run = desk.begins(TOMORROW)
    assert run.way is RunWay.BULK
    parts = desk.store.read(lambda tx: tx.bulk.open_batches(run.id))
    assert len(parts) == 3
    done = desk.sees_end(TOMORROW)
    assert done.progress is not None
    assert (done.progress.total, done.progress.answered) == (10, 10)
    for item in desk.items(TOMORROW):
        answer = desk.answer_to(item)
        assert answer is not None
        assert answer.original
        assert answer.qualification_validity is QualificationValidity.VALID
        assert answer.subject == item.subject
    ended = [the_part(desk, one.id) for one in parts]
    assert {one.state for one in ended} == {BatchState.ENDED}
    assert len({one.reception_number for one in ended}) == 3
    desk.stop()


def test_the_reception_number_outlives_a_restart(tmp_path: Path, linked: LinkedWorld) -> None:
    """What was handed in is fetched by the next life, by the number that was kept."""
    path = tmp_path / "desk.db"
    first = a_desk(path, linked)
    expects(first, linked, 6)
    run = first.begins(TOMORROW)
    (part, _) = first.store.read(lambda tx: tx.bulk.open_batches(run.id))
    first.check._exchange.advance(part)  # one step, then the end of the process
    kept = the_part(first, part.id)
    assert (kept.state, bool(kept.reception_number)) == (BatchState.RECEIVED, True)
    first.stop()
    second = a_desk(path, linked)
    second.check.start()
    done = second.sees_end(TOMORROW)
    assert done.progress is not None
    assert done.progress.answered == 6
    assert the_part(second, part.id).reception_number == kept.reception_number
    second.stop()


def test_who_has_no_qualification_is_one_of_many(tmp_path: Path, linked: LinkedWorld) -> None:
    """One number that nobody has stands as such among the answers of the others."""
    desk = a_desk(tmp_path / "desk.db", linked)
    people = ordinary_people(linked.world, 3)
    records = [record_of(one, f"{n}") for n, one in enumerate(people)]
    records[1] = replace(records[1], insured_identification_number="99999999")
    desk.knows(records)
    desk.expects(TOMORROW, ["0", "1", "2"])
    desk.check.start()
    desk.begins(TOMORROW)
    desk.sees_end(TOMORROW)
    states = [(one.state, one.changed) for one in desk.items(TOMORROW)]
    assert states[1] == (ItemState.ANSWERED, True)
    assert [one[0] for one in states] == [ItemState.ANSWERED] * 3
    desk.stop()


def test_a_folder_that_is_away_is_waited_for(tmp_path: Path, linked: LinkedWorld) -> None:
    """While nothing can be handed in nobody is lost; when the folder is back it goes on."""
    desk = a_desk(tmp_path / "desk.db", linked)
    expects(desk, linked, 3)
    away = linked.folders.req.with_name("away")
    linked.folders.req.rename(away)
    desk.check.start()
    desk.begins(TOMORROW)

    def waits() -> bool:
        run = desk.standing(TOMORROW).run
        return run is not None and run.problem is not None

    wait_for(waits, "the check to wait")
    away.rename(linked.folders.req)

    def goes_on() -> bool:
        # the payer may be slow, and is then left alone for a while
        linked.world.clock.moves_on(seconds=20)
        desk.check.kick()
        run = desk.standing(TOMORROW).run
        return run is not None and run.state is RunState.DONE

    wait_for(goes_on, "the end of the check", 60)
    progress = desk.standing(TOMORROW).progress
    assert progress is not None
    assert progress.answered == 3
    desk.stop()


def test_whom_the_answer_leaves_out_is_an_error_of_their_own(
    tmp_path: Path, linked: LinkedWorld
) -> None:
    """Half of the answers missing: the others count, and those who are left out are told."""
    desk = a_desk(tmp_path / "desk.db", linked)
    expects(desk, linked, 4)
    linked.fails(FaultKind.PARTIAL)
    desk.check.start()
    desk.begins(TOMORROW)
    done = desk.sees_end(TOMORROW)
    assert done.progress is not None
    assert (done.progress.answered, done.progress.failed) == (2, 2)
    problems = {one.problem for one in desk.items(TOMORROW) if one.state is ItemState.FAILED}
    assert problems == {QuestionProblem.LEFT_OUT}
    linked.works()
    desk.begins(TOMORROW)
    done = desk.sees_end(TOMORROW)
    assert done.progress is not None
    assert (done.progress.total, done.progress.answered) == (2, 2)
    desk.stop()


def test_while_the_payer_works_on_it_one_waits(tmp_path: Path, linked: LinkedWorld) -> None:
    """「処理中」 is no answer and no failure: it is asked again, and the desk's line stays open."""
    desk = a_desk(tmp_path / "desk.db", linked)
    expects(desk, linked, 2)
    linked.fails(FaultKind.QUEUED)
    desk.check.start()
    run = desk.begins(TOMORROW)

    def tried() -> bool:
        parts = desk.store.read(lambda tx: tx.bulk.open_batches(run.id))
        return bool(parts) and parts[0].attempts > 0

    wait_for(tried, "the part to be tried")
    assert not desk.line.is_silent
    linked.works()

    def time_goes_on() -> bool:
        # the wait for the next try may begin after time was put on
        linked.world.clock.moves_on(minutes=10)
        desk.check.kick()
        run = desk.standing(TOMORROW).run
        return run is not None and run.state is RunState.DONE

    wait_for(time_goes_on, "the end of the check")
    done = desk.standing(TOMORROW)
    assert done.progress is not None
    assert done.progress.answered == 2
    desk.stop()
