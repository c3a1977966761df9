"""People who come to a desk in every manner, chosen by a seed: calm, hasty, with two cards, gone.

They use what pages and hands use: the kiosk's and the staff's commands, and the slot of the reader.
"""

from __future__ import annotations

import hashlib
import queue
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from eligibility.consenting import ActingFor
from eligibility.errors import ConsentRequiredError
from eligibility.model import ConsentDecision
from terminal.access.accounts import Actor, Role
from terminal.app import Terminal
from terminal.errors import VisitError
from terminal.identification import VisualReason
from terminal.reception import ReceptionDesk
from terminal.views import ConsentItem, HistoryClosed, KioskStep, KioskView
from terminal.virtual_card.files import Card
from terminal.virtual_card.script import Action, ScriptedCard, Step
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.benchmarks.soak_cards import Holder
from tests.card.wallet import PIN

PATIENCE = 60.0
LAST_COMMAND = 40
"""Beyond the commands of a whole visit: what is to happen there never happens."""

RECEPTION = Actor("staff-reception", Role.RECEPTION, "reception")
CLINICIAN = Actor("staff-clinician", Role.CLINICIAN, "clinician")


class Manner(StrEnum):
    """How somebody comes."""

    CALM = "calm"
    WRONG_PIN = "wrong-pin"
    REMOVES_AT_COMMAND = "removes-at-command"
    SWAPS_AT_COMMAND = "swaps-at-command"
    REMOVES_AT_PIN = "removes-at-pin"
    SWAPS_AT_PIN = "swaps-at-pin"
    REMOVES_AFTER_PIN = "removes-after-pin"
    SWAPS_AFTER_PIN = "swaps-after-pin"
    REMOVES_AT_CONSENT = "removes-at-consent"
    SWAPS_AT_CONSENT = "swaps-at-consent"
    CALLS_STAFF = "calls-staff"
    LEAVES = "leaves"
    WALKS_AWAY = "walks-away"
    SPOILT_CARD = "spoilt-card"
    MUTE_CARD = "mute-card"
    DISTURBED = "disturbed"


SHARES = {
    Manner.CALM: 400,
    Manner.WRONG_PIN: 50,
    Manner.REMOVES_AT_COMMAND: 100,
    Manner.SWAPS_AT_COMMAND: 100,
    Manner.REMOVES_AT_PIN: 40,
    Manner.SWAPS_AT_PIN: 60,
    Manner.REMOVES_AFTER_PIN: 40,
    Manner.SWAPS_AFTER_PIN: 60,
    Manner.REMOVES_AT_CONSENT: 30,
    Manner.SWAPS_AT_CONSENT: 40,
    Manner.CALLS_STAFF: 30,
    Manner.LEAVES: 20,
    Manner.WALKS_AWAY: 4,
    Manner.SPOILT_CARD: 20,
    Manner.MUTE_CARD: 2,
    Manner.DISTURBED: 6,
}
SPOILS = (Action.GARBLE, Action.SHORTEN, Action.LENGTHEN, Action.CUT, Action.FAULT)


class StuckError(Exception):
    """The kiosk came to no end; the message says where it stood."""


@dataclass
class Diary:
    """What the people did, for the desk's records to be held against.

    By visit, ``allowed``: the items that were answered with yes; ``histories``: a digest of what
    the clinician saw of each.
    """

    manners: Counter[Manner] = field(default_factory=Counter)
    taps: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    allowed: dict[str, set[ConsentItem]] = field(default_factory=dict)
    histories: dict[str, dict[ConsentItem, str | None]] = field(default_factory=dict)


class Place:
    """The desk of the moment, and what can happen around it."""

    terminal: Terminal
    slot: VirtualCardSlot
    shares: Mapping[Manner, int] = SHARES

    def disturb(self, meanwhile: Callable[[], None]) -> None:
        """Break something around the desk, do something ``meanwhile``, and mend it."""
        raise NotImplementedError


class Visitors:
    """Lets people come to one desk, one after the other."""

    def __init__(self, place: Place, holders: Sequence[Holder], diary: Diary) -> None:
        """``diary``: what they write into."""
        self.place = place
        self.diary = diary
        self._holders = holders

    def one_comes(self, chance: random.Random) -> None:
        """Hold one visit, whatever becomes of it; the reader is empty afterwards."""
        shares = self.place.shares
        (manner,) = chance.choices(list(shares), list(shares.values()))
        self.diary.manners[manner] += 1
        first, second = chance.sample(self._holders, 2)
        _Visit(self, manner, first, second, chance).run()
        self.take_card()

    def take_card(self) -> None:
        """Take what lies there, and wait until the desk has seen it."""
        self.place.slot.remove()
        self.wait(lambda view: not view.card_present, "the card to be seen as taken")

    def wait(self, fits: Callable[[KioskView], bool], what: str) -> KioskView:
        """Return the first view of the kiosk that fits.  Raises StuckError."""
        bus = self.place.terminal.bus
        changes = bus.subscribe()
        end = time.monotonic() + PATIENCE
        try:
            while not fits(view := self.place.terminal.desk.kiosk()):
                if time.monotonic() > end:
                    raise StuckError(f"waited in vain for {what}: {view}")
                try:
                    changes.get(timeout=0.02)
                except queue.Empty:
                    pass
        finally:
            bus.unsubscribe(changes)
        return view


class _Visit:
    """One person's way through the kiosk's steps."""

    def __init__(
        self,
        visitors: Visitors,
        manner: Manner,
        first: Holder,
        second: Holder,
        chance: random.Random,
    ) -> None:
        self._all = visitors
        self._slot, self._diary = visitors.place.slot, visitors.diary
        self._manner = manner
        self._second = second
        self._holder = first
        self._chance = chance
        self._pin = "0000" if manner is Manner.WRONG_PIN else ""
        self._number_b_is_asked = chance.random() < 0.15
        self._allows = {item: chance.random() < 0.2 for item in ConsentItem}
        self._done = False
        self._seen = 0

    @property
    def _desk(self) -> ReceptionDesk:
        return self._all.place.terminal.desk

    def run(self) -> None:
        """Come, do what is asked for, until there is nothing more to do."""
        before = self._desk.kiosk().version
        self._insert(self._script(self._holder.card()))
        view = self._all.wait(
            lambda view: (
                view.version > before and view.step not in (KioskStep.IDLE, KioskStep.READING)
            ),
            "the card to be read",
        )
        while not self._done:
            self._seen = view.version
            try:
                self._meets(view)
            except VisitError:
                self._diary.problems["too-late"] += 1  # the clock or another card was quicker
            if not self._done:
                view = self._all.wait(
                    lambda view: view.version != self._seen,
                    f"the kiosk to go on from {view.step} ({self._manner})",
                )

    def _insert(self, card: Card) -> None:
        self._diary.taps += 1
        self._slot.insert(card)

    def _script(self, card: Card) -> Card:
        at = self._chance.randrange(1, LAST_COMMAND)
        others = {}
        match self._manner:
            case Manner.REMOVES_AT_COMMAND:
                step = Step(do=Action.REMOVE, at=at)
            case Manner.SWAPS_AT_COMMAND:
                step = Step(do=Action.SWAP, at=at, card=self._second.persona)
                others = {self._second.persona: self._second.card()}
            case Manner.SPOILT_CARD:
                step = Step(do=self._chance.choice(SPOILS), at=at)
            case Manner.MUTE_CARD:
                step = Step(do=Action.MUTE, at=at)
            case _:
                return card
        return ScriptedCard(card, [step], self._slot, others)

    def _meets(self, view: KioskView) -> None:
        visit_id = view.visit_id
        match view.step:
            case KioskStep.PIN if visit_id is not None:
                self._at_pin(visit_id)
            case KioskStep.CONSENT if visit_id is not None and view.consent_item is not None:
                self._at_consent(visit_id, view.consent_item)
            case KioskStep.CONSENT if visit_id is not None:
                self._desk.questions.one_by_one(visit_id)
            case KioskStep.MY_CONSENTS if visit_id is not None:
                self._desk.questions.choose_again(visit_id)
            case KioskStep.GUARDIAN if visit_id is not None:
                self._desk.questions.act_for(visit_id, ActingFor.PARENT)
            case KioskStep.REGISTER if visit_id is not None:
                self._desk.answer_registration(visit_id, self._chance.random() < 0.5)
            case KioskStep.WITH_STAFF if visit_id is not None:
                self._done = True
                self._number_b(visit_id)
                self._with_staff(visit_id)
            case KioskStep.DONE if visit_id is not None:
                self._done = True
                self._looks_at_history(visit_id)
            case KioskStep.CARD_PROBLEM:
                self._diary.problems[str(view.notice)] += 1
                # where the second card is on its way, it is worth waiting for
                self._done = self._slot.card is None or view.card_present
            case KioskStep.IDLE:
                self._done = self._slot.card is None

    def _swap(self) -> None:
        self._holder = self._second
        self._manner = Manner.CALM
        self._insert(self._second.card())

    def _number_b(self, visit_id: str) -> None:
        """Let staff type 照合番号B off a card; now and then it is the next person's."""
        if not self._number_b_is_asked:
            return
        self._number_b_is_asked = False
        stored = (self._second if self._chance.random() < 0.2 else self._holder).stored
        self._desk.enter_number_b(
            RECEPTION,
            visit_id,
            stored.person.birthdate,
            stored.expires_on.year,
            bytearray(stored.security_code, "ascii"),
        )

    def _at_pin(self, visit_id: str) -> None:
        self._number_b(visit_id)
        manner = self._manner
        if manner is Manner.REMOVES_AT_PIN:
            self._slot.remove()
        elif manner is Manner.SWAPS_AT_PIN:
            self._swap()
        elif manner is Manner.CALLS_STAFF:
            self._desk.call_staff(visit_id)
        elif manner is Manner.LEAVES:
            self._desk.leave(visit_id)
        elif manner is Manner.DISTURBED:
            self._manner = Manner.CALM
            self._seen = -1
            swaps = self._chance.random() < 0.5
            self._all.place.disturb(self._swap if swaps else lambda: None)
        elif manner is not Manner.WALKS_AWAY:
            pin, self._pin = self._pin or PIN.decode(), ""
            self._desk.enter_pin(visit_id, bytearray(pin, "ascii"))
            if manner in (Manner.REMOVES_AFTER_PIN, Manner.SWAPS_AFTER_PIN):
                time.sleep(self._chance.choice((0, 0.001, 0.003, 0.006, 0.01)))
                if manner is Manner.REMOVES_AFTER_PIN:
                    self._slot.remove()
                else:
                    self._swap()

    def _at_consent(self, visit_id: str, item: ConsentItem) -> None:
        if self._manner is Manner.REMOVES_AT_CONSENT and self._chance.random() < 0.5:
            self._slot.remove()
        elif self._manner is Manner.SWAPS_AT_CONSENT and self._chance.random() < 0.5:
            self._swap()
        else:
            allow = self._allows[item]
            self._desk.questions.answer_consent(visit_id, item, allow)
            if allow:
                self._diary.allowed.setdefault(visit_id, set()).add(item)

    def _with_staff(self, visit_id: str) -> None:
        detail = self._desk.visit(RECEPTION, visit_id)
        whim = self._chance.random()
        if detail.may_identify and whim < 0.6:
            self._desk.identify_visually(RECEPTION, visit_id, VisualReason.PIN_LOCKED)
        elif detail.may_close and whim < 0.9:
            self._desk.close_visit(RECEPTION, visit_id)
        # else nobody has time

    def _looks_at_history(self, visit_id: str) -> None:
        allowed = self._diary.allowed.get(visit_id)
        if not allowed or self._desk.visit(CLINICIAN, visit_id).history_closed_because not in (
            None,
            HistoryClosed.FETCHING,
        ):
            return
        end = time.monotonic() + PATIENCE
        while True:
            try:
                history = self._desk.history(CLINICIAN, visit_id).history
            except (VisitError, ConsentRequiredError) as error:
                if time.monotonic() > end:
                    raise StuckError(f"no history: {error}") from error
                time.sleep(0.01)
            else:
                break
        self._diary.histories[visit_id] = {
            ConsentItem.MEDICINES_AND_TREATMENT: digest(history.medications, history.treatments),
            ConsentItem.CHECKUPS: digest(history.checkups),
        }


def digest(*parts: tuple[object, ...]) -> str | None:
    """Return what tells one person's history from another's; None where there is none."""
    text = "".join(repr(part) for part in parts if part)
    return hashlib.sha256(text.encode()).hexdigest() if text else None


def answers_of(allowed: set[ConsentItem]) -> dict[ConsentItem, ConsentDecision]:
    """Return what the desk should have stored of these answers."""
    return {
        item: ConsentDecision.YES if item in allowed else ConsentDecision.NO for item in ConsentItem
    }
