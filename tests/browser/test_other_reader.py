"""The desk's own reader and the national one, over the national interface, in a real Chromium."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from eligibility.codes import PrescriptionIssue
from eligibility.national.folder import Folder
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.reader_visits import pushed_visit
from terminal.access.accounts import Role
from terminal.views import KioskStep
from tests.browser.axe import axe_findings
from tests.browser.kiosk_person import person_at
from tests.browser.test_desk import Desk
from tests.clinic import Stage, opened_clinic
from tests.website import opened_website

pytestmark = pytest.mark.browser


def national(folder: Path) -> str:
    """Return a section that has the payer asked over folders, which are made."""
    paths = {name: folder / name for name in ("req", "res", "face")}
    for path in paths.values():
        path.mkdir()
    dirs = "".join(f'{name}_dir = "{path}"\n' for name, path in paths.items())
    return f'interface = "national"\n[national]\npoll_seconds = 0.2\n{dirs}'


def keep(page: Page, name: str) -> None:
    """Keep a picture where the environment asks for some."""
    if folder := os.environ.get("DESK_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_patient_and_staff_are_told_where_the_card_is_checked(
    tmp_path: Path, stage: Stage, chromium: Browser
) -> None:
    """Nobody is invited to tap; who does is sent on calmly, and a press calls staff."""
    with (
        opened_clinic(tmp_path, stage, eligibility=national(tmp_path)) as clinic,
        opened_website(clinic) as website,
        person_at(website, chromium) as person,
    ):
        desk = Desk(chromium, website, Role.RECEPTION)
        person.sees(KioskStep.IDLE)
        words = person.page.locator("main")
        expect(words).to_contain_text("もう一つの カードリーダーか 受付へ どうぞ")
        expect(words).to_contain_text("Use the other card reader, or ask at reception")
        expect(words).not_to_contain_text("カードを ここに 置いてください")
        person.taps("ordinary")
        person.sees(KioskStep.CARD_PROBLEM)
        expect(words).to_contain_text("もう一つの カードリーダーか 受付へ どうぞ")
        expect(words).to_contain_text("カードを お取りください")
        # nothing to type, to choose or to answer
        expect(person.page.locator("main button:visible, main input:visible")).to_have_count(0)
        assert axe_findings(person.page) == []
        keep(person.page, "kiosk-other-reader")
        person.touches("係を呼ぶ")
        need = desk.page.locator("td.cell-need")
        expect(need).to_contain_text("いまの接続方式では、このリーダーのカードで照会できません")
        page = desk.opens_first()
        expect(page.locator("#visit")).to_contain_text("顔認証付きカードリーダーをご利用いただくか")
        expect(page.locator("form[action$='/identify']")).to_have_count(0)
        assert axe_findings(page) == []
        keep(page, "desk-other-reader")
        way_on = page.locator(".visit-acts").get_by_role("link", name="番号で照会する")
        expect(way_on).to_have_count(1)
        assert desk.complaints == []
        desk.context.close()


def test_somebody_whom_the_payer_does_not_name_stands_in_the_list(
    tmp_path: Path, stage: Stage, chromium: Browser
) -> None:
    """Staff read that no qualification was found, that nobody is named, and how to go on."""
    with (
        opened_clinic(tmp_path, stage, eligibility=national(tmp_path)) as clinic,
        opened_website(clinic) as website,
    ):
        people = clinic.payer.payer.population.people
        unknown = next(person for person in people if person.persona == "not-found")
        now = clinic.terminal.now()
        desk = Desk(chromium, website, Role.RECEPTION)
        name, content = pushed_visit(DEFAULT_INSTITUTION, unknown, [], now)
        Folder(tmp_path / "face").publish(name, content)
        need = desk.page.locator("td.cell-need")
        expect(need).to_contain_text("「該当資格なし」の結果が届きました")
        keep(desk.page, "today-nobody")
        page = desk.opens_first()
        shown = page.locator("#visit")
        expect(shown).to_contain_text("氏名は未確認")
        expect(shown).to_contain_text("どなたの資格も確認できていません")
        expect(shown).to_contain_text("資格確認書などの番号で照会します")
        expect(shown).not_to_contain_text("まだ支払側の回答がありません")
        expect(page.locator("form[action$='/identify']")).to_have_count(0)
        expect(
            page.locator(".visit-acts").get_by_role("link", name="番号で照会する")
        ).to_have_count(1)
        assert axe_findings(page) == []
        keep(page, "desk-nobody")
        page.get_by_role("link", name="確認の証跡").click()
        expect(page.get_by_text(name)).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="原本を保存").click()
        assert download.value.path().read_bytes() == content
        assert axe_findings(page) == []
        keep(page, "desk-nobody-proof")
        page.get_by_role("link", name="資格", exact=True).click()
        page.locator(".visit-acts").get_by_role("link", name="番号で照会する").click()
        page.locator("[name=insurer_number]").fill("39138011")
        page.locator("[name=number]").fill("12345678")
        page.locator("[name=birthdate]").fill("1942-08-14")
        page.get_by_label("資格確認書", exact=True).check()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        desk.opens("/staff/today")
        ended = desk.page.locator("tr", has=desk.page.locator(".row-origin-pushed"))
        expect(ended).to_contain_text("番号で照会しました")
        expect(ended).not_to_have_class("row row-needs")
        assert desk.complaints == []
        desk.context.close()


def test_a_visit_that_was_told_says_so_and_nothing_that_the_desk_did_not_do(
    tmp_path: Path, stage: Stage, chromium: Browser
) -> None:
    """How it began and what was chosen there stand on the page; no question is made up."""
    with (
        opened_clinic(
            tmp_path,
            stage,
            eligibility=national(tmp_path),
            kiosk="prescription_choice = true",
        ) as clinic,
        opened_website(clinic) as website,
    ):
        people = clinic.payer.payer.population.people
        person = next(one for one in people if one.persona == "elderly")
        assert person.prescription is PrescriptionIssue.ELECTRONIC
        desk = Desk(chromium, website, Role.RECEPTION)
        now = clinic.terminal.now()
        Folder(tmp_path / "face").publish(*pushed_visit(DEFAULT_INSTITUTION, person, [], now))
        expect(desk.page.locator("a.row-link")).to_have_text(person.name)
        page = desk.opens_first()
        shown = page.locator("section", has=page.get_by_role("heading", name="この受付"))
        expect(shown).to_contain_text("受付の方法顔認証付きカードリーダー")
        expect(shown).to_contain_text("処方箋電子処方箋")
        page.get_by_role("link", name="確認の証跡").click()
        expect(page.locator("main")).to_contain_text("この端末からは問い合わせていません")
        expect(page.locator("main")).not_to_contain_text("送信の記録はありません")
        assert axe_findings(page) == []
        assert desk.complaints == []
        desk.context.close()


def test_nobody_is_sent_to_ask_by_name_where_that_cannot_be(
    tmp_path: Path, stage: Stage, chromium: Browser
) -> None:
    """In disaster mode the banner leads to the form by number; the other says why, and leads on."""
    with (
        opened_clinic(tmp_path, stage, eligibility=national(tmp_path)) as clinic,
        opened_website(clinic) as website,
    ):
        administrator = Desk(chromium, website, Role.ADMINISTRATOR)
        page = administrator.opens("/staff/disaster")
        expect(page.locator("main")).to_contain_text("氏名での照会はできません")
        assert axe_findings(page) == []
        clinic.terminal.disaster.switch_on(clinic.administrator.actor, "地震", timedelta(days=1))
        desk = Desk(chromium, website, Role.RECEPTION)
        ways = desk.opens("/staff/enquiry").locator("#disaster-banner").get_by_role("link")
        expect(ways).to_have_text(["番号で照会する"])
        page = desk.opens("/staff/enquiry/name")
        expect(page.locator("main")).to_contain_text("氏名での照会はできません")
        assert axe_findings(page) == []
        page.locator("main").get_by_role("link", name="番号で照会する").click()
        expect(page.locator("[name=insurer_number]")).to_be_visible()
        for one in (administrator, desk):
            assert one.complaints == []
            one.context.close()


def test_staff_see_that_card_visits_do_not_arrive_and_when_they_do_again(
    tmp_path: Path, stage: Stage, chromium: Browser
) -> None:
    """While the shared folder is away the list would look merely quiet: it says that it is not."""
    with (
        opened_clinic(tmp_path, stage, eligibility=national(tmp_path)) as clinic,
        opened_website(clinic) as website,
    ):
        desk = Desk(chromium, website, Role.RECEPTION)
        state = desk.page.locator("#desk-state")
        expect(state).to_contain_text("送信待ち")
        expect(state).not_to_contain_text("受付が届きません")
        person = clinic.payer.payer.population.people[0]
        shared, away = tmp_path / "face", tmp_path / "away"
        shared.rename(away)
        expect(state).to_contain_text("顔認証付きカードリーダーの受付が届きません")
        assert axe_findings(desk.page) == []
        keep(desk.page, "today-cut-off")
        # somebody comes meanwhile: the visit waits where the desk cannot look
        name, content = pushed_visit(DEFAULT_INSTITUTION, person, [], clinic.terminal.now())
        Folder(away).publish(name, content)
        away.rename(shared)
        expect(desk.page.locator("tr[data-visit]")).to_have_count(1)
        expect(state).not_to_contain_text("受付が届きません")
        assert desk.complaints == []
        desk.context.close()
