"""Expected patients in a browser: imported, checked live, by keyboard and without complaint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from eligibility.calendar import JAPAN
from eligibility.simulator.register import register_of
from terminal.access.accounts import Role
from tests.browser.axe import axe_findings, in_language
from tests.browser.test_desk import Desk
from tests.clinic import Clinic, Stage, opened_clinic, wait_for
from tests.website import Website, opened_website

pytestmark = [pytest.mark.browser, pytest.mark.long]
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
PEOPLE = 14


@pytest.fixture
def clinic(tmp_path: Path, stage: Stage) -> Iterator[Clinic]:
    """A clinic that asks slowly enough to be watched."""
    pace = "questions_per_minute = 120\nevening_check = 'off'\nmorning_check = 'off'\n"
    with opened_clinic(tmp_path, stage, appointments=pace) as opened:
        yield opened


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


def test_a_list_is_imported_and_checked_while_one_looks(clinic: Clinic, desk: Desk) -> None:
    """From an empty day to what changed: mistakes told, taken, watched, paused and resumed."""
    people = clinic.payer.payer.population.people
    register, actor = clinic.terminal.register, clinic.reception.actor
    register.take(actor, register.look_at(actor, register_of(people[:PEOPLE]).encode()).id)
    numbers = [one.reference_number or f"N{n:05d}" for n, one in enumerate(people[:PEOPLE], 1)]
    day = (clinic.clock().astimezone(JAPAN) + timedelta(days=1)).date()
    lines = "".join(f"{day},{9 + n // 4}:{n % 4}5,{one}\n" for n, one in enumerate(numbers))
    page = desk.opens(f"/staff/appointments?day={day}")
    expect(page.get_by_text("この日の予約はありません")).to_be_visible()
    findings = {"empty": axe_findings(page)}
    page.screenshot(path=PICTURES / "expected-empty.png", full_page=True)

    def looks_at(text: str) -> None:
        with page.expect_navigation():
            page.get_by_role("link", name="予約をCSVから取り込む").click()
        file = FilePayload(name="list.csv", mimeType="text/csv", buffer=text.encode("cp932"))
        page.get_by_label("CSVファイル").set_input_files(files=[file])
        findings["choose"] = axe_findings(page)
        page.screenshot(path=PICTURES / "expected-choose.png", full_page=True)
        with page.expect_navigation():
            page.get_by_role("button", name="内容を確かめる").press("Enter")

    header = "予約日,予約時刻,患者番号\n"
    looks_at(header + lines + f"{day},25:00,1\n")
    expect(page.get_by_text("誤りが1か所あります")).to_be_visible()
    findings["mistakes"] = axe_findings(page)
    page.screenshot(path=PICTURES / "expected-mistakes.png", full_page=True)
    page.goto(f"{desk.url}/staff/appointments?day={day}")
    looks_at(header + lines + f"{day},16:00,99999\n")
    findings["preview"] = axe_findings(page)
    page.screenshot(path=PICTURES / "expected-preview.png", full_page=True)
    with page.expect_navigation():
        page.get_by_role("button", name=f"{PEOPLE + 1}件を取り込む").press("Enter")
    expect(page.get_by_text("予約を取り込みました")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="この日の予約を確認する").press("Enter")
    expect(page.get_by_text("確認中")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="一時停止").click()
    expect(page.get_by_text("一時停止中")).to_be_visible()
    findings["paused"] = axe_findings(page)
    page.screenshot(path=PICTURES / "expected-paused.png", full_page=True)
    with page.expect_navigation():
        page.get_by_role("button", name="再開する").press("Enter")
    # nobody touches the page any more: it follows by itself
    expect(page.get_by_text(f"{PEOPLE}人のうち{PEOPLE}人")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("終わりました")).to_be_visible()
    expect(page.get_by_text("再開しました")).to_have_count(0)
    expect(page.locator(".day-group").first).to_contain_text("変わったこと")
    for width, height in ((1440, 900), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        findings[f"list {width}"] = axe_findings(page)
        page.screenshot(path=PICTURES / f"expected-{width}.png")
        page.screenshot(path=PICTURES / f"expected-{width}-whole.png", full_page=True)
    in_language(page, "English")
    page = desk.opens(f"/staff/appointments?day={day}")
    findings["english"] = axe_findings(page)
    page.screenshot(path=PICTURES / "expected-en.png", full_page=True)
    assert {name: found for name, found in findings.items() if found} == {}


def test_a_payer_that_is_down_is_told_on_the_page(clinic: Clinic, desk: Desk) -> None:
    """While the payer is silent the page says what it waits for, and that it goes on by itself."""
    person = clinic.payer.payer.population.people[0]
    register, actor = clinic.terminal.register, clinic.reception.actor
    register.take(actor, register.look_at(actor, register_of([person]).encode()).id)
    day = clinic.clock().astimezone(JAPAN).date()
    number = person.reference_number or "N00001"
    listed = f"予約日,患者番号\n{day},{number}\n".encode()
    book = clinic.terminal.appointments
    book.take(actor, book.look_at(actor, listed).id)
    clinic.payer.faults.set("down")
    page = desk.opens(f"/staff/appointments?day={day}")
    with page.expect_navigation():
        page.get_by_role("button", name="この日の予約を確認する").press("Enter")
    expect(page.get_by_text("窓口の確認が先です")).to_be_visible()
    findings = axe_findings(page)
    page.screenshot(path=PICTURES / "expected-down.png", full_page=True)
    assert findings == []


def test_what_was_found_before_stands_beside_the_visit(clinic: Clinic, desk: Desk) -> None:
    """The evening's answer is shown at the visit; a number that came back is not offered again."""
    people = {one.persona: one for one in clinic.payer.payer.population.people}
    person = people["ordinary"]
    register, actor = clinic.terminal.register, clinic.reception.actor
    register.take(actor, register.look_at(actor, register_of([person]).encode()).id)
    number = person.reference_number or "N00001"
    day = clinic.clock().astimezone(JAPAN).date()
    book = clinic.terminal.appointments
    listed = f"予約日,患者番号\n{day},{number}\n".encode()
    book.take(actor, book.look_at(actor, listed).id)
    clinic.terminal.bulk.begin(actor, day)

    def done() -> bool:
        found = clinic.terminal.expected.standing(actor, day).progress
        return found is not None and found.answered == 1

    wait_for(done, "the answer before the visit", 60)
    clinic.receives("ordinary")
    page = desk.opens_first()
    expect(page.get_by_role("heading", name="来院前の一括確認では")).to_be_visible()
    findings = {"visit": axe_findings(page)}
    page.screenshot(path=PICTURES / "expected-visit.png", full_page=True)
    # the payer told it with this answer already
    expect(page.get_by_role("button", name="照会番号として登録")).to_have_count(0)
    page = desk.opens("/staff/register/reference-numbers")
    with page.expect_navigation():
        page.get_by_role("button", name="1人を登録する").press("Enter")
    expect(page.get_by_text("登録を受け付けました")).to_be_visible()
    findings["numbers"] = axe_findings(page)
    page.screenshot(path=PICTURES / "reference-numbers.png", full_page=True)
    assert {name: found for name, found in findings.items() if found} == {}
