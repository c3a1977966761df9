"""Every screen that the kiosk can show, as the desk would hand it to the page."""

from __future__ import annotations

from typing import Any

from eligibility.model import ConsentDecision
from terminal.views import ConsentItem, DoneOutcome, KioskNotice, KioskStep, KioskView

VERSION = 3
MEDICINES, CHECKUPS = ConsentItem
AGREED = ((MEDICINES, ConsentDecision.YES), (CHECKUPS, ConsentDecision.NO))
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
        consent_total=2,
        seconds_left=seconds,
    )


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
SCREENS: dict[str, KioskView] = {
    **{f"out-{n}": _view(KioskStep.OUT_OF_SERVICE, notice=n) for n in READER_NOTICES},
    "out": _view(KioskStep.OUT_OF_SERVICE),
    "idle": _view(KioskStep.IDLE),
    "idle-staff-called": _view(KioskStep.IDLE, staff_called=True),
    "reading": _view(KioskStep.READING, card_present=True),
    **{str(n): _view(KioskStep.CARD_PROBLEM, notice=n, card_present=True) for n in CARD_NOTICES},
    "card-problem": _view(KioskStep.CARD_PROBLEM),
    "pin": _pin(3),
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
    "consent-checkups": _question(CHECKUPS, 2),
    "register": _visit(KioskStep.REGISTER, seconds_left=60.0),
    "still-there": _question(CHECKUPS, 2, seconds=15.0),
    "checking": _visit(KioskStep.CHECKING),
    "done": _visit(KioskStep.DONE, outcome=DoneOutcome.CONFIRMED, answers=AGREED),
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
    "staff-coming": _view(
        KioskStep.WITH_STAFF, visit_id="visit-1", notice=KioskNotice.STAFF_COMING
    ),
}
