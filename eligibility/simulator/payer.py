"""The payer's own decisions: challenges, proofs, answers, consents and what they open.

State is kept in memory: after a restart challenges, consents and answers are unknown, and the
refusals say so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from eligibility.calendar import JAPAN
from eligibility.history import Record
from eligibility.model import (
    AnswerOutcome,
    CardSubject,
    NumberSubject,
    Subject,
)
from eligibility.payer import (
    IdentificationMethod,
    ProofKind,
    may_register,
)
from eligibility.simulator import wire
from eligibility.simulator.answering import make_answer, next_person, other_subject
from eligibility.simulator.bodies import invalid
from eligibility.simulator.card_records import CardRecords
from eligibility.simulator.cards import CardRegistry, CheckedCertificate, check_signature
from eligibility.simulator.challenges import CLOCK_DIFFERENCE, WINDOW, Challenges
from eligibility.simulator.consents import Consents, RegisteredConsent, digest_of, read_consent
from eligibility.simulator.disaster import DisasterAreas
from eligibility.simulator.emergencies import Emergencies, read_emergency
from eligibility.simulator.evidence import ReceivedEvidence
from eligibility.simulator.faults import Fault, FaultKind
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.names import RefusalCode
from eligibility.simulator.people import Person
from eligibility.simulator.population import Population
from eligibility.simulator.questions_without_card import (
    QuestionWithoutCard,
    asks_without_card,
    read_question_without_card,
    read_reference_numbers,
)
from eligibility.simulator.recorded import asked_category, recorded
from eligibility.simulator.reference_numbers import ReferenceNumbers
from eligibility.simulator.refusals import RefusalError
from eligibility.simulator.registrations import read_registration
from eligibility.simulator.requests import (
    Question,
    read_question,
)
from eligibility.simulator.searching import (
    holding_by_number,
    holding_by_person,
    people_by_number,
)

ANSWERS_KEPT = timedelta(days=7)
_DAYS_BACK = 31

# (proof, method) → whether history may be opened by consent; what is not here is refused
GRANTS_HISTORY: dict[tuple[ProofKind, IdentificationMethod], bool] = {
    (ProofKind.AUTH_KEY, IdentificationMethod.FACE): True,
    (ProofKind.AUTH_KEY, IdentificationMethod.PIN): True,
    (ProofKind.AUTH_KEY, IdentificationMethod.STAFF_VISUAL): True,
    (ProofKind.OWN_KEY, IdentificationMethod.FACE): True,
    (ProofKind.OWN_KEY, IdentificationMethod.STAFF_VISUAL): True,
    (ProofKind.OWN_KEY, IdentificationMethod.NONE): False,
    (ProofKind.CERTIFICATE_ONLY, IdentificationMethod.STAFF_VISUAL): True,
    (ProofKind.CERTIFICATE_ONLY, IdentificationMethod.FACE): False,
}


@dataclass(frozen=True, slots=True)
class _StoredAnswer:
    digest: bytes
    answer: wire.Json
    at: datetime


@dataclass(slots=True)
class _State:
    """What a restart forgets."""

    answers: dict[tuple[str, str], _StoredAnswer] = field(default_factory=dict)
    # person → since when their card is registered as an insurance card here
    registered: dict[str, datetime] = field(default_factory=dict)
    registrations: dict[tuple[str, str], _StoredAnswer] = field(default_factory=dict)


class SimulatedPayer:
    """One payer with its population; every call raises RefusalError; thread-safe."""

    def __init__(
        self,
        population: Population,
        cards: CardRegistry,
        now: Callable[[], datetime],
        records: CardRecords,
    ) -> None:
        self.population = population
        self.cards = cards
        self.records = records
        self.now = now
        self._lock = threading.Lock()
        self._state = _State()
        self.disaster = DisasterAreas()
        self._challenges = Challenges()
        self._consents = Consents()
        self._emergencies = Emergencies()
        self._reference_numbers = ReferenceNumbers(population.people)

    def forget(self) -> None:
        """Lose all state, as a restart does."""
        with self._lock:
            self._state = _State()
        self._challenges.forget()
        self._consents.forget()
        self._emergencies.forget()
        self._reference_numbers.forget()

    def issue_challenge(self, institution: str) -> wire.Json:
        """Return fresh Parameters for one signature by a card at ``institution``."""
        now = self.now()
        with self._lock:
            self._forget_old(now)
        self._consents.forget_old(now, ANSWERS_KEPT)
        return self._challenges.issue(institution, now)

    def _forget_old(self, now: datetime) -> None:
        state = self._state
        state.answers = {
            key: stored for key, stored in state.answers.items() if stored.at > now - ANSWERS_KEPT
        }

    def _check_proof(
        self,
        evidence: ReceivedEvidence,
        institution: str,
        certificate: CheckedCertificate,
        person: Person,
    ) -> None:
        """Refuse what was not issued, is too old, or was signed by another key."""
        challenge = evidence.challenge
        if challenge is None:
            return
        self._challenges.check(challenge, institution, self.now())
        if evidence.own_key is None:
            check_signature(certificate.public_key, challenge.value, challenge.signature)
        else:
            # the register knows no other holder than the one it has for this certificate
            own_key = self.records.check(evidence.own_key, person.linked or person)
            check_signature(own_key, challenge.value, challenge.signature)

    # questions

    def answer(
        self, institution: str, key: str, parsed: dict[str, Any], fault: Fault | None = None
    ) -> wire.Json:
        """Answer a CoverageEligibilityRequest; the same key and body have one answer."""
        if asks_without_card(parsed):
            return self._answer_without_card(institution, key, parsed, fault)
        question = read_question(parsed, key)
        digest = digest_of(parsed)
        stored = self._checked(institution, question, digest)
        if stored is not None:
            return stored
        now = self.now()
        history = GRANTS_HISTORY.get((question.evidence.proof, question.evidence.method))
        if history is None:
            raise RefusalError(RefusalCode.PROOF_INSUFFICIENT)
        certificate, person = self._holder(question.certificate, question.subject, now)
        self._check_proof(question.evidence, institution, certificate, person)
        with self._lock:
            registered = person.insurance_card or person.id in self._state.registered
        if not registered:
            raise RefusalError(RefusalCode.NOT_REGISTERED)
        if fault is not None and fault.kind is FaultKind.REFUSE:
            raise RefusalError(RefusalCode.REFUSED)
        answer = self._answer_to_card(question, institution, person, now, fault)
        with self._lock:
            earlier = self._stored_answer(institution, question.id, digest)
            if earlier is not None:  # asked twice at the same time
                return earlier
            self._challenges.use(question.evidence.challenge, institution, question.id, now)
            if answer["outcome"] in (AnswerOutcome.QUEUED, AnswerOutcome.ERROR):
                return answer
            self._state.answers[institution, question.id] = _StoredAnswer(digest, answer, now)
            if history and not certificate.in_grace and "reference" in answer["patient"]:
                patient_id = (person.linked or person).patient_id
                self._consents.identify(institution, patient_id, now)
        return answer

    def _holder(
        self, der: bytes, subject: CardSubject, now: datetime
    ) -> tuple[CheckedCertificate, Person]:
        certificate = self.cards.check(der, subject, now)
        person = self.population.person(certificate.person_id)
        if person is None:
            raise RefusalError(RefusalCode.CERTIFICATE_UNKNOWN)
        return certificate, person

    def register_card(
        self, institution: str, key: str, parsed: dict[str, Any], fault: Fault | None = None
    ) -> wire.Json:
        """Register a card as an insurance card; the same key and body have one answer."""
        request = read_registration(parsed, key)
        digest = digest_of(parsed)
        now = self.now()
        with self._lock:
            stored = self._state.registrations.get((institution, request.id))
        if stored is not None:
            if stored.digest != digest:
                raise RefusalError(RefusalCode.IDEMPOTENCY_CONFLICT)
            return stored.answer
        age = now - request.agreed_at
        if age >= WINDOW or age < -CLOCK_DIFFERENCE:
            raise invalid("agreed-at: older than 24 h or in the future")
        if not may_register(request.evidence.method, request.evidence.proof):
            raise RefusalError(RefusalCode.PROOF_INSUFFICIENT)
        certificate, person = self._holder(request.certificate, request.subject, now)
        if certificate.in_grace:
            raise RefusalError(RefusalCode.CERTIFICATE_EXPIRED)
        self._check_proof(request.evidence, institution, certificate, person)
        if fault is not None and fault.kind is FaultKind.REFUSE:
            raise RefusalError(RefusalCode.REFUSED)
        with self._lock:
            self._challenges.use(request.evidence.challenge, institution, request.id, now)
            since = self._state.registered.setdefault(person.id, now)
            answer = wire.registered_card(request.id, request.subject, since)
            self._state.registrations[institution, request.id] = _StoredAnswer(digest, answer, now)
        return answer

    def _stored_answer(self, institution: str, question_id: str, digest: bytes) -> wire.Json | None:
        """Return the answer to this very question; call with the lock held."""
        stored = self._state.answers.get((institution, question_id))
        if stored is None:
            return None
        if stored.digest != digest:
            raise RefusalError(RefusalCode.IDEMPOTENCY_CONFLICT)
        return stored.answer

    def _answer_to_card(
        self,
        question: Question,
        institution: str,
        person: Person,
        now: datetime,
        fault: Fault | None,
    ) -> wire.Json:
        subject: Subject = question.subject
        today = now.astimezone(JAPAN).date()
        if fault is not None and fault.kind is FaultKind.ANOTHER_PATIENT:
            subject = other_subject(subject)
            person = next_person(self.population.people, person, today)
        holder = (person.linked or person).patient_id
        chosen = self._consents.prescription_of(institution, holder, now) or person.prescription
        return make_answer(
            wire.Echo(question.id, subject, institution, question.serviced_date),
            holding_of(person, today),
            replace(person, prescription=chosen),
            self._reference_numbers.of(institution, person),
            now,
            fault,
        )

    # without a card

    def _answer_without_card(
        self, institution: str, key: str, parsed: dict[str, Any], fault: Fault | None
    ) -> wire.Json:
        """Answer a question by number or by person: nobody is identified by it.

        In disaster mode one person who was found is named, so that a consent can be theirs.
        """
        question = read_question_without_card(parsed, key)
        digest = digest_of(parsed)
        stored = self._checked(institution, question, digest)
        if stored is not None:
            return stored
        now = self.now()
        today = now.astimezone(JAPAN).date()
        subject: Subject = question.subject
        people = self.population.born_on(question.subject.birthdate)
        if isinstance(question.subject, NumberSubject):
            holding, person = holding_by_number(
                people, question.subject, today, limit_consent=question.limit_consent
            )
        else:
            self._require_disaster(institution)
            holding, person = holding_by_person(people, question.subject, today)
        if fault is not None and fault.kind is FaultKind.REFUSE:
            raise RefusalError(RefusalCode.REFUSED)
        if fault is not None and fault.kind is FaultKind.ANOTHER_PATIENT:
            subject = other_subject(subject)
        reference = None if person is None else self._reference_numbers.of(institution, person)
        echo = wire.Echo(question.id, subject, institution, question.serviced_date)
        disaster = self.disaster.is_on(institution)
        answer = make_answer(echo, holding, person, reference, now, fault, disaster=disaster)
        with self._lock:
            earlier = self._stored_answer(institution, question.id, digest)
            if earlier is not None:  # asked twice at the same time
                return earlier
            if answer["outcome"] not in (AnswerOutcome.QUEUED, AnswerOutcome.ERROR):
                self._state.answers[institution, question.id] = _StoredAnswer(digest, answer, now)
                if disaster and person is not None and "reference" in answer["patient"]:
                    self._consents.find(institution, person.patient_id, now)
        return answer

    def _require_disaster(self, institution: str) -> None:
        if not self.disaster.is_on(institution):
            raise RefusalError(RefusalCode.DISASTER_MODE_OFF)

    def _checked(
        self, institution: str, question: Question | QuestionWithoutCard, digest: bytes
    ) -> wire.Json | None:
        """Return the stored answer to this question, if any; refuse another's, or another day's."""
        if question.institution not in (None, institution):
            raise RefusalError(RefusalCode.INSTITUTION_MISMATCH)
        with self._lock:
            stored = self._stored_answer(institution, question.id, digest)
        today = self.now().astimezone(JAPAN).date()
        if stored is None and not -_DAYS_BACK <= (question.serviced_date - today).days <= 1:
            raise invalid("servicedDate")
        return stored

    def register_reference_numbers(self, institution: str, parsed: dict[str, Any]) -> wire.Json:
        """Register an institution's own numbers of patients; the same id has one result."""
        today = self.now().astimezone(JAPAN).date()
        return wire.reference_number_results(
            [
                self._reference_numbers.register(
                    institution,
                    one,
                    people_by_number(
                        self.population.born_on(one.subject.birthdate), one.subject, today
                    ),
                )
                for one in read_reference_numbers(parsed)
            ]
        )

    # consent

    def register_consent(self, institution: str, parsed: dict[str, Any]) -> tuple[wire.Json, bool]:
        """Register a Consent; return it and whether it is new."""
        request = read_consent(parsed)
        if self.population.patient(request.patient_id) is None:
            raise RefusalError(RefusalCode.PATIENT_UNKNOWN)
        if request.oral is not None:
            self._require_disaster(institution)
        return self._consents.register(institution, request, self.now())

    def open_without_consent(self, institution: str, parsed: dict[str, Any]) -> wire.Json:
        """Open history of somebody who was found and cannot be asked, in disaster mode."""
        request = read_emergency(parsed)
        now = self.now()
        self._require_disaster(institution)
        if not self._consents.was_found(institution, request.patient_id, now):
            raise RefusalError(RefusalCode.IDENTIFICATION_MISSING)
        return self._emergencies.open(institution, request, now)

    def end_consent(self, institution: str, ref: str, parsed: dict[str, Any]) -> wire.Json:
        """End a registered Consent before its time; return it as it is now."""
        return self._consents.end(institution, ref, read_consent(parsed))

    def kept_consents(self) -> list[RegisteredConsent]:
        """Return every consent that is kept, in the order of registration."""
        return self._consents.all()

    # history

    def history(
        self, institution: str, resource: str, patient_id: str, category: str | None
    ) -> tuple[Record, ...]:
        """Return all records of one kind, newest first, if consent or an emergency opens it now.

        ``category``: as the search names it; a search for Procedure has to.
        """
        person = self.population.patient(patient_id)
        if person is None:
            raise RefusalError(RefusalCode.PATIENT_UNKNOWN)
        asked = asked_category(resource, category)
        now = self.now()
        emergency = (
            self.disaster.is_on(institution)
            and not self._consents.has_spoken(institution, patient_id, now)
            and self._emergencies.opens(institution, patient_id, asked, now)
        )
        if not emergency:
            self._consents.check(institution, patient_id, asked, now)
        return recorded(resource, asked, person, now.astimezone(JAPAN).date())
