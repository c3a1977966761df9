"""Checks of many people before they come: runs, their people, and what the payer answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from sqlite_utils import Database

from eligibility.errors import AnswerForAnotherPersonError
from eligibility.model import NumberSubject, PayerAnswer
from eligibility.subjects import number_key
from terminal.bulk.run import (
    OPEN_ITEMS,
    BulkBatch,
    BulkItem,
    BulkRun,
    Progress,
    RunOrigin,
)
from terminal.errors import StoreError
from terminal.store.encoding import Decoder, encode, encode_moment
from terminal.store.records import Records, Table

_RUNS = Table("bulk_runs", "bulk run", Decoder(BulkRun))
_ITEMS = Table("bulk_items", "person of a bulk run", Decoder(BulkItem))
_BATCHES = Table("bulk_batches", "part of a bulk run", Decoder(BulkBatch))
_ANSWERS = Table("bulk_answers", "answer of a bulk run", Decoder(PayerAnswer))
_OPEN = "state IN ('waiting', 'sent')"


class Bulk:
    """The bulk runs of this store."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._runs = Records(db, _RUNS)
        self._items = Records(db, _ITEMS)
        self._batches = Records(db, _BATCHES)
        self._answers = Records(db, _ANSWERS)

    # -- runs --

    def add_run(self, run: BulkRun) -> bool:
        """Store a new run; return False where the same was stored already."""
        return self._runs.add(run.id, run)

    def save_run(self, run: BulkRun) -> None:
        """Store a changed run."""
        self._runs.replace(run.id, run)

    def run(self, run_id: str) -> BulkRun | None:
        """Return the run, or None."""
        return self._runs.find(run_id)

    def running(self) -> BulkRun | None:
        """Return the oldest run that goes on, or None."""
        return self._runs.first("WHERE state = 'running' ORDER BY started_at, rowid")

    def of_day(self, day: date) -> list[BulkRun]:
        """Return the runs for the people expected on a day, the newest first."""
        return self._runs.select(
            "WHERE day = ? ORDER BY started_at DESC, rowid DESC", [day.isoformat()]
        )

    def began(self, day: date, origin: RunOrigin) -> bool:
        """Whether such a run was begun for that day."""
        found = self._runs.first("WHERE day = ? AND origin = ?", [day.isoformat(), origin.value])
        return found is not None

    # -- people --

    def add_items(self, items: Iterable[BulkItem]) -> None:
        """Store the people of a new run."""
        self._db.conn.executemany(
            "INSERT INTO bulk_items (id, body) VALUES (?, ?)",
            [(one.id, encode(one)) for one in items],
        )

    def save_item(self, item: BulkItem) -> None:
        """Store what became of a person's question.

        Raises StoreError where it has ended already: a late result overwrites nothing.
        """
        stored = self._items.get(item.id)
        if stored.state not in OPEN_ITEMS and stored != item:
            msg = f"the question {item.id} has ended already ({stored.state})"
            raise StoreError(msg)
        self._items.replace(item.id, item)

    def item(self, item_id: str) -> BulkItem | None:
        """Return the person, or None."""
        return self._items.find(item_id)

    def next_item(self, run_id: str) -> BulkItem | None:
        """Return whom to ask about next: the least tried first, in the order of appointments."""
        return self._items.first(
            f"WHERE run_id = ? AND {_OPEN} ORDER BY attempts, position", [run_id]
        )

    def open_items(self, run_id: str, limit: int) -> list[BulkItem]:
        """Return the first people of a run without an answer."""
        return self._items.select(f"WHERE run_id = ? AND {_OPEN} LIMIT ?", [run_id, limit])

    def items_of_batch(self, batch_id: str) -> list[BulkItem]:
        """Return the people of one part, in the order of appointments."""
        return self._items.select("WHERE batch_id = ? ORDER BY position", [batch_id])

    def items_of_day(self, day: date) -> dict[str, BulkItem]:
        """Return the newest of each person expected on a day, by key."""
        rows = self._items.select("WHERE day = ? ORDER BY rowid", [day.isoformat()])
        return {one.key: one for one in rows if one.state != "cancelled"}

    def progress(self, run_id: str) -> Progress:
        """Return how far a run got."""
        rows = self._db.execute(
            "SELECT state, changed, count(*) FROM bulk_items WHERE run_id = ? "
            "GROUP BY state, changed",
            [run_id],
        ).fetchall()

        def of(*states: str, changed: bool | None = None) -> int:
            return sum(
                count
                for state, is_changed, count in rows
                if state in states and (changed is None or bool(is_changed) is changed)
            )

        return Progress(
            waiting=of("waiting", "sent"),
            answered=of("answered"),
            changed=of("answered", changed=True),
            failed=of("refused", "failed"),
            cancelled=of("cancelled"),
        )

    # -- parts handed in together --

    def add_batches(self, batches: Iterable[BulkBatch]) -> None:
        """Store the parts of a new run."""
        for one in batches:
            self._batches.insert(one.id, one)

    def save_batch(self, batch: BulkBatch) -> None:
        """Store how far a part got."""
        self._batches.replace(batch.id, batch)

    def batch(self, batch_id: str) -> BulkBatch | None:
        """Return the part, or None."""
        return self._batches.find(batch_id)

    def open_batches(self, run_id: str) -> list[BulkBatch]:
        """Return the parts of a run that are not at their end."""
        return self._batches.select(
            "WHERE run_id = ? AND state <> 'ended' ORDER BY number", [run_id]
        )

    # -- answers --

    def add_answer(self, answer: PayerAnswer) -> bool:
        """Store an answer with its bytes; return False where the same was stored already.

        Raises AnswerForAnotherPersonError where it is for somebody else than was asked about,
        StoreError where there is another for the same question.
        """
        item = self._items.get(answer.question_id)
        if item.subject != answer.subject:
            raise AnswerForAnotherPersonError(answer.question_id)
        stored = self.answer_to(item.id)
        if stored is not None:
            if stored != answer:
                msg = f"the question {item.id} has another answer already"
                raise StoreError(msg)
            return False
        self._db.execute(
            "INSERT INTO bulk_answers (id, body, original) VALUES (?, ?, ?)",
            [answer.id, encode(replace(answer, original=b"")), answer.original],
        )
        return True

    def answer_to(self, item_id: str) -> PayerAnswer | None:
        """Return the answer to one question, or None."""
        answer = self._answers.first("WHERE question_id = ?", [item_id])
        if answer is None:
            return None
        (original,) = self._db.execute(
            "SELECT original FROM bulk_answers WHERE id = ?", [answer.id]
        ).fetchone()
        return replace(answer, original=original)

    def answered_of_patient(self, patient_number: str, before: date) -> list[BulkItem]:
        """Return what was answered of a patient for days before ``before``, the newest first."""
        return self._items.select(
            "WHERE patient_number = ? AND day < ? AND state = 'answered' "
            "ORDER BY ended_at DESC LIMIT 5",
            [patient_number, before.isoformat()],
        )

    def answered_of_key(self, key: str, before: date) -> list[BulkItem]:
        """Return what was answered of a person for days before ``before``, the newest first."""
        return self._items.select(
            "WHERE key = ? AND day < ? AND state = 'answered' ORDER BY ended_at DESC LIMIT 5",
            [key, before.isoformat()],
        )

    def answered_since(self, patient_number: str, since: datetime) -> BulkItem | None:
        """Return the newest answer of a patient from ``since`` on, or None."""
        return self._items.first(
            "WHERE patient_number = ? AND state = 'answered' AND ended_at >= ? "
            "ORDER BY ended_at DESC",
            [patient_number, encode_moment(since)],
        )

    def answered_about(self, subject: NumberSubject, before: datetime) -> BulkItem | None:
        """Return the newest answer about exactly this number before ``before``, or None."""
        insurer, *rest = number_key(subject)
        return self._items.first(
            """
            WHERE insurer_number = ? AND state = 'answered' AND ended_at < ?
                AND body->>'$.subject.birthdate' = ?
                AND folded(number) = ?
                AND folded(body->>'$.subject.insured_card_symbol') = ?
                AND folded(body->>'$.subject.insured_branch_number') = ?
            ORDER BY ended_at DESC
            """,
            [insurer, encode_moment(before), *rest],
        )

    def answered_under(self, insurer_number: str, number: str, since: datetime) -> list[BulkItem]:
        """Return what was asked by this insured number and answered from ``since`` on."""
        return self._items.select(
            "WHERE insurer_number = ? AND number = ? AND state = 'answered' AND ended_at >= ? "
            "ORDER BY ended_at DESC LIMIT 20",
            [insurer_number, number, encode_moment(since)],
        )
