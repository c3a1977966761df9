"""A card on a reader that nobody can be asked over: both screens, in a real Chromium."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from terminal.accounts import Role
from terminal.views import KioskStep
from tests.browser.axe import axe_findings
from tests.browser.kiosk_person import person_at
from tests.browser.test_desk import Desk
from tests.clinic import Stage, opened_clinic
from tests.website import opened_website

pytestmark = pytest.mark.browser


def test_patient_and_staff_are_told_where_the_card_is_checked(
    tmp_path: Path, stage: Stage, chromium: Browser
) -> None:
    """The patient is asked for nothing; staff read the next step and find the form by number."""
    for name in ("req", "res"):
        (tmp_path / name).mkdir()
    national = f'[national]\nreq_dir = "{tmp_path / "req"}"\nres_dir = "{tmp_path / "res"}"\n'
    chosen = 'interface = "national"\n' + national
    with (
        opened_clinic(tmp_path, stage, eligibility=chosen) as clinic,
        opened_website(clinic) as website,
        person_at(website, chromium) as person,
    ):
        desk = Desk(chromium, website, Role.RECEPTION)
        person.taps("ordinary")
        person.sees(KioskStep.WITH_STAFF)
        words = person.page.locator("main")
        expect(words).to_contain_text("もう一つの カードリーダーか 受付で 確認します")
        expect(words).to_contain_text("カードを お取りになって")
        # nothing to type, to choose or to answer
        assert person.page.locator("main button:visible, main input:visible").count() == 0
        assert axe_findings(person.page) == []
        need = desk.page.locator("td.cell-need")
        expect(need).to_contain_text("いまの接続方式では、このリーダーのカードで照会できません")
        page = desk.opens_first()
        expect(page.locator("#visit")).to_contain_text("顔認証付きカードリーダーをご利用いただくか")
        assert page.locator("form[action$='/identify']").count() == 0
        assert axe_findings(page) == []
        if folder := os.environ.get("DESK_PICTURES"):
            person.page.screenshot(path=Path(folder) / "kiosk-other-reader.png")
            page.screenshot(path=Path(folder) / "desk-other-reader.png")
        way_on = page.locator(".visit-acts").get_by_role("link", name="番号で照会する")
        expect(way_on).to_have_count(1)
        assert desk.complaints == []
        desk.context.close()
