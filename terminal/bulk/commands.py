"""What staff and the clock do with checks before the day: begin, pause, resume, cancel."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from eligibility.asking import Capability
from eligibility.calendar import JAPAN
from eligibility.errors import NotSupportedError
from eligibility.payer import Payer
from terminal.access.accounts import TERMINAL, Actor
from terminal.audit import Act, AuditEntry
from terminal.bulk.planning import in_batches, people_to_ask
from terminal.bulk.run import BulkRun, ItemState, RunOrigin, RunState, RunWay
from terminal.bulk.settings import BulkSettings
from terminal.errors import BulkStateError
from terminal.register.clinic_register import require_register
from terminal.store import Store, Transaction

log = logging.getLogger(__name__)

ENDED_TOGETHER = 100
LOOKED_AGAIN = timedelta(minutes=10)
LONGEST_LATE = timedelta(minutes=15)
"""By chance so much later than configured: the clinics of the country do not ask at one moment."""


def way_of(payer: Payer) -> RunWay:
    """Return how this payer is asked about many.  Raises NotSupportedError where it cannot be."""
    if Capability.BULK in payer.capabilities:
        return RunWay.BULK
    if Capability.BY_NUMBER in payer.capabilities:
        return RunWay.SINGLE
    raise NotSupportedError(Capability.BY_NUMBER)


class BulkCommands:
    """Changes the runs of one store.  Raises RoleError, StoreError; safe from any thread."""

    def __init__(
        self,
        store: Store,
        payer: Payer,
        now: Callable[[], datetime],
        settings: BulkSettings,
        kick: Callable[[], None],
    ) -> None:
        """``kick``: called when there is something to ask, or nothing more."""
        self._store = store
        self._payer = payer
        self._now = now
        self._settings = settings
        self._kick = kick
        # spreads desks, guards nothing
        self._quiet_until: dict[RunOrigin, datetime] = {}
        self._late = LONGEST_LATE * random.random()  # noqa: S311

    def begin(
        self, actor: Actor, day: date, *, again: bool = False, origin: RunOrigin = RunOrigin.BY_HAND
    ) -> BulkRun | None:
        """Begin to ask about the people expected on ``day``; None where there is nobody to ask.

        ``again``: also about those who were answered within the configured hours.  Raises
        BulkStateError where the day is being asked about already, or lies in the past;
        NotSupportedError.
        """
        require_register(actor)
        now = self._now()
        if day < now.astimezone(JAPAN).date():
            msg = "nobody is expected on a day that has passed"
            raise BulkStateError(msg)
        run = BulkRun(uuid.uuid4().hex, day, origin, way_of(self._payer), now, actor.id)
        fresh = None if again else self._settings.fresh
        # beside what is written for the desk meanwhile: a long list takes seconds to make
        people = self._store.read(lambda tx: people_to_ask(tx, run, now, fresh))
        if not people:
            return None
        items, batches = in_batches(run, people, self._settings.bulk_size)

        def store(tx: Transaction) -> None:
            if any(one.state in (RunState.RUNNING, RunState.PAUSED) for one in tx.bulk.of_day(day)):
                msg = f"the people expected on {day} are being asked about already"
                raise BulkStateError(msg)
            tx.bulk.add_run(run)
            tx.bulk.add_batches(batches)
            tx.bulk.add_items(items)
            reason = f"{day} {origin} {len(items)}"
            tx.audit.append(AuditEntry(Act.BULK_STARTED, actor, reason=reason))

        self._store.write(store)
        self._kick()
        return run

    def pause(self, actor: Actor, run_id: str) -> None:
        """Ask nothing more until it is resumed; what is under way is still taken."""
        self._change(actor, run_id, RunState.RUNNING, RunState.PAUSED, Act.BULK_PAUSED)

    def resume(self, actor: Actor, run_id: str) -> None:
        """Go on where it was paused."""
        self._change(actor, run_id, RunState.PAUSED, RunState.RUNNING, Act.BULK_RESUMED)

    def _change(
        self, actor: Actor, run_id: str, before: RunState, after: RunState, act: Act
    ) -> None:
        require_register(actor)

        def store(tx: Transaction) -> None:
            run = _run_in(tx, run_id, before)
            tx.bulk.save_run(replace(run, state=after, problem=None))
            tx.audit.append(AuditEntry(act, actor, reason=run.id))

        self._store.write(store)
        self._kick()

    def cancel(self, actor: Actor, run_id: str) -> None:
        """End it: who was not answered is not asked about; an answer under way is not taken."""
        require_register(actor)
        now = self._now()

        def store(tx: Transaction) -> None:
            run = _run_in(tx, run_id, RunState.RUNNING, RunState.PAUSED)
            tx.bulk.save_run(replace(run, state=RunState.CANCELLED, ended_at=now, problem=None))
            tx.audit.append(AuditEntry(Act.BULK_CANCELLED, actor, reason=run.id))

        def end_some(tx: Transaction) -> bool:
            some = tx.bulk.open_items(run_id, ENDED_TOGETHER)
            for item in some:
                tx.bulk.save_item(replace(item, state=ItemState.CANCELLED, ended_at=now))
            return bool(some)

        self._store.write(store)
        # in handfuls, so that what is stored for the desk waits for few
        while self._store.write(end_some):
            pass
        self._kick()

    def begin_due(self) -> None:
        """Begin what the configured times want, once for each day; a job calls this.

        A desk that was switched off at the time begins when it is there again on that day.
        """
        now = self._now().astimezone(JAPAN)
        today = now.date()
        if self._is_due(self._settings.evening, now):
            self._begin_once(today + timedelta(days=1), RunOrigin.EVENING)
        if self._is_due(self._settings.morning, now):
            self._begin_once(today, RunOrigin.MORNING)

    def _is_due(self, at: time | None, now: datetime) -> bool:
        if at is None:
            return False
        return now >= datetime.combine(now.date(), at, JAPAN) + self._late

    def _begin_once(self, day: date, origin: RunOrigin) -> None:
        def is_wanted(tx: Transaction) -> bool:
            under_way = any(
                one.state in (RunState.RUNNING, RunState.PAUSED) for one in tx.bulk.of_day(day)
            )
            return not under_way and not tx.bulk.began(day, origin)

        now = self._now()
        if self._quiet_until.get(origin, now) > now or not self._store.read(is_wanted):
            return
        try:
            begun = self.begin(TERMINAL, day, origin=origin)
        except (BulkStateError, NotSupportedError) as error:
            begun = None
            log.info("%s", error)
        if begun is None:
            # nobody to ask yet: a long list is not gone through each minute
            self._quiet_until[origin] = now + LOOKED_AGAIN


def _run_in(tx: Transaction, run_id: str, *states: RunState) -> BulkRun:
    run = tx.bulk.run(run_id)
    if run is None or run.state not in states:
        msg = f"there is no such check of expected patients in a state for this ({run_id})"
        raise BulkStateError(msg)
    return run
