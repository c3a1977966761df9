"""The page of retention in a real Chromium: by keyboard, in both languages, with its errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from terminal.access.accounts import Role
from tests.browser.axe import axe_findings, in_language
from tests.browser.test_desk import Desk, sits_down
from tests.clinic import Clinic, Stage, opened_clinic
from tests.website import Website, opened_website

pytestmark = pytest.mark.browser


@pytest.fixture
def clinic(tmp_path: Path, stage: Stage) -> Iterator[Clinic]:
    """A clinic that deletes nothing by itself."""
    with opened_clinic(tmp_path, stage, retention='nightly = "off"') as clinic:
        yield clinic


@pytest.fixture
def website(clinic: Clinic) -> Iterator[Website]:
    """The clinic's pages."""
    with opened_website(clinic) as website:
        yield website


@pytest.fixture
def desks() -> Iterator[list[Desk]]:
    """Desks that were opened; each must have had nothing to complain about."""
    opened: list[Desk] = []
    yield opened
    for desk in opened:
        desk.context.close()
        assert desk.complaints == []


def test_an_administrator_deletes_by_keyboard(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """What would go is told, the count confirms it, what went is told; nothing left, it says so."""
    clinic.receives("ordinary")
    clinic.clock.goes_on(days=6 * 366)
    desk = sits_down(desks, chromium, website, Role.ADMINISTRATOR)
    page = desk.opens("/staff/retention")
    expect(page.get_by_role("row", name="受付 1", exact=True)).to_be_visible()
    expect(page.get_by_text("消去はまだ行われていません")).to_be_visible()
    assert axe_findings(page) == []
    count = page.get_by_label("消去する受付の件数")
    count.fill("2")
    count.press("Enter")
    expect(page.get_by_text("件数が違います。いまの対象は 1 件です。")).to_be_visible()
    desk.complaints.clear()  # the browser logs that the form was refused
    assert axe_findings(page) == []
    count.fill("1")
    count.press("Enter")
    expect(page.get_by_text("消去が終わりました。")).to_be_visible()
    expect(page.get_by_text("保存期間を過ぎた記録はありません")).to_be_visible()
    in_language(page, "English")
    expect(page.get_by_role("heading", name="Retention and deletion")).to_be_visible()
    expect(page.get_by_role("cell", name="Visits 1, Questions 1", exact=False)).to_be_visible()
    assert axe_findings(page) == []
