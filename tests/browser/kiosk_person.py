"""A person in front of the kiosk's screen, so that the tests read as stories."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from terminal.views import KioskStep
from tests.clinic import PIN, Clinic
from tests.website import Website
from web.security import cookie_name

PANEL: ViewportSize = {"width": 1080, "height": 1920}


class Person:
    """Someone with a card who sees and touches only what the kiosk's page shows."""

    def __init__(self, page: Page, clinic: Clinic) -> None:
        """``page``: the kiosk's browser, enrolled."""
        self.page = page
        self.clinic = clinic
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def sees(self, step: KioskStep) -> Locator:
        """Wait until the page shows this step; return what it shows."""
        expect(self.page.locator(f"#kiosk[data-step='{step}']")).to_be_visible()
        assert self.errors == []
        return self.page.locator("main")

    def taps(self, persona: str) -> None:
        """Put a card on the reader."""
        self.clinic.patient.taps(persona)

    def touches(self, name: str) -> None:
        """Touch the button of this name, some time after the last touch."""
        self.rests()
        self.page.get_by_role("button", name=name, exact=True).click()

    def touches_at_once(self, name: str) -> None:
        """Touch the button of this name where the page's own clock does not go by itself."""
        self.page.clock.run_for(500)
        self.page.get_by_role("button", name=name, exact=True).click()

    def rests(self) -> None:
        """Let the time go by in which a second touch would be a tremor."""
        self.page.evaluate("() => new Promise((done) => setTimeout(done, 420))")

    def types_on_screen(self, pin: str = PIN) -> None:
        """Type the PIN on the screen's keys, the same digit twice only after a rest."""
        self.rests()
        last = ""
        for digit in pin:
            if digit == last:
                self.rests()
            self.page.locator(f"[data-digit='{digit}']").click()
            last = digit
        self.touches("決定")

    def types_on_pad(self, pin: str = PIN) -> None:
        """Type the PIN on a plugged-in ten-key pad."""
        self.page.keyboard.type(pin)
        self.page.keyboard.press("Enter")

    def answers(self, word: str) -> None:
        """Answer the question that is asked with はい or いいえ, and see it go."""
        self.rests()
        question = self.page.locator("main h1")
        asked = question.inner_text()
        self.page.locator(".answers button").filter(has_text=word).click()
        expect(question).not_to_have_text(asked)


@contextmanager
def person_at(website: Website, chromium: Browser, *, scripts: bool = True) -> Iterator[Person]:
    """Enrol a browser by its one-time code and let someone step in front of it."""
    context = chromium.new_context(viewport=PANEL, java_script_enabled=scripts)
    try:
        page = context.new_page()
        page.goto(f"{website.url}/kiosk/")
        page.get_by_role("textbox").fill(website.new_kiosk_code())
        page.locator("main form button[type=submit]").click()
        person = Person(page, website.clinic)
        person.sees(KioskStep.IDLE)
        if scripts:
            # the page shows before its scripts have come
            page.wait_for_selector("html.scripted")
        assert [c for c in context.cookies() if c["name"] == cookie_name("kiosk")]
        yield person
    finally:
        context.close()
