"""The face in whole visits: chosen, verified by the card's photo, or led on to PIN and staff.

Two public persons' portraits prove the wiring, not the accuracy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from eligibility.errors import ConsentRequiredError
from eligibility.payer import IdentificationMethod, ProofKind
from face_auth import MatcherLimits
from terminal.doctor import examine_face
from terminal.errors import VisitStateError
from terminal.health import HealthState
from terminal.identification import VisualReason
from terminal.reader.played import Keypad, Traits
from terminal.store.connection import connect
from terminal.store.keys import read_key_file
from terminal.views import (
    ConsentItem,
    DeskNeed,
    DoneOutcome,
    HistoryClosed,
    KioskNotice,
    KioskStep,
)
from terminal.visit import CloseReason, StaffNeed, VisitState
from tests.clinic import PIN as TYPED_PIN
from tests.clinic import Stage, opened_clinic, wait_for
from tests.face.heads import Performer, Sitter
from tests.face_desk import FACE, LONG, PIN, FaceDesk, opened
from tests.sitting import Mirror, filmed
from tests.terminal.test_number_reading import WatchedDesk


@pytest.fixture
def desk(tmp_path: Path, photographed: Stage) -> Iterator[FaceDesk]:
    """A clinic whose camera asks for no head turns."""
    with opened(tmp_path, photographed) as one:
        yield one


def test_the_holder_turns_the_head_and_is_identified(
    tmp_path: Path, photographed: Stage, sitters: Mapping[str, Sitter]
) -> None:
    """Choose, wait for the photo, turn as asked: proved by the card's own key, history by consent.

    Only figures are kept.
    """
    with opened(tmp_path, photographed, turns=1) as desk:
        desk.mirror.sits(Performer(sitters["a"]))
        visit_id = desk.taps()
        assert (desk.screen.step, desk.screen.methods) == (KioskStep.CHOOSE, (FACE, PIN))
        desk.chooses(FACE)
        view = desk.screen
        assert (view.step, view.methods) == (KioskStep.FACE, (PIN,))
        assert view.face is not None
        assert (view.face.preparing, view.face.staff_asked) == (True, True)
        row = desk.clinic.reception.sees_row(
            lambda row: row.need is DeskNeed.NUMBER_B, "the number to be asked for"
        )
        assert row.visit.id == visit_id
        desk.types_number()
        desk.sees(KioskStep.CONSENT)
        desk.clinic.patient.consents_to_all()
        row = desk.clinic.reception.sees_answer()
        assert row.need is not DeskNeed.NUMBER_B
        assert row.identification is not None
        assert (row.identification.method, row.identification.proof) == (FACE, ProofKind.OWN_KEY)
        assert row.identification.actor == "holder"
        assert desk.clinic.doctor.sees_history(visit_id).medications
        (figures,) = desk.compared(visit_id)
        assert figures.startswith("match score score=0.")
        assert " profile=fmr-1e-4 " in figures
        assert " frames=5 " in figures
        assert " challenge=passed " in figures


def test_somebody_else_is_led_to_the_pin(desk: FaceDesk, sitters: Mapping[str, Sitter]) -> None:
    """No match says nothing of another person; after two the face is no more offered."""
    desk.mirror.sits(Performer(sitters["b"]))
    visit_id = desk.taps()
    desk.chooses(FACE)
    desk.types_number()
    view = desk.sees(KioskStep.CHOOSE)
    assert (view.notice, view.methods) == (KioskNotice.FACE_NOT_MATCHED, (FACE, PIN))
    desk.chooses(FACE)
    view = desk.sees(KioskStep.CHOOSE)
    assert (view.notice, view.methods) == (KioskNotice.FACE_NOT_MATCHED, (PIN,))
    assert [one.split()[0] for one in desk.compared(visit_id)] == ["no-match"] * 2
    with pytest.raises(VisitStateError):
        desk.chooses(FACE)
    desk.chooses(PIN)
    assert desk.clinic.patient.types_pin().step is KioskStep.CONSENT
    row = desk.clinic.reception.row()
    assert row.identification is not None
    assert row.identification.method is PIN


def test_a_photo_of_the_photo_is_left_to_staff(
    tmp_path: Path, photographed: Stage, sitters: Mapping[str, Sitter]
) -> None:
    """A print that is turned is alike, and no living head: staff look, and the holder is known."""
    with opened(tmp_path, photographed, turns=1) as desk:
        # nobody waits half a minute for a test: the first attempts are over sooner
        desk.face_work._check._matcher._limits = MatcherLimits(seconds=6, attempt_seconds=3)
        desk.mirror.sits(Performer(sitters["a"], flat=True))
        visit_id = desk.taps()
        desk.chooses(FACE)
        desk.types_number()
        desk.sees(KioskStep.WITH_STAFF)
        row = desk.clinic.reception.row()
        assert (row.visit.staff_need, row.need) == (StaffNeed.FACE_UNSURE, DeskNeed.LOOK)
        (figures,) = desk.compared(visit_id)
        assert figures.startswith("ask-staff ")
        desk.clinic.reception.looks(visit_id, VisualReason.CANNOT_OPERATE)
        row = desk.clinic.reception.row()
        assert row.identification is not None
        assert row.identification.method is IdentificationMethod.STAFF_VISUAL


def test_the_patient_sees_only_their_own_picture(
    desk: FaceDesk, sitters: Mapping[str, Sitter]
) -> None:
    """One small JPEG while this visit stands before the camera; nothing at any other time."""
    desk.mirror.sits(Performer(sitters["a"]))
    kiosk = desk.clinic.terminal.desk
    visit_id = desk.taps()
    assert kiosk.face_preview(visit_id) is None
    desk.chooses(FACE)
    picture = wait_for(lambda: kiosk.face_preview(visit_id), "a picture")
    assert picture.startswith(b"\xff\xd8\xff")
    assert kiosk.face_preview("another-visit") is None
    desk.chooses(PIN)
    assert kiosk.face_preview(visit_id) is None
    wait_for(lambda: not desk.face_work._check.is_on, "the camera to be off")


@pytest.mark.parametrize("persona", ["face-only", "pin-blocked"])
def test_without_a_pin_the_face_does(
    desk: FaceDesk, sitters: Mapping[str, Sitter], persona: str
) -> None:
    """A card whose PIN cannot be used leads to the face by itself, and to staff after it."""
    desk.mirror.sits(Performer(sitters["b"]))
    desk.taps(persona)
    assert (desk.screen.step, desk.screen.methods) == (KioskStep.CHOOSE, (FACE,))
    assert desk.screen.notice is KioskNotice.PIN_UNUSABLE
    assert desk.clinic.reception.row().face_alone
    desk.chooses(FACE)
    desk.types_number(persona)
    assert desk.sees(KioskStep.CHOOSE).methods == (FACE,)
    desk.chooses(FACE)
    desk.sees(KioskStep.WITH_STAFF)
    assert not desk.clinic.reception.row().face_alone
    need = desk.clinic.reception.row().visit.staff_need
    assert need is (StaffNeed.PIN_BLOCKED if persona == "pin-blocked" else StaffNeed.PIN_UNUSABLE)
    desk.clinic.patient.takes_card()
    desk.mirror.sits(Performer(sitters["a"]))
    desk.taps(persona)
    desk.types_number(persona)
    desk.chooses(FACE)
    desk.sees(KioskStep.CONSENT)


@pytest.mark.parametrize("persona", ["infant", "elderly"])
def test_a_card_without_a_photo_asks_for_the_pin(desk: FaceDesk, persona: str) -> None:
    """A card that shows none: the patient reads so and goes on with the PIN."""
    desk.taps(persona)
    desk.chooses(FACE)
    desk.types_number(persona)
    view = desk.sees(KioskStep.CHOOSE)
    assert (view.notice, view.methods) == (KioskNotice.CARD_WITHOUT_PHOTO, (PIN,))
    desk.chooses(PIN)
    desk.sees(KioskStep.PIN)


def test_without_record_issuers_nobody_is_asked_in_vain(
    tmp_path: Path, photographed: Stage, sitters: Mapping[str, Sitter]
) -> None:
    """No key of ours vouches for the photo: the certificate alone, which opens no history.

    So no consent is asked for, doctor and health say it at the start, and the PIN asks as ever.
    """
    with opened(tmp_path, photographed, trusting=False) as desk:
        desk.mirror.sits(Performer(sitters["a"]))
        desk.taps()
        desk.types_number()
        desk.chooses(FACE)
        view = desk.sees(KioskStep.DONE)
        assert (view.outcome, view.answers) == (DoneOutcome.CONFIRMED, ())
        row = desk.clinic.reception.sees_answer()
        assert row.identification is not None
        assert row.identification.proof is ProofKind.CERTIFICATE_ONLY
        assert row.coverage is not None
        assert row.consent is None
        closed = desk.clinic.doctor.opens(row.visit.id).history_closed_because
        assert closed is HistoryClosed.NOT_GRANTED
        with pytest.raises(ConsentRequiredError):
            desk.clinic.terminal.desk.history(desk.clinic.doctor.actor, row.visit.id)
        check = {one.name: one for one in desk.clinic.terminal.health()}["face"]
        assert (check.state, check.code) == (HealthState.WARN, "face.not-vouched")
        (check,) = examine_face(desk.clinic.config.face, vouched=False)
        assert check.code == "face.not-vouched"
        assert "no key vouches" in check.reason
        assert "Without face.mesh_model" in check.reason
        desk.clinic.patient.takes_card()
        desk.taps()
        desk.chooses(PIN)
        assert desk.clinic.patient.types_pin().step is KioskStep.CONSENT


def test_a_blocked_pin_leaves_the_face(desk: FaceDesk, sitters: Mapping[str, Sitter]) -> None:
    """Three wrong PINs lead to the face, without starting again; patient and staff read why."""
    desk.mirror.sits(Performer(sitters["a"]))
    desk.taps()
    desk.chooses(PIN)
    for _ in range(2):
        desk.clinic.patient.types_pin("9999")
    assert not desk.clinic.reception.row().face_alone
    view = desk.clinic.patient.types_pin("9999")
    assert (view.step, view.methods) == (KioskStep.CHOOSE, (FACE,))
    assert view.notice is KioskNotice.PIN_BLOCKED
    row = desk.clinic.reception.row()
    assert (row.need, row.face_alone) == (DeskNeed.PATIENT_IS_BUSY, True)
    desk.types_number()
    desk.chooses(FACE)
    desk.sees(KioskStep.CONSENT)


@pytest.mark.parametrize(
    ("way", "comparing"),
    [
        ("card", False),
        ("staff", False),
        *((way, True) for way in ("card", "leave", "staff", "pin", "call", "another")),
    ],
)
def test_whatever_comes_between_ends_it(
    desk: FaceDesk, sitters: Mapping[str, Sitter], way: str, *, comparing: bool
) -> None:
    """Card lifted, left, staff's look, the PIN, a call, another card: nothing is compared any more.

    Camera off, photo overwritten.
    """
    kiosk, clinic = desk.clinic.terminal.desk, desk.clinic
    desk.mirror.nobody()
    visit_id = desk.taps()
    if comparing:
        desk.types_number()
    holders = kiosk._holders
    photo = holders._lying.photo  # type: ignore[union-attr]  # a card lies there
    desk.chooses(FACE)
    attempt = desk.face_work._attempt
    assert (attempt is not None) is (photo is not None) is comparing
    if way == "card":
        clinic.patient.takes_card()
    elif way == "leave":
        kiosk.leave(visit_id)
    elif way == "staff":
        clinic.reception.looks(visit_id)
    elif way == "pin":
        desk.chooses(PIN)
        assert clinic.patient.types_pin().step is KioskStep.CONSENT
    elif way == "call":
        kiosk.call_staff(visit_id)
    else:
        clinic.patient.taps("child")
    wait_for(lambda: desk.screen.step is not KioskStep.FACE, "another step")
    if comparing:
        assert attempt.cancel.is_set()
        wait_for(lambda: not any(attempt.photo), "the photo to be overwritten")
        assert photo is not None
        assert not any(photo)
    if way != "another":
        wait_for(lambda: not desk.face_work._check.is_on, "the camera to be off")
    assert desk.compared(visit_id) == []
    visit = clinic.reception.opens(visit_id).row.visit
    reasons = {
        "card": CloseReason.CARD_REMOVED,
        "leave": CloseReason.LEFT,
        "another": CloseReason.CARD_REMOVED,
    }
    if way in reasons:
        assert (visit.state, visit.close_reason) == (VisitState.ABANDONED, reasons[way])
    elif way == "call":
        assert visit.staff_need is StaffNeed.CALLED
    else:
        assert visit.state is VisitState.IDENTIFIED
        clinic.patient.answers(ConsentItem.MEDICINES_AND_TREATMENT, allow=False)


def test_what_cannot_be_written_down_identifies_nobody(
    desk: FaceDesk, sitters: Mapping[str, Sitter]
) -> None:
    """A match that the audit log does not take leads away from the camera, and counts no more."""
    config = desk.clinic.config.store
    db = connect(config.path, read_key_file(config.key_file))
    db.conn.execute(
        "CREATE TRIGGER full BEFORE INSERT ON audit WHEN CAST(NEW.record AS TEXT) LIKE "
        "'%face-compared%' BEGIN SELECT RAISE(ABORT, 'no room'); END"
    )
    db.conn.commit()
    db.conn.close()
    desk.mirror.sits(Performer(sitters["a"]))
    visit_id = desk.taps()
    desk.types_number()
    desk.chooses(FACE)
    wait_for(lambda: desk.screen.step is not KioskStep.FACE, "the kiosk to go on", LONG)
    assert desk.screen.step in (KioskStep.OUT_OF_SERVICE, KioskStep.CARD_PROBLEM)
    assert desk.clinic.reception.opens(visit_id).row.identification is None


def test_nobody_types_where_a_camera_reads_the_cards_number(
    tmp_path: Path, photographed: Stage, sitters: Mapping[str, Sitter]
) -> None:
    """The card's face is read while the patient chooses: from the tap to the match nobody helps."""
    mirror, view = Mirror(tmp_path / "mirror.bmp"), tmp_path / "view.jpg"
    mirror.sits(Performer(sitters["a"]))
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\nturns = 0\n'
    over_card = f'kind = "recorded"\nrecording = "{view}"\nseconds = 60'
    issuers = f'record_issuers = ["{photographed.cards_dir / "record-ca.pem"}"]'
    with (
        opened_clinic(
            tmp_path,
            photographed,
            face=face,
            card=issuers,
            card_camera=over_card,
            kiosk="idle_seconds = 600",
        ) as one,
        filmed(mirror, one.terminal.desk.kiosk),
    ):
        over = WatchedDesk(one, view)
        visit_id = one.patient.taps("ordinary").visit_id
        assert visit_id is not None
        holders = one.terminal.desk._holders
        over.shows_until("ordinary", lambda: holders.photo_of(visit_id) is not None)
        one.terminal.desk.choose(visit_id, FACE)
        wait_for(lambda: one.patient.screen.step is KioskStep.CONSENT, "a match", LONG)
        assert over.verified == ["text/0015", "visual/0012"]


def test_a_phone_and_a_card_known_to_have_no_photo_take_the_pin(desk: FaceDesk) -> None:
    """Where there is surely no photo to compare with, the face is not offered."""
    desk.taps("phone")
    assert (desk.screen.step, desk.screen.methods) == (KioskStep.PIN, ())
    desk.clinic.patient.takes_card()
    desk.taps("infant")
    desk.chooses(PIN)
    desk.clinic.patient.types_pin()
    desk.clinic.patient.consents_to_all()
    desk.clinic.reception.sees_answer()
    desk.clinic.patient.takes_card()
    desk.taps("infant")
    assert (desk.screen.step, desk.screen.methods) == (KioskStep.PIN, ())


def test_the_reader_asks_for_the_pin_once_it_is_chosen(tmp_path: Path, photographed: Stage) -> None:
    """At a reader with keys of its own the choice comes first, and the keys wait for it."""
    mirror, keypad = Mirror(tmp_path / "mirror.bmp"), Keypad()
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\n'
    traits = Traits(keypad=keypad)
    with opened_clinic(tmp_path, photographed, traits=traits, face=face) as clinic:
        view = clinic.patient.taps("ordinary")
        assert (view.step, view.methods) == (KioskStep.CHOOSE, (FACE, PIN))
        assert not keypad.waiting
        assert view.visit_id is not None
        clinic.terminal.desk.choose(view.visit_id, PIN)
        clinic.patient.sees(KioskStep.PIN_ON_READER)
        wait_for(lambda: keypad.waiting, "the reader to ask for the PIN")
        keypad.type(TYPED_PIN.encode())
        clinic.patient.sees(KioskStep.CONSENT)


def test_silence_at_the_choice_ends_the_visit(tmp_path: Path, photographed: Stage) -> None:
    """Who walks away before choosing leaves a clean screen."""
    mirror = Mirror(tmp_path / "mirror.bmp")
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\n'
    with opened_clinic(tmp_path, photographed, face=face) as clinic:
        visit_id = clinic.patient.taps("ordinary").visit_id
        assert visit_id is not None
        clinic.silence.passes(61)
        clinic.patient.sees(KioskStep.CARD_PROBLEM)
        visit = clinic.reception.opens(visit_id).row.visit
        assert visit.close_reason is CloseReason.WALKED_AWAY


def test_nobody_types_the_number(tmp_path: Path, photographed: Stage) -> None:
    """The wait before the camera is bounded, and what is over goes to PIN or staff."""
    idle = "idle_seconds = 600"
    mirror = Mirror(tmp_path / "mirror.bmp")
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\nturns = 0\n'
    with opened_clinic(tmp_path, photographed, speed=60, face=face, kiosk=idle) as clinic:
        view = clinic.patient.taps("ordinary")
        assert view.visit_id is not None
        clinic.terminal.desk.choose(view.visit_id, FACE)
        view = clinic.patient.sees(KioskStep.CHOOSE)
        assert (view.notice, view.methods) == (KioskNotice.FACE_NOT_POSSIBLE, (PIN,))
