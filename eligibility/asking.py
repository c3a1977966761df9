"""Ways to ask without a card, and what a payer adapter may be able to do beside single questions.

No answer to any of these opens medical data by itself: a number or a name proves nobody's consent.
In disaster mode it may name whom a consent by mouth can be registered for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from eligibility.model import NumberSubject, PayerAnswer, PersonSubject


class Capability(StrEnum):
    """What an adapter can do; a call beyond that raises NotSupportedError."""

    BY_CARD = "by-card"
    """資格確認 by card, with challenges, consents and registration of cards."""
    BY_NUMBER = "by-number"
    """資格確認 by insured number and birth date (資格確認書, 被保険者証)."""
    BY_PERSON = "by-person"
    """資格確認 by name, birth date and sex: in disaster mode only."""
    BULK = "bulk"
    """一括照会 in two steps: reception number, then download."""
    PUSHED_VISITS = "pushed-visits"
    """Card visits at another reader of the institution, told unasked."""
    HISTORY = "history"
    CONSENT_END = "consent-end"
    """Consents that end before their time can be told."""
    ORAL_CONSENT = "oral-consent"
    """Consents by mouth of people found without a card, in disaster mode (災害時) only."""
    WITHOUT_CONSENT = "without-consent"
    """History where life is at stake and nobody can be asked, in disaster mode only."""
    REFERENCE_NUMBERS = "reference-numbers"
    """Registration of 照会番号."""
    REFERENCE_NUMBERS_TOGETHER = "reference-numbers-together"
    """Registration of several in two steps: reception number, then download."""


@dataclass(frozen=True, slots=True)
class NumberQuestion:
    """資格確認 by insured number: is this number insured on this day?

    ``id`` is the idempotency key.  ``limit_consent``: 限度額情報提供同意, whether the high-cost
    limit may be told (no consent is needed since 2024, so yes unless said otherwise).
    """

    id: str
    subject: NumberSubject
    qualification_confirmation_date: date
    limit_consent: bool = True


@dataclass(frozen=True, slots=True)
class PersonQuestion:
    """資格確認 by name, birth date and sex, in disaster mode (災害時) only.

    ``id`` is the idempotency key.  Several people may answer to it; all are told, none is chosen.
    """

    id: str
    subject: PersonSubject
    qualification_confirmation_date: date


@dataclass(frozen=True, slots=True)
class BulkQuestion:
    """一括照会: many questions by number, sent at once; ``id`` is the idempotency key of all."""

    id: str
    questions: tuple[NumberQuestion, ...]
    qualification_confirmation_date: date


@dataclass(frozen=True, slots=True)
class BulkReception:
    """受付番号: the payer took a bulk question, and where to fetch its answers."""

    bulk_id: str
    reception_number: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class BulkAnswers:
    """What a bulk question brought: an answer for each question that the payer answered.

    ``missing``: ids of questions that the payer left out; nothing is known of them.
    ``original``: the whole file as it came; each answer's own original is its part of it.
    """

    reception: BulkReception
    answers: tuple[PayerAnswer, ...]
    missing: tuple[str, ...] = ()
    original: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ReferenceNumberRegistration:
    """照会番号: the institution's own number of a patient, which comes back with each answer.

    ``id`` is the idempotency key.
    """

    id: str
    subject: NumberSubject
    reference_number: str


@dataclass(frozen=True, slots=True)
class ReferenceNumberBatch:
    """Registrations of 照会番号, handed in together; ``id`` is the idempotency key of all."""

    id: str
    registrations: tuple[ReferenceNumberRegistration, ...]


@dataclass(frozen=True, slots=True)
class ReferenceNumberResult:
    """What became of one registration; ``code`` and ``message`` are the payer's, verbatim."""

    registration_id: str
    accepted: bool
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class PushedVisit:
    """A card visit at the institution's national reader, told unasked (顔認証付きカードリーダー).

    ``id``: the same for the same visit however often it is told.  ``answer``: the payer's, with
    the consents that the patient gave there; None where the payer found no qualification (該当資格
    なし) and so names nobody.  Who the holder is rests on the payer's word alone.
    ``original``: the bytes in which it was told.
    """

    id: str
    told_as: str
    """Name of the file it came in."""
    answer: PayerAnswer | None
    original: bytes = field(repr=False)
