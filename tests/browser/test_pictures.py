"""The pictures of the README, taken while a real morning goes by."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from terminal.access.accounts import Role
from terminal.views import KioskStep
from tests.browser.kiosk_person import person_at
from tests.browser.test_desk import Desk
from tests.clinic import Clinic, Stage, opened_clinic
from tests.sitting import Mirror, filmed
from tests.website import opened_website

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
VISITORS = ("ordinary", "elderly", "job-change", "limit-certificate", "replaced-character")


def test_a_morning_at_the_desk(clinic: Clinic, chromium: Browser) -> None:
    """Five people come; the list shows who needs staff on top, and the kiosk is ready again."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with opened_website(clinic) as website, person_at(website, chromium) as person:
        desk = Desk(chromium, website, Role.RECEPTION)
        desk.page.set_viewport_size({"width": 1280, "height": 720})
        person.page.screenshot(path=PICTURES / "kiosk-idle.png")
        for visitor in VISITORS:
            person.taps(visitor)
            person.sees(KioskStep.PIN)
            person.types_on_pad()
            person.sees(KioskStep.CONSENT)
            if visitor == "ordinary":
                person.page.screenshot(path=PICTURES / "kiosk-consent.png")
            clinic.patient.consents_to_all()
            clinic.reception.sees_answer()
            clinic.patient.takes_card()
        rows = desk.page.locator("[data-visit]")
        expect(rows).to_have_count(len(VISITORS))
        expect(desk.page.locator(".row-needs")).to_have_count(2)
        desk.page.screenshot(path=PICTURES / "desk-today.png")
        desk.context.close()


def test_a_kiosk_with_a_camera(tmp_path: Path, stage: Stage, chromium: Browser) -> None:
    """Who taps a card before a camera chooses: the face first, then PIN and staff."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    mirror = Mirror(tmp_path / "mirror.bmp")
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\n'
    with (
        opened_clinic(tmp_path, stage, face=face) as clinic,
        filmed(mirror, clinic.terminal.desk.kiosk),
        opened_website(clinic) as website,
        person_at(website, chromium) as person,
    ):
        person.taps("ordinary")
        person.sees(KioskStep.CHOOSE)
        ways = [re.compile("^顔"), re.compile("^暗"), re.compile("^係")]
        expect(person.page.locator(".way-word")).to_have_text(ways)
        person.page.screenshot(path=PICTURES / "kiosk-choose.png")
