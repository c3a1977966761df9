"""The month's report and a visit's proof in a real Chromium: screen, keyboard, print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from terminal.access.accounts import Role
from tests.browser.axe import axe_findings, in_language
from tests.browser.paper import is_blank, sheets_of
from tests.browser.test_desk import Desk, sits_down
from tests.clinic import Clinic
from tests.website import Website, opened_website

pytestmark = pytest.mark.browser


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


def test_todays_visit_stands_in_the_months_report(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk], tmp_path: Path
) -> None:
    """One visit by PIN is counted in each table; a chart says in words what it draws."""
    desk = sits_down(desks, chromium, website, Role.ADMINISTRATOR)
    page = desk.opens("/staff/report")
    expect(page.get_by_text("この月の受付はありません")).to_be_visible()
    clinic.receives("ordinary")
    page = desk.opens("/staff/report")
    expect(page.get_by_text("この月はまだ終わっていません")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("カード・暗証番号 1 0"))).to_be_visible()
    chart = page.get_by_role("img", name="日ごとの問い合わせ")
    expect(chart).to_be_visible()
    expect(chart.locator("desc")).to_have_text(re.compile(r"^\d+年\d+月\d+日 1件$"))
    assert "山田" not in page.content()
    assert axe_findings(page) == []
    in_language(page, "English")
    expect(page.get_by_role("heading", name="Monthly report")).to_be_visible()
    assert axe_findings(page) == []
    with page.expect_download() as started:
        page.get_by_role("link", name="Save as CSV").click()
    assert re.fullmatch(r"eligibility-\d{4}-\d{2}\.csv", started.value.suggested_filename)


def test_a_month_is_chosen_and_printed_by_key(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Choice and print need no mouse; the print leaves out what only a screen can use."""
    clinic.receives("ordinary")
    desk = sits_down(desks, chromium, website, Role.RECEPTION)
    page = desk.opens("/staff/report")
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    page.get_by_role("button", name="印刷").press("Enter")
    assert page.evaluate("() => window.printed")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="印刷")).to_be_hidden()
    expect(page.locator(".desk-head")).to_be_hidden()
    expect(page.get_by_role("img", name="日ごとの問い合わせ")).to_be_visible()
    sheets = sheets_of(page, "report")
    assert not any(is_blank(said, repeated=1) for said in sheets)
    assert f"{len(sheets)} / {len(sheets)}" in sheets[-1]
    page.emulate_media(media="screen")
    with page.expect_navigation(url=re.compile(r"/staff/report/\d{4}-\d{2}$")):
        page.get_by_role("button", name="表示").press("Enter")
    expect(page.get_by_role("link", name="月次報告")).to_have_attribute("aria-current", "page")


def test_the_proof_of_a_visit_is_shown_and_saved(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Reception finds what was asked and answered, and takes the original; the log keeps that."""
    clinic.receives("ordinary")
    page = sits_down(desks, chromium, website, Role.RECEPTION).opens_first()
    with page.expect_navigation():
        page.get_by_role("link", name="確認の証跡").click()
    expect(page.locator(".visit-said")).to_contain_text("有効")
    expect(page.locator(".visit-said")).to_contain_text("支払側が回答")
    asked = page.locator("section[aria-labelledby='asked']")
    expect(asked.get_by_role("row").filter(has_text="回答あり")).to_have_count(1)
    assert axe_findings(page) == []
    with page.expect_download() as started:
        page.get_by_role("link", name="原本を保存").click()
    assert b"CoverageEligibilityResponse" in Path(started.value.path()).read_bytes()
    page.get_by_role("link", name="閲覧の記録").click()
    expect(page.get_by_role("row").filter(has_text="回答の原本を保存")).to_have_count(1)
