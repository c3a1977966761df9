"""Visits that staff open by insured number, against a payer that answers, falls silent, returns."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import QualificationValidity
from eligibility.errors import ConsentRequiredError
from eligibility.model import (
    Confirmation,
    ConfirmationSource,
    ConsentDecision,
    Finding,
    FindingCode,
    NotRead,
    NumberSubject,
)
from eligibility.simulator.people import Person, Situation
from terminal.access.accounts import Actor, Role
from terminal.audit import Act
from terminal.consent_rules import consent_from_answers
from terminal.desk_enquiry import DocumentSeen
from terminal.errors import RoleError, UnknownPatientError, VisitStateError
from terminal.payer.freshness import Freshness
from terminal.payer.question import Question, QuestionKind, QuestionProblem, QuestionState
from terminal.register.clinic_register import ClinicRegister
from terminal.register.file import write_register_file
from terminal.register.record_linking import RecordLinking
from terminal.register.right_names import RightNames
from terminal.views import ConsentItem, DeskNeed, HistoryClosed, VisitDetail
from terminal.visit import VisitOrigin, VisitState
from terminal.visit_book import VisitBook
from tests.desk_outbox import RECEPTION, DeskOutbox, is_answered
from tests.fhir.desk import World
from tests.fhir.insured import number_of, somebody, twins

DOCTOR = Actor("doctor", Role.CLINICIAN, "医師")


def asks(desk: DeskOutbox, subject: NumberSubject, **more: str) -> str:
    """Ask by a number that stands on a certificate; return the visit's id."""
    visit_id = uuid.uuid4().hex
    desk.enquiry_desk.ask_by_number(RECEPTION, visit_id, subject, DocumentSeen.CERTIFICATE, **more)
    return visit_id


def has_problem(question: Question) -> bool:
    """Whether it was tried, or held back, and waits."""
    return question.problem is not None


def answered(desk: DeskOutbox, subject: NumberSubject, **more: str) -> str:
    """Ask, wait for the answer, return the visit's id."""
    visit_id = asks(desk, subject, **more)
    desk.sees(desk.question(visit_id), is_answered, "an answer")
    return visit_id


def opens(desk: DeskOutbox, visit_id: str, actor: Actor = RECEPTION) -> VisitDetail:
    """Return the visit as staff see it."""
    book = VisitBook(desk.store, desk.disclosure, desk.bus, desk.now, Freshness.ALWAYS)
    return book.visit(actor, visit_id)


def confirmation(desk: DeskOutbox, visit_id: str) -> Confirmation:
    """Return what the visit stands on."""
    found = desk.store.read(lambda tx: tx.confirmations.of_visit(visit_id))
    return found[0]


def findings(desk: DeskOutbox, visit_id: str) -> dict[FindingCode, Finding]:
    """Return what was found about a visit, by code."""
    return {one.code: one for one in confirmation(desk, visit_id).findings}


def test_a_number_is_answered_and_shown(world: World, desk: DeskOutbox) -> None:
    """Staff see the coverage, how it was asked and what was in hand; nobody was identified."""
    person = somebody(world, Situation.VALID)
    visit_id = answered(desk, number_of(person))
    detail = opens(desk, visit_id)
    row = detail.row
    assert row.coverage is not None
    assert row.coverage.person.name == person.registered_name
    assert row.validity is QualificationValidity.VALID
    assert (row.visit.origin, row.visit.state) == (VisitOrigin.NUMBER, VisitState.FINISHED)
    assert row.enquiry is not None
    assert (row.enquiry.document, row.enquiry.actor) == (DocumentSeen.CERTIFICATE, RECEPTION.id)
    assert row.question is not None
    assert row.question.kind is QuestionKind.NUMBER_ELIGIBILITY
    assert (row.identification, row.consent, detail.number_b, detail.no_look) == (None,) * 4
    assert not detail.may_identify


def test_each_step_is_in_the_audit_log(world: World, desk: DeskOutbox) -> None:
    """Who opened it and upon which document, the question, and what confirmed it."""
    visit_id = answered(desk, number_of(somebody(world, Situation.VALID)))
    records = desk.store.read(lambda tx: tx.audit.of_visit(visit_id))
    assert [(one.act, one.actor_id) for one in records] == [
        (Act.VISIT_OPENED, RECEPTION.id),
        (Act.QUESTION_COMMITTED, RECEPTION.id),
        (Act.CONFIRMED, "terminal"),
    ]
    assert records[0].reason == DocumentSeen.CERTIFICATE
    assert len({one.subject_hash for one in records}) == 1


def test_nothing_is_said_of_a_card(world: World, desk: DeskOutbox) -> None:
    """No finding speaks of a certificate, its end or revocation; the card's side was not read."""
    for person in world.running.payer.population.people[:25]:
        visit_id = answered(desk, number_of(person))
        found = confirmation(desk, visit_id).findings
        assert all(isinstance(one.on_card, NotRead) for one in found)
        assert not {one.code for one in found} & {
            FindingCode.REVOCATION_NOT_CHECKED,
            FindingCode.CERTIFICATE_EXPIRED,
            FindingCode.CERTIFICATE_EXPIRES_SOON,
            FindingCode.CARD_RENEWED,
            FindingCode.LOOKED_WITHOUT_PHOTO,
            FindingCode.NAME_NOT_COMPARED,
        }


def test_such_a_visit_never_opens_medical_data(world: World, desk: DeskOutbox) -> None:
    """Neither can a consent be stored, nor is history open to a doctor, nor anything fetched."""
    visit_id = answered(desk, number_of(somebody(world, Situation.VALID)))
    detail = opens(desk, visit_id, DOCTOR)
    assert detail.history_closed_because is HistoryClosed.WITHOUT_CARD
    assert not detail.history_open
    subject = detail.row.visit.subject
    assert subject is not None
    yes = dict.fromkeys(ConsentItem, ConsentDecision.YES)
    consent = consent_from_answers(visit_id, subject, yes, desk.now())
    with pytest.raises(VisitStateError, match="no consent"):
        desk.store.write(lambda tx: tx.consents.add(consent))
    desk.disclosure.advance(visit_id)
    assert desk.disclosure.of_visit(visit_id) is None
    book = VisitBook(desk.store, desk.disclosure, desk.bus, desk.now, Freshness.ALWAYS)
    with pytest.raises(ConsentRequiredError):
        book.history.look(DOCTOR, visit_id)
    requests = world.running.requests.as_dict()["requests"]
    assert not [one for one in requests if not one["path"].endswith("$submit")]


def test_several_stop_and_none_is_chosen(world: World, desk: DeskOutbox) -> None:
    """Twins without their branch: both stand there, no name heads the visit, staff must settle."""
    first, second = twins(world)
    visit_id = answered(desk, replace(number_of(first), insured_branch_number=None))
    detail = opens(desk, visit_id)
    assert (detail.row.name, detail.row.coverage) == (None, None)
    assert detail.answer is not None
    assert {one.insured_branch_number for one in detail.answer.results} == {
        first.branch,
        second.branch,
    }
    assert detail.row.need is DeskNeed.SETTLE_FINDING
    assert set(findings(desk, visit_id)) >= {FindingCode.SEVERAL_CANDIDATES}


def test_a_twin_is_never_held_against_the_other(world: World, desk: DeskOutbox) -> None:
    """Two branches of one number and birth date are two people: no recorded answer is shared."""
    first, second = twins(world)
    answered(desk, number_of(first))
    world.running.faults.set("down", path="$submit")
    visit_id = asks(desk, number_of(second))
    desk.sees(desk.question(visit_id), has_problem, "a failure")
    assert desk.store.read(lambda tx: tx.confirmations.of_visit(visit_id)) == []


def test_a_silent_payer_is_stood_in_for_by_the_last_answer(world: World, desk: DeskOutbox) -> None:
    """The last answer to the same number is shown as recorded, and the late one supersedes it."""
    subject = number_of(somebody(world, Situation.VALID))
    answered(desk, subject)
    world.clock.moves_on(hours=3)
    world.running.faults.set("unavailable", path="$submit")
    visit_id = asks(desk, subject)
    desk.sees(desk.question(visit_id), has_problem, "a failure")
    recorded = confirmation(desk, visit_id)
    assert recorded.source is ConfirmationSource.RECORDED
    assert desk.now() - recorded.as_of == timedelta(hours=3)
    assert FindingCode.RECORDED_ANSWER in findings(desk, visit_id)
    world.running.faults.clear()
    desk.enquiries.ask_again(visit_id, RECEPTION)
    desk.sees(desk.question(visit_id), is_answered, "the late answer")
    late = confirmation(desk, visit_id)
    assert (late.source, late.supersedes) == (ConfirmationSource.LIVE, recorded.id)


def test_an_answer_of_this_month_counts_where_the_policy_says_so(
    world: World, tmp_path: Path
) -> None:
    """By month, the last answer to the same number stands in at once, and nobody need wait."""
    desk = DeskOutbox(
        tmp_path / "month.db", world.payer(), world.anchor, world.clock, Freshness.MONTHLY
    )
    desk.start()
    try:
        subject = number_of(somebody(world, Situation.VALID))
        answered(desk, subject)
        world.clock.moves_on(days=2)
        world.running.faults.set("unavailable", path="$submit")
        visit_id = asks(desk, subject)
        waiting = desk.sees(desk.question(visit_id), has_problem, "a failure")
        assert not waiting.waits_at_desk
        assert confirmation(desk, visit_id).source is ConfirmationSource.RECORDED
    finally:
        desk.stop()


def test_questions_survive_a_restart(world: World, tmp_path: Path) -> None:
    """Committed before it is sent: the next run of the desk asks under the same id."""
    world.running.faults.set("unavailable", path="$submit")
    first = DeskOutbox(tmp_path / "again.db", world.payer(), world.anchor, world.clock)
    first.start()
    visit_id = asks(first, number_of(somebody(world, Situation.VALID)))
    waiting = first.sees(first.question(visit_id), has_problem, "a failure")
    first.stop()
    world.running.faults.clear()
    world.clock.moves_on(minutes=10)
    second = DeskOutbox(tmp_path / "again.db", world.payer(), world.anchor, world.clock)
    second.start()
    try:
        ended = second.sees(second.question(visit_id), is_answered, "an answer after the restart")
        assert ended.id == waiting.id
    finally:
        second.stop()


def test_another_persons_answer_is_never_shown(world: World, desk: DeskOutbox) -> None:
    """The payer answers about another number: given to staff, who ask again, nothing is kept."""
    world.running.faults.set("another-patient")
    visit_id = asks(desk, number_of(somebody(world, Situation.VALID)))
    ended = desk.sees(
        desk.question(visit_id),
        lambda one: one.state is QuestionState.GIVEN_TO_STAFF,
        "an end",
    )
    assert ended.problem is QuestionProblem.ANOTHER_PERSON
    detail = opens(desk, visit_id)
    assert (detail.answer, detail.row.need) == (None, DeskNeed.ENQUIRE_AGAIN)


def test_a_refusal_leads_to_asking_again(world: World, desk: DeskOutbox) -> None:
    """No card is to be tapped again where there was none: staff look at the number."""
    world.running.faults.set("refuse")
    visit_id = asks(desk, number_of(somebody(world, Situation.VALID)))
    desk.sees(desk.question(visit_id), lambda one: one.state is QuestionState.REFUSED, "a refusal")
    assert opens(desk, visit_id).row.need is DeskNeed.ENQUIRE_AGAIN


def test_a_doubled_command_opens_one_visit(world: World, desk: DeskOutbox) -> None:
    """Pressed twice it is asked once; the same id for somebody else is refused."""
    subject = number_of(somebody(world, Situation.VALID))
    visit_id = answered(desk, subject)
    world.clock.moves_on(seconds=2)
    desk.enquiry_desk.ask_by_number(RECEPTION, visit_id, subject, DocumentSeen.CERTIFICATE)
    assert len(desk.store.read(lambda tx: tx.outbox.all_of_visit(visit_id))) == 1
    other = number_of(somebody(world, Situation.LEFT_JOB))
    with pytest.raises(VisitStateError, match="somebody else"):
        desk.enquiry_desk.ask_by_number(RECEPTION, visit_id, other, DocumentSeen.CERTIFICATE)


def test_who_may_not_see_coverage_cannot_ask(world: World, desk: DeskOutbox) -> None:
    """A role without coverage opens no visit and looks at no patient."""
    auditor = Actor("auditor", None, "監査")
    subject = number_of(somebody(world, Situation.VALID))
    with pytest.raises(RoleError):
        desk.enquiry_desk.ask_by_number(
            auditor, uuid.uuid4().hex, subject, DocumentSeen.CERTIFICATE
        )
    with pytest.raises(RoleError):
        desk.enquiry_desk.patient(auditor, "1")


# -- Beside the clinic's register ------------------------------------------------------------------


def record_of(person: Person, number: str) -> ClinicRecord:
    """Return what the clinic has on file of a person, with the insurance."""
    return ClinicRecord(
        number,
        person.registered_name,
        person.birthdate,
        person.name_kana,
        person.sex,
        insurer_number=person.insurer.number,
        insured_card_symbol=person.symbol,
        insured_identification_number=person.number,
        insured_branch_number=person.branch,
    )


def imports(desk: DeskOutbox, *records: ClinicRecord) -> None:
    """Let reception import these patients."""
    register = ClinicRegister(desk.store, desk.now, lambda _: None)
    file = write_register_file(list(records)).encode()
    register.take(RECEPTION, register.look_at(RECEPTION, file).id)


def test_the_record_that_staff_came_from_is_linked(world: World, desk: DeskOutbox) -> None:
    """Asked from a patient's record, with its own number: the visit is that patient's."""
    person = somebody(world, Situation.VALID)
    imports(desk, record_of(person, "10042"))
    assert desk.enquiry_desk.patient(RECEPTION, "10042").record == record_of(person, "10042")
    visit_id = answered(desk, number_of(person), patient_number="10042")
    assert opens(desk, visit_id).row.visit.clinic_patient_id == "10042"
    assert not {FindingCode.RECORD_IS_ANOTHER, FindingCode.RECORD_INSURANCE_DIFFERS} & set(
        findings(desk, visit_id)
    )
    later = answered(desk, number_of(person))
    assert opens(desk, later).row.visit.clinic_patient_id == "10042"


def test_another_number_is_not_linked_to_that_record(world: World, desk: DeskOutbox) -> None:
    """Staff changed number or birth date: whom it is about is open, and nobody is linked."""
    person, other = somebody(world, Situation.VALID), somebody(world, Situation.NEW_JOB)
    imports(desk, record_of(person, "10042"))
    visit_id = answered(desk, number_of(other), patient_number="10042")
    assert opens(desk, visit_id).row.visit.clinic_patient_id is None
    wrong = replace(number_of(person), birthdate=date(1900, 1, 1))
    visit_id = answered(desk, wrong, patient_number="10042")
    assert opens(desk, visit_id).row.visit.clinic_patient_id is None


def test_another_persons_record_stops(world: World, desk: DeskOutbox) -> None:
    """The number on file is somebody else's: the answer names another, and that stops."""
    person = somebody(world, Situation.VALID)
    wrong = replace(record_of(person, "10042"), name="別人　太郎", name_kana="ベツジン　タロウ")
    imports(desk, wrong)
    visit_id = answered(desk, number_of(person), patient_number="10042")
    assert FindingCode.RECORD_IS_ANOTHER in findings(desk, visit_id)


def test_an_unknown_patient_cannot_be_asked_for(desk: DeskOutbox) -> None:
    """A number that the register does not hold is told."""
    with pytest.raises(UnknownPatientError):
        desk.enquiry_desk.patient(RECEPTION, "99999")


def test_twins_are_not_held_against_a_record(world: World, desk: DeskOutbox) -> None:
    """Asked from one twin's record without the branch: the other is not taken for its patient."""
    first, _second = twins(world)
    record = replace(record_of(first, "10042"), insured_branch_number=None)
    imports(desk, record)
    number = replace(number_of(first), insured_branch_number=None)
    visit_id = answered(desk, number, patient_number="10042")
    assert set(findings(desk, visit_id)) == {FindingCode.SEVERAL_CANDIDATES}


def test_links_and_right_names_of_a_number_are_remembered(world: World, desk: DeskOutbox) -> None:
    """What staff choose and enter at one visit by number holds at the next, and can be undone."""
    person = somebody(world, Situation.VALID)
    imports(desk, replace(record_of(person, "10042"), insured_identification_number=None))
    links = RecordLinking(desk.store, desk.now, lambda _: None)
    names = RightNames(desk.store, desk.bus, desk.now)
    first = answered(desk, number_of(person))
    assert [
        one.record.patient_number for one in links.view(RECEPTION, opens(desk, first)).candidates
    ]
    links.link(RECEPTION, first, "10042")
    names.enter(RECEPTION, first, "髙橋　桜")
    second = answered(desk, number_of(person))
    assert opens(desk, second).row.visit.clinic_patient_id == "10042"
    entered = names.view(RECEPTION, second).entered
    assert entered is not None
    assert entered.name == "髙橋　桜"
    links.unlink(RECEPTION, second)
    assert opens(desk, first).row.visit.clinic_patient_id is None
