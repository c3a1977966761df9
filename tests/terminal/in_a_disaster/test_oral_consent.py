"""Consent by mouth: in a disaster alone, of one person who was found, for as long as it stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eligibility.codes import ConsentCategory
from eligibility.consenting import ActingFor, OralReason
from eligibility.errors import ConsentRequiredError
from eligibility.model import CardSubject, ConsentChannel, ConsentDecision, PersonSubject
from eligibility.simulator.people import Situation
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from terminal.access_list import AccessLists, Looked
from terminal.audit import Act
from terminal.desk_enquiry import DocumentSeen
from terminal.errors import (
    DisasterModeOffError,
    DisclosureReason,
    DisclosureRefusedError,
    RoleError,
    VisitStateError,
)
from terminal.sharing import Sharing
from terminal.views import HistoryClosed
from tests.clinic import wait_for
from tests.desk_outbox import RECEPTION, DeskOutbox
from tests.disaster_desk import (
    ADMINISTRATOR,
    DAY,
    DOCTOR,
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

YZK, SRJ, SHJ, TKK = (
    ConsentCategory.YZK,
    ConsentCategory.SRJ,
    ConsentCategory.SHJ,
    ConsentCategory.TKK,
)


def refusal(desk: DeskOutbox, visit_id: str) -> DisclosureReason | None:
    """Return why nothing may be recorded, which recording must say alike."""
    offer = desk.oral_consents.offer(RECEPTION, visit_id)
    assert offer is not None
    if offer.refused_because is not None:
        with pytest.raises(DisclosureRefusedError) as refused:
            hears(desk, visit_id, YZK)
        assert refused.value.reason is offer.refused_because
        assert desk.store.read(lambda tx: tx.consents.of_visit(visit_id)) is None
    return offer.refused_because


@pytest.mark.parametrize("by_name", [False, True])
def test_it_opens_what_was_said_yes_to(world: World, desk: DeskOutbox, by_name: bool) -> None:
    """By number and by name: the yes is fetched and seen, the no and what nobody asked is not."""
    person = somebody(world, Situation.VALID)
    visit_id = finds(desk, named(person) if by_name else number_of(person))
    assert closed(desk, visit_id) is HistoryClosed.WITHOUT_CARD
    consent = hears(desk, visit_id, YZK, acting_for=ActingFor.FAMILY)
    opened = looks(desk, visit_id)
    assert opened.history.fetched == {YZK}
    assert opened.history.medications
    assert opened.consent is not None
    assert opened.consent.channel is ConsentChannel.ORAL
    assert opened.consent.payer_ref is not None
    assert opened.until == consent.ends_at == desk.now() + DAY
    assert consent.acting_for is ActingFor.FAMILY
    assert opens(desk, visit_id).history_open == {YZK}


def test_it_is_written_down_who_heard_it_and_why(world: World, desk: DeskOutbox) -> None:
    """Account, reason, who said it and each answer stand in the log; the consent keeps them."""
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    consent = hears(desk, visit_id, YZK)
    assert consent.oral is not None
    assert (consent.oral.heard_by, consent.oral.reason) == (RECEPTION.id, OralReason.CARD_LOST)
    records = desk.store.read(lambda tx: tx.audit.of_visit(visit_id))
    given = next(one for one in records if one.act is Act.CONSENT_GIVEN)
    assert (given.actor_id, given.consent_id) == (RECEPTION.id, consent.id)
    assert given.reason == "oral:card-lost:patient:YZK=yes,SRJ=no,TKK=no"
    looks(desk, visit_id)
    seen = desk.store.read(lambda tx: tx.audit.of_visit(visit_id))[-1]
    assert (seen.act, seen.actor_id, seen.reason) == (Act.HISTORY_SEEN, DOCTOR.id, "YZK")


def test_the_patient_is_told_of_each_look(world: World, desk: DeskOutbox) -> None:
    """The list for the patient names the consent by mouth that opened it."""
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    consent = hears(desk, visit_id, YZK)
    looks(desk, visit_id)
    found = AccessLists(desk.store, desk.now).take(RECEPTION, visit_id)
    look = next(one for one in found.looks if one.what is Looked.HISTORY)
    assert (look.consent_at, look.emergency_reason) == (consent.given_at, None)


def test_outside_a_disaster_nothing_is_recorded(world: World, desk: DeskOutbox) -> None:
    """Not before the mode, not after its end, also for who was found during it."""
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    desk.disaster.switch_off(ADMINISTRATOR)
    assert desk.oral_consents.offer(RECEPTION, visit_id) is None
    with pytest.raises(DisasterModeOffError):
        hears(desk, visit_id, YZK)
    assert closed(desk, visit_id) is HistoryClosed.WITHOUT_CARD
    assert desk.store.read(lambda tx: tx.consents.of_visit(visit_id)) is None


def test_several_people_consent_to_nothing(world: World, desk: DeskOutbox) -> None:
    """Twins without their branch: none is chosen; asked by the branch, the one may say yes."""
    first, _ = twins(world)
    several = finds(desk, replace(number_of(first), insured_branch_number=None))
    assert refusal(desk, several) is DisclosureReason.SEVERAL
    assert closed(desk, several) is HistoryClosed.WITHOUT_CARD
    alone = finds(desk, number_of(first))
    assert refusal(desk, alone) is None
    hears(desk, alone, YZK)
    assert looks(desk, alone).history.fetched == {YZK}
    assert closed(desk, several) is HistoryClosed.WITHOUT_CARD


def test_namesakes_consent_to_nothing(world: World, desk: DeskOutbox) -> None:
    """Two of one name, birth date and sex are two, whatever staff believe."""
    people = world.running.payer.population.people
    names = [(one.registered_name, one.birthdate, one.sex) for one in people]
    name = next(key for key in names if names.count(key) == 2)
    visit_id = finds(desk, PersonSubject(*name))
    assert refusal(desk, visit_id) is DisclosureReason.SEVERAL


@pytest.mark.parametrize("situation", [Situation.LEFT_JOB, Situation.NOT_FOUND])
def test_who_is_in_doubt_consents_to_nothing(
    world: World, desk: DeskOutbox, situation: Situation
) -> None:
    """An invalid qualification, or nobody: there is no certain person to open."""
    visit_id = finds(desk, number_of(somebody(world, situation)))
    assert refusal(desk, visit_id) is DisclosureReason.DOUBTFUL


def test_where_the_payer_has_not_opened_it(world: World, desk: DeskOutbox) -> None:
    """The desk is in disaster mode and the payer is not: its answer names nobody."""
    world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    assert refusal(desk, visit_id) is DisclosureReason.NOT_NAMED


def test_without_an_answer_nothing_is_recorded(world: World, desk: DeskOutbox) -> None:
    """While the payer is silent nobody was found, though an earlier answer stands in."""
    person = somebody(world, Situation.VALID)
    finds(desk, number_of(person))
    world.running.faults.set("unavailable", path="$submit")
    visit_id = "0" * 32
    desk.enquiry_desk.ask_by_number(
        RECEPTION, visit_id, number_of(person), DocumentSeen.CERTIFICATE
    )
    desk.sees(desk.question(visit_id), lambda one: one.problem is not None, "a failure")
    assert refusal(desk, visit_id) is DisclosureReason.NOT_ANSWERED


def test_what_the_payer_registered_outlives_the_disaster(world: World, desk: DeskOutbox) -> None:
    """The patient's word holds until the payer's time, not one moment longer."""
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    hears(desk, visit_id, YZK)
    looks(desk, visit_id)
    desk.disaster.switch_off(ADMINISTRATOR)
    world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)
    assert looks(desk, visit_id).history.medications
    world.clock.moves_on(hours=23, minutes=59)
    assert closed(desk, visit_id) is None
    world.clock.moves_on(minutes=1)
    assert closed(desk, visit_id) is HistoryClosed.ENDED
    with pytest.raises(ConsentRequiredError):
        book(desk).history.look(DOCTOR, visit_id)


def test_what_the_payer_never_heard_ends_with_the_disaster(world: World, desk: DeskOutbox) -> None:
    """Silent until the mode ended: it is told no more, nothing is fetched, and the page says so."""
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    world.running.faults.set("unavailable", path="Consent")
    hears(desk, visit_id, YZK)
    wait_for(lambda: desk.disclosure.waits(visit_id), "a try")
    desk.disaster.switch_off(ADMINISTRATOR)
    world.running.faults.clear()
    before = world.running.requests.as_dict()["total"]
    desk.disclosure.advance(visit_id, by_hand=True)
    wait_for(lambda: not desk.disclosure.is_fetching(visit_id), "the end of the try")
    assert world.running.requests.as_dict()["total"] == before
    assert closed(desk, visit_id) is HistoryClosed.DISASTER_OVER
    with pytest.raises(ConsentRequiredError):
        book(desk).history.look(DOCTOR, visit_id)


def test_a_withdrawal_closes_it_at_once(world: World, desk: DeskOutbox) -> None:
    """At the patient's word to staff: gone from memory, and the payer is told."""
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    hears(desk, visit_id, YZK, TKK)
    looks(desk, visit_id)
    Sharing(desk.store, desk.disclosure, desk.now).stop_by_staff(RECEPTION, visit_id)
    assert closed(desk, visit_id) is HistoryClosed.WITHDRAWN
    assert desk.disclosure.of_visit(visit_id) is None

    def is_told() -> bool:
        consent = desk.store.read(lambda tx: tx.consents.of_visit(visit_id))
        return consent is not None and consent.end_told_at is not None

    wait_for(is_told, "the payer to be told")
    (kept,) = world.running.payer.kept_consents()
    assert kept.ended_at is not None


def test_every_other_visit_without_a_card_stays_closed(world: World, desk: DeskOutbox) -> None:
    """The same number asked again, before and after: one consent opens one visit."""
    person = somebody(world, Situation.VALID)
    before = finds(desk, number_of(person))
    visit_id = finds(desk, number_of(person))
    hears(desk, visit_id, YZK)
    looks(desk, visit_id)
    after = finds(desk, number_of(person))
    other = finds(desk, named(somebody(world, Situation.NEW_JOB)))
    for one in (before, after, other):
        assert closed(desk, one) is HistoryClosed.WITHOUT_CARD
        with pytest.raises(ConsentRequiredError):
            book(desk).history.look(DOCTOR, one)
    assert closed(desk, visit_id) is None


def test_a_new_word_takes_the_place_of_the_old(world: World, desk: DeskOutbox) -> None:
    """Said anew at another visit of the same person: the former is over, by the payer's patient."""
    person = somebody(world, Situation.VALID)
    first = finds(desk, named(person))
    hears(desk, first, YZK, TKK)
    looks(desk, first)
    second = finds(desk, number_of(person))
    hears(desk, second)
    assert closed(desk, first) is HistoryClosed.WITHDRAWN
    assert closed(desk, second) is HistoryClosed.REFUSED
    assert desk.disclosure.of_visit(first) is None


def test_a_card_that_comes_later_says_what_holds(world: World, desk: DeskOutbox) -> None:
    """Found by name, then with the card: a no there closes what was said by mouth."""
    person = somebody(world, Situation.VALID)
    by_mouth = finds(desk, named(person))
    hears(desk, by_mouth, YZK)
    looks(desk, by_mouth)
    card = world.cards[person.id]
    question = desk.asks(card.der, CardSubject(card.issuer, card.serial))
    desk.sees(question, lambda one: one.state == "answered", "an answer")
    desk.consents(question.visit_id, ConsentDecision.NO)
    wait_for(lambda: closed(desk, by_mouth) is HistoryClosed.WITHDRAWN, "the end of the former")
    assert desk.disclosure.of_visit(by_mouth) is None


def test_stopping_with_the_card_stops_what_was_said_by_mouth(
    world: World, desk: DeskOutbox
) -> None:
    """Who comes with the card later and wants to stop, ends it all, whichever visit it is of."""
    person = somebody(world, Situation.VALID)
    by_mouth = finds(desk, named(person))
    hears(desk, by_mouth, YZK, SRJ)
    looks(desk, by_mouth)
    card = world.cards[person.id]
    question = desk.asks(card.der, CardSubject(card.issuer, card.serial))
    desk.sees(question, lambda one: one.state == "answered", "an answer")
    sharing = Sharing(desk.store, desk.disclosure, desk.now)
    shared = sharing.of_visit(question.visit_id)
    assert shared is not None
    sharing.stop_by_staff(RECEPTION, question.visit_id)
    assert closed(desk, by_mouth) is HistoryClosed.WITHDRAWN
    assert sharing.of_visit(question.visit_id) is None
    assert desk.store.read(lambda tx: tx.histories.all()) == []


def test_after_a_restart_it_is_fetched_again(
    world: World, desk: DeskOutbox, tmp_path: Path
) -> None:
    """What was held in memory is lost; the consent is found in the store."""
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    hears(desk, visit_id, YZK)
    looks(desk, visit_id)
    desk.disclosure.stop()
    again = DeskOutbox(tmp_path / "desk.db", world.payer(), world.anchor, world.clock)
    try:
        again.start()
        assert looks(again, visit_id).history.fetched == {YZK}
    finally:
        again.stop()


def test_who_may_not_see_coverage_records_nothing(world: World, desk: DeskOutbox) -> None:
    """An administrator switches the mode and hears nobody's consent."""
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    with pytest.raises(RoleError):
        desk.oral_consents.offer(ADMINISTRATOR, visit_id)
    with pytest.raises(RoleError):
        desk.oral_consents.record(ADMINISTRATOR, visit_id, {}, OralReason.CARD_LOST)


def test_operations_are_not_asked_by_mouth(world: World, desk: DeskOutbox) -> None:
    """What the disaster function does not tell cannot be consented to."""
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    with pytest.raises(ValueError, match="by mouth"):
        desk.oral_consents.record(
            RECEPTION, visit_id, {SHJ: ConsentDecision.YES}, OralReason.CARD_LOST
        )


def test_the_store_takes_no_other_consent_without_a_card(world: World, desk: DeskOutbox) -> None:
    """One by the kiosk, one that nobody heard, one about somebody else: each is refused."""
    visit_id = finds(desk, number_of(somebody(world, Situation.VALID)))
    consent = hears(desk, visit_id, YZK)
    other = number_of(somebody(world, Situation.NEW_JOB))
    for wrong in (
        replace(consent, id="c-1", channel=ConsentChannel.KIOSK),
        replace(consent, id="c-2", oral=None),
        replace(consent, id="c-3", payer_patient=None),
        replace(consent, id="c-4", subject=other),
    ):
        with pytest.raises(VisitStateError):
            desk.store.write(lambda tx, wrong=wrong: tx.consents.add(wrong))  # type: ignore[misc]
