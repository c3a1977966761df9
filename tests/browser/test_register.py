"""The clinic's register in a browser: imported, searched, by keyboard and without complaint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from eligibility.simulator.register import register_of
from terminal.access.accounts import Role
from tests.browser.axe import axe_findings, in_language
from tests.browser.test_desk import Desk
from tests.clinic import Clinic
from tests.website import Website, opened_website

pytestmark = [pytest.mark.browser, pytest.mark.long]
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
HEADER = "患者番号,氏名,カナ,生年月日,性別,住所\n"
REGISTER = (
    HEADER
    + "".join(
        f"{n:05},患者 {n}号,カンジャ {n},S{30 + n}.4.5,1,東京都千代田区千代田{n}\n"
        for n in range(1, 31)
    )
    + "00101,山口 さくら,ヤマグチ サクラ,H7.3.3,2,東京都港区1\n"
)


@pytest.fixture
def website(clinic: Clinic) -> Iterator[Website]:
    """The clinic's pages."""
    with opened_website(clinic) as website:
        yield website


@pytest.fixture
def desk(chromium: Browser, website: Website) -> Iterator[Desk]:
    """Reception at a browser that must have had nothing to complain about."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    desk = Desk(chromium, website, Role.RECEPTION)
    yield desk
    desk.context.close()
    # a file with mistakes is answered with 422, which the browser logs
    assert [words for words in desk.complaints if "422" not in words] == []


def looks_at(page: Page, text: str) -> None:
    """Choose a file of this text and have it looked at."""
    file = FilePayload(name="register.csv", mimeType="text/csv", buffer=text.encode("cp932"))
    page.get_by_label("CSVファイル").set_input_files(files=[file])
    with page.expect_navigation():
        page.get_by_role("button", name="内容を確かめる").click()


def test_a_register_is_imported_and_searched(desk: Desk) -> None:
    """From an empty register to a found patient: mistakes told, corrected, taken, searched."""
    page = desk.opens("/staff/register")
    expect(page.get_by_text("患者台帳はまだ空です")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="CSVから取り込む").click()
    looks_at(page, REGISTER + "00101,誤り,,H7.3.3,,\n,,,x,,\n")
    expect(page.get_by_text("誤りが2か所あります")).to_be_visible()
    findings = {"mistakes": axe_findings(page)}
    page.screenshot(path=PICTURES / "register-mistakes.png", full_page=True)
    with page.expect_navigation():
        page.get_by_role("link", name="ファイルを選び直す").first.click()
    findings["choose"] = axe_findings(page)
    page.screenshot(path=PICTURES / "register-choose.png", full_page=True)
    looks_at(page, REGISTER)
    findings["preview"] = axe_findings(page)
    page.screenshot(path=PICTURES / "register-preview.png", full_page=True)
    with page.expect_navigation():
        page.get_by_role("button", name="31人を取り込む").press("Enter")
    expect(page.get_by_text("患者台帳に取り込みました")).to_be_visible()
    findings["list"] = axe_findings(page)
    page.screenshot(path=PICTURES / "register-list.png", full_page=True)
    expect(page.get_by_text("1 / 2ページ")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="次へ").click()
    expect(page.get_by_text("2 / 2ページ")).to_be_visible()
    page.get_by_label("患者を探す").fill("ﾔﾏｸﾞﾁ")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("山口 さくら")
    assert page.url.endswith("/staff/register")
    in_language(page, "English")
    page = desk.opens("/staff/register/import")
    findings["english"] = axe_findings(page)
    page.screenshot(path=PICTURES / "register-choose-en.png", full_page=True)
    assert {name: found for name, found in findings.items() if found} == {}


def test_a_visit_is_linked_by_hand_and_taken_back(clinic: Clinic, desk: Desk) -> None:
    """A candidate is shown, another person is linked by mistake and found at once, taken back."""
    people = {one.persona: one for one in clinic.payer.payer.population.people}
    own, other = people["ordinary"], people["elderly"]
    lines = "".join(
        f"{number},{one.registered_name},{one.name_kana},{one.birthdate},{one.sex.value},{place}\n"
        for number, one, place in (("00010", own, "大阪府"), ("00020", other, "東京都"))
    )
    register, actor = clinic.terminal.register, clinic.reception.actor
    register.take(actor, register.look_at(actor, (HEADER + lines).encode()).id)
    clinic.receives("ordinary")
    page = desk.opens_first()
    section = page.get_by_role("region", name="患者台帳との照合")
    expect(section.get_by_text("台帳に候補が1人います")).to_be_visible()
    findings = {"candidates": axe_findings(page)}
    section.screenshot(path=PICTURES / "record-candidates.png")
    section.get_by_label("患者番号で照合する").fill("99999")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("この患者番号の患者は見つかりません")).to_be_visible()
    section.get_by_label("患者番号で照合する").fill("00020")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("別人の台帳です")).to_be_visible()
    findings["another"] = axe_findings(page)
    page.screenshot(path=PICTURES / "record-another.png", full_page=True)
    with page.expect_navigation():
        section.get_by_role("button", name="直前の操作を取り消す").press("Enter")
    expect(page.get_by_text("直前の操作を取り消しました")).to_be_visible()
    with page.expect_navigation():
        section.get_by_role("button", name="この患者と照合 00010").press("Enter")
    expect(page.get_by_text("台帳と照合しました")).to_be_visible()
    expect(section.get_by_text("00010").first).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.screenshot(path=PICTURES / "record-linked.png", full_page=True)
    in_language(page, "English")
    findings["english"] = axe_findings(page)
    page.screenshot(path=PICTURES / "record-linked-en.png", full_page=True)
    assert {name: found for name, found in findings.items() if found} == {}


def test_the_right_name_is_entered_once(clinic: Clinic, desk: Desk) -> None:
    """Where the payer's name has ●, staff enter it; it stands as theirs and can be taken back."""
    people = {one.persona: one for one in clinic.payer.payer.population.people}
    register, actor = clinic.terminal.register, clinic.reception.actor
    file = register_of([people["replaced-character"]]).encode()
    register.take(actor, register.look_at(actor, file).id)
    clinic.receives("replaced-character")
    page = desk.opens_first()
    # ● is no difference, but somebody has to look
    record = page.get_by_role("region", name="患者台帳との照合")
    expect(record.get_by_text("確かめる項目があります")).to_be_visible()
    section = page.get_by_role("region", name="正しい氏名")
    section.get_by_label("本人に確かめた氏名").fill("●橋 恵")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(section.get_by_text("氏名として入力できません")).to_be_visible()
    findings = {"asked": axe_findings(page)}
    section.get_by_label("本人に確かめた氏名").fill("髙橋 恵")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("氏名を残しました")).to_be_visible()
    expect(section.get_by_text("髙橋 恵")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("●")
    findings["entered"] = axe_findings(page)
    page.screenshot(path=PICTURES / "right-name.png", full_page=True)
    section.get_by_role("button", name="入力を取り消す").press("Enter")
    expect(section.get_by_label("本人に確かめた氏名")).to_be_visible()
    assert {name: found for name, found in findings.items() if found} == {}
