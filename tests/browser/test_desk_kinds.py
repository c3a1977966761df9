"""What staff see of each kind of card: its own words, its next step, no way that leads nowhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from terminal.access.accounts import Role
from terminal.views import KioskStep
from tests.browser.axe import axe_findings
from tests.browser.test_desk import Desk
from tests.clinic import Clinic
from tests.website import opened_website

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(clinic: Clinic, chromium: Browser) -> Iterator[Desk]:
    """A receptionist at the desk."""
    with opened_website(clinic) as website:
        desk = Desk(chromium, website, Role.RECEPTION)
        yield desk
        desk.context.close()
        assert desk.complaints == []


def keep(desk: Desk, name: str) -> None:
    """Keep a picture where the environment asks for some."""
    folder = os.environ.get("DESK_PICTURES")
    if folder:
        desk.page.screenshot(path=Path(folder) / f"desk-{name}.png", full_page=True)


KINDS = (
    ("pin-blocked", "暗証番号がロックされています", True),
    ("face-only", "暗証番号を使えないカードです", True),
    ("expired", "電子証明書の期限が切れて3か月を過ぎています", False),
    ("card-expired", "カードそのものの期限が切れています", False),
    ("not-loaded", "カードに電子証明書が入っていません", False),
)
"""Persona, what staff read, and whether a look can help."""


def test_a_card_that_cannot_be_used_says_why_and_what_to_do(clinic: Clinic, desk: Desk) -> None:
    """The list and the visit say it in the same words; a look is offered only where it can help."""
    for persona, what, look in KINDS:
        clinic.patient.taps(persona)
        page = desk.opens("/staff/today")
        expect(page.locator("td.cell-need").filter(has_text=what)).to_have_count(1)
        visit_id = clinic.reception.row().visit.id
        page = desk.opens(f"/staff/visits/{visit_id}")
        expect(page.get_by_role("heading", name=what)).to_be_visible()
        submit = page.get_by_role("button", name="本人と確認した")
        expect(submit).to_have_count(1 if look else 0)
        assert axe_findings(page) == []
        keep(desk, persona)
        clinic.patient.takes_card()


def test_a_phone_is_shown_as_one_and_cannot_be_looked_at(clinic: Clinic, desk: Desk) -> None:
    """Staff read that it is a phone without a face, and why there is no form to identify."""
    view = clinic.patient.taps("phone")
    clinic.terminal.desk.call_staff(view.visit_id)
    page = desk.opens_first()
    expect(page.locator(".visit-side")).to_contain_text("スマートフォン（Android）")
    expect(page.locator(".visit-side")).to_contain_text("写真がありません")
    expect(page.locator("#visit")).not_to_contain_text("目視で確認します")
    expect(page.locator("form[action$='/identify']")).to_have_count(0)
    assert axe_findings(page) == []
    keep(desk, "phone")


def test_a_registration_is_told_with_its_time(clinic: Clinic, desk: Desk) -> None:
    """Before the yes the visit names the other way, after it since when the card is registered."""
    clinic.patient.taps("not-registered")
    clinic.patient.types_pin()
    clinic.patient.sees(KioskStep.REGISTER)
    page = desk.opens_first()
    expect(page.get_by_role("heading", name="保険証としての利用登録がまだです")).to_be_visible()
    assert axe_findings(page) == []
    keep(desk, "not-registered")
    clinic.patient.answers_registration(agree=True)
    clinic.reception.sees_answer()
    page = desk.opens_first()
    expect(page.locator(".visit-visit")).to_contain_text("患者さんが登録に同意しました")
    expect(page.locator(".visit-visit")).to_contain_text("登録済み")
    keep(desk, "registered")


def test_who_acted_is_recorded_by_staff(clinic: Clinic, desk: Desk) -> None:
    """A parent who typed for an infant is chosen from a list and stands with the identification."""
    clinic.patient.taps("infant")
    clinic.patient.types_pin()
    clinic.reception.sees_answer()
    page = desk.opens_first()
    page.get_by_text("代わりの方が操作したとき").click()
    page.get_by_label("どなたが操作しましたか").select_option(label="親（親権者）")
    assert axe_findings(page) == []
    keep(desk, "acting")
    with page.expect_navigation():
        page.get_by_role("button", name="記録する").click()
    expect(page.locator(".visit-visit")).to_contain_text("操作: 親（親権者）")
