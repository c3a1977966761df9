"""The proof of a confirmation: what was asked and answered, when, at whose word, how fast."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from eligibility.model import Confirmation, FindingCode, PayerAnswer
from eligibility.national.unread import unread_elements, unread_in
from eligibility.national.wire import RawElement
from terminal.access.accounts import Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.confirming import is_another_person, known_attributes
from terminal.errors import AnswerWithheldError
from terminal.identification import Identification
from terminal.payer.asked import Asked, asked_by
from terminal.payer.calls import Call, DisclosureCall
from terminal.payer.question import Question
from terminal.payer.told import ToldFile
from terminal.store import Store, Transaction
from terminal.visit import Visit


@dataclass(frozen=True, slots=True)
class AskedProof:
    """One question: as it was sent, and each call, with the name of the account behind it."""

    question: Question
    asked: Asked
    calls: tuple[tuple[Call, str | None], ...]


@dataclass(frozen=True, slots=True)
class AnswerProof:
    """The answer that a confirmation stands on.

    ``bytes_count`` and ``sha256`` (hex) are of the original as it came; ``call``: the one that
    brought it, None where calls were not recorded yet.  ``of_this_visit``: whether this visit asked
    for it.  ``withheld``: it may be another person's, so nothing of it is handed out.  ``unread``:
    what it said that the terminal does not know, kept as it came.
    """

    confirmation: Confirmation
    answer_id: str
    question_id: str
    received_at: datetime
    bytes_count: int
    sha256: str
    call: Call | None
    of_this_visit: bool
    withheld: bool
    unread: tuple[RawElement, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldProof:
    """The file in which a card visit was told that has no answer; ``unread`` as in an answer."""

    file: ToldFile
    unread: tuple[RawElement, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitProof:
    """All that is kept of a visit's questions and confirmations, each the oldest first.

    ``disclosed``: the calls about its consent and history; what they brought is not kept.
    ``told``: what there is in place of an answer where the visit was told without one.
    """

    identification: Identification | None
    identified_by: str | None
    asked: tuple[AskedProof, ...]
    confirmed: tuple[AnswerProof, ...]
    disclosed: tuple[DisclosureCall, ...] = ()
    told: ToldProof | None = None


class ProofBook:
    """Shows proofs to those who may see coverage."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """``now``: the desk's clock, aware."""
        self._store = store
        self._now = now

    def of_visit(self, actor: Actor, visit_id: str) -> VisitProof:
        """Return a visit's proof.  Raises RoleError, UnknownVisitError."""
        require_coverage(actor)
        return self._store.read(lambda tx: _proof(tx, tx.visits.get(visit_id)))

    def original(self, actor: Actor, visit_id: str, answer_id: str) -> bytes:
        """Return an answer of this visit as it came, and write down who took it.

        Raises RoleError, UnknownVisitError, AnswerWithheldError where the visit does not stand on
        it or where it may be another person's.
        """
        require_coverage(actor)

        def take(tx: Transaction) -> bytes:
            visit = tx.visits.get(visit_id)
            ids = {one.answer_id for one in tx.confirmations.of_visit(visit_id)}
            if answer_id not in ids:
                msg = f"visit {visit_id} does not stand on this answer"
                raise AnswerWithheldError(msg)
            answer = tx.answers.get(answer_id)
            if _is_withheld(tx, visit, answer):
                msg = f"answer {answer_id} may be another person's"
                raise AnswerWithheldError(msg)
            tx.audit.append(
                AuditEntry(
                    Act.ORIGINAL_TAKEN, actor, visit_id, subject=visit.subject, reason=answer_id
                )
            )
            return answer.original

        return self._store.write(take)

    def told_file(self, actor: Actor, visit_id: str) -> ToldFile:
        """Return the file in which a visit without an answer was told; who took it is recorded.

        Raises RoleError, UnknownVisitError, AnswerWithheldError where there is none.
        """
        require_coverage(actor)

        def take(tx: Transaction) -> ToldFile:
            file = tx.told_files.of_visit(tx.visits.get(visit_id).id)
            if file is None:
                msg = f"no file is kept of visit {visit_id}"
                raise AnswerWithheldError(msg)
            tx.audit.append(AuditEntry(Act.ORIGINAL_TAKEN, actor, visit_id, reason=file.sha256))
            return file

        return self._store.write(take)


def _proof(tx: Transaction, visit: Visit) -> VisitProof:
    names = {account.id: account.display_name for account in tx.accounts.all()}
    identification = tx.identifications.of_visit(visit.id)
    asked = tuple(
        AskedProof(
            question,
            asked_by(question),
            tuple((call, names.get(call.actor)) for call in tx.calls.of_question(question.id)),
        )
        for question in tx.outbox.all_of_visit(visit.id)
    )
    return VisitProof(
        identification,
        None if identification is None else names.get(identification.actor),
        asked,
        tuple(_answer(tx, visit, one) for one in reversed(tx.confirmations.of_visit(visit.id))),
        tuple(tx.disclosure_calls.of_visit(visit.id)),
        _told(tx, visit),
    )


def _told(tx: Transaction, visit: Visit) -> ToldProof | None:
    file = tx.told_files.of_visit(visit.id)
    return None if file is None else ToldProof(file, unread_in(file.content))


def _answer(tx: Transaction, visit: Visit, confirmation: Confirmation) -> AnswerProof:
    answer = tx.answers.get(confirmation.answer_id)
    sha256 = hashlib.sha256(answer.original).hexdigest()
    calls = tx.calls.of_question(answer.question_id)
    withheld = _is_withheld(tx, visit, answer)
    return AnswerProof(
        confirmation=confirmation,
        answer_id=answer.id,
        question_id=answer.question_id,
        received_at=answer.received_at,
        bytes_count=len(answer.original),
        sha256=sha256,
        call=next((call for call in calls if call.reply_sha256 == sha256), None),
        of_this_visit=tx.outbox.get(answer.question_id).visit_id == visit.id,
        withheld=withheld,
        unread=() if withheld else unread_elements(answer),
    )


def _is_withheld(tx: Transaction, visit: Visit, answer: PayerAnswer) -> bool:
    """Whether the newest word on this answer, or the card itself, says it is another person's."""
    newest = next(one for one in tx.confirmations.of_visit(visit.id) if one.answer_id == answer.id)
    if any(finding.code is FindingCode.OTHER_PERSON for finding in newest.findings):
        return True
    return is_another_person(answer, known_attributes(tx, answer.subject))
