"""Consents by mouth and history without consent: what is sent, and when the payer takes it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.asking import Capability, NumberQuestion
from eligibility.codes import ConsentCategory
from eligibility.consenting import DISASTER_CATEGORIES, OralReason, OralWord
from eligibility.emergency import EmergencyAccess
from eligibility.errors import (
    AnswerForAnotherPersonError,
    ConsentRequiredError,
    EligibilityError,
    PayerProtocolError,
    PayerRefusedError,
)
from eligibility.fhir.client import FhirPayer
from eligibility.fhir.consents import write_consent
from eligibility.fhir.emergencies import read_emergency_receipt, write_emergency
from eligibility.model import Consent, ConsentChannel, ConsentDecision, NumberSubject, PersonSubject
from eligibility.simulator.emergencies import LIVES
from eligibility.simulator.people import Person, Situation
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from tests.fhir.desk import World
from tests.fhir.insured import number_of, person_question, question, read, somebody, twins
from tests.fhir.samples import ANYBODY, DAY, NOW, PATIENT, SOMEBODY, WILD, damaged, example

YES, NO = ConsentDecision.YES, ConsentDecision.NO
DISASTER = "urn:eligibility-terminal:fhir:ext:disaster"
HEARD = OralWord(OralReason.CARD_LOST, "s-1", "p-1")


def spoken(subject: NumberSubject | PersonSubject, patient: str, **more: Any) -> Consent:
    """Return a consent by mouth to medicines, and a no to the rest."""
    given_at = more.pop("given_at", NOW)
    decisions = {one: NO for one in DISASTER_CATEGORIES} | {ConsentCategory.YZK: YES}
    return Consent(
        id=more.pop("id", f"c-{uuid.uuid4().hex}"),
        visit_id="v-1",
        subject=subject,
        decisions=more.pop("decisions", decisions),
        given_at=given_at,
        ends_at=given_at + timedelta(hours=24),
        channel=ConsentChannel.ORAL,
        payer_patient=patient,
        oral=HEARD,
    )


def unasked(subject: NumberSubject | PersonSubject, patient: str, **more: Any) -> EmergencyAccess:
    """Return an access to somebody who cannot be asked."""
    opened_at = more.pop("opened_at", NOW)
    return EmergencyAccess(
        id=more.pop("id", f"e-{uuid.uuid4().hex}"),
        visit_id="v-1",
        subject=subject,
        payer_patient=patient,
        opened_at=opened_at,
        ends_at=opened_at + timedelta(hours=2),
        actor="s-1",
        reason="意識がない",
        period_id="p-1",
    )


# -- On paper --------------------------------------------------------------------------------------

DOCUMENTED = unasked(SOMEBODY, PATIENT, id="e-01JDEXAMPLE0001")


def test_a_consent_by_mouth_is_written_as_documented() -> None:
    """It says why it was not given by the card, and never who heard it."""
    consent = spoken(SOMEBODY, PATIENT, id="c-01JDEXAMPLE0002")
    written = write_consent(consent, PATIENT)
    assert written == example("consent-oral")
    assert "s-1" not in json.dumps(written)


def test_an_access_without_consent_is_written_as_documented() -> None:
    """It says that no consent could be had; the clinician's words stay at the desk."""
    written = write_emergency(DOCUMENTED)
    assert written == example("open-without-consent")
    assert DOCUMENTED.reason not in json.dumps(written, ensure_ascii=False)
    body = json.dumps(example("opened-without-consent")).encode()
    receipt = read_emergency_receipt(body, DOCUMENTED)
    assert receipt.payer_ref == "pe-77a1"
    assert receipt.available_until == NOW + timedelta(hours=2)


def test_an_access_to_another_patient_is_refused() -> None:
    """What was opened of somebody else, or under another id, is not this access."""
    answer = example("opened-without-consent")
    answer["parameter"][1]["valueReference"]["reference"] = "Patient/pt-9KX4"
    with pytest.raises(AnswerForAnotherPersonError):
        read_emergency_receipt(json.dumps(answer).encode(), DOCUMENTED)
    with pytest.raises(PayerProtocolError):
        read_emergency_receipt(
            json.dumps(example("opened-without-consent")).encode(), replace(DOCUMENTED, id="e-2")
        )


@given(st.data())
def test_a_damaged_receipt_is_this_access_or_an_error(data: Any) -> None:
    """With anything in any one place it is read for exactly this access, or is an error."""
    wild = damaged(example("opened-without-consent")) | WILD.map(json.dumps).map(str.encode)
    try:
        receipt = read_emergency_receipt(data.draw(wild), DOCUMENTED)
    except EligibilityError:
        return
    assert receipt.payer_ref


# -- With the payer --------------------------------------------------------------------------------


@pytest.fixture
def disaster(world: World) -> Iterator[World]:
    """The payer in disaster mode."""
    world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=True)
    yield world
    world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)


def found(world: World, payer: FhirPayer) -> tuple[Person, NumberSubject, str]:
    """Ask by number; return who was found and how the payer names them."""
    person = somebody(world, Situation.VALID)
    answer = payer.ask_by_number(question(world, number_of(person)))
    assert answer.payer_patient == f"Patient/{person.patient_id}"
    return person, number_of(person), answer.payer_patient


def test_one_person_is_named_in_a_disaster_alone(world: World) -> None:
    """By number and by name, while the payer has it on; before and after it names nobody."""
    payer = world.payer()
    person = somebody(world, Situation.VALID)
    named = f"Patient/{person.patient_id}"
    by_name = PersonSubject(person.name, person.birthdate, person.sex)
    assert payer.ask_by_number(question(world, number_of(person))).payer_patient is None
    world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=True)
    try:
        assert payer.ask_by_number(question(world, number_of(person))).payer_patient == named
        assert payer.ask_by_person(person_question(world, by_name)).payer_patient == named
    finally:
        world.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)
    assert payer.ask_by_number(question(world, number_of(person))).payer_patient is None


def test_of_several_nobody_is_named(disaster: World) -> None:
    """Twins without their branch: the payer names neither, and registers for neither."""
    first, _ = twins(disaster)
    payer = disaster.payer()
    either = replace(number_of(first), insured_branch_number=None)
    answer = payer.ask_by_number(question(disaster, either))
    assert answer.payer_patient is None
    patient = f"Patient/{first.patient_id}"
    with pytest.raises(PayerRefusedError, match="identification-missing"):
        payer.register_consent(spoken(either, patient, given_at=disaster.clock()), patient)


def test_a_patient_named_beside_several_is_not_taken() -> None:
    """Where a payer names somebody although several match, the desk takes nobody."""
    answer = example("answer-number-several")
    answer["extension"].append({"url": DISASTER, "valueBoolean": True})
    answer["patient"]["reference"] = PATIENT
    assert read(answer, NumberQuestion("q-01JDEXAMPLE0032", ANYBODY, DAY)).payer_patient is None


def test_a_consent_by_mouth_opens_what_was_said(disaster: World) -> None:
    """Medicines were said yes to: they come; checkups were not, and stay shut at the payer too."""
    payer = disaster.payer()
    _, subject, patient = found(disaster, payer)
    consent = spoken(subject, patient, given_at=disaster.clock())
    receipt = payer.register_consent(consent, patient)
    assert receipt.available_until == consent.ends_at
    registered = replace(consent, payer_ref=receipt.payer_ref)
    assert payer.fetch_history(registered, ConsentCategory.YZK).medications
    wider = replace(registered, decisions={ConsentCategory.TKK: YES})
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(wider, ConsentCategory.TKK)
    assert payer.register_consent(consent, patient) == receipt


def test_it_is_taken_in_disaster_mode_alone(disaster: World) -> None:
    """Off, it is refused; what was registered before holds until its own time."""
    payer = disaster.payer()
    _, subject, patient = found(disaster, payer)
    consent = spoken(subject, patient, given_at=disaster.clock())
    receipt = payer.register_consent(consent, patient)
    disaster.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)
    with pytest.raises(PayerRefusedError, match="disaster-mode-off"):
        payer.register_consent(spoken(subject, patient, given_at=disaster.clock()), patient)
    registered = replace(consent, payer_ref=receipt.payer_ref)
    assert payer.fetch_history(registered, ConsentCategory.YZK).medications


def test_a_consent_that_is_not_by_mouth_is_still_refused(disaster: World) -> None:
    """Found is not identified: what says nothing of having been heard needs a card."""
    payer = disaster.payer()
    _, subject, patient = found(disaster, payer)
    silent = replace(spoken(subject, patient, given_at=disaster.clock()), oral=None)
    with pytest.raises(PayerRefusedError, match="identification-missing"):
        payer.register_consent(silent, patient)


def test_operations_are_not_opened_by_mouth(disaster: World) -> None:
    """The disaster function tells medicines, treatment and checkups; nothing else is taken."""
    payer = disaster.payer()
    _, subject, patient = found(disaster, payer)
    decisions = {ConsentCategory.SHJ: YES}
    consent = spoken(subject, patient, given_at=disaster.clock(), decisions=decisions)
    with pytest.raises(PayerRefusedError, match="request-invalid"):
        payer.register_consent(consent, patient)


def test_without_consent_history_opens_in_a_disaster(disaster: World) -> None:
    """For two hours, for who was found; over with disaster mode, at once."""
    payer = disaster.payer()
    _, subject, patient = found(disaster, payer)
    access = unasked(subject, patient, opened_at=disaster.clock())
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(access, ConsentCategory.YZK)
    receipt = payer.open_without_consent(access)
    assert receipt.available_until == access.opened_at + LIVES
    assert payer.open_without_consent(access) == receipt
    for category in DISASTER_CATEGORIES:
        assert category in payer.fetch_history(access, category).fetched
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(access, ConsentCategory.SHJ)
    disaster.running.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(access, ConsentCategory.YZK)
    with pytest.raises(PayerRefusedError, match="disaster-mode-off"):
        payer.open_without_consent(unasked(subject, patient, opened_at=disaster.clock()))


def test_without_consent_only_for_who_was_found(disaster: World) -> None:
    """Nobody is opened whom no answer of today named to this institution."""
    payer = disaster.payer()
    person = somebody(disaster, Situation.NEW_JOB)
    patient = f"Patient/{person.patient_id}"
    with pytest.raises(PayerRefusedError, match="identification-missing"):
        payer.open_without_consent(unasked(number_of(person), patient, opened_at=disaster.clock()))


def test_a_no_stands_against_it(disaster: World) -> None:
    """Who said no is not opened, though it was open before they could be asked."""
    payer = disaster.payer()
    _, subject, patient = found(disaster, payer)
    access = unasked(subject, patient, opened_at=disaster.clock())
    payer.open_without_consent(access)
    assert payer.fetch_history(access, ConsentCategory.YZK).medications
    said_no = dict.fromkeys(DISASTER_CATEGORIES, NO)
    consent = spoken(subject, patient, given_at=disaster.clock(), decisions=said_no)
    payer.register_consent(consent, patient)
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(access, ConsentCategory.YZK)


def test_the_client_says_that_it_can(world: World) -> None:
    """Both ways are among what the adapter says that it can do."""
    capabilities = world.payer().capabilities
    assert {Capability.ORAL_CONSENT, Capability.WITHOUT_CONSENT} <= capabilities
