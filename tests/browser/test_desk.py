"""The desk in a real Chromium: the live list, a visit, its history, and what stays behind."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from terminal.access.accounts import TERMINAL, Role
from terminal.errors import LoginRefusedError
from terminal.virtual_card.personas import StoredCard
from tests.browser.axe import axe_findings, in_language
from tests.clinic import Clinic
from tests.website import Website, opened_website

pytestmark = [pytest.mark.browser, pytest.mark.long]
SIZE = ViewportSize(width=1440, height=900)


class Desk:
    """A member of staff at a browser; ``complaints``: what the browser itself objected to."""

    def __init__(self, chromium: Browser, website: Website, role: Role) -> None:
        """Open a fresh browser and log in."""
        self.context = chromium.new_context(viewport=SIZE, locale="ja-JP")
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.url = website.url
        self.page.goto(f"{self.url}/staff/login")
        self.page.get_by_label("ログイン名").fill(str(role))
        self.page.get_by_label("パスワード").fill(website.passwords[role])
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="ログイン", exact=True).click()
        expect(self.page.get_by_role("button", name="ログアウト")).to_be_visible()

    def _hear(self, message: object) -> None:
        text, kind = getattr(message, "text", ""), getattr(message, "type", "")
        if kind == "error" or "Content Security Policy" in text:
            self.complaints.append(text)

    def opens(self, path: str) -> Page:
        """Open a page of the desk."""
        self.page.goto(f"{self.url}{path}")
        return self.page

    def opens_first(self) -> Page:
        """Open the newest visit from today's list."""
        first = self.opens("/staff/today").locator("a.row-link").first
        with self.page.expect_navigation():
            first.click()
        expect(self.page.locator("#visit")).to_be_visible()
        return self.page


@pytest.fixture
def website(clinic: Clinic) -> Iterator[Website]:
    """The clinic's pages."""
    with opened_website(clinic) as website:
        yield website


@pytest.fixture
def desks(chromium: Browser, website: Website) -> Iterator[list[Desk]]:
    """Desks that were opened; each must have had nothing to complain about."""
    opened: list[Desk] = []
    yield opened
    for desk in opened:
        desk.context.close()
        assert desk.complaints == []


def sits_down(desks: list[Desk], chromium: Browser, website: Website, role: Role) -> Desk:
    """Open a desk for this role."""
    desks.append(Desk(chromium, website, role))
    return desks[-1]


def test_the_list_is_live(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """A tap and an answer appear in the open list by themselves, without loading the page."""
    page = sits_down(desks, chromium, website, Role.RECEPTION).opens("/staff/today")
    expect(page.get_by_text("まだ受付はありません")).to_be_visible()
    page.evaluate("() => { window.notReloaded = true; }")
    clinic.patient.taps("ordinary")
    expect(page.get_by_role("row").filter(has_text="患者さんが操作中")).to_be_visible()
    clinic.patient.types_pin()
    row = page.get_by_role("row").filter(has_text="山田")
    expect(row).to_contain_text("有効")
    expect(row).to_contain_text("3割")
    assert page.evaluate("() => window.notReloaded")


def test_the_list_is_searched_by_typing(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Typing anywhere searches by kana in any script; Enter opens, Escape shows all again."""
    for persona in ("ordinary", "elderly"):
        clinic.receives(persona)
    page = sits_down(desks, chromium, website, Role.RECEPTION).opens("/staff/today")
    rows = page.locator("tr[data-visit]:visible")
    expect(rows).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.type("たなか")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("田中")
    page.keyboard.press("Escape")
    expect(rows).to_have_count(2)
    page.keyboard.type("だれもいない")
    expect(page.get_by_text("この文字に合う受付はありません")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.type("ﾔﾏﾀﾞ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("山田")


def test_a_visit_without_pin_is_settled_at_the_desk(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """A blocked PIN stands on top with its reason; the look by staff leads to the coverage."""
    clinic.patient.taps("pin-blocked")
    page = sits_down(desks, chromium, website, Role.RECEPTION).opens("/staff/today")
    expect(page.locator(".row-needs")).to_contain_text("暗証番号がロックされています")
    with page.expect_navigation():
        page.locator(".row-needs a.row-link").click()
    page.get_by_label("暗証番号がロックされている").check()
    with page.expect_navigation():
        page.get_by_role("button", name="本人と確認した").click()
    expect(page.get_by_text("目視で確認したことを記録しました")).to_be_visible()
    expect(page.locator(".status-box")).to_contain_text("有効")
    expect(page.get_by_text("職員の目視")).to_be_visible()
    page.get_by_role("link", name="閲覧の記録").click()
    expect(page.get_by_role("row").filter(has_text="本人を確認")).to_contain_text("reception")


def test_history_is_for_those_who_may_see_it(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """The doctor sees the consented medicines, reception has not even the tab."""
    clinic.receives("ordinary")
    row = clinic.reception.row()
    clinic.doctor.sees_history(row.visit.id)
    page = sits_down(desks, chromium, website, Role.RECEPTION).opens_first()
    expect(page.get_by_role("link", name="薬・診療・健診")).to_have_count(0)
    page = sits_down(desks, chromium, website, Role.CLINICIAN).opens_first()
    with page.expect_navigation():
        page.get_by_role("link", name="薬・診療・健診").click()
    expect(page.locator("[data-records] table")).not_to_have_count(0)


def test_history_leaves_the_screen_when_consent_ends(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """An open history page blanks itself at the end of the consent and says why."""
    clinic.receives("ordinary")
    row = clinic.reception.row()
    clinic.doctor.sees_history(row.visit.id)
    desk = sits_down(desks, chromium, website, Role.CLINICIAN)
    desk.page.clock.install()
    page = desk.opens(f"/staff/visits/{row.visit.id}/history")
    expect(page.locator("[data-records]")).to_be_visible()
    page.clock.fast_forward("23:00:00")
    expect(page.locator("[data-records]")).to_be_visible()
    page.clock.fast_forward("01:01:00")
    expect(page.locator("[data-records]")).to_have_count(0)
    expect(page.get_by_text("同意の時間が終わりました")).to_be_visible()


def test_nothing_is_left_after_log_out(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """The way back after log-out leads to the log-in, not to the last patient."""
    clinic.receives("ordinary")
    row = clinic.reception.row()
    clinic.doctor.sees_history(row.visit.id)
    desk = sits_down(desks, chromium, website, Role.CLINICIAN)
    page = desk.opens(f"/staff/visits/{row.visit.id}/history")
    page.get_by_role("button", name="ログアウト").click()
    expect(page.get_by_role("heading", name="職員ログイン")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="職員ログイン")).to_be_visible()
    assert "山田" not in page.content()


def test_a_lost_server_greys_the_list(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Where nobody answers, the list stays, greyed, with its time and what to do."""
    clinic.receives("ordinary")
    desk = sits_down(desks, chromium, website, Role.RECEPTION)
    page = desk.opens("/staff/today")
    page.route("**/staff/today/rows", lambda route: route.abort())
    clinic.patient.taps("elderly")
    expect(
        page.get_by_text(re.compile("画面が更新されていません。[0-9:]+ の内容です"))
    ).to_be_visible()
    expect(page.locator("tr[data-visit]")).to_have_count(1)
    page.unroute("**/staff/today/rows")
    clinic.patient.types_pin()
    expect(page.get_by_role("row").filter(has_text="田中")).to_be_visible()
    expect(page.get_by_text("画面が更新されていません")).to_be_hidden()
    desk.complaints.clear()


def test_a_kiosk_is_enrolled_by_code(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """The administrator's page makes a code, and a browser that types it becomes the kiosk."""
    page = sits_down(desks, chromium, website, Role.ADMINISTRATOR).opens("/staff/kiosks")
    page.get_by_role("button", name="登録コードを発行する").click()
    code = page.locator(".kiosk-code").inner_text()
    with chromium.new_context(viewport=SIZE) as context:
        kiosk = context.new_page()
        kiosk.goto(f"{website.url}/kiosk/")
        kiosk.get_by_label("登録コード").fill(code)
        kiosk.get_by_role("button", name="登録する").click()
        expect(kiosk.locator("#kiosk")).to_be_visible()
    with pytest.raises(LoginRefusedError):
        clinic.terminal.kiosks.enrol(code)


PAGES = {
    Role.RECEPTION: ("/staff/today", "/staff/devices", "/staff/me", "/staff/none"),
    Role.ADMINISTRATOR: ("/staff/accounts", "/staff/kiosks"),
}


def test_the_desks_pages_are_accessible(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """axe finds nothing on any page of the desk, in either language."""
    clinic.terminal.access.create_account(
        TERMINAL, "second", "Second", Role.RECEPTION, "a long enough sentence"
    )
    clinic.receives("job-change")
    clinic.receives("ordinary")
    rows = clinic.terminal.desk.today(clinic.doctor.actor).rows
    clinic.doctor.sees_history(rows[0].visit.id)
    doctors = tuple(
        f"/staff/visits/{row.visit.id}{tab}"
        for row in rows
        for tab in ("", "/history", "/history/care", "/history/checkups", "/log")
    )
    found: dict[str, list[str]] = {}
    for role, paths in {**PAGES, Role.CLINICIAN: doctors}.items():
        desk = sits_down(desks, chromium, website, role)
        for language in ("日本語", "English"):
            in_language(desk.page, language)
            for path in paths:
                findings = axe_findings(desk.opens(path))
                if findings:
                    found[f"{path} {language}"] = findings
        desk.complaints = [words for words in desk.complaints if "404" not in words]
    assert found == {}


def test_a_forgotten_card_is_told_in_the_list_until_it_is_taken(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Staff see live that a card lies at the kiosk, since when, and what to do."""
    page = sits_down(desks, chromium, website, Role.RECEPTION).opens("/staff/today")
    view = clinic.patient.taps("ordinary")
    assert view.visit_id is not None
    clinic.terminal.desk.leave(view.visit_id)
    state = page.locator("#desk-state")
    expect(state).to_contain_text(re.compile(r"カードの置き忘れ（\d\d:\d\dから \d+分）"))
    assert axe_findings(page) == []
    clinic.patient.takes_card()
    expect(state).not_to_contain_text("置き忘れ")


def fills_in(page: Page, card: StoredCard, *, wrong: int = 0) -> None:
    """Type 照合番号B off a card's face by keyboard alone and send it."""
    section = page.get_by_role("region", name="券面の情報と照合")
    section.get_by_label("生年月日").fill(card.person.birthdate.isoformat())
    section.get_by_label("有効期限の年").press_sequentially(str(card.expires_on.year))
    page.keyboard.press("Tab")
    page.keyboard.type(f"{(int(card.security_code) + wrong) % 10000:04d}")
    page.keyboard.press("Enter")


def test_the_card_is_compared_at_the_desk(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """A wrong number tells the tries left; the right one shows that the payer means another."""
    card = clinic.stage.face_of("mislinked")
    clinic.patient.taps("mislinked")
    clinic.patient.types_pin()
    clinic.reception.sees_answer()
    page = sits_down(desks, chromium, website, Role.RECEPTION).opens_first()
    section = page.get_by_role("region", name="券面の情報と照合")
    expect(section).to_contain_text("まだ読み取っていません")
    expect(page.get_by_role("heading", level=1)).to_contain_text("高田　涼子")
    fills_in(page, card, wrong=1)
    expect(section).to_contain_text("入力した内容がカードと合いません")
    expect(section).to_contain_text("あと9回試せます")
    expect(page.locator("#said")).to_have_text("入力した内容がカードと合いません")
    expect(section.get_by_label("セキュリティコード")).to_have_value("")
    assert axe_findings(page) == []
    fills_in(page, card)
    expect(section).to_contain_text("カードと違います")
    expect(page.locator("#said")).to_have_text("カードと違います")
    expect(section.get_by_role("row").filter(has_text="生年月日")).to_contain_text("違う")
    expect(section.get_by_role("row").filter(has_text="氏名")).to_contain_text("表示しません")
    expect(page.locator("#to-settle")).to_be_visible()
    expect(page.locator(".finding-stop").first).to_contain_text("別の人の資格のおそれがあります")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("涼子")
    expect(page.get_by_role("button", name="カードと照合する")).to_have_count(0)
    for language in ("English", "日本語"):
        in_language(page, language)
        assert axe_findings(page) == []
    page.get_by_role("link", name="閲覧の記録").click()
    expect(page.get_by_role("row").filter(has_text="券面の情報を読み取り")).to_contain_text(
        "職員が入力"
    )


def test_what_cannot_be_right_is_told_at_its_field(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """A part that cannot be right is named at its field, the other is kept, the code never."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.reception.sees_answer()
    desk = sits_down(desks, chromium, website, Role.RECEPTION)
    page = desk.opens_first()
    section = page.get_by_role("region", name="券面の情報と照合")
    section.get_by_label("生年月日").fill("1980-02-17")
    section.get_by_label("有効期限の年").fill("1999")
    section.get_by_label("セキュリティコード").fill("4271")
    page.keyboard.press("Enter")
    year = section.get_by_label("有効期限の年")
    expect(year).to_have_attribute("aria-invalid", "true")
    expect(year).to_have_accessible_description(re.compile("カードの有効期限の年ではありません"))
    expect(section.get_by_label("生年月日")).to_have_value("1980-02-17")
    expect(section.get_by_label("セキュリティコード")).to_have_value("")
    assert "4271" not in page.content()
    assert axe_findings(page) == []
    desk.complaints.clear()  # the browser complains of the status 422 itself


def test_what_is_being_typed_stays_while_the_visit_changes(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """An answer that comes while somebody types does not take the form away; that is said."""
    clinic.patient.taps("ordinary")
    page = sits_down(desks, chromium, website, Role.RECEPTION).opens_first()
    section = page.get_by_role("region", name="券面の情報と照合")
    section.get_by_label("有効期限の年").fill("20")
    page.get_by_role("heading", level=1).click()
    clinic.patient.types_pin()
    clinic.reception.sees_answer()
    expect(page.locator("#changed")).to_be_visible()
    expect(section.get_by_label("有効期限の年")).to_have_value("20")


def test_staff_decide_while_the_payer_is_silent_and_see_what_it_says_later(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """What was decided stands beside the late answer, and a difference is to be settled."""
    clinic.receives("ordinary")
    clinic.payer.faults.set("down", path="$submit")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.reception.sees_row(
        lambda row: row.confirmation is not None and row.confirmation.source == "recorded",
        "the earlier answer",
    )
    desk = sits_down(desks, chromium, website, Role.RECEPTION)
    page = desk.opens_first()
    expect(page.locator(".status-box")).to_contain_text("前回の回答")
    form = page.get_by_role("region", name="支払側を待たずに決める")
    expect(form.get_by_label("前回の回答")).to_have_count(0)
    form.get_by_label("被保険者資格申立書").check()
    with page.expect_navigation():
        form.get_by_role("button", name="記録する").click()
    expect(page.get_by_text("よりどころと割合を選びます")).to_be_visible()
    desk.complaints.clear()  # the browser complains of the status 422 itself
    form.get_by_label("被保険者資格申立書").check()
    form.get_by_label("一部負担金割合").select_option("10")
    with page.expect_navigation():
        form.get_by_role("button", name="記録する").click()
    decided = page.get_by_role("region", name="支払側の回答なしで決めたこと")
    expect(decided).to_contain_text("被保険者資格申立書")
    expect(decided).to_contain_text("1割")
    assert axe_findings(page) == []
    clinic.payer.faults.clear()
    with page.expect_navigation():
        page.get_by_role("button", name="もう一度問い合わせる").click()
    clinic.reception.sees_answer()
    page.reload()
    expect(decided.get_by_role("row").last).to_contain_text("3割")
    difference = page.locator(".finding").filter(has_text="決めた内容とちがいます")
    expect(difference).to_contain_text("1割")
    expect(difference).to_contain_text("3割")
    expect(form).to_have_count(0)
