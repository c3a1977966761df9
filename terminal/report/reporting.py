"""Makes the month's report for staff; it names nobody, so every role may see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from eligibility.calendar import CalendarMonth
from terminal.access.accounts import TERMINAL, Actor
from terminal.errors import RoleError, UnknownMonthError
from terminal.report.month import MonthReport, make_report
from terminal.store import Store, Transaction


class Reporting:
    """Reads the store for reports."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """``now``: the desk's clock, aware."""
        self._store = store
        self._now = now

    def months(self, actor: Actor) -> tuple[CalendarMonth, ...]:
        """Return the months that can be reported, the running one first.  Raises RoleError."""
        _require_staff(actor)
        last = CalendarMonth.at(self._now())
        first_at = self._store.read(lambda tx: tx.month_rows.first_at())
        month = last if first_at is None else min(CalendarMonth.at(first_at), last)
        found = [month]
        while found[-1] < last:
            found.append(found[-1].next)
        return tuple(reversed(found))

    def of(self, actor: Actor, month: CalendarMonth) -> MonthReport:
        """Return the report of a month that has begun.

        Raises RoleError, UnknownMonthError for one that is still to come.
        """
        _require_staff(actor)
        now = self._now()
        if month > CalendarMonth.at(now):
            msg = f"{month} has not begun"
            raise UnknownMonthError(msg)

        def read(tx: Transaction) -> MonthReport:
            start, end = month.bounds
            rows = tx.month_rows
            asked, calls = rows.asked(start, end), rows.calls(start, end)
            beside = rows.beside(start, end)
            return make_report(month, now, rows.visits(start, end), asked, calls, beside)

        return self._store.read(read)


def _require_staff(actor: Actor) -> None:
    if actor.role is None and actor != TERMINAL:
        msg = "only staff may see the report"
        raise RoleError(msg)
