"""Asking without a card: what is sent, what is read, and what such an answer never opens."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from eligibility.asking import Capability, ReferenceNumberRegistration
from eligibility.codes import ConsentCategory, ProvisionConsent, QualificationValidity
from eligibility.errors import (
    AnswerForAnotherPersonError,
    NotSupportedError,
    PayerProtocolError,
    PayerRefusedError,
)
from eligibility.fhir.reference_numbers import MOST_REGISTRATIONS
from eligibility.model import (
    AnswerOutcome,
    CardSubject,
    Consent,
    ConsentChannel,
    ConsentDecision,
    NumberSubject,
    PersonSubject,
)
from eligibility.simulator.faults import FaultKind
from eligibility.simulator.holdings import holding_of_entry
from eligibility.simulator.people import Situation
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from tests.fhir.desk import World
from tests.fhir.insured import number_of, person_question, question, somebody, twins


def test_what_the_client_can_do_it_does(world: World) -> None:
    """A capability that is named works; a call beyond them raises before anything is sent."""
    payer = world.payer()
    assert Capability.BY_NUMBER in payer.capabilities
    assert Capability.REFERENCE_NUMBERS in payer.capabilities
    assert Capability.BULK not in payer.capabilities
    before = world.running.requests.as_dict()["total"]
    with pytest.raises(NotSupportedError):
        payer.next_pushed_visit(0)
    assert world.running.requests.as_dict()["total"] == before


def test_everybody_is_found_by_their_own_number(world: World) -> None:
    """For all of the register a number brings what is held of exactly its own person."""
    payer = world.payer()
    for person in world.running.payer.population.people[:150]:
        held = holding_of_entry(person, world.today)
        if person.situation in (Situation.ASSISTANCE_ONLY, Situation.ASSISTANCE_TICKET):
            continue
        answer = payer.ask_by_number(question(world, number_of(person)))
        assert answer.qualification_validity is held.validity
        assert answer.results == held.results
        assert answer.payer_patient is None


@pytest.mark.parametrize(
    ("situation", "validity"),
    [
        (Situation.LEFT_JOB, QualificationValidity.INVALID),
        (Situation.NEWER_EXISTS, QualificationValidity.INVALID_NEW_EXISTS),
        (Situation.NOT_FOUND, QualificationValidity.NOT_FOUND),
        (Situation.SEVERAL, QualificationValidity.SEVERAL),
    ],
)
def test_validity_by_number(
    world: World, situation: Situation, validity: QualificationValidity
) -> None:
    """Each validity of the table is answered by number as it is by card."""
    answer = world.payer().ask_by_number(question(world, number_of(somebody(world, situation))))
    assert answer.qualification_validity is validity


def test_medical_assistance_is_found_by_its_own_numbers(world: World) -> None:
    """医療扶助: the office's number and the recipient's; code 6 only where it is unregistered."""
    person = somebody(world, Situation.ASSISTANCE_ONLY)
    (held,) = holding_of_entry(person, world.today).results
    assert held.insured_identification_number is not None
    subject = NumberSubject(
        held.insurer_number, held.insured_identification_number, person.birthdate
    )
    answer = world.payer().ask_by_number(question(world, subject))
    assert answer.qualification_validity is QualificationValidity.VALID_UNREGISTERED
    assert answer.results == (held,)
    both = somebody(world, Situation.ASSISTANCE_TOO)
    assert len(world.payer().ask_by_number(question(world, number_of(both))).results) == 2


def test_a_wrong_birth_date_finds_nobody(world: World) -> None:
    """The right number with another birth date is 該当資格なし, and tells nothing of anybody."""
    subject = number_of(somebody(world, Situation.VALID))
    wrong = replace(subject, birthdate=subject.birthdate - timedelta(days=1))
    answer = world.payer().ask_by_number(question(world, wrong))
    assert answer.qualification_validity is QualificationValidity.NOT_FOUND
    assert answer.results == ()
    assert answer.reference_number is None


def test_twins_without_their_branch_are_several(world: World) -> None:
    """Two people fit: both are told, none is chosen; with the branch it is the one alone."""
    first, second = twins(world)
    payer = world.payer()
    both = payer.ask_by_number(
        question(world, replace(number_of(first), insured_branch_number=None))
    )
    assert both.qualification_validity is QualificationValidity.SEVERAL
    assert {one.insured_branch_number for one in both.results} == {first.branch, second.branch}
    one = payer.ask_by_number(question(world, number_of(second)))
    assert one.qualification_validity is QualificationValidity.VALID
    assert [each.person.name for each in one.results] == [second.registered_name]


def test_a_number_in_half_width_is_the_same_number(world: World) -> None:
    """Clinics type symbol and number in either width; the echo is what was typed."""
    person = somebody(world, Situation.VALID)
    table = {ord("０") + n: str(n) for n in range(10)}
    subject = number_of(person)
    typed = replace(
        subject,
        insured_identification_number=subject.insured_identification_number.translate(table),
    )
    answer = world.payer().ask_by_number(question(world, typed))
    assert answer.qualification_validity is QualificationValidity.VALID
    assert answer.subject == typed


def test_the_limit_is_told_only_where_it_may_be(world: World) -> None:
    """限度額: with consent the certificate comes; without it stays away, and the flag says so."""
    person = next(
        one
        for one in world.running.payer.population.people
        if one.limit_category is not None and one.situation is Situation.VALID
    )
    payer = world.payer()
    told = payer.ask_by_number(question(world, number_of(person))).results[0]
    assert told.limit_certificate is not None
    asked = replace(question(world, number_of(person)), limit_consent=False)
    untold = payer.ask_by_number(asked).results[0]
    assert untold.limit_certificate is None
    assert untold.limit_consent is not None
    assert untold.limit_consent.flag is ProvisionConsent.NOT_GIVEN


def _consent(world: World, decisions: dict[ConsentCategory, ConsentDecision]) -> Consent:
    now = world.clock()
    subject = CardSubject("CN=CA", "1a2b")
    lives = timedelta(hours=24)
    return Consent("c-1", "v-1", subject, decisions, now, now + lives, ConsentChannel.KIOSK)


def test_a_number_opens_no_medical_data(world: World) -> None:
    """The payer registers no consent for whom a number found, and opens no page of history."""
    person = somebody(world, Situation.VALID)
    payer = world.payer()
    assert payer.ask_by_number(question(world, number_of(person))).results
    patient = f"Patient/{person.patient_id}"
    yes = {ConsentCategory.YZK: ConsentDecision.YES}
    with pytest.raises(PayerRefusedError, match="identification-missing"):
        payer.register_consent(_consent(world, yes), patient)


def test_the_same_question_has_one_answer(world: World) -> None:
    """Sent again it is the same answer word for word; another number under the key is refused."""
    payer = world.payer()
    asked = question(world, number_of(somebody(world, Situation.VALID)))
    first, again = payer.ask_by_number(asked), payer.ask_by_number(asked)
    assert first.original == again.original
    other = replace(asked, subject=number_of(somebody(world, Situation.LEFT_JOB)))
    with pytest.raises(PayerRefusedError, match="idempotency-conflict"):
        payer.ask_by_number(other)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.ANOTHER_PATIENT, AnswerForAnotherPersonError),
        (FaultKind.REFUSE, PayerRefusedError),
        (FaultKind.ERROR, PayerRefusedError),
        (FaultKind.MALFORMED, PayerProtocolError),
    ],
)
def test_faults_by_number(world: World, kind: FaultKind, error: type[Exception]) -> None:
    """Each fault is what it is by card, and the same question is answered once it is over."""
    payer = world.payer()
    asked = question(world, number_of(somebody(world, Situation.VALID)))
    world.running.faults.set(kind, times=1)
    with pytest.raises(error):
        payer.ask_by_number(replace(asked, id=f"{asked.id}-spoilt"))
    assert payer.ask_by_number(asked).outcome is AnswerOutcome.COMPLETE


def test_queued_by_number_is_answered_later(world: World) -> None:
    """A queued question is asked again under its own id, and then answered."""
    payer = world.payer()
    asked = question(world, number_of(somebody(world, Situation.VALID)))
    world.running.faults.set(FaultKind.QUEUED, times=1)
    queued = payer.ask_by_number(asked)
    assert (queued.outcome, queued.results) == (AnswerOutcome.QUEUED, ())
    assert payer.ask_by_number(asked).outcome is AnswerOutcome.COMPLETE


def test_nobody_is_asked_for_by_name_outside_a_disaster(world: World) -> None:
    """By person the payer refuses, unless it has opened this way to the institution."""
    person = somebody(world, Situation.VALID)
    subject = PersonSubject(person.name, person.birthdate, person.sex)
    payer = world.payer()
    with pytest.raises(PayerRefusedError, match="disaster-mode-off"):
        payer.ask_by_person(person_question(world, subject))
    world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=True)
    try:
        answer = payer.ask_by_person(person_question(world, subject))
    finally:
        world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)
    assert [one.person.birthdate for one in answer.results] == [person.birthdate]
    with pytest.raises(PayerRefusedError, match="disaster-mode-off"):
        payer.ask_by_person(person_question(world, subject))


def test_namesakes_are_several_until_the_address_tells_them_apart(world: World) -> None:
    """Same name, birth date and sex: both are told; with an address it may be one alone."""
    people = world.running.payer.population.people
    counted = Counter((one.registered_name, one.birthdate, one.sex) for one in people)
    name, birthdate, sex = next(one for one, times in counted.items() if times == 2)
    found = [one for one in people if (one.registered_name, one.birthdate) == (name, birthdate)]
    payer = world.payer()
    world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=True)
    try:
        both = payer.ask_by_person(person_question(world, PersonSubject(name, birthdate, sex)))
        one = payer.ask_by_person(
            person_question(world, PersonSubject(name, birthdate, sex, found[0].address))
        )
    finally:
        world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)
    assert both.qualification_validity is QualificationValidity.SEVERAL
    assert {each.person.address for each in both.results} == {each.address for each in found}
    assert {each.person.address for each in one.results} == {found[0].address}


def test_a_reference_number_comes_back_by_card_and_by_number(world: World) -> None:
    """照会番号: once registered it is in each answer to this institution about the person."""
    person = somebody(world, Situation.VALID)
    payer = world.payer()
    (result,) = payer.register_reference_numbers(
        [ReferenceNumberRegistration("rn-1", number_of(person), "A-001")]
    )
    assert result.accepted
    by_number = payer.ask_by_number(question(world, number_of(person)))
    by_card = world.answer_to_pin(payer, world.cards[person.id])
    assert by_number.reference_number == by_card.reference_number == "A-001"


def test_a_reference_number_of_somebody_else_is_not_moved(world: World) -> None:
    """One that fits nobody, several, or that another person has, is refused; others are taken."""
    first, second = twins(world)
    other = somebody(world, Situation.NEW_JOB)
    payer = world.payer()
    wrong = replace(number_of(other), birthdate=date(1900, 1, 1))
    either = replace(number_of(first), insured_branch_number=None)
    results = payer.register_reference_numbers(
        [
            ReferenceNumberRegistration("rn-1", number_of(first), "A-001"),
            ReferenceNumberRegistration("rn-2", number_of(second), "A-001"),
            ReferenceNumberRegistration("rn-3", either, "A-002"),
            ReferenceNumberRegistration("rn-4", wrong, "A-003"),
            ReferenceNumberRegistration("rn-5", number_of(other), "A-004"),
        ]
    )
    assert [one.accepted for one in results] == [True, False, False, False, True]
    assert all(one.code and one.message for one in results)
    answer = payer.ask_by_number(question(world, number_of(second)))
    assert answer.reference_number == second.reference_number


def test_reference_numbers_are_idempotent_and_go_in_parts(world: World) -> None:
    """More than a call takes go in several; sent again they have the same results."""
    people = [
        one
        for one in world.running.payer.population.people
        if one.situation in (Situation.VALID, Situation.NEW_JOB)
    ][: MOST_REGISTRATIONS + 20]
    registrations = [
        ReferenceNumberRegistration(f"rn-{n}", number_of(person), f"B-{n:04d}")
        for n, person in enumerate(people)
    ]
    payer = world.payer()
    before = world.running.requests.as_dict()["total"]
    first = payer.register_reference_numbers(registrations)
    assert world.running.requests.as_dict()["total"] == before + 2
    assert payer.register_reference_numbers(registrations) == first
    assert all(one.accepted for one in first)
    assert payer.register_reference_numbers([]) == ()
