"""Ways to ask without a card, and what a payer adapter may be able to do beside single questions.

No answer to any of these opens medical data by itself: a number or a name proves nobody's consent.
In disaster mode it may name whom a consent by mouth can be registered for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from eligibility.model import NumberSubject, PayerAnswer, PersonSubject


class ListKind(StrEnum):
    """Lists that the payer keeps for an institution."""

    ASSISTANCE = "assistance"
    """医療扶助: people with a 医療券・調剤券 for this institution."""
    HOME_VISITS = "home-visits"
    """訪問診療等: people who consented at home."""
    ONLINE = "online"
    """オンライン診療等: people who consented for an online examination."""


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
    LISTS = "lists"
    """Lists that the payer keeps for the institution, in the same two steps."""


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
class ListQuestion:
    """Who stands on a list of the payer's?  ``id`` is the idempotency key.

    ``first``, ``last``: the days that it is about, both included; of ASSISTANCE it is the month
    that they lie in, as tickets (医療券) are of months.  ``by_examination``: the days are those of
    the examination (受診日), else those of the consent; of ONLINE only.

    Raises ValueError for days in the wrong order, more than a month of ASSISTANCE, and examinations
    of another list.
    """

    id: str
    kind: ListKind
    first: date
    last: date
    by_examination: bool = False

    def __post_init__(self) -> None:
        if self.last < self.first:
            msg = "a span of days ends before it begins"
            raise ValueError(msg)
        months = {(one.year, one.month) for one in (self.first, self.last)}
        if self.kind is ListKind.ASSISTANCE and len(months) > 1:
            msg = "tickets are asked for by one month"
            raise ValueError(msg)
        if self.by_examination and self.kind is not ListKind.ONLINE:
            msg = "only online examinations are asked for by their day"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Listed:
    """Everybody on a list; nobody asked for them, so each answer's subject is its own person.

    ``unnamed``: entries that name nobody by a number, or more than one person; they stand in
    ``original`` alone.
    """

    reception: BulkReception
    answers: tuple[PayerAnswer, ...]
    unnamed: int = 0
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
