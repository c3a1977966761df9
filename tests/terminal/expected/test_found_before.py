"""What was found before is shown beside the visit of the same person, and of nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from eligibility.calendar import JAPAN
from eligibility.model import CardSubject, NumberSubject
from eligibility.simulator.register import register_of
from terminal.access.accounts import Actor, Role
from terminal.bulk.run import RunState
from terminal.errors import RoleError
from terminal.expected.found_before import STILL_SAYS
from terminal.views import VisitDetail
from tests.clinic import Clinic, Stage, opened_clinic, wait_for


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> Iterator[Clinic]:
    """A clinic whose evening asked about two patients of tomorrow."""
    folder: Path = tmp_path_factory.mktemp("before")
    with opened_clinic(folder, stage, appointments="questions_per_minute = 6000") as opened:
        people = {one.persona: one for one in opened.payer.payer.population.people}
        two = [people["ordinary"], people["elderly"]]
        actor, terminal = opened.reception.actor, opened.terminal
        terminal.register.take(
            actor, terminal.register.look_at(actor, register_of(two).encode()).id
        )
        day = (opened.clock().astimezone(JAPAN) + timedelta(days=1)).date()
        numbers = [one.reference_number or f"N{n:05d}" for n, one in enumerate(two, 1)]
        listed = "予約日,患者番号\n" + "".join(f"{day},{one}\n" for one in numbers)
        terminal.appointments.take(actor, terminal.appointments.look_at(actor, listed.encode()).id)
        terminal.bulk.begin(actor, day)

        def done() -> bool:
            run = terminal.expected.standing(actor, day).run
            return run is not None and run.state is RunState.DONE

        wait_for(done, "the end of the check")
        yield opened


def visited(clinic: Clinic, persona: str) -> VisitDetail:
    """Let somebody tap and type the PIN; return their visit, once the payer answered."""
    clinic.patient.taps(persona)
    clinic.patient.types_pin()
    row = clinic.reception.sees_answer()
    detail = clinic.reception.opens(row.visit.id)
    clinic.patient.takes_card()
    return detail


def test_it_stands_beside_the_live_answer_of_the_same_person(clinic: Clinic) -> None:
    """Found by the number of the live answer, with when it was asked; the live answer stays."""
    detail = visited(clinic, "ordinary")
    before = clinic.terminal.found_before.beside(clinic.reception.actor, detail)
    assert before is not None
    assert before.coverage is not None
    assert detail.answer is not None
    assert before.coverage.person == detail.answer.results[0].person
    assert detail.row.confirmation is not None
    assert detail.row.confirmation.answer_id == detail.answer.id
    assert before.item.answer_id != detail.answer.id


def test_it_is_shown_to_nobody_else(clinic: Clinic) -> None:
    """Another person's visit, one without an answer and a later day show nothing of it."""
    detail = visited(clinic, "ordinary")
    shows = clinic.terminal.found_before.beside
    actor = clinic.reception.actor
    assert detail.answer is not None
    person = detail.answer.results[0].person
    other = replace(person, name="別人　太郎")
    changed = replace(detail.answer, results=(replace(detail.answer.results[0], person=other),))
    unlinked = replace(detail.row, visit=replace(detail.row.visit, clinic_patient_id=None))
    assert shows(actor, replace(detail, row=unlinked, answer=changed)) is None
    assert shows(actor, replace(detail, row=unlinked, answer=None)) is None
    clinic.clock.goes_on(seconds=(STILL_SAYS + timedelta(minutes=5)).total_seconds())
    try:
        assert shows(actor, detail) is None
    finally:
        clinic.clock.goes_on(seconds=-(STILL_SAYS + timedelta(minutes=5)).total_seconds())


def test_somebody_asked_about_by_number_has_it_too(clinic: Clinic) -> None:
    """A visit without a card stands for the number that was asked by."""
    detail = visited(clinic, "elderly")
    shows = clinic.terminal.found_before.beside
    by_card = shows(clinic.reception.actor, detail)
    assert by_card is not None
    subject = by_card.item.subject
    assert isinstance(detail.row.visit.subject, CardSubject)
    for number, found in ((subject, True), (replace(subject, insured_branch_number="99"), False)):
        assert isinstance(number, NumberSubject)
        visit = replace(detail.row.visit, subject=number, clinic_patient_id=None)
        bare = replace(detail, row=replace(detail.row, visit=visit), answer=None)
        assert (shows(clinic.reception.actor, bare) is not None) is found


def test_who_may_not_see_coverage_sees_none(clinic: Clinic) -> None:
    """An administrator sees nothing of it."""
    detail = visited(clinic, "ordinary")
    with pytest.raises(RoleError):
        clinic.terminal.found_before.beside(Actor("a", Role.ADMINISTRATOR, "管理者"), detail)
