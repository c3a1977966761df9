"""Disaster mode: who switches it, until when it is on, and what may be asked by name meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import ConsentCategory, QualificationValidity, Sex
from eligibility.model import FindingCode, PersonSubject
from eligibility.simulator.people import Situation
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from terminal.access.accounts import Actor, Role
from terminal.audit import Act
from terminal.desk_enquiry import DocumentSeen
from terminal.disaster_period import LONGEST
from terminal.errors import (
    DisasterModeOffError,
    DisasterReason,
    DisasterRefusedError,
    RoleError,
    VisitStateError,
)
from terminal.payer.question import QuestionProblem, QuestionState
from terminal.register.clinic_register import ClinicRegister
from terminal.register.file import write_register_file
from terminal.register.record_linking import RecordLinking
from terminal.register.right_names import RightNames
from terminal.views import DeskNeed, HistoryClosed
from terminal.visit import VisitOrigin
from tests.desk_outbox import RECEPTION, DeskOutbox, is_answered
from tests.fhir.desk import World
from tests.fhir.insured import somebody
from tests.terminal.test_enquiry_desk import (
    DOCTOR,
    confirmation,
    has_problem,
    opens,
)

ADMINISTRATOR = Actor("admin", Role.ADMINISTRATOR, "管理者")
DAY = timedelta(days=1)


@pytest.fixture
def world(world: World) -> Iterator[World]:
    """The payer, which has opened asking by name to this institution."""
    areas = world.running.payer.disaster
    areas.switch(DEFAULT_INSTITUTION, on=True)
    yield world
    areas.switch(DEFAULT_INSTITUTION, on=False)


def asks(desk: DeskOutbox, subject: PersonSubject) -> str:
    """Ask by name; return the visit's id."""
    visit_id = uuid.uuid4().hex
    desk.enquiry_desk.ask_by_person(RECEPTION, visit_id, subject)
    return visit_id


def person(world: World) -> PersonSubject:
    """Return somebody who is insured, by name."""
    one = somebody(world, Situation.VALID)
    return PersonSubject(one.name, one.birthdate, one.sex)


def test_only_an_administrator_switches_it(desk: DeskOutbox) -> None:
    """Reception and doctors neither switch it on, extend nor end it, nor see the list."""
    for actor in (RECEPTION, DOCTOR):
        with pytest.raises(RoleError):
            desk.disaster.switch_on(actor, "地震", DAY)
        with pytest.raises(RoleError):
            desk.disaster.extend(actor, DAY)
        with pytest.raises(RoleError):
            desk.disaster.switch_off(actor)
        with pytest.raises(RoleError):
            desk.disaster.recent(actor)
    assert not desk.disaster.is_on()


def test_it_ends_by_itself_by_the_clock(world: World, desk: DeskOutbox) -> None:
    """On from the moment it is switched to the moment before its end; nothing has to run."""
    period = desk.disaster.switch_on(ADMINISTRATOR, "能登半島地震", DAY)
    assert desk.disaster.current() == period
    world.clock.moves_on(hours=23, minutes=59)
    assert desk.disaster.is_on()
    world.clock.moves_on(minutes=1)
    assert not desk.disaster.is_on()
    with pytest.raises(DisasterModeOffError):
        desk.disaster.extend(ADMINISTRATOR, DAY)


@pytest.mark.parametrize("lasts", [timedelta(), -DAY, LONGEST + timedelta(seconds=1)])
def test_its_end_is_bounded(desk: DeskOutbox, lasts: timedelta) -> None:
    """No longer than seven days at a time, and no end in the past, also when it is extended."""
    with pytest.raises(DisasterRefusedError) as refused:
        desk.disaster.switch_on(ADMINISTRATOR, "地震", lasts)
    assert refused.value.reason is DisasterReason.TIME
    desk.disaster.switch_on(ADMINISTRATOR, "地震", LONGEST)
    with pytest.raises(DisasterRefusedError):
        desk.disaster.extend(ADMINISTRATOR, lasts)


@pytest.mark.parametrize("reason", ["", "  \n ", "あ" * 201, "番号は 123456789018 です"])
def test_it_needs_a_reason(desk: DeskOutbox, reason: str) -> None:
    """No words, too many, or an Individual Number are no reason."""
    with pytest.raises(DisasterRefusedError) as refused:
        desk.disaster.switch_on(ADMINISTRATOR, reason, DAY)
    assert refused.value.reason is DisasterReason.NO_REASON


def test_each_step_is_in_the_audit_log(world: World, desk: DeskOutbox) -> None:
    """On, extended, off: by whom, why and until when; a period that is on is not begun again."""
    desk.disaster.switch_on(ADMINISTRATOR, "地震", DAY)
    with pytest.raises(DisasterRefusedError) as refused:
        desk.disaster.switch_on(ADMINISTRATOR, "水害", DAY)
    assert refused.value.reason is DisasterReason.ALREADY_ON
    world.clock.moves_on(hours=12)
    extended = desk.disaster.extend(ADMINISTRATOR, 2 * DAY)
    assert extended.ends_at == desk.now() + 2 * DAY
    desk.disaster.switch_off(ADMINISTRATOR)
    assert not desk.disaster.is_on()
    acts = (Act.DISASTER_ON, Act.DISASTER_EXTENDED, Act.DISASTER_OFF)
    told = [one for one in desk.store.read(lambda tx: tx.audit.recent(9)) if one.act in acts]
    assert [one.act for one in reversed(told)] == list(acts)
    assert {one.actor_id for one in told} == {ADMINISTRATOR.id}
    assert all(one.reason and one.reason.startswith("地震 (") for one in told)


def test_nobody_asks_by_name_outside_it(world: World, desk: DeskOutbox) -> None:
    """Not before it is on, nor after its end: no visit is opened and nothing is sent."""
    before = world.running.requests.as_dict()["total"]
    with pytest.raises(DisasterModeOffError):
        asks(desk, person(world))
    desk.disaster.switch_on(ADMINISTRATOR, "地震", DAY)
    world.clock.moves_on(days=1)
    with pytest.raises(DisasterModeOffError):
        asks(desk, person(world))
    assert world.running.requests.as_dict()["total"] == before
    day = desk.store.read(
        lambda tx: tx.visits.opened_between(desk.now() - 2 * DAY, desk.now() + DAY)
    )
    assert day == []


def test_a_name_is_answered_while_it_is_on(world: World, desk: DeskOutbox) -> None:
    """The visit is marked as of a disaster; it names its period and opens nothing by itself."""
    period = desk.disaster.switch_on(ADMINISTRATOR, "地震", DAY)
    visit_id = asks(desk, person(world))
    desk.sees(desk.question(visit_id), is_answered, "an answer")
    detail = opens(desk, visit_id, DOCTOR)
    assert detail.row.visit.origin is VisitOrigin.DISASTER
    assert detail.row.validity is QualificationValidity.VALID
    assert detail.row.enquiry is not None
    assert detail.row.enquiry.document is DocumentSeen.NONE
    assert detail.row.enquiry.period_id == period.id
    assert detail.history_closed_because is HistoryClosed.WITHOUT_CARD
    assert not any(detail.history_open & {one} for one in ConsentCategory)


def test_namesakes_are_told_and_none_is_chosen(world: World, desk: DeskOutbox) -> None:
    """Two of one name, birth date and sex stand side by side; with the address it is the one."""
    people = world.running.payer.population.people
    names = [(one.registered_name, one.birthdate, one.sex) for one in people]
    both = [one for one, key in zip(people, names, strict=True) if names.count(key) == 2][:2]
    subject = PersonSubject(both[0].registered_name, both[0].birthdate, both[0].sex)
    desk.disaster.switch_on(ADMINISTRATOR, "地震", DAY)
    visit_id = asks(desk, subject)
    desk.sees(desk.question(visit_id), is_answered, "an answer")
    detail = opens(desk, visit_id)
    assert detail.row.coverage is None
    assert detail.answer is not None
    assert len({one.person.address for one in detail.answer.results}) == 2
    assert detail.row.need is DeskNeed.SETTLE_FINDING
    assert FindingCode.SEVERAL_CANDIDATES in {
        one.code for one in confirmation(desk, visit_id).findings
    }


def test_an_answer_by_name_never_stands_in_for_another(world: World, desk: DeskOutbox) -> None:
    """The same name asked again while the payer is silent: who that was then may be another."""
    desk.disaster.switch_on(ADMINISTRATOR, "地震", DAY)
    subject = person(world)
    first = asks(desk, subject)
    desk.sees(desk.question(first), is_answered, "an answer")
    world.running.faults.set("unavailable", path="$submit")
    second = asks(desk, subject)
    desk.sees(desk.question(second), has_problem, "a failure")
    assert desk.store.read(lambda tx: tx.confirmations.of_visit(second)) == []


def test_what_waits_is_not_sent_after_the_end(world: World, desk: DeskOutbox) -> None:
    """A question by name that the payer did not answer in time ends with disaster mode."""
    desk.disaster.switch_on(ADMINISTRATOR, "地震", DAY)
    world.running.faults.set("unavailable", path="$submit")
    visit_id = asks(desk, person(world))
    desk.sees(desk.question(visit_id), has_problem, "a failure")
    desk.disaster.switch_off(ADMINISTRATOR)
    world.running.faults.clear()
    before = world.running.requests.as_dict()["total"]
    desk.enquiries.ask_again(visit_id, RECEPTION)
    ended = desk.sees(
        desk.question(visit_id), lambda one: one.state is QuestionState.GIVEN_TO_STAFF, "an end"
    )
    assert ended.problem is QuestionProblem.DISASTER_OVER
    assert world.running.requests.as_dict()["total"] == before
    assert opens(desk, visit_id).row.need is DeskNeed.ENQUIRE_AGAIN


def test_the_payer_may_refuse_what_the_desk_allows(world: World, desk: DeskOutbox) -> None:
    """Where the payer has not opened this way, its refusal is told as it came."""
    world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)
    desk.disaster.switch_on(ADMINISTRATOR, "地震", DAY)
    visit_id = asks(desk, replace(person(world), sex=Sex.MALE))
    ended = desk.sees(
        desk.question(visit_id), lambda one: one.state is QuestionState.REFUSED, "a refusal"
    )
    assert ended.refusal_code == "disaster-mode-off"


def test_nothing_is_remembered_of_a_name(world: World, desk: DeskOutbox) -> None:
    """The next person of that name may be another: no record is linked and no name is kept."""
    desk.disaster.switch_on(ADMINISTRATOR, "地震", DAY)
    visit_id = asks(desk, person(world))
    desk.sees(desk.question(visit_id), is_answered, "an answer")
    one = somebody(world, Situation.VALID)
    register = ClinicRegister(desk.store, desk.now)
    record = ClinicRecord("10042", one.registered_name, one.birthdate, sex=one.sex)
    file = write_register_file([record]).encode()
    register.take(RECEPTION, register.look_at(RECEPTION, file).id)
    links = RecordLinking(desk.store, desk.now, lambda _: None)
    assert not links.view(RECEPTION, opens(desk, visit_id)).may_link
    with pytest.raises(VisitStateError, match="neither card nor number"):
        links.link(RECEPTION, visit_id, "10042")
    with pytest.raises(VisitStateError, match="neither card nor number"):
        RightNames(desk.store, desk.bus, desk.now).enter(RECEPTION, visit_id, "見本　桜子")
