"""A disaster at the desk in a real Chromium: consent by mouth, a look without one, the banner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from eligibility.simulator.people import Person, Situation
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from terminal.access.accounts import Role
from tests.browser.axe import axe_findings, in_language
from tests.browser.test_desk import Desk
from tests.clinic import Clinic
from tests.website import Website, opened_website

pytestmark = pytest.mark.browser
SIZES = ((1440, 900), (1280, 800))
WORDS = "意識がなく、付き添いの方もいない"


@pytest.fixture
def website(clinic: Clinic) -> Iterator[Website]:
    """The clinic's pages; the payer has opened its disaster function to the institution."""
    clinic.payer.payer.disaster.switch(DEFAULT_INSTITUTION, on=True)
    with opened_website(clinic) as website:
        yield website
    clinic.payer.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)


@pytest.fixture
def desks(chromium: Browser, website: Website) -> Iterator[list[Desk]]:
    """Desks that were opened; each must have had nothing to complain about."""
    opened: list[Desk] = []
    yield opened
    for desk in opened:
        desk.context.close()
        # a form with mistakes is answered with 422, which the browser logs
        assert [words for words in desk.complaints if "422" not in words] == []


@pytest.fixture
def disaster(clinic: Clinic, website: Website) -> None:
    """Disaster mode, on at the desk."""
    switch_on(clinic)


def switch_on(clinic: Clinic) -> None:
    """Let an administrator switch disaster mode on."""
    clinic.terminal.disaster.switch_on(
        clinic.administrator.actor, "地震で避難所から受診", timedelta(days=1)
    )


def looks_of(page: Page, name: str) -> list[str]:
    """Return what axe says of the page in both languages; keep pictures where they are asked."""
    found: list[str] = []
    folder = os.environ.get("STAFF_PICTURES")
    for language in ("English", "日本語"):
        in_language(page, language)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            if folder:
                file = Path(folder) / f"{name}-{language}-{width}.png"
                page.screenshot(path=file, full_page=True)
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        found += axe_findings(page)
    return found


def somebody(clinic: Clinic) -> Person:
    """Return somebody who is insured and has a history, whose name is nobody else's."""
    people = clinic.payer.payer.population.people
    names = [(one.registered_name, one.birthdate, one.sex) for one in people]
    return next(
        one
        for one, key in zip(people, names, strict=True)
        if names.count(key) == 1 and one.situation is Situation.VALID and one.linked is None
    )


def asks_by_name(desk: Desk, person: Person) -> Page:
    """Ask by name on the desk's page; return the visit's."""
    page = desk.opens("/staff/enquiry/name")
    page.get_by_label("氏名").fill(person.registered_name)
    page.get_by_label("生年月日").fill(person.birthdate.isoformat())
    page.get_by_label("男" if person.sex.value == "1" else "女", exact=True).check()
    page.get_by_role("button", name="照会する").click()
    # it comes with the answer
    expect(page.get_by_role("button", name="記録する")).to_be_visible()
    return page


def answers(page: Page, legend: str, word: str) -> None:
    """Tick one answer by the keyboard."""
    box = page.get_by_role("radiogroup", name=legend).get_by_label(word)
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked()


@pytest.mark.usefixtures("disaster")
def test_a_consent_by_mouth_from_name_to_records(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Mistakes at their fields; then answers by keyboard, and the doctor sees what was agreed."""
    desks.append(reception := Desk(chromium, website, Role.RECEPTION))
    page = asks_by_name(reception, somebody(clinic))
    visit = page.url
    findings = {"form": looks_of(page, "oral-form")}
    page = reception.opens(visit.removeprefix(website.url))
    page.get_by_role("button", name="記録する").click()
    expect(page.locator(".visit-oral .field-error")).to_have_count(5)
    findings["mistakes"] = axe_findings(page)
    if folder := os.environ.get("STAFF_PICTURES"):
        page.screenshot(path=f"{folder}/oral-mistakes.png", full_page=True)
    answers(page, "薬剤・処方", "見せてよい")
    answers(page, "診療・アレルギー・検査", "見せない")
    answers(page, "特定健診", "見せない")
    page.get_by_label("カードを使わない理由").select_option("card-lost")
    page.get_by_label("答えた方").select_option("family")
    page.get_by_label("この方だと確かめました").check()
    page.get_by_role("button", name="記録する").click()
    expect(page.get_by_text("口頭の同意を記録しました。")).to_be_visible()
    expect(page.get_by_text("聞いた人：")).to_contain_text("口頭（カードを失くした")
    findings["recorded"] = looks_of(page, "oral-recorded")
    visit_id = clinic.reception.row().visit.id
    clinic.doctor.sees_history(visit_id)
    desks.append(doctor := Desk(chromium, website, Role.CLINICIAN))
    page = doctor.opens(f"/staff/visits/{visit_id}/history")
    expect(page.locator("[data-records]")).to_be_visible()
    expect(page.locator(".emergency-bar")).to_have_count(0)
    page = doctor.opens(f"/staff/visits/{visit_id}/history/checkups")
    expect(page.locator("[data-records]")).to_contain_text("同意なし")
    assert findings == {name: [] for name in findings}


@pytest.mark.usefixtures("disaster")
def test_without_consent_it_is_red_and_asked_twice(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Reason, confirmation, red on each part, closed by hand, and in the administrator's list."""
    desks.append(doctor := Desk(chromium, website, Role.CLINICIAN))
    page = asks_by_name(doctor, somebody(clinic))
    visit_id = clinic.reception.row().visit.id
    page.get_by_role("link", name="患者さんが答えられないとき").click()
    expect(page.get_by_label("同意を得られない理由")).to_be_focused()
    findings = {"reason": looks_of(page, "emergency-reason")}
    page = doctor.opens(f"/staff/visits/{visit_id}/without-consent")
    page.get_by_label("同意を得られない理由").fill("急患")
    page.keyboard.press("Enter")
    expect(page.locator(".field-error")).to_contain_text("5文字以上")
    page.get_by_label("同意を得られない理由").fill(WORDS)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="本当に、同意なしで開きますか")).to_be_visible()
    findings["confirm"] = axe_findings(page)
    if folder := os.environ.get("STAFF_PICTURES"):
        page.screenshot(path=f"{folder}/emergency-confirm.png", full_page=True)
    page.get_by_role("button", name="同意なしで開く").click()
    expect(page.locator(".field-error")).to_contain_text("確認の印")
    page.get_by_label("生命にかかわり").check()
    page.get_by_role("button", name="同意なしで開く").click()
    bar = page.locator(".emergency-bar")
    for part in ("", "/care", "/checkups"):
        page = doctor.opens(f"/staff/visits/{visit_id}/history{part}")
        expect(bar).to_contain_text(WORDS)
        expect(page.locator("[data-records]")).to_be_visible()
        findings[f"open{part}"] = looks_of(page, f"emergency-open{part.replace('/', '-')}")
    page = doctor.opens(f"/staff/visits/{visit_id}/history")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(bar).to_be_in_viewport()
    page.get_by_role("button", name="いま閉じる").click()
    expect(page.get_by_text("同意なしの閲覧を閉じました")).to_be_visible()
    page = doctor.opens(f"/staff/visits/{visit_id}/history")
    expect(page.get_by_role("heading", name="同意なしの閲覧は終わりました")).to_be_visible()
    expect(page.locator("[data-records], .emergency-bar")).to_have_count(0)
    desks.append(admin := Desk(chromium, website, Role.ADMINISTRATOR))
    page = admin.opens("/staff/disaster")
    page.get_by_role("link", name="同意なしの閲覧：1件").click()
    expect(page.locator("tbody tr")).to_contain_text([WORDS])
    findings["list"] = looks_of(page, "emergency-list")
    assert findings == {name: [] for name in findings}


@pytest.mark.usefixtures("disaster")
def test_what_was_opened_leaves_the_screen_with_the_disaster(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """The administrator ends the mode: an open page goes blank by itself and says why."""
    desks.append(doctor := Desk(chromium, website, Role.CLINICIAN))
    asks_by_name(doctor, somebody(clinic))
    visit_id = clinic.reception.row().visit.id
    clinic.terminal.emergencies.open(clinic.doctor.actor, visit_id, "e" * 32, WORDS)
    clinic.doctor.sees_history(visit_id)
    page = doctor.opens(f"/staff/visits/{visit_id}/history")
    expect(page.locator("[data-records]")).to_be_visible()
    clinic.terminal.disaster.switch_off(clinic.administrator.actor)
    expect(page.locator("[data-records], .emergency-bar")).to_have_count(0)
    expect(page.get_by_role("heading", name="同意なしの閲覧は終わりました")).to_be_visible()
    expect(page.locator(".desk-disaster")).to_have_count(0)


def test_the_banner_comes_and_goes_on_open_pages(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """On pages that follow the desk and on those that do not: without loading, and typing stays."""
    desks.append(desk := Desk(chromium, website, Role.RECEPTION))
    pages = []
    for path in ("/staff/today", "/staff/enquiry", "/staff/me"):
        page = desk.context.new_page()
        page.goto(f"{website.url}{path}")
        page.evaluate("window.stays = true")
        expect(page.locator(".desk-disaster")).to_have_count(0)
        pages.append(page)
    form = pages[1]
    form.get_by_label("保険者番号").fill("0613")
    switch_on(clinic)
    for page in pages:
        page.bring_to_front()
        expect(page.locator(".desk-disaster")).to_contain_text("地震で避難所から受診")
    clinic.terminal.disaster.switch_off(clinic.administrator.actor)
    for page in pages:
        page.bring_to_front()
        expect(page.locator(".desk-disaster")).to_have_count(0)
        assert page.evaluate("window.stays") is True
    expect(form.get_by_label("保険者番号")).to_have_value("0613")
