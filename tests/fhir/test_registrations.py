"""健康保険証利用登録: what the desk asks the payer, what the payer grants, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from eligibility.errors import (
    AnswerForAnotherPersonError,
    CardNotRegisteredError,
    PayerProtocolError,
    PayerRefusedError,
)
from eligibility.fhir.registrations import read_registered, write_registration
from eligibility.model import AnswerOutcome, CardSubject
from eligibility.payer import (
    CardQuestion,
    CardRegistration,
    HolderEvidence,
    IdentificationMethod,
    ProofKind,
    may_open_history,
    may_register,
)
from eligibility.simulator.payer import GRANTS_HISTORY
from tests.fhir.desk import World
from tests.fhir.samples import NOW, QUESTION, SUBJECT, WILD, damaged, example
from tests.simulator.desk import Card

ANSWER = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "question",
            "valueIdentifier": {
                "system": "urn:eligibility-terminal:fhir:id:question",
                "value": QUESTION.id,
            },
        },
        {
            "name": "card-certificate",
            "valueIdentifier": {
                "system": "urn:eligibility-terminal:fhir:id:certificate",
                "value": SUBJECT.serial,
                "assigner": {"display": SUBJECT.issuer},
            },
        },
        {"name": "registered-at", "valueInstant": "2026-11-24T01:02:03.456Z"},
    ],
}
REGISTRATION = CardRegistration(
    QUESTION.id, QUESTION.certificate, SUBJECT, QUESTION.evidence, agreed_at=NOW
)


def registering(question: CardQuestion, agreed_at: datetime) -> CardRegistration:
    """Return the registration that goes before a question."""
    return CardRegistration(
        question.id, question.certificate, question.subject, question.evidence, agreed_at
    )


def unregistered(world: World) -> Card:
    """Return the card of somebody whose card is not yet an insurance card."""
    people = world.running.payer.population.people
    return next(world.cards[person.id] for person in people if not person.insurance_card)


def test_the_documented_request_is_written() -> None:
    """The desk writes the parameters that the page shows, part by part."""
    documented = example("register-card")
    names = [parameter["name"] for parameter in documented["parameter"]]
    written = write_registration(REGISTRATION)
    assert [parameter["name"] for parameter in written["parameter"]] == names
    assert written["meta"] == documented["meta"]
    parts = [part["name"] for part in documented["parameter"][-1]["part"]]
    assert [part["name"] for part in written["parameter"][-1]["part"]] == parts


def test_the_documented_answer_is_read() -> None:
    """Since when the card is registered is what the page's example says."""
    documented = example("card-registered")
    card = documented["parameter"][1]["valueIdentifier"]
    asked = replace(
        REGISTRATION,
        id=documented["parameter"][0]["valueIdentifier"]["value"],
        subject=CardSubject(card["assigner"]["display"], card["value"]),
    )
    since = read_registered(json.dumps(documented).encode(), asked)
    assert since == datetime(2026, 11, 24, 1, 2, 21, 456000, tzinfo=UTC)


def test_the_answer_for_another_card_is_refused() -> None:
    """A registration of somebody else's card is no registration of this one."""
    other = json.loads(json.dumps(ANSWER))
    other["parameter"][1]["valueIdentifier"]["value"] = "1"
    with pytest.raises(AnswerForAnotherPersonError):
        read_registered(json.dumps(other).encode(), REGISTRATION)
    assert read_registered(json.dumps(ANSWER).encode(), REGISTRATION) == NOW


@given(damaged(ANSWER) | WILD.map(json.dumps).map(str.encode))
def test_a_damaged_answer_never_passes(answer: bytes) -> None:
    """What is not exactly the answer to this registration is an error of its kind."""
    try:
        since = read_registered(answer, REGISTRATION)
    except (PayerProtocolError, AnswerForAnotherPersonError):
        return
    assert since.tzinfo is not None


def test_a_card_is_registered_once_and_answered_from_then_on(world: World) -> None:
    """Refused as not registered, registered by one signature, asked by the same: answered."""
    payer, card = world.payer(), unregistered(world)
    question = world.question(card, world.signed(card, payer.issue_challenge()))
    with pytest.raises(CardNotRegisteredError):
        payer.ask(question)
    since = payer.register_card(registering(question, world.clock()))
    assert since == world.clock()
    assert payer.ask(question).outcome is AnswerOutcome.COMPLETE
    world.clock.moves_on(hours=1)
    assert payer.register_card(registering(question, since)) == since
    again = world.question(card, world.signed(card, payer.issue_challenge()))
    assert payer.ask(again).outcome is AnswerOutcome.COMPLETE
    assert payer.register_card(registering(again, world.clock())) == since


def test_one_key_for_two_registrations_is_refused(world: World) -> None:
    """The same key with other content is a conflict, and registers nobody."""
    payer, card, other = world.payer(), unregistered(world), world.somebody()
    question = world.question(card, world.signed(card, payer.issue_challenge()))
    payer.register_card(registering(question, world.clock()))
    others = world.question(other, world.signed(other, payer.issue_challenge()))
    with pytest.raises(PayerRefusedError, match="idempotency-conflict"):
        payer.register_card(registering(replace(others, id=question.id), world.clock()))


def test_a_signature_registers_nothing_for_another_question(world: World) -> None:
    """A challenge that was used for one registration is of no use for the next."""
    payer, card = world.payer(), unregistered(world)
    question = world.question(card, world.signed(card, payer.issue_challenge()))
    payer.register_card(registering(question, world.clock()))
    other = world.question(card, question.evidence)
    with pytest.raises(PayerRefusedError, match="challenge-used"):
        payer.register_card(registering(other, world.clock()))


def test_a_look_of_staff_registers_nothing(world: World) -> None:
    """Without PIN or face nobody has shown that they want it."""
    payer, card = world.payer(), unregistered(world)
    question = world.question(card, world.looked_at())
    with pytest.raises(PayerRefusedError, match="proof-insufficient"):
        payer.register_card(registering(question, world.clock()))
    with pytest.raises(CardNotRegisteredError):
        payer.ask(question)


def test_a_signature_over_something_else_registers_nothing(world: World) -> None:
    """The signature is checked over the challenge that it comes with."""
    payer, card = world.payer(), unregistered(world)
    evidence = world.signed(card, payer.issue_challenge())
    question = world.question(card, replace(evidence, signature=card.signs(b"something else")))
    with pytest.raises(PayerRefusedError, match="signature-invalid"):
        payer.register_card(registering(question, world.clock()))


@pytest.mark.parametrize("age", [timedelta(hours=24), timedelta(minutes=-6)])
def test_an_old_or_future_yes_registers_nothing(world: World, age: timedelta) -> None:
    """A yes holds for 24 hours, five minutes of clock difference allowed."""
    payer, card = world.payer(), unregistered(world)
    question = world.question(card, world.signed(card, payer.issue_challenge()))
    with pytest.raises(PayerRefusedError, match="request-invalid"):
        payer.register_card(registering(question, world.clock() - age))


def test_a_restart_forgets_registrations(world: World) -> None:
    """The simulator's people are as they were when it starts anew."""
    payer, card = world.payer(), unregistered(world)
    question = world.question(card, world.signed(card, world.desk_challenge()))
    payer.register_card(registering(question, world.clock()))
    world.running.payer.forget()
    with pytest.raises(CardNotRegisteredError):
        payer.ask(question)


@pytest.mark.parametrize("method", IdentificationMethod)
@pytest.mark.parametrize("proof", ProofKind)
def test_only_a_holders_own_proof_registers(method: IdentificationMethod, proof: ProofKind) -> None:
    """By PIN with the authentication key, by face with either key, by nothing else.

    And consents are asked for exactly where the payer would honour them.
    """
    by_pin = (method, proof) == (IdentificationMethod.PIN, ProofKind.AUTH_KEY)
    by_face = method is IdentificationMethod.FACE and proof in (
        ProofKind.AUTH_KEY,
        ProofKind.OWN_KEY,
    )
    assert may_register(method, proof) is (by_pin or by_face)
    assert may_open_history(method, proof) is GRANTS_HISTORY.get((proof, method), False)
    HolderEvidence(method, proof, NOW)
