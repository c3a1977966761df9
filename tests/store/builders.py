"""Records of invented people for the store's tests, each valid as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from eligibility.codes import ConsentCategory, QualificationValidity, Sex
from eligibility.model import (
    AnswerOutcome,
    CardSubject,
    Confirmation,
    ConfirmationSource,
    Consent,
    ConsentChannel,
    ConsentDecision,
    CopayRatio,
    Coverage,
    HolderAttributes,
    InsuredPerson,
    PayerAnswer,
)
from eligibility.payer import HolderEvidence, IdentificationMethod, ProofKind
from terminal.access.accounts import (
    KIOSK,
    EnrolmentCode,
    KioskEnrolment,
    Role,
    StaffAccount,
    StaffSession,
)
from terminal.audit import Act, AuditEntry
from terminal.identification import HolderRecord, Identification, NumberBEntry
from terminal.payer.question import Question, QuestionKind
from terminal.store import Store, Transaction
from terminal.visit import Visit, VisitOrigin

MORNING = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
TANAKA = CardSubject("CN=test,O=JPKI-TEST", "1f00")
SATO = CardSubject("CN=test,O=JPKI-TEST", "2f00")
NAME = "田中花子"
INSURED_NUMBER = "87654321"


@dataclass
class Clock:
    """A wall clock and a time since boot that go on only when told."""

    at: datetime = MORNING
    since_boot_seconds: float = 1000.0

    def now(self) -> datetime:
        """Return the wall clock's moment."""
        return self.at

    def since_boot(self) -> float:
        """Return the seconds since boot."""
        return self.since_boot_seconds

    def goes_on(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
        self.since_boot_seconds += seconds

    def is_set(self, seconds: float) -> None:
        """Move the wall clock's hands while no time passes."""
        self.at += timedelta(seconds=seconds)


def a_visit(ident: str = "v-1", **changes: Any) -> Visit:
    """Return an opened visit by Tanaka's card."""
    visit = Visit(ident, "desk-1", VisitOrigin.CARD, MORNING, subject=TANAKA)
    return replace(visit, **changes)


def a_question(ident: str = "q-1", visit_id: str = "v-1", **changes: Any) -> Question:
    """Return a question that waits to be sent."""
    question = Question(
        ident,
        QuestionKind.CARD_ELIGIBILITY,
        visit_id,
        b'{"certificate":"\xff"}',
        MORNING,
        MORNING,
        MORNING + timedelta(days=1),
    )
    return replace(question, **changes)


def an_answer(ident: str = "a-1", question_id: str = "q-1", **changes: Any) -> PayerAnswer:
    """Return the payer's answer for Tanaka."""
    person = InsuredPerson(NAME, date(1948, 2, 29), Sex.FEMALE)
    coverage = Coverage(
        person,
        None,
        "06123456",
        "テスト健康保険組合",
        insured_identification_number=INSURED_NUMBER,
        insured_branch_number="01",
        insured_partial_contribution_ratio=CopayRatio(20),
    )
    answer = PayerAnswer(
        ident,
        question_id,
        "fhir",
        MORNING,
        f'{{"name":"{NAME}"}}'.encode(),
        AnswerOutcome.COMPLETE,
        TANAKA,
        QualificationValidity.VALID,
        (coverage,),
    )
    return replace(answer, **changes)


def a_confirmation(ident: str = "c-1", visit_id: str = "v-1", **changes: Any) -> Confirmation:
    """Return what the visit may rely on."""
    confirmation = Confirmation(
        ident,
        visit_id,
        "a-1",
        MORNING,
        MORNING,
        ConfirmationSource.LIVE,
        QualificationValidity.VALID,
    )
    return replace(confirmation, **changes)


def a_consent(ident: str = "k-1", visit_id: str = "v-1", **changes: Any) -> Consent:
    """Return Tanaka's yes to medicines and no to checkups."""
    decisions = {
        ConsentCategory.YZK: ConsentDecision.YES,
        ConsentCategory.TKK: ConsentDecision.NO,
    }
    consent = Consent(
        ident,
        visit_id,
        TANAKA,
        decisions,
        MORNING,
        MORNING + timedelta(hours=24),
        ConsentChannel.KIOSK,
    )
    return replace(consent, **changes)


def an_identification(visit_id: str = "v-1", **changes: Any) -> Identification:
    """Return an identification by PIN."""
    evidence = HolderEvidence(IdentificationMethod.PIN, ProofKind.AUTH_KEY, MORNING)
    return replace(Identification(visit_id, evidence, "holder", b"\x30\x82"), **changes)


def a_holder(visit_id: str = "v-1", **changes: Any) -> HolderRecord:
    """Return what Tanaka's card says of her."""
    attributes = HolderAttributes(NAME, "東京都１", date(1948, 2, 29), Sex.FEMALE)
    record = HolderRecord(visit_id, attributes, MORNING, "s-1", NumberBEntry.STAFF)
    return replace(record, **changes)


def an_account(ident: str = "s-1", login_name: str = "suzuki", **changes: Any) -> StaffAccount:
    """Return a receptionist's account."""
    account = StaffAccount(ident, login_name, "鈴木", Role.RECEPTION, "$argon2id$x", MORNING)
    return replace(account, **changes)


def a_session(token_hash: bytes = b"\xff" * 32, **changes: Any) -> StaffSession:
    """Return a log-in of the receptionist."""
    session = StaffSession(token_hash, "s-1", MORNING, MORNING, MORNING + timedelta(hours=10))
    return replace(session, **changes)


def a_kiosk(ident: str = "kiosk-1", **changes: Any) -> KioskEnrolment:
    """Return an enrolled kiosk."""
    return replace(KioskEnrolment(ident, "desk-1", b"\xfe" * 32, MORNING), **changes)


def a_code(**changes: Any) -> EnrolmentCode:
    """Return an unused enrolment code."""
    code = EnrolmentCode(b"\xfd" * 32, "desk-1", MORNING, MORNING + timedelta(minutes=10))
    return replace(code, **changes)


def an_entry(visit_id: str | None = "v-1", **changes: Any) -> AuditEntry:
    """Return what the audit log is told of a visit."""
    return replace(AuditEntry(Act.VISIT_OPENED, KIOSK, visit_id, subject=TANAKA), **changes)


def open_visit(store: Store, ident: str, **changes: Any) -> None:
    """Store a visit and its audit row in one transaction, as the desk does."""

    def work(tx: Transaction) -> None:
        tx.visits.add(a_visit(ident, **changes))
        tx.audit.append(an_entry(ident))

    store.write(work)


def confirm_visit(
    store: Store, ident: str = "1", original: bytes = NAME.encode(), **changes: Any
) -> None:
    """Store a whole visit with question, answer and confirmation, ids v-, q-, a-, c-``ident``."""
    visit = a_visit(f"v-{ident}", **changes)
    answer = an_answer(f"a-{ident}", f"q-{ident}", subject=visit.subject, original=original)

    def work(tx: Transaction) -> None:
        tx.visits.add(visit)
        tx.outbox.add(a_question(f"q-{ident}", visit.id))
        tx.answers.add(answer)
        tx.confirmations.add(a_confirmation(f"c-{ident}", visit.id, answer_id=answer.id))
        tx.audit.append(an_entry(visit.id, act=Act.CONFIRMED))

    store.write(work)
