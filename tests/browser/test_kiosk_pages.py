"""Every screen of the kiosk on both panels and in both languages, in a real browser."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import g
from playwright.sync_api import Browser, ConsoleMessage, FloatRect, Page, expect

from terminal.access.accounts import TERMINAL
from tests.browser.axe import axe_findings
from tests.browser.kiosk_screens import SCREENS
from tests.clinic import Stage, opened_clinic
from web.app import create_app
from web.kiosk import PanelSize, render_page, render_step
from web.security import Right, cookie_name, requires
from web.server import WebServer, listen

pytestmark = pytest.mark.long
LANGUAGES = ("ja", "en")
ANSWER_MM = 20
TOUCH_MM = 15
GAP_MM = 3
ROUNDING = 0.3
"""Millimetres that a pixel's rounding may take away."""


@dataclass
class Panel:
    """One kiosk's panel with a browser on it that opens any screen."""

    name: str
    width: int
    height: int
    size: PanelSize
    url: str
    page: Page
    errors: list[str] = field(default_factory=list)
    staff_button: dict[str, FloatRect | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Listen for errors: a policy that blocks something is one."""
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.errors.append(said.text)

    def opens(self, screen: str, language: str) -> Page:
        """Open one screen and wait until its script has taken over."""
        self.page.goto(f"{self.url}/kiosk/screens/{language}/{screen}")
        self.page.wait_for_selector("html.scripted")
        assert self.errors == []
        self._keep(self.page, screen, language)
        return self.page

    def _keep(self, page: Page, screen: str, language: str) -> None:
        """Keep a picture where the environment asks for some."""
        folder = os.environ.get("KIOSK_PICTURES")
        if folder:
            page.screenshot(path=Path(folder) / f"kiosk-{self.name}-{language}-{screen}.png")


PANELS = {
    "portrait": (1080, 1920, "panel_inches = 24"),
    "landscape": (1280, 800, "panel_inches = 10.1\npanel_pixels = [1280, 800]"),
}


@pytest.fixture(scope="module", params=PANELS)
def panel(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    stage: Stage,
    chromium: Browser,
) -> Iterator[Panel]:
    """A kiosk whose server shows any screen that it is asked for."""
    width, height, section = PANELS[request.param]
    folder = tmp_path_factory.mktemp("kiosk")
    with opened_clinic(folder, stage, kiosk=section) as clinic:
        app = create_app(clinic.terminal)
        asked = {"language": "ja", "screen": "idle"}

        @app.get("/kiosk/screens/<language>/<screen>")
        @requires(Right.KIOSK)
        def shown(language: str, screen: str) -> str:
            """Show a screen as if the desk were at it."""
            asked.update(language=language, screen=screen)
            g.language = language
            return render_page(SCREENS[screen], sequence=clinic.terminal.bus.sequence)

        @requires(Right.KIOSK)
        def shown_again() -> str:
            """Tell the page's own script of that screen, too: a slow look may come to it."""
            g.language = asked["language"]
            return render_step(SCREENS[asked["screen"]], sequence=clinic.terminal.bus.sequence)

        app.view_functions["kiosk.step"] = shown_again

        web = clinic.config.web
        server = WebServer(app, listen(web.host, web.port))
        thread = threading.Thread(target=server.run)
        thread.start()
        context = chromium.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        token = clinic.terminal.kiosks.enrol(clinic.terminal.kiosks.make_code(TERMINAL))
        context.add_cookies(
            [
                {
                    "name": cookie_name("kiosk"),
                    "value": token,
                    "url": f"https://{web.name}:{web.port}/",
                    "secure": True,
                }
            ]
        )
        try:
            size = PanelSize.of(clinic.config.kiosk)
            yield Panel(request.param, width, height, size, web.origin, context.new_page())
        finally:
            context.close()
            server.stop()
            thread.join()


QUESTIONS = (
    "consent-all",
    "consent-medicines",
    "consent-operations",
    "consent-checkups",
    "consent-diseases",
    "my-consents",
    "prescription",
    "register",
)
SIZES = """() => {
  const shown = [...document.querySelectorAll("button, a[href], input:not([type=hidden])")]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }));
  return shown.map((element) => {
    const box = element.getBoundingClientRect();
    return {
      name: element.textContent.trim(),
      main: element.matches(".answer, .pin-key-enter"),
      x: box.x, y: box.y, width: box.width, height: box.height,
      right: box.right, bottom: box.bottom,
    };
  });
}"""
OVERFLOW = """() => {
  const root = document.documentElement;
  const bar = document.querySelector(".kiosk-bar").getBoundingClientRect().top;
  const under = [...document.querySelectorAll("main *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.height > 0 && (box.bottom > bar + 1 || box.top < 0 || box.right > innerWidth + 1);
  });
  return [
    ...(root.scrollHeight > innerHeight ? [`height ${root.scrollHeight}`] : []),
    ...(root.scrollWidth > innerWidth ? [`width ${root.scrollWidth}`] : []),
    ...under.map((element) => `${element.tagName}.${element.getAttribute("class")}`),
  ];
}"""

SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll("#kiosk *")]
  .filter((element) => element.checkVisibility() && [...element.childNodes].some(
    (node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
  .map((element) => parseFloat(getComputedStyle(element).fontSize)))"""
STAFF_CALLED_OR_COVERED = {
    "idle-staff-called",
    "staff-called",
    "staff-coming",
    "staff-pin-blocked",
    "staff-pin-unusable",
    "phone-staff",
    "phone-staff-pin",
    "still-there",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_each_screen_can_be_read_and_touched(panel: Panel, screen: str, language: str) -> None:
    """A screen fits, is large enough to read and touch, has staff at one place, pleases axe."""
    page = panel.opens(screen, language)
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").inner_text().replace("\n", "") in page.title().replace("\n", "")
    assert page.evaluate(OVERFLOW) == []
    assert page.evaluate(SMALLEST_TEXT) >= panel.size.root
    button = page.locator(".bar-staff")
    assert button.is_visible() is (screen not in STAFF_CALLED_OR_COVERED)
    if button.is_visible():
        place = button.bounding_box()
        assert place == panel.staff_button.setdefault(language, place)
    targets = page.evaluate(SIZES)
    for target in targets:
        least = (ANSWER_MM if target["main"] else TOUCH_MM) - ROUNDING
        assert target["height"] / panel.size.mm >= least, target
        assert target["width"] / panel.size.mm >= TOUCH_MM - ROUNDING, target
    for one in targets:
        for other in targets[targets.index(one) + 1 :]:
            across = max(other["x"] - one["right"], one["x"] - other["right"])
            down = max(other["y"] - one["bottom"], one["y"] - other["bottom"])
            assert max(across, down) / panel.size.mm >= GAP_MM - ROUNDING, (one, other)
    assert axe_findings(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", QUESTIONS)
def test_yes_and_no_are_equal(panel: Panel, screen: str, language: str) -> None:
    """Yes and no differ in nothing but their words and their place."""
    page = panel.opens(screen, language)
    yes, no = page.locator(".answers button").all()
    for look in ("width", "height", "backgroundColor", "color", "border", "fontSize", "fontWeight"):
        values = [
            button.evaluate("(element, look) => getComputedStyle(element)[look]", look)
            for button in (yes, no)
        ]
        assert values[0] == values[1], look


def test_the_last_try_is_told_without_colour(panel: Panel) -> None:
    """The warning before the last try is words and a named sign, not colour alone."""
    warning = panel.opens("pin-last", "ja").locator(".warning-box")
    assert "あと1回" in warning.inner_text()
    assert warning.get_by_role("img").get_attribute("aria-label") == "注意"


def test_silence_is_asked_about_and_any_touch_answers(panel: Panel) -> None:
    """In the last seconds the page asks, and shows nothing of the question under it."""
    page = panel.opens("still-there", "ja")
    dialog = page.get_by_role("dialog", name="つづけますか")
    assert dialog.is_visible()
    assert not page.locator("h1").is_visible()
    assert dialog.get_by_role("button").evaluate("b => b === document.activeElement")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lost_connection_is_told_in_every_language(panel: Panel, language: str) -> None:
    """The page that has lost the terminal cannot ask for words: it holds those of all languages."""
    page = panel.page
    # unanswered, since an answer would find the connection again
    page.route("**/kiosk/step", lambda _route: None)
    panel.opens("idle", language)
    page.evaluate("document.getElementById('offline').showModal()")
    words = page.locator("#offline")
    expect(words).to_contain_text("受付の人に お声がけください")
    expect(words).to_contain_text("Please speak to the reception staff")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    box = page.locator("#offline .kiosk-over-box").bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= box["y"] + box["height"] <= panel.height
    assert axe_findings(page) == []
    page.unroute_all(behavior="ignoreErrors")
