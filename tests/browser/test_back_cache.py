"""The way back in a real Chromium that keeps pages it left (bfcache): nothing that ended is shown.

Playwright starts Chromium without that cache; here it is on, as everywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from terminal.access.accounts import Role
from tests.browser.test_desk import Desk
from tests.browser.test_history import history_of
from tests.clinic import Clinic, wait_for
from tests.conftest import CHROMIUM, FLAGS
from tests.website import opened_website
from web.app import create_app

pytestmark = pytest.mark.browser

TELLS = """
addEventListener("pageshow", (event) => {
  const told = {records: document.querySelectorAll("[data-records]").length, reasons: []};
  const way = performance.getEntriesByType("navigation")[0];
  told.text = document.body.innerText;
  told.reasons = (way.notRestoredReasons?.reasons ?? []).map((one) => one.reason);
  if (event.persisted) sessionStorage.setItem("kept", JSON.stringify(told));
  else if (way.type === "back_forward") sessionStorage.setItem("loaded", JSON.stringify(told));
});
"""
"""Before any script of the page: what it holds when the browser shows it again, and which way."""


@pytest.fixture
def keeping(chromium: Browser) -> Iterator[Browser]:
    """A Chromium that keeps pages it left."""
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM,
        args=list(FLAGS),
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


def without_no_store(application: Any) -> Callable[..., Iterable[bytes]]:
    """Return the application as a browser takes it that keeps pages in spite of ``no-store``."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept = [one for one in headers if one[0].lower() != "cache-control"]
            return start_response(status, kept, *more)

        result: Iterable[bytes] = application(environ, start)
        return result

    return wrapped


def goes_back(page: Page) -> None:
    """Press the browser's way back; a page from its memory tells of no loading."""
    page.evaluate("setTimeout(() => history.back(), 0)")


def told(page: Page, way: str) -> Any:
    """Return what the page told on the way back: "kept" in memory, or "loaded" anew."""

    def look() -> str | None:
        try:
            found: str | None = page.evaluate("way => sessionStorage.getItem(way)", way)
        except Error:  # the page is just being loaded again
            return None
        return found

    return json.loads(wait_for(look, f"a page that was {way}"))


def stops(clinic: Clinic, address: str) -> None:
    """Let the patient stop sharing while nobody has the page open."""
    visit_id = address.split("/")[3]
    clinic.terminal.desk.sharing.stop_by_staff(clinic.reception.actor, visit_id)


def test_a_page_that_was_kept_shows_nothing_after_the_end(clinic: Clinic, keeping: Browser) -> None:
    """Kept in spite of no-store and shown again: not one record, then why it is closed."""
    address = history_of(clinic, "ordinary")
    app = create_app(clinic.terminal)
    app.wsgi_app = without_no_store(app.wsgi_app)  # type: ignore[method-assign]
    with opened_website(clinic, app) as website:
        desk = Desk(keeping, website, Role.CLINICIAN)
        desk.page.add_init_script(TELLS)
        page = desk.opens(address)
        expect(page.locator("[data-records]")).to_be_visible()
        shown = page.locator("[data-records]").inner_text().splitlines()
        page.get_by_role("link", name="本日の受付へ").click()
        expect(page.locator("#search")).to_be_attached()
        stops(clinic, address)
        goes_back(page)
        expect(page.get_by_text("に取り消されました")).to_be_visible()
        restored = told(page, "kept")
        assert restored["records"] == 0
        telling = [line for line in shown if "見本" in line or "mg" in line or "ｍｇ" in line]
        assert not any(line in restored["text"] for line in telling)
        expect(page.locator("[data-records]")).to_have_count(0)
        assert desk.complaints == []
        desk.context.close()


def test_this_browser_keeps_no_page_that_forbids_it(clinic: Clinic, keeping: Browser) -> None:
    """By no-store the page is asked for anew: the browser itself says that this was the reason."""
    address = history_of(clinic, "ordinary")
    with opened_website(clinic) as website:
        desk = Desk(keeping, website, Role.CLINICIAN)
        desk.page.add_init_script(TELLS)
        page = desk.opens(address)
        expect(page.locator("[data-records]")).to_be_visible()
        page.get_by_role("link", name="本日の受付へ").click()
        expect(page.locator("#search")).to_be_attached()
        stops(clinic, address)
        goes_back(page)
        expect(page.get_by_text("に取り消されました")).to_be_visible()
        assert "response-cache-control-no-store" in told(page, "loaded")["reasons"]
        desk.context.close()
