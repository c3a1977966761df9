"""The payer over FHIR R4 as an :class:`~eligibility.payer.Payer` (docs/fhir-profile.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

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
from eligibility.errors import (
    AnswerForAnotherPersonError,
    ConsentRequiredError,
    NotSupportedError,
    PayerProtocolError,
    PayerRefusedError,
)
from eligibility.fhir import (
    consents,
    documents,
    emergencies,
    questions,
    reference_numbers,
    registrations,
    without_card,
)
from eligibility.fhir.answers import ADAPTER, Question, read_answer
from eligibility.fhir.connection import Answer, Connection, TlsFiles, deadline
from eligibility.fhir.outcomes import CONSENT_MISSING, refusal_in
from eligibility.fhir.wire import Json, write_json
from eligibility.history import History, Record
from eligibility.model import Consent, PayerAnswer
from eligibility.payer import CardQuestion, CardRegistration, Challenge, ConsentReceipt

ROWS_PER_PAGE = 200
MOST_PAGES = 50
HISTORY_FACTOR = 3
"""A whole history may take this many times as long as one answer."""

_URL = re.compile(r"[!-~]+", re.ASCII)
_MEDIA_TYPE = "application/fhir+json"
_ASKING = (("Accept", _MEDIA_TYPE), ("Accept-Encoding", "identity"))


class PayerSettings(BaseModel):
    """Where the payer is and what proves both sides (section ``[payer]``).

    ``base_url``: https address that ends in ``/fhir``.  ``ca_file``: PEM, the only authority that
    may vouch for the payer.  ``client_certificate``, ``client_key``: PEM, the institution's.
    Times in seconds: to open a connection, and for one whole answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(description="https address of the payer's FHIR service, ends in `/fhir`")
    ca_file: Path = Field(description="PEM file: the only authority that may vouch for the payer")
    client_certificate: Path = Field(description="PEM file: this institution's certificate")
    client_key: Path = Field(description="PEM file: the private key of that certificate")
    connect_seconds: float = Field(3, gt=0, le=60, description="seconds to open a connection")
    answer_seconds: float = Field(10, gt=0, le=120, description="seconds for one whole answer")

    @field_validator("base_url")
    @classmethod
    def _https(cls, value: str) -> str:
        parts = urlsplit(value)
        if (
            parts.scheme != "https"
            or not parts.hostname
            or parts.username is not None
            or parts.query
            or parts.fragment
            or not value.isascii()
        ):
            msg = "an https:// address without user, query or fragment"
            raise ValueError(msg)
        _ = parts.port  # raises ValueError where it is no port
        return value.rstrip("/")


class FhirPayer:
    """Asks the payer; safe to share between threads.  Every call raises eligibility.errors."""

    name = ADAPTER
    capabilities = frozenset(
        (
            Capability.BY_CARD,
            Capability.BY_NUMBER,
            Capability.BY_PERSON,
            Capability.HISTORY,
            Capability.CONSENT_END,
            Capability.ORAL_CONSENT,
            Capability.WITHOUT_CONSENT,
            Capability.REFERENCE_NUMBERS,
        )
    )

    def __init__(
        self,
        settings: PayerSettings,
        institution_code: str | None = None,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """``institution_code``: told in the question, so that the payer can refuse a mix-up."""
        self._settings = settings
        self._institution_code = institution_code
        self._now = now
        self._connection = Connection(
            TlsFiles(settings.ca_file, settings.client_certificate, settings.client_key),
            connect_seconds=settings.connect_seconds,
            answer_seconds=settings.answer_seconds,
            now=now,
        )

    def close(self) -> None:
        """Release connections."""
        self._connection.close()

    def check_reachable(self) -> None:
        """Return if the payer answers over mutual TLS and speaks our profile."""
        questions.check_capability(self._get(self._address("metadata")))

    def issue_challenge(self) -> Challenge:
        """Ask the payer for a fresh challenge."""
        return questions.read_challenge(
            self._post("$issue-challenge", {"resourceType": "Parameters"})
        )

    def ask(self, question: CardQuestion) -> PayerAnswer:
        """Ask whether the card's holder is insured."""
        return self._submit(question, questions.write_question(question, self._institution_code))

    def ask_by_number(self, question: NumberQuestion) -> PayerAnswer:
        """Ask by insured number whether somebody is insured; names no patient of the payer's."""
        return self._submit(
            question, without_card.write_number_question(question, self._institution_code)
        )

    def ask_by_person(self, question: PersonQuestion) -> PayerAnswer:
        """Ask by name, birth date and sex; refused outside disaster mode by the payer too."""
        return self._submit(
            question, without_card.write_person_question(question, self._institution_code)
        )

    def _submit(self, question: Question, resource: Json) -> PayerAnswer:
        body = self._post(
            "CoverageEligibilityRequest/$submit", resource, idempotency_key=question.id
        )
        return read_answer(
            body,
            question,
            received_at=self._now(),
            institution_code=self._institution_code,
        )

    def start_bulk(self, question: BulkQuestion) -> BulkReception:
        """Not known to our profile: many questions are asked one by one."""
        raise NotSupportedError(Capability.BULK)

    def collect_bulk(self, question: BulkQuestion, reception: BulkReception) -> BulkAnswers:
        """Not known to our profile."""
        raise NotSupportedError(Capability.BULK)

    def start_list(self, question: ListQuestion) -> BulkReception:
        """Not known to our profile."""
        raise NotSupportedError(Capability.LISTS)

    def collect_list(self, question: ListQuestion, reception: BulkReception) -> Listed:
        """Not known to our profile."""
        raise NotSupportedError(Capability.LISTS)

    def register_reference_numbers(
        self, registrations: Sequence[ReferenceNumberRegistration]
    ) -> tuple[ReferenceNumberResult, ...]:
        """Register the institution's own numbers of patients; idempotent by their ids.

        So many as the profile takes go in one call.  Where a call fails, those before it are
        registered, and all may be sent again.
        """
        results: list[ReferenceNumberResult] = []
        for start in range(0, len(registrations), reference_numbers.MOST_REGISTRATIONS):
            some = registrations[start : start + reference_numbers.MOST_REGISTRATIONS]
            body = self._post(
                "$register-reference-numbers", reference_numbers.write_reference_numbers(some)
            )
            results += reference_numbers.read_reference_number_results(body, some)
        return tuple(results)

    def start_registrations(self, batch: ReferenceNumberBatch) -> BulkReception:
        """Not known to our profile: several go in one call."""
        raise NotSupportedError(Capability.REFERENCE_NUMBERS_TOGETHER)

    def collect_registrations(
        self, batch: ReferenceNumberBatch, reception: BulkReception
    ) -> tuple[ReferenceNumberResult, ...]:
        """Not known to our profile."""
        raise NotSupportedError(Capability.REFERENCE_NUMBERS_TOGETHER)

    def next_pushed_visit(self, timeout: float) -> PushedVisit | None:
        """Not known to our profile."""
        raise NotSupportedError(Capability.PUSHED_VISITS)

    def settle_pushed_visit(self, visit: PushedVisit) -> None:
        """Not known to our profile."""
        raise NotSupportedError(Capability.PUSHED_VISITS)

    def register_card(self, registration: CardRegistration) -> datetime:
        """Register a card as an insurance card; return since when it is one."""
        body = self._post(
            "$register-card",
            registrations.write_registration(registration),
            idempotency_key=registration.id,
        )
        return registrations.read_registered(body, registration)

    def register_consent(
        self, consent: Consent, payer_patient: str, prescription: PrescriptionIssue | None = None
    ) -> ConsentReceipt:
        """Tell the payer what the patient allowed; idempotent by the consent's id."""
        body = self._post("Consent", consents.write_consent(consent, payer_patient, prescription))
        return consents.read_consent_receipt(body, consent, payer_patient)

    def open_without_consent(self, access: EmergencyAccess) -> ConsentReceipt:
        """Tell the payer that life is at stake and nobody can be asked; idempotent by its id."""
        body = self._post("$open-without-consent", emergencies.write_emergency(access))
        return emergencies.read_emergency_receipt(body, access)

    def end_consent(self, consent: Consent) -> None:
        """Tell the payer that a registered consent was withdrawn; may come twice."""
        resource = consents.write_end(consent)
        path = f"Consent/{quote(consent.payer_ref or '', safe='')}"
        consents.check_ended(self._post(path, resource, method="PUT"), consent)

    def fetch_history(self, ground: HistoryGround, category: ConsentCategory) -> History:
        """Fetch one category whole, or raise and return nothing of it.

        Raises ConsentRequiredError, before a byte is sent, unless ``ground`` opens ``category``
        now, which is looked at again before each page; also where the payer holds no such consent
        any more.  Errors about the answer do not carry it: medical data must not end where errors
        are kept.
        """
        patient = ground.payer_patient
        if not ground.allows(category, self._now()) or patient is None:
            raise ConsentRequiredError(category.value)
        calls = documents.calls_of(category)
        if not calls:
            msg = f"the profile has no history of category {category.value}"
            raise PayerProtocolError(msg)
        records: list[Record] = []
        try:
            with deadline(HISTORY_FACTOR * self._settings.answer_seconds):
                for call in calls:
                    records += self._pages(ground, call, patient)
        except PayerProtocolError as error:
            raise PayerProtocolError(str(error)) from None
        except PayerRefusedError as error:
            if error.code == CONSENT_MISSING:
                raise ConsentRequiredError(category.value) from None
            raise PayerRefusedError(error.code, error.words) from None
        except AnswerForAnotherPersonError:
            raise AnswerForAnotherPersonError(ground.id) from None
        return History.of_category(ground.id, self._now(), category, records)

    def _pages(
        self, ground: HistoryGround, call: documents.HistoryCall, patient: str
    ) -> list[Record]:
        records: list[Record] = []
        rows = 0
        seen: set[str] = set()
        query = (("patient", patient), *call.parameters, ("_count", str(ROWS_PER_PAGE)))
        first = "&".join(f"{name}={quote(value, safe='/')}" for name, value in query)
        url: str | None = f"{self._address(call.resource_type)}?{first}"
        while url is not None:
            if not ground.allows(call.category, self._now()):
                raise ConsentRequiredError(call.category.value)
            if url in seen or len(seen) >= MOST_PAGES:
                msg = f"the payer's list does not end (page {len(seen) + 1})"
                raise PayerProtocolError(msg)
            seen.add(url)
            page = documents.read_page(self._get(url), call, patient, ground.id)
            records += page.records
            rows += page.rows
            url = page.next_url
            if url is not None:
                self._check_own(url)
            elif page.total not in (None, rows):
                msg = f"the payer's list has {rows} rows and says {page.total}"
                raise PayerProtocolError(msg)
        return records

    def _check_own(self, url: str) -> None:
        """Raise PayerProtocolError for a link that leaves the payer's own address."""
        if not url.startswith(f"{self._settings.base_url}/") or not _URL.fullmatch(url):
            msg = "the payer's list goes on at a foreign address"
            raise PayerProtocolError(msg)

    def _address(self, path: str) -> str:
        return f"{self._settings.base_url}/{path}"

    def _get(self, url: str) -> bytes:
        return _accepted(self._connection.exchange("GET", url, _ASKING))

    def _post(
        self,
        path: str,
        resource: Json,
        *,
        idempotency_key: str | None = None,
        method: str = "POST",
    ) -> bytes:
        headers = [*_ASKING, ("Content-Type", _MEDIA_TYPE)]
        if idempotency_key is not None:
            headers.append(("Idempotency-Key", idempotency_key))
        answer = self._connection.exchange(
            method, self._address(path), headers, write_json(resource)
        )
        return _accepted(answer)


def _accepted(answer: Answer) -> bytes:
    """Return the body of a success; raises PayerRefusedError or PayerProtocolError.

    An OperationOutcome with an error is a refusal whatever its HTTP status.
    """
    try:
        refusal = refusal_in(answer.body)
    except PayerProtocolError:
        if answer.status in (200, 201):
            raise
        refusal = None
    if refusal is not None:
        raise refusal
    if answer.status not in (200, 201):
        msg = f"the payer answered HTTP {answer.status} without a reason"
        raise PayerProtocolError(msg, original=answer.body)
    return answer.body
