"""A desk without a reader for tests: its outbox, a real store, and the simulated payer over TLS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from eligibility.model import CardSubject, Confirmation, Consent, ConsentDecision
from eligibility.payer import HolderEvidence, IdentificationMethod, Payer, ProofKind
from eligibility.retry import AskingPolicy, Breaker
from terminal.access.accounts import KIOSK, Actor, Role
from terminal.card.certificates import CertificateVerifier
from terminal.consent import Disclosure
from terminal.consent_rules import CONSENT_LIVES
from terminal.deciding import Deciding
from terminal.disaster import DisasterMode
from terminal.emergency_desk import EmergencyDesk
from terminal.enquiry_desk import EnquiryDesk
from terminal.events import EventBus
from terminal.identification import AttributesSource, Identification, VisualReason
from terminal.oral_consent import OralConsents
from terminal.payer.enquiries import Enquiries, new_question
from terminal.payer.freshness import Freshness
from terminal.payer.line import PayerLine, SideLine
from terminal.payer.question import Question, QuestionKind, QuestionState
from terminal.payer.recheck import Recheck
from terminal.store import Store, Transaction
from terminal.views import ConsentItem
from terminal.visit import CloseReason, VisitEvent, after
from terminal.visit_records import VisitRecords
from tests.clinic import wait_for

RECEPTION = Actor("suzuki", Role.RECEPTION, "鈴木")
KEY = bytes(range(32))
STORE_ID = "store-of-outbox"


def is_answered(question: Question) -> bool:
    """Whether the payer answered it."""
    return question.state is QuestionState.ANSWERED


class DeskOutbox:
    """Asks for cards that staff looked at; ``now`` is the desk's clock."""

    def __init__(
        self,
        path: Path,
        payer: Payer,
        anchor: bytes,
        now: Callable[[], datetime],
        freshness: Freshness = Freshness.ALWAYS,
    ) -> None:
        """``path``: of the store, made where there is none; ``anchor``: PEM of the cards' CA."""
        if not path.exists():
            Store.create(path, KEY, STORE_ID)
        self.now = now
        self.store = Store.open(
            path,
            KEY,
            STORE_ID,
            desk_id="desk-1",
            now=now,
            # a clock that stands or leaps is the test's, and not to be told
            monotonic=lambda: now().timestamp(),
        )
        self.bus = EventBus()
        self.disaster = DisasterMode(self.store, self.bus, now)
        self.records = VisitRecords(self.store, self.bus, now, "desk-1")
        self.line = line = PayerLine(AskingPolicy(), Breaker(), now)
        self.disclosure = Disclosure(
            self.store, payer, self.bus, now, SideLine(line, AskingPolicy(), Breaker(), now)
        )
        self.enquiries = Enquiries(
            self.store,
            payer,
            CertificateVerifier([anchor], allow_test=True),
            self.bus,
            now,
            on_change=self.disclosure.advance,
            line=line,
            freshness=freshness,
            may_ask_by_name=self.disaster.is_on,
        )
        self.enquiry_desk = EnquiryDesk(
            self.store, payer, self.bus, now, self.enquiries.kick, desk_id="desk-1"
        )
        self.oral_consents = OralConsents(self.store, payer, self.disclosure, self.bus, now)
        self.emergencies = EmergencyDesk(self.store, payer, self.disclosure, self.bus, now)
        self.deciding = Deciding(self.store, self.bus, now, freshness)
        self.recheck = Recheck(self.store, now, self.enquiries.kick)

    def start(self) -> None:
        """Begin to ask."""
        self.enquiries.start()
        self.disclosure.start()

    def stop(self) -> None:
        """Stop asking and close the store."""
        self.enquiries.stop()
        self.disclosure.stop()
        self.store.close()

    def commits(self, certificate: bytes, subject: CardSubject) -> Question:
        """Open a visit, identify its holder by a look, and commit the question."""
        visit = self.records.open(subject)
        evidence = HolderEvidence(
            IdentificationMethod.STAFF_VISUAL, ProofKind.CERTIFICATE_ONLY, self.now()
        )
        identification = Identification(
            visit_id=visit.id,
            evidence=evidence,
            actor=RECEPTION.id,
            certificate=certificate,
            attributes_source=AttributesSource.PAYER,
            reason=VisualReason.PIN_FORGOTTEN,
        )
        self.records.identify(identification, subject, RECEPTION)
        return self.question(visit.id)

    def asks(self, certificate: bytes, subject: CardSubject) -> Question:
        """Commit a question and have it sent."""
        question = self.commits(certificate, subject)
        self.enquiries.kick()
        return question

    def registers(
        self, certificate: bytes, subject: CardSubject, evidence: HolderEvidence
    ) -> Question:
        """Commit what a yes to 健康保険証利用登録 leads to, and have it sent.

        ``evidence``: by PIN, signed by the card.
        """
        visit = self.records.open(subject)
        identification = Identification(
            visit_id=visit.id,
            evidence=evidence,
            actor=KIOSK.id,
            certificate=certificate,
            attributes_source=AttributesSource.PAYER,
        )
        question = replace(
            new_question(identification, subject, self.now()), kind=QuestionKind.CARD_REGISTRATION
        )

        def store(tx: Transaction) -> None:
            tx.visits.save(after(visit, VisitEvent.IDENTIFY, staff_need=None))
            tx.identifications.add(identification)
            tx.outbox.add(question)

        self.store.write(store)
        self.enquiries.kick()
        return question

    def consents(
        self, visit_id: str, decision: ConsentDecision = ConsentDecision.NO
    ) -> Consent | None:
        """Let the patient answer each item alike, and go."""
        self.records.finish(visit_id, CloseReason.COMPLETED, dict.fromkeys(ConsentItem, decision))
        self.disclosure.advance(visit_id)
        return self.store.read(lambda tx: tx.consents.of_visit(visit_id))

    @property
    def is_idle(self) -> bool:
        """Whether the payer has been told and asked all that there is."""
        if self.store.read(lambda tx: tx.outbox.waiting_count()):
            return False
        given = self.store.read(lambda tx: tx.consents.given_since(self.now() - CONSENT_LIVES))
        return not any(
            self.disclosure.is_fetching(one.visit_id) or self.disclosure.waits(one.visit_id)
            for one in given
        )

    def question(self, visit_id: str) -> Question:
        """Return the visit's question as it stands."""
        question = self.store.read(lambda tx: tx.outbox.of_visit(visit_id))
        assert question is not None
        return question

    def confirmations(self, visit_id: str) -> list[Confirmation]:
        """Return the visit's confirmations, the newest first."""
        return self.store.read(lambda tx: tx.confirmations.of_visit(visit_id))

    def sees(self, question: Question, fits: Callable[[Question], bool], what: str) -> Question:
        """Wait until the question is as described, and return it."""

        def look() -> Question | None:
            found = self.question(question.visit_id)
            return found if fits(found) else None

        return wait_for(look, what)
