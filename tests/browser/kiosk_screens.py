"""Every screen that the kiosk can show, as the desk would hand it to the page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from eligibility.codes import PrescriptionIssue
from eligibility.model import ConsentDecision
from eligibility.payer import IdentificationMethod
from face_auth.types import Guidance, Step
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

VERSION = 3
MEDICINES, OPERATIONS, CHECKUPS, DISEASES = ConsentItem
YES, NO = ConsentDecision.YES, ConsentDecision.NO
AGREED = ((MEDICINES, YES), (CHECKUPS, NO))
NOT_ASKED = ((MEDICINES, ConsentDecision.NO), (CHECKUPS, ConsentDecision.NOT_ASKED))


def _view(step: KioskStep, **more: Any) -> KioskView:
    return KioskView(VERSION, step, **more)


def _visit(step: KioskStep, **more: Any) -> KioskView:
    return KioskView(VERSION, step, visit_id="visit-1", card_present=True, **more)


def _phone(step: KioskStep, **more: Any) -> KioskView:
    return _visit(step, is_phone=True, **more)


def _pin(tries: int, notice: KioskNotice | None = None, *, on_reader: bool = False) -> KioskView:
    return _visit(
        KioskStep.PIN,
        tries_left=tries,
        notice=notice,
        seconds_left=60.0,
        pin_on_reader=on_reader,
    )


def _question(item: ConsentItem, number: int, seconds: float = 60.0) -> KioskView:
    return _visit(
        KioskStep.CONSENT,
        consent_item=item,
        consent_number=number,
        consent_total=len(ConsentItem),
        seconds_left=seconds,
        may_act=number == 1,
    )


MANY = tuple(ConsentItem)
SPOKEN = ((MEDICINES, YES), (OPERATIONS, NO), (CHECKUPS, YES), (DISEASES, NO))
SHARED = Shared(MANY, datetime(2026, 11, 25, 3, 28, tzinfo=UTC))


def _choose(notice: KioskNotice | None = None, *methods: IdentificationMethod) -> KioskView:
    return _visit(
        KioskStep.CHOOSE,
        notice=notice,
        methods=methods or (FACE, IdentificationMethod.PIN),
        seconds_left=60.0,
    )


def _face(
    guidance: Guidance | None = None, step: Step | None = None, frames: int = 0, **more: Any
) -> KioskView:
    prompt = FacePrompt(guidance=guidance, step=step, frames=frames, wanted=5, **more)
    return _visit(KioskStep.FACE, methods=(IdentificationMethod.PIN,), face=prompt)


FACE = IdentificationMethod.FACE
LONG_HINTS = (Guidance.COVERED, Guidance.UNEVEN_LIGHT, Guidance.COME_CLOSER)
"""The hints whose words or arrows are the longest: the page of all others is the same."""
READER_NOTICES = (
    KioskNotice.NO_READER,
    KioskNotice.PCSC_DOWN,
    KioskNotice.READER_ACCESS_DENIED,
    KioskNotice.STORE_UNWRITABLE,
)
CARD_NOTICES = (
    KioskNotice.CARD_REMOVED,
    KioskNotice.CARD_UNKNOWN,
    KioskNotice.RESIDENCE_CARD,
    KioskNotice.DRIVING_LICENCE,
    KioskNotice.BANK_CARD,
    KioskNotice.PASSPORT,
    KioskNotice.TRANSIT_CARD,
    KioskNotice.CARD_UNREADABLE,
    KioskNotice.CARD_BUSY,
    KioskNotice.CARD_LEFT,
)
ELSEWHERE = (CardPlace.OTHER_READER, CardPlace.RECEPTION)
SCREENS: dict[str, KioskView] = {
    **{f"out-{n}": _view(KioskStep.OUT_OF_SERVICE, notice=n) for n in READER_NOTICES},
    "out": _view(KioskStep.OUT_OF_SERVICE),
    "idle": _view(KioskStep.IDLE),
    "idle-staff-called": _view(KioskStep.IDLE, staff_called=True),
    **{f"idle-{place}": _view(KioskStep.IDLE, cards=place) for place in ELSEWHERE},
    **{
        f"card-{place}": _view(
            KioskStep.CARD_PROBLEM,
            notice=KioskNotice.CARD_ELSEWHERE,
            card_present=True,
            cards=place,
        )
        for place in ELSEWHERE
    },
    "reading": _view(KioskStep.READING, card_present=True),
    **{str(n): _view(KioskStep.CARD_PROBLEM, notice=n, card_present=True) for n in CARD_NOTICES},
    "card-problem": _view(KioskStep.CARD_PROBLEM),
    "choose": _choose(),
    "choose-face-only": _choose(KioskNotice.PIN_UNUSABLE, FACE),
    "choose-pin-blocked": _choose(KioskNotice.PIN_BLOCKED, FACE),
    "choose-again": _choose(KioskNotice.FACE_NOT_MATCHED),
    "choose-not-matched": _choose(KioskNotice.FACE_NOT_MATCHED, IdentificationMethod.PIN),
    "choose-not-possible": _choose(KioskNotice.FACE_NOT_POSSIBLE),
    "choose-no-photo": _choose(KioskNotice.CARD_WITHOUT_PHOTO, IdentificationMethod.PIN),
    "face-preparing": _visit(
        KioskStep.FACE, methods=(IdentificationMethod.PIN,), face=FacePrompt(preparing=True)
    ),
    "face-staff-asked": _visit(
        KioskStep.FACE,
        methods=(IdentificationMethod.PIN,),
        face=FacePrompt(preparing=True, staff_asked=True),
    ),
    **{f"face-{guidance}": _face(guidance) for guidance in LONG_HINTS},
    "face-turn": _face(None, Step.LEFT, 3),
    "face-done": _face(None, Step.DONE, 5),
    "face-again": _face(None, Step.CENTRE, attempt=2),
    "face-alone": _visit(KioskStep.FACE, face=FacePrompt(wanted=5)),
    "pin": _pin(3),
    "pin-or-face": _visit(KioskStep.PIN, tries_left=3, seconds_left=60.0, methods=(FACE,)),
    "pin-or-face-wrong": _visit(
        KioskStep.PIN,
        tries_left=2,
        notice=KioskNotice.PIN_WRONG,
        seconds_left=60.0,
        methods=(FACE,),
    ),
    "pin-or-face-last": _visit(KioskStep.PIN, tries_left=1, seconds_left=60.0, methods=(FACE,)),
    "pin-wrong": _pin(2, KioskNotice.PIN_WRONG),
    "pin-last": _pin(1, KioskNotice.PIN_WRONG),
    "pin-last-at-once": _pin(1),
    "pin-busy": _pin(2, KioskNotice.CARD_BUSY),
    "pin-on-reader": _visit(KioskStep.PIN_ON_READER, tries_left=3, pin_on_reader=True),
    "pin-on-reader-last": _visit(KioskStep.PIN_ON_READER, tries_left=1, pin_on_reader=True),
    "reader-timed-out": _pin(3, KioskNotice.PIN_TIMED_OUT, on_reader=True),
    "reader-cancelled": _pin(3, KioskNotice.PIN_CANCELLED, on_reader=True),
    "reader-length": _pin(3, KioskNotice.PIN_LENGTH, on_reader=True),
    "reader-wrong": _pin(2, KioskNotice.PIN_WRONG, on_reader=True),
    "reader-last": _pin(1, KioskNotice.PIN_WRONG, on_reader=True),
    "checking-pin": _visit(KioskStep.CHECKING_PIN),
    "consent-medicines": _question(MEDICINES, 1),
    "consent-all": _visit(KioskStep.CONSENT, combined=MANY, may_act=True, seconds_left=60.0),
    "consent-operations": _question(OPERATIONS, 2),
    "consent-checkups": _question(CHECKUPS, 3),
    "consent-diseases": _question(DISEASES, 4),
    "guardian": _visit(KioskStep.GUARDIAN, seconds_left=60.0),
    "my-consents": _visit(KioskStep.MY_CONSENTS, shared=SHARED, may_act=True, seconds_left=60.0),
    "prescription": _visit(KioskStep.PRESCRIPTION, seconds_left=60.0),
    "register": _visit(KioskStep.REGISTER, seconds_left=60.0),
    "still-there": _question(CHECKUPS, 3, seconds=15.0),
    "checking": _visit(KioskStep.CHECKING),
    "done": _visit(KioskStep.DONE, outcome=DoneOutcome.CONFIRMED, answers=AGREED),
    "done-many": _visit(
        KioskStep.DONE,
        outcome=DoneOutcome.CONFIRMED,
        answers=SPOKEN,
        renew_card=True,
        prescription=PrescriptionIssue.ELECTRONIC,
    ),
    "done-renew": _visit(
        KioskStep.DONE, outcome=DoneOutcome.CONFIRMED, answers=AGREED, renew_card=True
    ),
    "done-queued": _view(
        KioskStep.DONE, visit_id="visit-1", outcome=DoneOutcome.QUEUED, answers=NOT_ASKED
    ),
    "done-see-staff": _visit(KioskStep.DONE, outcome=DoneOutcome.SEE_STAFF, answers=AGREED),
    "done-nothing-asked": _visit(KioskStep.DONE, outcome=DoneOutcome.CONFIRMED),
    "phone-pin": _phone(KioskStep.PIN, tries_left=3, seconds_left=60.0),
    "phone-pin-busy": _phone(
        KioskStep.PIN, tries_left=2, notice=KioskNotice.CARD_BUSY, seconds_left=60.0
    ),
    "phone-checking-pin": _phone(KioskStep.CHECKING_PIN),
    "phone-removed": _view(KioskStep.CARD_PROBLEM, notice=KioskNotice.CARD_REMOVED, is_phone=True),
    "phone-left": _view(
        KioskStep.CARD_PROBLEM, notice=KioskNotice.CARD_LEFT, is_phone=True, card_present=True
    ),
    "phone-done": _phone(
        KioskStep.DONE, outcome=DoneOutcome.CONFIRMED, answers=AGREED, renew_card=True
    ),
    "phone-staff": _phone(KioskStep.WITH_STAFF, notice=KioskNotice.STAFF_COMING),
    "staff-called": _visit(
        KioskStep.WITH_STAFF, notice=KioskNotice.STAFF_CALLED, staff_called=True
    ),
    **{
        f"staff-{notice}": _visit(KioskStep.WITH_STAFF, notice=notice)
        for notice in (
            KioskNotice.PIN_BLOCKED,
            KioskNotice.PIN_UNUSABLE,
        )
    },
    "phone-staff-pin": _phone(KioskStep.WITH_STAFF, notice=KioskNotice.PIN_UNUSABLE),
    "staff-coming": _view(
        KioskStep.WITH_STAFF, visit_id="visit-1", notice=KioskNotice.STAFF_COMING
    ),
}
