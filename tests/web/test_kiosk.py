"""The kiosk's pages without a browser: sizes, words for every view, commands that do not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask, g

from eligibility.payer import IdentificationMethod
from face_auth.types import Guidance, Step
from terminal.config import KioskSection
from terminal.views import (
    CardPlace,
    ConsentItem,
    DoneOutcome,
    FacePrompt,
    KioskNotice,
    KioskStep,
    KioskView,
    Shared,
)
from tests.clinic import Stage, opened_clinic
from web.app import create_app
from web.i18n import LANGUAGES, TRANSLATIONS
from web.kiosk import PanelSize, render_page, render_step

CARD_NOTICES = (
    KioskNotice.CARD_UNKNOWN,
    KioskNotice.RESIDENCE_CARD,
    KioskNotice.DRIVING_LICENCE,
    KioskNotice.BANK_CARD,
    KioskNotice.PASSPORT,
    KioskNotice.TRANSIT_CARD,
    KioskNotice.CARD_UNREADABLE,
    KioskNotice.CARD_BUSY,
    KioskNotice.CARD_REMOVED,
    KioskNotice.CARD_LEFT,
    KioskNotice.CARD_ELSEWHERE,
)
READER_NOTICES = (
    KioskNotice.NO_READER,
    KioskNotice.PCSC_DOWN,
    KioskNotice.READER_ACCESS_DENIED,
    KioskNotice.STORE_UNWRITABLE,
)
NOTICES: dict[KioskStep, tuple[KioskNotice | None, ...]] = {
    KioskStep.OUT_OF_SERVICE: (None, *READER_NOTICES),
    KioskStep.CARD_PROBLEM: (None, *CARD_NOTICES),
    KioskStep.CHOOSE: (
        None,
        KioskNotice.FACE_NOT_MATCHED,
        KioskNotice.FACE_NOT_POSSIBLE,
        KioskNotice.CARD_WITHOUT_PHOTO,
        KioskNotice.PIN_BLOCKED,
        KioskNotice.PIN_UNUSABLE,
    ),
    KioskStep.PIN: (
        None,
        KioskNotice.PIN_WRONG,
        KioskNotice.CARD_BUSY,
        KioskNotice.PIN_TIMED_OUT,
        KioskNotice.PIN_CANCELLED,
        KioskNotice.PIN_LENGTH,
    ),
    KioskStep.WITH_STAFF: (
        None,
        KioskNotice.STAFF_CALLED,
        KioskNotice.STAFF_COMING,
        KioskNotice.PIN_BLOCKED,
        KioskNotice.PIN_UNUSABLE,
    ),
}


PROMPTS = (
    FacePrompt(preparing=True),
    FacePrompt(preparing=True, staff_asked=True),
    *(
        FacePrompt(guidance=guidance, step=step, frames=1, wanted=5)
        for guidance, step in product((None, *Guidance), (None, *Step))
    ),
)


def _section(**values: object) -> KioskSection:
    return KioskSection.model_validate(values)


@pytest.mark.parametrize(
    ("inches", "pixels", "viewing_mm", "root"),
    [
        (24, (1080, 1920), 600, 36),
        (24, (1080, 1920), 1000, 60),
        (21.5, (1080, 1920), 600, 40),
        (10.1, (1280, 800), 600, 59),
        (10.1, (1280, 800), 500, 49),
    ],
)
def test_type_grows_with_distance_and_density(
    inches: float, pixels: tuple[int, int], viewing_mm: int, root: int
) -> None:
    """A capital letter is seen under 0.7 degrees, whatever the panel and the distance."""
    section = _section(panel_inches=inches, panel_pixels=pixels, viewing_mm=viewing_mm)
    size = PanelSize.of(section)
    assert size.root == root
    assert f"font-size: {root}px" in size.stylesheet
    assert f"--mm: {size.mm}px" in size.stylesheet


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> Iterator[Flask]:
    """The pages over a real desk."""
    with opened_clinic(tmp_path_factory.mktemp("kiosk"), stage) as clinic:
        yield create_app(clinic.terminal)


ASKED = (
    "consent",
    "consent/one-by-one",
    "consent/for-another",
    "guardian",
    "my-consents",
    "prescription",
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", KioskStep)
def test_every_view_has_words(app: Flask, step: KioskStep, language: str) -> None:
    """Whatever the desk tells the kiosk can be drawn; a missing message would raise."""
    for notice, item, outcome, prompt, cards in product(
        NOTICES.get(step, (None,)),
        (*ConsentItem, None) if step is KioskStep.CONSENT else (None,),
        DoneOutcome if step is KioskStep.DONE else (None,),
        PROMPTS if step is KioskStep.FACE else (None,),
        CardPlace,
    ):
        if notice is KioskNotice.CARD_ELSEWHERE and cards is CardPlace.HERE:
            continue
        view = KioskView(
            7,
            step,
            visit_id="visit-1",
            notice=notice,
            tries_left=2,
            consent_item=item,
            consent_number=1,
            consent_total=2,
            outcome=outcome,
            methods=(IdentificationMethod.FACE, IdentificationMethod.PIN),
            face=prompt,
            combined=tuple(ConsentItem) if item is None else (),
            may_act=True,
            shared=Shared(tuple(ConsentItem), datetime(2026, 11, 24, tzinfo=UTC)),
            cards=cards,
        )
        with app.test_request_context("/kiosk/"):
            g.language = language
            page, part = render_page(view), render_step(view)
        assert page.count("<h1") == part.count("<h1") == 1
        assert f'data-step="{step}"' in part
        assert part in page.replace("\r", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", DoneOutcome)
def test_the_end_names_no_reason(app: Flask, outcome: DoneOutcome, language: str) -> None:
    """What stands on the screen at the end is the same for everybody with this outcome."""
    pages = set()
    for answers_at in range(2):
        view = KioskView(7 + answers_at, KioskStep.DONE, visit_id="v", outcome=outcome)
        with app.test_request_context("/kiosk/"):
            g.language = language
            part = render_step(view)
        pages.add(re.sub(r'(data-version|name="csrf_token" value)="[^"]*"', "", part))
    assert len(pages) == 1


def test_the_kiosk_is_closed_to_others(app: Flask) -> None:
    """Without the kiosk's own cookie neither pages nor parts nor commands are open."""
    client = app.test_client()
    host = app.extensions["origins"].canonical_host
    origin = app.extensions["origins"].origin
    page = client.get("/kiosk/", headers={"Host": host, "Sec-Fetch-Dest": "document"})
    assert (page.status_code, page.headers["Location"]) == (303, "/kiosk/enrol")
    part = client.get("/kiosk/step", headers={"Host": host, "Sec-Fetch-Dest": "empty"})
    assert part.status_code == 401
    for command in ("choose", "pin", *ASKED, "register", "staff", "leave", "still-there"):
        answer = client.post(f"/kiosk/{command}", headers={"Host": host, "Origin": origin})
        assert answer.status_code == 401


def _messages(language: str) -> dict[str, tuple[str, list[str], bool]]:
    path = Path(TRANSLATIONS) / language / "LC_MESSAGES" / "kiosk.po"
    with path.open("rb") as file:
        return {
            str(m.id): (str(m.string), m.auto_comments, m.fuzzy)
            for m in read_po(file, locale=language)
            if m.id
        }


def test_every_message_tells_the_translator_where_it_stands() -> None:
    """Each message of the kiosk carries a note, is final, and says the same gaps in all tongues."""
    first = _messages("ja")
    for language in LANGUAGES:
        messages = _messages(language)
        assert messages.keys() == first.keys()
        for ident, (words, notes, fuzzy) in messages.items():
            assert notes, ident
            assert words, ident
            assert not fuzzy, ident
            gaps = [sorted(re.findall(r"\{(\w+)\}", text)) for text in (words, first[ident][0])]
            assert gaps[0] == gaps[1], ident
