"""Looking without consent: in a disaster, by a clinician, with a reason, and never unseen."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from eligibility.codes import ConsentCategory
from eligibility.consenting import DISASTER_CATEGORIES
from eligibility.emergency import EmergencyAccess
from eligibility.errors import ConsentRequiredError
from eligibility.simulator.people import Situation
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from terminal.access_list import AccessLists, Looked
from terminal.audit import Act
from terminal.consent_ending import EMERGENCY_LIVES
from terminal.emergency_desk import EmergencyDesk
from terminal.errors import (
    DisasterModeOffError,
    DisclosureReason,
    DisclosureRefusedError,
    RoleError,
    VisitStateError,
)
from terminal.oral_consent import OralConsents
from terminal.views import HistoryClosed
from tests.clinic import wait_for
from tests.desk_outbox import RECEPTION, DeskOutbox
from tests.disaster_desk import (
    ADMINISTRATOR,
    DAY,
    DOCTOR,
    PHARMACIST,
    WORDS,
    book,
    closed,
    finds,
    hears,
    looks,
    named,
    opens,
)
from tests.fhir.desk import World
from tests.fhir.insured import number_of, somebody, twins
from tests.national.desk import opened_link

OPENS = frozenset(DISASTER_CATEGORIES)


@pytest.fixture
def visit_id(world: World, desk: DeskOutbox) -> str:
    """Somebody who was found by name and cannot speak."""
    return finds(desk, named(somebody(world, Situation.VALID)))


def breaks_glass(desk: DeskOutbox, visit_id: str, words: str = WORDS) -> EmergencyAccess:
    """Let the doctor open it."""
    return desk.emergencies.open(DOCTOR, visit_id, uuid.uuid4().hex, words)


def refusal(desk: DeskOutbox, visit_id: str) -> DisclosureReason | None:
    """Return why nothing may be opened, which opening must say alike."""
    offer = desk.emergencies.offer(DOCTOR, visit_id)
    assert offer is not None
    if offer.refused_because is not None:
        with pytest.raises(DisclosureRefusedError) as refused:
            breaks_glass(desk, visit_id)
        assert refused.value.reason is offer.refused_because
    return offer.refused_because


def test_it_opens_what_the_disaster_function_tells(desk: DeskOutbox, visit_id: str) -> None:
    """Medicines, treatment and checkups from the payer, no operations; and no consent is made."""
    access = breaks_glass(desk, visit_id)
    opened = looks(desk, visit_id)
    assert opened.history.fetched == OPENS
    assert opened.history.medications
    assert not opened.history.operations
    assert (opened.consent, opened.until) == (None, access.opened_at + EMERGENCY_LIVES)
    assert opened.emergency is not None
    assert opened.emergency.reason == WORDS
    assert desk.store.read(lambda tx: tx.consents.of_visit(visit_id)) is None
    # in memory alone: nothing of it is ever at rest
    assert desk.store.read(lambda tx: tx.histories.all()) == []


def test_each_step_has_an_audit_kind_of_its_own(desk: DeskOutbox, visit_id: str) -> None:
    """Opened with the words, told, fetched, seen: none of it looks like a consented look."""
    access = breaks_glass(desk, visit_id)
    looks(desk, visit_id)
    records = [
        one
        for one in desk.store.read(lambda tx: tx.audit.of_visit(visit_id))
        if one.consent_id == access.id
    ]
    assert [one.act for one in records] == [
        Act.EMERGENCY_OPENED,
        Act.EMERGENCY_REGISTERED,
        Act.EMERGENCY_FETCHED,
        Act.EMERGENCY_SEEN,
    ]
    assert (records[0].actor_id, records[0].reason) == (DOCTOR.id, WORDS)
    assert (records[3].actor_id, records[3].reason) == (DOCTOR.id, "SRJ,TKK,YZK")


def test_the_patient_can_read_who_looked_and_why(
    world: World, desk: DeskOutbox, visit_id: str
) -> None:
    """In the list of the visit, and in that of the same person who comes by number later."""
    breaks_glass(desk, visit_id)
    looks(desk, visit_id)
    later = finds(desk, number_of(somebody(world, Situation.VALID)))
    for one in (visit_id, later):
        found = AccessLists(desk.store, desk.now).take(RECEPTION, one)
        told = {look.what: look for look in found.looks if look.visit_id == visit_id}
        assert told[Looked.EMERGENCY_OPENED].emergency_reason == WORDS
        assert told[Looked.EMERGENCY].categories == "SRJ,TKK,YZK"
        assert told[Looked.EMERGENCY].consent_at is None


def test_the_administrator_sees_how_often_and_never_what(desk: DeskOutbox, visit_id: str) -> None:
    """Each with who, why and the number of looks; the records stay closed to that role."""
    assert desk.emergencies.recent(ADMINISTRATOR) == (0, [])
    access = breaks_glass(desk, visit_id)
    looks(desk, visit_id)
    looks(desk, visit_id)
    count, (row,) = desk.emergencies.recent(ADMINISTRATOR)
    assert (count, row.access.id, row.looks, row.is_open) == (1, access.id, 2, True)
    desk.emergencies.close(DOCTOR, visit_id)
    assert not desk.emergencies.recent(ADMINISTRATOR)[1][0].is_open
    for actor in (RECEPTION, DOCTOR):
        with pytest.raises(RoleError):
            desk.emergencies.recent(actor)
    with pytest.raises(RoleError):
        book(desk).history.look(ADMINISTRATOR, visit_id)


@pytest.mark.parametrize("actor", [RECEPTION, PHARMACIST, ADMINISTRATOR])
def test_only_a_clinician_opens_and_looks(desk: DeskOutbox, visit_id: str, actor: object) -> None:
    """Nobody else opens it, nor sees what a clinician opened."""
    assert isinstance(actor, type(DOCTOR))
    with pytest.raises(RoleError):
        desk.emergencies.offer(actor, visit_id)
    with pytest.raises(RoleError):
        desk.emergencies.open(actor, visit_id, uuid.uuid4().hex, WORDS)
    breaks_glass(desk, visit_id)
    looks(desk, visit_id)
    with pytest.raises(RoleError):
        book(desk).history.look(actor, visit_id)
    with pytest.raises(RoleError):
        desk.emergencies.close(actor, visit_id)


@pytest.mark.parametrize("words", ["", "  急患 ", "あ" * 201, "番号は 123456789018 です"])
def test_it_needs_a_reason(desk: DeskOutbox, visit_id: str, words: str) -> None:
    """No words, too few, too many, or an Individual Number open nothing."""
    with pytest.raises(DisclosureRefusedError) as refused:
        breaks_glass(desk, visit_id, words)
    assert refused.value.reason is DisclosureReason.NO_REASON
    assert closed(desk, visit_id) is HistoryClosed.WITHOUT_CARD


def test_outside_a_disaster_it_does_not_exist(desk: DeskOutbox, visit_id: str) -> None:
    """Not before, and what was open closes with the mode, at once, also if it is begun again."""
    breaks_glass(desk, visit_id)
    looks(desk, visit_id)
    desk.disaster.switch_off(ADMINISTRATOR)
    assert closed(desk, visit_id) is HistoryClosed.EMERGENCY_OVER
    with pytest.raises(ConsentRequiredError):
        book(desk).history.look(DOCTOR, visit_id)
    assert desk.emergencies.offer(DOCTOR, visit_id) is None
    with pytest.raises(DisasterModeOffError):
        breaks_glass(desk, visit_id)
    desk.disclosure.delete_ended()
    assert desk.disclosure.of_visit(visit_id) is None
    desk.disaster.switch_on(ADMINISTRATOR, "余震", DAY)
    assert closed(desk, visit_id) is HistoryClosed.EMERGENCY_OVER


def test_it_ends_by_the_clock(world: World, desk: DeskOutbox, visit_id: str) -> None:
    """After two hours it is over; a new look needs a new reason, and is a new entry."""
    breaks_glass(desk, visit_id)
    looks(desk, visit_id)
    world.clock.moves_on(hours=1, minutes=59)
    assert closed(desk, visit_id) is None
    world.clock.moves_on(minutes=1)
    assert closed(desk, visit_id) is HistoryClosed.EMERGENCY_OVER
    with pytest.raises(ConsentRequiredError):
        book(desk).history.look(DOCTOR, visit_id)
    breaks_glass(desk, visit_id, "なお意識がなく、家族に連絡できない")
    assert looks(desk, visit_id).history.medications
    assert desk.emergencies.recent(ADMINISTRATOR)[0] == 2


def test_it_ends_with_the_period_where_that_is_sooner(
    world: World, desk: DeskOutbox, visit_id: str
) -> None:
    """The page is told the earlier of both ends."""
    world.clock.moves_on(hours=23)
    breaks_glass(desk, visit_id)
    opened = looks(desk, visit_id)
    assert opened.until == desk.now() + timedelta(hours=1)
    world.clock.moves_on(hours=1)
    assert closed(desk, visit_id) is HistoryClosed.EMERGENCY_OVER


def test_closed_by_hand_nothing_is_left(desk: DeskOutbox, visit_id: str) -> None:
    """What was fetched is dropped, and closing twice is told."""
    breaks_glass(desk, visit_id)
    looks(desk, visit_id)
    desk.emergencies.close(DOCTOR, visit_id)
    assert desk.disclosure.of_visit(visit_id) is None
    assert closed(desk, visit_id) is HistoryClosed.EMERGENCY_OVER
    with pytest.raises(VisitStateError):
        desk.emergencies.close(DOCTOR, visit_id)


def test_sent_twice_it_is_opened_once(desk: DeskOutbox, visit_id: str) -> None:
    """A doubled command, and a second form for what is open, are the one access."""
    access_id = uuid.uuid4().hex
    first = desk.emergencies.open(DOCTOR, visit_id, access_id, WORDS)
    assert desk.emergencies.open(DOCTOR, visit_id, access_id, WORDS).id == first.id
    assert breaks_glass(desk, visit_id).id == first.id
    assert desk.emergencies.recent(ADMINISTRATOR)[0] == 1


def test_the_patients_word_comes_before_it(world: World, desk: DeskOutbox, visit_id: str) -> None:
    """Who woke up and said no is not looked at, at this visit or another of the same person."""
    breaks_glass(desk, visit_id)
    looks(desk, visit_id)
    hears(desk, visit_id)
    assert closed(desk, visit_id) is HistoryClosed.REFUSED
    assert desk.disclosure.of_visit(visit_id) is None
    assert refusal(desk, visit_id) is DisclosureReason.SPOKEN
    again = finds(desk, number_of(somebody(world, Situation.VALID)))
    assert refusal(desk, again) is DisclosureReason.SPOKEN


def test_a_yes_takes_its_place(desk: DeskOutbox, visit_id: str) -> None:
    """Once the patient agreed, it is a consented look, with what was said yes to alone."""
    breaks_glass(desk, visit_id)
    looks(desk, visit_id)
    hears(desk, visit_id, ConsentCategory.YZK)
    opened = looks(desk, visit_id)
    assert opened.emergency is None
    assert opened.history.fetched == {ConsentCategory.YZK}
    count, (row,) = desk.emergencies.recent(ADMINISTRATOR)
    assert (count, row.is_open) == (1, False)


def test_of_several_nobody_is_opened(world: World, desk: DeskOutbox) -> None:
    """Twins without their branch: no emergency makes one of two the right one."""
    first, _ = twins(world)
    several = finds(desk, replace(number_of(first), insured_branch_number=None))
    assert refusal(desk, several) is DisclosureReason.SEVERAL


def test_where_the_payer_refuses_nothing_is_shown(
    world: World, desk: DeskOutbox, visit_id: str
) -> None:
    """The payer's disaster mode ended meanwhile: nothing comes, and nothing is pretended."""
    world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)
    breaks_glass(desk, visit_id)
    wait_for(lambda: not desk.disclosure.is_fetching(visit_id), "the end of the try")
    assert closed(desk, visit_id) is HistoryClosed.NOT_FETCHED
    assert opens(desk, visit_id).history_open == frozenset()


def test_it_waits_for_a_silent_payer(world: World, desk: DeskOutbox, visit_id: str) -> None:
    """Told once the payer answers again, under the same id; its end does not move."""
    world.running.faults.set("unavailable", path="open-without-consent")
    access = breaks_glass(desk, visit_id)
    wait_for(lambda: desk.disclosure.waits(visit_id), "a try")
    assert closed(desk, visit_id) is HistoryClosed.PAYER_SILENT
    world.running.faults.clear()
    world.clock.moves_on(minutes=5)
    desk.disclosure.advance(visit_id, by_hand=True)
    opened = looks(desk, visit_id)
    assert opened.until == access.ends_at


def test_the_store_never_opens_one_again(desk: DeskOutbox, visit_id: str) -> None:
    """Closed stays closed, an end never moves on, and it never becomes another's."""
    access = breaks_glass(desk, visit_id)
    desk.emergencies.close(DOCTOR, visit_id)
    for wrong in (
        replace(access, closed_at=None, ends_at=access.ends_at + timedelta(minutes=1)),
        replace(access, payer_patient="Patient/pt-OTHER"),
        replace(access, reason="別の理由です"),
    ):
        with pytest.raises(VisitStateError):
            desk.store.write(lambda tx, wrong=wrong: tx.emergencies.save(wrong))  # type: ignore[misc]


def test_over_files_neither_way_is_known(tmp_path: Path) -> None:
    """The drop folder's adapter knows no layout for it: both are refused, and nothing is sent."""
    with opened_link(tmp_path / "link") as linked:
        desk = DeskOutbox(
            tmp_path / "desk.db", linked.payer(), linked.world.anchor, linked.world.clock
        )
        try:
            desk.disaster.switch_on(ADMINISTRATOR, "地震", DAY)
            payer = linked.payer()
            mouth = OralConsents(desk.store, payer, desk.disclosure, desk.bus, desk.now)
            glass = EmergencyDesk(desk.store, payer, desk.disclosure, desk.bus, desk.now)
            offer = mouth.offer(RECEPTION, "v-1")
            assert offer is not None
            assert offer.refused_because is DisclosureReason.NOT_SUPPORTED
            with pytest.raises(DisclosureRefusedError) as refused:
                glass.open(DOCTOR, "v-1", uuid.uuid4().hex, WORDS)
            assert refused.value.reason is DisclosureReason.NOT_SUPPORTED
            assert list(linked.folders.req.iterdir()) == []
        finally:
            desk.store.close()
