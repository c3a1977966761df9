import html
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from eligibility.simulator.faults import FaultKind
from eligibility.simulator.wording import KINDS, WORDS
from tests.simulator.conftest import World
from tests.simulator.desk import START, Desk, code_of, extension

PATIENCE = 10.0


@pytest.fixture
def control(world: World) -> Iterator[httpx.Client]:
    """Return a client of the control port."""
    assert world.payer.control_url is not None
    with httpx.Client(base_url=world.payer.control_url, trust_env=False) as client:
        yield client


def test_down(world: World, desk: Desk) -> None:
    """The connection is closed without an answer; afterwards the same question is answered."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    world.payer.faults.set("down")
    with pytest.raises(httpx.TransportError):
        desk.sends(body)
    world.payer.faults.clear()
    assert desk.sends(body).status_code == 200


def test_stopped_and_started(world: World, desk: Desk) -> None:
    """Stopped, the port refuses; started again it is the same port with the same answers."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    first = desk.sends(body)
    port = world.payer.port
    world.payer.stop()
    try:
        with pytest.raises(httpx.TransportError):
            desk.sends(body)
    finally:
        world.payer.start()
    assert world.payer.port == port
    assert desk.sends(body).content == first.content


def test_unavailable(world: World, desk: Desk) -> None:
    """503 says when to come back."""
    world.payer.faults.set("unavailable", times=1)
    response = desk.http.get("metadata")
    assert response.status_code == 503
    assert code_of(response) == "unavailable"
    assert int(response.headers["retry-after"]) > 0
    assert desk.http.get("metadata").status_code == 200


def test_malformed(world: World, desk: Desk) -> None:
    """A broken answer is no JSON."""
    world.payer.faults.set("malformed")
    response = desk.http.get("metadata")
    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_another_patient(world: World, desk: Desk) -> None:
    """The answer names another certificate and another person than was asked about."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    world.payer.faults.set("another-patient")
    answer = desk.sends(body).json()
    assert extension(answer, "card-certificate")["valueIdentifier"]["value"] != card.serial
    patient = next(item for item in answer["contained"] if item["resourceType"] == "Patient")
    assert patient["name"][0]["text"] != "山田　健一"


def test_refuse(world: World, desk: Desk) -> None:
    """The payer may refuse for its own reasons."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    world.payer.faults.set("refuse")
    response = desk.sends(body)
    assert response.status_code == 422
    assert code_of(response) == "refused"


def test_queued_then_answered(world: World, desk: Desk) -> None:
    """A queued question has no results yet; the same question is answered later."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    world.payer.faults.set("queued", times=1)
    queued = desk.sends(body)
    assert queued.status_code == 200
    assert queued.json()["outcome"] == "queued"
    assert "insurance" not in queued.json()
    assert "reference" not in queued.json()["patient"]
    assert desk.sends(body).json()["outcome"] == "complete"


def test_partial(world: World, desk: Desk) -> None:
    """A partial answer says so."""
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    world.payer.faults.set("partial")
    assert desk.sends(body).json()["outcome"] == "partial"


def test_slow(world: World, desk: Desk) -> None:
    """A slow answer is held back, and comes when the fault is cleared."""
    world.payer.faults.set("slow", seconds=PATIENCE * 6, times=1)
    answers: list[int] = []
    asking = threading.Thread(
        target=lambda: answers.append(desk.http.get("metadata", timeout=PATIENCE).status_code)
    )
    asking.start()
    deadline = time.monotonic() + PATIENCE
    while world.payer.faults.current()[0] is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not answers
    world.payer.faults.clear()
    asking.join(PATIENCE)
    assert answers == [200]


def test_fault_of_one_path(world: World, desk: Desk) -> None:
    """A fault may concern one kind of request only."""
    world.payer.faults.set("unavailable", path="/Consent")
    assert desk.http.get("metadata").status_code == 200
    assert desk.registers({}).status_code == 503


def test_control(world: World, control: httpx.Client, desk: Desk) -> None:
    """The control port shows, switches and clears faults."""
    assert control.get("/faults").json() == {"kind": None}
    order = {"kind": "unavailable", "times": 1}
    assert control.put("/faults", json=order).json()["kind"] == "unavailable"
    assert desk.http.get("metadata").status_code == 503
    assert control.get("/faults").json() == {"kind": None}
    control.put("/faults", json={"kind": "malformed"})
    assert control.delete("/faults").json() == {"kind": None}


def test_control_forgets(world: World, control: httpx.Client, desk: Desk) -> None:
    """The control port can make the payer forget, as a restart does."""
    card = world.cards["ordinary"]
    evidence = desk.pin_evidence(card)
    control.post("/forget")
    assert code_of(desk.sends(desk.question(card, evidence))) == "challenge-unknown"


def test_control_revokes(world: World, control: httpx.Client, desk: Desk) -> None:
    """A card that is revoked at run time is refused from then on."""
    card = world.cards["several"]
    assert control.post("/revocations", json={"serial": "abc"}).status_code == 404
    assert control.post("/revocations", json={"serial": card.serial}).status_code == 200
    assert code_of(desk.asks_with_pin(card)) == "certificate-revoked"
    world.payer.payer.cards.restore(card.serial)


@pytest.mark.parametrize(
    "order",
    [
        b"",
        b"{",
        b'{"kind": "explode"}',
        b'{"kind": "slow", "seconds": -1}',
        b'{"kind": "slow", "times": 0}',
        b'{"kind": "slow", "more": 1}',
    ],
)
def test_control_refuses_nonsense(control: httpx.Client, order: bytes) -> None:
    """A wrong order changes nothing and says what is wrong."""
    response = control.put("/faults", content=order)
    assert response.status_code == 400
    assert response.json()["problem"]
    assert control.get("/faults").json() == {"kind": None}


def test_control_lists_requests_without_anything_about_people(
    world: World, control: httpx.Client, desk: Desk
) -> None:
    """The log names ids, codes and faults; the newest stands first; nothing of anybody is in it."""
    control.delete("/requests")
    card = world.cards["ordinary"]
    body = desk.question(card, desk.pin_evidence(card))
    world.payer.faults.set("unavailable", path="$submit", times=1)
    assert desk.sends(body).status_code == 503
    assert desk.sends(body).status_code == 200
    log = control.get("/requests").json()
    assert log["total"] == 3
    answered, refused, challenge = log["requests"]
    assert (answered["status"], answered["outcome"]) == (200, "complete")
    assert (refused["status"], refused["outcome"], refused["fault"]) == (
        503,
        "unavailable",
        "unavailable",
    )
    assert answered["question"] == refused["question"] == body["identifier"][0]["value"]
    assert challenge["path"] == "/fhir/$issue-challenge"
    assert "山田" not in json.dumps(log, ensure_ascii=False)


def test_control_sets_a_limit(world: World, control: httpx.Client, desk: Desk) -> None:
    """The limit is changed while the payer runs, and taken away again."""
    assert control.put("/limit", json={"requests_per_second": 0.001}).status_code == 200
    try:
        statuses = {desk.http.get("metadata").status_code for _ in range(3)}
    finally:
        control.put("/limit", json={"requests_per_second": None})
    assert statuses == {200, 429}
    assert desk.http.get("metadata").status_code == 200
    assert control.put("/limit", json={"requests_per_second": 0}).status_code == 400


def test_a_clock_ahead_shows_in_the_date(world: World, desk: Desk) -> None:
    """The payer's clock is what its answers are dated by."""
    world.payer.faults.set("clock-skew", seconds=-7200)
    answered = parsedate_to_datetime(desk.http.get("metadata").headers["date"])
    assert answered == (START - timedelta(hours=2)).replace(microsecond=0)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_control_has_a_page(control: httpx.Client, language: str) -> None:
    """The page offers every fault by name, from its own files only."""
    page = control.get("/", params={"lang": language})
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    for kind in FaultKind:
        label = KINDS[kind][language == "en"]
        assert f'<option value="{kind}">{label}</option>' in html.unescape(page.text)
    assert all(words in html.unescape(page.text) for words in WORDS[language].values())
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name in ("control.js", "control.css"):
        assert control.get(f"/static/{name}").status_code == 200
    assert WORDS["ja"].keys() == WORDS["en"].keys()


def test_the_page_may_order(control: httpx.Client) -> None:
    """An order from the page itself is taken."""
    own = {"Origin": str(control.base_url).rstrip("/")}
    assert control.put("/faults", json={"kind": "queued"}, headers=own).status_code == 200
    assert control.delete("/faults", headers=own).json() == {"kind": None}


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_control_refuses_browsers(control: httpx.Client, header: dict[str, str]) -> None:
    """A web page in a browser on this machine cannot switch faults."""
    response = control.put("/faults", json={"kind": "down"}, headers=header)
    assert response.status_code == 403
    assert control.get("/faults").json() == {"kind": None}


def test_control_switches_disaster_mode(control: httpx.Client) -> None:
    """An institution's code and a yes or no; nothing else is taken."""
    order: dict[str, object] = {"institution": "1310000003", "on": True}
    assert control.put("/disaster", json=order).json()["institutions"] == ["1310000003"]
    assert control.get("/disaster").json()["institutions"] == ["1310000003"]
    assert control.put("/disaster", json=order | {"on": False}).json()["institutions"] == []
    assert control.put("/disaster", json=order | {"institution": "1"}).status_code == 400
    assert control.put("/disaster", json=order | {"on": 1}).status_code == 400
