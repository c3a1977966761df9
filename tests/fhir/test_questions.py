"""What the desk sends: questions and consents as the manual documents them."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import ConsentCategory
from eligibility.errors import (
    AnswerForAnotherPersonError,
    EligibilityError,
    PayerProtocolError,
)
from eligibility.fhir.questions import (
    check_capability,
    read_challenge,
    read_consent_receipt,
    write_consent,
    write_question,
)
from eligibility.model import CardSubject, ConsentDecision
from eligibility.payer import (
    CardQuestion,
    Challenge,
    ChallengeIssuer,
    HolderEvidence,
    IdentificationMethod,
    OwnKeyEvidence,
    ProofKind,
)
from tests.fhir.samples import EXAMPLES, INSTITUTION, NOW, PATIENT, WILD, damaged, example

YES, NO, NOT_ASKED = ConsentDecision.YES, ConsentDecision.NO, ConsentDecision.NOT_ASKED
DECISIONS = {
    ConsentCategory.YZK: YES,
    ConsentCategory.SRJ: YES,
    ConsentCategory.TKK: NO,
    ConsentCategory.SHJ: NOT_ASKED,
}


def _parts(request: Any) -> dict[str, Any]:
    (evidence,) = (one for one in request["extension"] if "extension" in one)
    return {
        part["url"]: next(value for key, value in part.items() if key != "url")
        for part in evidence["extension"]
    }


def _own_key_of(parts: dict[str, Any]) -> OwnKeyEvidence | None:
    if "cv-certificate" not in parts:
        return None
    return OwnKeyEvidence(
        *(
            b64decode(parts[name])
            for name in (
                "cv-certificate",
                "record-key-group",
                "record-pictures-digest",
                "record-photo-digest",
                "record-signature",
            )
        )
    )


def _question_of(request: Any) -> CardQuestion:
    """Return the question that a documented request stands for, read by hand."""
    parts = _parts(request)
    identifier = request["contained"][0]["identifier"][0]
    challenge = None
    if "challenge-value" in parts:
        challenge = Challenge(
            b64decode(parts["challenge-value"]),
            ChallengeIssuer(parts["challenge-issuer"]),
            datetime.fromisoformat(parts["challenge-issued-at"]),
            parts["challenge-reference"],
            parts.get("desk-id"),
            b64decode(parts["nonce"]) if "nonce" in parts else None,
        )
    return CardQuestion(
        id=request["identifier"][0]["value"],
        certificate=b64decode(request["extension"][0]["valueBase64Binary"]),
        subject=CardSubject(identifier["assigner"]["display"], identifier["value"]),
        evidence=HolderEvidence(
            IdentificationMethod(parts["method"]),
            ProofKind(parts["proof"]),
            datetime.fromisoformat(parts["identified-at"]),
            challenge,
            b64decode(parts["signature"]) if "signature" in parts else None,
            _own_key_of(parts),
        ),
        qualification_confirmation_date=date.fromisoformat(request["servicedDate"]),
    )


@pytest.mark.parametrize(
    "name",
    [
        "question-payer-challenge",
        "question-desk-challenge",
        "question-staff-visual",
        "question-own-key",
    ],
)
def test_a_question_is_written_as_documented(name: str) -> None:
    """The request for a documented question is the documented request, element by element."""
    request = example(name)
    assert write_question(_question_of(request), INSTITUTION) == request


def test_what_was_not_proved_is_said() -> None:
    """Without an identified holder the payer is told that as well."""
    question = _question_of(example("question-own-key"))
    evidence = replace(question.evidence, method=IdentificationMethod.NONE)
    request = write_question(replace(question, evidence=evidence), None)
    (parts,) = (one["extension"] for one in request["extension"] if "extension" in one)
    said = [one["valueCode"] for one in parts if one["url"] == "not-proved"]
    assert said == ["certificate-key", "holder"]


def test_without_an_institution_none_is_named() -> None:
    """The institution in the body is optional; the client certificate names it anyway."""
    request = write_question(_question_of(example("question-staff-visual")), None)
    assert "provider" not in request
    assert [one["id"] for one in request["contained"]] == ["holder"]


def test_local_times_are_sent_in_utc() -> None:
    """A moment in any zone is the same instant on the wire."""
    question = _question_of(example("question-staff-visual"))
    zone = datetime(2026, 11, 24, tzinfo=UTC).astimezone().tzinfo
    local = replace(
        question,
        evidence=replace(
            question.evidence, identified_at=question.evidence.identified_at.astimezone(zone)
        ),
    )
    assert write_question(local, None) == write_question(question, None)


def test_the_documented_challenge_is_read() -> None:
    """A payer's challenge has its reference, its time and 32 bytes."""
    challenge = read_challenge((EXAMPLES / "challenge.json").read_bytes())
    assert challenge.issuer is ChallengeIssuer.PAYER
    assert challenge.reference == "ch-3f9a51c07e"
    assert len(challenge.value) == 32
    assert challenge.issued_at == datetime(2026, 11, 24, 1, 1, 43, 456000, tzinfo=UTC)


@pytest.mark.parametrize("value", ["", "AAAA", "not base64", None, 7])
def test_a_challenge_of_another_form_is_not_signed(value: object) -> None:
    """Only 32 bytes are a challenge: the card signs nothing else for a payer."""
    resource = example("challenge")
    resource["parameter"][1]["valueBase64Binary"] = value
    with pytest.raises(PayerProtocolError):
        read_challenge(json.dumps(resource).encode())


def test_a_consent_is_written_as_documented() -> None:
    """What was answered is sent, what was not asked is left out, and no is the rule."""
    written = write_consent("c-01JDEXAMPLE0001", PATIENT, DECISIONS, NOW)
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
    written = write_consent("c-1", PATIENT, decisions, NOW)
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
    return read_consent_receipt(
        json.dumps(resource).encode(), "c-01JDEXAMPLE0001", PATIENT, DECISIONS
    )


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


def test_a_payer_of_another_profile_is_told_apart() -> None:
    """Only a server that names our profile is reachable as a payer."""
    check_capability((EXAMPLES / "capability-statement.json").read_bytes())
    with pytest.raises(PayerProtocolError, match="does not speak"):
        check_capability(b'{"resourceType": "CapabilityStatement", "instantiates": ["urn:x"]}')


@given(body=st.binary(max_size=64) | WILD.map(lambda value: json.dumps(value).encode()))
def test_wild_input_gives_only_our_errors(body: bytes) -> None:
    """Anything at all in place of a challenge, registration or capability is our error."""
    for read in (
        read_challenge,
        check_capability,
        lambda one: read_consent_receipt(one, "c-1", PATIENT, DECISIONS),
    ):
        with pytest.raises(EligibilityError):
            read(body)


@given(data=st.data())
def test_a_damaged_registration_never_opens_more(data: st.DataObject) -> None:
    """One changed value anywhere: our error, or a receipt of what was said."""
    body = data.draw(damaged(example("consent-registered")))
    try:
        receipt = read_consent_receipt(body, "c-01JDEXAMPLE0001", PATIENT, DECISIONS)
    except EligibilityError:
        return
    assert receipt.payer_ref
    assert receipt.available_until.tzinfo is not None
