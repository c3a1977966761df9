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
