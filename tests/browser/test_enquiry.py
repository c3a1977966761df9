"""Asking without a card in a browser: by keyboard alone, by name in a disaster, no complaint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from eligibility.simulator.people import Person, Situation
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from terminal.access.accounts import Role
from tests.browser.axe import LANGUAGES, axe_findings, in_language
from tests.browser.test_desk import Desk
from tests.clinic import Clinic
from tests.website import Website, opened_website

pytestmark = [pytest.mark.browser, pytest.mark.long]
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
SMALL = ViewportSize(width=1280, height=800)
LARGE = ViewportSize(width=1440, height=900)


@pytest.fixture
def website(clinic: Clinic) -> Iterator[Website]:
    """The clinic's pages."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with opened_website(clinic) as website:
        yield website


@pytest.fixture
def desks(chromium: Browser, website: Website) -> Iterator[list[Desk]]:
    """Desks that were opened; each must have had nothing to complain about."""
    opened: list[Desk] = []
    yield opened
    for desk in opened:
        desk.context.close()
        # a form with mistakes is answered with 422, which the browser logs
        assert [words for words in desk.complaints if "422" not in words] == []


def twin(clinic: Clinic) -> Person:
    """Return one of two people of one number and birth date."""
    people = clinic.payer.payer.population.people
    keys = [(one.insurer.number, one.number, one.birthdate) for one in people]
    return next(
        one
        for one, key in zip(people, keys, strict=True)
        if keys.count(key) == 2 and one.situation is Situation.VALID
    )


def pictures(page: Page, name: str) -> list[str]:
    """Take the page in both sizes and languages; return what axe says of each."""
    found: list[str] = []
    for words, language in LANGUAGES.items():
        in_language(page, words)
        for size in (SMALL, LARGE):
            page.set_viewport_size(size)
            page.screenshot(
                path=PICTURES / f"{name}-{language}-{size['width']}.png", full_page=True
            )
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        found += axe_findings(page)
    return found


def types(page: Page, *values: str) -> None:
    """Type into one field after the other, by the keyboard alone."""
    for value in values:
        page.keyboard.type(value)
        page.keyboard.press("Tab")


def test_a_certificate_is_typed_in_by_keyboard(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Mistakes at their fields, corrected; twins shown as two; the branch leads to the one."""
    desks.append(desk := Desk(chromium, website, Role.RECEPTION))
    person = twin(clinic)
    page = desk.opens("/staff/enquiry")
    findings = {"form": pictures(page, "enquiry-form")}
    page = desk.opens("/staff/enquiry")
    expect(page.get_by_label("保険者番号")).to_be_focused()
    types(page, "123", "昭和30年13月1日", "", "", "x")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".field-error")).to_have_count(5)
    page.screenshot(path=PICTURES / "enquiry-mistakes-ja-1280.png", full_page=True)
    findings["mistakes"] = axe_findings(page)
    page = desk.opens("/staff/enquiry")
    born = person.birthdate.isoformat()
    types(page, person.insurer.number, born, person.symbol or "", person.number, "")
    page.keyboard.press("Space")
    expect(page.get_by_label("資格確認書")).to_be_checked()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="2人が該当しました")).to_be_visible()
    expect(
        page.locator("#candidates ~ * tbody tr, section:has(#candidates) tbody tr")
    ).to_have_count(2)
    visit = page.url
    findings["several"] = pictures(page, "enquiry-several")
    page.goto(visit)
    with page.expect_navigation():
        page.get_by_role("link", name="の番号で照会").first.click()
    expect(page.get_by_label("枝番")).not_to_have_value("")
    page.get_by_label("資格確認書").check()
    with page.expect_navigation():
        page.get_by_role("button", name="照会する").click()
    expect(page.locator(".visit-coverage .status").first).to_contain_text("有効")
    findings["answer"] = pictures(page, "enquiry-answer")
    page = desk.opens("/staff/today")
    expect(page.locator(".row-origin-number")).to_have_count(2)
    findings["today"] = pictures(page, "enquiry-today")
    assert findings == {name: [] for name in findings}


def test_a_disaster_from_switch_to_end(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """An administrator switches it on, reception asks by name, and the banner stands everywhere."""
    admin = Desk(chromium, website, Role.ADMINISTRATOR)
    desks.append(admin)
    page = admin.opens("/staff/disaster")
    page.get_by_label("理由").fill("台風による浸水で避難所から受診")
    findings = {"switch": axe_findings(page)}
    with page.expect_navigation():
        page.get_by_role("button", name="災害時モードを入れる").click()
    expect(page.locator(".desk-disaster")).to_contain_text("台風")
    findings["on"] = pictures(page, "disaster-on")
    clinic.payer.payer.disaster.switch(DEFAULT_INSTITUTION, on=True)
    try:
        desks.append(reception := Desk(chromium, website, Role.RECEPTION))
        page = reception.opens("/staff/today")
        with page.expect_navigation():
            page.get_by_role("link", name="氏名で照会する").click()
        expect(page.get_by_label("氏名")).to_be_focused()
        findings["form"] = pictures(page, "disaster-form")
        people = clinic.payer.payer.population.people
        names = [(one.registered_name, one.birthdate, one.sex) for one in people]
        person = next(one for one, key in zip(people, names, strict=True) if names.count(key) == 2)
        page = reception.opens("/staff/enquiry/name")
        types(page, person.registered_name, person.birthdate.isoformat())
        page.get_by_label("男" if person.sex.value == "1" else "女").check()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="2人が該当しました")).to_be_visible()
        findings["several"] = pictures(page, "disaster-several")
        page = reception.opens("/staff/today")
        expect(page.locator(".row-origin-disaster")).to_have_count(1)
        findings["today"] = pictures(page, "disaster-today")
    finally:
        clinic.payer.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)
    assert findings == {name: [] for name in findings}
