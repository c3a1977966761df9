"""The kiosk's conversation with one patient: which step it is at, and until when.

It holds no name, no PIN and no medical content, so a screen drawn from it cannot show any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from eligibility.asking import Capability
from eligibility.codes import PrescriptionIssue
from eligibility.model import ConsentDecision
from eligibility.payer import IdentificationMethod
from terminal.errors import (
    CardError,
    CardRemovedError,
    ForeignCard,
    ReaderBusyError,
    ReaderError,
    UnknownCardError,
    VisitStateError,
)
from terminal.events import EventBus, Topic
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

NOTICE_SECONDS = 8.0
BUSY_SECONDS = 2.0
"""How long a card that another program holds is left alone between two tries."""
ANSWER_SECONDS = 6.0
READING_SECONDS = 20.0
"""How long the end of a visit stays readable once the card is taken; a new card ends it."""

PIN_STEPS = (KioskStep.PIN, KioskStep.PIN_ON_READER, KioskStep.CHECKING_PIN)
"""The steps at which the PIN is asked for or with the card."""
UNIDENTIFIED_STEPS = (KioskStep.CHOOSE, KioskStep.FACE, *PIN_STEPS)
"""The steps of a visit whose holder is not identified yet."""
CHOOSING_STEPS = (KioskStep.CHOOSE, KioskStep.FACE, KioskStep.PIN)
"""The steps at which another way to be identified may be chosen."""
ASKING_STEPS = (
    KioskStep.GUARDIAN,
    KioskStep.MY_CONSENTS,
    KioskStep.CONSENT,
    KioskStep.PRESCRIPTION,
)
"""The steps at which an identified patient is asked; what is not answered is no."""
ANSWERED_STEPS = (
    KioskStep.CHOOSE,
    KioskStep.PIN,
    *ASKING_STEPS,
    KioskStep.REGISTER,
    KioskStep.DONE,
)
"""The steps at which a patient stands who may leave, or say "still there"."""

CARD_NOTICES = (
    (CardRemovedError, KioskNotice.CARD_REMOVED),
    (ReaderBusyError, KioskNotice.CARD_BUSY),
)
FOREIGN_NOTICES = {
    ForeignCard.RESIDENCE_CARD: KioskNotice.RESIDENCE_CARD,
    ForeignCard.DRIVING_LICENCE: KioskNotice.DRIVING_LICENCE,
    ForeignCard.BANK_CARD: KioskNotice.BANK_CARD,
    ForeignCard.PASSPORT: KioskNotice.PASSPORT,
    ForeignCard.TRANSIT_CARD: KioskNotice.TRANSIT_CARD,
    ForeignCard.OTHER: KioskNotice.CARD_UNKNOWN,
}


def where_cards_are_checked(capabilities: frozenset[Capability]) -> CardPlace:
    """Return where the patient's card is of use, by what the payer's adapter can do."""
    if Capability.BY_CARD in capabilities:
        return CardPlace.HERE
    if Capability.PUSHED_VISITS in capabilities:
        return CardPlace.OTHER_READER
    return CardPlace.RECEPTION


@dataclass(frozen=True, slots=True)
class KioskState:
    """One moment of the kiosk.

    ``deadline``: monotonic seconds when the step ends by itself.  ``card_left_at``: since when a
    card lies there that nobody is using.  ``pin_on_reader``: the reader has keys for the PIN.
    ``ways``: how the holder may still be identified without staff, the first choice first.
    ``one_by_one``: the patient wants each item by itself; ``acting_told``: who answers was asked;
    ``chooses_again``: what is shared by now was shown; ``resume``: the step that was interrupted.
    """

    version: int = 0
    step: KioskStep = KioskStep.OUT_OF_SERVICE
    notice: KioskNotice | None = None
    visit_id: str | None = None
    tries_left: int | None = None
    pin_on_reader: bool = False
    asked: tuple[ConsentItem, ...] = ()
    answers: dict[ConsentItem, ConsentDecision] = field(default_factory=dict)
    renew_card: bool = False
    is_phone: bool = False
    outcome: DoneOutcome | None = None
    card_present: bool = False
    staff_called: bool = False
    deadline: float | None = None
    card_left_at: datetime | None = None
    ways: tuple[IdentificationMethod, ...] = (IdentificationMethod.PIN,)
    face: FacePrompt | None = None
    one_by_one: bool = False
    acting_told: bool = False
    chooses_again: bool = False
    shared: Shared | None = None
    asks_prescription: bool = False
    prescription: PrescriptionIssue | None = None
    resume: KioskStep | None = None

    @property
    def methods(self) -> tuple[IdentificationMethod, ...]:
        """What may be chosen now: not what is under way."""
        if self.step not in CHOOSING_STEPS:
            return ()
        under_way = {
            KioskStep.FACE: IdentificationMethod.FACE,
            KioskStep.PIN: IdentificationMethod.PIN,
        }.get(self.step)
        return tuple(way for way in self.ways if way is not under_way)

    @property
    def next_item(self) -> ConsentItem | None:
        """The first item that was asked and not yet answered."""
        return next((item for item in self.asked if item not in self.answers), None)

    @property
    def combined(self) -> tuple[ConsentItem, ...]:
        """What one question asks about together (包括同意); empty where each is asked by itself."""
        together = len(self.asked) > 1 and not self.answers and not self.one_by_one
        return self.asked if together and self.step is KioskStep.CONSENT else ()

    @property
    def may_act(self) -> bool:
        """Whether one who answers for another may say so now: before anything was answered."""
        begins = self.step in (KioskStep.CONSENT, KioskStep.MY_CONSENTS)
        return begins and not (self.answers or self.one_by_one or self.acting_told)

    @property
    def settled_answers(self) -> dict[ConsentItem, ConsentDecision]:
        """The answers, where what was not answered is no."""
        return {item: self.answers.get(item, ConsentDecision.NO) for item in self.asked}

    def view(self, monotonic: float) -> KioskView:
        """Return what the page may know."""
        asks_one = self.step is KioskStep.CONSENT and not self.combined
        item = self.next_item if asks_one else None
        done = self.step is KioskStep.DONE
        return KioskView(
            version=self.version,
            step=self.step,
            visit_id=self.visit_id,
            notice=self.notice,
            tries_left=self.tries_left,
            pin_on_reader=self.pin_on_reader,
            consent_item=item,
            consent_number=len(self.answers) + 1 if item else 0,
            consent_total=len(self.asked),
            answers=tuple(self.settled_answers.items()) if done else (),
            renew_card=done and self.renew_card,
            is_phone=self.is_phone,
            outcome=self.outcome if done else None,
            card_present=self.card_present,
            staff_called=self.staff_called,
            seconds_left=None if self.deadline is None else max(0.0, self.deadline - monotonic),
            methods=self.methods,
            face=self.face if self.step is KioskStep.FACE else None,
            combined=self.combined,
            may_act=self.may_act,
            shared=self.shared if self.step is KioskStep.MY_CONSENTS else None,
            prescription=self.prescription if done else None,
        )


class Kiosk:
    """The kiosk of one desk.  Not locked: the desk calls it under its own lock."""

    def __init__(
        self,
        bus: EventBus,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        idle_seconds: float,
        cards: CardPlace = CardPlace.HERE,
    ) -> None:
        """``idle_seconds``: the silence after which a step ends by itself.

        ``cards``: where cards are checked; elsewhere than here no reader is needed.
        """
        self._bus = bus
        self._now = now
        self._monotonic = monotonic
        self._idle_seconds = idle_seconds
        self._cards = cards
        self._followers: list[Callable[[], None]] = []
        first = KioskStep.OUT_OF_SERVICE if self.takes_cards else KioskStep.IDLE
        self.state = KioskState(step=first)

    def follow(self, follower: Callable[[], None]) -> None:
        """Have ``follower`` called after each change, under the desk's lock: it must not wait."""
        self._followers.append(follower)

    def view(self) -> KioskView:
        """Return what the page may know now."""
        return replace(self.state.view(self._monotonic()), cards=self._cards)

    @property
    def takes_cards(self) -> bool:
        """Whether a card on this desk's reader can be asked about."""
        return self._cards is CardPlace.HERE

    @property
    def is_overdue(self) -> bool:
        """Whether the step's time is over."""
        return self.state.deadline is not None and self._monotonic() >= self.state.deadline

    def show(self, step: KioskStep, *, ends_in: float | None = None, **changes: Any) -> None:
        """Go to another step of the same patient; the former notice and deadline are gone."""
        changes.setdefault("notice", None)
        self.touch(step=step, deadline=self._deadline(ends_in), **changes)

    def wait_for_patient(self, step: KioskStep, **changes: Any) -> None:
        """Go to a step that ends by itself after the time of silence."""
        self.show(step, ends_in=self._idle_seconds, **changes)

    def let_choose(
        self,
        visit_id: str,
        ways: tuple[IdentificationMethod, ...],
        tries_left: int | None,
        *,
        on_reader: bool,
    ) -> None:
        """Let the patient choose how to be identified."""
        self.touch(visit_id=visit_id, tries_left=tries_left, pin_on_reader=on_reader, ways=ways)
        no_pin = IdentificationMethod.PIN not in ways
        self.wait_for_patient(KioskStep.CHOOSE, notice=KioskNotice.PIN_UNUSABLE if no_pin else None)

    def ask_for_pin(self, visit_id: str, tries_left: int | None, *, on_reader: bool) -> None:
        """Ask for the PIN; on the reader's keys at once, unless the last try is to be warned of."""
        self.touch(visit_id=visit_id, tries_left=tries_left, pin_on_reader=on_reader)
        if on_reader and tries_left != 1:
            # no deadline: the reader's own time-out ends it
            self.show(KioskStep.PIN_ON_READER)
        else:
            self.wait_for_patient(KioskStep.PIN)

    def touch(self, **changes: Any) -> None:
        """Change the state and tell the page."""
        self.state = replace(self.state, version=self.state.version + 1, **changes)
        self._bus.publish(Topic.KIOSK)
        for follower in self._followers:
            follower()

    def extend(self) -> None:
        """Give the patient the whole time again."""
        self.touch(deadline=self._deadline(self._idle_seconds))

    def forget(self, step: KioskStep, *, ends_in: float | None = None, **changes: Any) -> None:
        """Go to a step that remembers nothing of the former patient but what lies there."""
        here = self.state
        self.state = KioskState(
            version=here.version,
            card_present=here.card_present,
            is_phone=here.is_phone and step is not KioskStep.IDLE,
        )
        self.show(step, ends_in=ends_in, **changes)

    def clear(self) -> None:
        """Make the screen clean for the next patient; a card left behind is to be taken first."""
        if self.state.card_present:
            since = self.state.card_left_at or self._now()
            self.forget(KioskStep.CARD_PROBLEM, notice=KioskNotice.CARD_LEFT, card_left_at=since)
            self._bus.publish(Topic.DEVICE)
        else:
            self.forget(KioskStep.IDLE)

    def card_gone(self) -> None:
        """Take note that no card can be reached any more."""
        was_left = self.state.card_left_at is not None
        self.touch(card_present=False, card_left_at=None)
        if was_left:
            self._bus.publish(Topic.DEVICE)

    def show_with_staff(self, visit_id: str, notice: KioskNotice) -> None:
        """Ask the patient to wait for staff; see :meth:`VisitSteps.to_staff` for what is said."""
        self.forget(KioskStep.WITH_STAFF, visit_id=visit_id, notice=notice)

    def show_card_problem(self, error: CardError | ReaderError) -> None:
        """Say what to do about the card; the notice stays while the card lies there."""
        if isinstance(error, UnknownCardError):
            notice = FOREIGN_NOTICES[error.kind]
        else:
            notice = next(
                (notice for kind, notice in CARD_NOTICES if isinstance(error, kind)),
                KioskNotice.CARD_UNREADABLE,
            )
        if notice is KioskNotice.CARD_BUSY and self.shows_busy_card:
            # still: staff who were called stay called
            self.touch(deadline=self._deadline(BUSY_SECONDS))
            return
        ends_in = {
            KioskNotice.CARD_REMOVED: NOTICE_SECONDS,
            KioskNotice.CARD_BUSY: BUSY_SECONDS,
        }.get(notice)
        self.forget(KioskStep.CARD_PROBLEM, notice=notice, ends_in=ends_in)

    def send_on(self) -> None:
        """Tell one who put a card here where it is checked; the card is to be taken."""
        self.forget(
            KioskStep.CARD_PROBLEM,
            ends_in=self._idle_seconds,
            notice=KioskNotice.CARD_ELSEWHERE,
            is_phone=False,
            card_present=True,
        )

    @property
    def sends_on(self) -> bool:
        """Whether one who put a card here is told where it is checked."""
        return self.state.notice is KioskNotice.CARD_ELSEWHERE

    @property
    def shows_busy_card(self) -> bool:
        """Whether a card lies there that could not be read because another program held it."""
        return (self.state.step, self.state.notice) == (
            KioskStep.CARD_PROBLEM,
            KioskNotice.CARD_BUSY,
        )

    def show_done(self, outcome: DoneOutcome) -> None:
        """Say how it went; a card that lies there is to be taken."""
        if self.state.card_present:
            self.wait_for_patient(KioskStep.DONE, outcome=outcome)
        else:
            self.show(KioskStep.DONE, outcome=outcome, ends_in=READING_SECONDS)

    def has_face_alone(self, visit_id: str) -> bool:
        """Whether this visit's patient is here with no other way left but the face and staff."""
        state = self.state
        here = state.visit_id == visit_id and state.step in (KioskStep.CHOOSE, KioskStep.FACE)
        return here and state.ways == (IdentificationMethod.FACE,)

    def require(self, visit_id: str, *steps: KioskStep) -> None:
        """Raise VisitStateError unless this visit is at one of these steps."""
        if self.state.visit_id != visit_id or self.state.step not in steps:
            msg = f"the kiosk is not at {'/'.join(steps)} of visit {visit_id}"
            raise VisitStateError(msg)

    def require_method(self, visit_id: str, method: IdentificationMethod) -> None:
        """Raise VisitStateError unless this visit's patient may choose ``method`` now."""
        self.require(visit_id, *CHOOSING_STEPS)
        if method not in self.state.methods:
            msg = f"{method} cannot be chosen now for visit {visit_id}"
            raise VisitStateError(msg)

    def require_pin(self, visit_id: str, *, on_reader: bool) -> None:
        """Raise VisitStateError unless this visit's PIN is asked for, and there."""
        self.require(visit_id, KioskStep.PIN)
        if self.state.pin_on_reader is not on_reader:
            place = "reader" if self.state.pin_on_reader else "screen"
            msg = f"the PIN of visit {visit_id} is typed on the {place}"
            raise VisitStateError(msg)

    def _deadline(self, ends_in: float | None) -> float | None:
        return None if ends_in is None else self._monotonic() + ends_in
