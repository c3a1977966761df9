"""How long a visit takes, on the virtual stack: prints JSON lines; there is no pass and no fail.

From Enter on the kiosk's PIN page to the coverage in the staff's list, both in Chromium; the parts
of card and payer are timed where the desk calls them, and the rest is ours.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from playwright.sync_api import Page, sync_playwright

from terminal import card_work, recognition
from terminal.access.accounts import Role
from terminal.virtual_card.pcscd import PrivatePcscd
from tests.benchmarks.card import measure_tap
from tests.clinic import PIN, Clinic, opened_clinic, set_the_stage
from tests.ports import free_ports
from tests.website import Website, opened_website

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
WATCH_ROWS = """() => {
  window.shown = {};
  const look = () => {
    for (const row of document.querySelectorAll("[data-visit]")) {
      const filled = row.querySelector(".cell-insurer")?.textContent.trim();
      if (filled) window.shown[row.dataset.visit] ??= Date.now();
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
}"""
WATCH_ENTER = """() => {
  addEventListener("keydown", (event) => {
    if (event.key === "Enter") window.entered = Date.now();
  }, { capture: true });
}"""


def report(name: str, unit: str, values: list[float]) -> None:
    """Print one line: name, unit, n, median and 95th percentile."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    line = {"name": name, "unit": unit, "n": len(values)}
    line |= {"p50": round(statistics.median(values), 1), "p95": round(p95, 1)}
    print(json.dumps(line), flush=True)


class Stopwatch:
    """Times calls of one function in milliseconds."""

    def __init__(self, function: Callable[..., Any]) -> None:
        """``function``: what is timed."""
        self._function = function
        self.last = 0.0

    def __call__(self, *arguments: Any) -> Any:
        """Call it."""
        started = time.perf_counter()
        try:
            return self._function(*arguments)
        finally:
            self.last = (time.perf_counter() - started) * 1000


def run(count: int) -> None:
    """Measure ``count`` taps and visits."""
    with tempfile.TemporaryDirectory() as name, daemon_in(Path(name)) as daemon:
        folder = Path(name)
        for part in ("payer", "cards", "desk"):
            (folder / part).mkdir()
        stage = set_the_stage(folder / "payer", folder / "cards", daemon)
        report("tap.recognised", "ms", measure_tap(count))
        with (
            opened_clinic(folder / "desk", stage) as clinic,
            opened_website(clinic) as website,
            _pages(website) as (kiosk, staff),
        ):
            _measure_visits(clinic, kiosk, staff, count)


@contextmanager
def daemon_in(folder: Path) -> Iterator[PrivatePcscd]:
    """Run a PC/SC daemon of our own."""
    os.environ["PCSCLITE_CSOCK_NAME"] = str(folder / "pcscd.comm")
    with PrivatePcscd(folder / "pcscd.comm", free_ports(2)) as daemon:
        yield daemon


@contextmanager
def _pages(website: Website) -> Iterator[tuple[Page, Page]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        kiosk, staff = browser.new_context().new_page(), browser.new_context().new_page()
        kiosk.goto(f"{website.url}/kiosk/enrol")
        kiosk.fill("[name=code]", website.new_kiosk_code())
        kiosk.keyboard.press("Enter")
        kiosk.wait_for_url("**/kiosk/")
        staff.goto(f"{website.url}/staff/login")
        staff.fill("[name=name]", Role.RECEPTION)
        staff.fill("[name=password]", website.passwords[Role.RECEPTION])
        staff.keyboard.press("Enter")
        staff.wait_for_url("**/staff/today")
        staff.evaluate(WATCH_ROWS)
        kiosk.evaluate(WATCH_ENTER)
        yield kiosk, staff
        browser.close()


def _measure_visits(clinic: Clinic, kiosk: Page, staff: Page, count: int) -> None:
    card = Stopwatch(recognition.prove_pin)
    payer = Stopwatch(clinic.terminal.payer.ask)
    with (
        patch.object(card_work, "prove_pin", card),
        patch.object(clinic.terminal.payer, "ask", payer),
    ):
        parts = _visits(clinic, kiosk, staff, count, card, payer)
    for name, values in parts.items():
        report(f"pin_to_staff_screen.{name}", "ms", values)


def _visits(
    clinic: Clinic, kiosk: Page, staff: Page, count: int, card: Stopwatch, payer: Stopwatch
) -> dict[str, list[float]]:
    parts: dict[str, list[float]] = {"total": [], "card": [], "payer": [], "ours": []}
    for number in range(count + 1):
        view = clinic.patient.taps("ordinary")
        kiosk.wait_for_selector("#kiosk[data-step=pin]")
        kiosk.keyboard.type(PIN)
        kiosk.keyboard.press("Enter")
        staff.wait_for_function("(id) => window.shown[id]", arg=view.visit_id)
        total = staff.evaluate("(id) => window.shown[id]", view.visit_id)
        total -= kiosk.evaluate("() => window.entered")
        clinic.patient.takes_card()
        if number:  # the first one warms up
            parts["total"].append(total)
            parts["card"].append(card.last)
            parts["payer"].append(payer.last)
            parts["ours"].append(total - card.last - payer.last)
    return parts


if __name__ == "__main__":
    import sys

    run(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
