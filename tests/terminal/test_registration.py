"""健康保険証利用登録 at the kiosk: asked after the payer's refusal, answered, never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal.audit import Act
from terminal.errors import VisitStateError
from terminal.payer.question import QuestionKind, QuestionProblem, QuestionState
from terminal.views import ConsentItem, DeskNeed, DoneOutcome, KioskStep, VisitRow
from terminal.visit import CloseReason, RegistrationAnswer, VisitState
from tests.clinic import Clinic, Stage, opened_clinic

REGISTER, SUBMIT = "$register-card", "$submit"


def acts_of(clinic: Clinic, visit_id: str) -> list[Act]:
    """Return what the audit log tells of a visit, oldest first."""
    return [
        record.act for record in clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))
    ]


def sees_problem(clinic: Clinic, problem: QuestionProblem) -> VisitRow:
    """Wait until the newest line tells this problem."""
    return clinic.reception.sees_row(
        lambda row: row.question is not None and row.question.problem is problem, problem
    )


def asked_to_register(clinic: Clinic) -> str:
    """Let the holder of an unregistered card come to the question; return the visit's id."""
    clinic.patient.taps("not-registered")
    clinic.patient.types_pin()
    view = clinic.patient.sees(KioskStep.REGISTER)
    assert view.visit_id is not None
    return view.visit_id


def test_a_yes_registers_asks_again_and_goes_on_to_the_consents(clinic: Clinic) -> None:
    """Registered and asked again by itself; consents, coverage and history as for anybody."""
    visit_id = asked_to_register(clinic)
    assert clinic.reception.row().name is None
    clinic.patient.answers_registration(agree=True)
    clinic.patient.consents_to_all()
    assert clinic.patient.sees(KioskStep.DONE).outcome is DoneOutcome.CONFIRMED
    row = clinic.reception.sees_answer()
    assert row.name
    assert row.visit.registration is RegistrationAnswer.AGREED
    assert row.question is not None
    assert row.question.kind is QuestionKind.CARD_REGISTRATION
    assert row.question.registered_at is not None
    assert clinic.doctor.sees_history(visit_id).fetched
    acts = acts_of(clinic, visit_id)
    order = (Act.REGISTRATION_AGREED, Act.CARD_REGISTERED, Act.CONFIRMED)
    assert [act for act in acts if act in order] == list(order)

    clinic.patient.takes_card()
    clinic.patient.taps("not-registered")
    clinic.patient.types_pin()
    clinic.reception.sees_answer()
    assert clinic.patient.screen.step is KioskStep.MY_CONSENTS


def test_a_no_is_for_staff_and_sends_nothing(clinic: Clinic) -> None:
    """The screen asks to see staff; what was not asked any more stands as not asked."""
    visit_id = asked_to_register(clinic)
    clinic.patient.answers_registration(agree=False)
    done = clinic.patient.sees(KioskStep.DONE)
    assert (done.outcome, done.answers) == (DoneOutcome.SEE_STAFF, ())
    row = clinic.reception.row()
    assert row.visit.registration is RegistrationAnswer.DECLINED
    assert (row.visit.state, row.need) == (VisitState.FINISHED, DeskNeed.OTHER_WAY)
    assert row.question is not None
    assert row.question.problem is QuestionProblem.NOT_REGISTERED
    assert (row.name, row.consent) == (None, None)
    acts = acts_of(clinic, visit_id)
    assert Act.REGISTRATION_DECLINED in acts
    assert Act.CARD_REGISTERED not in acts


def test_a_silent_payer_loses_neither_the_yes_nor_the_question(clinic: Clinic) -> None:
    """The patient goes on; the registration is sent until it is answered, and once only."""
    visit_id = asked_to_register(clinic)
    clinic.payer.faults.set("down", path=REGISTER)
    clinic.patient.answers_registration(agree=True)
    clinic.patient.consents_to_all()
    assert clinic.patient.sees(KioskStep.DONE).outcome is DoneOutcome.QUEUED
    row = sees_problem(clinic, QuestionProblem.PAYER_UNAVAILABLE)
    assert row.question is not None
    assert row.question.registered_at is None
    clinic.payer.faults.clear()
    clinic.terminal.desk.ask_again(clinic.reception.actor, visit_id)
    assert clinic.reception.sees_answer().name
    assert acts_of(clinic, visit_id).count(Act.CARD_REGISTERED) == 1


def test_what_was_registered_is_only_asked_again(clinic: Clinic) -> None:
    """The payer falls silent between the two: the card is registered, the question is left."""
    visit_id = asked_to_register(clinic)
    clinic.payer.faults.set("down", path=SUBMIT)
    clinic.patient.answers_registration(agree=True)
    row = sees_problem(clinic, QuestionProblem.PAYER_UNAVAILABLE)
    assert row.question is not None
    since = row.question.registered_at
    assert since is not None
    clinic.payer.faults.set("refuse", path=REGISTER)
    clinic.terminal.desk.ask_again(clinic.reception.actor, visit_id)
    row = clinic.reception.sees_answer()
    assert row.question is not None
    assert row.question.registered_at == since
    assert acts_of(clinic, visit_id).count(Act.CARD_REGISTERED) == 1


def test_a_yes_survives_a_power_cut(tmp_path: Path, stage: Stage) -> None:
    """What was agreed before the terminal stopped is registered and asked by the next run."""
    with opened_clinic(tmp_path, stage) as before:
        # a signature over the desk's own challenge holds at a payer that has forgotten its own
        before.payer.faults.set("unavailable", path="$issue-challenge")
        visit_id = asked_to_register(before)
        before.payer.faults.set("down", path=REGISTER)
        before.patient.answers_registration(agree=True)
        sent = sees_problem(before, QuestionProblem.PAYER_UNAVAILABLE).question
    with opened_clinic(tmp_path, stage) as after:
        after.terminal.desk.ask_again(after.reception.actor, visit_id)
        row = after.reception.sees_answer()
        assert row.question is not None
        assert sent is not None
        assert row.question.id == sent.id
        assert Act.CARD_REGISTERED in acts_of(after, visit_id)


def test_a_refused_registration_is_for_staff(clinic: Clinic) -> None:
    """The payer's no stands with its words; the patient is not asked a second time."""
    asked_to_register(clinic)
    clinic.payer.faults.set("refuse", path=REGISTER)
    clinic.patient.answers_registration(agree=True)
    clinic.patient.consents_to_all()
    assert clinic.patient.sees(KioskStep.DONE).outcome is DoneOutcome.SEE_STAFF
    row = sees_problem(clinic, QuestionProblem.PAYER_REFUSED)
    assert row.question is not None
    assert row.question.state is QuestionState.REFUSED
    assert row.question.refusal_words
    assert row.question.registered_at is None


def test_the_consents_go_on_where_they_were_interrupted(clinic: Clinic) -> None:
    """What was answered before the refusal came stands; the rest is asked afterwards."""
    clinic.payer.faults.set("slow", seconds=1.5, path=SUBMIT, times=1)
    clinic.patient.taps("not-registered")
    clinic.patient.types_pin()
    first, second, *others = ConsentItem
    clinic.patient.answers(first, allow=False)
    clinic.patient.answers_registration(agree=True)
    assert clinic.patient.sees(KioskStep.CONSENT).consent_item is second
    clinic.patient.answers(second, allow=True)
    for item in others:
        clinic.patient.answers(item, allow=True)
    done = clinic.patient.sees(KioskStep.DONE)
    assert [decision for _, decision in done.answers] == ["no", "yes", "yes", "yes"]
    assert done.outcome is DoneOutcome.CONFIRMED


def test_whoever_was_only_looked_at_is_not_asked(clinic: Clinic) -> None:
    """Staff's look registers nothing: the visit goes on and staff are told the other way."""
    view = clinic.patient.taps("not-registered")
    assert view.visit_id is not None
    clinic.terminal.desk.call_staff(view.visit_id)
    clinic.reception.looks(view.visit_id)
    clinic.patient.consents_to_all()
    assert clinic.patient.sees(KioskStep.DONE).outcome is DoneOutcome.SEE_STAFF
    row = sees_problem(clinic, QuestionProblem.NOT_REGISTERED)
    assert (row.visit.registration, row.need) == (None, DeskNeed.OTHER_WAY)


def test_silence_is_no_answer(clinic: Clinic) -> None:
    """Who walks away said neither yes nor no, and nothing is registered."""
    visit_id = asked_to_register(clinic)
    clinic.silence.passes(61)
    clinic.patient.sees(KioskStep.CARD_PROBLEM)
    row = clinic.reception.row()
    assert row.visit.close_reason is CloseReason.WALKED_AWAY
    assert (row.visit.registration, row.consent) == (None, None)
    assert Act.REGISTRATION_AGREED not in acts_of(clinic, visit_id)


def test_a_card_that_is_taken_away_ends_the_question(clinic: Clinic) -> None:
    """Without the card nobody is asked: the patient is led to staff."""
    asked_to_register(clinic)
    clinic.patient.takes_card()
    assert clinic.patient.sees(KioskStep.DONE).outcome is DoneOutcome.SEE_STAFF
    row = clinic.reception.row()
    assert (row.visit.registration, row.visit.close_reason) == (None, CloseReason.CARD_REMOVED)


def test_a_second_answer_changes_nothing(clinic: Clinic) -> None:
    """A late or doubled answer, or one for another visit, is refused."""
    visit_id = asked_to_register(clinic)
    with pytest.raises(VisitStateError):
        clinic.terminal.desk.answer_registration("another", agree=True)
    clinic.patient.answers_registration(agree=False)
    with pytest.raises(VisitStateError):
        clinic.terminal.desk.answer_registration(visit_id, agree=True)
    assert clinic.reception.row().visit.registration is RegistrationAnswer.DECLINED
