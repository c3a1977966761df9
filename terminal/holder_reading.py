"""What 照合番号B opens on the card of a visit: who its holder is, and whether the card is genuine.

The number is tried on the desk's thread, as all work with the card is; pages see what came of it.
A card counts wrong numbers and locks: what staff typed is always tried, what a camera read at most
twice a visit and never once half of the tries are gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from eligibility.payer import HolderEvidence, IdentificationMethod, ProofKind
from terminal.access.accounts import Actor
from terminal.card.jpki import TokenKind
from terminal.card.number_b import NumberB
from terminal.card.own_key import OwnKeyProof, RecordIssuers
from terminal.errors import (
    AnotherCardError,
    CardError,
    CardRemovedError,
    NumberBBlockedError,
    NumberBRefusedError,
    NumberBSparedError,
    OwnKeyReason,
    ReaderBusyError,
    ReaderError,
    StoreError,
    VisitStateError,
)
from terminal.events import EventBus, Topic
from terminal.identification import HolderRecord, NumberBEntry
from terminal.payer.reconfirming import Reconfirming
from terminal.reader.types import CardReader
from terminal.recognition import CardDetails, KnownCard, OwnKeyQuestion, read_attributes
from terminal.views import KioskStep, NumberBState, NumberBView, OwnKeyState
from terminal.visit_steps import VisitSteps

log = logging.getLogger(__name__)

AUTOMATIC_TRIES = 2
SPARED_TRIES = 5
"""With so many tries left or fewer, a number that nobody typed is not tried."""

_STATES: tuple[tuple[type[Exception], NumberBState], ...] = (
    (NumberBRefusedError, NumberBState.REFUSED),
    (NumberBBlockedError, NumberBState.BLOCKED),
    (NumberBSparedError, NumberBState.SPARED),
    (AnotherCardError, NumberBState.ANOTHER_CARD),
    (CardRemovedError, NumberBState.CARD_AWAY),
    (ReaderBusyError, NumberBState.CARD_BUSY),
    (CardError, NumberBState.UNREADABLE),
    (ReaderError, NumberBState.NO_READER),
    (StoreError, NumberBState.NOT_STORED),
)
_OWN_KEY_STATES = {
    OwnKeyReason.UNKNOWN_ISSUER: OwnKeyState.UNKNOWN_ISSUER,
    OwnKeyReason.TEST_HIERARCHY: OwnKeyState.NOT_GENUINE,
    OwnKeyReason.RECORD_ALTERED: OwnKeyState.NOT_GENUINE,
    OwnKeyReason.SIGNATURE_MISMATCH: OwnKeyState.NOT_GENUINE,
    OwnKeyReason.UNREADABLE: OwnKeyState.UNREADABLE,
}


@dataclass(slots=True)
class _Lying:
    """The card of the newest visit, from its tap on; ``is_here``: it was not taken away since."""

    visit_id: str
    known: KnownCard
    is_here: bool = True
    is_read: bool = False
    state: NumberBState | None = None
    tries_left: int | None = None
    automatic_tries: int = 0
    own_key: OwnKeyState | None = None
    proof: OwnKeyProof | None = None
    wants_photo: bool = False
    bears_photo: bool | None = None
    photo: bytearray | None = None


class HolderReading:
    """Reads holders' records at one desk.  Safe to call from any thread."""

    def __init__(
        self,
        *,
        desk_id: str,
        reader: CardReader,
        issuers: RecordIssuers | None,
        steps: VisitSteps,
        bus: EventBus,
        now: Callable[[], datetime],
    ) -> None:
        """``issuers``: whose signed records count, None where none is configured."""
        self._desk_id = desk_id
        self._reader = reader
        self._issuers = issuers
        self._reconfirming = Reconfirming(now)
        self._steps = steps
        self._lock = steps.lock
        self._bus = bus
        self._now = now
        self._lying: _Lying | None = None
        self._followers: list[Callable[[str], None]] = []

    def follow(self, follower: Callable[[str], None]) -> None:
        """Have ``follower`` called with the visit of which something changed."""
        self._followers.append(follower)

    # -- what the card's work tells ------------------------------------------------------------

    def card_lies(self, visit_id: str, known: KnownCard, *, wants_photo: bool = False) -> None:
        """Take note of the card of a new visit; ``wants_photo``: a face may be compared with it."""
        with self._lock:
            self.forget_photo()
            self._lying = _Lying(visit_id, known, wants_photo=wants_photo)

    def card_gone(self) -> None:
        """Take note that the card was taken away, or cannot be reached."""
        self.forget_photo()
        self._is_here(False)

    def card_is_back(self, certificate: bytes) -> None:
        """Take note that the way to a card that was never lifted is there again."""
        with self._lock:
            if self._lying is not None and self._lying.known.card.certificate == certificate:
                self._is_here(True)

    def _is_here(self, is_here: bool) -> None:
        with self._lock:
            if self._lying is not None and self._lying.is_here is not is_here:
                self._lying.is_here = is_here
                self._bus.publish(Topic.VISIT, self._lying.visit_id)

    # -- what pages see ------------------------------------------------------------------------

    def view(self, visit_id: str) -> NumberBView:
        """Return what is known of 照合番号B for this visit."""
        with self._lock:
            lying = self._of(visit_id)
            if lying is None:
                return NumberBView()
            return NumberBView(lying.state, lying.tries_left, lying.is_here, lying.own_key)

    def evidence(
        self, visit_id: str, method: IdentificationMethod, now: datetime
    ) -> HolderEvidence:
        """Return what the payer is told of a holder whose face was compared with the card's photo.

        ``method``: by whom, FACE or STAFF_VISUAL (目視確認).

        That is the own key's proof where the card gave one, else the certificate alone.  Raises
        VisitStateError where the card is not genuine.
        """
        with self._lock:
            lying = self._of(visit_id)
            if lying is not None and lying.own_key is OwnKeyState.NOT_GENUINE:
                msg = (
                    f"visit {visit_id}: the card's record does not hold, so its face proves nothing"
                )
                raise VisitStateError(msg)
            if lying is not None and lying.proof is not None:
                return lying.proof.evidence(method, now)
        return HolderEvidence(method, ProofKind.CERTIFICATE_ONLY, now)

    def photo_of(self, visit_id: str) -> bytearray | None:
        """Return a copy of the card's photo, the caller's to overwrite; None where there is none.

        A card whose record does not hold gives none: its photo proves nothing.
        """
        with self._lock:
            lying = self._of(visit_id)
            if lying is None or lying.photo is None or lying.own_key is OwnKeyState.NOT_GENUINE:
                return None
            return bytearray(lying.photo)

    def has_no_photo(self, visit_id: str) -> bool:
        """Whether the card was read and gave no photo to compare with."""
        with self._lock:
            lying = self._of(visit_id)
            if lying is None or not lying.is_read:
                return lying is None
            return lying.photo is None or lying.own_key is OwnKeyState.NOT_GENUINE

    def bears_no_photo(self, visit_id: str) -> bool:
        """Whether the card itself says so: its record holds and shows none (顔写真なし)."""
        with self._lock:
            lying = self._of(visit_id)
            if lying is None or lying.own_key is OwnKeyState.NOT_GENUINE:
                return False
            return lying.bears_photo is False

    def number_failed(self, visit_id: str) -> bool:
        """Whether a number was tried in vain, and none is with the card now."""
        with self._lock:
            lying = self._of(visit_id)
            return lying is None or lying.state not in (None, NumberBState.READING)

    def forget_photo(self) -> None:
        """Overwrite the photo that was kept for a face; none is kept of this card any more."""
        with self._lock:
            if self._lying is None:
                return
            self._lying.wants_photo = False
            photo, self._lying.photo = self._lying.photo, None
        if photo is not None:
            photo[:] = bytes(len(photo))

    # -- the number ----------------------------------------------------------------------------

    def begin(self, visit_id: str) -> bool:
        """Take note that a typed number is on its way to the card; False where none can be tried.

        That is so while another is on its way, once the card was read, and without the card.
        """
        with self._lock:
            lying = self._of(visit_id)
            if lying is None or not lying.is_here or lying.is_read:
                return False
            if lying.state is NumberBState.READING:
                return False
            if self._steps.kiosk.state.step is KioskStep.PIN_ON_READER:
                # the holder's fingers are on the reader's keys, which may take half a minute
                self._show(lying, NumberBState.CARD_BUSY)
                return False
            self._show(lying, NumberBState.READING)
            return True

    def try_number(
        self, visit_id: str, number_b: NumberB, actor: Actor, *, automatic: bool = False
    ) -> None:
        """Try a number on the visit's card, once, and keep what it opens; on the desk's thread.

        ``number_b`` is cleared here.  ``automatic``: nobody typed it; it is not tried for the third
        time in a visit, nor where the card has few tries left.  Nothing is tried where the card
        was read for this visit already.  :meth:`view` shows what came of it.
        """
        entry = NumberBEntry.CAMERA if automatic else NumberBEntry.STAFF
        with number_b:
            lying = self._may_be_tried(visit_id, automatic=automatic)
            if lying is not None:
                try:
                    self._read(lying, number_b, actor, entry)
                except (CardError, ReaderError, StoreError) as error:
                    self._failed(lying, error, actor, entry)
                finally:
                    self._no_longer_reading(lying)

    def _may_be_tried(self, visit_id: str, *, automatic: bool) -> _Lying | None:
        with self._lock:
            lying = self._of(visit_id)
            if lying is None or lying.is_read:
                return None
            if automatic:
                if lying.automatic_tries >= AUTOMATIC_TRIES:
                    return None
                lying.automatic_tries += 1
            self._show(lying, NumberBState.READING)
            return lying

    def _read(self, lying: _Lying, number_b: NumberB, actor: Actor, entry: NumberBEntry) -> None:
        own_key = self._own_key_question(lying)
        details = read_attributes(
            self._reader,
            lying.known.card,
            number_b,
            spared=SPARED_TRIES if entry is NumberBEntry.CAMERA else 0,
            own_key=own_key,
            photo=lying.wants_photo,
        )
        if details.token is not TokenKind.CARD:
            self._show(lying, NumberBState.PHONE)
        else:
            self._keep(lying, details, actor, entry)

    def _own_key_question(self, lying: _Lying) -> OwnKeyQuestion | None:
        """Return what the own key is to sign: nothing once the holder was identified."""
        with self._lock:
            if lying.visit_id not in self._steps.cards:
                return None
            if self._issuers is None:
                lying.own_key = OwnKeyState.NOT_CONFIGURED
                return None
        challenge = lying.known.challenge_for(self._desk_id, lying.visit_id, self._now())
        return OwnKeyQuestion(challenge, self._issuers)

    def _keep(self, lying: _Lying, details: CardDetails, actor: Actor, entry: NumberBEntry) -> None:
        refused = details.own_key if isinstance(details.own_key, OwnKeyReason) else None
        with self._lock:
            if refused is not None:
                lying.own_key = _OWN_KEY_STATES[refused]
                log.warning("visit %s: own key: %s", lying.visit_id, refused)
            elif isinstance(details.own_key, OwnKeyProof):
                lying.own_key, lying.proof = OwnKeyState.PROVED, details.own_key
        record = HolderRecord(
            visit_id=lying.visit_id,
            attributes=details.attributes,
            read_at=self._now(),
            actor=actor.id,
            entry=entry,
            expires_on=details.expires_on,
        )
        changed = self._steps.records.holder_read(
            record, lying.known.verified.subject, actor, refused, self._reconfirming.of_subject
        )
        if details.has_photo is not None:
            self._steps.records.photo_seen(lying.visit_id, details.has_photo)
        with self._lock:
            lying.is_read = True
            lying.bears_photo = details.has_photo
            if lying.wants_photo:
                lying.photo = details.photo
            elif details.photo is not None:
                details.photo[:] = bytes(len(details.photo))
            self._show(lying, None)
            for visit_id in changed:
                self._steps.confirmation_changed(visit_id)

    def _failed(self, lying: _Lying, error: Exception, actor: Actor, entry: NumberBEntry) -> None:
        log.warning("visit %s: the holder is not read: %s", lying.visit_id, error)
        state = next(state for kind, state in _STATES if isinstance(error, kind))
        if state in (NumberBState.REFUSED, NumberBState.BLOCKED):
            try:
                self._steps.records.number_b_refused(lying.visit_id, actor, entry)
            except StoreError:
                log.exception("visit %s: a refused number is not recorded", lying.visit_id)
        with self._lock:
            left = getattr(error, "tries_left", None)
            lying.tries_left = 0 if state is NumberBState.BLOCKED else left
            self._show(lying, state)

    def _no_longer_reading(self, lying: _Lying) -> None:
        """Whatever happened, a page is never left waiting."""
        with self._lock:
            if lying.state is NumberBState.READING:
                self._show(lying, NumberBState.UNREADABLE)

    def _of(self, visit_id: str) -> _Lying | None:
        lying = self._lying
        return lying if lying is not None and lying.visit_id == visit_id else None

    def _show(self, lying: _Lying, state: NumberBState | None) -> None:
        with self._lock:
            lying.state = state
        self._bus.publish(Topic.VISIT, lying.visit_id)
        for follower in self._followers:
            follower(lying.visit_id)
