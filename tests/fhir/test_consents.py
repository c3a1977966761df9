"""Consents as the manual documents them: given, registered, and ended."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import ConsentCategory, PrescriptionIssue
from eligibility.consenting import ActingFor, ConsentEnd
from eligibility.errors import (
    AnswerForAnotherPersonError,
    EligibilityError,
    PayerProtocolError,
)
from eligibility.fhir.consents import check_ended, read_consent_receipt, write_consent, write_end
from eligibility.model import Consent, ConsentChannel, ConsentDecision
from tests.fhir.samples import NOW, PATIENT, SUBJECT, WILD, damaged, example

YES, NO, NOT_ASKED = ConsentDecision.YES, ConsentDecision.NO, ConsentDecision.NOT_ASKED
DECISIONS = {
    ConsentCategory.YZK: YES,
    ConsentCategory.SRJ: YES,
    ConsentCategory.TKK: NO,
    ConsentCategory.SHJ: NOT_ASKED,
}
GIVEN = Consent(
    id="c-01JDEXAMPLE0001",
    visit_id="v-1",
    subject=SUBJECT,
    decisions=DECISIONS,
    given_at=NOW,
    ends_at=NOW + timedelta(hours=24),
    channel=ConsentChannel.KIOSK,
)
ENDED = replace(
    GIVEN,
    payer_patient=PATIENT,
    payer_ref="pc-51d0",
    withdrawn_at=NOW + timedelta(hours=1),
    ended_by=ConsentEnd.PATIENT,
)


def test_a_consent_is_written_as_documented() -> None:
    """What was answered is sent, what was not asked is left out, and no is the rule."""
    written = write_consent(GIVEN, PATIENT)
    documented = example("consent-request")
    order = {"TKK": 0, "YZK": 1, "SRJ": 2}
    documented["provision"]["provision"].sort(
        key=lambda one: order[one["code"][0]["coding"][0]["code"]]
    )
    assert written == documented


@given(
    decisions=st.dictionaries(st.sampled_from(ConsentCategory), st.sampled_from(ConsentDecision))
)
def test_only_a_yes_is_ever_permitted(
    decisions: dict[ConsentCategory, ConsentDecision],
) -> None:
    """Whatever was answered, the permitted categories are exactly those with a yes."""
    written = write_consent(replace(GIVEN, decisions=decisions), PATIENT)
    sent = {
        one["code"][0]["coding"][0]["code"]: one["type"]
        for one in written["provision"].get("provision", [])
    }
    assert written["provision"]["type"] == "deny"
    assert {code for code, kind in sent.items() if kind == "permit"} == {
        category.value for category, decision in decisions.items() if decision is YES
    }
    assert {code for code, kind in sent.items() if kind == "deny"} == {
        category.value for category, decision in decisions.items() if decision is NO
    }


def _receipt(resource: Any) -> Any:
    return read_consent_receipt(json.dumps(resource).encode(), GIVEN, PATIENT)


def test_the_documented_registration_is_read() -> None:
    """The payer's id and its AvailableTime come back."""
    receipt = _receipt(example("consent-registered"))
    assert receipt.payer_ref == "pc-51d0"
    assert receipt.available_until == NOW + timedelta(hours=24)


def test_a_registration_for_another_patient_is_refused() -> None:
    """A consent registered for somebody else is nobody's here."""
    resource = example("consent-registered")
    resource["patient"]["reference"] = "Patient/pt-9KX4"
    with pytest.raises(AnswerForAnotherPersonError):
        _receipt(resource)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("identifier", 0, "value"), "c-2"),
        (("status",), "rejected"),
        (("provision", "type"), "permit"),
        (("provision", "provision", 2, "type"), "permit"),
        (("provision", "provision", 0, "type"), "deny"),
        (("provision", "period"), {"start": "2026-11-24T01:02:03.456Z"}),
        (("id",), ""),
    ],
)
def test_a_registration_of_anything_else_is_refused(
    path: tuple[str | int, ...], value: object
) -> None:
    """More or less than the patient allowed, or without an end: not this consent."""
    resource = example("consent-registered")
    holder = resource
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises(PayerProtocolError):
        _receipt(resource)


@given(data=st.data())
def test_a_damaged_registration_never_opens_more(data: st.DataObject) -> None:
    """One changed value anywhere: our error, or a receipt of what was said."""
    body = data.draw(damaged(example("consent-registered")))
    try:
        receipt = read_consent_receipt(body, GIVEN, PATIENT)
    except EligibilityError:
        return
    assert receipt.payer_ref
    assert receipt.available_until.tzinfo is not None


def test_who_gave_it_and_the_prescription_are_told_as_documented() -> None:
    """A parent's consent says whose relation gave it, and which prescription was chosen with it."""
    written = write_consent(
        replace(GIVEN, acting_for=ActingFor.PARENT), PATIENT, PrescriptionIssue.ELECTRONIC
    )
    documented = example("consent-by-parent")
    told = ("extension", "contained", "performer")
    assert {key: written[key] for key in told} == {key: documented[key] for key in told}


def test_an_end_is_told_as_documented() -> None:
    """The same consent comes again, inactive, with when and why it ended."""
    written = write_end(ENDED)
    documented = example("consent-ended")
    for key in ("id", "identifier", "status", "patient", "dateTime", "extension"):
        assert written[key] == documented[key]
    check_ended(json.dumps(documented).encode(), ENDED)


@pytest.mark.parametrize(
    "consent",
    [
        GIVEN,
        replace(ENDED, payer_patient=None),
        replace(ENDED, ended_by=ConsentEnd.REPLACED),
        replace(ENDED, withdrawn_at=None),
    ],
)
def test_what_did_not_end_or_is_not_known_is_never_told_as_ended(consent: Consent) -> None:
    """A consent that lives, or that a newer one replaced, has no end to be told."""
    with pytest.raises(PayerProtocolError):
        write_end(consent)


@pytest.mark.parametrize(("key", "value"), [("status", "active"), ("identifier", [])])
def test_a_payer_that_keeps_it_open_is_told_apart(key: str, value: object) -> None:
    """Only the payer's word that this very consent is over counts."""
    resource = example("consent-ended") | {key: value}
    with pytest.raises(PayerProtocolError):
        check_ended(json.dumps(resource).encode(), ENDED)


@given(body=st.binary(max_size=64) | WILD.map(lambda value: json.dumps(value).encode()))
def test_wild_input_gives_only_our_errors(body: bytes) -> None:
    """Anything at all in place of a registration or an end is our error."""
    with pytest.raises(EligibilityError):
        read_consent_receipt(body, GIVEN, PATIENT)
    with pytest.raises(EligibilityError):
        check_ended(body, ENDED)
