from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from eligibility.model import ConsentDecision
from eligibility.retry import AskingPolicy
from terminal.access.accounts import Role
from terminal.errors import LookReason, LookRefusedError
from terminal.payer.question import QuestionProblem, QuestionState
from terminal.views import (
    ConsentItem,
    DeskNeed,
    DoneOutcome,
    HistoryClosed,
    KioskNotice,
    KioskStep,
)
from terminal.virtual_card import strangers
from terminal.virtual_card.applets import driving_licence
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.strangers import TransitCard
from terminal.visit import CloseReason, StaffNeed, VisitState
from tests.clinic import Clinic, Stage, opened_clinic

LONG = 61
"""Seconds of silence after which a step ends."""


def test_walking_away_before_the_pin_ends_the_visit(clinic: Clinic) -> None:
    """After the time of silence the screen is clean and asks to take the card left behind."""
    clinic.patient.taps("ordinary")
    clinic.silence.passes(LONG)
    view = clinic.patient.sees(KioskStep.CARD_PROBLEM)
    assert (view.notice, view.visit_id) == (KioskNotice.CARD_LEFT, None)
    assert clinic.reception.row().visit.close_reason is CloseReason.WALKED_AWAY
    clinic.patient.takes_card()
    clinic.patient.sees(KioskStep.IDLE)


def test_walking_away_during_consent_is_a_no(clinic: Clinic) -> None:
    """Silence is no for each item left, the screen keeps nothing, the coverage stays confirmed."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.sees(KioskStep.CONSENT)
    clinic.silence.passes(LONG)
    view = clinic.patient.sees(KioskStep.CARD_PROBLEM)
    assert view.answers == ()
    row = clinic.reception.sees_answer()
    assert row.visit.close_reason is CloseReason.WALKED_AWAY
    assert row.consent is not None
    assert ConsentDecision.YES not in row.consent.decisions.values()


def test_any_touch_gives_the_whole_time_again(clinic: Clinic) -> None:
    """Who says "still there" keeps step and visit."""
    view = clinic.patient.taps("ordinary")
    assert view.visit_id is not None
    clinic.silence.passes(LONG / 2)
    left = clinic.patient.screen
    assert 0 < (left.seconds_left or 0) < LONG / 2
    clinic.terminal.desk.still_there(view.visit_id)
    again = clinic.patient.screen
    assert again.step is KioskStep.PIN
    assert (again.seconds_left or 0) > (left.seconds_left or 0)
    clinic.silence.passes(LONG / 2)
    assert (clinic.patient.screen.seconds_left or 0) > 0


@pytest.mark.parametrize(
    ("card", "notice"),
    [
        (driving_licence, KioskNotice.DRIVING_LICENCE),
        (strangers.residence_card, KioskNotice.RESIDENCE_CARD),
        (strangers.passport, KioskNotice.PASSPORT),
        (strangers.bank_card, KioskNotice.BANK_CARD),
        (strangers.TransitCard, KioskNotice.TRANSIT_CARD),
        (lambda: CardOs([]), KioskNotice.CARD_UNKNOWN),
    ],
)
def test_a_card_that_is_none_of_ours_opens_no_visit(
    clinic: Clinic, card: Callable[[], CardOs | TransitCard], notice: KioskNotice
) -> None:
    """Another card is named for what it is; taking it away makes the screen clean."""
    clinic.slot.insert(card())
    assert clinic.patient.sees(KioskStep.CARD_PROBLEM).notice is notice
    assert clinic.terminal.desk.today(clinic.reception.actor).rows == ()
    clinic.patient.takes_card()
    clinic.patient.sees(KioskStep.IDLE)


def test_an_expired_card_is_for_staff_and_no_look_can_mend_it(clinic: Clinic) -> None:
    """A certificate beyond its grace stops at the desk, without a way to identify by eye."""
    assert clinic.patient.taps("expired").step is KioskStep.WITH_STAFF
    row = clinic.reception.row()
    assert row.visit.staff_need is StaffNeed.CERTIFICATE_REJECTED
    with pytest.raises(LookRefusedError) as refusal:
        clinic.reception.looks(row.visit.id)
    assert refusal.value.reason is LookReason.CERTIFICATE


@pytest.mark.parametrize(("persona", "renew"), [("expires-soon", True), ("ordinary", False)])
def test_a_card_that_ends_soon_is_to_be_renewed(clinic: Clinic, persona: str, renew: bool) -> None:
    """The end of the visit asks to renew such a card, and says nothing of it before."""
    clinic.patient.taps(persona)
    assert not clinic.patient.types_pin().renew_card
    clinic.patient.consents_to_all()
    assert clinic.patient.sees(KioskStep.DONE).renew_card is renew


def test_a_card_in_grace_confirms_insurance_and_asks_for_no_consent(clinic: Clinic) -> None:
    """Within the grace the insurance is confirmed, medical data stays closed, renewal is asked."""
    clinic.patient.taps("in-grace")
    clinic.patient.types_pin()
    done = clinic.patient.sees(KioskStep.DONE)
    assert (done.outcome, done.renew_card) == (DoneOutcome.CONFIRMED, True)
    row = clinic.reception.sees_answer()
    assert row.consent is None
    assert clinic.doctor.opens(row.visit.id).history_closed_because is HistoryClosed.NOT_ASKED


def test_a_card_without_certificates_leads_to_staff(clinic: Clinic) -> None:
    """A card onto which no certificate was loaded is not called unreadable: staff take over."""
    assert clinic.patient.taps("not-loaded").step is KioskStep.WITH_STAFF
    row = clinic.reception.row()
    assert row.visit.staff_need is StaffNeed.CERTIFICATE_REJECTED
    looks = clinic.terminal.access.who_looked(clinic.reception.actor, row.visit.id)
    assert looks[0].record.reason == "not-loaded"


def test_a_face_only_card_is_for_staff_to_look(clinic: Clinic) -> None:
    """A face-only card may answer as blocked: no PIN is asked, staff look, the patient goes on."""
    assert clinic.patient.taps("face-only").step is KioskStep.WITH_STAFF
    row = clinic.reception.row()
    assert (row.visit.staff_need, row.need) == (StaffNeed.PIN_UNUSABLE, DeskNeed.LOOK)
    clinic.reception.looks(row.visit.id)
    clinic.patient.sees(KioskStep.CONSENT)


def test_a_patient_sent_to_the_desk_is_identified_there(clinic: Clinic) -> None:
    """When the card was taken along to the desk, a look asks the payer; nothing is consented to."""
    clinic.patient.taps("pin-blocked")
    row = clinic.reception.row()
    clinic.patient.takes_card()
    clinic.patient.sees(KioskStep.IDLE)
    clinic.reception.looks(row.visit.id)
    row = clinic.reception.sees_answer()
    assert (row.visit.state, row.consent) == (VisitState.FINISHED, None)
    assert clinic.doctor.opens(row.visit.id).history_closed_because is HistoryClosed.NOT_ASKED


@pytest.mark.parametrize(
    ("fault", "problem", "state"),
    [
        ("unavailable", QuestionProblem.PAYER_UNAVAILABLE, QuestionState.PENDING),
        ("down", QuestionProblem.PAYER_UNAVAILABLE, QuestionState.PENDING),
        ("malformed", QuestionProblem.PAYER_UNREADABLE, QuestionState.PENDING),
        ("queued", QuestionProblem.PAYER_SLOW, QuestionState.PENDING),
        ("refuse", QuestionProblem.PAYER_REFUSED, QuestionState.REFUSED),
    ],
)
def test_each_fault_of_the_payer_has_its_name(
    clinic: Clinic, fault: str, problem: QuestionProblem, state: QuestionState
) -> None:
    """Staff see what is wrong with the payer, and the visit is there."""
    clinic.payer.faults.set(fault, path="$submit")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    row = clinic.reception.sees_row(
        lambda row: row.question is not None and row.question.problem is not None, fault
    )
    assert row.question is not None
    assert row.question.problem is problem
    if state is QuestionState.REFUSED:
        assert row.question.state is state
        assert row.question.refusal_words
    assert (row.name, row.validity) == (None, None)


def test_a_slow_payer_does_not_hold_the_patient(tmp_path: Path, stage: Stage) -> None:
    """The kiosk ends with "confirmed later" while the payer takes its time."""
    with opened_clinic(tmp_path, stage, payer="answer_seconds = 1") as clinic:
        clinic.payer.faults.set("slow", seconds=30, path="$submit")
        clinic.patient.taps("ordinary")
        clinic.patient.types_pin()
        clinic.patient.consents_to_all()
        assert clinic.patient.sees(KioskStep.DONE).outcome is DoneOutcome.QUEUED
        row = clinic.reception.sees_row(
            lambda row: row.question is not None and row.question.problem is not None, "slow"
        )
        assert row.question is not None
        assert row.question.problem is QuestionProblem.PAYER_SLOW
        clinic.payer.faults.clear()
        clinic.clock.goes_on(seconds=AskingPolicy().probe_high)
        assert clinic.reception.sees_answer().name


def test_a_question_survives_a_restart(tmp_path: Path, stage: Stage) -> None:
    """What was not answered before a restart is asked by the next run, under the same id."""
    with opened_clinic(tmp_path, stage) as before:
        before.payer.stop()
        before.patient.taps("ordinary")
        before.patient.types_pin()
        asked = before.reception.sees_row(lambda row: row.question is not None, "question").question
    with opened_clinic(tmp_path, stage) as after:
        after.clock.goes_on(seconds=AskingPolicy().probe_high)
        row = after.reception.sees_answer()
    assert asked is not None
    assert row.question is not None
    assert row.question.id == asked.id
    assert row.visit.state is VisitState.FINISHED


def test_a_dead_daemon_is_named_and_taps_work_after_it(clinic: Clinic, pcscd: PrivatePcscd) -> None:
    """The kiosk says that it cannot read cards; with the daemon back it goes on by itself."""
    clinic.patient.sees(KioskStep.IDLE)
    pcscd.kill()
    try:
        view = clinic.patient.sees(KioskStep.OUT_OF_SERVICE)
        assert view.notice is KioskNotice.PCSC_DOWN
    finally:
        pcscd.start()
    clinic.patient.sees(KioskStep.IDLE)
    assert clinic.patient.taps("ordinary").step is KioskStep.PIN


def test_a_card_that_was_never_lifted_opens_no_second_visit(
    clinic: Clinic, pcscd: PrivatePcscd
) -> None:
    """After the daemon came back the card of the last visit must be lifted and put again."""
    clinic.patient.taps("ordinary")
    pcscd.kill()
    try:
        clinic.patient.sees(KioskStep.OUT_OF_SERVICE)
    finally:
        pcscd.start()
    view = clinic.patient.sees(KioskStep.CARD_PROBLEM)
    assert (view.notice, view.visit_id) == (KioskNotice.CARD_LEFT, None)
    assert len(clinic.terminal.desk.today(clinic.reception.actor).rows) == 1
    clinic.patient.takes_card()
    clinic.patient.sees(KioskStep.IDLE)
    assert clinic.patient.taps("ordinary").step is KioskStep.PIN
    assert len(clinic.terminal.desk.today(clinic.reception.actor).rows) == 2


def test_another_card_after_a_lost_reader_opens_its_own_visit(
    clinic: Clinic, pcscd: PrivatePcscd
) -> None:
    """Only the very card that was left is held back."""
    clinic.patient.taps("ordinary")
    pcscd.kill()
    try:
        clinic.patient.sees(KioskStep.OUT_OF_SERVICE)
        clinic.slot.remove()
    finally:
        pcscd.start()
    clinic.patient.sees(KioskStep.IDLE)
    assert clinic.patient.taps("elderly").step is KioskStep.PIN


def test_staff_see_that_a_card_was_left_and_since_when(clinic: Clinic) -> None:
    """The list tells of the forgotten card until it is taken; the next look is clean."""
    before = clinic.terminal.now()
    clinic.patient.taps("ordinary")
    assert clinic.terminal.desk.today(clinic.reception.actor).card_left_at is None
    clinic.silence.passes(LONG)
    clinic.patient.sees(KioskStep.CARD_PROBLEM)
    left = clinic.terminal.desk.today(clinic.reception.actor).card_left_at
    assert left is not None
    assert before <= left <= clinic.terminal.now()
    clinic.patient.takes_card()
    assert clinic.terminal.desk.today(clinic.reception.actor).card_left_at is None


def test_the_pin_is_in_no_file(
    tmp_path: Path, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """After a whole visit the typed PIN stands in no file of the desk and in no log line."""
    caplog.set_level(0)
    pin = "7391"
    with opened_clinic(tmp_path, stage) as clinic:
        clinic.patient.taps("ordinary")
        clinic.patient.types_pin(pin)
        clinic.patient.types_pin()
        clinic.patient.consents_to_all()
        clinic.reception.sees_answer()
    needle = pin.encode()
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or needle not in file.read_bytes(), file
    assert not [r for r in caplog.records if pin in r.getMessage().replace(".", " ").split()]


def test_each_look_is_in_the_audit_log_once_and_the_chain_holds(clinic: Clinic) -> None:
    """List, visit and history leave a record each, with who looked at whom."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    visit_id = clinic.reception.sees_answer().visit.id
    clinic.doctor.sees_history(visit_id)
    clinic.reception.row()
    clinic.reception.row()

    def acts(actor_id: str) -> list[str]:
        records = clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))
        return [record.act for record in records if record.actor_id == actor_id]

    assert acts(clinic.reception.actor.id) == ["list-seen"]
    assert acts(clinic.doctor.actor.id)[-1] == "history-seen"
    assert "visit-seen" in acts(clinic.doctor.actor.id)
    assert clinic.terminal.store.read(lambda tx: tx.audit.verify()).ok
    assert clinic.doctor.actor.role is Role.CLINICIAN


def test_an_answer_that_is_no_longer_asked_for_is_refused(clinic: Clinic) -> None:
    """An item is answered once, in its turn; a doubled tap changes nothing."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.answers(ConsentItem.MEDICINES_AND_TREATMENT, allow=False)
    with pytest.raises(Exception, match="not asked now"):
        clinic.patient.answers(ConsentItem.MEDICINES_AND_TREATMENT, allow=True)
    for item in tuple(ConsentItem)[1:]:
        clinic.patient.answers(item, allow=False)
    row = clinic.reception.sees_answer()
    assert row.consent is not None
    assert ConsentDecision.YES not in row.consent.decisions.values()
