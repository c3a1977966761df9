"""Sharing at a real desk: together or one by one, for another, shown again, stopped, told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from eligibility.codes import ConsentCategory, ConsentLapse, PrescriptionIssue
from eligibility.consenting import ActingFor, ConsentEnd
from eligibility.errors import ConsentRequiredError
from eligibility.model import Consent, ConsentDecision
from eligibility.simulator.consents import RegisteredConsent
from terminal.audit import Act
from terminal.errors import RoleError, VisitStateError
from terminal.events import Topic
from terminal.views import ConsentItem, DoneOutcome, HistoryClosed, KioskStep
from terminal.visit import CloseReason
from tests.clinic import Clinic, Stage, opened_clinic, wait_for

YES, NO = ConsentDecision.YES, ConsentDecision.NO


def consent_of(clinic: Clinic, visit_id: str) -> Consent:
    """Return what the store holds of a visit's consent."""
    found = clinic.terminal.store.read(lambda tx: tx.consents.of_visit(visit_id))
    assert found is not None
    return found


def acts_of(clinic: Clinic, visit_id: str) -> list[Act]:
    """Return what the audit log tells of a visit."""
    return [row.act for row in clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))]


def told_to_payer(clinic: Clinic) -> list[RegisteredConsent]:
    """Return what the payer keeps of consents."""
    return clinic.payer.payer.kept_consents()


def shares_all(clinic: Clinic, persona: str = "ordinary") -> str:
    """Let somebody tap and say yes to all together; return the visit once history is there."""
    clinic.patient.taps(persona)
    clinic.patient.types_pin()
    clinic.patient.answers_all(allow=True)
    visit_id = clinic.reception.sees_answer().visit.id
    clinic.doctor.sees_history(visit_id)
    return visit_id


def waits_for_payer(clinic: Clinic, visit_id: str) -> None:
    """Wait until the consent is known not to have reached the payer."""
    silent = HistoryClosed.PAYER_SILENT
    wait_for(
        lambda: clinic.doctor.opens(visit_id).history_closed_because is silent, "a silent payer"
    )


def restarts(clinic: Clinic) -> None:
    """Take the card away and let the terminal begin again."""
    clinic.patient.takes_card()
    clinic.restarts()
    wait_for(lambda: clinic.terminal.payer_watch.checks, "the look at the payer")


def taps_again(clinic: Clinic, persona: str = "ordinary") -> str:
    """Let the same person tap again and type the PIN; return the new visit."""
    clinic.patient.takes_card()
    clinic.patient.taps(persona)
    visit_id = clinic.patient.types_pin().visit_id
    assert visit_id is not None
    return visit_id


def test_one_yes_covers_what_it_lists(clinic: Clinic) -> None:
    """The first question is about all together; its yes is a yes to each category it lists."""
    clinic.patient.taps("ordinary")
    asked = clinic.patient.types_pin()
    assert (asked.combined, asked.consent_item) == (tuple(ConsentItem), None)
    clinic.patient.answers_all(allow=True)
    done = clinic.patient.sees(KioskStep.DONE)
    assert dict(done.answers) == dict.fromkeys(ConsentItem, YES)
    visit_id = clinic.reception.sees_answer().visit.id
    assert set(consent_of(clinic, visit_id).decisions.values()) == {YES}
    history = clinic.doctor.sees_history(visit_id)
    assert {ConsentCategory.YZK, ConsentCategory.SRJ, ConsentCategory.TKK} <= history.fetched


def test_one_no_refuses_all(clinic: Clinic) -> None:
    """The no is as short as the yes."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.answers_all(allow=False)
    visit_id = clinic.reception.sees_answer().visit.id
    assert set(consent_of(clinic, visit_id).decisions.values()) == {NO}
    with pytest.raises(ConsentRequiredError):
        clinic.terminal.desk.history(clinic.doctor.actor, visit_id)


def test_who_chooses_one_by_one_is_asked_each(clinic: Clinic) -> None:
    """Each item by itself, in order; the combined answer is not taken any more."""
    clinic.patient.taps("ordinary")
    visit_id = clinic.patient.types_pin().visit_id
    assert visit_id is not None
    questions = clinic.terminal.desk.questions
    questions.one_by_one(visit_id)
    with pytest.raises(VisitStateError):
        questions.answer_all(visit_id, True)
    for number, item in enumerate(ConsentItem, 1):
        view = clinic.patient.screen
        assert (view.consent_item, view.consent_number) == (item, number)
        questions.answer_consent(visit_id, item, item is ConsentItem.CHECKUPS)
    clinic.reception.sees_answer()
    decisions = consent_of(clinic, visit_id).decisions
    assert {one for one, said in decisions.items() if said is YES} == {ConsentCategory.TKK}


def test_a_combined_question_answered_by_nobody_is_no(clinic: Clinic) -> None:
    """Who takes the card away from it has allowed nothing."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.takes_card()
    row = clinic.reception.sees_answer()
    assert row.visit.close_reason is CloseReason.CARD_REMOVED
    assert set(consent_of(clinic, row.visit.id).decisions.values()) == {NO}


# -- for another -----------------------------------------------------------------------------------


def test_who_answers_for_another_says_so_and_the_payer_is_told(clinic: Clinic) -> None:
    """The relation stands in the identification, the consent and the audit log, and goes along."""
    clinic.patient.taps("elderly")
    view = clinic.patient.types_pin()
    assert view.may_act
    assert view.visit_id is not None
    questions = clinic.terminal.desk.questions
    questions.ask_who_acts(view.visit_id)
    assert clinic.patient.screen.step is KioskStep.GUARDIAN
    questions.act_for(view.visit_id, ActingFor.CAREGIVER)
    assert not clinic.patient.screen.may_act
    clinic.patient.answers_all(allow=True)
    clinic.doctor.sees_history(clinic.reception.sees_answer().visit.id)
    row = clinic.reception.row()
    assert row.identification is not None
    assert row.identification.acting_for is ActingFor.CAREGIVER
    assert consent_of(clinic, view.visit_id).acting_for is ActingFor.CAREGIVER
    assert Act.ACTING_RECORDED in acts_of(clinic, view.visit_id)
    (told,) = told_to_payer(clinic)
    assert told.request.acting_for is ActingFor.CAREGIVER


def test_a_child_known_from_an_earlier_answer_is_asked_about_first(clinic: Clinic) -> None:
    """At the first visit the payer's answer tells it amid the questions; later it is known."""
    clinic.patient.taps("child")
    clinic.patient.types_pin()
    first = clinic.reception.sees_answer().visit.id
    clinic.patient.answers_all(allow=False)
    assert clinic.patient.sees(KioskStep.GUARDIAN).visit_id == first
    clinic.terminal.desk.questions.act_for(first, ActingFor.PARENT)
    clinic.patient.sees(KioskStep.DONE)
    assert consent_of(clinic, first).acting_for is ActingFor.PARENT
    second = taps_again(clinic, "child")
    clinic.patient.sees(KioskStep.GUARDIAN)
    clinic.terminal.desk.questions.act_for(second, None)
    clinic.patient.sees(KioskStep.CONSENT)


def test_who_leaves_at_that_question_has_allowed_nothing(clinic: Clinic) -> None:
    """Before the consents were asked nothing is answered; what was asked is no."""
    clinic.patient.taps("ordinary")
    visit_id = clinic.patient.types_pin().visit_id
    assert visit_id is not None
    clinic.terminal.desk.questions.ask_who_acts(visit_id)
    clinic.terminal.desk.leave(visit_id)
    assert set(consent_of(clinic, visit_id).decisions.values()) == {NO}


# -- shown again, stopped --------------------------------------------------------------------------


def test_a_new_tap_shows_what_is_shared_and_stops_it(clinic: Clinic) -> None:
    """ "My consents": both visits are closed at once, the payer hears it, history is dropped."""
    first = shares_all(clinic)
    second = taps_again(clinic)
    view = clinic.patient.screen
    assert view.step is KioskStep.MY_CONSENTS
    assert view.shared is not None
    assert view.shared.items == tuple(ConsentItem)
    clinic.terminal.desk.questions.stop_sharing(second)
    closed = clinic.doctor.opens(first)
    assert closed.history_closed_because is HistoryClosed.WITHDRAWN
    assert closed.history_open == set()
    with pytest.raises(ConsentRequiredError):
        clinic.terminal.desk.history(clinic.doctor.actor, first)
    consent = consent_of(clinic, first)
    assert consent.ended_by is ConsentEnd.PATIENT
    assert set(consent_of(clinic, second).decisions.values()) == {NO}
    wait_for(lambda: consent_of(clinic, first).end_told_at, "the payer to be told")
    assert {one.lapse for one in told_to_payer(clinic) if one.ended_at} == {ConsentLapse.BY_PATIENT}
    assert acts_of(clinic, first).count(Act.CONSENT_ENDED) == 1


def test_a_new_tap_may_keep_what_is_shared(clinic: Clinic) -> None:
    """The same answers, given anew: the new visit opens, the earlier one is replaced by it."""
    first = shares_all(clinic)
    second = taps_again(clinic)
    clinic.terminal.desk.questions.keep_sharing(second)
    assert clinic.patient.sees(KioskStep.DONE).outcome is not DoneOutcome.SEE_STAFF
    assert clinic.doctor.sees_history(second).medications
    assert consent_of(clinic, first).ended_by is ConsentEnd.REPLACED
    assert clinic.doctor.opens(first).history_open == set()


def test_who_goes_away_from_what_is_shared_has_said_nothing_new(clinic: Clinic) -> None:
    """No answer at "my consents" gives no consent and takes none away."""
    first = shares_all(clinic)
    second = taps_again(clinic)
    clinic.patient.takes_card()
    clinic.patient.sees(KioskStep.DONE)
    assert clinic.terminal.store.read(lambda tx: tx.consents.of_visit(second)) is None
    assert consent_of(clinic, first).withdrawn_at is None


def test_an_unanswered_new_choice_ends_the_old_yes(clinic: Clinic) -> None:
    """Who chooses again and leaves: what was asked anew and not answered is no."""
    first = shares_all(clinic)
    second = taps_again(clinic)
    clinic.terminal.desk.questions.choose_again(second)
    clinic.terminal.desk.leave(second)
    assert consent_of(clinic, first).ended_by is ConsentEnd.REPLACED
    assert set(consent_of(clinic, second).decisions.values()) == {NO}


def test_nothing_shared_is_not_shown_again(clinic: Clinic) -> None:
    """After a no, and after the time of a yes is up, a new tap begins with the question."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.answers_all(allow=False)
    clinic.reception.sees_answer()
    taps_again(clinic)
    assert clinic.patient.screen.step is KioskStep.CONSENT


def test_staff_stop_it_at_the_patients_word(clinic: Clinic) -> None:
    """Reception may; it is written down with who did; a second time there is nothing to stop."""
    visit_id = shares_all(clinic)
    heard = clinic.terminal.bus.subscribe()
    clinic.terminal.desk.sharing.stop_by_staff(clinic.reception.actor, visit_id)
    assert clinic.doctor.opens(visit_id).history_closed_because is HistoryClosed.WITHDRAWN
    events = [heard.get_nowait() for _ in range(heard.qsize())]
    assert (Topic.CONSENT, visit_id) in [(one.topic, one.id) for one in events]
    rows = clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))
    (row,) = [one for one in rows if one.act is Act.CONSENT_ENDED]
    assert (row.actor_id, row.reason) == (clinic.reception.actor.id, "by-staff")
    with pytest.raises(VisitStateError):
        clinic.terminal.desk.sharing.stop_by_staff(clinic.reception.actor, visit_id)
    with pytest.raises(RoleError):
        clinic.terminal.desk.sharing.stop_by_staff(clinic.administrator.actor, visit_id)


def test_a_silent_payer_does_not_hold_a_withdrawal_back(clinic: Clinic) -> None:
    """The desk closes at once; the payer is told as soon as it answers, after a restart too."""
    visit_id = shares_all(clinic)
    clinic.payer.faults.set("down", path="/fhir/Consent")
    clinic.terminal.desk.sharing.stop_by_staff(clinic.reception.actor, visit_id)
    assert clinic.doctor.opens(visit_id).history_closed_because is HistoryClosed.WITHDRAWN
    assert consent_of(clinic, visit_id).end_told_at is None
    clinic.payer.faults.clear()
    restarts(clinic)
    wait_for(lambda: consent_of(clinic, visit_id).end_told_at, "the payer to be told")
    assert [one.ended_at is not None for one in told_to_payer(clinic)] == [True]


def test_a_consent_withdrawn_before_the_payer_knew_it_is_never_registered(clinic: Clinic) -> None:
    """What waits for the payer and is withdrawn meanwhile opens nothing there either."""
    clinic.payer.faults.set("down", path="/fhir/Consent")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.answers_all(allow=True)
    visit_id = clinic.reception.sees_answer().visit.id
    waits_for_payer(clinic, visit_id)
    clinic.terminal.desk.sharing.stop_by_staff(clinic.reception.actor, visit_id)
    clinic.payer.faults.clear()
    restarts(clinic)
    assert consent_of(clinic, visit_id).payer_ref is None
    assert told_to_payer(clinic) == []


def test_a_queue_never_extends_a_consent(clinic: Clinic) -> None:
    """Registered an hour late it ends 24 h after the patient's yes, at each read by the clock."""
    clinic.payer.faults.set("down", path="/fhir/Consent")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.answers_all(allow=True)
    visit_id = clinic.reception.sees_answer().visit.id
    given_at = consent_of(clinic, visit_id).given_at
    waits_for_payer(clinic, visit_id)
    clinic.payer.faults.clear()
    clinic.terminal.desk.ask_again(clinic.doctor.actor, visit_id)
    clinic.doctor.sees_history(visit_id)
    assert consent_of(clinic, visit_id).ends_at <= given_at + timedelta(hours=24)
    clinic.clock.goes_on(hours=23, minutes=59)
    assert clinic.terminal.desk.history(clinic.doctor.actor, visit_id).history.medications
    clinic.clock.goes_on(minutes=2)
    with pytest.raises(ConsentRequiredError):
        clinic.terminal.desk.history(clinic.doctor.actor, visit_id)


def test_a_no_to_specific_diseases_hides_their_certificate(clinic: Clinic) -> None:
    """The payer told it by a consent of its own; the patient's no here hides it here."""
    clinic.patient.taps("specific-disease")
    clinic.patient.types_pin()
    row = clinic.reception.sees_answer()
    assert row.coverage is not None
    assert row.coverage.specific_diseases_certificates
    clinic.patient.answers_all(allow=False)
    clinic.patient.sees(KioskStep.DONE)
    detail = clinic.reception.opens(row.visit.id)
    assert detail.row.coverage is not None
    assert detail.answer is not None
    for coverage in (detail.row.coverage, *detail.answer.results):
        assert coverage.specific_diseases_certificates == ()


# -- prescription ----------------------------------------------------------------------------------


@pytest.fixture
def prescribing(tmp_path: Path, stage: Stage) -> Iterator[Clinic]:
    """A clinic that issues both kinds of prescription and asks for checkups only."""
    kiosk = 'prescription_choice = true\nconsents = ["checkups"]'
    with opened_clinic(tmp_path, stage, kiosk=kiosk) as opened:
        yield opened


def test_the_form_of_prescription_is_asked_after_the_consents(prescribing: Clinic) -> None:
    """It stands with the visit, in the audit log, and goes to the payer with the consent."""
    clinic = prescribing
    clinic.patient.taps("ordinary")
    asked = clinic.patient.types_pin()
    assert (asked.combined, asked.consent_item) == ((), ConsentItem.CHECKUPS)
    clinic.patient.answers(ConsentItem.CHECKUPS, allow=False)
    visit_id = clinic.patient.sees(KioskStep.PRESCRIPTION).visit_id
    assert visit_id is not None
    questions = clinic.terminal.desk.questions
    questions.choose_prescription(visit_id, PrescriptionIssue.ELECTRONIC)
    assert clinic.patient.sees(KioskStep.DONE).prescription is PrescriptionIssue.ELECTRONIC
    assert clinic.reception.row().visit.prescription is PrescriptionIssue.ELECTRONIC
    assert Act.PRESCRIPTION_CHOSEN in acts_of(clinic, visit_id)
    told = wait_for(lambda: told_to_payer(clinic), "the payer to be told")
    assert told[0].request.prescription is PrescriptionIssue.ELECTRONIC
    assert set(told[0].request.decisions) == {ConsentCategory.TKK}


def test_an_unanswered_prescription_is_no_choice_and_the_consents_stand(
    prescribing: Clinic,
) -> None:
    """Who leaves at the last question has chosen no form; what was answered before holds."""
    clinic = prescribing
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.answers(ConsentItem.CHECKUPS, allow=True)
    visit_id = clinic.patient.sees(KioskStep.PRESCRIPTION).visit_id
    assert visit_id is not None
    clinic.terminal.desk.leave(visit_id)
    row = clinic.reception.sees_answer()
    assert row.visit.prescription is None
    assert clinic.doctor.sees_history(visit_id).fetched == {ConsentCategory.TKK}
