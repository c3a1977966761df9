"""The payer over files as an :class:`~eligibility.payer.Payer` (docs/national.md)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from eligibility.asking import (
    BulkAnswers,
    BulkQuestion,
    BulkReception,
    Capability,
    Listed,
    ListKind,
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
    RequestsNotTakenError,
)
from eligibility.history import History
from eligibility.model import Consent, NumberSubject, PayerAnswer
from eligibility.national import bulk, confirmation, lists, references
from eligibility.national.answers import ADAPTER
from eligibility.national.choosing import choose
from eligibility.national.exchange import ExchangeBook, NoBook
from eligibility.national.fetching import MEDICAL_KINDS, history_of
from eligibility.national.folder import Folder
from eligibility.national.header import identifier_of
from eligibility.national.pushed import PushedVisits
from eligibility.national.replies import Replies
from eligibility.national.requests import Requests
from eligibility.national.settings import NationalSettings
from eligibility.national.two_steps import TwoSteps
from eligibility.national.wire import BULK, XmlEncoding
from eligibility.payer import CardQuestion, CardRegistration, Challenge, ConsentReceipt

T = TypeVar("T")

log = logging.getLogger(__name__)

SINGLE_KIND = confirmation.KIND
_KINDS = (
    SINGLE_KIND,
    bulk.UPLOAD_KIND,
    bulk.DOWNLOAD_KIND,
    references.SINGLE_KIND,
    references.UPLOAD_KIND,
    references.DOWNLOAD_KIND,
    *(step(one) for one in ListKind for step in (lists.upload_kind, lists.download_kind)),
    *MEDICAL_KINDS,
)
_ALWAYS = (
    Capability.BY_NUMBER,
    Capability.BULK,
    Capability.REFERENCE_NUMBERS,
    Capability.REFERENCE_NUMBERS_TOGETHER,
    Capability.LISTS,
    Capability.HISTORY,
)
_ENCODINGS = {"utf-8": XmlEncoding.UTF_8, "shift_jis": XmlEncoding.SHIFT_JIS}
LEFTOVER_SECONDS = 60
NOT_TAKEN_SECONDS = 60


class NationalPayer:
    """Asks the payer through files; safe to share between threads.

    Every call raises eligibility.errors.
    """

    name = ADAPTER

    def __init__(
        self,
        settings: NationalSettings,
        institution_code: str,
        *,
        now: Callable[[], datetime],
        book: ExchangeBook | None = None,
    ) -> None:
        """``book``: the desk's memory of its questions, and where it keeps what is set aside.

        With one, the answers' folder is kept in order from the start; None is for programs that
        only ask.
        """
        self._settings = settings
        self._institution_code = institution_code
        self._encoding = _ENCODINGS[settings.encoding]
        self._now = now
        self._req = Folder(settings.req_dir)
        self._res = Folder(settings.res_dir)
        known = book or NoBook()
        # without a book nobody here can say whose a file is: a desk beside this program can
        shared = settings.shared or book is None
        self._replies = Replies(
            self._res,
            settings.poll_seconds,
            _KINDS,
            lambda content: identifier_of(content, BULK),
            known,
            now,
            shared=shared,
            besides=self._remove_leftovers,
            unkept=MEDICAL_KINDS,
        )
        self._requests = Requests(self._req, self._res, self._replies, settings.answer_seconds)
        self._two_steps = TwoSteps(self._requests.ask_once, institution_code, self._encoding, now)
        self._pushed: PushedVisits | None = None
        capabilities = set(_ALWAYS)
        if settings.face_dir is not None:
            capabilities.add(Capability.PUSHED_VISITS)
            self._pushed = PushedVisits(
                Folder(settings.face_dir),
                settings.poll_seconds,
                self._read_pushed,
                known,
                now,
                shared=shared,
            )
        self.capabilities = frozenset(capabilities)
        if book is not None:
            self._replies.start()

    def close(self) -> None:
        """Stop watching the folders."""
        self._replies.close()
        if self._pushed is not None:
            self._pushed.close()

    def check_reachable(self) -> None:
        """Return if the folders can be used and requests are taken from them.

        Raises FolderAwayError or RequestsNotTakenError.
        """
        settings = self._settings
        for path in (settings.req_dir, settings.res_dir, settings.face_dir):
            if path is not None:
                Folder(path).check()
        patience = max(NOT_TAKEN_SECONDS, 3 * settings.answer_seconds)
        before = self._now().timestamp() - patience
        waiting = [
            entry for entry in self._req.entries(_is_request) if entry.modified_ns / 1e9 < before
        ]
        if waiting:
            msg = f"the link application has left {len(waiting)} requests for over {patience:.0f} s"
            raise RequestsNotTakenError(msg)

    def _remove_leftovers(self) -> None:
        """Remove what a desk left that was cut off while it published a request."""
        self._req.remove_leftovers(time.time_ns() - LEFTOVER_SECONDS * 1_000_000_000)

    def ask_by_number(self, question: NumberQuestion) -> PayerAnswer:
        """Ask by insured number whether somebody is insured; never opens medical data.

        An answer that came too late for an earlier try is taken.
        """
        replies = self._requests.exchange(
            SINGLE_KIND,
            question.id,
            lambda: confirmation.write_question(question, self._institution_code, self._encoding),
        )
        received_at = self._now()
        choice = choose(
            question.id,
            replies,
            lambda content: confirmation.read_answer(
                content,
                question,
                received_at=received_at,
                institution_code=self._institution_code,
            ),
        )
        self._replies.discard(SINGLE_KIND, question.id, choice.spent)
        self._replies.set_aside(SINGLE_KIND, question.id, choice.aside, choice.reason)
        if choice.error is not None:
            raise choice.error
        assert choice.answer is not None  # noqa: S101  # one of the two is set
        return choice.answer

    # -- many at once, and reference numbers ---------------------------------------------------

    def start_bulk(self, question: BulkQuestion) -> BulkReception:
        """Hand in many questions by number; idempotent by ``question.id``."""
        return self._two_steps.hand_in(
            bulk.UPLOAD_KIND,
            question.id,
            lambda: bulk.write_question(question, self._institution_code, self._encoding),
        )

    def collect_bulk(self, question: BulkQuestion, reception: BulkReception) -> BulkAnswers:
        """Fetch what a bulk question brought."""
        return self._two_steps.fetch(
            bulk.DOWNLOAD_KIND,
            reception,
            lambda content: bulk.read_answers(
                content,
                question,
                reception,
                received_at=self._now(),
                institution_code=self._institution_code,
            ),
        )

    def start_list(self, question: ListQuestion) -> BulkReception:
        """Ask for a list that the payer keeps; idempotent by ``question.id``."""
        return self._two_steps.hand_in(
            lists.upload_kind(question.kind),
            question.id,
            lambda: lists.write_question(question, self._institution_code, self._encoding),
        )

    def collect_list(self, question: ListQuestion, reception: BulkReception) -> Listed:
        """Fetch who stands on it."""
        return self._two_steps.fetch(
            lists.download_kind(question.kind),
            reception,
            lambda content: lists.read_listed(
                content,
                reception,
                received_at=self._now(),
                institution_code=self._institution_code,
            ),
        )

    def start_registrations(self, batch: ReferenceNumberBatch) -> BulkReception:
        """Hand in several registrations together; idempotent by ``batch.id``."""
        return self._two_steps.hand_in(
            references.UPLOAD_KIND,
            batch.id,
            lambda: self._registrations(batch.registrations, batch.id),
        )

    def collect_registrations(
        self, batch: ReferenceNumberBatch, reception: BulkReception
    ) -> tuple[ReferenceNumberResult, ...]:
        """Fetch what became of them; one that the payer leaves out has no result."""
        return self._two_steps.fetch(
            references.DOWNLOAD_KIND,
            reception,
            lambda content: references.read_bulk_registered(
                content, batch.registrations, reception, institution_code=self._institution_code
            ),
        )

    def register_reference_numbers(
        self, registrations: Sequence[ReferenceNumberRegistration]
    ) -> tuple[ReferenceNumberResult, ...]:
        """Register the institution's own numbers of patients, one file for each."""
        return tuple(self._register(one) for one in registrations)

    def _register(self, registration: ReferenceNumberRegistration) -> ReferenceNumberResult:
        return self._requests.ask_once(
            references.SINGLE_KIND,
            registration.id,
            lambda: self._registrations([registration], registration.id),
            lambda content: references.read_registered(
                content, registration, institution_code=self._institution_code
            ),
        )

    def _registrations(
        self, registrations: Sequence[ReferenceNumberRegistration], request_id: str
    ) -> bytes:
        return references.write_registrations(
            registrations, request_id, self._institution_code, self._encoding
        )

    # -- consented history ---------------------------------------------------------------------

    def fetch_history(self, ground: HistoryGround, category: ConsentCategory) -> History:
        """Fetch one category whole; ``untold`` names it where the interface has none.

        Raises ConsentRequiredError, before anything is written, unless ``ground`` opens it now.
        Treatment (診療情報) comes together with medicines only, so it is fetched where both are
        allowed; operations and diagnoses are in no message whose layout is known.  Nothing of an
        answer is kept, and errors about it do not carry it.
        """
        subject = ground.subject
        if not ground.allows(category, self._now()) or not isinstance(subject, NumberSubject):
            raise ConsentRequiredError(category.value)
        request_id = f"{ground.id}-{category.value}"
        try:
            return history_of(
                category,
                ground,
                subject,
                request_id,
                self._now(),
                ask=self._requests.ask_once,
                institution_code=self._institution_code,
                encoding=self._encoding,
            )
        except PayerProtocolError as error:
            raise PayerProtocolError(str(error)) from None
        except PayerRefusedError as error:
            raise PayerRefusedError(error.code, error.words) from None
        except AnswerForAnotherPersonError:
            raise AnswerForAnotherPersonError(request_id) from None

    # -- card visits at the national reader ----------------------------------------------------

    def next_pushed_visit(self, timeout: float) -> PushedVisit | None:
        """Wait up to ``timeout`` seconds for a card visit that is told unasked."""
        return self._visits().next(timeout)

    def settle_pushed_visit(self, visit: PushedVisit) -> None:
        """Say that this visit is stored, so that it need not be told again."""
        self._visits().settle(visit)

    def _visits(self) -> PushedVisits:
        if self._pushed is None:
            raise NotSupportedError(Capability.PUSHED_VISITS)
        return self._pushed

    def _read_pushed(self, name: str, content: bytes) -> PushedVisit | None:
        """Return the visit of a file; None for one of another institution."""
        header = confirmation.read_response(content).header
        if header.medical_institution_code not in (None, self._institution_code):
            return None
        return confirmation.read_visit(
            content,
            told_as=name,
            received_at=self._now(),
            institution_code=self._institution_code,
        )

    # -- what the interface does not know ------------------------------------------------------

    def issue_challenge(self) -> Challenge:
        """Not known to the interface."""
        raise NotSupportedError(Capability.BY_CARD)

    def ask(self, question: CardQuestion) -> PayerAnswer:
        """Not known to the interface: cards are read by the institution's national reader."""
        raise NotSupportedError(Capability.BY_CARD)

    def ask_by_person(self, question: PersonQuestion) -> PayerAnswer:
        """Not known to the interface."""
        raise NotSupportedError(Capability.BY_PERSON)

    def register_card(self, registration: CardRegistration) -> datetime:
        """Not known to the interface: the national reader registers cards."""
        raise NotSupportedError(Capability.BY_CARD)

    def register_consent(
        self, consent: Consent, payer_patient: str, prescription: PrescriptionIssue | None = None
    ) -> ConsentReceipt:
        """Not known to the interface: consents are given at the national reader."""
        raise NotSupportedError(Capability.BY_CARD)

    def open_without_consent(self, access: EmergencyAccess) -> ConsentReceipt:
        """Not known to the interface, as far as its layouts are known."""
        raise NotSupportedError(Capability.WITHOUT_CONSENT)

    def end_consent(self, consent: Consent) -> None:
        """Not known to the interface: a new card visit at the national reader says what holds."""
        raise NotSupportedError(Capability.CONSENT_END)


def _is_request(name: str) -> bool:
    return "req_" in name and name.lower().endswith(".xml")
