"""Consented history in a real Chromium: at a glance, findable, and gone when the consent is."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from terminal.access.accounts import Role
from terminal.events import Topic
from terminal.views import ConsentItem, KioskStep
from tests.browser.axe import axe_findings, in_language
from tests.browser.paper import is_blank, sheets_of
from tests.browser.test_desk import Desk, sits_down
from tests.clinic import Clinic
from tests.website import Website, opened_website

pytestmark = [pytest.mark.browser, pytest.mark.long]


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


def history_of(clinic: Clinic, persona: str) -> str:
    """Let somebody come and agree to all that the kiosk asks; return the history's address."""
    visit_id = clinic.receives(persona).visit.id
    clinic.doctor.sees_history(visit_id)
    return f"/staff/visits/{visit_id}/history"


def shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at the page."""
    folder = os.environ.get("HISTORY_SHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("persona", ["many-records", "untidy-records", "nothing-recorded"])
def test_every_page_is_accessible_and_says_what_is_open(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk], persona: str
) -> None:
    """Much, untidy or nothing: axe finds nothing, and each part says whether it is open."""
    address = history_of(clinic, persona)
    desk = sits_down(desks, chromium, website, Role.CLINICIAN)
    for language in ("English", "日本語"):
        in_language(desk.page, language)
        for part in ("", "/care", "/checkups"):
            page = desk.opens(address + part)
            shot(page, f"{persona}{part.replace('/', '-')}-{language}")
            assert axe_findings(page) == []
            if persona == "nothing-recorded" and language == "日本語":
                expect(page.locator("[data-records]")).to_contain_text("0件（同意あり）")


def test_what_was_refused_says_so(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """A no to operations and diagnoses stands beside the treatment that was agreed to."""
    clinic.patient.taps("elderly")
    clinic.patient.types_pin()
    for item in ConsentItem:
        allow = item is not ConsentItem.OPERATIONS_AND_DIAGNOSES
        clinic.patient.answers(item, allow=allow)
    clinic.patient.sees(KioskStep.DONE)
    visit_id = clinic.reception.sees_answer().visit.id
    clinic.patient.takes_card()
    clinic.doctor.sees_history(visit_id)
    desk = sits_down(desks, chromium, website, Role.CLINICIAN)
    page = desk.opens(f"/staff/visits/{visit_id}/history/care")
    expect(page.locator(".history-states")).to_contain_text("同意なし")
    expect(page.locator(".acts").first).to_be_visible()
    expect(page.locator(".sensitive")).to_have_count(0)


def test_medicines_are_found_as_one_types(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Typing narrows the list without loading the page; a month shows all of it, and no more."""
    address = history_of(clinic, "many-records")
    page = sits_down(desks, chromium, website, Role.PHARMACIST).opens(address)
    expect(page.locator("#drug-rows")).to_contain_text("同じ成分・2か所から")
    assert page.locator(".drugs tbody tr:not(.g)").count() <= 200
    page.evaluate("window.stays = true")
    page.get_by_label("薬・一般名・医療機関でさがす").press_sequentially("ｱﾑﾛｼﾞ")
    expect(page.locator(".drugs tbody")).to_have_count(1)
    expect(page.locator(".gn")).to_have_text("アムロジピンベシル酸塩")
    page.get_by_label("期間").select_option("all")
    expect(page.locator("#drug-rows")).to_contain_text("そのうち新しい170件")
    page.get_by_label("薬・一般名・医療機関でさがす").fill("そんな薬はない")
    expect(page.get_by_text("あてはまる記録はありません")).to_be_visible()
    assert page.evaluate("window.stays") is True
    page.get_by_text("月ごとに見る").click()
    with page.expect_navigation():
        page.locator(".history-months a").nth(3).click()
    expect(page.get_by_role("link", name="すべての月にもどる")).to_be_visible()
    days = page.locator(".drugs tbody tr:not(.g) td:first-child").all_inner_texts()
    assert len({day.partition("月")[0] for day in days}) == 1


def test_the_picture_shows_what_the_table_lists(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """A lane for each ingredient of the table, also while one types; the rest by a link."""
    address = history_of(clinic, "many-records")
    page = sits_down(desks, chromium, website, Role.PHARMACIST).opens(address)
    picture = page.get_by_role("img", name="成分ごとのお薬の日数")
    names = picture.locator(".lane-name")
    expect(names).to_have_text(page.locator(".gn").all_inner_texts())
    expect(picture.locator(".lane-now")).to_have_text("今日")
    expect(picture.locator("desc")).to_contain_text("アムロジピンベシル酸塩")
    expect(picture.locator(".lane-overlap")).not_to_have_count(0)
    page.get_by_label("薬・一般名・医療機関でさがす").press_sequentially("ｱﾑﾛｼﾞ")
    expect(names).to_have_text(["アムロジピンベシル酸塩"])
    page.get_by_label("薬・一般名・医療機関でさがす").fill("そんな薬はない")
    expect(page.get_by_text("図にできる記録はありません")).to_be_visible()
    page.get_by_label("薬・一般名・医療機関でさがす").fill("")
    page.get_by_label("期間").select_option("all")
    expect(names).to_have_count(15)
    first = names.all_text_contents()
    page.get_by_role("link", name="次の成分").press("Enter")
    expect(names.first).not_to_have_text(first[0])
    assert not set(first) & set(names.all_text_contents())
    page.locator(".drug-timeline summary").press("Enter")
    expect(picture).to_be_hidden()


def test_what_tells_too_much_is_folded(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Operations and diagnoses are there, counted, and read only when somebody opens them."""
    address = history_of(clinic, "elderly")
    page = sits_down(desks, chromium, website, Role.CLINICIAN).opens(f"{address}/care")
    shot(page, "care-folded")
    diagnosis = page.get_by_text("高血圧症").first
    expect(diagnosis).to_be_hidden()
    page.locator(".sensitive summary").first.press("Enter")
    expect(diagnosis).to_be_visible()


def test_untidy_checkups_are_told_apart(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """Units, scales and methods that differ stand apart; unknown items as the payer wrote them."""
    address = history_of(clinic, "untidy-records")
    desk = sits_down(desks, chromium, website, Role.CLINICIAN)
    page = desk.opens(f"{address}/checkups")
    expect(page.locator(".checkups thead .m")).to_have_count(0)
    page.get_by_role("link", name="あとの1回を見る").click()
    expect(page.locator(".checkups thead .m")).to_have_text("日付が未来です")
    page = desk.opens(f"{address}/checkups")
    rows = page.locator(".checkups tbody tr:not(.g)")
    expect(rows.filter(has_text="空腹時血糖")).to_have_count(2)
    expect(rows.filter(has_text="HbA1c（旧JDS値）")).to_have_count(1)
    ngsp = rows.filter(has_text="HbA1c（NGSP値）")
    expect(ngsp).to_contain_text("測定法が2とおり")
    expect(ngsp).not_to_contain_text("5.2")
    expect(rows.filter(has_text="9Z999000000000011")).to_contain_text("コード 7（意味は不明）")
    expect(rows.filter(has_text="γ-GT")).to_contain_text("< 10")
    expect(page.get_by_text("点線で測定法が変わっています")).to_be_visible()
    page = desk.opens(f"{address}/care")
    for month, doubt in (
        ("未来の診療行為", "日付が未来です"),
        ("昔すぎる診療行為", "日付が生年月日より前です"),
    ):
        act = page.locator(".acts li").filter(has_text=month)
        if not act.count():  # the oldest months are a choice away
            page.get_by_text("受診した医療機関").click()
            page.locator(".history-months a").last.click()
        expect(act).to_contain_text(doubt)
    page = desk.opens(address)
    page.get_by_label("期間").select_option("all")
    for name, doubt in (
        ("未来の日付", "日付が未来です"),
        ("昔すぎる", "日付が生年月日より前です"),
        ("日数が多すぎる", "日数が多すぎます"),
    ):
        page.get_by_label("薬・一般名・医療機関でさがす").fill(name)
        expect(page.get_by_text(doubt).first).to_be_visible()


def test_a_withdrawn_consent_blanks_an_open_tab(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """At the patient's word the records leave every screen at once; the page says since when."""
    address = history_of(clinic, "ordinary")
    page = sits_down(desks, chromium, website, Role.CLINICIAN).opens(f"{address}/checkups")
    expect(page.locator("[data-records]")).to_be_visible()
    visit_id = clinic.reception.row().visit.id
    store = clinic.terminal.store
    given = store.read(lambda tx: tx.consents.of_visit(visit_id))
    assert given is not None
    store.write(lambda tx: tx.consents.save(replace(given, withdrawn_at=datetime.now(UTC))))
    clinic.terminal.bus.publish(Topic.VISIT, visit_id)
    expect(page.locator("[data-records]")).to_have_count(0)
    expect(page.get_by_text("に取り消されました")).to_be_visible()


def test_the_way_back_shows_nothing_that_ended(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """A page that was left holds no records: what the browser kept is blank, and asks anew."""
    address = history_of(clinic, "ordinary")
    desk = sits_down(desks, chromium, website, Role.CLINICIAN)
    page = desk.opens(address)
    expect(page.locator("[data-records]")).to_be_visible()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    expect(page.locator("[data-records]")).to_have_count(0)
    shown_again = "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    page.evaluate(f"setTimeout(() => {shown_again}, 0)")
    expect(page.locator("[data-records]")).to_be_visible()


@pytest.mark.parametrize("part", ["", "/care", "/checkups"])
def test_each_sheet_of_paper_says_whose_it_is_and_from_where(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk], part: str
) -> None:
    """On A4: the patient, where the records come from, when, under which consent, which page.

    No sheet is blank, wherever on the last one the records end; the form for files is on none.
    """
    address = history_of(clinic, "elderly")
    row = clinic.reception.row()
    assert row.name is not None
    assert row.consent is not None
    desk = sits_down(desks, chromium, website, Role.CLINICIAN)
    page = desk.opens(address + part)
    expect(page.locator("[data-records] table, [data-records] .care").first).to_be_visible()
    for white in (0, 104, 116, 196):
        sheets = sheets_of(page, part.strip("/") or "drugs", white=white)
        assert len(sheets) >= 2
        for number, said in enumerate(sheets, 1):
            assert unicodedata.normalize("NFKC", row.name) in said
            assert "出典: オンライン資格確認の支払側" in said
            assert row.consent.id[:8] in said
            assert f"{number} / {len(sheets)}" in said
            assert not is_blank(said, repeated=3), f"sheet {number} with {white} mm of white"
            assert "ファイルに保存" not in said


def test_a_history_is_saved_as_a_file_by_keys_alone(
    clinic: Clinic, website: Website, chromium: Browser, desks: list[Desk]
) -> None:
    """The form unfolds, asks why, and hands out a file; the page stays as it was."""
    address = history_of(clinic, "elderly")
    desk = sits_down(desks, chromium, website, Role.CLINICIAN)
    for language in ("English", "日本語"):
        in_language(desk.page, language)
        page = desk.opens(address)
        page.locator(".history-file summary").press("Enter")
        expect(page.locator(".history-file form")).to_be_visible()
        shot(page, f"file-{language}")
        assert axe_findings(page) == []
    page.get_by_label("お薬　CSV（表計算用）").press(" ")
    why = page.get_by_label("保存する理由")
    why.fill("紹介状に添付")
    with page.expect_download() as saving:
        why.press("Enter")
    assert saving.value.suggested_filename.startswith("history-drugs-")
    assert "アムロジピン" in saving.value.path().read_text(encoding="utf-8-sig")
    expect(page.locator("[data-records]")).to_be_visible()
    expect(why).to_have_value("紹介状に添付")
    # who sends the form past the browser's own check is told on a page that axe accepts
    why.evaluate("field => field.form.noValidate = true")
    why.fill("　")
    with page.expect_navigation():
        why.press("Enter")
    expect(page.locator(".field-error")).to_contain_text("保存する理由を200字まで")
    assert axe_findings(page) == []
    desk.complaints.clear()  # the browser's word about the status 422
