from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eligibility.codes import ConsentCategory, QualificationValidity
from eligibility.errors import ConsentRequiredError
from eligibility.model import ConfirmationSource, ConsentDecision, Finding, FindingCode, Severity
from eligibility.payer import ChallengeIssuer, IdentificationMethod, ProofKind
from eligibility.retry import AskingPolicy
from terminal.errors import RoleError, VisitStateError
from terminal.identification import VisualReason
from terminal.payer.question import QuestionProblem, QuestionState
from terminal.views import (
    ConsentItem,
    DeskNeed,
    DoneOutcome,
    HistoryClosed,
    KioskNotice,
    KioskStep,
)
from terminal.visit import CloseReason, StaffNeed, VisitState
from tests.clinic import Clinic, Stage, opened_clinic, wait_for


def test_a_visit_from_tap_to_history(clinic: Clinic) -> None:
    """The main job: tap, PIN, consent, done; staff see coverage, the doctor also history."""
    patient, reception, doctor = clinic.patient, clinic.reception, clinic.doctor
    view = patient.taps("ordinary")
    assert (view.step, view.tries_left) == (KioskStep.PIN, 3)

    assert patient.types_pin().step is KioskStep.CONSENT
    patient.consents_to_all()
    done = patient.sees(KioskStep.DONE)
    assert done.outcome is DoneOutcome.CONFIRMED
    assert dict(done.answers) == dict.fromkeys(ConsentItem, ConsentDecision.YES)

    row = reception.sees_answer()
    assert row.name == "山田　健一"
    assert row.validity is QualificationValidity.VALID
    assert row.coverage is not None
    assert row.visit.state is VisitState.FINISHED
    assert row.identification is not None
    assert row.identification.method is IdentificationMethod.PIN
    assert row.identification.proof is ProofKind.AUTH_KEY
    challenge = row.identification.evidence.challenge
    assert challenge is not None
    assert challenge.issuer is ChallengeIssuer.PAYER

    history = doctor.sees_history(row.visit.id)
    assert history.medications
    assert history.checkups
    with pytest.raises(RoleError):
        clinic.terminal.desk.history(reception.actor, row.visit.id)

    patient.takes_card()
    assert patient.screen.step is KioskStep.DONE


def test_what_was_refused_is_not_fetched(clinic: Clinic) -> None:
    """A no to medicines leaves them unfetched; the yes to checkups opens checkups alone."""
    patient = clinic.patient
    patient.taps("ordinary")
    patient.types_pin()
    for item in ConsentItem:
        patient.answers(item, allow=item is ConsentItem.CHECKUPS)
    visit_id = clinic.reception.sees_answer().visit.id
    history = clinic.doctor.sees_history(visit_id)
    assert history.fetched == {ConsentCategory.TKK}
    assert history.checkups
    assert not history.medications
    assert not history.treatments


def test_no_consent_no_history(clinic: Clinic) -> None:
    """Two refusals close history for everybody, and the doctor is told why."""
    patient = clinic.patient
    patient.taps("ordinary")
    patient.types_pin()
    for item in ConsentItem:
        patient.answers(item, allow=False)
    visit_id = clinic.reception.sees_answer().visit.id
    assert clinic.doctor.opens(visit_id).history_closed_because is HistoryClosed.REFUSED
    with pytest.raises(ConsentRequiredError):
        clinic.terminal.desk.history(clinic.doctor.actor, visit_id)


def test_a_wrong_pin_costs_a_try_and_the_right_one_gives_it_back(clinic: Clinic) -> None:
    """The kiosk tells the tries left after a wrong PIN; nobody tries again by itself."""
    patient = clinic.patient
    patient.taps("ordinary")
    view = patient.types_pin("9999")
    assert (view.step, view.notice, view.tries_left) == (KioskStep.PIN, KioskNotice.PIN_WRONG, 2)
    assert patient.types_pin().step is KioskStep.CONSENT


def test_a_blocked_pin_leads_to_staff_who_look(clinic: Clinic) -> None:
    """With a blocked PIN staff confirm by eye, with a reason, and the patient goes on."""
    patient, reception = clinic.patient, clinic.reception
    view = patient.taps("pin-blocked")
    assert (view.step, view.notice) == (KioskStep.WITH_STAFF, KioskNotice.PIN_UNUSABLE)
    row = reception.row()
    assert (row.need, row.visit.staff_need) == (DeskNeed.LOOK, StaffNeed.PIN_BLOCKED)

    reception.looks(row.visit.id, VisualReason.PIN_LOCKED)
    patient.sees(KioskStep.CONSENT)
    row = reception.sees_answer()
    assert row.identification is not None
    assert row.identification.method is IdentificationMethod.STAFF_VISUAL
    assert row.identification.proof is ProofKind.CERTIFICATE_ONLY
    assert row.identification.actor == reception.actor.id
    assert row.identification.reason == VisualReason.PIN_LOCKED


def test_the_last_try_that_fails_blocks_and_calls_staff(clinic: Clinic) -> None:
    """After the last wrong try the visit waits for staff; it is not lost."""
    patient = clinic.patient
    assert patient.taps("last-try").tries_left == 1
    assert patient.types_pin("0000").step is KioskStep.WITH_STAFF
    assert clinic.reception.row().visit.staff_need is StaffNeed.PIN_BLOCKED


def test_payer_down_shows_the_recorded_answer_and_asks_again(clinic: Clinic) -> None:
    """With the payer down the last answer is shown as recorded; it is asked again by itself."""
    patient, reception = clinic.patient, clinic.reception
    patient.taps("ordinary")
    patient.types_pin()
    first = reception.sees_answer()
    patient.takes_card()
    clinic.payer.stop()
    patient.taps("ordinary")
    patient.types_pin()
    patient.consents_to_all()
    assert patient.sees(KioskStep.DONE).outcome is DoneOutcome.QUEUED
    row = reception.sees_row(lambda row: row.confirmation is not None, "the recorded answer")
    assert row.confirmation is not None
    assert row.confirmation.source is ConfirmationSource.RECORDED
    assert first.confirmation is not None
    assert row.confirmation.as_of == first.confirmation.as_of
    assert FindingCode.RECORDED_ANSWER in {f.code for f in row.confirmation.findings}
    assert row.need is DeskNeed.WAIT_FOR_PAYER
    assert row.identification is not None
    challenge = row.identification.evidence.challenge
    assert challenge is not None
    assert challenge.issuer is ChallengeIssuer.DESK
    assert clinic.doctor.opens(row.visit.id).history_closed_because is HistoryClosed.NOT_CONFIRMED

    clinic.payer.start()
    clinic.clock.goes_on(seconds=AskingPolicy().probe_high)
    row = reception.sees_answer()
    assert row.question is not None
    assert row.question.state is QuestionState.ANSWERED
    assert clinic.doctor.sees_history(row.visit.id).medications


def requests_to(clinic: Clinic, path: str) -> int:
    """Count what the payer was asked at this address."""
    return sum(path in one["path"] for one in clinic.payer.requests.as_dict()["requests"])


def test_a_consent_waits_for_the_payer_and_opens_by_itself(clinic: Clinic) -> None:
    """It fails for no patient's question, staff see why, and it goes out once the payer answers."""
    clinic.payer.faults.set("reset", path="Consent")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    row = clinic.reception.sees_answer()
    wait_for(
        lambda: (
            clinic.doctor.opens(row.visit.id).history_closed_because is HistoryClosed.PAYER_SILENT
        ),
        "why there is no history",
    )
    assert clinic.doctor.opens(row.visit.id).may_ask_again
    sent = requests_to(clinic, "Consent")
    clinic.terminal._disclosure.retry_failed()
    assert requests_to(clinic, "Consent") == sent, "it is not yet time"
    clinic.patient.takes_card()
    clinic.patient.taps("elderly")
    clinic.patient.types_pin()
    assert clinic.reception.sees_answer().visit.id != row.visit.id
    clinic.payer.faults.clear()
    clinic.clock.goes_on(seconds=AskingPolicy().probe_high)
    clinic.terminal._disclosure.retry_failed()
    assert clinic.doctor.sees_history(row.visit.id).medications


def test_a_consent_that_a_former_run_did_not_tell_is_told_by_the_next(clinic: Clinic) -> None:
    """It is committed before it is sent, so that neither a crash nor a power cut loses it."""
    clinic.payer.faults.set("down", path="Consent")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    row = clinic.reception.sees_answer()
    wait_for(
        lambda: (
            clinic.doctor.opens(row.visit.id).history_closed_because is HistoryClosed.PAYER_SILENT
        ),
        "the failure",
    )
    clinic.payer.faults.clear()
    clinic.restarts()
    assert clinic.doctor.sees_history(row.visit.id).medications
    kept = clinic.reception.row().consent
    assert kept is not None
    assert kept.payer_ref is not None


def test_a_silent_payer_is_not_asked_for_a_challenge(clinic: Clinic) -> None:
    """The desk's own challenge serves at once; the patient types the PIN as always."""
    clinic.payer.faults.set("down", path="$submit")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.reception.sees_row(
        lambda row: row.question is not None and row.question.problem is not None, "the failure"
    )
    clinic.patient.takes_card()
    asked = requests_to(clinic, "$issue-challenge")
    clinic.patient.taps("elderly")
    clinic.patient.types_pin()
    row = clinic.reception.sees_row(lambda row: row.identification is not None, "the second")
    assert row.identification is not None
    challenge = row.identification.evidence.challenge
    assert challenge is not None
    assert challenge.issuer is ChallengeIssuer.DESK
    assert requests_to(clinic, "$issue-challenge") == asked


def test_an_answer_of_this_month_stands_in_where_the_clinic_says_so(
    tmp_path: Path, stage: Stage
) -> None:
    """Nobody waits for a silent payer: the patient is confirmed, and staff see by what."""
    with opened_clinic(tmp_path, stage, eligibility='freshness = "monthly"') as clinic:
        clinic.patient.taps("ordinary")
        clinic.patient.types_pin()
        first = clinic.reception.sees_answer()
        assert first.is_current
        clinic.patient.takes_card()
        clinic.payer.faults.set("down", path="$submit")
        clinic.patient.taps("ordinary")
        clinic.patient.types_pin()
        clinic.patient.consents_to_all()
        assert clinic.patient.sees(KioskStep.DONE).outcome is DoneOutcome.CONFIRMED
        row = clinic.reception.row()
        assert row.confirmation is not None
        assert row.confirmation.source is ConfirmationSource.RECORDED
        assert (row.is_current, row.need) == (True, DeskNeed.WAIT_FOR_PAYER)
        clinic.clock.goes_on(days=40)
        assert not clinic.reception.opens(row.visit.id).row.is_current


def test_payer_down_for_a_stranger_shows_nothing_as_known(clinic: Clinic) -> None:
    """Without an earlier answer nothing is shown: no name, no validity, a queued question."""
    clinic.payer.stop()
    clinic.patient.taps("elderly")
    clinic.patient.types_pin()
    row = clinic.reception.sees_row(
        lambda row: row.question is not None and row.question.problem is not None, "the problem"
    )
    assert (row.name, row.coverage, row.validity, row.confirmation) == (None, None, None, None)
    assert row.question is not None
    assert row.question.problem is QuestionProblem.PAYER_UNAVAILABLE
    clinic.payer.start()
    clinic.clock.goes_on(seconds=AskingPolicy().probe_high)
    assert clinic.reception.sees_answer().name


def test_an_answer_for_another_patient_is_never_shown(clinic: Clinic) -> None:
    """The payer's answer for somebody else ends with staff, and nothing of it is kept."""
    clinic.payer.faults.set("another-patient")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    row = clinic.reception.sees_row(
        lambda row: row.question is not None and row.question.state is QuestionState.GIVEN_TO_STAFF,
        "the question to be given to staff",
    )
    assert row.question is not None
    assert row.question.problem is QuestionProblem.ANOTHER_PERSON
    assert (row.name, row.coverage, row.confirmation) == (None, None, None)
    assert row.need is DeskNeed.TAP_AGAIN


def test_a_doubtful_answer_never_becomes_the_recorded_one(clinic: Clinic) -> None:
    """When it is not sure who the last answer named, a silent payer leaves nothing to show."""
    clinic.patient.taps("several")
    clinic.patient.types_pin()
    clinic.reception.sees_answer()
    clinic.patient.takes_card()
    clinic.payer.stop()
    clinic.patient.taps("several")
    clinic.patient.types_pin()
    row = clinic.reception.sees_row(
        lambda row: row.question is not None and row.question.problem is not None, "the problem"
    )
    assert (row.confirmation, row.name, row.coverage) == (None, None, None)


def test_a_card_taken_away_before_the_pin_ends_the_visit(clinic: Clinic) -> None:
    """Without the card there is nothing to prove: the visit is closed, the screen says why."""
    clinic.patient.taps("ordinary")
    clinic.patient.takes_card()
    assert clinic.patient.sees(KioskStep.CARD_PROBLEM).notice is KioskNotice.CARD_REMOVED
    visit = clinic.reception.row().visit
    assert (visit.state, visit.close_reason) == (VisitState.ABANDONED, CloseReason.CARD_REMOVED)


def test_a_card_taken_away_during_consent_leaves_no_for_the_rest(clinic: Clinic) -> None:
    """What was not answered when the card went is no; eligibility is confirmed all the same."""
    patient = clinic.patient
    patient.taps("ordinary")
    patient.types_pin()
    patient.answers(ConsentItem.MEDICINES_AND_TREATMENT, allow=True)
    patient.takes_card()
    done = patient.sees(KioskStep.DONE)
    assert dict(done.answers)[ConsentItem.CHECKUPS] is ConsentDecision.NO
    assert clinic.reception.sees_answer().visit.close_reason is CloseReason.CARD_REMOVED


def test_the_next_person_never_answers_for_the_last(clinic: Clinic) -> None:
    """Another card ends the former patient's step; a late answer for the former is refused."""
    patient = clinic.patient
    patient.taps("ordinary")
    former = patient.types_pin()
    patient.taps("elderly")
    view = wait_for(
        lambda: patient.screen.visit_id not in (None, former.visit_id) and patient.screen,
        "the next visit",
    )
    assert view.step is KioskStep.PIN
    assert former.visit_id is not None
    with pytest.raises(VisitStateError):
        clinic.terminal.desk.questions.answer_consent(
            former.visit_id, ConsentItem.MEDICINES_AND_TREATMENT, allow=True
        )
    consent = clinic.reception.opens(former.visit_id).row.consent
    assert consent is not None
    assert ConsentDecision.YES not in consent.decisions.values()


def test_staff_called_at_the_kiosk_stand_in_the_list(clinic: Clinic) -> None:
    """Whoever calls from the idle screen or in the middle of a step is seen at the desk."""
    clinic.terminal.desk.call_staff(None)
    clinic.terminal.desk.call_staff(None)
    rows = clinic.terminal.desk.today(clinic.reception.actor).rows
    assert [row.visit.staff_need for row in rows] == [StaffNeed.CALLED]
    clinic.terminal.desk.close_visit(clinic.reception.actor, rows[0].visit.id)
    assert clinic.reception.row().visit.state is VisitState.ABANDONED

    view = clinic.patient.taps("ordinary")
    clinic.terminal.desk.call_staff(view.visit_id)
    assert clinic.patient.sees(KioskStep.WITH_STAFF).staff_called
    assert clinic.reception.row().need is DeskNeed.LOOK


def test_an_invalid_qualification_is_said_as_such(clinic: Clinic) -> None:
    """Invalid is a stop for staff, and only a hint to see staff for the public screen."""
    clinic.patient.taps("job-change")
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    assert clinic.patient.sees(KioskStep.DONE).outcome is DoneOutcome.SEE_STAFF
    row = clinic.reception.sees_answer()
    assert row.validity is QualificationValidity.INVALID
    assert (row.need, row.worst) == (DeskNeed.SETTLE_FINDING, Severity.STOP)
    closed = clinic.doctor.opens(row.visit.id).history_closed_because
    assert closed is HistoryClosed.BLOCKED_BY_FINDING


def test_several_candidates_are_never_narrowed(clinic: Clinic) -> None:
    """Several results are shown as several: the line names nobody and no coverage."""
    clinic.patient.taps("several")
    clinic.patient.types_pin()
    row = clinic.reception.sees_answer()
    assert row.validity is QualificationValidity.SEVERAL
    assert row.coverage is None
    assert row.need is DeskNeed.SETTLE_FINDING


def test_an_answer_that_may_be_another_persons_is_withheld(clinic: Clinic) -> None:
    """While it is doubtful whose answer it is, neither name nor coverage leave the desk."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    row = clinic.reception.sees_answer()
    assert row.confirmation is not None
    doubt = replace(
        row.confirmation,
        id="doubt",
        made_at=clinic.terminal.now(),
        findings=(Finding(FindingCode.OTHER_PERSON, Severity.STOP, blocks_history=True),),
        supersedes=row.confirmation.id,
    )
    clinic.terminal.store.write(lambda tx: tx.confirmations.add(doubt))
    detail = clinic.doctor.opens(row.visit.id)
    assert detail.row.withheld
    assert (detail.row.name, detail.row.coverage, detail.answer) == (None, None, None)
    assert detail.history_closed_because is HistoryClosed.BLOCKED_BY_FINDING
    with pytest.raises(VisitStateError):
        clinic.terminal.desk.history(clinic.doctor.actor, row.visit.id)


def test_an_administrator_sees_no_visits(clinic: Clinic) -> None:
    """The administrator's role opens neither list nor visit."""
    with pytest.raises(RoleError):
        clinic.terminal.desk.today(clinic.administrator.actor)
