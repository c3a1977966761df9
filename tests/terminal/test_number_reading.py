"""照合番号B by the camera in whole visits: nobody types it, the card counts at most one try."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eligibility.holder import Match
from terminal.access.accounts import TERMINAL
from terminal.identification import NumberBEntry
from terminal.views import KioskStep, NumberBState, VisitDetail
from terminal.virtual_card import camera_view, pictures
from terminal.virtual_card.issuing import load
from terminal.virtual_card.records import Face, reference_number_b
from terminal.virtual_card.tray import Tray
from tests.clinic import Clinic, Stage, opened_clinic, wait_for

LONG = 180.0
VIEW = "view.jpg"


class WatchedDesk:
    """A clinic with a camera over its reader, whose pictures the test chooses."""

    def __init__(self, clinic: Clinic, picture: Path) -> None:
        self.clinic = clinic
        self._picture = picture
        self._tray = Tray(load(clinic.stage.cards_dir), clinic.slot)
        self._seed = 0

    def face(self, persona: str) -> Face:
        """What is printed on a persona's card."""
        face = self._tray.face(persona)
        assert face is not None
        return face

    def shows(self, persona: str | None) -> None:
        """Have the camera take one more picture, of this card or of none."""
        self._seed += 1
        drawn = None if persona is None else pictures.card_face(self.face(persona))
        content = io.BytesIO()
        seen = camera_view.see(drawn, camera_view.View(degrees=1.0), self._seed)
        seen.save(content, "JPEG", quality=90)
        new = self._picture.with_suffix(".new")
        new.write_bytes(content.getvalue())
        new.replace(self._picture)

    def shows_until(self, persona: str | None, holds: Callable[[], bool]) -> None:
        """Go on taking pictures of this card until something holds."""

        due = 0.0

        def look() -> bool:
            # as often as a slow camera: drawing takes the time that reading needs
            nonlocal due
            if time.monotonic() >= due:
                self.shows(persona)
                due = time.monotonic() + 1.0
            return holds()

        wait_for(look, f"what comes of the pictures of {persona}", LONG)

    @property
    def detail(self) -> VisitDetail:
        """The newest visit, as reception sees it."""
        visit_id = self.clinic.reception.row().visit.id
        return self.clinic.reception.opens(visit_id)

    @property
    def verified(self) -> list[str]:
        """Which secrets the card in the reader was shown, in order."""
        return [
            entry.target
            for entry in self.clinic.patient.card.trace.entries()
            if entry.command.startswith("0020") and "+" in entry.command
        ]


@pytest.fixture
def desk(tmp_path: Path, stage: Stage) -> Iterator[WatchedDesk]:
    """A clinic with a card camera."""
    section = f'kind = "recorded"\nrecording = "{tmp_path / VIEW}"\nseconds = 60'
    patience = "idle_seconds = 600"  # a busy machine reads slowly: the patient waits
    with opened_clinic(tmp_path, stage, card_camera=section, kiosk=patience) as clinic:
        yield WatchedDesk(clinic, tmp_path / VIEW)


@pytest.fixture
def seen(caplog: pytest.LogCaptureFixture) -> Callable[[], bool]:
    """Tells whether the camera is sure of a number."""
    caplog.set_level(logging.DEBUG)
    return lambda: "the number on a card's face was read" in caplog.text


def test_nobody_types_the_number_and_the_pin_goes_first(
    desk: WatchedDesk, seen: Callable[[], bool]
) -> None:
    """Seen while the PIN is asked for, it is shown to the card after it, once; staff compare."""
    desk.clinic.patient.taps("ordinary")
    desk.shows_until("ordinary", seen)
    assert desk.verified == []
    desk.clinic.patient.types_pin()
    wait_for(lambda: desk.detail.holder, "the holder to be read", LONG)
    assert desk.verified == ["jpki/0018", "text/0015"]
    detail = desk.detail
    assert detail.holder is not None
    assert (detail.holder.actor, detail.holder.entry) == (TERMINAL.id, NumberBEntry.CAMERA)
    desk.clinic.patient.consents_to_all()
    desk.clinic.reception.sees_answer()
    wait_for(lambda: desk.detail.compared, "the comparison")
    assert {one.match for one in desk.detail.compared} == {Match.SAME}


def test_a_card_without_a_pin_is_read_at_once(desk: WatchedDesk) -> None:
    """Nobody's PIN is waited for: staff have the attributes before they look."""
    desk.clinic.patient.taps("face-only")
    desk.clinic.patient.sees(KioskStep.WITH_STAFF)
    desk.shows_until("face-only", lambda: desk.detail.holder is not None)
    assert desk.verified == ["text/0015"]


def test_the_face_of_another_card_costs_one_try_and_reads_nothing(desk: WatchedDesk) -> None:
    """A number that does not fit is tried once, however long the camera goes on seeing it."""
    desk.clinic.patient.taps("face-only")
    desk.shows_until("ordinary", lambda: bool(desk.verified))
    wait_for(lambda: desk.detail.number_b, "what came of it")

    def refused() -> bool:
        number_b = desk.detail.number_b
        return number_b is not None and number_b.state is NumberBState.REFUSED

    wait_for(refused, "the refusal")
    for _ in range(4):
        desk.shows("face-only")
    desk.clinic.patient.takes_card()
    assert desk.verified == ["text/0015"]
    number_b = desk.detail.number_b
    assert number_b is not None
    assert number_b.tries_left == 9
    assert desk.detail.holder is None


def test_what_was_seen_of_a_card_goes_with_it(
    desk: WatchedDesk, seen: Callable[[], bool], caplog: pytest.LogCaptureFixture
) -> None:
    """Taken away before its PIN, its number is dropped; the next card is looked at afresh."""
    desk.clinic.patient.taps("ordinary")
    desk.shows_until("ordinary", seen)
    first = desk.clinic.patient.card
    desk.clinic.patient.takes_card()
    desk.shows(None)
    caplog.clear()
    desk.clinic.patient.taps("elderly")
    desk.shows_until("elderly", seen)
    desk.clinic.patient.types_pin()
    wait_for(lambda: desk.detail.holder, "the holder to be read", LONG)
    assert desk.verified == ["jpki/0018", "text/0015"]
    assert not [one for one in first.trace.entries() if one.target == "text/0015"]
    detail = desk.detail
    assert detail.holder is not None
    assert detail.holder.attributes.birthdate == desk.face("elderly").birthdate


def test_a_patient_who_leaves_is_not_read(desk: WatchedDesk, seen: Callable[[], bool]) -> None:
    """A visit that was given up reads nobody's record, though the card still lies there."""
    view = desk.clinic.patient.taps("ordinary")
    desk.shows_until("ordinary", seen)
    assert view.visit_id is not None
    desk.clinic.terminal.desk.leave(view.visit_id)
    waiting = desk.clinic.terminal.desk._number_reading
    wait_for(lambda: waiting._waiting is None, "the number to be dropped", LONG)
    assert desk.verified == []
    assert desk.detail.holder is None


def test_a_visit_leaves_nothing_of_it(
    desk: WatchedDesk, seen: Callable[[], bool], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """No part of the number in the log, no picture beside the camera's own."""
    before = {path.name for path in tmp_path.iterdir()} | {VIEW}
    desk.clinic.patient.taps("ordinary")
    desk.shows_until("ordinary", seen)
    desk.clinic.patient.types_pin()
    wait_for(lambda: desk.detail.holder, "the holder to be read", LONG)
    face = desk.face("ordinary")
    number_b = reference_number_b(face.birthdate, face.expires_on, face.security_code)
    secret = (number_b, number_b[:6], f"{face.birthdate:%Y%m%d}", f"{face.birthdate}")
    assert [part for part in secret if part in caplog.text] == []
    after = {path.name for path in tmp_path.iterdir()}
    assert {name for name in after - before if not name.startswith("store.db")} == set()


def test_health_tells_of_a_camera_that_is_not_there(tmp_path: Path, stage: Stage) -> None:
    """Unplugged, it costs the visit nothing, and the page of checks says so."""
    section = f'kind = "recorded"\nrecording = "{tmp_path / VIEW}"'
    with opened_clinic(tmp_path, stage, card_camera=section) as clinic:
        clinic.patient.taps("ordinary")

        def told() -> bool:
            codes = {check.code for check in clinic.terminal.health()}
            return "card-camera.unplugged" in codes

        wait_for(told, "the finding", LONG)
        clinic.patient.types_pin()
        clinic.patient.sees(KioskStep.CONSENT)


def test_without_a_camera_nothing_is_checked_nor_loaded(clinic: Clinic) -> None:
    """The default: no check of a camera that nobody configured."""
    assert {check.name for check in clinic.terminal.health()}.isdisjoint({"card-camera"})
