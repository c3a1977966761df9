"""What the payer answered, and what each visit may rely on.

This is the last door before a record is bound to a person: an answer or a confirmation whose
certificate or number is not the one that the visit is about is refused here, whoever sends it.
"""

from __future__ import annotations

from dataclasses import replace

from sqlite_utils import Database

from eligibility.errors import AnswerForAnotherPersonError
from eligibility.model import Confirmation, PayerAnswer, Subject
from terminal.errors import StoreError
from terminal.store.encoding import Decoder, encode
from terminal.store.outbox import Outbox
from terminal.store.records import Records, Table
from terminal.store.subjects import is_about, is_for
from terminal.store.visits import Visits

_ANSWERS = Table("answers", "answer", Decoder(PayerAnswer))
_CONFIRMATIONS = Table("confirmations", "confirmation", Decoder(Confirmation))


class Answers:
    """The payer's answers, each with the bytes it came in."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rows = Records(db, _ANSWERS)
        self._visits = Visits(db)
        self._outbox = Outbox(db)

    def add(self, answer: PayerAnswer) -> bool:
        """Store an answer; return False where the same was stored already.

        Raises AnswerForAnotherPersonError where its subject is not that of the visit that
        asked, StoreError where the id is there with other content.
        """
        question = self._outbox.get(answer.question_id)
        if not is_for(self._visits.get(question.visit_id).subject, answer.subject):
            raise AnswerForAnotherPersonError(answer.question_id)
        stored = self._find(answer.id)
        if stored is not None:
            if stored != answer:
                msg = f"answer {answer.id} is stored already, with other content"
                raise StoreError(msg)
            return False
        self._db.execute(
            "INSERT INTO answers (id, body, original) VALUES (?, ?, ?)",
            [answer.id, encode(replace(answer, original=b"")), answer.original],
        )
        return True

    def _find(self, answer_id: str) -> PayerAnswer | None:
        answer = self._rows.find(answer_id)
        return None if answer is None else self._with_original(answer)

    def _with_original(self, answer: PayerAnswer) -> PayerAnswer:
        (original,) = self._db.execute(
            "SELECT original FROM answers WHERE id = ?", [answer.id]
        ).fetchone()
        return replace(answer, original=original)

    def get(self, answer_id: str) -> PayerAnswer:
        """Return the answer.  Raises StoreError where there is none."""
        return self._with_original(self._rows.get(answer_id))


class Confirmations:
    """The confirmations of all visits; a newer one supersedes, none is changed."""

    def __init__(self, db: Database) -> None:
        self._rows = Records(db, _CONFIRMATIONS)
        self._answers = Records(db, _ANSWERS)
        self._visits = Visits(db)

    def add(self, confirmation: Confirmation) -> bool:
        """Store a confirmation; return False where the same was stored already.

        Raises UnknownVisitError, StoreError (no such answer, or it supersedes one of another
        visit), or AnswerForAnotherPersonError where the answer's subject is not the visit's.
        """
        visit = self._visits.get(confirmation.visit_id)
        answer = self._answers.get(confirmation.answer_id)
        if not is_for(visit.subject, answer.subject):
            raise AnswerForAnotherPersonError(answer.question_id)
        if confirmation.supersedes is not None:
            former = self._rows.get(confirmation.supersedes)
            if former.visit_id != confirmation.visit_id:
                msg = f"confirmation {confirmation.id} supersedes one of another visit"
                raise StoreError(msg)
        return self._rows.add(confirmation.id, confirmation)

    def of_visit(self, visit_id: str) -> list[Confirmation]:
        """Return the visit's confirmations, the newest first."""
        return self._rows.select("WHERE visit_id = ? ORDER BY made_at DESC, rowid DESC", [visit_id])

    def live_for(self, subject: Subject, limit: int = 20) -> list[Confirmation]:
        """Return what the payer said itself of this certificate or number, the newest first.

        What a later one superseded is not among them: it no longer says anything.
        """
        about, values = is_about("answers", subject)
        return self._rows.select(
            f"""
            JOIN answers ON answers.id = confirmations.answer_id
            WHERE {about}
                AND confirmations.source IN ('live', 'pushed')
                AND NOT EXISTS (
                    SELECT 1 FROM confirmations AS later
                    WHERE later.supersedes = confirmations.id
                )
            ORDER BY confirmations.as_of DESC, confirmations.rowid DESC LIMIT ?
            """,  # noqa: S608  # a literal of this package
            [*values, limit],
        )

    def live_for_insured(
        self, insurer_number: str, insured_identification_number: str, limit: int = 20
    ) -> list[Confirmation]:
        """Return what the payer said itself in answers with this number, whatever the certificate.

        The newest first; what a later one superseded is not among them.
        """
        asked = [insurer_number, insured_identification_number]
        return self._rows.select(
            """
            JOIN answers ON answers.id = confirmations.answer_id
            WHERE confirmations.source IN ('live', 'pushed')
                AND NOT EXISTS (
                    SELECT 1 FROM confirmations AS later
                    WHERE later.supersedes = confirmations.id
                )
                AND (
                    (answers.body->>'$.results[0].insurer_number' = ? AND
                        answers.body->>'$.results[0].insured_identification_number' = ?)
                    OR (answers.body->>'$.results[1].insurer_number' = ? AND
                        answers.body->>'$.results[1].insured_identification_number' = ?)
                )
            ORDER BY confirmations.as_of DESC, confirmations.rowid DESC LIMIT ?
            """,
            [*asked, *asked, limit],
        )
