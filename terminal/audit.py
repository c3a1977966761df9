"""What the audit log tells: who did or saw what, of whom, and why (アクセスログ)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from eligibility.model import Subject
from terminal.access.accounts import Actor


class Act(StrEnum):
    """What happened."""

    STARTED = "started"
    STOPPED = "stopped"
    VISIT_OPENED = "visit-opened"
    VISIT_CLOSED = "visit-closed"
    STAFF_CALLED = "staff-called"
    PIN_REFUSED = "pin-refused"
    FACE_COMPARED = "face-compared"
    IDENTIFIED = "identified"
    NUMBER_B_REFUSED = "number-b-refused"
    ATTRIBUTES_READ = "attributes-read"
    OWN_KEY_REFUSED = "own-key-refused"
    ACTING_RECORDED = "acting-recorded"
    QUESTION_COMMITTED = "question-committed"
    QUESTION_ENDED = "question-ended"
    FILE_SET_ASIDE = "file-set-aside"
    PAYER_LIST_ASKED = "payer-list-asked"
    PAYER_LIST_ENDED = "payer-list-ended"
    PAYER_LIST_SEEN = "payer-list-seen"
    PAYER_LIST_DELETED = "payer-list-deleted"
    FILES_ASIDE_SEEN = "files-aside-seen"
    FILE_ASIDE_DELETED = "file-aside-deleted"
    PUSHED_VISIT_REFUSED = "pushed-visit-refused"
    PAYERS_COMPARED = "payers-compared"
    DECIDED_OFFLINE = "decided-offline"
    CONFIRMED = "confirmed"
    REGISTRATION_AGREED = "registration-agreed"
    REGISTRATION_DECLINED = "registration-declined"
    CARD_REGISTERED = "card-registered"
    CONSENT_GIVEN = "consent-given"
    CONSENT_REGISTERED = "consent-registered"
    CONSENT_ENDED = "consent-ended"
    CONSENT_END_TOLD = "consent-end-told"
    EMERGENCY_OPENED = "emergency-opened"
    """Medical data of somebody who cannot be asked, without consent, in disaster mode."""
    EMERGENCY_REGISTERED = "emergency-registered"
    EMERGENCY_FETCHED = "emergency-fetched"
    EMERGENCY_SEEN = "emergency-seen"
    EMERGENCY_CLOSED = "emergency-closed"
    PRESCRIPTION_CHOSEN = "prescription-chosen"
    HISTORY_FETCHED = "history-fetched"
    HISTORY_DELETED = "history-deleted"
    RETENTION_BEGUN = "retention-begun"
    VISIT_DELETED = "visit-deleted"
    RETENTION_ENDED = "retention-ended"
    LIST_SEEN = "list-seen"
    VISIT_SEEN = "visit-seen"
    ORIGINAL_TAKEN = "original-taken"
    HISTORY_SEEN = "history-seen"
    HISTORY_REFUSED = "history-refused"
    HISTORY_EXPORTED = "history-exported"
    HISTORY_EXPORT_FAILED = "history-export-failed"
    ACCESS_LIST_TAKEN = "access-list-taken"
    LOGGED_IN = "logged-in"
    LOGIN_REFUSED = "login-refused"
    LOGGED_OUT = "logged-out"
    ACCOUNT_CREATED = "account-created"
    ACCOUNT_CHANGED = "account-changed"
    KIOSK_CODE_MADE = "kiosk-code-made"
    KIOSK_ENROLLED = "kiosk-enrolled"
    KIOSK_REVOKED = "kiosk-revoked"
    REGISTER_SEEN = "register-seen"
    REGISTER_FILE_SEEN = "register-file-seen"
    REGISTER_IMPORTED = "register-imported"
    APPOINTMENTS_SEEN = "appointments-seen"
    BULK_STARTED = "bulk-started"
    BULK_PAUSED = "bulk-paused"
    BULK_RESUMED = "bulk-resumed"
    BULK_CANCELLED = "bulk-cancelled"
    BULK_ENDED = "bulk-ended"
    BULK_ANSWERED = "bulk-answered"
    REFERENCE_NUMBERS_COMMITTED = "reference-numbers-committed"
    REFERENCE_NUMBER_ENDED = "reference-number-ended"
    APPOINTMENTS_FILE_SEEN = "appointments-file-seen"
    APPOINTMENTS_IMPORTED = "appointments-imported"
    DISASTER_ON = "disaster-on"
    DISASTER_EXTENDED = "disaster-extended"
    DISASTER_OFF = "disaster-off"
    RECORD_LINKED = "record-linked"
    RECORD_UNLINKED = "record-unlinked"
    RECORD_LINK_UNDONE = "record-link-undone"
    RIGHT_NAME_ENTERED = "right-name-entered"
    RIGHT_NAME_WITHDRAWN = "right-name-withdrawn"
    CLOCK_STEPPED = "clock-stepped"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing to be recorded; the store adds seq, times, boot id, desk and the chain.

    ``subject`` is stored as a keyed hash only; ``reason`` is a code or staff's words on why,
    never health data.
    """

    act: Act
    actor: Actor
    visit_id: str | None = None
    consent_id: str | None = None
    subject: Subject | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One row of the log as it is kept.

    ``monotonic_ms``: milliseconds since the machine started (suspend counted), comparable within
    one ``boot_id``; ``subject_hash``: keyed hash in hex, equal for equal subjects of this store;
    ``hash``: of this row and, through the chain, of all before it.
    """

    seq: int
    at: datetime
    monotonic_ms: int
    boot_id: str
    desk_id: str
    actor_id: str
    act: Act
    visit_id: str | None
    consent_id: str | None
    subject_hash: str | None
    reason: str | None
    hash: bytes = field(repr=False)


class ChainBreak(StrEnum):
    """How the chain of audit rows is broken."""

    ALTERED = "altered"
    MISSING = "missing"
    REORDERED = "reordered"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the chain holds.  ``rows``: rows found; the others are None when it does."""

    ok: bool
    rows: int
    first_bad_seq: int | None = None
    kind: ChainBreak | None = None
