"""How old an answer may be, walked through at the desk under either policy that lets one count."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from terminal.access.accounts import Role
from terminal.payer.question import QuestionProblem
from terminal.views import DoneOutcome, KioskStep
from tests.browser.axe import axe_findings, in_language
from tests.browser.test_desk import Desk
from tests.clinic import Clinic, Stage, opened_clinic
from tests.website import opened_website

pytestmark = [pytest.mark.browser, pytest.mark.long]
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"


def comes_again_in_vain(clinic: Clinic) -> DoneOutcome | None:
    """Let the patient of an hour ago come while the payer is down; return what the kiosk says."""
    clinic.receives("ordinary")
    clinic.clock.goes_on(hours=1)
    clinic.payer.faults.set("down", path="$submit")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    outcome = clinic.patient.sees(KioskStep.DONE).outcome
    clinic.reception.sees_row(
        lambda row: (
            row.question is not None and row.question.problem is QuestionProblem.PAYER_UNAVAILABLE
        ),
        "the payer's silence",
    )
    clinic.patient.takes_card()
    return outcome


def pictured(page: Page, name: str) -> list[str]:
    """Return what axe finds on the page in both languages, and take its pictures."""
    found = []
    for language in ("English", "日本語"):
        in_language(page, language)
        found += axe_findings(page)
        page.screenshot(path=PICTURES / f"{name}-{language[:2].lower()}.png", full_page=True)
    return found


def test_an_answer_of_the_month_counts_and_says_so(
    tmp_path: Path, stage: Stage, chromium: Browser
) -> None:
    """List and page show it as valid, with its age; the late answer takes its place by itself."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        opened_clinic(tmp_path, stage, eligibility='freshness = "monthly"') as clinic,
        opened_website(clinic) as website,
    ):
        assert comes_again_in_vain(clinic) is DoneOutcome.CONFIRMED
        desk = Desk(chromium, website, Role.RECEPTION)
        newest = desk.opens("/staff/today").locator("tr[data-visit]").first
        expect(newest).to_contain_text("1時間前の回答")
        found = pictured(desk.page, "freshness-monthly-today")
        page = desk.opens_first()
        expect(page.locator(".visit-coverage .status-box").first).to_contain_text("有効")
        expect(page.get_by_text("1時間前の回答").first).to_be_visible()
        found += pictured(page, "freshness-monthly-visit")
        clinic.payer.faults.clear()
        with page.expect_navigation():
            page.get_by_role("button", name="もう一度問い合わせる").click()
        clinic.reception.sees_answer()
        page = desk.opens_first()
        expect(page.get_by_text("1時間前の回答")).to_have_count(0)
        desk.context.close()
        assert found == []
        assert desk.complaints == []


def test_an_earlier_answer_counts_where_staff_choose_it(
    tmp_path: Path, stage: Stage, chromium: Browser
) -> None:
    """Not valid by itself; offered, chosen, shown as what staff went by, and held against later."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        opened_clinic(tmp_path, stage, eligibility='freshness = "by-staff"') as clinic,
        opened_website(clinic) as website,
    ):
        assert comes_again_in_vain(clinic) is DoneOutcome.QUEUED
        desk = Desk(chromium, website, Role.RECEPTION)
        page = desk.opens_first()
        status = page.locator(".visit-coverage .status-box").first
        expect(status).not_to_contain_text("有効")
        found = pictured(page, "freshness-by-staff-offered")
        page.get_by_label("前回の回答").check()
        with page.expect_navigation():
            page.get_by_role("button", name="記録する", exact=True).press("Enter")
        expect(status).to_contain_text("有効")
        expect(page.get_by_text("職員が今日の扱いに選びました")).to_be_visible()
        found += pictured(page, "freshness-by-staff-chosen")
        clinic.payer.faults.clear()
        with page.expect_navigation():
            page.get_by_role("button", name="もう一度問い合わせる").click()
        clinic.reception.sees_answer()
        page = desk.opens_first()
        expect(page.get_by_text("1時間前の回答")).to_have_count(0)
        desk.context.close()
        assert found == []
        assert desk.complaints == []
