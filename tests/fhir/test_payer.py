"""The desk and the payer simulator, over mutual TLS: questions, faults, consent, history."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from eligibility.codes import ConsentCategory
from eligibility.consenting import ConsentEnd
from eligibility.errors import (
    AnswerForAnotherPersonError,
    ConsentRequiredError,
    EligibilityError,
    PayerProtocolError,
    PayerRefusedError,
    PayerTimeoutError,
    PayerTrustError,
    PayerUnavailableError,
)
from eligibility.fhir.client import FhirPayer
from eligibility.history import History, MedicationOrigin, MedicationRecord, Record
from eligibility.model import AnswerOutcome, CardSubject, ConsentDecision
from eligibility.payer import ChallengeIssuer, IdentificationMethod, Payer, ProofKind
from eligibility.simulator.faults import FaultKind
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.records import (
    checkups_of,
    diagnoses_of,
    medications_of,
    operations_of,
    treatments_of,
)
from tests.fhir.desk import World
from tests.simulator.desk import tls_context

YES, NO, NOT_ASKED = ConsentDecision.YES, ConsentDecision.NO, ConsentDecision.NOT_ASKED
YZK, SRJ, TKK = ConsentCategory.YZK, ConsentCategory.SRJ, ConsentCategory.TKK
SHJ = ConsentCategory.SHJ
RESOURCES = {
    YZK: "MedicationDispense",
    SRJ: "Procedure",
    SHJ: "Condition",
    TKK: "Observation",
}
EVERYTHING = {YZK: YES, SRJ: YES, SHJ: YES, TKK: YES}


def raw_request(world: World, category: ConsentCategory, patient: str) -> httpx.Response:
    """Ask the payer for history without the product's client in between."""
    files = world.running.files
    context = tls_context(files.ca, files.client, files.client_key)
    with httpx.Client(verify=context, trust_env=False) as client:
        parameters = {"patient": patient}
        if category is SRJ:
            parameters["category"] = "urn:eligibility-terminal:fhir:cs:OQSCD036|SRJ"
        return client.get(f"{world.running.base_url}/{RESOURCES[category]}", params=parameters)


# -- Questions -------------------------------------------------------------------------------------


def test_the_client_is_a_payer(world: World) -> None:
    """The adapter fulfils the desk's protocol and reaches the payer."""
    payer: Payer = world.payer()
    payer.check_reachable()
    assert payer.name == "fhir"


def test_everybody_gets_their_own_answer(world: World) -> None:
    """For the whole population the answer is what the payer's register says, element by element."""
    payer = world.payer()
    people = world.running.payer.population.people[:120]
    for person in people:
        if not person.insurance_card:
            with pytest.raises(PayerRefusedError, match="not-registered"):
                world.answer_to_pin(payer, world.cards[person.id])
            continue
        holding = holding_of(person, world.today)
        answer = world.answer_to_pin(payer, world.cards[person.id])
        assert answer.results == holding.results
        assert answer.qualification_validity is holding.validity
        assert answer.message == holding.message
        card = world.cards[person.id]
        assert answer.subject == CardSubject(card.issuer, card.serial)
        if holding.person_found:
            assert answer.payer_patient == f"Patient/{(person.linked or person).patient_id}"
        else:
            assert answer.payer_patient is None


def test_a_payers_challenge_is_fresh(world: World) -> None:
    """Each challenge is another one, and the payer's."""
    payer = world.payer()
    one, other = payer.issue_challenge(), payer.issue_challenge()
    assert one.value != other.value
    assert one.issuer is ChallengeIssuer.PAYER


def test_the_desks_challenge_and_staffs_look_are_answered(world: World) -> None:
    """A question asked while the payer was away, and one with staff's look, are answered too."""
    payer = world.payer()
    card = world.somebody()
    for evidence in (world.signed(card, world.desk_challenge()), world.looked_at()):
        assert payer.ask(world.question(card, evidence)).outcome is AnswerOutcome.COMPLETE


def test_the_same_question_has_one_answer(world: World) -> None:
    """Sent again, a question gets the same answer, word for word, and uses no second challenge."""
    payer = world.payer()
    card = world.somebody()
    question = world.question(card, world.signed(card, payer.issue_challenge()))
    first, second = payer.ask(question), payer.ask(question)
    assert first.original == second.original
    assert replace(first, id=second.id) == second


def test_one_key_for_two_questions_is_refused(world: World) -> None:
    """A key that was used for another question is a refusal with the payer's code."""
    payer = world.payer()
    card = world.somebody()
    question = world.question(card, world.looked_at())
    payer.ask(question)
    other = world.question(card, world.signed(card, world.desk_challenge()))
    with pytest.raises(PayerRefusedError) as refused:
        payer.ask(replace(other, id=question.id))
    assert refused.value.code == "idempotency-conflict"


def test_a_forged_signature_is_refused(world: World) -> None:
    """A signature by another card's challenge is refused by the payer itself."""
    payer = world.payer()
    card = world.somebody()
    evidence = world.signed(card, payer.issue_challenge())
    forged = replace(evidence, signature=bytes(256))
    with pytest.raises(PayerRefusedError) as refused:
        payer.ask(world.question(card, forged))
    assert refused.value.code == "signature-invalid"
    assert refused.value.words


def test_a_pin_without_a_signature_is_refused(world: World) -> None:
    """A question that only claims a PIN proves nothing."""
    payer = world.payer()
    card = world.somebody()
    claimed = replace(world.looked_at(), method=IdentificationMethod.PIN)
    assert claimed.proof is ProofKind.CERTIFICATE_ONLY
    with pytest.raises(PayerRefusedError) as refused:
        payer.ask(world.question(card, claimed))
    assert refused.value.code == "proof-insufficient"


# -- Faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (FaultKind.SLOW, PayerTimeoutError),
        (FaultKind.DOWN, PayerUnavailableError),
        (FaultKind.RESET, PayerUnavailableError),
        (FaultKind.HALF_REPLY, PayerUnavailableError),
        (FaultKind.UNAVAILABLE, PayerUnavailableError),
        (FaultKind.TOO_MANY, PayerUnavailableError),
        (FaultKind.MALFORMED, PayerProtocolError),
        (FaultKind.BAD_ENCODING, PayerProtocolError),
        (FaultKind.ANOTHER_PATIENT, AnswerForAnotherPersonError),
        (FaultKind.REFUSE, PayerRefusedError),
        (FaultKind.ERROR, PayerRefusedError),
    ],
)
def test_each_fault_has_its_error_and_is_got_over(
    world: World, fault: FaultKind, error: type[EligibilityError]
) -> None:
    """Each fault of the payer is exactly one error, and the next question is answered."""
    payer = world.payer(answer_seconds=1)
    card = world.somebody()
    question = world.question(card, world.signed(card, payer.issue_challenge()))
    world.running.faults.set(fault, seconds=30)
    with pytest.raises(error) as raised:
        payer.ask(question)
    assert type(raised.value) is error
    world.running.faults.clear()
    if fault is FaultKind.ANOTHER_PATIENT:
        question = world.question(card, world.looked_at())
    assert payer.ask(question).outcome is AnswerOutcome.COMPLETE


def test_a_doubled_reply_answers_one_question_only(world: World) -> None:
    """Each person gets their own answer although every reply comes twice."""
    payer = world.payer()
    world.running.faults.set(FaultKind.DUPLICATE_REPLY)
    for person in world.running.payer.population.people[:4]:
        answer = world.answer_to_pin(payer, world.cards[person.id])
        assert answer.results == holding_of(person, world.today).results


@pytest.mark.parametrize("fault", [FaultKind.CERTIFICATE_EXPIRED, FaultKind.CERTIFICATE_WRONG])
def test_a_payer_with_a_bad_certificate_is_not_spoken_to(world: World, fault: FaultKind) -> None:
    """No question is sent to a server whose certificate has ended or that nobody vouches for."""
    world.running.faults.set(fault, times=1)
    payer = world.payer()
    with pytest.raises(PayerTrustError):
        payer.check_reachable()
    payer.check_reachable()


def test_a_clock_that_is_wrong_is_the_payers_refusal(world: World) -> None:
    """A desk's challenge looks too old to a payer whose clock is two days ahead."""
    payer = world.payer()
    card = world.somebody()
    signed = world.signed(card, world.desk_challenge())
    world.running.faults.set(FaultKind.CLOCK_SKEW, seconds=2 * 86_400)
    with pytest.raises(PayerRefusedError, match="challenge-expired"):
        payer.ask(world.question(card, signed))


@pytest.mark.parametrize("fault", [FaultKind.UNAVAILABLE, FaultKind.TOO_MANY])
def test_a_busy_payer_says_when(world: World, fault: FaultKind) -> None:
    """Retry-After reaches the caller in seconds."""
    world.running.faults.set(fault)
    with pytest.raises(PayerUnavailableError) as raised:
        world.payer().check_reachable()
    assert raised.value.retry_after == 2


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [(FaultKind.QUEUED, AnswerOutcome.QUEUED), (FaultKind.PARTIAL, AnswerOutcome.PARTIAL)],
)
def test_an_answer_that_is_not_whole_says_so(
    world: World, fault: FaultKind, outcome: AnswerOutcome
) -> None:
    """Queued and partial are answers, marked as what they are."""
    payer = world.payer()
    world.running.faults.set(fault)
    answer = world.answer_to_pin(payer, world.somebody())
    assert answer.outcome is outcome
    if outcome is AnswerOutcome.QUEUED:
        assert answer.qualification_validity is None
        assert answer.results == ()


def test_a_payer_that_restarts_is_reached_again(world: World) -> None:
    """Down: unavailable.  Up again: the next call works, although its connection was lost."""
    payer = world.payer()
    payer.check_reachable()
    world.running.stop()
    try:
        with pytest.raises(PayerUnavailableError):
            payer.check_reachable()
    finally:
        world.running.start()
    payer.check_reachable()


# -- Consent and history ---------------------------------------------------------------------------


def test_consent_then_history_category_by_category(world: World) -> None:
    """After consent each category holds what the payer has of this person, and nothing else."""
    payer = world.payer()
    for person in world.running.payer.population.people[:35]:
        holds = holding_of(person, world.today).validity.value == "1"
        if not (holds and person.insurance_card) or person.linked is not None:
            continue
        answer = world.answer_to_pin(payer, world.cards[person.id])
        consent = world.registered(payer, world.consent(answer, EVERYTHING))
        told: dict[ConsentCategory, list[Record]] = {
            YZK: [*sorted(medications_of(person, world.today), key=is_prescription)],
            SRJ: [*treatments_of(person, world.today)],
            SHJ: [*operations_of(person, world.today), *diagnoses_of(person, world.today)],
            TKK: [*checkups_of(person, world.today)],
        }
        for category, records in told.items():
            assert payer.fetch_history(consent, category) == History.of_category(
                consent.id, world.clock(), category, records
            )


def is_prescription(record: MedicationRecord) -> bool:
    """Whether a record comes with the second list of medicines."""
    return record.origin is MedicationOrigin.PRESCRIPTION


def test_registering_again_is_the_same_consent(world: World) -> None:
    """The same consent sent twice is one registration."""
    payer = world.payer()
    answer = world.answer_to_pin(payer, world.somebody())
    consent = world.consent(answer, {YZK: YES, TKK: NO})
    assert world.registered(payer, consent) == world.registered(payer, consent)


@pytest.mark.parametrize("category", [YZK, SRJ, SHJ, TKK])
@pytest.mark.parametrize("decision", [NO, NOT_ASKED, None])
def test_what_was_not_allowed_is_refused_by_both_sides(
    world: World, category: ConsentCategory, decision: ConsentDecision | None
) -> None:
    """No yes: our side refuses to ask, and the payer refuses one who asks past us."""
    payer = world.payer()
    answer = world.answer_to_pin(payer, world.somebody())
    decisions = {one: YES for one in EVERYTHING if one is not category}
    if decision is not None:
        decisions[category] = decision
    consent = world.registered(payer, world.consent(answer, decisions))
    with pytest.raises(ConsentRequiredError) as refused:
        payer.fetch_history(consent, category)
    assert refused.value.category == category.value
    assert consent.payer_patient is not None
    past_us = raw_request(world, category, consent.payer_patient)
    assert past_us.status_code == 403
    assert past_us.json()["issue"][0]["details"]["coding"][0]["code"] == "consent-missing"


def test_a_consent_ends_on_both_sides(world: World) -> None:
    """After 24 hours neither side opens anything."""
    payer = world.payer()
    answer = world.answer_to_pin(payer, world.somebody())
    consent = world.registered(payer, world.consent(answer, EVERYTHING))
    world.clock.moves_on(hours=23, minutes=59)
    payer.fetch_history(consent, YZK)
    world.clock.moves_on(minutes=1)
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(consent, YZK)
    assert consent.payer_patient is not None
    assert raw_request(world, YZK, consent.payer_patient).status_code == 403


def test_a_consent_that_the_payer_does_not_know_opens_nothing(world: World) -> None:
    """A consent that was never registered passes our side and is refused by the payer."""
    payer = world.payer()
    answer = world.answer_to_pin(payer, world.somebody())
    with pytest.raises(ConsentRequiredError) as refused:
        payer.fetch_history(world.consent(answer, EVERYTHING), YZK)
    assert refused.value.category == YZK.value


def test_a_withdrawn_consent_opens_nothing(world: World) -> None:
    """From its withdrawal on a consent is none."""
    payer = world.payer()
    answer = world.answer_to_pin(payer, world.somebody())
    consent = world.registered(payer, world.consent(answer, EVERYTHING))
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(replace(consent, withdrawn_at=world.clock()), YZK)


def test_an_end_that_was_told_closes_the_payer_at_once(world: World) -> None:
    """Withdrawn here, told there, twice without harm: who asks past us is refused from then on."""
    payer = world.payer()
    answer = world.answer_to_pin(payer, world.somebody())
    consent = world.registered(payer, world.consent(answer, EVERYTHING))
    assert consent.payer_patient is not None
    assert raw_request(world, YZK, consent.payer_patient).status_code == 200
    ended = replace(consent, withdrawn_at=world.clock(), ended_by=ConsentEnd.STAFF)
    payer.end_consent(ended)
    payer.end_consent(ended)
    assert raw_request(world, YZK, consent.payer_patient).status_code == 403


def test_an_end_of_what_the_payer_does_not_know_is_refused(world: World) -> None:
    """A payer that lost the consent says so; it opens nothing there anyway."""
    payer = world.payer()
    answer = world.answer_to_pin(payer, world.somebody())
    never = replace(
        world.consent(answer, EVERYTHING),
        payer_ref="pc-nobody",
        withdrawn_at=world.clock(),
        ended_by=ConsentEnd.PATIENT,
    )
    with pytest.raises(PayerRefusedError) as refused:
        payer.end_consent(never)
    assert refused.value.code == "not-found"


def test_a_consent_without_a_patient_opens_nothing(world: World) -> None:
    """Where the payer named no patient there is nothing to ask for."""
    payer = world.payer()
    answer = world.answer_to_pin(payer, world.somebody())
    consent = replace(world.consent(answer, EVERYTHING), payer_patient=None)
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(consent, YZK)


def test_a_person_nobody_identified_cannot_consent(world: World) -> None:
    """Consent needs an identified holder; the payer says so and the desk passes it on."""
    payer: FhirPayer = world.payer()
    answer = world.answer_to_pin(payer, world.somebody())
    world.running.payer.forget()
    with pytest.raises(PayerRefusedError) as refused:
        world.registered(payer, world.consent(answer, EVERYTHING))
    assert refused.value.code == "identification-missing"
