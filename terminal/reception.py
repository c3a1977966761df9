"""The reception desk: runs visits; all that pages may do with them.

One thread, the desk's, takes the reader's events and the work that needs the card, in order;
another watches the kiosk's deadline.  Pages call in from their own threads under one lock, which is
never held while a card, a holder at the reader's keys or a payer is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from eligibility.calendar import JAPAN
from eligibility.consenting import ActingFor
from eligibility.payer import IdentificationMethod, Payer
from terminal.access.accounts import Actor
from terminal.access.rules import require_coverage
from terminal.card.certificates import CertificateVerifier
from terminal.card.jpki import check_pin
from terminal.card.number_b import NumberB
from terminal.card.own_key import RecordIssuers
from terminal.card.revocation import RevocationChecker
from terminal.card_camera.watch import CardCamera
from terminal.card_work import CardWork
from terminal.consent import Disclosure
from terminal.desk_thread import DeskThread
from terminal.errors import VisitStateError
from terminal.events import EventBus
from terminal.face.check import FaceCheck
from terminal.face.work import FaceWork
from terminal.holder_reading import HolderReading
from terminal.identification import VisualReason
from terminal.kiosk import ANSWERED_STEPS, CHOOSING_STEPS, Kiosk, where_cards_are_checked
from terminal.kiosk_questions import Asked, KioskQuestions
from terminal.number_reading import NumberReading
from terminal.payer.enquiries import Enquiries
from terminal.payer.freshness import Freshness
from terminal.payer.line import PayerLine
from terminal.pin_work import PinWork, wipe
from terminal.reader.types import CardReader, ReaderEvent
from terminal.registration import CardRegistrations
from terminal.sharing import Sharing
from terminal.store import Store
from terminal.views import (
    DayList,
    DeskNeed,
    KioskStep,
    KioskView,
    OwnKeyState,
    VisitDetail,
    VisitRow,
)
from terminal.visit import CloseReason, StaffNeed
from terminal.visit_book import ASKED_FOR_BY_HAND, VisitBook, day_bounds, is_readable
from terminal.visit_records import VisitRecords
from terminal.visit_steps import VisitSteps


class ReceptionDesk:
    """Runs the visits of one desk.  All methods are safe to call from any thread."""

    def __init__(
        self,
        *,
        desk_id: str,
        idle_seconds: float,
        reader: CardReader,
        verifier: CertificateVerifier,
        revocation: RevocationChecker,
        record_issuers: RecordIssuers | None,
        card_camera: CardCamera | None,
        face: FaceCheck | None,
        payer: Payer,
        line: PayerLine,
        store: Store,
        enquiries: Enquiries,
        disclosure: Disclosure,
        freshness: Freshness,
        asked: Asked,
        bus: EventBus,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``idle_seconds``: the silence after which a kiosk step ends by itself.

        ``record_issuers``: whose signed card records count, None where none is configured;
        ``card_camera``: what looks at the card's face, ``face``: what verifies the patient's, each
        None likewise.  ``asked``: what an identified patient is asked.
        """
        self._reader = reader
        self._enquiries = enquiries
        self._disclosure = disclosure
        self._now = now
        self._book = VisitBook(store, disclosure, bus, now, freshness)
        self._records = VisitRecords(store, bus, now, desk_id)
        cards = where_cards_are_checked(payer.capabilities)
        self._kiosk = Kiosk(bus, now, monotonic, idle_seconds, cards)
        self.sharing = Sharing(store, disclosure, now)
        self._steps = VisitSteps(
            self._records,
            self._book,
            self._kiosk,
            enquiries,
            disclosure,
            CardRegistrations(store, verifier, bus, now),
            bus,
            lambda steps: KioskQuestions(
                asked=asked,
                kiosk=self._kiosk,
                records=self._records,
                sharing=self.sharing,
                store=store,
                now=now,
                lock=steps.lock,
                finish=steps.answered,
            ),
        )
        self.questions = self._steps.questions
        self._lock, self._cards = self._steps.lock, self._steps.cards
        self._pin_work = PinWork(desk_id, reader, self._steps, now)
        self._holders = HolderReading(
            desk_id=desk_id,
            reader=reader,
            issuers=record_issuers,
            steps=self._steps,
            bus=bus,
            now=now,
        )
        self._number_reading = NumberReading(
            card_camera, holders=self._holders, steps=self._steps, book=self._book, now=now
        )
        self._face_work = FaceWork(
            face,
            numbers_are_seen=card_camera is not None,
            holders=self._holders,
            steps=self._steps,
            bus=bus,
            now=now,
            trouble=lambda error: self._card_work.trouble(error),
        )
        self._card_work = CardWork(
            reader=reader,
            pins=self._pin_work,
            verifier=verifier,
            revocation=revocation,
            payer=payer,
            line=line,
            steps=self._steps,
            holders=self._holders,
            numbers=self._number_reading,
            faces=self._face_work,
            bus=bus,
            now=now,
        )
        self._thread = DeskThread(self._look, self._card_work.trouble)
        self.history = self._book.history.look

    def start(self) -> None:
        """Settle what a former run left open, then watch the reader."""
        self._records.settle_leftovers()
        self._number_reading.start()
        self._face_work.start()
        self._thread.start()
        self._reader.start(self._on_event)

    def stop(self) -> None:
        """Let go of the reader and end the desk's thread; open visits are settled at next start."""
        self._reader.stop()
        self._thread.stop()
        self._face_work.stop()
        self._number_reading.stop()
        self._card_work.stop()

    # -- what the kiosk's page calls -----------------------------------------------------------

    def kiosk(self) -> KioskView:
        """Return what the kiosk shows now."""
        with self._lock:
            return self._kiosk.view()

    def enter_pin(self, visit_id: str, pin: bytearray) -> None:
        """Hand the typed PIN to the card; the outcome comes as the kiosk's next step.

        ``pin``: cleared here whatever happens.  Raises VisitStateError; ValueError for what is
        not four ASCII digits (no try is lost).  Where the reader has keys for the PIN, it is not
        taken here: VisitStateError.
        """
        try:
            check_pin(pin)
            with self._lock:
                self._kiosk.require_pin(visit_id, on_reader=False)
                self._kiosk.show(KioskStep.CHECKING_PIN)
        except (VisitStateError, ValueError):
            wipe(pin)
            raise
        self._thread.put(lambda: self._pin_work.prove(visit_id, pin))

    def start_pin_entry(self, visit_id: str) -> None:
        """Let the reader ask for the PIN on its keys (again).  Raises VisitStateError."""
        with self._lock:
            self._kiosk.require_pin(visit_id, on_reader=True)
            self._kiosk.show(KioskStep.PIN_ON_READER)
        self._thread.put(lambda: self._pin_work.prove_on_reader(visit_id))

    def choose(self, visit_id: str, method: IdentificationMethod) -> None:
        """Go on with the way to be identified that the patient chose, also in place of another.

        Raises VisitStateError where it is not among the view's ``methods``.
        """
        with self._lock:
            self._kiosk.require_method(visit_id, method)
            if method is IdentificationMethod.FACE:
                self._face_work.begin(visit_id)
                return
            on_reader = self._kiosk.state.pin_on_reader
            self._kiosk.ask_for_pin(visit_id, self._kiosk.state.tries_left, on_reader=on_reader)
            asked_on_reader = self._kiosk.state.step is KioskStep.PIN_ON_READER
        if asked_on_reader:
            self._thread.put(lambda: self._pin_work.prove_on_reader(visit_id))

    def face_preview(self, visit_id: str) -> bytes | None:
        """Return the camera's newest picture as a small mirrored JPEG; None where there is none.

        There is one only while this visit's patient stands before the camera (FACE).
        """
        return self._face_work.preview(visit_id)

    def answer_registration(self, visit_id: str, agree: bool) -> None:
        """Take the answer whether the card shall be an insurance card.  Raises VisitStateError."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.REGISTER)
            self._steps.answer_registration(visit_id, agree)

    def call_staff(self, visit_id: str | None) -> None:
        """Tell staff that the patient needs them; harmless when pressed twice."""
        with self._lock:
            if self._kiosk.state.staff_called or self._kiosk.state.visit_id != visit_id:
                return
            if visit_id is None:
                sent_on = self._kiosk.sends_on
                self._records.open(None, StaffNeed.OTHER_READER if sent_on else StaffNeed.CALLED)
            elif self._kiosk.state.step in (*CHOOSING_STEPS, KioskStep.PIN_ON_READER):
                self._steps.to_staff(visit_id, StaffNeed.CALLED)
            else:
                self._records.call_staff(visit_id, StaffNeed.CALLED)
            self._kiosk.touch(staff_called=True)

    def leave(self, visit_id: str) -> None:
        """End the patient's part now; what was not answered is no.  Raises VisitStateError."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.FACE, KioskStep.PIN_ON_READER, *ANSWERED_STEPS)
            self._steps.end_step(CloseReason.LEFT)
            self._kiosk.clear()

    def still_there(self, visit_id: str) -> None:
        """Give the patient the whole time again.  Raises VisitStateError."""
        with self._lock:
            self._kiosk.require(visit_id, *ANSWERED_STEPS)
            self._kiosk.extend()

    # -- what the staff's pages call (with the history of the VisitBook) ----------------

    def today(self, actor: Actor) -> DayList:
        """Return today's visits, and since when a card lies forgotten at the kiosk.

        Raises RoleError for a role that may not see coverage; see :meth:`VisitBook.today`.
        """
        day = self._book.today(actor)
        with self._lock:
            rows = tuple(self._at_kiosk(row) for row in day.rows)
            return replace(day, rows=rows, card_left_at=self._kiosk.state.card_left_at)

    def _at_kiosk(self, row: VisitRow) -> VisitRow:
        """Return a row with what the kiosk alone knows of its visit, under the lock."""
        need = row.need
        if row.visit.id == self._face_work.visit_that_waits:
            need = DeskNeed.NUMBER_B
        return replace(row, need=need, face_alone=self._kiosk.has_face_alone(row.visit.id))

    def visit(self, actor: Actor, visit_id: str) -> VisitDetail:
        """Return one visit whole.  Raises RoleError, UnknownVisitError."""
        # before the store: what was read stands there before this stops saying that it is read
        number_b = self._holders.view(visit_id)
        detail = self._book.visit(actor, visit_id)
        genuine = number_b.own_key is not OwnKeyState.NOT_GENUINE
        with self._lock:
            row = self._at_kiosk(detail.row)
        return replace(
            detail,
            row=row,
            number_b=number_b if is_readable(detail.row.visit) else None,
            may_identify=detail.may_identify and genuine,
        )

    def identify_visually(self, actor: Actor, visit_id: str, reason: VisualReason) -> None:
        """Record that staff looked at holder and card (目視確認), and ask the payer.

        Raises RoleError; LookRefusedError where there is no photo to compare or no certificate that
        holds; VisitStateError where the visit is over, its card is not known any more, or its own
        key showed that it is not genuine.
        """
        require_coverage(actor)
        self._records.require_look(visit_id)
        with self._lock:
            known = self._cards.get(visit_id)
            if known is None:
                msg = f"visit {visit_id} has no accepted card: it must be tapped again"
                raise VisitStateError(msg)
            evidence = self._holders.evidence(
                visit_id, IdentificationMethod.STAFF_VISUAL, self._now()
            )
            self._steps.identified(visit_id, known, evidence, actor, reason)

    def enter_number_b(
        self,
        actor: Actor,
        visit_id: str,
        birthdate: date,
        expiry_year: int,
        security_code: bytearray,
    ) -> None:
        """Try 照合番号B, typed off the card's face, on the visit's card; it lies in the reader.

        What comes of it is told by :meth:`visit`.  ``security_code``: four ASCII digits, cleared
        here whatever happens; ``expiry_year``: Gregorian.  Harmless when pressed twice, and where
        the card is no longer there.  The patient at the kiosk is not disturbed.

        Raises RoleError, UnknownVisitError; NumberBEntryError with the part to correct (no try is
        lost); VisitStateError where no record may be read for this visit.
        """
        try:
            self._book.require_readable(actor, visit_id)
            today = self._now().astimezone(JAPAN).date()
            number_b = NumberB(birthdate, expiry_year, security_code, today=today)
        finally:
            wipe(security_code)
        if self._holders.begin(visit_id):
            self._thread.put(lambda: self._card_work.try_number_b(visit_id, number_b, actor))
        else:
            number_b.clear()

    def record_acting(self, actor: Actor, visit_id: str, acting: ActingFor | None) -> None:
        """Record who acted for an identified holder, a parent for an infant; None for nobody.

        Raises RoleError, VisitStateError.
        """
        require_coverage(actor)
        self._records.acted_for(visit_id, acting, actor)

    def ask_again(self, actor: Actor, visit_id: str) -> None:
        """Ask the payer again now: the open question, or the history that failed to come.

        Raises RoleError; VisitStateError where only a new tap can help.
        """
        if self._book.visit(actor, visit_id).history_closed_because in ASKED_FOR_BY_HAND:
            self._disclosure.advance(visit_id, by_hand=True)
        else:
            self._enquiries.ask_again(visit_id, actor)

    def close_visit(self, actor: Actor, visit_id: str) -> None:
        """Close a visit that was never identified.  Raises RoleError, VisitStateError."""
        require_coverage(actor)
        with self._lock:
            self._steps.abandon(visit_id, CloseReason.CLOSED_BY_STAFF, actor)
            if self._kiosk.state.visit_id == visit_id:
                self._kiosk.clear()
            elif self._kiosk.state.visit_id is None:
                self._kiosk.touch(staff_called=False)

    def end_former_days(self) -> None:
        """Close what was left to staff on a former day in Japan; those cards are forgotten.

        Nobody finds such a visit any more: it stands in no list.
        """
        midnight, _ = day_bounds(self._now())
        with self._lock:
            self._steps.end_former_days(midnight)

    def question_changed(self, visit_id: str) -> None:
        """Take note that a visit's question got further (called by the enquiries)."""
        self._disclosure.advance(visit_id)
        with self._lock:
            self._steps.show_outcome(visit_id)

    def confirmation_changed(self, visit_id: str) -> None:
        """Take note that a visit's confirmation was made again (called by the record's links)."""
        with self._lock:
            self._steps.confirmation_changed(visit_id)

    # -- the desk's threads --------------------------------------------------------------------

    def _on_event(self, event: ReaderEvent) -> None:
        self._thread.put(lambda: self._card_work.take_event(event))

    def _look(self) -> None:
        """Do what is due by the clock; what needs the card is left to the thread that has it."""
        if self._card_work.busy_card_is_due():
            self._thread.put(self._card_work.read_busy_card)
        if self._number_reading.is_due():
            self._thread.put(self._number_reading.try_when_free)
        self._face_work.look()
        self._steps.check_deadline()
