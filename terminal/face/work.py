"""The face as a way to be identified (顔認証): from the patient's choice to what comes of it.

A thread of its own switches the camera and compares; the desk's lock is never held while it waits.
The photo comes from the card, opened by 照合番号B, which a camera over the card reads or staff type
while the patient waits for a bounded time.  Whatever takes the kiosk elsewhere ends it: the card
lifted, another card, the time of silence, staff's look, another choice.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from eligibility.payer import IdentificationMethod
from face_auth.errors import FaceAuthError
from face_auth.policy import Outcome
from terminal.access.accounts import HOLDER
from terminal.card.jpki import TokenKind
from terminal.card_needs import pin_can_be_asked
from terminal.errors import VisitStateError
from terminal.events import EventBus, Topic
from terminal.face.check import FaceCheck
from terminal.holder_reading import HolderReading
from terminal.kiosk import UNIDENTIFIED_STEPS
from terminal.pin_work import wipe
from terminal.recognition import REVOCATION_SECONDS, CardInReader, KnownCard
from terminal.views import FacePrompt, KioskNotice, KioskStep
from terminal.visit import StaffNeed
from terminal.visit_steps import VisitSteps

if TYPE_CHECKING:
    from face_auth import FaceDecision, Progress

log = logging.getLogger(__name__)

ATTEMPTS = 2
"""How often the faces of one visit are compared."""
PREPARING_SECONDS = 60.0
"""How long a patient before the camera waits for 照合番号B."""
CAMERA_FIRST_SECONDS = 6.0
"""How long the camera over the card has before staff are asked for the number."""
MATCHING_SECONDS = 75.0
"""More than a comparison takes, which has a limit of its own."""
FIRST_LOOK_SECONDS = 3.0
"""How long the camera is on after the start, so that its state is known."""
_LOOK_SECONDS = 0.25
_CAMERA_STEPS = (KioskStep.READING, KioskStep.CHOOSE, KioskStep.FACE)
FACE, PIN = IdentificationMethod.FACE, IdentificationMethod.PIN


@dataclass(slots=True, eq=False)
class _Attempt:
    """One comparison that was asked for."""

    visit_id: str
    photo: bytearray = field(repr=False)
    cancel: threading.Event = field(default_factory=threading.Event)


class FaceWork:
    """Verifies the faces of one desk's visits.  Safe to call from any thread."""

    def __init__(
        self,
        check: FaceCheck | None,
        *,
        numbers_are_seen: bool,
        holders: HolderReading,
        steps: VisitSteps,
        bus: EventBus,
        now: Callable[[], datetime],
        trouble: Callable[[Exception], None],
    ) -> None:
        """``check``: None where there is no camera; ``numbers_are_seen``: by one over the card;
        ``trouble``: called with the fault of a comparison, which was logged already.
        """
        self._check = check
        self._numbers_are_seen = numbers_are_seen
        self._holders = holders
        self._steps = steps
        self._kiosk, self._records = steps.kiosk, steps.records
        self._lock, self._cards = steps.lock, steps.cards
        self._bus = bus
        self._now = now
        self._trouble = trouble
        self._visit_id: str | None = None
        self._made = 0
        self._attempt: _Attempt | None = None
        self._asked_since: float | None = None
        self._changed = threading.Condition()
        self._wants_camera = False
        self._due: _Attempt | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="face", daemon=True)
        if check is not None:
            self._kiosk.follow(self._kiosk_moved)
            holders.follow(self._holder_changed)

    def start(self) -> None:
        """Look once how the camera is, then wait for the first patient."""
        if self._check is not None:
            self._thread.start()

    def stop(self) -> None:
        """End what is under way and give the camera back."""
        with self._lock:
            self._drop()
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    # -- what the card's work and the kiosk ask, under the desk's lock ---------------------------

    def is_offered(self, card: CardInReader) -> bool:
        """Whether the face of this card's holder can be verified: it is a card, all parts work."""
        if self._check is None or card.token is not TokenKind.CARD:
            return False
        return self._check.problem is None

    def begin(self, visit_id: str) -> None:
        """Go before the camera: the photo first, which may have to be waited for."""
        if visit_id != self._visit_id:
            self._visit_id, self._made = visit_id, 0
        self._asked_since = time.monotonic()
        self._kiosk.show(KioskStep.FACE, ends_in=PREPARING_SECONDS, face=FacePrompt(preparing=True))
        self._prepare(visit_id)

    def preview(self, visit_id: str) -> bytes | None:
        """Return the camera's newest picture for the patient of this visit, None for any other."""
        if self._check is None or not self._is_at_face(visit_id):
            return None
        picture = self._check.preview()
        return picture if self._is_at_face(visit_id) else None

    @property
    def visit_that_waits(self) -> str | None:
        """The visit whose patient stands before the camera until staff type 照合番号B."""
        with self._lock:
            state = self._kiosk.state
            asked = self._is_preparing and state.face is not None and state.face.staff_asked
            return state.visit_id if asked else None

    def look(self) -> None:
        """Do what is due by the clock."""
        with self._lock:
            state = self._kiosk.state
            if state.step is not KioskStep.FACE or state.visit_id is None:
                return
            if self._is_preparing:
                self._ask_staff(state.visit_id)
            if self._kiosk.is_overdue:
                log.info("visit %s: no face was verified in time", state.visit_id)
                preparing = self._is_preparing
                notice = (
                    KioskNotice.FACE_NOT_POSSIBLE if preparing else KioskNotice.FACE_NOT_MATCHED
                )
                self._choose_again(state.visit_id, notice, again=not preparing)

    # -- the photo -----------------------------------------------------------------------------

    @property
    def _is_preparing(self) -> bool:
        state = self._kiosk.state
        return state.step is KioskStep.FACE and state.face is not None and state.face.preparing

    def _is_at_face(self, visit_id: str) -> bool:
        with self._lock:
            state = self._kiosk.state
            return (state.step, state.visit_id) == (KioskStep.FACE, visit_id)

    def _ask_staff(self, visit_id: str) -> None:
        """Ask staff for the number, once it is clear that no camera reads it."""
        prompt = self._kiosk.state.face
        waited = time.monotonic() - (self._asked_since or 0.0)
        seen = self._numbers_are_seen and not self._holders.number_failed(visit_id)
        if prompt is None or prompt.staff_asked or (seen and waited < CAMERA_FIRST_SECONDS):
            return
        self._kiosk.touch(face=FacePrompt(preparing=True, staff_asked=True))
        self._bus.publish(Topic.VISIT, visit_id)

    def _prepare(self, visit_id: str) -> None:
        """Compare as soon as the photo is there; give up where there will be none."""
        photo = self._holders.photo_of(visit_id)
        if photo is not None:
            self._made += 1
            self._attempt = _Attempt(visit_id, photo)
            wanted = 0 if self._check is None else self._check.wanted
            self._kiosk.show(
                KioskStep.FACE, ends_in=MATCHING_SECONDS, face=FacePrompt(wanted=wanted)
            )
            with self._changed:
                self._due = self._attempt
                self._changed.notify_all()
            self._bus.publish(Topic.VISIT, visit_id)
        elif self._holders.has_no_photo(visit_id):
            log.info("visit %s: the card gave no photo to compare with", visit_id)
            self._choose_again(visit_id, self._notice_of_no_photo(visit_id), again=False)
        else:
            self._ask_staff(visit_id)

    def _notice_of_no_photo(self, visit_id: str) -> KioskNotice:
        if self._holders.bears_no_photo(visit_id):
            return KioskNotice.CARD_WITHOUT_PHOTO
        return KioskNotice.FACE_NOT_POSSIBLE

    def _holder_changed(self, visit_id: str) -> None:
        """Follow what 照合番号B opened."""
        with self._lock:
            state = self._kiosk.state
            if state.visit_id != visit_id or FACE not in state.ways:
                return
            if self._is_preparing:
                self._prepare(visit_id)
            elif state.step in (KioskStep.CHOOSE, KioskStep.PIN, KioskStep.CHECKING_PIN):
                if not self._holders.has_no_photo(visit_id):
                    return
                if PIN in state.ways or state.step is not KioskStep.CHOOSE:
                    self._kiosk.touch(ways=_without_face(state.ways))
                else:
                    self._choose_again(visit_id, None, again=False)

    # -- the comparison ------------------------------------------------------------------------

    def _run(self) -> None:
        check = self._check
        assert check is not None  # noqa: S101  # the thread is started with one only
        first_look_ends = time.monotonic() + FIRST_LOOK_SECONDS
        while True:
            with self._changed:
                attempt, self._due = self._due, None
                first_look = time.monotonic() < first_look_ends
                wants = self._wants_camera or first_look or check.is_to_be_watched
                if self._stopping:
                    break
            try:
                if wants:
                    check.switch_on()
                else:
                    check.switch_off()
                if attempt is not None:
                    self._verify(check, attempt)
                    continue
                _ = check.problem  # seen now, it is known when the camera is off
            except Exception as error:
                # a fault in one visit must not end the camera for all others
                log.exception("the face's thread goes on after a fault")
                if attempt is not None:
                    self._trouble(error)
            self._rest(wants)
        if attempt is not None:
            wipe(attempt.photo)
        check.switch_off()

    def _rest(self, wants: bool) -> None:
        """Wait until something is due; ``wants``: the camera is on, so its state is looked at."""
        with self._changed:
            due = self._stopping or self._due is not None or (self._wants_camera and not wants)
            if not due:
                self._changed.wait(_LOOK_SECONDS if wants else None)

    def _verify(self, check: FaceCheck, attempt: _Attempt) -> None:
        decision = None
        try:
            decision = check.decide(
                attempt.photo, attempt.cancel, lambda progress: self._tell(attempt, progress)
            )
            with self._lock:
                known = self._cards.get(attempt.visit_id)
            if known is not None and decision.outcome is Outcome.MATCH:
                known.revocation_within(REVOCATION_SECONDS)
        except FaceAuthError as error:
            log.warning("visit %s: no face is verified: %s", attempt.visit_id, error)
        finally:
            self._end(attempt, decision)

    def _tell(self, attempt: _Attempt, progress: Progress) -> None:
        prompt = FacePrompt(
            guidance=progress.guidance,
            step=progress.step,
            frames=progress.frames,
            wanted=progress.wanted,
            attempt=progress.attempt,
        )
        with self._lock:
            if self._attempt is attempt and self._kiosk.state.face != prompt:
                self._kiosk.touch(face=prompt)

    def _end(self, attempt: _Attempt, decision: FaceDecision | None) -> None:
        """Lead the patient on; nothing where something else ended the attempt."""
        with self._lock:
            known = self._cards.get(attempt.visit_id)
            if self._attempt is not attempt or known is None:
                return
            self._attempt = None
            if decision is None:
                self._choose_again(attempt.visit_id, KioskNotice.FACE_NOT_POSSIBLE, again=False)
            else:
                self._records.face_compared(attempt.visit_id, figures_of(decision))
                self._decided(attempt.visit_id, known, decision)

    def _decided(self, visit_id: str, known: KnownCard, decision: FaceDecision) -> None:
        from face_auth.matcher import DecisionReason

        if decision.outcome is Outcome.MATCH:
            try:
                evidence = self._holders.evidence(visit_id, FACE, self._now())
            except VisitStateError:
                self._choose_again(visit_id, KioskNotice.FACE_NOT_POSSIBLE, again=False)
                return
            self._steps.identified(visit_id, known, evidence, HOLDER, None)
        elif (
            decision.outcome is Outcome.ASK_STAFF
            and decision.reason is not DecisionReason.TOO_FEW_FRAMES
        ):
            self._steps.to_staff(visit_id, StaffNeed.FACE_UNSURE)
        else:
            self._choose_again(visit_id, KioskNotice.FACE_NOT_MATCHED, again=True)

    def _choose_again(self, visit_id: str, notice: KioskNotice | None, *, again: bool) -> None:
        """Let the patient choose another way; with none left, staff come."""
        ways = self._kiosk.state.ways
        if not again or self._made >= ATTEMPTS:
            ways = _without_face(ways)
        if ways:
            self._kiosk.wait_for_patient(KioskStep.CHOOSE, notice=notice, ways=ways, face=None)
        else:
            known = self._cards[visit_id]
            need = self._records.need_without_face(visit_id, known.card)
            self._steps.to_staff(visit_id, need)

    # -- what ends it --------------------------------------------------------------------------

    def _kiosk_moved(self) -> None:
        """Follow the kiosk, under the desk's lock: what it left is over."""
        state = self._kiosk.state
        attempt = self._attempt
        if attempt is not None and not self._is_at_face(attempt.visit_id):
            self._drop()
        going_on = state.step in UNIDENTIFIED_STEPS and FACE in state.ways
        if state.step is not KioskStep.READING and not going_on:
            self._holders.forget_photo()
        wants = state.step is KioskStep.READING or (
            state.step in _CAMERA_STEPS and FACE in state.ways
        )
        with self._changed:
            if wants is not self._wants_camera:
                self._wants_camera = wants
                self._changed.notify_all()

    def _drop(self) -> None:
        if self._attempt is not None:
            self._attempt.cancel.set()
            self._attempt = None


def ways_of(card: CardInReader, *, face: bool) -> tuple[IdentificationMethod, ...]:
    """Return how the holder of ``card`` may be identified without staff, the first choice first."""
    pin = (PIN,) if pin_can_be_asked(card) else ()
    return (FACE, *pin) if face else pin


def _without_face(ways: tuple[IdentificationMethod, ...]) -> tuple[IdentificationMethod, ...]:
    return tuple(way for way in ways if way is not FACE)


def figures_of(decision: FaceDecision) -> str:
    """Return what the audit log keeps: figures, and nothing that tells what anybody looks like."""
    evidence = decision.evidence
    figures = {
        "score": "none" if decision.score is None else f"{decision.score:.4f}",
        "match-at": decision.match_at,
        "profile": decision.profile,
        "model": decision.model,
        "frames": decision.frames_used,
        "seen": decision.frames_seen,
        "attempts": decision.attempts,
        "seconds": f"{decision.seconds:.1f}",
        "challenge": evidence.challenge,
        "signs": "+".join(sorted(evidence.signs)) or "none",
    }
    told = " ".join(f"{name}={value}" for name, value in figures.items())
    return f"{decision.outcome} {decision.reason} {told}"
