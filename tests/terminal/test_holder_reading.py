"""Who the card says its holder is, in the visit: 照合番号B typed by staff, and what follows."""

from __future__ import annotations

from datetime import date

import pytest

from eligibility.holder import Match
from eligibility.model import NOT_READ, ConfirmationSource, FindingCode, Severity
from terminal.access.accounts import TERMINAL
from terminal.audit import Act
from terminal.card.number_b import NumberB
from terminal.errors import (
    NumberBEntryError,
    NumberBPart,
    RoleError,
    UnknownVisitError,
    VisitStateError,
)
from terminal.identification import AttributesSource, NumberBEntry
from terminal.views import (
    ConsentItem,
    DoneOutcome,
    HistoryClosed,
    KioskStep,
    NumberBState,
    VisitDetail,
    VisitRow,
)
from terminal.visit import VisitState
from tests.clinic import PIN, Clinic, wait_for
from tests.terminal.traces import acts, assert_no_individual_number


def identified(clinic: Clinic, persona: str) -> VisitRow:
    """Let somebody be identified by PIN and agree to everything; the card stays in the reader."""
    clinic.patient.taps(persona)
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    clinic.patient.sees(KioskStep.DONE)
    return clinic.reception.sees_answer()


def codes(detail: VisitDetail) -> set[FindingCode]:
    """Return what was found about the visit's answer."""
    assert detail.row.confirmation is not None
    return {finding.code for finding in detail.row.confirmation.findings}


def state(detail: VisitDetail) -> NumberBState | None:
    """Return what came of the number."""
    assert detail.number_b is not None
    return detail.number_b.state


def test_the_card_and_the_payer_agree(clinic: Clinic) -> None:
    """The card's word stands beside the payer's, with who read it; nothing else changes."""
    visit_id = identified(clinic, "ordinary").visit.id
    before = clinic.reception.opens(visit_id)
    assert (before.holder, before.compared) == (None, ())
    assert before.number_b is not None
    assert before.number_b.card_is_here
    detail = clinic.reception.types_number_b(visit_id, clinic.stage.face_of("ordinary"))
    assert {one.field: one.match for one in detail.compared} == dict.fromkeys(
        ("name", "birthdate", "sex", "address"), Match.SAME
    )
    assert detail.holder is not None
    assert (detail.holder.actor, detail.holder.entry) == (
        clinic.reception.actor.id,
        NumberBEntry.STAFF,
    )
    assert (detail.row.confirmation, detail.row.name) == (before.row.confirmation, "山田　健一")
    assert detail.row.identification is not None
    assert detail.row.identification.attributes_source is AttributesSource.CARD
    assert acts(clinic, visit_id, Act.ATTRIBUTES_READ) == [(clinic.reception.actor.id, "staff")]
    assert clinic.doctor.sees_history(visit_id).medications
    assert_no_individual_number(clinic.patient.card)


def test_a_wrong_persons_record_is_withheld_and_its_history_dropped(clinic: Clinic) -> None:
    """What looked valid is stopped once the card is read; history is gone from memory at once."""
    row = identified(clinic, "mislinked")
    visit_id = row.visit.id
    assert row.name == "高田　涼子"
    assert clinic.doctor.sees_history(visit_id).fetched
    clinic.reception.types_number_b(visit_id, clinic.stage.face_of("mislinked"))
    detail = clinic.doctor.opens(visit_id)
    assert detail.row.withheld
    assert (detail.row.name, detail.row.coverage, detail.answer) == (None, None, None)
    # staff call the person before them by the name on their own card
    assert (row.name_on_card, detail.row.name_on_card) == (None, "高田　良子")
    stops = [one for one in detail.row.confirmation.findings if one.severity is Severity.STOP]  # type: ignore[union-attr]  # it was confirmed
    assert {(one.code, one.field) for one in stops} == {
        (FindingCode.OTHER_PERSON, "birthdate"),
        (FindingCode.OTHER_PERSON, "name"),
    }
    assert all(one.on_card is not NOT_READ for one in stops)
    matches = {one.field: (one.match, one.from_payer) for one in detail.compared}
    assert matches["birthdate"] == matches["name"] == (Match.DIFFERS, NOT_READ)
    assert detail.history_closed_because is HistoryClosed.BLOCKED_BY_FINDING
    assert clinic.terminal._disclosure.of_visit(visit_id) is None
    assert [former.source for former in detail.former] == [ConfirmationSource.LIVE]
    assert len(acts(clinic, visit_id, Act.CONFIRMED)) == 2
    assert clinic.patient.screen.outcome is DoneOutcome.SEE_STAFF


def test_history_on_its_way_is_dropped_when_it_comes(clinic: Clinic) -> None:
    """What was asked for before the card was read is thrown away when the payer sends it."""
    clinic.payer.faults.set("slow", seconds=60, path="MedicationDispense")
    visit_id = identified(clinic, "mislinked").visit.id
    disclosure = clinic.terminal._disclosure
    wait_for(lambda: acts(clinic, visit_id, Act.CONSENT_REGISTERED), "the consent")
    assert disclosure.is_fetching(visit_id)
    clinic.reception.types_number_b(visit_id, clinic.stage.face_of("mislinked"))
    clinic.payer.faults.clear()
    wait_for(lambda: not disclosure.is_fetching(visit_id), "the history to come")
    assert disclosure.of_visit(visit_id) is None
    assert acts(clinic, visit_id, Act.HISTORY_FETCHED) == [(TERMINAL.id, "YZK")]


def test_read_before_the_answer_it_stops_at_once(clinic: Clinic) -> None:
    """While the patient has yet to type the PIN, staff read the card; the kiosk is not disturbed.

    Nothing of the consent is told to the payer, and no history is asked for.
    """
    view = clinic.patient.taps("mislinked")
    assert view.visit_id is not None
    before = clinic.patient.screen
    detail = clinic.reception.types_number_b(view.visit_id, clinic.stage.face_of("mislinked"))
    assert (detail.row.visit.state, detail.answer) == (VisitState.OPENED, None)
    assert {one.match for one in detail.compared} == {Match.NOT_GIVEN}
    assert (clinic.patient.screen.version, clinic.patient.screen.step) == (
        before.version,
        KioskStep.PIN,
    )
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    assert clinic.patient.sees(KioskStep.DONE).outcome is DoneOutcome.SEE_STAFF
    row = clinic.reception.sees_answer()
    assert row.withheld
    assert row.identification is not None
    assert row.identification.attributes_source is AttributesSource.CARD
    wait_for(
        lambda: not clinic.terminal._disclosure.is_fetching(row.visit.id),
        "the disclosure to come to its end",
    )
    assert acts(clinic, row.visit.id, Act.CONSENT_REGISTERED) == []
    assert acts(clinic, row.visit.id, Act.HISTORY_FETCHED) == []


def test_a_contradicted_answer_is_no_measure_and_is_not_forgotten(clinic: Clinic) -> None:
    """At the next visit the same card's contradiction counts at once, without a number.

    Once the payer names the right person, that answer is not held against the contradicted one:
    neither the superseded confirmation nor that of a visit before the card was read is a measure.
    """
    face = clinic.stage.face_of("mislinked")
    first = identified(clinic, "mislinked").visit.id
    clinic.patient.takes_card()
    second = identified(clinic, "mislinked").visit.id
    clinic.reception.types_number_b(second, face)
    for visit_id in (first, second):
        assert clinic.reception.opens(visit_id).row.withheld
    clinic.patient.takes_card()
    third = identified(clinic, "mislinked")
    assert third.withheld
    detail = clinic.reception.opens(third.visit.id)
    assert detail.holder is not None
    assert detail.holder.visit_id == second
    clinic.patient.takes_card()

    clinic.payer.payer.population.correct("mislinked")
    fourth = identified(clinic, "mislinked")
    assert fourth.confirmation is not None
    assert FindingCode.OTHER_PERSON not in {one.code for one in fourth.confirmation.findings}
    assert fourth.name == "高田　良子"


def test_a_silent_payer_leaves_no_contradicted_record(clinic: Clinic) -> None:
    """The record of a person whom the card contradicts does not stand in while the payer sleeps."""
    visit_id = identified(clinic, "mislinked").visit.id
    clinic.reception.types_number_b(visit_id, clinic.stage.face_of("mislinked"))
    clinic.patient.takes_card()
    clinic.payer.stop()
    clinic.patient.taps("mislinked")
    clinic.patient.types_pin()
    row = clinic.reception.sees_row(
        lambda row: row.question is not None and row.question.problem is not None, "the problem"
    )
    assert (row.confirmation, row.name, row.coverage) == (None, None, None)


def test_a_wrong_number_tells_the_tries_left(clinic: Clinic) -> None:
    """Each refusal is told with what is left and recorded; the right number is then read."""
    visit_id = identified(clinic, "ordinary").visit.id
    face = clinic.stage.face_of("ordinary")
    for left in (9, 8):
        detail = clinic.reception.types_number_b(visit_id, face, wrong=1)
        assert detail.number_b is not None
        assert (detail.number_b.state, detail.number_b.tries_left) == (NumberBState.REFUSED, left)
    assert (
        acts(clinic, visit_id, Act.NUMBER_B_REFUSED) == [(clinic.reception.actor.id, "staff")] * 2
    )
    detail = clinic.reception.types_number_b(visit_id, face)
    assert (state(detail), detail.holder is not None) == (None, True)


def test_staff_may_use_the_last_try_and_are_told_when_it_is_gone(clinic: Clinic) -> None:
    """What is typed is tried while there is a try; then the card is blocked, and said to be."""
    visit_id = identified(clinic, "ordinary").visit.id
    face = clinic.stage.face_of("ordinary")
    details = [clinic.reception.types_number_b(visit_id, face, wrong=1) for _ in range(10)]
    assert [state(detail) for detail in details] == [NumberBState.REFUSED] * 9 + [
        NumberBState.BLOCKED
    ]
    assert state(clinic.reception.types_number_b(visit_id, face)) is NumberBState.BLOCKED


def automatic(clinic: Clinic, visit_id: str, wrong: int = 0) -> VisitDetail:
    """Let the desk try a number that nobody typed."""
    face = clinic.stage.face_of("ordinary")
    code = bytearray(b"%04d" % ((int(face.security_code) + wrong) % 10000))
    number_b = NumberB(face.person.birthdate, face.expires_on.year, code, today=date(2026, 11, 24))
    desk = clinic.terminal.desk

    def tries() -> None:
        desk._card_work.try_number_b(visit_id, number_b, TERMINAL, automatic=True)
        done.append(True)

    done: list[bool] = []
    desk._thread.put(tries)
    wait_for(lambda: done, "the desk's thread")
    return clinic.reception.opens(visit_id)


def tries_sent(clinic: Clinic) -> int:
    """Count the numbers that the card was shown."""
    entries = clinic.patient.card.trace.entries()
    return sum(one.target == "text/0015" and "+" in one.command for one in entries)


def test_a_camera_tries_twice_and_no_more(clinic: Clinic) -> None:
    """The third number that nobody typed is not tried, be it the right one; staff still may."""
    visit_id = identified(clinic, "ordinary").visit.id
    for wrong in (1, 2, 0):
        detail = automatic(clinic, visit_id, wrong)
        assert state(detail) is NumberBState.REFUSED
    assert tries_sent(clinic) == 2
    assert acts(clinic, visit_id, Act.NUMBER_B_REFUSED) == [(TERMINAL.id, "camera")] * 2
    face = clinic.stage.face_of("ordinary")
    assert state(clinic.reception.types_number_b(visit_id, face)) is None


def test_a_camera_spares_the_last_tries(clinic: Clinic) -> None:
    """With five tries left or fewer nothing is tried that nobody typed."""
    visit_id = identified(clinic, "ordinary").visit.id
    face = clinic.stage.face_of("ordinary")
    for _ in range(4):
        clinic.reception.types_number_b(visit_id, face, wrong=1)
    detail = automatic(clinic, visit_id, wrong=1)
    assert detail.number_b is not None
    assert (detail.number_b.state, detail.number_b.tries_left) == (NumberBState.REFUSED, 5)
    detail = automatic(clinic, visit_id)
    assert detail.number_b is not None
    assert (detail.number_b.state, detail.number_b.tries_left) == (NumberBState.SPARED, 5)
    assert tries_sent(clinic) == 5


def test_a_camera_reads_as_staff_do(clinic: Clinic) -> None:
    """The right number that nobody typed opens the record; how it came is written down."""
    visit_id = identified(clinic, "ordinary").visit.id
    detail = automatic(clinic, visit_id)
    assert detail.holder is not None
    assert (detail.holder.entry, detail.holder.actor) == (NumberBEntry.CAMERA, TERMINAL.id)


def test_the_card_must_lie_there(clinic: Clinic) -> None:
    """Taken away, nothing is tried; another card that came since is not tried for this visit."""
    visit_id = identified(clinic, "ordinary").visit.id
    face = clinic.stage.face_of("ordinary")
    clinic.patient.takes_card()
    detail = clinic.reception.types_number_b(visit_id, face)
    assert detail.number_b is not None
    assert not detail.number_b.card_is_here
    clinic.patient.taps("elderly")
    detail = clinic.reception.types_number_b(visit_id, face)
    assert detail.number_b is not None
    assert (detail.number_b.card_is_here, detail.holder) == (False, None)
    assert not any(one.target.startswith("text") for one in clinic.patient.card.trace.entries())


def test_parts_that_cannot_be_right_are_told_and_cost_no_try(clinic: Clinic) -> None:
    """Each part is named; the security code is cleared whatever happens."""
    visit_id = identified(clinic, "ordinary").visit.id
    desk, actor = clinic.terminal.desk, clinic.reception.actor
    born = date(1980, 2, 17)
    for birthdate, year, code, part in (
        (date(2999, 1, 1), 2030, b"1234", NumberBPart.BIRTHDATE),
        (born, 1999, b"1234", NumberBPart.EXPIRY_YEAR),
        (born, 2030, b"12a4", NumberBPart.SECURITY_CODE),
    ):
        typed = bytearray(code)
        with pytest.raises(NumberBEntryError) as refusal:
            desk.enter_number_b(actor, visit_id, birthdate, year, typed)
        assert refusal.value.part is part
        assert typed == bytes(4)
    for who, where, error in (
        (clinic.administrator.actor, visit_id, RoleError),
        (actor, "none", UnknownVisitError),
    ):
        typed = bytearray(b"1234")
        with pytest.raises(error):
            desk.enter_number_b(who, where, born, 2030, typed)
        assert typed == bytes(4)
    assert tries_sent(clinic) == 0


def test_no_record_is_read_where_the_card_was_refused(clinic: Clinic) -> None:
    """A visit whose certificate does not hold, or that was given up, offers no number."""
    clinic.patient.taps("expired")
    row = clinic.reception.row()
    assert clinic.reception.opens(row.visit.id).number_b is None
    with pytest.raises(VisitStateError):
        clinic.reception.types_number_b(row.visit.id, clinic.stage.face_of("expired"))


def test_a_phone_tells_nothing_of_its_holder(clinic: Clinic) -> None:
    """A phone holds no record of its owner: no number is asked for."""
    visit_id = identified(clinic, "phone").visit.id
    assert clinic.reception.opens(visit_id).number_b is None
    with pytest.raises(VisitStateError):
        clinic.reception.types_number_b(visit_id, clinic.stage.face_of("phone"))


def test_what_was_read_is_not_read_again(clinic: Clinic) -> None:
    """Once the card has told its holder, a further number is not even tried."""
    visit_id = identified(clinic, "ordinary").visit.id
    face = clinic.stage.face_of("ordinary")
    first = clinic.reception.types_number_b(visit_id, face)
    again = clinic.reception.types_number_b(visit_id, face, wrong=1)
    assert (again.holder, tries_sent(clinic)) == (first.holder, 1)
    assert PIN not in f"{first}{again}"


def test_an_item_refused_stays_refused_after_the_card_was_read(clinic: Clinic) -> None:
    """Reading the card opens nothing that the patient did not."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    for item in ConsentItem:
        clinic.patient.answers(item, allow=False)
    visit_id = clinic.reception.sees_answer().visit.id
    clinic.reception.types_number_b(visit_id, clinic.stage.face_of("ordinary"))
    assert clinic.doctor.opens(visit_id).history_closed_because is HistoryClosed.REFUSED
