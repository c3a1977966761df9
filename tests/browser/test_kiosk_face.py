"""The face at the kiosk's screen: chosen, guided, and left again for the PIN or for staff.

Two public persons' portraits prove the wiring, not the accuracy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response, expect

from eligibility.payer import IdentificationMethod
from terminal.access.accounts import Role
from terminal.views import DeskNeed, KioskStep
from terminal.visit import StaffNeed
from tests.browser.axe import axe_findings
from tests.browser.kiosk_person import Person, person_at
from tests.browser.test_desk import Desk
from tests.clinic import Stage, opened_clinic
from tests.face.heads import Performer, Sitter
from tests.sitting import Mirror, filmed, read_sitters, with_photo
from tests.website import Website, opened_website

CARD = "ordinary"
LONG_MS = 60_000


@dataclass
class Scene:
    """A person at a kiosk with a camera, and who stands before that."""

    person: Person
    mirror: Mirror
    sitters: Mapping[str, Sitter]
    pictures: list[Response]
    website: Website

    def chooses_face(self, card: str = CARD) -> None:
        """Tap and choose the face."""
        self.person.taps(card)
        self.person.sees(KioskStep.CHOOSE)
        self.person.rests()
        self.person.page.locator(".way[value=face]").click()
        self.person.sees(KioskStep.FACE)

    def sees_own_picture(self) -> None:
        """Wait until the camera's picture is drawn."""
        self.person.page.wait_for_function(
            "() => document.querySelector('.face-seen')?.naturalWidth > 0"
        )

    def types_number(self, card: str = CARD) -> None:
        """Let staff type the number of the card's face."""
        clinic = self.person.clinic
        visit_id = clinic.reception.row().visit.id
        clinic.reception.types_number_b(visit_id, clinic.stage.face_of(card))


@pytest.fixture(scope="module")
def people() -> tuple[Mapping[str, Sitter], bytes]:
    """Persons a and b, and a card photo of a."""
    return read_sitters()


@pytest.fixture
def scene(
    tmp_path: Path, stage: Stage, chromium: Browser, people: tuple[Mapping[str, Sitter], bytes]
) -> Iterator[Scene]:
    """A kiosk with a recorded camera that asks for no head turns."""
    photographed = with_photo(stage, tmp_path / "cards", {CARD: people[1]})
    mirror = Mirror(tmp_path / "mirror.bmp")
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\nturns = 0\n'
    card = f'record_issuers = ["{photographed.cards_dir / "record-ca.pem"}"]'
    with ExitStack() as stack:
        clinic = stack.enter_context(opened_clinic(tmp_path, photographed, face=face, card=card))
        stack.enter_context(filmed(mirror, clinic.terminal.desk.kiosk))
        website = stack.enter_context(opened_website(clinic))
        person = stack.enter_context(person_at(website, chromium))
        pictures: list[Response] = []
        person.page.on(
            "response",
            lambda answer: pictures.append(answer) if "face-preview" in answer.url else None,
        )
        yield Scene(person, mirror, people[0], pictures, website)


def test_a_visit_by_face(scene: Scene, chromium: Browser) -> None:
    """From tap to the end by looking at the camera; pictures come one by one and are never kept.

    Staff read how the holder was identified, and in the log what came of the comparison.
    """
    person, page = scene.person, scene.person.page
    scene.mirror.sits(Performer(scene.sitters["a"]))
    scene.chooses_face()
    expect(page.locator("h1")).to_have_text("係の準備を お待ちください")
    expect(page.locator(".lead")).to_have_text("係が カードの番号を 入れると 始まります")
    scene.sees_own_picture()
    assert axe_findings(page) == []
    with page.expect_response(lambda answer: "face-preview" in answer.url):
        scene.types_number()
    expect(page.locator("#kiosk[data-step='consent']")).to_be_visible(timeout=LONG_MS)
    person.sees(KioskStep.CONSENT)
    expect(page.locator(".face-seen")).to_have_count(0)
    person.answers("はい")
    expect(person.sees(KioskStep.DONE)).to_contain_text("受付できました")
    row = person.clinic.reception.sees_answer()
    assert row.identification is not None
    assert row.identification.method is IdentificationMethod.FACE
    desk = Desk(chromium, scene.website, Role.RECEPTION)
    desk.opens(f"/staff/visits/{row.visit.id}")
    expect(desk.page.locator("#visit")).to_contain_text("顔認証")
    desk.opens(f"/staff/visits/{row.visit.id}/log")
    words = "一致（写真との比較、基準: 最も厳しい、40人の写真で測定）"
    log = desk.page.locator("tr").filter(has_text=words)
    expect(log).to_contain_text("profile=fmr-1e-4")
    assert axe_findings(desk.page) == []
    desk.context.close()
    seen = [answer for answer in scene.pictures if answer.status == HTTPStatus.OK]
    assert len({re.search(r"number=\d+", answer.url) for answer in seen}) > 1
    for answer in seen:
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "no-store"


def test_hints_leave_the_buttons_alone_and_the_pin_is_always_there(scene: Scene) -> None:
    """Words change under the finger, not the button; the PIN takes over without a new start."""
    person, page = scene.person, scene.person.page
    scene.mirror.nobody()
    scene.chooses_face()
    page.evaluate("() => { window.button = document.querySelector('.face-act button'); }")
    scene.types_number()
    expect(page.locator("h1")).to_have_text("顔を わくの中に 入れてください", timeout=LONG_MS)
    assert page.evaluate("() => window.button.isConnected")
    expect(page).to_have_title(re.compile("^顔を わくの中に 入れてください"))
    person.touches("暗証番号で 確認する")
    person.sees(KioskStep.PIN)
    person.types_on_screen()
    person.sees(KioskStep.CONSENT)
    row = person.clinic.reception.row()
    assert row.identification is not None
    assert row.identification.method is IdentificationMethod.PIN


def test_somebody_else_is_never_told_so(scene: Scene) -> None:
    """No match is told as a way that did not work, with the other ways beside it."""
    person, page = scene.person, scene.person.page
    scene.mirror.sits(Performer(scene.sitters["b"]))
    scene.chooses_face()
    scene.types_number()
    expect(page.locator("h1")).to_have_text("うまく 確認できませんでした", timeout=LONG_MS)
    words = person.sees(KioskStep.CHOOSE)
    expect(words).to_contain_text("別の方法を 選んでください")
    expect(words).not_to_contain_text(re.compile("別人|違う人|本人では"))


def test_a_card_without_a_photo_is_told_so_and_leads_to_the_pin(scene: Scene) -> None:
    """It is not the camera that fails: an infant's card bears no photo, and the PIN is the way."""
    person, page = scene.person, scene.person.page
    scene.chooses_face("infant")
    scene.types_number("infant")
    expect(page.locator("h1")).to_have_text("このカードには 写真が ありません", timeout=LONG_MS)
    expect(person.sees(KioskStep.CHOOSE)).to_contain_text("暗証番号で 確認してください")
    expect(page.locator(".way[value=face]")).to_have_count(0)
    assert axe_findings(page) == []
    person.rests()
    page.locator(".way[value=pin]").click()
    person.sees(KioskStep.PIN)


def test_staff_are_called_from_the_camera(scene: Scene) -> None:
    """By the keys to the camera, by a touch to staff, whose call is at its place there too."""
    person = scene.person
    person.taps(CARD)
    person.sees(KioskStep.CHOOSE)
    expect(person.page.locator("h1")).to_be_focused()
    person.page.keyboard.press("Tab")
    person.page.keyboard.press("Enter")
    person.sees(KioskStep.FACE)
    person.touches("係を呼ぶ")
    person.sees(KioskStep.WITH_STAFF)
    row = person.clinic.reception.row()
    assert row.visit.staff_need is StaffNeed.CALLED
    assert row.need is DeskNeed.LOOK
    expect(person.page.locator(".face-seen")).to_have_count(0)
