"""The visit: its states and what may happen in each.  Pure: no I/O, no clock.

::

    OPENED      ──IDENTIFY──▶    IDENTIFIED
    OPENED      ──CALL_STAFF──▶  WITH_STAFF
    OPENED      ──ABANDON──▶     ABANDONED
    WITH_STAFF  ──IDENTIFY──▶    IDENTIFIED
    WITH_STAFF  ──ABANDON──▶     ABANDONED
    IDENTIFIED  ──FINISH──▶      FINISHED

The payer's question runs beside this and never holds a visit back: see
:mod:`terminal.payer.question`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from eligibility.codes import PrescriptionIssue
from eligibility.model import Subject
from terminal.card.jpki import TokenKind
from terminal.errors import CertificateReason, VisitStateError


class VisitOrigin(StrEnum):
    """How a visit began."""

    CARD = "card"
    NUMBER = "number"
    PUSHED = "pushed"
    DISASTER = "disaster"


WITHOUT_CARD = frozenset({VisitOrigin.NUMBER, VisitOrigin.DISASTER})
"""Visits in which nobody proved who they are: they open no medical data."""


class VisitState(StrEnum):
    """Where a visit stands."""

    OPENED = "opened"
    WITH_STAFF = "with-staff"
    IDENTIFIED = "identified"
    FINISHED = "finished"
    ABANDONED = "abandoned"


class VisitEvent(StrEnum):
    """What may happen to a visit."""

    IDENTIFY = "identify"
    CALL_STAFF = "call-staff"
    FINISH = "finish"
    ABANDON = "abandon"


class CloseReason(StrEnum):
    """Why a visit ended."""

    COMPLETED = "completed"
    LEFT = "left"
    CARD_REMOVED = "card-removed"
    WALKED_AWAY = "walked-away"
    ANOTHER_CARD = "another-card"
    CARD_REFUSED = "card-refused"
    CLOSED_BY_STAFF = "closed-by-staff"
    ASKED_BY_NUMBER = "asked-by-number"
    """Somebody whom the national reader did not name: staff went on by number."""
    RESTARTED = "restarted"
    DAY_ENDED = "day-ended"


class StaffNeed(StrEnum):
    """Why a visit waits for staff; decides what the desk is told to do."""

    CALLED = "called"
    PIN_BLOCKED = "pin-blocked"
    CERTIFICATE_REJECTED = "certificate-rejected"
    CARD_UNREADABLE = "card-unreadable"
    NO_PIN = "no-pin"
    PIN_UNUSABLE = "pin-unusable"
    NO_PIN_NO_PHOTO = "no-pin-no-photo"
    FACE_UNSURE = "face-unsure"
    OTHER_READER = "other-reader"
    NO_QUALIFICATION = "no-qualification"


class RegistrationAnswer(StrEnum):
    """What the patient said when asked to register the card as an insurance card."""

    AGREED = "agreed"
    DECLINED = "declined"


TRANSITIONS: dict[tuple[VisitState, VisitEvent], VisitState] = {
    (VisitState.OPENED, VisitEvent.IDENTIFY): VisitState.IDENTIFIED,
    (VisitState.OPENED, VisitEvent.CALL_STAFF): VisitState.WITH_STAFF,
    (VisitState.OPENED, VisitEvent.ABANDON): VisitState.ABANDONED,
    (VisitState.WITH_STAFF, VisitEvent.IDENTIFY): VisitState.IDENTIFIED,
    (VisitState.WITH_STAFF, VisitEvent.ABANDON): VisitState.ABANDONED,
    (VisitState.IDENTIFIED, VisitEvent.FINISH): VisitState.FINISHED,
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's coming to the desk.

    ``version`` grows with every stored change; ``subject``: whom the visit is about, None until a
    certificate was read;
    ``staff_need`` is set while staff are waited for; ``certificate_reason``: why the card's
    certificate was not accepted, if it was not.  ``token``: a card or which phone, None where it
    was not read; ``has_photo``: whether the card bears a photo, None where nobody knows.
    ``registration``: the patient's answer to 健康保険証利用登録, None where none was given.
    ``prescription``: the form of prescription (処方箋発行形態) that the patient chose, likewise.
    """

    id: str
    desk_id: str
    origin: VisitOrigin
    opened_at: datetime
    state: VisitState = VisitState.OPENED
    subject: Subject | None = None
    clinic_patient_id: str | None = None
    staff_need: StaffNeed | None = None
    closed_at: datetime | None = None
    close_reason: CloseReason | None = None
    version: int = 1
    certificate_reason: CertificateReason | None = None
    token: TokenKind | None = None
    has_photo: bool | None = None
    registration: RegistrationAnswer | None = None
    prescription: PrescriptionIssue | None = None


def is_nameless(visit: Visit) -> bool:
    """Whether the national reader told of it and named nobody."""
    return visit.origin is VisitOrigin.PUSHED and visit.subject is None


def allowed(visit: Visit, event: VisitEvent) -> bool:
    """Whether ``event`` may happen to ``visit`` now."""
    return (visit.state, event) in TRANSITIONS


def after(visit: Visit, event: VisitEvent, **changes: object) -> Visit:
    """Return ``visit`` after ``event``, with ``changes`` to its other fields.

    Raises VisitStateError where the event is not allowed.
    """
    target = TRANSITIONS.get((visit.state, event))
    if target is None:
        msg = f"visit {visit.id}: {event} is not allowed when {visit.state}"
        raise VisitStateError(msg)
    return replace(visit, state=target, version=visit.version + 1, **changes)  # type: ignore[arg-type]  # fields by name
