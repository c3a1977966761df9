"""One whole visit through the terminal's own pages, without a browser; prints what staff see."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from pages import Page
from processes import DemoError

if TYPE_CHECKING:
    from demo_folder import Demo

T = TypeVar("T")
PIN = "1234"
PATIENCE = 20.0
ROWS = 6
STEPS = ("consent", "prescription", "done", "with-staff", "card-problem")


class Browser:
    """A session with the terminal: cookies, forms with their tokens, redirects."""

    def __init__(self, address: str) -> None:
        """``address``: the terminal's one origin."""
        self._cookies: dict[str, str] = {}
        self._client = httpx.Client(
            base_url=address,
            trust_env=False,
            headers={
                "Origin": address,
                "Sec-Fetch-Site": "same-origin",
                "Sec-Fetch-Dest": "document",
            },
            timeout=PATIENCE,
        )

    def opens(self, path: str) -> Page:
        """Return the page at ``path``."""
        return self._page(self._exchange("GET", path))

    def sends(self, page: Page, action: str, **fields: str) -> Page:
        """Fill in the form of ``page`` that goes to ``action``, send it, return what comes."""
        if action not in page.forms:
            msg = f"the page has no form for {action}"
            raise DemoError(msg)
        return self._page(self._exchange("POST", action, {**page.forms[action], **fields}))

    def _exchange(
        self, method: str, path: str, fields: dict[str, str] | None = None
    ) -> httpx.Response:
        """Follow redirects; keep cookies, and let loopback pass as secure, as browsers do."""
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies} if cookies else {}
        response = self._client.request(method, path, data=fields, headers=headers)
        self._cookies.update({each.name: each.value or "" for each in response.cookies.jar})
        if response.has_redirect_location:
            return self._exchange("GET", response.headers["Location"])
        return response

    def _page(self, response: httpx.Response) -> Page:
        page = Page(response.text)
        if response.is_error:
            said = "; ".join(page.lines[:3])
            msg = f"{response.url.path} answered {response.status_code}: {said}"
            raise DemoError(msg)
        return page

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def run(demo: Demo, kiosk_code: str) -> None:
    """Walk one patient through and print the staff's pages.  Raises DemoError."""
    kiosk, staff = Browser(demo.address), Browser(demo.address)
    tray = httpx.Client(base_url=demo.tray, trust_env=False)
    try:
        _visit(demo, kiosk, staff, tray, kiosk_code)
    except httpx.HTTPError as error:
        msg = f"the visit broke off: {type(error).__name__} {error}"
        raise DemoError(msg) from error
    finally:
        for client in (kiosk, staff, tray):
            client.close()


def _visit(demo: Demo, kiosk: Browser, staff: Browser, tray: httpx.Client, code: str) -> None:
    kiosk.sends(kiosk.opens("/kiosk/enrol"), "/kiosk/enrol", code=code)
    staff.sends(
        staff.opens("/staff/login"), "/staff/login", name="clinician", password=demo.password
    )
    card = _first_card(tray)
    tray.post("/insert", json={"card": card["slug"]}).raise_for_status()
    page = _await(lambda: _at(kiosk, "pin"), "the kiosk asks for the PIN")
    visit_id = page.data["kiosk"]["visit"]
    print(f"Card    {card['slug']}: visit {visit_id}")
    kiosk.sends(page, "/kiosk/pin", pin=PIN)
    while True:
        page = _await(lambda: _at(kiosk, *STEPS), "a step")
        if page.data["kiosk"]["step"] == "prescription":
            print("Prescription: electronic")
            kiosk.sends(page, "/kiosk/prescription", form="1")
            continue
        if page.data["kiosk"]["step"] != "consent":
            break
        item = page.forms["/kiosk/consent"]["item"]
        print(f"Consent {item}: yes")
        kiosk.sends(page, "/kiosk/consent", allow="yes")
    if page.data["kiosk"]["step"] != "done":
        raise DemoError("the kiosk sent the patient to staff: " + "; ".join(page.lines))
    tray.post("/remove", json={}).raise_for_status()
    print("Kiosk   " + " ".join(page.lines), end="\n\n")
    name = "".join(card["name"].split())
    address = f"/staff/visits/{visit_id}"
    if address not in staff.opens("/staff/today").links:
        raise DemoError("today's list does not show the visit")

    def shows_coverage() -> Page | None:
        seen = staff.opens(address)
        return seen if name in "".join("".join(seen.lines).split()) else None

    def shows_medicines() -> Page | None:
        seen = staff.opens(f"{address}/history")
        return seen if "drug-rows" in seen.ids else None

    def shows_checkups() -> Page | None:
        seen = staff.opens(f"{address}/history/checkups")
        return seen if "checkups" in seen.ids else None

    for page in (
        _await(shows_coverage, "the staff's page shows the patient's coverage"),
        _await(shows_medicines, "the staff's page shows medicines"),
        _await(shows_checkups, "the staff's page shows checkups"),
    ):
        print("\n".join(_shortened(page.lines)), end="\n\n")


def _shortened(lines: list[str]) -> Iterator[str]:
    """Yield the lines, of each table the first rows only."""
    for is_table, group in itertools.groupby(lines, lambda line: " | " in line):
        rows = list(group)
        yield from rows[:ROWS] if is_table else rows
        if is_table and len(rows) > ROWS:
            yield f"… {len(rows) - ROWS} more"


def _first_card(tray: httpx.Client) -> dict[str, Any]:
    """Return a card without peculiarities."""
    cards: list[dict[str, Any]] = tray.get("/state").json()["cards"]
    return next(card for card in cards if card["condition"] == "normal")


def _at(kiosk: Browser, *steps: str) -> Page | None:
    page = kiosk.opens("/kiosk/step")
    return page if page.data["kiosk"]["step"] in steps else None


def _await(look: Callable[[], T | None], what: str) -> T:
    """Return what ``look`` finds; raise DemoError when it does not come."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)
    msg = f"waited {PATIENCE:.0f} s in vain until {what}"
    raise DemoError(msg)
