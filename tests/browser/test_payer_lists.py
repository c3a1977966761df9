"""The payer's lists on the staff's pages, in a real Chromium: asked for, fetched, opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, expect

from terminal.access.accounts import Role
from tests.browser.axe import axe_findings, in_language
from tests.browser.test_desk import Desk
from tests.clinic import Clinic
from tests.national.clinic import opened_desk
from tests.national.desk import opened_link
from tests.website import Website, opened_website

pytestmark = pytest.mark.browser


@pytest.fixture
def website(tmp_path: Path) -> Iterator[Website]:
    """The pages of a desk that asks over the link application's folders."""
    (tmp_path / "desk").mkdir()
    with (
        opened_link(tmp_path / "link") as linked,
        opened_desk(tmp_path / "desk", linked) as terminal,
    ):
        # of a clinic its pages need no more
        served = cast(Clinic, SimpleNamespace(terminal=terminal, config=terminal.config))
        with opened_website(served) as website:
            yield website


def pictured(page: Page, name: str) -> None:
    """Keep pictures in the desk's sizes where the environment asks for some."""
    if folder := os.environ.get("DESK_PICTURES"):
        for width, height in ((1440, 900), (1280, 800)):
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def test_a_list_is_fetched_and_opened(website: Website, chromium: Browser) -> None:
    """By keyboard from the page of who is expected; a wrong day stays on the form, with why."""
    terminal = website.clinic.terminal
    desk = Desk(chromium, website, Role.RECEPTION)
    page = desk.opens("/staff/appointments")
    page.get_by_role("link", name="支払側の一覧").press("Enter")
    expect(page.get_by_text("取り寄せた一覧はまだありません")).to_be_visible()
    assert axe_findings(page) == []
    home = page.get_by_label("訪問診療等の同意")
    home.check()
    today = terminal.expected.today
    page.get_by_label("はじめの日").fill(today.isoformat())
    page.get_by_label("おわりの日").fill((today - timedelta(days=1)).isoformat())
    page.get_by_role("button", name="取り寄せる").click()
    expect(page.get_by_text("「おわりの日」を「はじめの日」以後にしてください")).to_be_visible()
    expect(page.get_by_label("訪問診療等の同意")).to_be_checked()
    assert axe_findings(page) == []
    pictured(page, "lists-error")
    page.get_by_label("はじめの日").fill((today - timedelta(days=60)).isoformat())
    page.get_by_role("button", name="取り寄せる").press("Enter")
    expect(page.get_by_text("取り寄せを始めました")).to_be_visible()
    page.get_by_label("医療扶助（医療券・調剤券）").check()
    page.get_by_role("button", name="取り寄せる").click()
    expect(page.get_by_role("row")).to_have_count(3)
    # nobody touches the page: they come by themselves
    expect(page.get_by_role("link", name="を開く")).to_have_count(2)
    pictured(page, "lists")
    page.get_by_role("link", name="医療扶助（医療券・調剤券）").click()
    expect(page.get_by_text("来院時の資格確認の代わりにはならず")).to_be_visible()
    expect(page.get_by_text("医療券").nth(1)).to_be_visible()
    assert axe_findings(page) == []
    pictured(page, "list-assistance")
    page.go_back()
    page.get_by_role("link", name="訪問診療等の同意").click()
    expect(page.get_by_role("columnheader", name="券・同意")).to_be_visible()
    in_language(page, "English")
    expect(page.get_by_role("heading", name="Consents at home")).to_be_visible()
    assert axe_findings(page) == []
    pictured(page, "list-home-en")
    desk.context.close()
    # the browser's own word for the form that came back
    assert [one for one in desk.complaints if "422" not in one] == []


def test_an_administrator_sees_no_list(website: Website, chromium: Browser) -> None:
    """Who may not see coverage may not ask for one either."""
    desk = Desk(chromium, website, Role.ADMINISTRATOR)
    page = desk.opens("/staff/lists")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("支払側の一覧")
    expect(page.get_by_role("button", name="取り寄せる")).to_have_count(0)
    desk.context.close()
