"""The outbox: questions to the payer, committed before they are sent."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from terminal.errors import VisitStateError
from terminal.payer.question import Question, QuestionState
from terminal.store.encoding import Decoder, decode_moment, encode_moment
from terminal.store.records import Records, Table

_TABLE = Table("questions", "question", Decoder(Question))
_WAITING = "state IN ('pending', 'sent')"
_SAID_BY_THE_PAYER = frozenset({QuestionState.ANSWERED, QuestionState.REFUSED})


class Outbox:
    """The questions of this store."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rows = Records(db, _TABLE)

    def add(self, question: Question) -> bool:
        """Store a new question; return False where the same was stored already."""
        return self._rows.add(question.id, question)

    def save(self, question: Question) -> None:
        """Store what became of a question.

        Raises VisitStateError where the payer has answered or refused it already: a late result
        overwrites neither.  One that was given to staff may be asked again.
        """
        stored = self._rows.get(question.id)
        if stored.state in _SAID_BY_THE_PAYER and stored != question:
            msg = f"question {question.id} has ended already ({stored.state})"
            raise VisitStateError(msg)
        self._rows.replace(question.id, question)

    def get(self, question_id: str) -> Question:
        """Return the question.  Raises StoreError where there is none."""
        return self._rows.get(question_id)

    def has(self, question_id: str) -> bool:
        """Whether there is a question with this id."""
        return self._rows.find(question_id) is not None

    def due(self, now: datetime) -> list[Question]:
        """Return the questions to be sent by ``now``, the longest waiting first."""
        return self._rows.select(
            f"WHERE {_WAITING} AND next_at <= ? ORDER BY next_at, rowid", [encode_moment(now)]
        )

    def waiting(self) -> list[Question]:
        """Return all questions without an answer, the longest waiting first."""
        return self._rows.select(f"WHERE {_WAITING} ORDER BY next_at, rowid")

    def of_visit(self, visit_id: str) -> Question | None:
        """Return the visit's newest question, or None."""
        return self._rows.first(
            "WHERE visit_id = ? ORDER BY created_at DESC, rowid DESC", [visit_id]
        )

    def all_of_visit(self, visit_id: str) -> list[Question]:
        """Return the visit's questions, the oldest first."""
        return self._rows.select("WHERE visit_id = ? ORDER BY created_at, rowid", [visit_id])

    def next_due(self) -> datetime | None:
        """Return when the next question is to be sent, or None where none waits."""
        (moment,) = self._db.execute(
            f"SELECT min(next_at) FROM questions WHERE {_WAITING}"  # noqa: S608  # a literal above
        ).fetchone()
        return None if moment is None else decode_moment(moment)

    def waiting_count(self) -> int:
        """Return how many questions have no answer yet."""
        (count,) = self._db.execute(
            f"SELECT count(*) FROM questions WHERE {_WAITING}"  # noqa: S608  # a literal above
        ).fetchone()
        return int(count)
