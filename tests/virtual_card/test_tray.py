"""The tray by HTTP as scripts and the page use it, and in a real browser."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from terminal.errors import PortInUseError
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.issuing import load
from terminal.virtual_card.server import HOST, TrayServer, create_app
from terminal.virtual_card.tray import Tray
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.ports import free_port
from tests.virtual_card.commands import send, verify
from tests.virtual_card.parts import PIN, people, wait_until


@dataclass
class Control:
    """A script at the tray."""

    port: int
    tray: Tray

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, Any, http.client.HTTPMessage]:
        """Send a request; return status, JSON or text, headers."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        content = None if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None:
            named.setdefault("Content-Type", "application/json")
        connection.request(method, path, content, named)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, json.loads(text) if is_json else text, response.headers

    def post(self, path: str, body: object) -> Any:
        """POST JSON; return the new state."""
        status, state, _ = self.ask("POST", path, body)
        assert status == 200
        return state

    def state(self) -> Any:
        """The present state."""
        return self.ask("GET", "/state")[1]


@pytest.fixture(scope="module")
def served(cards: Path, first_slot: VirtualCardSlot) -> Iterator[Control]:
    """A tray with all cards on the daemon's first slot, served."""
    port = free_port()
    tray = Tray(load(cards), first_slot)
    server = TrayServer(tray, port)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield Control(port, tray)
    server.stop()
    thread.join()


@pytest.fixture
def control(served: Control, slot: VirtualCardSlot) -> Control:
    """The tray with all cards as they were issued, none on the reader."""
    for item in served.tray.cards:
        item.card.reissue()
        item.card.trace.clear()
    return served


def test_putting_swapping_and_taking_cards(control: Control) -> None:
    """insert puts a card, another insert swaps it, remove takes it; the state follows."""
    assert control.state()["on_reader"] is None
    assert control.post("/insert", {"card": "normal"})["on_reader"] == "normal"
    wait_until(lambda: control.state()["reader_connected"], "the reader has the card")
    assert control.post("/insert", {"card": "last-try"})["on_reader"] == "last-try"
    assert control.post("/remove", {})["on_reader"] is None
    assert control.post("/remove", {})["on_reader"] is None


def test_state_lists_every_card_with_story_and_tries(control: Control) -> None:
    """All people in their order, then the other cards; tries are the card's own."""
    listed = control.state()["cards"]
    personas = [person.persona for person in people()]
    others = ["driving-licence", "residence-card", "transit-card", "bank-card", "passport"]
    assert [item["slug"] for item in listed] == [*personas, *others, "mute-card"]
    by_slug = {item["slug"]: item for item in listed}
    assert by_slug["last-try"]["pin_tries_left"] == 1
    assert by_slug["pin-blocked"]["pin_tries_left"] == 0
    assert by_slug["mute-card"]["pin_tries_left"] is None
    assert by_slug["normal"]["story"] == {"ja": "試験のための人です。", "en": "Somebody for tests."}


def test_tries_are_seen_and_reset_restores_them(cards: Path, control: Control) -> None:
    """A wrong PIN shows in the state; reset gives back the tries of the issue."""
    card = next(item.card for item in control.tray.cards if item.slug == "normal")
    for command in ("00A4040C0AD392F000260100000001", "002000980430303030"):
        card.transmit(bytes.fromhex(command))

    def tries(state: Any) -> int:
        found = next(item for item in state["cards"] if item["slug"] == "normal")
        return int(found["pin_tries_left"])

    assert tries(control.state()) == 2
    assert tries(control.post("/reset", {"card": "normal"})) == 3


def test_trace_tells_commands_without_pins(control: Control) -> None:
    """The trace of one card or of all, with PIN data cut."""
    card = next(item.card for item in control.tray.cards if item.slug == "normal")
    card.transmit(bytes.fromhex("00A4040C0AD392F000260100000001"))
    card.transmit(b"\x00\x20\x00\x98\x04" + PIN)
    status, told, _ = control.ask("GET", "/trace?card=normal")
    assert status == 200
    last = told["normal"][-1]
    assert last["number"] == told["normal"][-2]["number"] + 1
    del last["number"]
    assert last == {
        "command": "00200098+5",
        "target": "jpki/0018",
        "sw": 0x9000,
        "length": 0,
    }
    everything = control.ask("GET", "/trace")[1]
    assert len(everything) == len(control.tray.cards)
    assert PIN.hex() not in json.dumps(everything)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/insert", {"card": "normal"}, {"Origin": "http://evil.example"}, 403),
        ("POST", "/insert", {"card": "normal"}, {"Origin": "null"}, 403),
        ("POST", "/insert", {"card": "normal"}, {"Host": "evil.example"}, 403),
        ("GET", "/state", None, {"Host": "localhost"}, 403),
        ("POST", "/insert", {"card": "normal"}, {"Content_Type": "text/plain"}, 400),
        ("POST", "/insert", {"card": "nobody"}, {}, 404),
        ("POST", "/insert", {"card": 1}, {}, 400),
        ("POST", "/insert", ["normal"], {}, 400),
        ("POST", "/reset", {}, {}, 400),
        ("POST", "/insert", {"card": "x" * 5000}, {}, 413),
        ("GET", "/insert", None, {}, 405),
        ("GET", "/trace?card=nobody", None, {}, 404),
        ("GET", "/nothing", None, {}, 404),
    ],
)
def test_what_is_refused_changes_nothing(
    control: Control,
    method: str,
    path: str,
    body: object,
    headers: dict[str, str],
    status: int,
) -> None:
    """Foreign pages, foreign names and wrong bodies get an error in JSON and move no card."""
    got, answer, _ = control.ask(method, path, body, **headers)
    assert got == status
    assert answer["error"]
    assert control.state()["on_reader"] is None


def test_only_a_tray_with_a_camera_asks_who_stands_there(
    cards: Path, slot: VirtualCardSlot
) -> None:
    """It tells its choice to whoever draws them, says what that proves, and takes no other."""
    personas = load(cards)
    tray = Tray(personas, slot, ("normal",))
    client = create_app(tray, 8601).test_client()
    host = {"Host": f"{HOST}:8601"}
    assert client.get("/state", headers=host).get_json()["before_camera"] == "same"
    for who, status in (("print", 200), ("somebody", 400), (None, 400)):
        answer = client.post("/before-camera", json={"who": who}, headers=host)
        assert answer.status_code == status
    assert client.get("/state", headers=host).get_json()["before_camera"] == "print"
    assert "not how accurate the check is" in client.get("/?lang=en", headers=host).text
    bare = create_app(Tray(personas, slot), 8601).test_client()
    assert bare.get("/state", headers=host).get_json()["before_camera"] is None
    assert bare.post("/before-camera", json={"who": "same"}, headers=host).status_code == 400
    assert "before-camera" not in bare.get("/", headers=host).text


def test_every_answer_carries_the_protecting_headers(control: Control) -> None:
    """Strict CSP, nosniff, no-store on page, JSON, static files and errors."""
    for path in ("/", "/state", "/static/tray.js", "/nothing"):
        headers = control.ask("GET", path)[2]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_a_taken_port_is_said(control: Control, slot: VirtualCardSlot) -> None:
    """A second tray on the same port raises PortInUseError with the address."""
    with pytest.raises(PortInUseError, match=f"{HOST}:{control.port}"):
        TrayServer(Tray([], slot), control.port)


@pytest.fixture
def page(chromium: Browser, control: Control) -> Iterator[Page]:
    """The tray's page."""
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"http://{HOST}:{control.port}/")
    yield page
    page.close()


@pytest.mark.browser
def test_a_card_is_put_and_taken_by_keyboard(page: Page, control: Control) -> None:
    """Enter on a card's button puts it, again takes it; the page says so and keeps the focus."""
    tile = page.locator("[data-slug='normal']")
    button = tile.get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".now")).to_have_text("試験 花子")
    expect(page.get_by_role("status")).to_have_text("試験 花子 リーダーに置きました")
    assert control.state()["on_reader"] == "normal"
    page.locator("#take").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".now")).to_have_text("カードが置かれていません")
    expect(button).to_be_focused()
    assert control.state()["on_reader"] is None


@pytest.mark.browser
def test_the_page_follows_what_others_do(page: Page, control: Control) -> None:
    """A card put by a script and a wrong PIN show up without a click; a reset undoes the PIN."""
    control.post("/insert", {"card": "normal"})
    tile = page.locator("[data-slug='normal']")
    expect(tile.get_by_role("button")).to_contain_text("取る")
    card = next(item.card for item in control.tray.cards if item.slug == "normal")
    assert isinstance(card, CardOs)
    send(card, "00A4040C0AD392F000260100000001")
    verify(card, 0x18, b"0000")
    verify(card, 0x18, b"0000")
    expect(tile.locator(".tries-text")).to_have_text("あと1回")
    expect(page.locator(".now-tries")).to_have_text("暗証番号 あと1回")
    page.locator("#reset").click()
    expect(tile.locator(".tries-text")).to_have_text("あと3回")


@pytest.mark.browser
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_is_accessible_and_asks_nobody_else(
    page: Page, control: Control, language: str
) -> None:
    """axe finds nothing, no message on the console, no request beyond the tray itself."""
    problems: list[str] = []
    addresses: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"http://{HOST}:{control.port}/?lang={language}")
    control.post("/insert", {"card": "normal"})
    page.locator("summary").click()
    expect(page.locator("#take")).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.locator("html").get_attribute("lang") == language
    assert problems == []
    assert {address.split("/")[2] for address in addresses} == {f"{HOST}:{control.port}"}
