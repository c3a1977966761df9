"""The people expected on a day as staff see them: what changed first, then errors, then the rest.

What a row says is decided here, once; the pages only format it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from eligibility.calendar import JAPAN
from eligibility.codes import QualificationValidity, UnknownCode
from eligibility.model import Coverage, FindingCode, PayerAnswer, Severity
from eligibility.payer import Payer
from terminal.access.accounts import Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.bulk.planning import days_expected
from terminal.bulk.run import BulkItem, BulkRun, ItemState, Progress
from terminal.expected.appointment import Appointment, Expected, NotAskable
from terminal.expected.appointment_book import expected_in
from terminal.store import Store, Transaction

PAGE = 100
MOST_DAYS = 14
WITHHELD = frozenset(
    {
        FindingCode.OTHER_PERSON,
        FindingCode.RECORD_IS_ANOTHER,
        FindingCode.SEVERAL_CANDIDATES,
        FindingCode.CANDIDATE_IS_ANOTHER,
    }
)
"""With these nobody knows whose coverage was answered: it is not shown."""


class RowGroup(StrEnum):
    """In which part of the list a row stands, the most urgent first."""

    CHANGED = "changed"
    ERROR = "error"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """One appointment.  ``item``: the newest question about the person for this day.

    ``coverage``: None where there is none, several, or it may be another person's.
    """

    appointment: Appointment
    expected: Expected | NotAskable
    group: RowGroup
    item: BulkItem | None = None
    validity: QualificationValidity | UnknownCode | None = None
    coverage: Coverage | None = None

    @property
    def name(self) -> str | None:
        """The patient's name as the clinic writes it."""
        if isinstance(self.expected, Expected):
            return self.expected.record.name
        return self.appointment.name

    @property
    def birthdate(self) -> date | None:
        """The patient's birth date as the clinic knows it."""
        if isinstance(self.expected, Expected):
            return self.expected.record.birthdate
        return self.appointment.birthdate


@dataclass(frozen=True, slots=True)
class RunStanding:
    """The newest check of a day, and how far it got; both None where there was none."""

    run: BulkRun | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class ExpectedDay:
    """A page of a day's list.  ``counts``: of all its appointments; ``number`` counts from 1."""

    day: date
    days: tuple[tuple[date, int], ...]
    rows: tuple[ExpectedRow, ...]
    counts: dict[RowGroup, int]
    number: int
    pages: int
    standing: RunStanding
    at: datetime

    @property
    def total(self) -> int:
        """How many appointments the day has."""
        return sum(self.counts.values())


class ExpectedList:
    """Reads the lists of one store.  Raises RoleError, StoreError; safe from any thread."""

    def __init__(self, store: Store, payer: Payer, now: Callable[[], datetime]) -> None:
        """``payer``: whose adapter says whether many can be asked about at all."""
        self._store = store
        self._payer = payer
        self._now = now

    @property
    def today(self) -> date:
        """The day in Japan."""
        return self._now().astimezone(JAPAN).date()

    def day(self, actor: Actor, day: date, number: int = 1) -> ExpectedDay:
        """Return a page of a day's list; whom it shows is written down.

        A page past the last is the last.
        """
        require_coverage(actor)
        now = self._now()
        # the order of a long list is found beside what is written for the desk meanwhile
        order = self._store.read(lambda tx: _in_order(tx, day))
        pages = max(1, -(-len(order) // PAGE))
        shown = min(max(number, 1), pages)
        part = order[(shown - 1) * PAGE : shown * PAGE]

        def look(tx: Transaction) -> ExpectedDay:
            rows = tuple(_row(tx, one, item) for one, item, _ in part)
            if rows:
                numbers = " ".join(row.appointment.patient_number or "-" for row in rows)
                reason = f"{day} {numbers}"
                tx.audit.append(AuditEntry(Act.APPOINTMENTS_SEEN, actor, reason=reason))
            return ExpectedDay(
                day=day,
                days=tuple(days_expected(tx, self.today, MOST_DAYS)),
                rows=rows,
                counts={group: sum(one[2] is group for one in order) for group in RowGroup},
                number=shown,
                pages=pages,
                standing=_standing(tx, day),
                at=now,
            )

        return self._store.write(look)

    def standing(self, actor: Actor, day: date) -> RunStanding:
        """Return how far the check of a day got; it names nobody."""
        require_coverage(actor)
        return self._store.read(lambda tx: _standing(tx, day))


def _standing(tx: Transaction, day: date) -> RunStanding:
    run = next(iter(tx.bulk.of_day(day)), None)
    return RunStanding() if run is None else RunStanding(run, tx.bulk.progress(run.id))


def _in_order(tx: Transaction, day: date) -> list[tuple[Appointment, BulkItem | None, RowGroup]]:
    """Return a day's appointments with what was found, what staff must look at first on top."""
    items = tx.bulk.items_of_day(day)
    found = []
    for appointment in tx.appointments.on(day):
        expected = expected_in(tx, appointment)
        item = None if isinstance(expected, NotAskable) else items.get(expected.key)
        found.append((appointment, item, _group(expected, item)))
    return sorted(found, key=lambda one: (_GROUPS.index(one[2]), _gravity(one[1])))


_GROUPS = tuple(RowGroup)
_SEVERITIES = tuple(Severity)


def _group(expected: Expected | NotAskable, item: BulkItem | None) -> RowGroup:
    if isinstance(expected, NotAskable):
        return RowGroup.ERROR
    if item is None:
        return RowGroup.QUIET
    if item.state in (ItemState.REFUSED, ItemState.FAILED):
        return RowGroup.ERROR
    return RowGroup.CHANGED if item.changed else RowGroup.QUIET


def _gravity(item: BulkItem | None) -> int:
    """Return 0 for what stops, then what warns, then the rest; within it the list's order stays."""
    if item is None or not item.findings:
        return len(_SEVERITIES)
    return min(_SEVERITIES.index(one.severity) for one in item.findings)


def _row(tx: Transaction, appointment: Appointment, item: BulkItem | None) -> ExpectedRow:
    expected = expected_in(tx, appointment)
    group = _group(expected, item)
    answer = None if item is None else tx.bulk.answer_to(item.id)
    if item is None or answer is None:
        return ExpectedRow(appointment, expected, group, item)
    return ExpectedRow(
        appointment,
        expected,
        group,
        item,
        answer.qualification_validity,
        shown_coverage(item, answer),
    )


def shown_coverage(item: BulkItem, answer: PayerAnswer) -> Coverage | None:
    """Return the one coverage that an answer brought, unless it may be another person's."""
    if len(answer.results) != 1 or any(one.code in WITHHELD for one in item.findings):
        return None
    return answer.results[0]
