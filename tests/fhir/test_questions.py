"""What the desk asks, as the manual documents it."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.errors import (
    EligibilityError,
    PayerProtocolError,
)
from eligibility.fhir.questions import (
    check_capability,
    read_challenge,
    write_question,
)
from eligibility.model import CardSubject
from eligibility.payer import (
    CardQuestion,
    Challenge,
    ChallengeIssuer,
    HolderEvidence,
    IdentificationMethod,
    OwnKeyEvidence,
    ProofKind,
)
from tests.fhir.samples import EXAMPLES, INSTITUTION, WILD, example


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


def test_a_payer_of_another_profile_is_told_apart() -> None:
    """Only a server that names our profile is reachable as a payer."""
    check_capability((EXAMPLES / "capability-statement.json").read_bytes())
    with pytest.raises(PayerProtocolError, match="does not speak"):
        check_capability(b'{"resourceType": "CapabilityStatement", "instantiates": ["urn:x"]}')


@given(body=st.binary(max_size=64) | WILD.map(lambda value: json.dumps(value).encode()))
def test_wild_input_gives_only_our_errors(body: bytes) -> None:
    """Anything at all in place of a challenge or capability is our error."""
    for read in (
        read_challenge,
        check_capability,
    ):
        with pytest.raises(EligibilityError):
            read(body)
