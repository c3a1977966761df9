"""The kiosk's page at the reader: a PIN typed on the reader's keys, and a card left behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from terminal.reader.played import Keypad, Traits
from terminal.views import KioskStep
from tests.browser.kiosk_person import Person, person_at
from tests.clinic import PIN, Clinic, Stage, opened_clinic
from tests.website import opened_website

LISTEN = """
window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
  window.tones.push(Math.round(performance.now()));
  return start.apply(this, when);
};
window.sounding = null;
const resume = AudioContext.prototype.resume;
AudioContext.prototype.resume = function () {
  return (window.sounding = resume.call(this));
};
"""
NOTES_OF_A_TONE = 2
STEP_MS = 500


@pytest.fixture
def keypad() -> Keypad:
    """The reader's keys."""
    return Keypad()


@pytest.fixture
def keypad_clinic(tmp_path: Path, stage: Stage, keypad: Keypad) -> Iterator[Clinic]:
    """A clinic whose reader has keys."""
    with opened_clinic(tmp_path, stage, traits=Traits(keypad=keypad)) as clinic:
        yield clinic


@pytest.fixture
def person(keypad_clinic: Clinic, chromium: Browser) -> Iterator[Person]:
    """Someone in front of the kiosk beside that reader."""
    with opened_website(keypad_clinic) as website, person_at(website, chromium) as somebody:
        yield somebody


def test_a_pin_is_typed_on_the_reader(person: Person, keypad: Keypad) -> None:
    """The page shows the reader's keys and none of its own; each end of an entry is told."""
    person.taps("ordinary")
    words = person.sees(KioskStep.PIN_ON_READER)
    expect(words).to_contain_text("読みとり機の キーで")
    expect(words.get_by_role("img", name="読みとり機の 数字キーの図")).to_be_visible()
    expect(person.page.locator("input[name=pin], .pin-key")).to_have_count(0)
    keypad.cancel()
    expect(person.sees(KioskStep.PIN)).to_contain_text("入力を 取り消しました")
    person.touches("読みとり機で 入れる")
    person.sees(KioskStep.PIN_ON_READER)
    keypad.type(b"9999")
    expect(person.sees(KioskStep.PIN)).to_contain_text("あと 2回 入れられます")
    person.page.keyboard.press("Tab")
    person.page.keyboard.press("Enter")
    person.sees(KioskStep.PIN_ON_READER)
    keypad.type(PIN.encode())
    person.sees(KioskStep.CONSENT)


def test_staff_and_the_way_out_stay_while_the_reader_waits(person: Person, keypad: Keypad) -> None:
    """Both buttons work at once, though the reader still waits for its keys."""
    person.taps("ordinary")
    person.sees(KioskStep.PIN_ON_READER)
    person.touches("係を呼ぶ")
    person.sees(KioskStep.WITH_STAFF)
    assert keypad.waiting
    person.clinic.patient.takes_card()
    person.taps("elderly")
    person.sees(KioskStep.PIN_ON_READER)
    person.touches("やめる")
    expect(person.sees(KioskStep.CARD_PROBLEM)).to_contain_text("カードを お取りください")
    assert keypad.waiting


def test_the_reader_s_keys_work_without_scripts(
    keypad_clinic: Clinic, keypad: Keypad, chromium: Browser
) -> None:
    """The page that waits for the reader looks again by itself; one plain form begins an entry."""
    with (
        opened_website(keypad_clinic) as website,
        person_at(website, chromium, scripts=False) as person,
    ):
        person.taps("last-try")
        person.sees(KioskStep.PIN)
        person.page.get_by_role("button", name="読みとり機で 入れる").click()
        person.sees(KioskStep.PIN_ON_READER)
        keypad.type(PIN.encode())
        person.sees(KioskStep.CONSENT)


def time_passes(page: Page, seconds: int) -> None:
    """Let the page's clock go on, but not while a tone waits for the machine's loudspeaker."""
    for _ in range(seconds * 1000 // STEP_MS):
        page.clock.run_for(STEP_MS)
        page.evaluate("() => window.sounding")


def tones(page: Page) -> int:
    """Return how many tones were begun."""
    notes: int = page.evaluate("window.tones.length")
    assert notes % NOTES_OF_A_TONE == 0
    return notes // NOTES_OF_A_TONE


@pytest.fixture(params=["true", "false"])
def sound(
    request: pytest.FixtureRequest, tmp_path: Path, stage: Stage, chromium: Browser
) -> Iterator[tuple[Person, bool]]:
    """Someone in front of a kiosk with and without sound, whose page's clock is ours."""
    with (
        opened_clinic(tmp_path, stage, traits=Traits(), kiosk=f"sound = {request.param}") as clinic,
        opened_website(clinic) as website,
        person_at(website, chromium) as person,
    ):
        person.page.add_init_script(LISTEN)
        person.page.clock.install()
        person.page.reload()
        person.page.mouse.click(5, 5)
        # it stands from now on, and goes only as far as a test says
        person.page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
        yield person, request.param == "true"


def test_a_card_left_behind_is_reminded_of(sound: tuple[Person, bool]) -> None:
    """A soft tone comes again and again while the card lies there, and stops when it is taken."""
    person, is_on = sound
    person.taps("ordinary")
    person.sees(KioskStep.PIN)
    time_passes(person.page, 1)
    assert tones(person.page) == 0
    person.touches_at_once("やめる")
    expect(person.page.locator(".screen-card-left")).to_be_visible()
    for count in (1, 2, 3):
        time_passes(person.page, 10)
        assert tones(person.page) == (count if is_on else 0)
    person.clinic.patient.takes_card()
    time_passes(person.page, 3)
    person.sees(KioskStep.IDLE)
    heard = tones(person.page)
    time_passes(person.page, 30)
    assert tones(person.page) == heard


def test_a_card_forgotten_at_the_end_is_reminded_of(sound: tuple[Person, bool]) -> None:
    """At the end of a visit there is time to take the card; then the tone begins."""
    person, is_on = sound
    person.clinic.patient.taps("ordinary")
    person.clinic.patient.types_pin()
    person.clinic.patient.consents_to_all()
    person.clinic.reception.sees_answer()
    expect(person.sees(KioskStep.DONE)).to_contain_text("受付できました")
    time_passes(person.page, 3)
    expect(person.page.locator(".take-card")).to_be_visible()
    assert tones(person.page) == 0
    time_passes(person.page, 6)
    assert tones(person.page) == (1 if is_on else 0)
