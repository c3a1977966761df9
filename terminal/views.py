"""What the desk tells the pages: plain data, decided here, only formatted by ``web``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from eligibility.codes import (
    ConsentCategory,
    PrescriptionIssue,
    QualificationValidity,
    UnknownCode,
)
from eligibility.emergency import EmergencyAccess
from eligibility.history import History
from eligibility.holder import Comparison
from eligibility.model import (
    Confirmation,
    Consent,
    ConsentDecision,
    Coverage,
    InsuredPerson,
    PayerAnswer,
    Severity,
)
from eligibility.payer import IdentificationMethod
from face_auth.types import Guidance, Step
from terminal.decision import Decision, DecisionBasis
from terminal.declaration import Declaration
from terminal.desk_enquiry import DeskEnquiry
from terminal.errors import LookReason
from terminal.identification import HolderRecord, Identification
from terminal.payer.question import Question
from terminal.visit import Visit


class ConsentItem(StrEnum):
    """One question of the kiosk; each covers the categories that the payer knows."""

    MEDICINES_AND_TREATMENT = "medicines-and-treatment"
    OPERATIONS_AND_DIAGNOSES = "operations-and-diagnoses"
    CHECKUPS = "checkups"
    SPECIFIC_DISEASES = "specific-diseases"

    @property
    def categories(self) -> tuple[ConsentCategory, ...]:
        """The payer's categories that a yes to this item opens."""
        return {
            ConsentItem.MEDICINES_AND_TREATMENT: (ConsentCategory.YZK, ConsentCategory.SRJ),
            ConsentItem.OPERATIONS_AND_DIAGNOSES: (ConsentCategory.SHJ,),
            ConsentItem.CHECKUPS: (ConsentCategory.TKK,),
            ConsentItem.SPECIFIC_DISEASES: (ConsentCategory.TSR,),
        }[self]


@dataclass(frozen=True, slots=True)
class Shared:
    """What a patient lets this institution see now, by an earlier tap, and until when."""

    items: tuple[ConsentItem, ...]
    until: datetime


class KioskStep(StrEnum):
    """The one thing the kiosk asks for now."""

    OUT_OF_SERVICE = "out-of-service"
    IDLE = "idle"
    READING = "reading"
    CARD_PROBLEM = "card-problem"
    CHOOSE = "choose"
    FACE = "face"
    PIN = "pin"
    PIN_ON_READER = "pin-on-reader"
    CHECKING_PIN = "checking-pin"
    GUARDIAN = "guardian"
    MY_CONSENTS = "my-consents"
    CONSENT = "consent"
    PRESCRIPTION = "prescription"
    REGISTER = "register"
    CHECKING = "checking"
    DONE = "done"
    WITH_STAFF = "with-staff"


class CardPlace(StrEnum):
    """Where a patient's card is checked: what the kiosk invites to."""

    HERE = "here"
    OTHER_READER = "other-reader"
    """At the institution's national reader (顔認証付きカードリーダー), which tells this desk."""
    RECEPTION = "reception"


class KioskNotice(StrEnum):
    """Why the kiosk is at this step, where that needs words.

    PIN_BLOCKED: it was blocked just now; PIN_UNUSABLE: the card came with none that can be used;
    CARD_ELSEWHERE: no card on this reader can be asked about.
    """

    NO_READER = "no-reader"
    PCSC_DOWN = "pcsc-down"
    READER_ACCESS_DENIED = "reader-access-denied"
    STORE_UNWRITABLE = "store-unwritable"
    CARD_UNKNOWN = "card-unknown"
    RESIDENCE_CARD = "residence-card"
    DRIVING_LICENCE = "driving-licence"
    BANK_CARD = "bank-card"
    PASSPORT = "passport"
    TRANSIT_CARD = "transit-card"
    CARD_UNREADABLE = "card-unreadable"
    CARD_BUSY = "card-busy"
    CARD_REMOVED = "card-removed"
    CARD_LEFT = "card-left"
    PIN_WRONG = "pin-wrong"
    PIN_TIMED_OUT = "pin-timed-out"
    PIN_CANCELLED = "pin-cancelled"
    PIN_LENGTH = "pin-length"
    PIN_BLOCKED = "pin-blocked"
    PIN_UNUSABLE = "pin-unusable"
    CARD_ELSEWHERE = "card-elsewhere"
    FACE_NOT_MATCHED = "face-not-matched"
    FACE_NOT_POSSIBLE = "face-not-possible"
    CARD_WITHOUT_PHOTO = "card-without-photo"
    STAFF_CALLED = "staff-called"
    STAFF_COMING = "staff-coming"


class DoneOutcome(StrEnum):
    """What the kiosk may say in public at the end: never why."""

    CONFIRMED = "confirmed"
    QUEUED = "queued"
    SEE_STAFF = "see-staff"


@dataclass(frozen=True, slots=True)
class FacePrompt:
    """What to tell the patient before the camera.

    ``preparing``: the card's photo is waited for, and nothing is compared yet; ``staff_asked``: it
    is staff who are waited for, to type 照合番号B.  ``guidance``: None where the pictures are good;
    ``step``: None where no head turns are asked; ``frames``: good pictures of ``wanted``;
    ``attempt`` counts from 1.
    """

    preparing: bool = False
    staff_asked: bool = False
    guidance: Guidance | None = None
    step: Step | None = None
    frames: int = 0
    wanted: int = 0
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class KioskView:
    """The whole kiosk at one moment; holds no name, number or medical content.

    ``version`` grows with each change.  ``seconds_left``: until the step ends by itself, or None;
    the page shows "still there?" below ``WARN_SECONDS``.  ``pin_on_reader``: at PIN, the patient
    begins an entry on the reader's keys, since none is taken on the screen.  ``answers``: what was
    agreed, at DONE; ``renew_card``: the card's certificate ends soon or has ended, also told then;
    ``is_phone``: a phone lies there and no card.  ``methods``: FACE and PIN, as far as they may be
    chosen now: all at CHOOSE, the other one at FACE and at PIN.  ``face``: what to tell at FACE.

    ``combined``: at CONSENT, what one question asks about together (包括同意); ``may_act``: who
    answers may say that it is for another; ``shared``: what is shared by now, at MY_CONSENTS.
    ``prescription``: the form that was chosen, at DONE.  ``cards``: where cards are checked.
    """

    WARN_SECONDS = 20

    version: int
    step: KioskStep
    visit_id: str | None = None
    notice: KioskNotice | None = None
    tries_left: int | None = None
    pin_on_reader: bool = False
    consent_item: ConsentItem | None = None
    consent_number: int = 0
    consent_total: int = 0
    answers: tuple[tuple[ConsentItem, ConsentDecision], ...] = ()
    renew_card: bool = False
    is_phone: bool = False
    outcome: DoneOutcome | None = None
    card_present: bool = False
    staff_called: bool = False
    seconds_left: float | None = None
    methods: tuple[IdentificationMethod, ...] = ()
    face: FacePrompt | None = None
    combined: tuple[ConsentItem, ...] = ()
    may_act: bool = False
    shared: Shared | None = None
    prescription: PrescriptionIssue | None = None
    cards: CardPlace = CardPlace.HERE


class DeskNeed(StrEnum):
    """The one thing that staff have to do for a visit, in order of urgency."""

    LOOK = "look"
    NUMBER_B = "number-b"
    OTHER_WAY = "other-way"
    HELP = "help"
    TAP_AGAIN = "tap-again"
    ENQUIRE_AGAIN = "enquire-again"
    SETTLE_FINDING = "settle-finding"
    WAIT_FOR_PAYER = "wait-for-payer"
    PATIENT_IS_BUSY = "patient-is-busy"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One line of today's list.

    ``results`` are none until an answer is there, and where it is ``withheld``: it may be another
    person's.  ``person`` and ``name`` are None then, and where the results do not name the same.
    ``face_alone``: the patient at the kiosk has no other way left, as no PIN of the card can be
    used.  ``is_current``: whether ``confirmation`` counts as the present state by the institution's
    policy; ``decision``: what staff decided last without the payer.  ``enquiry``: how staff came to
    ask without a card, None where one was there.  ``right_name``: entered by staff, where the
    payer's cannot be written.  ``name_on_card``: what the card of this visit says, where it was
    read and the payer names nobody who may be shown.
    """

    visit: Visit
    need: DeskNeed
    name: str | None = None
    person: InsuredPerson | None = None
    results: tuple[Coverage, ...] = ()
    validity: QualificationValidity | UnknownCode | None = None
    confirmation: Confirmation | None = None
    worst: Severity | None = None
    question: Question | None = None
    identification: Identification | None = None
    consent: Consent | None = None
    withheld: bool = False
    is_current: bool = False
    decision: Decision | None = None
    face_alone: bool = False
    enquiry: DeskEnquiry | None = None
    right_name: str | None = None
    name_on_card: str | None = None

    @property
    def called(self) -> str | None:
        """By which name staff call the holder: the payer's, else the card's."""
        return self.name or self.name_on_card

    @property
    def coverage(self) -> Coverage | None:
        """The only result; None of several, which are for staff to tell apart."""
        return self.results[0] if len(self.results) == 1 else None


@dataclass(frozen=True, slots=True)
class DayList:
    """Today's visits, the newest first, as they were at ``at`` (event sequence ``sequence``).

    ``card_left_at``: since when a card lies forgotten on the kiosk's reader, or None.
    """

    at: datetime
    sequence: int
    rows: tuple[VisitRow, ...]
    waiting_to_be_sent: int
    card_left_at: datetime | None = None


class HistoryClosed(StrEnum):
    """Why no history can be looked at.

    NOT_GRANTED: the payer opens none upon how the holder was identified, so nobody was asked.
    """

    ROLE = "role"
    NOT_ASKED = "not-asked"
    NOT_GRANTED = "not-granted"
    REFUSED = "refused"
    ENDED = "ended"
    WITHOUT_CARD = "without-card"
    """Opened by number or name: nobody proved who they are; only a disaster knows exceptions."""
    DISASTER_OVER = "disaster-over"
    """A consent by mouth that the payer had not registered when disaster mode ended."""
    EMERGENCY_OVER = "emergency-over"
    """What was opened without consent is closed: by its time, by hand, or with disaster mode."""
    WITHDRAWN = "withdrawn"
    BLOCKED_BY_FINDING = "blocked-by-finding"
    NOT_CONFIRMED = "not-confirmed"
    FETCHING = "fetching"
    NOT_FETCHED = "not-fetched"
    PAYER_SILENT = "payer-silent"
    """Fetched by itself once the payer answers again."""


@dataclass(frozen=True, slots=True)
class OpenHistory:
    """What one look into a history brought.

    ``history``: what the consent opened at ``seen_at`` of what was asked for, until ``until``;
    ``missing``: what it opens as well, and the payer could not give yet.  ``person``: whom the
    answer is about, None where it names several.  ``emergency``: in the place of a consent.
    """

    history: History
    consent: Consent | None
    until: datetime
    missing: frozenset[ConsentCategory]
    seen_at: datetime
    person: InsuredPerson | None = None
    emergency: EmergencyAccess | None = None


class NumberBState(StrEnum):
    """What comes of a 照合番号B for the card of a visit, until the card told its holder."""

    READING = "reading"
    REFUSED = "refused"
    BLOCKED = "blocked"
    SPARED = "spared"
    ANOTHER_CARD = "another-card"
    CARD_AWAY = "card-away"
    CARD_BUSY = "card-busy"
    UNREADABLE = "unreadable"
    NO_READER = "no-reader"
    PHONE = "phone"
    NOT_STORED = "not-stored"


class OwnKeyState(StrEnum):
    """What the card's own key proved before the holder was identified.

    NOT_CONFIGURED and UNKNOWN_ISSUER: no key of ours vouches for this card's record, so it proves
    nothing either way.  NOT_GENUINE: the record was altered, or the key is not the record's.
    """

    PROVED = "proved"
    NOT_CONFIGURED = "not-configured"
    UNKNOWN_ISSUER = "unknown-issuer"
    NOT_GENUINE = "not-genuine"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class NumberBView:
    """What the desk knows of 照合番号B for one visit; never the number.

    ``tries_left``: of the card, where it told them.  ``card_is_here``: the visit's card lies in the
    reader.
    """

    FEW_TRIES = 3

    state: NumberBState | None = None
    tries_left: int | None = None
    card_is_here: bool = False
    own_key: OwnKeyState | None = None


@dataclass(frozen=True, slots=True)
class VisitDetail:
    """One visit whole.  ``answer``: what ``row.confirmation`` stands on, unless withheld.

    ``holder``: what the card said of its holder, in this visit or an earlier one of the same
    certificate; ``holder_read_by``: the name of who typed 照合番号B; ``compared``: the card beside
    the one person of the answer, whose side is left out where the answer is withheld.
    ``number_b``: None where it cannot be entered for this visit.
    ``declaration``: 被保険者資格申立書 as far as it is known, where nothing confirms.
    ``former``: this visit's earlier confirmations, newest first.  ``history_open``: the categories
    that may be looked at now by the one who asked; ``history_closed_because`` names why none is.
    ``decisions``: what was decided without the payer, the newest first, each with the name of who
    did; ``may_decide_by``: what staff may go by now.
    ``emergency``: what was opened last without consent; ``heard_by``: the name of who heard a
    consent by mouth.
    ``may_...``: what staff can do for it now; ``no_look``: why they cannot identify by looking.
    """

    row: VisitRow
    answer: PayerAnswer | None = None
    former: tuple[Confirmation, ...] = ()
    history_open: frozenset[ConsentCategory] = frozenset()
    history_closed_because: HistoryClosed | None = None
    may_identify: bool = False
    no_look: LookReason | None = None
    may_ask_again: bool = False
    may_close: bool = False
    decisions: tuple[tuple[Decision, str | None], ...] = ()
    may_decide_by: tuple[DecisionBasis, ...] = ()
    holder: HolderRecord | None = None
    holder_read_by: str | None = None
    compared: tuple[Comparison, ...] = ()
    number_b: NumberBView | None = None
    declaration: Declaration | None = None
    emergency: EmergencyAccess | None = None
    heard_by: str | None = None
