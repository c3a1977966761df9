"""Pages that follow what happens: what somebody is about to do on them stays possible."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from terminal.access.accounts import Role
from terminal.events import Topic
from tests.browser.test_desk import Desk
from tests.clinic import Clinic
from tests.website import opened_website

pytestmark = pytest.mark.browser


def told_anew(clinic: Clinic, page: Page, visit_id: str) -> None:
    """Let something happen to the visit; return when its page has been renewed."""
    page.evaluate("() => { document.getElementById('visit').dataset.former = ''; }")
    clinic.terminal.bus.publish(Topic.VISIT, visit_id)
    expect(page.locator("#visit[data-former]")).to_have_count(0)


def test_what_is_unfolded_stays_so_while_the_visit_changes(
    clinic: Clinic, chromium: Browser
) -> None:
    """News neither folds up what somebody opened nor takes the focus from the hand."""
    with opened_website(clinic) as website:
        clinic.receives("ordinary")
        visit_id = clinic.reception.row().visit.id
        desk = Desk(chromium, website, Role.RECEPTION)
        page = desk.opens_first()
        page.wait_for_load_state()
        summary = page.locator("summary").filter(has_text="患者さんが見せるのをやめたいとき")
        summary.press("Enter")
        stop = page.get_by_role("button", name="見せるのをやめる")
        expect(stop).to_be_visible()
        told_anew(clinic, page, visit_id)
        expect(stop).to_be_visible()
        expect(summary).to_be_focused()
        summary.press("Enter")
        expect(stop).to_be_hidden()
        told_anew(clinic, page, visit_id)
        expect(stop).to_be_hidden()
        desk.context.close()
        assert desk.complaints == []


def test_a_press_is_not_lost_to_news_that_comes_within_it(
    clinic: Clinic, chromium: Browser
) -> None:
    """The line under the mouse is not exchanged while the button is down: the visit opens."""
    with opened_website(clinic) as website:
        visit_id = clinic.receives("ordinary").visit.id
        desk = Desk(chromium, website, Role.RECEPTION)
        page = desk.opens("/staff/today")
        page.wait_for_load_state()
        page.locator("a.row-link").hover()
        page.evaluate("() => { document.getElementById('day').dataset.former = ''; }")
        with page.expect_event("requestfinished", lambda one: one.url.endswith("/today/rows")):
            page.mouse.down()
            clinic.terminal.bus.publish(Topic.VISIT, visit_id)
        # what came would be shown by now
        page.evaluate("() => new Promise((then) => setTimeout(then, 100))")
        with page.expect_navigation(url=f"**/staff/visits/{visit_id}"):
            page.mouse.up()
        # and once nothing is pressed, news is shown as ever
        page.go_back()
        page.wait_for_load_state()
        page.evaluate("() => { document.getElementById('day').dataset.former = ''; }")
        page.locator("h1").click()
        clinic.terminal.bus.publish(Topic.VISIT, visit_id)
        expect(page.locator("#day[data-former]")).to_have_count(0)
        desk.context.close()
        assert desk.complaints == []
