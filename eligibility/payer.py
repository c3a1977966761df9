"""The payer as the desk sees it: one protocol, whatever the wire.

A question carries what was proved about the card and its holder, and says what was not, so that
the payer can check it again.  Adapters: :mod:`eligibility.fhir`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Protocol

from eligibility.asking import (
    BulkAnswers,
    BulkQuestion,
    BulkReception,
    Capability,
    Listed,
    ListQuestion,
    NumberQuestion,
    PersonQuestion,
    PushedVisit,
    ReferenceNumberBatch,
    ReferenceNumberRegistration,
    ReferenceNumberResult,
)
from eligibility.codes import ConsentCategory, PrescriptionIssue
from eligibility.emergency import EmergencyAccess, HistoryGround
from eligibility.history import History
from eligibility.model import CardSubject, Consent, PayerAnswer


class IdentificationMethod(StrEnum):
    """How the holder was matched to the card (本人確認方法)."""

    FACE = "face"
    PIN = "pin"
    STAFF_VISUAL = "staff-visual"
    PAYER_ASSERTED = "payer-asserted"
    NONE = "none"


class ProofKind(StrEnum):
    """What the card itself proved."""

    AUTH_KEY = "auth-key"
    OWN_KEY = "own-key"
    CERTIFICATE_ONLY = "certificate-only"
    NONE = "none"


class ChallengeIssuer(StrEnum):
    """Who made the challenge that the card signed."""

    PAYER = "payer"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A value to be signed once.

    Payer's: ``reference`` is the payer's id for it.  Desk's: ``reference`` is the visit id and
    ``value`` is :func:`desk_challenge_value` of desk, visit, time and nonce, so that the payer can
    compute it again and refuse a stored signature.
    """

    value: bytes
    issuer: ChallengeIssuer
    issued_at: datetime
    reference: str
    desk_id: str | None = None
    nonce: bytes | None = None


class Unproved(StrEnum):
    """What evidence does not prove, in words that the payer is told."""

    CERTIFICATE_KEY = "certificate-key"
    """That the card holds the private key of the authentication certificate."""
    GENUINE_CARD = "genuine-card"
    """That a genuine card is there at all, and not a copy of what can be read from one."""
    HOLDER = "holder"
    """That who brought the card is its holder."""


def unproved(method: IdentificationMethod, proof: ProofKind) -> tuple[Unproved, ...]:
    """Return what evidence of this kind leaves open."""
    left = []
    if proof is not ProofKind.AUTH_KEY:
        left.append(Unproved.CERTIFICATE_KEY)
        if proof is not ProofKind.OWN_KEY:
            left.append(Unproved.GENUINE_CARD)
    if method is IdentificationMethod.NONE:
        left.append(Unproved.HOLDER)
    return tuple(left)


def desk_challenge_value(desk_id: str, visit_id: str, issued_at: datetime, nonce: bytes) -> bytes:
    """Return the 32 bytes that a desk challenge must have: SHA-256 over its circumstances."""
    moment = issued_at.astimezone(UTC).isoformat(timespec="milliseconds")
    text = "\n".join(("desk-challenge-1", desk_id, visit_id, moment, nonce.hex()))
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True)
class OwnKeyEvidence:
    """What lets the payer check the card's own key (券面事項確認) without seeing any picture.

    ``cv_certificate``: file 0004, whole (tag 7F21).  Of the record in file 0002: ``key_group``,
    the bytes of birth date, sex and own key (DF22, DF23, DF24) as they were signed;
    ``pictures_digest``, SHA-256 of the pictures of name and address (DF25, DF26);
    ``photo_digest``, SHA-256 of the photo (DF27); ``record_signature`` over the three hashes.
    """

    cv_certificate: bytes = field(repr=False)
    key_group: bytes = field(repr=False)
    pictures_digest: bytes = field(repr=False)
    photo_digest: bytes = field(repr=False)
    record_signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HolderEvidence:
    """What the desk knows of the holder, for the payer to check.

    ``signature``: PKCS#1 v1.5 with SHA-256 over ``challenge.value``, by the card's authentication
    key where ``proof`` is ``AUTH_KEY``, by its own key where it is ``OWN_KEY``; else both are
    absent.  ``own_key``: with ``OWN_KEY`` only.
    """

    method: IdentificationMethod
    proof: ProofKind
    identified_at: datetime
    challenge: Challenge | None = None
    signature: bytes | None = field(default=None, repr=False)
    own_key: OwnKeyEvidence | None = field(default=None, repr=False)

    @property
    def unproved(self) -> tuple[Unproved, ...]:
        """What this evidence leaves open."""
        return unproved(self.method, self.proof)


_REGISTERS = frozenset(
    {
        (IdentificationMethod.PIN, ProofKind.AUTH_KEY),
        (IdentificationMethod.FACE, ProofKind.AUTH_KEY),
        (IdentificationMethod.FACE, ProofKind.OWN_KEY),
    }
)

_OPENS_HISTORY = _REGISTERS | {
    (IdentificationMethod.STAFF_VISUAL, ProofKind.AUTH_KEY),
    (IdentificationMethod.STAFF_VISUAL, ProofKind.OWN_KEY),
    (IdentificationMethod.STAFF_VISUAL, ProofKind.CERTIFICATE_ONLY),
}


def may_register(method: IdentificationMethod, proof: ProofKind) -> bool:
    """Whether a card may be registered as an insurance card upon such evidence.

    The holder wants it and a genuine card says so: by PIN or face, never by a look of staff.
    """
    return (method, proof) in _REGISTERS


def may_open_history(method: IdentificationMethod, proof: ProofKind) -> bool:
    """Whether the payer opens history, by consent, upon such evidence (docs/fhir-profile.md, 4).

    A face that nothing but a readable certificate vouches for gives the standing alone; where it
    opens no history, no consent is to be asked for.
    """
    return (method, proof) in _OPENS_HISTORY


@dataclass(frozen=True, slots=True)
class CardQuestion:
    """資格確認 by card: is the holder of this certificate insured on this day?

    ``id`` is the idempotency key: the same id may be sent again and has one answer.
    ``certificate``: DER of the authentication certificate.
    """

    id: str
    certificate: bytes = field(repr=False)
    subject: CardSubject
    evidence: HolderEvidence
    qualification_confirmation_date: date


@dataclass(frozen=True, slots=True)
class CardRegistration:
    """健康保険証利用登録: the holder wants this card to be an insurance card from now on.

    ``id`` is the idempotency key, and the id of the question that is asked next: a challenge that
    was signed once serves both.  ``agreed_at``: when the holder said yes.
    """

    id: str
    certificate: bytes = field(repr=False)
    subject: CardSubject
    evidence: HolderEvidence
    agreed_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentReceipt:
    """The payer's registration of a consent, or of an access without one.

    ``available_until`` is its AvailableTime.
    """

    payer_ref: str
    available_until: datetime


class Payer(Protocol):
    """What a payer adapter can do.  Each call raises :mod:`eligibility.errors`.

    All calls may block up to the adapter's time limits; none is retried inside beyond what is
    safe (reads and questions, which carry their idempotency key).  A call whose capability is not
    among ``capabilities`` raises NotSupportedError before anything is sent.
    """

    name: str
    capabilities: frozenset[Capability]

    def check_reachable(self) -> None:
        """Return if the payer answers and speaks our profile; raise otherwise."""
        ...

    def issue_challenge(self) -> Challenge:
        """Ask the payer for a fresh challenge."""
        ...

    def ask(self, question: CardQuestion) -> PayerAnswer:
        """Ask whether the card's holder is insured.

        Raises CardNotRegisteredError where the card is not yet an insurance card.
        """
        ...

    def ask_by_number(self, question: NumberQuestion) -> PayerAnswer:
        """Ask by insured number whether somebody is insured; never opens medical data."""
        ...

    def ask_by_person(self, question: PersonQuestion) -> PayerAnswer:
        """Ask by name, birth date and sex; the answer may name several people."""
        ...

    def start_bulk(self, question: BulkQuestion) -> BulkReception:
        """Hand in many questions by number; idempotent by ``question.id``."""
        ...

    def collect_bulk(self, question: BulkQuestion, reception: BulkReception) -> BulkAnswers:
        """Fetch what a bulk question brought; may be called again.

        Raises PayerUnavailableError, with the seconds to wait, while the payer works on it.
        """
        ...

    def start_list(self, question: ListQuestion) -> BulkReception:
        """Ask for a list that the payer keeps; idempotent by ``question.id``."""
        ...

    def collect_list(self, question: ListQuestion, reception: BulkReception) -> Listed:
        """Fetch who stands on it; may be called again.

        Raises PayerUnavailableError, with the seconds to wait, while the payer works on it.
        """
        ...

    def register_reference_numbers(
        self, registrations: Sequence[ReferenceNumberRegistration]
    ) -> tuple[ReferenceNumberResult, ...]:
        """Register the institution's own numbers of patients; idempotent by their ids."""
        ...

    def start_registrations(self, batch: ReferenceNumberBatch) -> BulkReception:
        """Hand in several registrations together; idempotent by ``batch.id``."""
        ...

    def collect_registrations(
        self, batch: ReferenceNumberBatch, reception: BulkReception
    ) -> tuple[ReferenceNumberResult, ...]:
        """Fetch what became of them; may be called again.  One that is left out has no result.

        Raises PayerUnavailableError, with the seconds to wait, while the payer works on them.
        """
        ...

    def next_pushed_visit(self, timeout: float) -> PushedVisit | None:
        """Wait up to ``timeout`` seconds for a card visit that is told unasked.

        The same one is returned until :meth:`settle_pushed_visit` was called for it.
        """
        ...

    def settle_pushed_visit(self, visit: PushedVisit) -> None:
        """Say that this visit is stored, so that it need not be told again."""
        ...

    def register_card(self, registration: CardRegistration) -> datetime:
        """Register a card as an insurance card; return since when it is one.

        Idempotent by ``registration.id``, and harmless for a card that is registered already.
        """
        ...

    def register_consent(
        self, consent: Consent, payer_patient: str, prescription: PrescriptionIssue | None = None
    ) -> ConsentReceipt:
        """Tell the payer what the patient allowed, and who said it; idempotent by the consent's id.

        ``prescription``: the form of prescription (処方箋発行形態) that was chosen with it.  One by
        mouth needs ORAL_CONSENT.
        """
        ...

    def open_without_consent(self, access: EmergencyAccess) -> ConsentReceipt:
        """Tell the payer that life is at stake and nobody can be asked (同意取得困難).

        In disaster mode only; idempotent by ``access.id``.
        """
        ...

    def end_consent(self, consent: Consent) -> None:
        """Tell the payer that a registered consent was withdrawn, when and why; may come twice."""
        ...

    def fetch_history(self, ground: HistoryGround, category: ConsentCategory) -> History:
        """Fetch one category that is open; raise ConsentRequiredError where it is not open now."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...
