"""Deletes what is older than it is kept: at night, by an administrator's button, by a command.

A visit goes whole, with all that hangs on it, in one transaction that also tells the audit log; so
a run that is broken off has half deleted nothing, and the next one goes on with what is left.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime

from terminal.access.accounts import TERMINAL, Actor
from terminal.access.rules import require_administrator
from terminal.audit import Act, AuditEntry
from terminal.retention.run import Counts, RetentionRun, RunStart, added, kept_from, last_due, told
from terminal.retention.settings import RetentionSettings
from terminal.store import Store, Transaction

log = logging.getLogger(__name__)

TOGETHER = 20
"""Visits in one transaction: what is stored for the desk waits for no more."""
ROWS = 500
SHOWN_RUNS = 14


@dataclass(frozen=True, slots=True)
class RetentionPreview:
    """What would be deleted now.  ``oldest``: when the oldest visit was opened that there is."""

    kept_from: date
    counts: Counts
    oldest: datetime | None


class Retaining:
    """Keeps what one store recorded for as long as is configured, and no longer."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], settings: RetentionSettings
    ) -> None:
        """``settings``: for how many years, and when it is deleted."""
        self.settings = settings
        self._store = store
        self._now = now
        self._began = now()
        self._stopping = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._by_hand = ThreadPoolExecutor(1, thread_name_prefix="retention")

    def stop(self) -> None:
        """Break off what is under way, between two visits."""
        self._stopping.set()
        self._by_hand.shutdown(wait=True, cancel_futures=True)

    @property
    def is_under_way(self) -> bool:
        """Whether something is being deleted here."""
        return self._one_at_a_time.locked()

    def preview(self, actor: Actor) -> RetentionPreview:
        """Return what a run would delete now.  Raises RoleError, StoreError."""
        require_administrator(actor)
        first = kept_from(self._now(), self.settings.years)

        def look(tx: Transaction) -> RetentionPreview:
            old = [one for group in tx.retention.old_visits(first) for one in group]
            counts = added(tx.retention.count_of_visits(old), tx.retention.count_beside(first))
            return RetentionPreview(first, counts, tx.retention.oldest())

        return self._store.read(look)

    def recent(self, actor: Actor) -> list[tuple[RetentionRun, str | None]]:
        """Return the last runs, the newest first, each with the name of who began it."""
        require_administrator(actor)

        def look(tx: Transaction) -> list[tuple[RetentionRun, str | None]]:
            names = {account.id: account.display_name for account in tx.accounts.all()}
            return [(run, names.get(run.actor)) for run in tx.retention.recent_runs(SHOWN_RUNS)]

        return self._store.read(look)

    def run_due(self) -> None:
        """Delete what is due where the night's time has come, once; a job calls this.

        What a former process did not end goes on at once.
        """
        newest, oldest = self._store.read(
            lambda tx: (tx.retention.recent_runs(1), tx.retention.oldest())
        )
        if any(run.ended_at is None and run.started_at < self._began for run in newest):
            self.run(TERMINAL, newest[0].start)
            return
        if self.settings.at is None or oldest is None:
            return
        due = last_due(self._now(), self.settings.at)
        if oldest < due and all(run.started_at < due for run in newest):
            self.run(TERMINAL, RunStart.NIGHT)

    def begin(self, actor: Actor, seconds: float) -> RetentionRun | None:
        """Delete by an administrator's word, beside the page; None where it takes longer.

        ``seconds``: for how long the end is waited for.  Raises RoleError, and StoreError where it
        fails within that time.
        """
        require_administrator(actor)
        work = self._by_hand.submit(self.run, actor, RunStart.ADMINISTRATOR)
        try:
            return work.result(seconds)
        except TimeoutError:
            work.add_done_callback(_log_fault)
            return None

    def run(self, actor: Actor, start: RunStart) -> RetentionRun:
        """Delete all that is older, and return what went.  Raises RoleError, StoreError."""
        require_administrator(actor)
        with self._one_at_a_time:
            now = self._now()
            first = kept_from(now, self.settings.years)
            run = RetentionRun(uuid.uuid4().hex, start, actor.id, first, now)
            self._store.write(lambda tx: _begin(tx, run, actor))
            for part in self._parts(first):
                if self._stopping.is_set():
                    return run
                run = self._store.write(lambda tx, run=run, part=part: part(tx, run, actor))  # type: ignore[misc]  # bound now
            ended = replace(run, ended_at=self._now())
            self._store.write(lambda tx: _end(tx, ended, actor))
            return ended

    def _parts(
        self, first: date
    ) -> Iterator[Callable[[Transaction, RetentionRun, Actor], RetentionRun]]:
        """Yield pieces of work, each for one transaction."""
        groups = self._store.read(lambda tx: tx.retention.old_visits(first))
        some: list[str] = []
        for group in groups:
            some += group
            if len(some) >= TOGETHER:
                yield _Visits(first, tuple(some))
                some = []
        if some:
            yield _Visits(first, tuple(some))
        beside = _Beside(first)
        while not beside.is_done:
            yield beside


class _Visits:
    """A handful of visits."""

    def __init__(self, first: date, visits: Sequence[str]) -> None:
        self._first = first
        self._visits = visits

    def __call__(self, tx: Transaction, run: RetentionRun, actor: Actor) -> RetentionRun:
        # looked at again: somebody may have come to rely on one of them meanwhile
        for group in tx.retention.old_visits(self._first, self._visits):
            visits = [tx.visits.get(one) for one in group]
            counts = tx.retention.delete_visits(group)
            run = run.with_more(counts)
            for visit in visits:
                tx.audit.append(
                    AuditEntry(
                        Act.VISIT_DELETED,
                        actor,
                        visit.id,
                        subject=visit.subject,
                        reason=told(counts) if len(group) == 1 else f"together:{told(counts)}",
                    )
                )
        tx.retention.save_run(run)
        return run


class _Beside:
    """Rows that are old by themselves; ``is_done`` once none is left."""

    def __init__(self, first: date) -> None:
        self._first = first
        self.is_done = False

    def __call__(self, tx: Transaction, run: RetentionRun, actor: Actor) -> RetentionRun:
        gone = tx.retention.delete_beside(self._first, ROWS)
        self.is_done = gone is None
        if gone:
            run = run.with_more(gone)
            tx.retention.save_run(run)
        return run


def _log_fault(work: Future[RetentionRun]) -> None:
    error = work.exception()
    if error is not None:
        log.error("old visits are not deleted", exc_info=error)


def _begin(tx: Transaction, run: RetentionRun, actor: Actor) -> None:
    tx.retention.add_run(run)
    words = f"{run.start.value}:{run.kept_from.isoformat()}"
    tx.audit.append(AuditEntry(Act.RETENTION_BEGUN, actor, reason=words))


def _end(tx: Transaction, run: RetentionRun, actor: Actor) -> None:
    tx.retention.save_run(run)
    tx.audit.append(AuditEntry(Act.RETENTION_ENDED, actor, reason=told(run.counts)))
