"""Whole visits at the kiosk: real card, payer, store, server and browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, TimeoutError, expect

from terminal.views import ConsentItem, KioskStep
from tests.browser.kiosk_person import Person, person_at
from tests.clinic import PIN, Clinic, Stage, opened_clinic, wait_for
from tests.website import Website, opened_website
from web.app import create_app
from web.kiosk import REFRESH_SECONDS
from web.server import WebServer, listen

CARD = "ordinary"
WRONG_PIN = "9911"
PRESSES_AGAIN = """() => {
  const question = () => document.querySelector("main h1").textContent;
  const first = question();
  const press = () => new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1 });
  new MutationObserver((_, watch) => {
    if (question() === first) return;
    watch.disconnect();
    document.querySelector(".answers button[value=yes]").dispatchEvent(press());
    window.pressedAgain = true;
  }).observe(document.getElementById("kiosk").parentElement, { childList: true });
}"""
"""The second half of a double press meets the next question the moment it is shown."""

SAME_KEY_TWICE = """key => {
  for (let half = 0; half < 2; half += 1) {
    key.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
  }
}"""


@pytest.fixture
def website(clinic: Clinic) -> Iterator[Website]:
    """The clinic's pages on their own port."""
    with opened_website(clinic) as opened:
        yield opened


@pytest.fixture
def person(website: Website, chromium: Browser) -> Iterator[Person]:
    """Someone in front of the enrolled kiosk."""
    with person_at(website, chromium) as somebody:
        yield somebody


def test_a_visit_by_touch(person: Person) -> None:
    """A card is tapped, the PIN typed, each question answered, and the end lists the answers."""
    person.taps(CARD)
    expect(person.sees(KioskStep.PIN)).to_contain_text("暗証番号")
    person.types_on_screen()
    asked = person.sees(KioskStep.CONSENT)
    for item in ("お薬と診療", "手術と病名", "健診の結果", "特定疾病の証"):
        expect(asked).to_contain_text(item)
    person.touches("ひとつずつ えらぶ")
    expect(person.page.locator("h1")).to_contain_text("お薬と診療の記録")
    person.answers("はい")
    expect(person.page.locator("h1")).to_contain_text("手術と病名の記録")
    person.answers("いいえ")
    expect(person.page.locator("h1")).to_contain_text("健診の結果")
    person.answers("いいえ")
    person.answers("いいえ")
    done = person.sees(KioskStep.DONE)
    expect(done.locator("dl div")).to_have_text(
        ["お薬と診療見せます（24時間）", "手術と病名、健診の結果、特定疾病の証見せません"]
    )
    expect(done).to_contain_text("カードを お取りください")
    consent = person.clinic.reception.sees_answer().consent
    assert consent is not None
    decisions = {str(c.value): str(d) for c, d in consent.decisions.items()}
    assert {code: decisions[code] for code in ("SRJ", "YZK", "TKK")} == {
        "SRJ": "yes",
        "YZK": "yes",
        "TKK": "no",
    }
    person.clinic.patient.takes_card()
    expect(person.page.locator("main")).not_to_contain_text("カードを お取りください")


def test_a_card_is_registered_as_insurance_card_by_touch(person: Person) -> None:
    """After the payer's refusal the page asks; a yes goes on with the consents to the end."""
    person.taps("not-registered")
    person.sees(KioskStep.PIN)
    person.types_on_screen()
    asked = person.sees(KioskStep.REGISTER)
    expect(asked).to_contain_text("保険証として まだ 登録されていません")
    person.answers("はい")
    person.sees(KioskStep.CONSENT)
    person.answers("いいえ")
    expect(person.sees(KioskStep.DONE)).to_contain_text("受付できました")


def test_who_does_not_register_is_led_to_staff(person: Person) -> None:
    """A no names no reason on the screen."""
    person.taps("not-registered")
    person.sees(KioskStep.PIN)
    person.types_on_screen()
    person.sees(KioskStep.REGISTER)
    person.answers("いいえ")
    expect(person.sees(KioskStep.DONE)).not_to_contain_text("登録")


def test_a_phone_is_spoken_of_as_a_phone(person: Person) -> None:
    """From the PIN to the end the page says what lies there."""
    person.taps("phone")
    expect(person.sees(KioskStep.PIN)).to_contain_text("スマートフォンに 登録したとき")
    person.types_on_screen()
    person.sees(KioskStep.CONSENT)
    person.answers("いいえ")
    done = person.sees(KioskStep.DONE)
    expect(done).to_contain_text("スマホを お取りください")
    expect(done).not_to_contain_text("カードを")


def test_a_visit_by_the_keys_alone(person: Person) -> None:
    """Everything can be done on a keyboard or a ten-key pad, in the order of the screen."""
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    page = person.page
    page.keyboard.type("129")
    page.keyboard.press("Backspace")
    expect(page.locator(".pin-dot-filled")).to_have_count(2)
    page.keyboard.type("34")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("記録を 見せても")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.locator(".beside button").first).to_be_focused()
    page.keyboard.press("Enter")
    for question in ("お薬と診療の記録", "手術と病名の記録", "健診の結果", "特定疾病の証"):
        expect(page.locator("h1")).to_contain_text(question)
        expect(page.locator("h1")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.locator(".answers button").first).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    expect(person.sees(KioskStep.DONE)).to_contain_text("見せません")


def test_a_visit_without_scripts(website: Website, chromium: Browser) -> None:
    """Where scripts do not run, plain forms and pages that look again lead through the visit."""
    with person_at(website, chromium, scripts=False) as person:
        page = person.page
        person.taps(CARD)
        person.sees(KioskStep.PIN)
        page.get_by_label("暗証番号（数字4けた）").fill(PIN)
        with page.expect_navigation():
            page.locator(".pin-key-enter").click()
        person.sees(KioskStep.CONSENT)
        with page.expect_navigation():
            page.locator(".beside button").first.click()
        for _ in ConsentItem:
            person.sees(KioskStep.CONSENT)
            with page.expect_navigation():
                page.locator("button[value=yes]").click()
        expect(person.sees(KioskStep.DONE)).to_contain_text("受付できました")


def test_a_page_whose_scripts_did_not_come_comes_to_itself(
    website: Website, chromium: Browser
) -> None:
    """It loads itself anew until they are there; nobody has to stand before it."""
    with person_at(website, chromium) as person:
        script = "**/js/kiosk.js*"
        person.page.route(script, lambda route: route.abort())
        person.page.reload()
        assert person.page.locator("html.scripted").count() == 0
        person.page.unroute(script)
        person.page.wait_for_selector("html.scripted")
        person.taps(CARD)
        person.sees(KioskStep.PIN)


def test_a_page_with_its_scripts_does_not_load_itself_anew(person: Person) -> None:
    """What would bring it back is taken away: a screen never flickers, no finger loses a press."""
    with pytest.raises(TimeoutError):
        person.page.wait_for_event("framenavigated", timeout=2000 * REFRESH_SECONDS)


def test_tries_are_told_in_words(person: Person) -> None:
    """After a wrong PIN the tries left are said, the dots are empty, the last try is warned of."""
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    person.types_on_screen(WRONG_PIN)
    expect(person.page.locator(".tries")).to_have_text("あと 2回 入れられます")
    expect(person.page.locator(".pin-dot-filled")).to_have_count(0)
    person.types_on_pad(WRONG_PIN)
    expect(person.page.locator(".warning-box")).to_contain_text("あと1回です")
    person.touches("係を呼ぶ")
    expect(person.sees(KioskStep.WITH_STAFF)).to_contain_text("ここで お待ちください")
    expect(person.page.locator(".bar-called")).to_have_text("係を呼びました")


def test_missing_digits_are_asked_for(person: Person) -> None:
    """Too few digits are not sent: the page says how many are missing."""
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    person.types_on_pad("12")
    expect(person.page.locator("#pin-message")).to_have_text("あと 2けた 入れてください")
    assert person.clinic.patient.screen.tries_left == 3


def test_a_double_press_answers_one_question(person: Person) -> None:
    """The second half of a double press neither counts twice nor answers the next question."""
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    person.types_on_screen()
    person.sees(KioskStep.CONSENT)
    person.touches("ひとつずつ えらぶ")
    expect(person.page.locator("h1")).to_contain_text("お薬と診療の記録")
    person.rests()

    def answers_late(route: Route) -> None:
        # later than the first half of the press is remembered
        person.rests()
        route.continue_()

    person.page.route("**/kiosk/consent", answers_late)
    person.page.evaluate(PRESSES_AGAIN)
    person.page.locator(".answers button[value=yes]").click()
    expect(person.page.locator("h1")).to_contain_text("手術と病名の記録")
    person.page.wait_for_function("() => window.pressedAgain")
    person.rests()
    assert person.clinic.patient.screen.step is KioskStep.CONSENT
    assert person.clinic.patient.screen.consent_number == 2


def test_a_trembling_finger_types_one_digit(person: Person) -> None:
    """The same key twice at once is one digit; two different keys at once are two."""
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    person.rests()
    person.page.locator("[data-digit='5']").evaluate(SAME_KEY_TWICE)
    expect(person.page.locator(".pin-dot-filled")).to_have_count(1)
    person.page.evaluate(
        """() => { for (const digit of "67") {
          const key = document.querySelector(`[data-digit="${digit}"]`);
          key.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
        } }"""
    )
    expect(person.page.locator(".pin-dot-filled")).to_have_count(3)


def test_a_quick_hand_is_not_taken_for_a_trembling_one(person: Person) -> None:
    """Four digits and 決定 at once, as somebody does who types fast, are taken as they came."""
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    person.rests()
    person.page.evaluate(
        """(pin) => {
          const keys = [...pin].map((digit) => `[data-digit="${digit}"]`);
          for (const key of [...keys, ".pin-key[type=submit]"]) {
            const press = new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1 });
            document.querySelector(key).dispatchEvent(press);
          }
        }""",
        PIN,
    )
    person.sees(KioskStep.CONSENT)


def test_late_and_foreign_answers_change_nothing(person: Person) -> None:
    """An answer for another visit, or one that comes twice, is met with the present step."""
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    before = person.clinic.patient.screen
    token = person.page.locator("input[name=csrf_token]").first.get_attribute("value")
    status = person.page.evaluate(
        """async (fields) => {
          const answer = await fetch("/kiosk/consent", {
            method: "POST", body: new URLSearchParams(fields) });
          return [answer.status, (await answer.text()).includes('data-step="pin"')];
        }""",
        {
            "csrf_token": token,
            "visit_id": "another",
            "item": "checkups",
            "allow": "yes",
        },
    )
    assert status == [409, True]
    assert person.clinic.patient.screen.version == before.version


def test_a_language_ends_with_its_visit(person: Person) -> None:
    """English stays for one person's visit; the next one is met in the house's language."""
    person.touches("English")
    expect(person.page.locator("html")).to_have_attribute("lang", "en")
    person.taps(CARD)
    expect(person.page.locator("h1")).to_have_text("Enter your 4-digit PIN")
    expect(person.page).to_have_title("Enter your 4-digit PIN | Reception")
    person.touches("Stop")
    person.clinic.patient.takes_card()
    expect(person.page.locator("html")).to_have_attribute("lang", "ja")
    person.sees(KioskStep.IDLE)


def test_the_next_person_finds_a_clean_screen(person: Person) -> None:
    """Once someone left, nothing of that visit is in page, field, storage, address or history."""
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    visit_id = person.clinic.patient.screen.visit_id
    assert visit_id is not None
    person.page.keyboard.type("12")
    person.touches("やめる")
    person.clinic.patient.takes_card()
    person.sees(KioskStep.IDLE)
    left = person.page.evaluate(
        """() => [document.documentElement.outerHTML, location.href, document.cookie,
          JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join("\\n")"""
    )
    assert visit_id not in left
    assert person.page.evaluate("history.length") <= 4
    person.page.go_back()
    person.page.go_forward()
    assert visit_id not in person.page.content()
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    expect(person.page.locator(".pin-dot-filled")).to_have_count(0)
    expect(person.page.locator("#pin")).to_have_value("")


def test_silence_is_asked_about(tmp_path: Path, stage: Stage, chromium: Browser) -> None:
    """Before the step ends by itself the page asks; any touch gives the whole time again."""
    with (
        opened_clinic(tmp_path, stage, kiosk="idle_seconds = 22") as clinic,
        opened_website(clinic) as website,
        person_at(website, chromium) as person,
    ):
        person.taps(CARD)
        person.sees(KioskStep.PIN)
        dialog = person.page.get_by_role("dialog", name="つづけますか")
        expect(dialog).to_be_visible()
        expect(dialog).to_contain_text("秒で はじめの画面に もどります")
        version = clinic.patient.screen.version
        person.page.mouse.click(40, 400)
        expect(dialog).to_be_hidden()
        wait_for(lambda: clinic.patient.screen.version > version, "the time to be given again")
        assert clinic.patient.screen.step is KioskStep.PIN


def test_the_page_says_that_it_lost_the_terminal(clinic: Clinic, chromium: Browser) -> None:
    """When the terminal does not answer, the page sends the patient to the desk, then recovers."""
    first = ExitStack()
    website = first.enter_context(opened_website(clinic))
    with person_at(website, chromium) as person:
        first.close()
        lost = person.page.get_by_role("dialog", name="いま つながりません")
        expect(lost).to_be_visible()
        expect(lost).to_contain_text("受付の人に お声がけください")
        web = clinic.config.web
        server = WebServer(create_app(clinic.terminal), listen(web.host, web.port))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            expect(lost).to_be_hidden()
            person.sees(KioskStep.IDLE)
        finally:
            server.stop()
            thread.join()


def test_who_answers_for_another_says_so_first(person: Person) -> None:
    """Beside yes and no: who answers is chosen, and the questions go on."""
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    person.types_on_screen()
    person.sees(KioskStep.CONSENT)
    person.touches("代わりに 答える")
    asked = person.sees(KioskStep.GUARDIAN)
    expect(asked.locator(".relations button")).to_have_text(
        ["本人", "親", "後見人", "家族", "介護する人"]
    )
    person.touches("家族")
    person.sees(KioskStep.CONSENT)
    expect(person.page.get_by_role("button", name="代わりに 答える")).to_have_count(0)
    person.answers("はい")
    person.sees(KioskStep.DONE)
    consent = person.clinic.reception.sees_answer().consent
    assert consent is not None
    assert consent.acting_for == "family"


def test_sharing_is_shown_and_stopped_by_touch(person: Person) -> None:
    """After a new tap the page shows what is shared and until when; one touch ends it."""
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    person.types_on_screen()
    person.sees(KioskStep.CONSENT)
    person.answers("はい")
    person.sees(KioskStep.DONE)
    first = person.clinic.reception.sees_answer().visit.id
    person.clinic.patient.takes_card()
    person.taps(CARD)
    person.sees(KioskStep.PIN)
    person.types_on_screen()
    shown = person.sees(KioskStep.MY_CONSENTS)
    expect(shown).to_contain_text("お薬と診療、手術と病名、健診の結果、特定疾病の証")
    person.rests()
    person.page.locator("button[value=stop]").click()
    expect(person.sees(KioskStep.DONE)).to_contain_text("見せません")
    consent = person.clinic.doctor.opens(first).row.consent
    assert consent is not None
    assert consent.withdrawn_at is not None
