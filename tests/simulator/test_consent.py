from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from tests.simulator.conftest import World
from tests.simulator.desk import Desk, code_of

CATEGORIES = {
    "MedicationDispense": "YZK",
    "MedicationRequest": "YZK",
    "Procedure": "SRJ",
    "Condition": "SHJ",
    "Observation": "TKK",
}
SEARCHES = {"Procedure": {"category": "urn:eligibility-terminal:fhir:cs:OQSCD036|SRJ"}}
RESOURCES = sorted(CATEGORIES)


def assert_closed(desk: Desk, patient: str, *resources: str) -> None:
    """Assert that none of these resources can be read."""
    for resource in resources:
        response = desk.reads(resource, patient, **SEARCHES.get(resource, {}))
        assert response.status_code == 403
        assert code_of(response) == "consent-missing"


def whole(desk: Desk, resource: str, patient: str, count: int) -> list[dict[str, Any]]:
    """Follow the pages and return all resources."""
    found: list[dict[str, Any]] = []
    response = desk.reads(resource, patient, _count=count, **SEARCHES.get(resource, {}))
    while True:
        assert response.status_code == 200, response.text
        get_fhir_model_class("Bundle").model_validate_json(response.content)
        page = response.json()
        entries = page.get("entry", [])
        assert len(entries) <= count
        found += [entry["resource"] for entry in entries]
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        if not following:
            assert len(found) == page["total"]
            return found
        response = desk.http.get(following[0])


def test_no_history_without_consent(world: World, desk: Desk) -> None:
    """Being identified opens nothing."""
    patient = desk.identifies(world.cards["elderly"])
    assert_closed(desk, patient, *RESOURCES)


@pytest.mark.parametrize("resource", RESOURCES)
def test_consent_opens_its_category_only(world: World, desk: Desk, resource: str) -> None:
    """A permitted category can be read page by page; the others stay closed."""
    patient = desk.identifies(world.cards["elderly"])
    category = CATEGORIES[resource]
    response = desk.registers(desk.consent(patient, **{category: "permit"}))
    assert response.status_code == 201
    found = whole(desk, resource, patient, 40)
    assert len(found) > 20
    assert {item["subject"]["reference"] for item in found} == {patient}
    assert len({item["id"] for item in found}) == len(found)
    assert_closed(desk, patient, *(other for other in RESOURCES if CATEGORIES[other] != category))


def test_registered_consent(world: World, desk: Desk) -> None:
    """The payer names its own id and an end 24 h after the consent was given."""
    patient = desk.identifies(world.cards["ordinary"])
    consent = desk.consent(patient, YZK="permit", TKK="deny")
    world.clock.moves_on(minutes=2)
    response = desk.registers(consent)
    get_fhir_model_class("Consent").model_validate_json(response.content)
    registered = response.json()
    assert registered["provision"]["period"] == {
        "start": "2026-11-24T01:00:00.250Z",
        "end": "2026-11-25T01:00:00.250Z",
    }
    assert response.headers["location"].endswith(f"/Consent/{registered['id']}")
    assert registered["identifier"] == consent["identifier"]


def test_consent_is_idempotent(world: World, desk: Desk) -> None:
    """The same consent again is the same registration; other content under its id is refused."""
    patient = desk.identifies(world.cards["ordinary"])
    consent = desk.consent(patient, YZK="permit")
    first = desk.registers(consent)
    world.clock.moves_on(hours=30)
    again = desk.registers(consent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    other = desk.consent(patient, YZK="deny") | {"identifier": consent["identifier"]}
    response = desk.registers(other)
    assert response.status_code == 409
    assert code_of(response) == "consent-conflict"


def test_consent_ends(world: World, desk: Desk) -> None:
    """After 24 h the consent is over, to the millisecond, also for a page in between."""
    patient = desk.identifies(world.cards["elderly"])
    desk.registers(desk.consent(patient, YZK="permit"))
    page = desk.reads("MedicationDispense", patient, _count=5).json()
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    world.clock.moves_on(hours=23, minutes=59, seconds=59, milliseconds=999)
    assert desk.http.get(following).status_code == 200
    world.clock.moves_on(milliseconds=1)
    assert_closed(desk, patient, "MedicationDispense")
    assert code_of(desk.http.get(following)) == "consent-missing"


def test_refused_category_stays_closed(world: World, desk: Desk) -> None:
    """A denied category opens nothing, and neither does one that was not asked."""
    patient = desk.identifies(world.cards["elderly"])
    desk.registers(desk.consent(patient, YZK="deny"))
    assert_closed(desk, patient, *RESOURCES)


def test_later_refusal_closes(world: World, desk: Desk) -> None:
    """The newest answer about a category decides it; what it does not speak of stays as it was."""
    patient = desk.identifies(world.cards["elderly"])
    desk.registers(desk.consent(patient, YZK="permit", TKK="permit"))
    world.clock.moves_on(hours=1)
    desk.registers(desk.consent(patient, YZK="deny"))
    assert_closed(desk, patient, "MedicationDispense")
    assert desk.reads("Observation", patient).status_code == 200


def ended(desk: Desk, registered: dict[str, Any], at: str, **changes: Any) -> Any:
    """Tell the payer that a registered consent was withdrawn at a moment."""
    system = "urn:eligibility-terminal:fhir"
    reason = {"system": f"{system}:cs:OQSCD031", "code": "2"}
    end = {
        "url": f"{system}:ext:consent-end",
        "extension": [{"url": "reason", "valueCoding": reason}, {"url": "at", "valueInstant": at}],
    }
    body = registered | {"status": "inactive", "extension": [end]} | changes
    return desk.http.put(f"Consent/{registered['id']}", json=body)


def test_an_end_closes_also_what_an_earlier_consent_opened(world: World, desk: Desk) -> None:
    """A withdrawal is the patient's latest word: no older yes comes back behind it."""
    patient = desk.identifies(world.cards["elderly"])
    desk.registers(desk.consent(patient, YZK="permit"))
    world.clock.moves_on(hours=1)
    registered = desk.registers(desk.consent(patient, YZK="permit")).json()
    world.clock.moves_on(minutes=1)
    response = ended(desk, registered, "2026-11-24T02:01:00.250Z")
    assert response.json()["status"] == "inactive"
    get_fhir_model_class("Consent").model_validate_json(response.content)
    assert_closed(desk, patient, "MedicationDispense")
    assert ended(desk, registered, "2026-11-24T02:01:00.250Z").content == response.content
    world.clock.moves_on(minutes=1)
    desk.registers(desk.consent(patient, YZK="permit"))
    assert desk.reads("MedicationDispense", patient).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "active"}, "request-invalid"),
        ({"extension": []}, "request-invalid"),
        ({"dateTime": "2026-11-24T00:59:00.000Z"}, "consent-conflict"),
        ({"id": "pc-other"}, "not-found"),
    ],
)
def test_an_end_of_another_consent_ends_nothing(
    world: World, desk: Desk, changes: dict[str, Any], code: str
) -> None:
    """Only the very consent that was registered can be ended, and only with when and why."""
    patient = desk.identifies(world.cards["elderly"])
    registered = desk.registers(desk.consent(patient, YZK="permit")).json()
    ref = {"id": changes["id"]} if "id" in changes else {}
    response = ended(desk, registered | ref, "2026-11-24T01:10:00.000Z", **changes)
    assert code_of(response) == code
    assert desk.reads("MedicationDispense", patient).status_code == 200


def test_the_chosen_prescription_is_echoed(world: World, desk: Desk) -> None:
    """The form of prescription that came with a consent stands in the next answer."""
    card = world.cards["elderly"]
    patient = desk.identifies(card)
    system = "urn:eligibility-terminal:fhir"
    chosen = {"system": f"{system}:cs:OQSCD017", "code": "2"}
    extension = {"url": f"{system}:ext:prescription-issue-select", "valueCoding": chosen}
    desk.registers(desk.consent(patient, YZK="deny") | {"extension": [extension]})
    told = desk.asks_with_pin(card).json()["extension"]
    assert [one["valueCoding"]["code"] for one in told if one["url"] == extension["url"]] == ["2"]


def test_a_giver_is_told_for_the_same_patient(world: World, desk: Desk) -> None:
    """A parent gives a child's consent; a giver of another patient is refused."""
    patient = desk.identifies(world.cards["elderly"])
    relation = {"system": "urn:eligibility-terminal:fhir:cs:acting-for", "code": "parent"}
    giver = {
        "resourceType": "RelatedPerson",
        "id": "giver",
        "patient": {"reference": patient},
        "relationship": [{"coding": [relation]}],
    }
    by_parent = {"contained": [giver], "performer": [{"reference": "#giver"}]}
    response = desk.registers(desk.consent(patient, YZK="permit") | by_parent)
    assert response.status_code == 201
    get_fhir_model_class("Consent").model_validate_json(response.content)
    for wrong in (
        {**by_parent, "contained": [giver | {"patient": {"reference": "Patient/pt-OTHER"}}]},
        {"performer": by_parent["performer"]},
        {"contained": by_parent["contained"]},
    ):
        response = desk.registers(desk.consent(patient, YZK="permit") | wrong)
        assert code_of(response) == "request-invalid"


def test_consent_of_another_institution(world: World, desk: Desk, other_desk: Desk) -> None:
    """A consent given at one institution opens nothing at another."""
    card = world.cards["elderly"]
    patient = desk.identifies(card)
    desk.registers(desk.consent(patient, YZK="permit"))
    other_desk.identifies(card)
    assert_closed(other_desk, patient, "MedicationDispense")


def test_consent_for_another_patient(world: World, desk: Desk) -> None:
    """One patient's consent opens nothing of another's."""
    patient = desk.identifies(world.cards["elderly"])
    other = desk.identifies(world.cards["ordinary"])
    desk.registers(desk.consent(patient, YZK="permit"))
    assert_closed(desk, other, "MedicationDispense")


def test_consent_needs_identification(world: World, desk: Desk, other_desk: Desk) -> None:
    """Only the institution that identified the holder may register a consent."""
    patient = desk.identifies(world.cards["elderly"])
    response = other_desk.registers(other_desk.consent(patient, YZK="permit"))
    assert response.status_code == 403
    assert code_of(response) == "identification-missing"


def test_identification_is_of_today(world: World, desk: Desk) -> None:
    """An identification of yesterday does not carry a consent."""
    patient = desk.identifies(world.cards["elderly"])
    world.clock.moves_on(hours=24)
    response = desk.registers(desk.consent(patient, YZK="permit"))
    assert code_of(response) == "identification-missing"


def test_restart_forgets_consents(world: World, desk: Desk) -> None:
    """After a restart history is closed and the refusals say why."""
    patient = desk.identifies(world.cards["elderly"])
    consent = desk.consent(patient, YZK="permit")
    desk.registers(consent)
    world.payer.payer.forget()
    assert_closed(desk, patient, "MedicationDispense")
    assert code_of(desk.registers(consent)) == "identification-missing"


@pytest.mark.parametrize(
    ("card", "method", "proof", "opens"),
    [
        ("face-only", "staff-visual", "certificate-only", True),
        ("face-only", "face", "certificate-only", False),
        ("in-grace", "staff-visual", "certificate-only", False),
    ],
)
def test_what_a_proof_opens(
    world: World, desk: Desk, card: str, method: str, proof: str, opens: bool
) -> None:
    """Staff's look carries consent; a face without signature and an expired certificate do not."""
    body = desk.question(world.cards[card], desk.evidence(method, proof))
    answer = desk.sends(body).json()
    response = desk.registers(desk.consent(answer["patient"]["reference"], YZK="permit"))
    if opens:
        assert response.status_code == 201
    else:
        assert code_of(response) == "identification-missing"


def test_expired_certificate_gives_eligibility_only(world: World, desk: Desk) -> None:
    """In the three months of grace the PIN still gives eligibility, but no consent."""
    patient = desk.identifies(world.cards["in-grace"])
    response = desk.registers(desk.consent(patient, YZK="permit"))
    assert code_of(response) == "identification-missing"


@pytest.mark.parametrize(
    ("patient", "status", "code"),
    [
        ("", 400, "request-invalid"),
        ("pt-NOBODY", 400, "request-invalid"),
        ("Group/1", 400, "request-invalid"),
        ("Patient/pt-NOBODY", 404, "patient-unknown"),
    ],
)
def test_unknown_patient(desk: Desk, patient: str, status: int, code: str) -> None:
    """History needs a patient that the payer knows."""
    response = desk.reads("Observation", patient)
    assert response.status_code == status
    assert code_of(response) == code


@pytest.mark.parametrize("count", ["0", "201", "-1", "x", "1e9", "１"])
def test_page_size(world: World, desk: Desk, count: str) -> None:
    """A page has 1 to 200 entries."""
    patient = desk.identifies(world.cards["ordinary"])
    desk.registers(desk.consent(patient, TKK="permit"))
    assert code_of(desk.reads("Observation", patient, _count=count)) == "request-invalid"


@pytest.mark.parametrize(("minutes", "hours"), [(6, 0), (0, -24)])
def test_time_of_consent(world: World, desk: Desk, minutes: int, hours: int) -> None:
    """A consent of the future or of yesterday is not registered."""
    patient = desk.identifies(world.cards["ordinary"])
    world.clock.moves_on(minutes=minutes, hours=hours)
    consent = desk.consent(patient, TKK="permit")
    world.clock.moves_on(minutes=-minutes, hours=-hours)
    assert code_of(desk.registers(consent)) == "request-invalid"


@pytest.mark.parametrize(
    "provision",
    [
        {"type": "permit"},
        {"type": "deny", "provision": [{"type": "permit", "code": []}]},
        {
            "type": "deny",
            "provision": [{"type": "permit", "code": [{"coding": [{"system": "x", "code": "y"}]}]}],
        },
    ],
)
def test_malformed_consent(world: World, desk: Desk, provision: dict[str, Any]) -> None:
    """A consent that permits by default, or an unnamed category, is refused."""
    patient = desk.identifies(world.cards["ordinary"])
    consent = desk.consent(patient) | {"provision": provision}
    assert code_of(desk.registers(consent)) == "request-invalid"


def test_category_twice(world: World, desk: Desk) -> None:
    """A category that is both permitted and denied is refused, not decided by order."""
    patient = desk.identifies(world.cards["ordinary"])
    consent = desk.consent(patient, YZK="permit")
    denied = desk.consent(patient, YZK="deny")
    consent["provision"]["provision"] += denied["provision"]["provision"]
    assert code_of(desk.registers(consent)) == "request-invalid"
