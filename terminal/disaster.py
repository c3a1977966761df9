"""Disaster mode (災害時): while it is on, staff may ask the payer by name, birth date and sex.

Only an administrator switches it, with a reason and an end, and each step is in the audit log.
Nothing has to switch it off: whoever uses it looks at the clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from eligibility.numbers import IndividualNumberError, refuse_individual_number
from terminal.access.accounts import Actor
from terminal.access.rules import require_administrator
from terminal.audit import Act, AuditEntry
from terminal.disaster_period import LONGEST, DisasterPeriod
from terminal.errors import DisasterModeOffError, DisasterReason, DisasterRefusedError
from terminal.events import EventBus, Topic
from terminal.store import Store, Transaction

LONGEST_REASON = 200
RECENT = 20


def period_now(tx: Transaction, now: datetime) -> DisasterPeriod | None:
    """Return the period that is on at this moment, or None."""
    latest = tx.disaster_periods.latest()
    return latest if latest is not None and latest.is_on(now) else None


class DisasterMode:
    """The switch of one store.  Raises RoleError, StoreError; safe to call from any thread."""

    def __init__(self, store: Store, bus: EventBus, now: Callable[[], datetime]) -> None:
        """``now``: aware; ``bus``: told of each change, so that open pages follow."""
        self._store = store
        self._bus = bus
        self._now = now

    def current(self) -> DisasterPeriod | None:
        """Return the period that is on now, None outside a disaster."""
        now = self._now()
        return self._store.read(lambda tx: period_now(tx, now))

    def is_on(self) -> bool:
        """Whether staff may ask by name now."""
        return self.current() is not None

    def recent(self, actor: Actor) -> list[tuple[DisasterPeriod, str | None]]:
        """Return the last periods, the newest first, each with the name of who began it."""
        require_administrator(actor)

        def look(tx: Transaction) -> list[tuple[DisasterPeriod, str | None]]:
            names = {account.id: account.display_name for account in tx.accounts.all()}
            return [(one, names.get(one.begun_by)) for one in tx.disaster_periods.recent(RECENT)]

        return self._store.read(look)

    def switch_on(self, actor: Actor, reason: str, lasts: timedelta) -> DisasterPeriod:
        """Let staff ask by name from now on, for so long.

        Raises DisasterRefusedError where no reason is given, the time is none of up to
        :data:`~terminal.disaster_period.LONGEST`, or it is on already.
        """
        require_administrator(actor)
        words = _checked(reason)
        now = self._now()
        ends_at = _end(now, lasts)
        period = DisasterPeriod(uuid.uuid4().hex, words, now, ends_at, actor.id)

        def store(tx: Transaction) -> None:
            if period_now(tx, now) is not None:
                raise DisasterRefusedError(DisasterReason.ALREADY_ON)
            tx.disaster_periods.add(period)
            tx.audit.append(AuditEntry(Act.DISASTER_ON, actor, reason=_told(words, ends_at)))

        self._store.write(store)
        self._bus.publish(Topic.DISASTER)
        return period

    def extend(self, actor: Actor, lasts: timedelta) -> DisasterPeriod:
        """Let it go on for so long from now.  Raises DisasterRefusedError, DisasterModeOffError."""
        require_administrator(actor)
        now = self._now()
        ends_at = _end(now, lasts)

        def change(period: DisasterPeriod) -> DisasterPeriod:
            return replace(period, ends_at=ends_at)

        return self._change(actor, change, Act.DISASTER_EXTENDED, now)

    def switch_off(self, actor: Actor) -> DisasterPeriod:
        """End it now.  Raises DisasterModeOffError where it has ended already."""
        require_administrator(actor)
        now = self._now()
        return self._change(
            actor, lambda period: replace(period, ended_at=now), Act.DISASTER_OFF, now
        )

    def _change(
        self,
        actor: Actor,
        change: Callable[[DisasterPeriod], DisasterPeriod],
        act: Act,
        now: datetime,
    ) -> DisasterPeriod:
        def store(tx: Transaction) -> DisasterPeriod:
            period = period_now(tx, now)
            if period is None:
                raise DisasterModeOffError
            changed = change(period)
            tx.disaster_periods.save(changed)
            told = _told(changed.reason, changed.ended_at or changed.ends_at)
            tx.audit.append(AuditEntry(act, actor, reason=told))
            return changed

        changed = self._store.write(store)
        self._bus.publish(Topic.DISASTER)
        return changed


def _checked(reason: str) -> str:
    words = " ".join(reason.split())
    if not 0 < len(words) <= LONGEST_REASON:
        raise DisasterRefusedError(DisasterReason.NO_REASON)
    try:
        refuse_individual_number(words)
    except IndividualNumberError:
        raise DisasterRefusedError(DisasterReason.NO_REASON) from None
    return words


def _end(now: datetime, lasts: timedelta) -> datetime:
    if not timedelta() < lasts <= LONGEST:
        raise DisasterRefusedError(DisasterReason.TIME)
    return now + lasts


def _told(reason: str, end: datetime) -> str:
    return f"{reason} ({end.isoformat(timespec='minutes')})"
