"""A desk without a reader for tests of bulk checks: a real store, and the simulated payer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import QualificationValidity
from eligibility.model import PayerAnswer
from eligibility.payer import Payer
from eligibility.retry import AskingPolicy, Breaker
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.people import Person
from terminal.bulk.check import BulkCheck
from terminal.bulk.commands import BulkCommands
from terminal.bulk.run import BulkItem, BulkRun, RunState
from terminal.bulk.settings import BulkSettings
from terminal.events import EventBus
from terminal.expected.appointment import Appointment
from terminal.expected.appointment_book import AppointmentBook
from terminal.expected.appointment_file import write_appointment_file
from terminal.expected.expected_list import ExpectedList, RunStanding
from terminal.payer.line import PayerLine
from terminal.register.clinic_register import ClinicRegister
from terminal.register.file import write_register_file
from terminal.store import Store
from tests.clinic import wait_for
from tests.desk_outbox import KEY, RECEPTION, STORE_ID
from tests.fhir.desk import World


def settings(**changes: object) -> BulkSettings:
    """Return the configuration's section with these keys."""
    return BulkSettings.model_validate(changes)


FAST = settings(questions_per_minute=6000)


def record_of(person: Person, number: str) -> ClinicRecord:
    """Return what a clinic has on file of somebody whom the payer insures."""
    return ClinicRecord(
        patient_number=number,
        name=person.name,
        birthdate=person.birthdate,
        name_kana=person.name_kana,
        sex=person.sex,
        insurer_number=person.insurer.number.rjust(8, "0"),
        insured_card_symbol=person.symbol,
        insured_identification_number=person.number,
        insured_branch_number=person.branch,
    )


def ordinary_people(world: World, count: int) -> list[Person]:
    """Return people who are plainly insured, each under a number of their own."""
    found = [
        person
        for person in world.running.payer.population.people
        if person.persona is None
        and person.name == person.registered_name
        and holding_of(person, world.today).validity is QualificationValidity.VALID
    ]
    assert len(found) >= count
    return found[:count]


class DeskBulk:
    """Asks about expected patients; ``now`` is the desk's clock."""

    def __init__(
        self,
        path: Path,
        payer: Payer | Callable[[Store], Payer],
        now: Callable[[], datetime],
        settings: BulkSettings = FAST,
    ) -> None:
        """``path``: of the store, made where there is none; ``payer``: or how it is made."""
        if not path.exists():
            Store.create(path, KEY, STORE_ID)
        self.now = now
        self.store = Store.open(
            path,
            KEY,
            STORE_ID,
            desk_id="desk-1",
            now=now,
            # a clock that stands or leaps is the test's, and not to be told
            monotonic=lambda: now().timestamp(),
        )
        if callable(payer):
            payer = payer(self.store)
        self.payer = payer
        self.desk_is_asking = False
        self.line = PayerLine(AskingPolicy(), Breaker(), now)
        self.check = BulkCheck(
            self.store,
            payer,
            EventBus(),
            now,
            line=self.line,
            desk_is_asking=lambda: self.desk_is_asking,
            payer_spoke=self._payer_spoke,
            settings=settings,
        )
        self.commands = BulkCommands(self.store, payer, now, settings, self.check.kick)
        self.register = ClinicRegister(self.store, now)
        self.book = AppointmentBook(self.store, now)
        self.list = ExpectedList(self.store, payer, now)

    def _payer_spoke(self) -> None:
        self.line.spoke()

    def stop(self) -> None:
        """Stop asking and close the store."""
        self.check.stop()
        self.store.close()

    def knows(self, records: Iterable[ClinicRecord]) -> None:
        """Take these patients into the register."""
        data = write_register_file(list(records)).encode()
        self.register.take(RECEPTION, self.register.look_at(RECEPTION, data).id)

    def expects(self, day: date, numbers: Iterable[str]) -> None:
        """Take a list on which these patients come, a minute after each other."""
        listed = [
            Appointment("", day, f"{9 + place // 60 % 10:02}:{place % 60:02}", number)
            for place, number in enumerate(numbers)
        ]
        data = write_appointment_file(listed).encode()
        self.book.take(RECEPTION, self.book.look_at(RECEPTION, data).id)

    def begins(self, day: date, *, again: bool = False) -> BulkRun:
        """Begin by hand."""
        run = self.commands.begin(RECEPTION, day, again=again)
        assert run is not None
        return run

    def standing(self, day: date) -> RunStanding:
        """Return how far the day's newest check got."""
        return self.list.standing(RECEPTION, day)

    def sees_end(self, day: date, seconds: float = 60.0) -> RunStanding:
        """Wait until the day's newest check is done."""

        def look() -> RunStanding | None:
            found = self.standing(day)
            done = found.run is not None and found.run.state is RunState.DONE
            return found if done else None

        return wait_for(look, "the end of the check", seconds)

    def items(self, day: date) -> list[BulkItem]:
        """Return whom the day's checks asked about, as the list shows them."""
        found = self.store.read(lambda tx: tx.bulk.items_of_day(day))
        return sorted(found.values(), key=lambda one: one.position)

    def answer_to(self, item: BulkItem) -> PayerAnswer | None:
        """Return the stored answer about one person."""
        return self.store.read(lambda tx: tx.bulk.answer_to(item.id))
