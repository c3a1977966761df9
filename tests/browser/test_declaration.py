"""被保険者資格申立書 at the desk: from the visit to one sheet of paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, PdfMargins, expect

from terminal.access.accounts import Role
from terminal.views import KioskStep
from tests.browser.axe import axe_findings, in_language
from tests.browser.test_desk import Desk
from tests.clinic import Clinic
from tests.website import Website, opened_website

pytestmark = pytest.mark.browser


@pytest.fixture
def website(clinic: Clinic) -> Iterator[Website]:
    """The clinic's pages."""
    with opened_website(clinic) as website:
        yield website


@pytest.fixture
def desk(chromium: Browser, website: Website) -> Iterator[Desk]:
    """A desk of reception, which must have had nothing to complain about."""
    desk = Desk(chromium, website, Role.RECEPTION)
    yield desk
    desk.context.close()
    assert desk.complaints == []


def sheets(page: Page) -> int:
    """Return on how many sheets of A4 the page prints."""
    margins = PdfMargins(top="15mm", right="15mm", bottom="15mm", left="15mm")
    pdf = page.pdf(format="A4", margin=margins)
    return pdf.count(b"/Type /Page\n") + pdf.count(b"/Type/Page/")


@pytest.mark.parametrize("language", ["日本語", "English"])
def test_a_lost_qualification_prints_on_one_sheet(
    clinic: Clinic, desk: Desk, language: str
) -> None:
    """The visit leads to the form with the patient's name, Japanese in any language."""
    clinic.patient.taps("job-change")
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    clinic.patient.sees(KioskStep.DONE)
    row = clinic.reception.sees_answer()
    assert row.name is not None
    page = desk.opens_first()
    in_language(page, language)
    with page.expect_navigation():
        page.locator("a[href$='/declaration']").click()
    paper = page.get_by_role("article", name="被保険者資格申立書")
    expect(paper).to_contain_text(row.name)
    expect(paper.locator("dd").filter(has_text="保険者")).to_have_count(0)
    assert row.coverage is not None
    assert row.coverage.insurer_name is not None
    expect(paper).not_to_contain_text(row.coverage.insurer_name)
    expect(paper.get_by_text("記入ずみ：" if language == "日本語" else "ticked:")).to_have_count(2)
    assert axe_findings(page) == []
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    page.locator("[data-print]").click()
    assert page.evaluate("() => window.printed")
    assert sheets(page) == 1
    page.emulate_media(media="print")
    expect(page.locator(".paper-tools")).to_be_hidden()
    expect(page.locator(".desk-head")).to_be_hidden()


def test_who_could_not_tap_gets_a_blank_sheet(desk: Desk) -> None:
    """Below today's list stands the form with nothing filled in and nothing ticked."""
    page = desk.opens("/staff/today")
    with page.expect_navigation():
        page.get_by_role("link", name="被保険者資格申立書").click()
    paper = page.get_by_role("article", name="被保険者資格申立書")
    expect(paper).to_contain_text("年　　月　　日")
    expect(paper.get_by_text("記入ずみ：")).to_have_count(0)
    assert sheets(page) == 1
