"""What is older than it is kept: found, counted, and deleted without a trace.

A visit goes with all that hangs on it, or stays.  One whose answer another visit relies on goes in
the same transaction as that one; so does what relies on it in turn.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from sqlite_utils import Database

from terminal.retention.run import Erasable, RetentionRun, added, begins
from terminal.store.encoding import Decoder, encode_moment
from terminal.store.records import Records, Table

_RUNS = Table("retention_runs", "deletion of old visits", Decoder(RetentionRun))

_BY_ID = "id IN (SELECT value FROM json_each(:ids))"
_BY_VISIT = "visit_id IN (SELECT value FROM json_each(:ids))"
_BY_CONSENT = """
    id IN (SELECT id FROM consents WHERE visit_id IN (SELECT value FROM json_each(:ids)))
"""
_BY_QUESTION = """
    question_id IN (
        SELECT id FROM questions WHERE visit_id IN (SELECT value FROM json_each(:ids))
    )
"""
OF_VISITS: tuple[tuple[str, str, Erasable | None], ...] = (
    ("histories", _BY_CONSENT, None),
    ("consents", _BY_VISIT, Erasable.CONSENTS),
    ("emergencies", _BY_VISIT, None),
    ("disclosure_calls", _BY_VISIT, None),
    ("told_files", _BY_ID, Erasable.FILES),
    ("desk_enquiries", _BY_ID, None),
    ("decisions", _BY_VISIT, Erasable.DECISIONS),
    ("confirmations", _BY_VISIT, Erasable.CONFIRMATIONS),
    ("answers", _BY_QUESTION, Erasable.ANSWERS),
    ("calls", _BY_QUESTION, None),
    ("questions", _BY_VISIT, Erasable.QUESTIONS),
    ("holders", _BY_ID, Erasable.HOLDERS),
    ("identifications", _BY_ID, None),
    ("visits", _BY_ID, Erasable.VISITS),
)
"""Every table that hangs on visits, in the order in which rows go; which; what they count as."""

_OLD = """
    opened_at < :limit AND state IN ('finished', 'abandoned')
    AND NOT EXISTS (SELECT 1 FROM questions WHERE visit_id = visits.id
        AND (state IN ('pending', 'sent') OR created_at >= :limit))
    AND NOT EXISTS (SELECT 1 FROM confirmations WHERE visit_id = visits.id AND made_at >= :limit)
    AND NOT EXISTS (SELECT 1 FROM consents WHERE visit_id = visits.id AND given_at >= :limit)
    AND NOT EXISTS (SELECT 1 FROM decisions WHERE visit_id = visits.id AND decided_at >= :limit)
"""
_RELIES = """
    SELECT old.value, confirmations.visit_id
    FROM json_each(?1) AS old
    JOIN questions ON questions.visit_id = old.value
    JOIN answers ON answers.question_id = questions.id
    JOIN confirmations ON confirmations.answer_id = answers.id
    WHERE confirmations.visit_id <> old.value
    UNION
    SELECT questions.visit_id, decisions.visit_id
    FROM decisions
    JOIN answers ON answers.id = decisions.body->>'$.answer_id'
    JOIN questions ON questions.id = answers.question_id
    WHERE decisions.visit_id <> questions.visit_id
        AND questions.visit_id IN (SELECT value FROM json_each(?1))
"""
_OLD_RUNS = "started_at < :limit AND state IN ('cancelled', 'done')"
_OLD_ITEMS = """
    run_id IN (SELECT id FROM bulk_runs
        WHERE started_at < :limit AND state IN ('cancelled', 'done'))
"""
_OLD_ITEM_ANSWERS = """
    question_id IN (SELECT bulk_items.id FROM bulk_items
        JOIN bulk_runs ON bulk_runs.id = bulk_items.run_id
        WHERE bulk_runs.started_at < :limit AND bulk_runs.state IN ('cancelled', 'done'))
"""
_NO_VISIT = """
    {moment} < :limit AND NOT EXISTS (
        SELECT 1 FROM visits
        WHERE visits.subject_serial = {table}.subject_serial
            AND visits.subject_issuer = {table}.subject_issuer
    ) AND NOT EXISTS (
        SELECT 1 FROM visits
        WHERE visits.subject_insurer = {table}.subject_insurer
            AND visits.subject_birthdate = {table}.subject_birthdate
    )
"""
_REPLACED = """
    created_at < :limit AND state NOT IN ('waiting', 'sent') AND EXISTS (
        SELECT 1 FROM reference_registrations AS newer
        WHERE newer.patient_number = reference_registrations.patient_number
            AND (newer.created_at, newer.rowid) >
                (reference_registrations.created_at, reference_registrations.rowid)
    )
"""
BESIDE: tuple[tuple[str, str, Erasable | None], ...] = (
    ("bulk_answers", _OLD_ITEM_ANSWERS, None),
    ("bulk_items", _OLD_ITEMS, Erasable.CHECKS),
    ("bulk_batches", _OLD_ITEMS, None),
    ("bulk_runs", _OLD_RUNS, None),
    ("appointments", "day < :day", Erasable.APPOINTMENTS),
    ("reference_registrations", _REPLACED, Erasable.REFERENCE_NUMBERS),
    ("reference_batches", "created_at < :limit AND state = 'ended'", None),
    ("record_links", _NO_VISIT.format(table="record_links", moment="made_at"), Erasable.ENTRIES),
    ("right_names", _NO_VISIT.format(table="right_names", moment="entered_at"), Erasable.ENTRIES),
)
"""What is old by itself, in the order in which it goes: nothing before what refers to it."""


class Retention:
    """Old rows of this store, and the runs that deleted some."""

    def __init__(self, db: Database, erasing: Callable[[], None]) -> None:
        """``erasing``: called where something is deleted that may leave no trace."""
        self._db = db
        self._erasing = erasing
        self._runs = Records(db, _RUNS)

    # -- visits --

    def old_visits(
        self, kept_from: date, among: Sequence[str] | None = None
    ) -> list[tuple[str, ...]]:
        """Return the visits to be deleted, the oldest first, those that go together as one.

        They ended before ``kept_from``, nothing of them is newer or waits for an answer, and no
        visit that stays relies on an answer to them.  ``among``: only these are looked at.
        """
        values = {"limit": encode_moment(begins(kept_from)), "among": json.dumps(among)}
        # CROSS JOIN: a handful is looked up, not the whole table gone through
        table = "visits" if among is None else "json_each(:among) CROSS JOIN visits"
        within = "" if among is None else "visits.id = json_each.value AND "
        rows = self._db.execute(
            f"SELECT visits.id FROM {table} WHERE {within}{_OLD}"  # noqa: S608  # literals above
            " ORDER BY opened_at, visits.rowid",
            values,
        )
        old = [str(row[0]) for row in rows]
        relied: defaultdict[str, set[str]] = defaultdict(set)
        for answered, relying in self._db.execute(_RELIES, [json.dumps(old)]):
            relied[answered].add(relying)
        return _together(old, relied)

    def delete_visits(self, ids: Sequence[str]) -> dict[Erasable, int]:
        """Delete these visits with all that hangs on them; return what went.

        Raises StoreError, and nothing is deleted, where something that stays refers to them.
        """
        self._erasing()
        # confirmations supersede each other, and rely on each other's answers
        self._db.execute("PRAGMA defer_foreign_keys = ON")
        counts: dict[Erasable, int] = {}
        for table, where, kind in OF_VISITS:
            gone = self._db.execute(
                f"DELETE FROM {table} WHERE {where}",  # noqa: S608  # literals above
                {"ids": json.dumps(ids)},
            ).rowcount
            if kind is not None:
                counts = added(counts, {kind: gone})
        return counts

    def count_of_visits(self, ids: Sequence[str]) -> dict[Erasable, int]:
        """Return what would go with these visits."""
        return self._count(OF_VISITS, {"ids": json.dumps(ids)})

    # -- what is old by itself --

    def count_beside(self, kept_from: date) -> dict[Erasable, int]:
        """Return how much besides visits is older; entries of holders with visits are none."""
        return self._count(BESIDE, _limits(kept_from))

    def _count(
        self, tables: Iterable[tuple[str, str, Erasable | None]], values: dict[str, str]
    ) -> dict[Erasable, int]:
        counts: dict[Erasable, int] = {}
        for table, where, kind in tables:
            if kind is not None:
                (count,) = self._db.execute(
                    f"SELECT count(*) FROM {table} WHERE {where}",  # noqa: S608  # literals above
                    values,
                ).fetchone()
                counts = added(counts, {kind: int(count)})
        return counts

    def delete_beside(self, kept_from: date, some: int) -> dict[Erasable, int] | None:
        """Delete up to ``some`` rows of what is old by itself; None once nothing is left."""
        for table, where, kind in BESIDE:
            gone = self._db.execute(
                f"DELETE FROM {table} WHERE rowid IN"  # noqa: S608  # literals above
                f" (SELECT rowid FROM {table} WHERE {where} LIMIT {some:d})",
                _limits(kept_from),
            ).rowcount
            if gone:
                self._erasing()
                return {} if kind is None else {kind: gone}
        return None

    def oldest(self) -> datetime | None:
        """Return when the oldest visit was opened, None where there is none."""
        (moment,) = self._db.execute("SELECT min(opened_at) FROM visits").fetchone()
        return None if moment is None else datetime.fromisoformat(moment)

    # -- runs --

    def add_run(self, run: RetentionRun) -> None:
        """Store a run that begins."""
        self._runs.insert(run.id, run)

    def save_run(self, run: RetentionRun) -> None:
        """Store how far a run got."""
        self._runs.replace(run.id, run)

    def recent_runs(self, limit: int) -> list[RetentionRun]:
        """Return the newest runs, the newest first."""
        return self._runs.select("ORDER BY started_at DESC, rowid DESC LIMIT ?", [limit])


def _limits(kept_from: date) -> dict[str, str]:
    return {"limit": encode_moment(begins(kept_from)), "day": kept_from.isoformat()}


def _together(old: Sequence[str], relied: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """Return ``old`` in groups that go together, without what a visit that stays relies on."""
    going = set(old)
    staying = [one for one in old if relied.get(one, set()) - going]
    while staying:
        going -= set(staying)
        staying = [one for one in going if relied.get(one, set()) - going]
    leads = {one: one for one in going}

    def lead(one: str) -> str:
        while leads[one] != one:
            leads[one] = leads[leads[one]]
            one = leads[one]
        return one

    for answered in going & relied.keys():
        for relying in relied[answered]:
            leads[lead(relying)] = lead(answered)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for one in old:
        if one in going:
            groups[lead(one)].append(one)
    return [tuple(group) for group in groups.values()]
