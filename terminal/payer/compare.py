"""Shadow comparison: the same people asked over two interfaces, and what the two say differently.

For a clinic that moves from one interface to the other.  Nothing of it reaches a visit; each look
is in the audit log.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from eligibility.asking import NumberQuestion
from eligibility.calendar import JAPAN
from eligibility.comparing import Difference, differences, differences_of_failures
from eligibility.errors import EligibilityError
from eligibility.model import NumberSubject, PayerAnswer
from eligibility.numbers import normalise_insurer_number
from eligibility.payer import Payer
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry
from terminal.csv_file import Columns, CsvFile, read_csv_file
from terminal.expected.appointment import NotAskable
from terminal.expected.appointment_book import expected_in
from terminal.register.dates import read_birthdate
from terminal.register.file import REGISTER_COLUMNS, read_branch
from terminal.register.file import Column as RegisterColumn
from terminal.store import Store, Transaction


class Column(StrEnum):
    """The columns, by the names of :class:`~eligibility.model.NumberSubject`."""

    BIRTHDATE = "birthdate"
    INSURER_NUMBER = "insurer_number"
    SYMBOL = "insured_card_symbol"
    NUMBER = "insured_identification_number"
    BRANCH = "insured_branch_number"


_OF_REGISTER = {column: RegisterColumn(column.value) for column in Column}

COLUMNS = Columns(
    kind=Column,
    headers={own: REGISTER_COLUMNS.headers[of] for own, of in _OF_REGISTER.items()},
    required=(Column.BIRTHDATE, Column.INSURER_NUMBER, Column.NUMBER),
    longest={
        own: REGISTER_COLUMNS.longest[of]
        for own, of in _OF_REGISTER.items()
        if of in REGISTER_COLUMNS.longest
    },
    read={
        Column.BIRTHDATE: read_birthdate,
        Column.INSURER_NUMBER: normalise_insurer_number,
        Column.BRANCH: read_branch,
    },
)
"""The columns of a list of people to compare; those of the register's file, and no others."""


def read_people_file(data: bytes) -> CsvFile[NumberSubject]:
    """Return the people that a CSV file names by number and birth date.  Raises CsvFileError."""

    def make(values: dict[Column, Any]) -> NumberSubject:
        return NumberSubject(**{column.value: value for column, value in values.items()})

    return read_csv_file(data, COLUMNS, make, lambda one: one)


@dataclass(frozen=True, slots=True)
class ExpectedPeople:
    """Whom a day's list lets be asked about, each once; by place in the list, counted from 1."""

    people: Mapping[int, NumberSubject]
    not_askable: Mapping[int, NotAskable]


def expected_people(tx: Transaction, day: date) -> ExpectedPeople:
    """Return who is expected on a day (予約), in the order of their time."""
    people: dict[int, NumberSubject] = {}
    not_askable: dict[int, NotAskable] = {}
    for place, appointment in enumerate(tx.appointments.on(day), 1):
        expected = expected_in(tx, appointment)
        if isinstance(expected, NotAskable):
            not_askable[place] = expected
        elif expected.subject not in people.values():
            people[place] = expected.subject
    return ExpectedPeople(people, not_askable)


@dataclass(frozen=True, slots=True)
class Compared:
    """One person, asked twice.

    ``number``: place in the list, counted from 1; ``failed``: one side gave no answer.
    """

    number: int
    differences: tuple[Difference, ...]
    failed: bool


class Comparison:
    """Asks two payers the same and says where they differ."""

    def __init__(
        self,
        first: Payer,
        second: Payer,
        store: Store,
        now: Callable[[], datetime],
    ) -> None:
        """``store``: where each look is recorded."""
        self._first = first
        self._second = second
        self._store = store
        self._now = now

    def of(self, people: Mapping[int, NumberSubject]) -> Iterator[Compared]:
        """Ask about each person over both interfaces, one after the other; by place in the list."""
        today = self._now().astimezone(JAPAN).date()
        for number, subject in people.items():
            self._record(subject)
            ends = [self._ask(payer, subject, today) for payer in (self._first, self._second)]
            first, second = ends
            if isinstance(first, PayerAnswer) and isinstance(second, PayerAnswer):
                yield Compared(number, differences(first, second), failed=False)
            else:
                yield Compared(number, differences_of_failures(first, second), failed=True)

    def _record(self, subject: NumberSubject) -> None:
        entry = AuditEntry(Act.PAYERS_COMPARED, TERMINAL, subject=subject)
        self._store.write(lambda tx: tx.audit.append(entry))

    def _ask(
        self, payer: Payer, subject: NumberSubject, today: date
    ) -> PayerAnswer | EligibilityError:
        try:
            return payer.ask_by_number(NumberQuestion(uuid.uuid4().hex, subject, today))
        except EligibilityError as error:
            return error
