"""Card visits at the institution's national reader, taken into the desk by the payer's word.

Who the holder is was established there, and what the patient allowed was said there: the desk
takes both as the payer tells them and says so.  Such a visit is taken once, however often it is
told: its id is the payer's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime

from eligibility.asking import Capability, NumberQuestion, PushedVisit
from eligibility.benefits import RegisteredConsent
from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory, InformationConsent, PrescriptionIssue
from eligibility.errors import (
    AnswerForAnotherPersonError,
    EligibilityError,
    PayerUnavailableError,
)
from eligibility.model import (
    ConfirmationSource,
    Consent,
    ConsentChannel,
    ConsentDecision,
    NumberSubject,
    PayerAnswer,
)
from eligibility.payer import HolderEvidence, IdentificationMethod, Payer, ProofKind
from terminal.access.accounts import PAYER
from terminal.audit import Act, AuditEntry
from terminal.confirming import Confirming
from terminal.consent_rules import CONSENT_LIVES
from terminal.errors import StoreError, VisitStateError
from terminal.events import EventBus, Topic
from terminal.identification import AttributesSource, Identification
from terminal.payer.asked import pushed_question
from terminal.payer.told import ToldFile
from terminal.store import Store, Transaction
from terminal.visit import CloseReason, StaffNeed, Visit, VisitOrigin, VisitState

log = logging.getLogger(__name__)

WAIT_SECONDS = 5.0
AFTER_FAULT = 5.0

_CONSENTS = {
    ConsentCategory.TKK: "specific_health_checkups_info",
    ConsentCategory.YZK: "pharmacists_info",
    ConsentCategory.SRJ: "diagnosis_info",
    ConsentCategory.SHJ: "operation_info",
}


class PushedVisitDesk:
    """Waits for such visits and stores each; does nothing where the adapter tells none.

    ``on_visit``: called with the id of a visit that was taken with an answer.
    """

    def __init__(
        self,
        store: Store,
        payer: Payer,
        confirming: Confirming,
        bus: EventBus,
        now: Callable[[], datetime],
        on_visit: Callable[[str], None],
        *,
        desk_id: str,
    ) -> None:
        """``desk_id``: the desk whose visits these are."""
        self._store = store
        self._payer = payer
        self._confirming = confirming
        self._bus = bus
        self._now = now
        self._on_visit = on_visit
        self._desk_id = desk_id
        self._cut_off = False
        self._stopping = threading.Event()
        self._taker = threading.Thread(target=self._run, name="pushed-visits", daemon=True)

    def start(self) -> None:
        """Begin to take visits, where the payer's adapter tells any."""
        if Capability.PUSHED_VISITS in self._payer.capabilities:
            self._taker.start()

    def stop(self) -> None:
        """Take no more; a visit under way is taken whole or by the next run."""
        self._stopping.set()
        if self._taker.ident is not None:
            self._taker.join()

    @property
    def is_cut_off(self) -> bool:
        """Whether no visit can be told now: who taps at the other reader comes into no list."""
        return self._cut_off

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                visit = self._payer.next_pushed_visit(WAIT_SECONDS)
                self._hears(None)
                if visit is not None and not self._stopping.is_set():
                    self.take(visit)
            except PayerUnavailableError as error:
                self._hears(error)
                self._stopping.wait(AFTER_FAULT)
            except (EligibilityError, StoreError) as error:
                log.warning("card visits at the other reader are looked for again: %s", error)
                self._stopping.wait(AFTER_FAULT)
            except Exception:
                # one fault must not end all taking
                log.exception("card visits at the other reader are looked for again after a fault")
                self._stopping.wait(AFTER_FAULT)

    def _hears(self, trouble: PayerUnavailableError | None) -> None:
        """Note whether visits are told, and say so once where it has changed."""
        if self._cut_off == (trouble is not None):
            return
        self._cut_off = trouble is not None
        if trouble is None:
            log.warning("card visits at the other reader are told again")
        else:
            log.warning("card visits at the other reader cannot be told: %s", trouble)
        self._bus.publish(Topic.DEVICE)

    def take(self, visit: PushedVisit) -> None:
        """Store a visit with all that it says, in one transaction, and tell the payer's side.

        Raises StoreError, and then it is told again.
        """
        try:
            new = self._store.write(lambda tx: self._store_visit(tx, visit))
        except (VisitStateError, AnswerForAnotherPersonError):
            log.exception("card visit %s cannot be taken", visit.id)
            entry = AuditEntry(Act.PUSHED_VISIT_REFUSED, PAYER, reason=visit.id)
            self._store.write(lambda tx: tx.audit.append(entry))
            new = False
        self._payer.settle_pushed_visit(visit)
        if new:
            self._bus.publish(Topic.VISIT, visit.id)
            if visit.answer is not None:
                self._on_visit(visit.id)

    def _store_visit(self, tx: Transaction, pushed: PushedVisit) -> bool:
        """Store it all; return False where this was done already."""
        if tx.visits.has(pushed.id):
            return False
        now, answer = self._now(), pushed.answer
        if answer is None:
            self._store_nobody(tx, pushed, now)
            return True
        subject = answer.subject
        if not isinstance(subject, NumberSubject):
            msg = f"card visit {pushed.id} names nobody by an insured number"
            raise VisitStateError(msg)
        told_at = _not_ahead(answer.process_execution_time or now, now)
        chosen = answer.prescription_issue_select
        prescription = chosen if isinstance(chosen, PrescriptionIssue) else None
        tx.visits.add(
            Visit(
                id=pushed.id,
                desk_id=self._desk_id,
                origin=VisitOrigin.PUSHED,
                opened_at=now,
                # what the patient had to do was done at the other reader
                state=VisitState.FINISHED,
                subject=subject,
                closed_at=now,
                close_reason=CloseReason.COMPLETED,
                prescription=prescription,
            )
        )
        tx.identifications.add(
            Identification(
                visit_id=pushed.id,
                evidence=HolderEvidence(
                    IdentificationMethod.PAYER_ASSERTED, ProofKind.NONE, told_at
                ),
                actor=PAYER.id,
                certificate=b"",
                attributes_source=AttributesSource.PAYER,
            )
        )
        asked = NumberQuestion(pushed.id, subject, told_at.astimezone(JAPAN).date())
        tx.outbox.add(pushed_question(asked, now))
        for act, reason in (
            (Act.VISIT_OPENED, VisitOrigin.PUSHED.value),
            (Act.IDENTIFIED, IdentificationMethod.PAYER_ASSERTED.value),
        ):
            tx.audit.append(AuditEntry(act, PAYER, pushed.id, subject=subject, reason=reason))
        if prescription is not None:
            tx.audit.append(
                AuditEntry(
                    Act.PRESCRIPTION_CHOSEN, PAYER, pushed.id, reason=prescription.name.lower()
                )
            )
        self._confirming.confirm(tx, pushed.id, asked, answer, ConfirmationSource.PUSHED)
        consent = consent_of(answer, pushed.id, now)
        if consent is not None:
            tx.consents.add(consent)
            tx.audit.append(
                AuditEntry(
                    Act.CONSENT_GIVEN, PAYER, pushed.id, consent_id=consent.id, subject=subject
                )
            )
        return True

    def _store_nobody(self, tx: Transaction, pushed: PushedVisit, now: datetime) -> None:
        """Store that somebody was there for whom the payer found no qualification (該当資格なし).

        Who it was is not told: staff find out, and ask by number.  As no answer holds what was
        told, the file itself is kept with the visit.
        """
        visit = Visit(
            id=pushed.id,
            desk_id=self._desk_id,
            origin=VisitOrigin.PUSHED,
            opened_at=now,
            state=VisitState.WITH_STAFF,
            staff_need=StaffNeed.NO_QUALIFICATION,
        )
        tx.visits.add(visit)
        tx.told_files.add(ToldFile(pushed.id, pushed.told_as, now, pushed.original))
        for act, reason in (
            (Act.VISIT_OPENED, VisitOrigin.PUSHED.value),
            (Act.STAFF_CALLED, StaffNeed.NO_QUALIFICATION.value),
        ):
            tx.audit.append(AuditEntry(act, PAYER, pushed.id, reason=reason))


def consent_of(answer: PayerAnswer, visit_id: str, now: datetime) -> Consent | None:
    """Return what the patient allowed at the other reader, None where the answer says nothing.

    A category is allowed only where every result that speaks of it says so.  The consent ends with
    the earliest AvailableTime, and never later than 24 h after it was given; one without a time
    counts from the moment at which the payer told it.
    """
    stated = {
        category: _stated(name, answer)
        for category, name in _CONSENTS.items()
        if _stated(name, answer)
    }
    if not stated:
        return None
    decisions = dict.fromkeys(ConsentCategory, ConsentDecision.NOT_ASKED)
    for category, consents in stated.items():
        allowed = all(one.flag is InformationConsent.GIVEN for one in consents)
        decisions[category] = ConsentDecision.YES if allowed else ConsentDecision.NO
    open_ones = [
        one
        for category, consents in stated.items()
        if decisions[category] is ConsentDecision.YES
        for one in consents
    ]
    fallback = _not_ahead(answer.process_execution_time or now, now)
    given_at = max(_times((one.consent_time for one in open_ones), now), default=fallback)
    earliest = min(_times((one.consent_time for one in open_ones), now), default=given_at)
    ends = [one.available_time for one in open_ones if one.available_time is not None]
    return Consent(
        id=f"c-{visit_id}",
        visit_id=visit_id,
        subject=answer.subject,
        decisions=decisions,
        given_at=given_at,
        ends_at=min([*ends, earliest + CONSENT_LIVES]),
        channel=ConsentChannel.PAYER,
        payer_ref=visit_id,
    )


def _stated(name: str, answer: PayerAnswer) -> list[RegisteredConsent]:
    return [
        consent for coverage in answer.results if (consent := getattr(coverage, name)) is not None
    ]


def _times(moments: Iterable[datetime | None], now: datetime) -> list[datetime]:
    return [_not_ahead(one, now) for one in moments if one is not None]


def _not_ahead(moment: datetime, now: datetime) -> datetime:
    """Return a moment of the payer's clock, or ours where it runs a little ahead of us.

    What it says of a later time is not believed: nothing was given in the future.
    """
    return min(moment, now)
