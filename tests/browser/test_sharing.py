"""Sharing at the desk in a real Chromium: stopped at the patient's word; who looked, on paper."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from terminal.access.accounts import Role
from terminal.views import KioskStep
from tests.browser.axe import axe_findings, in_language
from tests.browser.paper import sheets_of
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
def reception(chromium: Browser, website: Website) -> Iterator[Desk]:
    """A desk of reception, which must have had nothing to complain about."""
    desk = Desk(chromium, website, Role.RECEPTION)
    yield desk
    desk.context.close()
    assert desk.complaints == []


@pytest.fixture
def doctor(chromium: Browser, website: Website) -> Iterator[Desk]:
    """A doctor's desk, likewise."""
    desk = Desk(chromium, website, Role.CLINICIAN)
    yield desk
    desk.context.close()
    assert desk.complaints == []


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page on both screens where the environment asks for some."""
    folder = os.environ.get("STAFF_PICTURES")
    if folder:
        for width, height in ((1440, 900), (1280, 800)):
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def shares(clinic: Clinic) -> str:
    """Let somebody tap and share everything; return the visit once its history is there."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.answers_all(allow=True)
    clinic.patient.sees(KioskStep.DONE)
    visit_id = clinic.reception.sees_answer().visit.id
    clinic.doctor.sees_history(visit_id)
    return visit_id


def test_an_open_history_goes_blank_when_reception_stops_it(
    clinic: Clinic, reception: Desk, doctor: Desk
) -> None:
    """The doctor's open tab loses the records at once, and going back does not bring them."""
    visit_id = shares(clinic)
    shown = doctor.opens(f"/staff/visits/{visit_id}/history")
    records = shown.locator("[data-records]")
    expect(records).to_be_visible()
    page = reception.opens_first()
    keep(page, "visit-shared")
    page.get_by_text("患者さんが見せるのをやめたいとき").click()
    keep(page, "visit-stop")
    assert axe_findings(page) == []
    with page.expect_navigation():
        page.get_by_role("button", name="見せるのをやめる").click()
    expect(page.get_by_text("取りやめました。取得した記録は消えました。")).to_be_visible()
    expect(page.get_by_text("本人の申し出により職員が取りやめ")).to_be_visible()
    expect(page.get_by_text("患者さんが見せるのをやめたいとき")).to_have_count(0)
    keep(page, "visit-stopped")
    expect(records).to_have_count(0)
    expect(shown.get_by_role("heading", name="に取り消されました")).to_be_visible()
    doctor.opens(f"/staff/visits/{visit_id}")
    shown.go_back()
    expect(records).to_have_count(0)


@pytest.mark.parametrize("language", ["日本語", "English"])
def test_who_looked_is_printed_for_the_patient(
    clinic: Clinic, reception: Desk, doctor: Desk, language: str
) -> None:
    """On paper: when, which role, what with its categories, why; the list names itself, too."""
    visit_id = shares(clinic)
    doctor.opens(f"/staff/visits/{visit_id}/history")
    page = reception.opens_first()
    in_language(page, language)
    with page.expect_navigation():
        page.locator("a[href$='/who-looked']").click()
    rows = page.locator("tbody tr")
    seen = "薬剤・処方" if language == "日本語" else "Medicines"
    role = "医師" if language == "日本語" else "Clinician"
    doctors = rows.filter(has_text=seen).filter(has_text=role)
    expect(doctors.first).to_be_visible()
    asked = "あなたの求めによる" if language == "日本語" else "At your request"
    expect(rows.filter(has_text=asked)).to_have_count(1)
    expect(page.locator("main")).not_to_contain_text("clinician（")
    assert axe_findings(page) == []
    keep(page, f"who-looked-{page.locator('html').get_attribute('lang')}")
    page.emulate_media(media="print")
    expect(page.locator(".desk-head")).to_be_hidden()
    expect(page.locator(".access-list-tools")).to_be_hidden()
    (sheet,) = sheets_of(page, "who-looked")
    assert role in sheet
    assert "1 / 1" in sheet
