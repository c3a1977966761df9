import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import httpx
import pytest
from fhir.resources.R4B.coverageeligibilityresponse import CoverageEligibilityResponse

from tests.simulator.conftest import World
from tests.simulator.desk import START, CardAuthority, Desk, changed, code_of, extension, validity

VALIDITIES = {
    "ordinary": ("1", 1),
    "elderly": ("1", 1),
    "child": ("1", 1),
    "job-change": ("2", 1),
    "newer-insurance": ("3", 1),
    "not-found": ("4", 0),
    "several": ("5", 0),
    "medical-assistance": ("6", 1),
    "insurance-and-assistance": ("1", 2),
    "replaced-character": ("1", 1),
    "limit-certificate": ("1", 1),
    "last-try": ("1", 1),
    "pin-blocked": ("1", 1),
    "expires-soon": ("1", 1),
    "expired": ("1", 1),
    "face-only": ("1", 1),
}


@pytest.mark.parametrize("persona", VALIDITIES)
def test_each_persona(world: World, desk: Desk, persona: str) -> None:
    """Each persona gets the answer of the story, valid as FHIR, about the card that asked."""
    card = world.cards[persona]
    body = desk.question(card, desk.pin_evidence(card))
    response = desk.sends(body)
    assert response.status_code == 200
    CoverageEligibilityResponse.model_validate_json(response.content)
    answer = response.json()
    code, results = VALIDITIES[persona]
    assert validity(answer) == code
    assert len(answer.get("insurance", [])) == results
    identifier = extension(answer, "card-certificate")["valueIdentifier"]
    assert identifier == body["contained"][0]["identifier"][0]
    assert answer["patient"]["identifier"] == identifier
    assert ("reference" in answer["patient"]) == (code not in {"4", "5"})
    assert answer["request"]["identifier"]["value"] == body["identifier"][0]["value"]
    assert answer["requestor"]["identifier"]["value"] == desk.institution
    in_force = {item["inforce"] for item in answer.get("insurance", [])}
    assert in_force == ({code in {"1", "6"}} if results else set())


def test_replaced_character(world: World, desk: Desk) -> None:
    """The payer writes ● for a character that its register does not hold."""
    answer = desk.asks_with_pin(world.cards["replaced-character"]).json()
    patient = next(item for item in answer["contained"] if item["resourceType"] == "Patient")
    assert [name["text"] for name in patient["name"]] == ["●橋　恵", "ﾀｶﾊｼ ﾒｸﾞﾐ"]


def test_limit_certificate(world: World, desk: Desk) -> None:
    """Ratio, elderly recipient's certificate and limit category are carried by their extensions."""
    answer = desk.asks_with_pin(world.cards["limit-certificate"]).json()
    coverage = next(item for item in answer["contained"] if item["resourceType"] == "Coverage")
    assert extension(coverage, "insured-partial-contribution-ratio")["valueString"] == "020"
    elderly = extension(coverage, "elderly-recipient-certificate")["extension"]
    assert {"url": "contribution-ratio", "valueString": "020"} in elderly
    limit = {item["url"]: item for item in extension(coverage, "limit-certificate")["extension"]}
    assert limit["category"]["valueCoding"]["code"] == "B05"
    assert limit["valid-start-date"]["valueDate"] == "2026-08-01"
    assert limit["valid-end-date"]["valueDate"] == "2027-07-31"


def test_same_question_has_one_answer(world: World, desk: Desk) -> None:
    """The same key and body are answered word for word the same, though the challenge is used."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    first = desk.sends(body)
    world.clock.moves_on(hours=30)
    assert desk.sends(body).content == first.content


def test_same_key_for_another_question(world: World, desk: Desk) -> None:
    """A key that was used for another body is refused, and answers nothing of the first."""
    card, other = world.cards["ordinary"], world.cards["elderly"]
    first = desk.question(card, desk.pin_evidence(card))
    desk.sends(first)
    second = desk.question(other, desk.pin_evidence(other), identifier=first["identifier"])
    response = desk.sends(second)
    assert response.status_code == 409
    assert code_of(response) == "idempotency-conflict"


def test_same_key_at_another_institution(world: World, desk: Desk, other_desk: Desk) -> None:
    """Keys of two institutions have nothing to do with each other."""
    card, other = world.cards["ordinary"], world.cards["elderly"]
    first = desk.question(card, desk.pin_evidence(card))
    desk.sends(first)
    second = other_desk.question(
        other, other_desk.pin_evidence(other), identifier=first["identifier"]
    )
    answer = other_desk.sends(second).json()
    assert extension(answer, "card-certificate")["valueIdentifier"]["value"] == other.serial


def test_challenge_is_accepted_once(world: World, desk: Desk) -> None:
    """A signature over a payer's challenge opens one question only."""
    card = world.cards["ordinary"]
    evidence = desk.pin_evidence(card)
    assert desk.sends(desk.question(card, evidence)).status_code == 200
    response = desk.sends(desk.question(card, evidence))
    assert response.status_code == 422
    assert code_of(response) == "challenge-used"


def test_desk_challenge_is_accepted_once(world: World, desk: Desk, other_desk: Desk) -> None:
    """A stored signature over a desk's challenge cannot be replayed, at any institution."""
    card = world.cards["ordinary"]
    evidence = desk.desk_evidence(card, START - timedelta(minutes=3))
    assert desk.sends(desk.question(card, evidence)).status_code == 200
    for replayer in (desk, other_desk):
        assert code_of(replayer.sends(replayer.question(card, evidence))) == "challenge-used"


@pytest.mark.parametrize(
    ("offset", "code"),
    [
        (timedelta(hours=-23, minutes=-59), None),
        (timedelta(hours=-24), "challenge-expired"),
        (timedelta(minutes=4), None),
        (timedelta(minutes=6), "challenge-expired"),
    ],
)
def test_age_of_desk_challenge(
    world: World, desk: Desk, offset: timedelta, code: str | None
) -> None:
    """A desk's challenge holds for 24 h; five minutes of clock difference are allowed."""
    card = world.cards["ordinary"]
    response = desk.sends(desk.question(card, desk.desk_evidence(card, START + offset)))
    assert response.status_code == (422 if code else 200)
    if code:
        assert code_of(response) == code


def test_desk_challenge_that_does_not_compute(world: World, desk: Desk) -> None:
    """A desk challenge of free choice is refused, though the signature over it is right."""
    card = world.cards["ordinary"]
    evidence = desk.desk_evidence(card, START, value=bytes(32))
    assert code_of(desk.sends(desk.question(card, evidence))) == "challenge-wrong"
    evidence = desk.desk_evidence(card, START, nonce=bytes(8))
    assert code_of(desk.sends(desk.question(card, evidence))) == "challenge-wrong"


def test_expired_challenge(world: World, desk: Desk) -> None:
    """A payer's challenge holds for 24 h."""
    card = world.cards["ordinary"]
    evidence = desk.pin_evidence(card)
    world.clock.moves_on(hours=24)
    assert code_of(desk.sends(desk.question(card, evidence))) == "challenge-expired"


def test_challenge_of_another_institution(world: World, desk: Desk, other_desk: Desk) -> None:
    """A challenge is for the institution that asked for it."""
    card = world.cards["ordinary"]
    evidence = other_desk.pin_evidence(card)
    assert code_of(desk.sends(desk.question(card, evidence))) == "challenge-unknown"


def test_restart_forgets_challenges(world: World, desk: Desk) -> None:
    """After a restart an old challenge is refused clearly, and a new one works."""
    card = world.cards["ordinary"]
    evidence = desk.pin_evidence(card)
    world.payer.payer.forget()
    assert code_of(desk.sends(desk.question(card, evidence))) == "challenge-unknown"
    assert desk.asks_with_pin(card).status_code == 200


def test_other_value_than_issued(world: World, desk: Desk) -> None:
    """Naming an issued challenge does not make another value acceptable."""
    card = world.cards["ordinary"]
    challenge = desk.gets_challenge()
    challenge["value"] = base64.b64encode(bytes(32)).decode()
    evidence = desk.pin_evidence(card, challenge)
    assert code_of(desk.sends(desk.question(card, evidence))) == "challenge-wrong"


def test_wrong_signature(world: World, desk: Desk) -> None:
    """A signature that was made by another key, or over something else, is refused."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    thief = CardAuthority("other").issues("p-0001")
    stolen = base64.b64encode(thief.signs(b"anything")).decode()
    response = desk.sends(changed(body, "signature", valueBase64Binary=stolen))
    assert response.status_code == 422
    assert code_of(response) == "signature-invalid"


def test_refused_question_may_be_repeated(world: World, desk: Desk) -> None:
    """A refusal uses up neither key nor challenge."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    broken = changed(body, "signature", valueBase64Binary="AAAA")
    assert code_of(desk.sends(broken)) == "signature-invalid"
    assert desk.sends(body).status_code == 200


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("long-expired", "certificate-expired"),
        ("not-yet", "certificate-not-yet-valid"),
        ("revoked", "certificate-revoked"),
        ("stranger", "certificate-unknown"),
    ],
)
def test_certificates_that_do_not_hold(world: World, desk: Desk, card: str, code: str) -> None:
    """The payer itself judges the certificate."""
    assert code_of(desk.asks_with_pin(world.cards[card])) == code


def test_certificate_of_another_authority(world: World, desk: Desk) -> None:
    """A certificate under a foreign authority with the same name is refused."""
    forged = CardAuthority("JPKI for user authentication").issues("p-0001")
    assert code_of(desk.asks_with_pin(forged)) == "certificate-untrusted"


def test_unlisted_certificate(world: World, desk: Desk) -> None:
    """A certificate that was signed but never issued to anybody is refused."""
    assert code_of(desk.asks_with_pin(world.authority.issues("p-0001"))) == "certificate-unknown"


def test_certificate_of_somebody_else(world: World, desk: Desk) -> None:
    """The certificate in the body must be the one that it names."""
    card, other = world.cards["ordinary"], world.cards["elderly"]
    body = desk.question(card, desk.pin_evidence(card))
    body["extension"][0]["valueBase64Binary"] = base64.b64encode(other.der).decode()
    response = desk.sends(body)
    assert response.status_code == 400
    assert code_of(response) == "certificate-mismatch"


def test_body_of_another_institution(world: World, desk: Desk) -> None:
    """A body cannot speak for another institution than the client certificate's."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    body["contained"][1]["identifier"][0]["value"] = "1310000011"
    response = desk.sends(body)
    assert response.status_code == 403
    assert code_of(response) == "institution-mismatch"


@pytest.mark.parametrize(
    ("method", "proof", "accepted"),
    [
        ("staff-visual", "certificate-only", True),
        ("face", "certificate-only", True),
        ("pin", "certificate-only", False),
        ("none", "certificate-only", False),
        ("payer-asserted", "certificate-only", False),
        ("pin", "none", False),
        ("none", "none", False),
    ],
)
def test_unsigned_proofs(world: World, desk: Desk, method: str, proof: str, accepted: bool) -> None:
    """Without a signature only a look (by staff or by face) is accepted, and only on the card."""
    card = world.cards["ordinary"]
    response = desk.sends(desk.question(card, desk.evidence(method, proof)))
    if accepted:
        assert response.status_code == 200
    else:
        assert code_of(response) == "proof-insufficient"


def _without(field: str) -> Any:
    def change(body: dict[str, Any]) -> None:
        del body[field]

    return change


def _evidence_without(part: str) -> Any:
    def change(body: dict[str, Any]) -> None:
        parts = body["extension"][1]["extension"]
        parts[:] = [item for item in parts if item["url"] != part]

    return change


def _twice(body: dict[str, Any]) -> None:
    parts = body["extension"][1]["extension"]
    parts.append({"url": "method", "valueCode": "face"})


def _two_holders(body: dict[str, Any]) -> None:
    body["contained"].append(body["contained"][0])


def _served(day: Any) -> Any:
    def change(body: dict[str, Any]) -> None:
        body["servicedDate"] = day

    return change


@pytest.mark.parametrize(
    "change",
    [
        *map(_without, ["contained", "extension", "identifier", "patient", "servicedDate"]),
        *map(
            _evidence_without,
            [
                "method",
                "proof",
                "identified-at",
                "challenge-value",
                "signature",
                "challenge-issuer",
            ],
        ),
        _twice,
        _two_holders,
        _served("2026-01-01"),
        _served("2026-12-31"),
        _served(20261124),
        _served("9999-99-99"),
    ],
)
def test_malformed_questions(world: World, desk: Desk, change: Any) -> None:
    """A question that is not formed as the profile says is refused as such."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    change(body)
    response = desk.sends(body, key="q-1") if "identifier" not in body else desk.sends(body)
    assert response.status_code == 400
    assert code_of(response) == "request-invalid"


@pytest.mark.parametrize("key", ["", "another", "x" * 101, "with space"])
def test_idempotency_key(world: World, desk: Desk, key: str) -> None:
    """The header must be the question's own id."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    response = desk.http.post(
        "CoverageEligibilityRequest/$submit", json=body, headers={"Idempotency-Key": key}
    )
    assert code_of(response) == "request-invalid"


def _at_once(world: World, bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    """Send all questions at the same moment, each from a connection of its own."""
    ready = Barrier(len(bodies))

    def send(body: dict[str, Any]) -> httpx.Response:
        desk = world.desk()
        with desk.http:
            desk.gets_challenge()
            ready.wait(timeout=30)
            return desk.sends(body)

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))


def test_same_question_at_once(world: World, desk: Desk) -> None:
    """A question that arrives several times at the same moment has one answer."""
    card = world.cards["ordinary"]
    responses = _at_once(world, [desk.question(card, desk.pin_evidence(card))] * 6)
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1


def test_same_challenge_at_once(world: World, desk: Desk) -> None:
    """Of several questions over one challenge at the same moment exactly one is answered."""
    card = world.cards["ordinary"]
    evidence = desk.pin_evidence(card)
    responses = _at_once(world, [desk.question(card, evidence) for _ in range(6)])
    assert sorted(response.status_code for response in responses) == [200] + [422] * 5


def test_same_key_for_two_questions_at_once(world: World, desk: Desk) -> None:
    """Of two questions under one key exactly one is answered, and never with the other's."""
    bodies = []
    for persona in ("ordinary", "elderly"):
        card = world.cards[persona]
        identifier = [{"system": "urn:eligibility-terminal:fhir:id:question", "value": "q-1"}]
        bodies.append(desk.question(card, desk.pin_evidence(card), identifier=identifier))
    responses = _at_once(world, bodies)
    assert sorted(response.status_code for response in responses) == [200, 409]
    for body, response in zip(bodies, responses, strict=True):
        if response.status_code == 200:
            answered = extension(response.json(), "card-certificate")["valueIdentifier"]
            assert answered == body["contained"][0]["identifier"][0]
