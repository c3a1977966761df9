"""What an identified patient is asked at the kiosk, in order: who answers, consents, prescription.

A known child is asked who answers for it; anybody may say so beside the consents.  Who shares
something from an earlier tap is shown that first.  What is not answered is no.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime

from eligibility.calendar import JAPAN
from eligibility.codes import PrescriptionIssue
from eligibility.consenting import ActingFor
from eligibility.model import NOT_READ, CardSubject, ConsentDecision
from terminal.access.accounts import KIOSK
from terminal.confirming import known_attributes, trusted_answer
from terminal.errors import VisitStateError
from terminal.kiosk import ANSWER_SECONDS, Kiosk
from terminal.sharing import Sharing
from terminal.store import Store, Transaction
from terminal.views import ConsentItem, KioskStep
from terminal.visit_records import VisitRecords

ANSWERS_ALONE_FROM = 15
"""Age in years below which a legal representative applies for and answers for a card."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What this institution's kiosk asks: consents in their order; ``prescription``: its form."""

    consents: tuple[ConsentItem, ...] = tuple(ConsentItem)
    prescription: bool = False


class KioskQuestions:
    """Takes the answers of one kiosk; safe to call from any thread, under the desk's lock.

    Each method raises VisitStateError where that is not asked of this visit now.
    """

    def __init__(
        self,
        *,
        asked: Asked,
        kiosk: Kiosk,
        records: VisitRecords,
        sharing: Sharing,
        store: Store,
        now: Callable[[], datetime],
        lock: AbstractContextManager[object],
        finish: Callable[[str], None],
    ) -> None:
        """``finish``: ends the patient's part with what was answered; the kiosk is at CHECKING."""
        self._asked = asked
        self._kiosk = kiosk
        self._records = records
        self._sharing = sharing
        self._store = store
        self._now = now
        self._lock = lock
        self._finish = finish

    def begin(self, visit_id: str, *, may_share: bool, renew_card: bool) -> None:
        """Ask an identified patient; with the lock held.

        ``may_share``: a yes would open something.
        """
        self._kiosk.touch(
            asked=self._asked.consents if may_share else (),
            asks_prescription=self._asked.prescription,
            staff_called=False,
            renew_card=renew_card,
        )
        if may_share and self._is_child(visit_id):
            self._kiosk.wait_for_patient(KioskStep.GUARDIAN)
        else:
            self._go_on(visit_id)

    # -- who answers ---------------------------------------------------------------------------

    def ask_who_acts(self, visit_id: str) -> None:
        """Let one who answers for another say so, before anything was answered."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.CONSENT, KioskStep.MY_CONSENTS)
            if not self._kiosk.state.may_act:
                msg = f"who answers for visit {visit_id} is not asked any more"
                raise VisitStateError(msg)
            self._kiosk.wait_for_patient(KioskStep.GUARDIAN)

    def act_for(self, visit_id: str, acting: ActingFor | None) -> None:
        """Record who answers for the holder, None for the holder, and go on."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.GUARDIAN)
            self._records.acted_for(visit_id, acting, KIOSK)
            self._kiosk.touch(acting_told=True)
            self._go_on(visit_id)

    # -- consents ------------------------------------------------------------------------------

    def answer_all(self, visit_id: str, allow: bool) -> None:
        """Take one answer to all items together (包括同意)."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.CONSENT)
            items = self._kiosk.state.combined
            if not items:
                msg = f"visit {visit_id} is asked one by one"
                raise VisitStateError(msg)
            self._kiosk.touch(answers=dict.fromkeys(items, _decision(allow)))
            self._go_on(visit_id)

    def one_by_one(self, visit_id: str) -> None:
        """Ask each item by itself."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.CONSENT)
            self._kiosk.touch(one_by_one=True)
            self._kiosk.wait_for_patient(KioskStep.CONSENT)

    def answer_consent(self, visit_id: str, item: ConsentItem, allow: bool) -> None:
        """Take the answer to the item that is asked now."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.CONSENT)
            state = self._kiosk.state
            if state.combined or item is not state.next_item:
                msg = f"{item} is not asked now"
                raise VisitStateError(msg)
            self._kiosk.touch(answers={**state.answers, item: _decision(allow)})
            self._go_on(visit_id)

    def keep_sharing(self, visit_id: str) -> None:
        """Answer as at the earlier tap: what was shared is shared on, by a consent of now."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.MY_CONSENTS)
            # looked up again: it may have ended while the patient thought
            shared = self._sharing.of_visit(visit_id)
            if shared is None:
                self._kiosk.touch(shared=None)
                self._go_on(visit_id)
                return
            asked = self._kiosk.state.asked
            answers = {item: _decision(item in shared.items) for item in asked}
            self._kiosk.touch(answers=answers, shared=None)
            self._go_on(visit_id)

    def stop_sharing(self, visit_id: str) -> None:
        """End what is shared at once; this visit shares nothing either."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.MY_CONSENTS)
            self._sharing.stop_at_kiosk(visit_id)
            asked = self._kiosk.state.asked
            self._kiosk.touch(answers=dict.fromkeys(asked, ConsentDecision.NO), shared=None)
            self._go_on(visit_id)

    def choose_again(self, visit_id: str) -> None:
        """Ask the consents anew; what is shared stays until they are answered."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.MY_CONSENTS)
            self._kiosk.touch(shared=None, chooses_again=True)
            self._go_on(visit_id)

    # -- prescription --------------------------------------------------------------------------

    def choose_prescription(self, visit_id: str, form: PrescriptionIssue) -> None:
        """Take the form of prescription that the patient wants (処方箋発行形態)."""
        with self._lock:
            self._kiosk.require(visit_id, KioskStep.PRESCRIPTION)
            self._kiosk.touch(prescription=form)
            self._go_on(visit_id)

    # -- order ---------------------------------------------------------------------------------

    def _go_on(self, visit_id: str) -> None:
        """Ask what comes next, or end the patient's part."""
        state = self._kiosk.state
        if state.next_item is not None:
            if not state.answers and not state.chooses_again:
                shared = self._sharing.of_visit(visit_id)
                if shared is not None:
                    self._kiosk.wait_for_patient(KioskStep.MY_CONSENTS, shared=shared)
                    return
            self._kiosk.wait_for_patient(KioskStep.CONSENT)
        elif state.asked and not state.acting_told and self._is_child(visit_id):
            # the payer's answer came amid the questions and told it
            self._kiosk.wait_for_patient(KioskStep.GUARDIAN)
        elif state.asks_prescription and state.prescription is None:
            self._kiosk.wait_for_patient(KioskStep.PRESCRIPTION)
        else:
            self._kiosk.show(KioskStep.CHECKING, ends_in=ANSWER_SECONDS)
            self._finish(visit_id)

    def _is_child(self, visit_id: str) -> bool:
        """Whether the holder is known to be a child, from the card or an earlier answer."""
        today = self._now().astimezone(JAPAN).date()

        def look(tx: Transaction) -> bool:
            subject = tx.visits.get(visit_id).subject
            if not isinstance(subject, CardSubject):
                return False
            return any(is_child(born, today) for born in _births(tx, subject))

        return self._store.read(look)


def is_child(birthdate: date, today: date) -> bool:
    """Whether somebody else answers for who was born on that day."""
    had_birthday = (today.month, today.day) >= (birthdate.month, birthdate.day)
    return today.year - birthdate.year - (not had_birthday) < ANSWERS_ALONE_FROM


def _births(tx: Transaction, subject: CardSubject) -> set[date]:
    """Return the one birth date that is known of this certificate's holder, if any."""
    on_card = known_attributes(tx, subject).birthdate
    if on_card is not NOT_READ:
        return {on_card}
    answer = trusted_answer(tx, subject)
    births = {one.person.birthdate for one in answer.results} if answer else set()
    return births if len(births) == 1 else set()


def _decision(allow: bool) -> ConsentDecision:
    return ConsentDecision.YES if allow else ConsentDecision.NO
