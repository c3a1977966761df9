"""健康保険証利用登録: whether a patient is asked, and what they said, written down at once.

A card that is not yet an insurance card is refused by the payer.  Who showed by PIN or face that
they are its holder is asked at the kiosk; a yes is one more question in the outbox, of a kind that
registers first and asks then.  It is committed before anything is sent, so that neither a silent
payer nor a power cut loses it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from eligibility.payer import CardQuestion, may_register
from terminal.access.accounts import KIOSK
from terminal.audit import Act, AuditEntry
from terminal.card.certificates import CertificateVerifier
from terminal.errors import CertificateRejectedError, VisitStateError
from terminal.events import EventBus, Topic
from terminal.identification import Identification
from terminal.payer.asked import QUESTION_LIVES
from terminal.payer.question import Question, QuestionKind, QuestionProblem, QuestionState
from terminal.store import Store, Transaction
from terminal.store.encoding import Decoder, encode
from terminal.visit import RegistrationAnswer

_questions = Decoder(CardQuestion)


class CardRegistrations:
    """Asks and records for one desk.  Raises StoreError, UnknownVisitError."""

    def __init__(
        self,
        store: Store,
        verifier: CertificateVerifier,
        bus: EventBus,
        now: Callable[[], datetime],
    ) -> None:
        """``verifier``: tells whether the card's certificate is still within its period."""
        self._store = store
        self._verifier = verifier
        self._bus = bus
        self._now = now

    def is_to_be_asked(self, visit_id: str) -> bool:
        """Whether the patient of this visit has to be asked now: refused, able, not asked yet."""
        return self._store.read(lambda tx: self._refused(tx, visit_id)) is not None

    def _refused(self, tx: Transaction, visit_id: str) -> Question | None:
        """Return the refused question of a visit whose patient has to be asked."""
        if tx.visits.get(visit_id).registration is not None:
            return None
        question = tx.outbox.of_visit(visit_id)
        identification = tx.identifications.of_visit(visit_id)
        if (
            question is None
            or question.state is not QuestionState.REFUSED
            or question.problem is not QuestionProblem.NOT_REGISTERED
            or identification is None
            or not self._is_enough(identification)
        ):
            return None
        return question

    def _is_enough(self, identification: Identification) -> bool:
        """Whether the payer may register the card upon this: not in grace, not by a look."""
        if not may_register(identification.method, identification.proof):
            return False
        try:
            verified = self._verifier.verify(identification.certificate, self._now())
        except CertificateRejectedError:
            return False
        return not verified.in_grace

    def agree(self, visit_id: str) -> str:
        """Record the patient's yes and commit what is to be sent; return that question's id.

        Raises VisitStateError where the patient is not to be asked.
        """
        question_id, now = uuid.uuid4().hex, self._now()

        def store(tx: Transaction) -> None:
            refused = self._refused(tx, visit_id)
            if refused is None:
                msg = f"visit {visit_id} has no card to be registered"
                raise VisitStateError(msg)
            asked = replace(_questions(refused.payload.decode()), id=question_id)
            tx.outbox.add(
                Question(
                    id=question_id,
                    kind=QuestionKind.CARD_REGISTRATION,
                    visit_id=visit_id,
                    payload=encode(asked).encode(),
                    created_at=now,
                    next_at=now,
                    expires_at=now + QUESTION_LIVES,
                )
            )
            _answered(tx, visit_id, RegistrationAnswer.AGREED, Act.REGISTRATION_AGREED)

        self._store.write(store)
        self._bus.publish(Topic.VISIT, visit_id)
        return question_id

    def decline(self, visit_id: str) -> None:
        """Record the patient's no; nothing is sent."""
        self._store.write(
            lambda tx: _answered(
                tx, visit_id, RegistrationAnswer.DECLINED, Act.REGISTRATION_DECLINED
            )
        )
        self._bus.publish(Topic.VISIT, visit_id)


def _answered(tx: Transaction, visit_id: str, answer: RegistrationAnswer, act: Act) -> None:
    visit = tx.visits.get(visit_id)
    tx.visits.save(replace(visit, registration=answer, version=visit.version + 1))
    tx.audit.append(AuditEntry(act, KIOSK, visit_id, subject=visit.subject))
