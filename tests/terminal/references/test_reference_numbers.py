"""Reference numbers (照会番号): registered once each, believed only where the person fits."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from eligibility.asking import Capability, NumberQuestion
from eligibility.clinic_record import ClinicRecord
from eligibility.errors import NotSupportedError
from eligibility.model import FindingCode, PayerAnswer
from eligibility.payer import Payer
from eligibility.register import about_record
from eligibility.simulator.faults import FaultKind
from eligibility.simulator.people import Person
from terminal.access.accounts import Actor, Role
from terminal.audit import Act
from terminal.errors import RoleError, UnknownPatientError
from terminal.expected.appointment import insured_subject
from terminal.payer.question import QuestionProblem
from terminal.payer.two_steps import BatchState
from terminal.references.reference_number import (
    ReferenceRegistration,
    RegistrationBatch,
    RegistrationState,
)
from terminal.references.reference_numbers import ReferenceNumberDesk
from terminal.references.sending import ReferenceNumberSending
from terminal.register.record_choice import candidates_for, record_for
from tests.clinic import wait_for
from tests.desk_bulk import DeskBulk, ordinary_people, record_of
from tests.desk_outbox import RECEPTION
from tests.fhir.desk import World, opened_world
from tests.national.desk import LinkedWorld, kinds_sent, opened_link


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One payer for all tests."""
    with opened_world(tmp_path_factory.mktemp("payer")) as world:
        yield world


@pytest.fixture
def world(running: World) -> Iterator[World]:
    """The payer, well and with nothing remembered."""
    yield running
    running.running.payer.forget()
    running.running.faults.clear()
    running.close()


class Registrar:
    """A desk with a register that registers numbers."""

    def __init__(self, path: Path, payer: Payer, world: World) -> None:
        """``path``: of the store, made where there is none."""
        self.base = DeskBulk(path, payer, world.clock)
        self.sending = ReferenceNumberSending(
            self.base.store,
            payer,
            world.clock,
            line=self.base.line,
            desk_is_asking=lambda: self.base.desk_is_asking,
            payer_spoke=lambda: None,
        )
        self.desk = ReferenceNumberDesk(
            self.base.store,
            world.clock,
            is_supported=Capability.REFERENCE_NUMBERS in payer.capabilities,
            kick=self.sending.kick,
        )

    def latest(self, number: str) -> ReferenceRegistration | None:
        """Return a patient's newest registration."""
        return self.base.store.read(lambda tx: tx.reference_numbers.latest_of(number))

    def sees_all_ended(self) -> dict[str, int]:
        """Wait until nothing is on its way; return the counts."""

        def look() -> dict[str, int] | None:
            counts = self.base.store.read(lambda tx: tx.reference_numbers.counts())
            return None if counts.get("waiting", 0) + counts.get("sent", 0) else counts

        return wait_for(look, "the registrations")

    def stop(self) -> None:
        """End the desk's process."""
        self.sending.stop()
        self.base.stop()


@pytest.fixture
def registrar(tmp_path: Path, world: World) -> Iterator[Registrar]:
    """A desk that sends over FHIR."""
    registrar = Registrar(tmp_path / "desk.db", world.payer(), world)
    yield registrar
    registrar.stop()


def answer_about(world: World, person: Person, record: ClinicRecord) -> PayerAnswer:
    """Ask the payer by number about somebody."""
    asked = insured_subject(record)
    assert asked is not None
    question = NumberQuestion(uuid.uuid4().hex, asked, world.today)
    answer = world.payer().ask_by_number(question)
    assert [one.person.birthdate for one in answer.results] == [person.birthdate]
    return answer


def test_a_number_that_was_registered_comes_back_and_leads_to_the_record(
    registrar: Registrar, world: World
) -> None:
    """Registered singly it is in the next answer, and finds the clinic's own record."""
    (person,) = ordinary_people(world, 1)
    record = record_of(person, "A-100")
    registrar.base.knows([record])
    assert answer_about(world, person, record).reference_number != "A-100"
    registrar.sending.start()
    registrar.desk.register_one(RECEPTION, "A-100")
    registrar.sees_all_ended()
    found = registrar.latest("A-100")
    assert found is not None
    assert found.state is RegistrationState.ACCEPTED
    answer = answer_about(world, person, record)
    assert answer.reference_number == "A-100"
    assert registrar.base.store.read(lambda tx: record_for(tx, answer)) == record


def test_all_are_registered_once(registrar: Registrar, world: World) -> None:
    """Those with an insured number, and not again while their insurance is the same."""
    people = ordinary_people(world, 30)
    records = [record_of(one, f"B{n:03}") for n, one in enumerate(people)]
    records[3] = replace(records[3], insurer_number=None)
    registrar.base.knows(records)
    standing = registrar.desk.standing(RECEPTION)
    assert (standing.missing, standing.without_number, standing.supported) == (29, 1, True)
    registrar.sending.start()
    assert registrar.desk.register_all(RECEPTION) == 29
    assert registrar.sees_all_ended() == {"accepted": 29}
    assert registrar.desk.register_all(RECEPTION) == 0
    first = registrar.latest("B000")
    assert registrar.desk.register_one(RECEPTION, "B000") == first
    registrar.base.knows([replace(records[0], insured_identification_number="99999999")])
    assert registrar.desk.register_all(RECEPTION) == 1


def test_a_refusal_is_kept_in_the_payers_words_and_may_be_tried_again(
    registrar: Registrar, world: World
) -> None:
    """One that the payer cannot place is told; the others are registered all the same."""
    people = ordinary_people(world, 3)
    records = [record_of(one, f"C{n}") for n, one in enumerate(people)]
    records[1] = replace(records[1], insured_identification_number="99999999")
    registrar.base.knows(records)
    registrar.sending.start()
    registrar.desk.register_all(RECEPTION)
    assert registrar.sees_all_ended() == {"accepted": 2, "refused": 1}
    (failed,) = registrar.desk.standing(RECEPTION).failed
    assert failed.patient_number == "C1"
    assert failed.message
    assert registrar.desk.register_all(RECEPTION) == 1


def test_a_restart_loses_and_doubles_none(tmp_path: Path, world: World) -> None:
    """What was committed before the end is sent by the next life, under the same id."""
    path = tmp_path / "lives.db"
    first = Registrar(path, world.payer(), world)
    people = ordinary_people(world, 5)
    first.base.knows([record_of(one, f"D{n}") for n, one in enumerate(people)])
    first.desk.register_all(RECEPTION)
    before = {f"D{n}": first.latest(f"D{n}") for n in range(5)}
    first.stop()
    # one of them had been sent, and its answer was lost
    sent = before["D0"]
    assert sent is not None
    world.payer().register_reference_numbers([sent.registration()])
    second = Registrar(path, world.payer(), world)
    second.sending.start()
    assert second.sees_all_ended() == {"accepted": 5}
    for number, one in before.items():
        after = second.latest(number)
        assert one is not None
        assert after is not None
        assert after.id == one.id
    second.stop()


def test_a_payer_that_is_down_is_waited_for(registrar: Registrar, world: World) -> None:
    """Nothing is lost while the payer is down, and while the desk asks nothing is sent."""
    (person,) = ordinary_people(world, 1)
    registrar.base.knows([record_of(person, "E1")])
    world.running.faults.set("down")
    registrar.sending.start()
    registrar.desk.register_all(RECEPTION)

    def tried() -> bool:
        found = registrar.latest("E1")
        return found is not None and found.attempts > 0

    wait_for(tried, "a try")
    world.running.faults.clear()
    world.clock.moves_on(hours=3)
    registrar.sending.kick()
    assert registrar.sees_all_ended() == {"accepted": 1}


def test_it_goes_over_the_link_application_too(tmp_path: Path) -> None:
    """The same registrations over drop folders, by the same commands."""
    with opened_link(tmp_path) as linked:
        world = linked.world
        registrar = Registrar(tmp_path / "desk.db", linked.payer(), world)
        people = list(_plain(linked, 3))
        registrar.base.knows([record_of(one, f"F{n}") for n, one in enumerate(people)])
        registrar.sending.start()
        assert registrar.desk.register_all(RECEPTION) == 3
        assert registrar.sees_all_ended() == {"accepted": 3}
        registrar.stop()


def test_what_was_handed_in_is_fetched_by_the_next_life(tmp_path: Path) -> None:
    """By the reception number that was kept, and without what was committed since."""
    path = tmp_path / "desk.db"
    with opened_link(tmp_path) as linked:
        linked.fails(FaultKind.QUEUED, path="OQSmuimm02")
        people = _plain(linked, 4)
        first = Registrar(path, linked.payer(), linked.world)
        first.base.knows([record_of(one, f"L{n}") for n, one in enumerate(people[:3])])
        first.desk.register_all(RECEPTION)
        first.sending.start()

        def received() -> RegistrationBatch | None:
            found = first.base.store.read(lambda tx: tx.reference_numbers.open_batch())
            return found if found and found.attempts and found.reception_number else None

        kept = wait_for(received, "a reception number")
        first.stop()
        linked.works()
        second = Registrar(path, linked.payer(), linked.world)
        second.base.knows([record_of(people[3], "L3")])
        second.desk.register_all(RECEPTION)
        second.sending.start()
        assert second.sees_all_ended() == {"accepted": 4}
        ended = second.base.store.read(lambda tx: tx.reference_numbers.batch(kept.id))
        assert ended is not None
        assert (ended.state, ended.reception_number) == (BatchState.ENDED, kept.reception_number)
        assert kinds_sent(linked).count("OQSmuimm01") == 1
        second.stop()


def test_a_batch_whose_results_never_come_is_handed_in_anew_and_then_told(tmp_path: Path) -> None:
    """After a day nobody waits any more; the third time it is staff's."""
    with opened_link(tmp_path) as linked:
        linked.fails(FaultKind.QUEUED, path="OQSmuimm02")
        registrar = Registrar(tmp_path / "desk.db", linked.payer(), linked.world)
        people = _plain(linked, 2)
        registrar.base.knows([record_of(one, f"M{n}") for n, one in enumerate(people)])
        registrar.desk.register_all(RECEPTION)
        registrar.sending.start()

        def given_up() -> bool:
            linked.world.clock.moves_on(hours=25)
            registrar.sending.kick()
            found = registrar.latest("M0")
            return found is not None and found.state is RegistrationState.FAILED

        wait_for(given_up, "the end", 60)
        assert registrar.sees_all_ended() == {"failed": 2}
        failed = registrar.latest("M1")
        assert failed is not None
        assert (failed.problem, failed.attempts) == (QuestionProblem.EXPIRED, 3)
        assert kinds_sent(linked).count("OQSmuimm01") == 3
        registrar.stop()


def _plain(linked: LinkedWorld, count: int) -> list[Person]:
    return ordinary_people(linked.world, count)


def test_a_bad_number_never_falls_back_to_another_patient(
    registrar: Registrar, world: World
) -> None:
    """A number of nobody, of another patient, or that is no number leads to no record at all."""
    one, other = ordinary_people(world, 2)
    own, others = record_of(one, "G1"), record_of(other, "G2")
    registrar.base.knows([own, others])
    answer = answer_about(world, one, own)

    def found(reference: str | None) -> ClinicRecord | None:
        marked = replace(answer, reference_number=reference)
        return registrar.base.store.read(lambda tx: record_for(tx, marked))

    assert found("G1") == own
    for bad in ("G9", "G2", "", "　", "G1 G2", "1" * 40, "'; --", None):
        assert found(bad) is None, bad
    # staff are shown where a wrong number points, and the person's own record; none is chosen
    person = answer.results[0].person
    shown = registrar.base.store.read(lambda tx: candidates_for(tx, person, "G2"))
    assert [one.record.patient_number for one in shown.all] == ["G1", "G2"]
    assert shown.the_one is None
    codes = {finding.code for finding in about_record(own, replace(answer, reference_number="G2"))}
    assert FindingCode.REFERENCE_OF_ANOTHER_RECORD in codes


def test_a_twin_with_the_number_of_the_other_is_not_taken(
    registrar: Registrar, world: World
) -> None:
    """Where two of one birth date and name could be meant, the number alone decides nothing."""
    (person,) = ordinary_people(world, 1)
    own = record_of(person, "H1")
    registrar.base.knows([own, replace(own, patient_number="H2")])
    answer = replace(answer_about(world, person, own), reference_number="H1")
    assert registrar.base.store.read(lambda tx: record_for(tx, answer)) is None


def test_who_may_register(registrar: Registrar, world: World) -> None:
    """Not an administrator; nobody without an insured number; nothing that the payer cannot do."""
    administrator = Actor("a", Role.ADMINISTRATOR, "管理者")
    with pytest.raises(RoleError):
        registrar.desk.register_all(administrator)
    registrar.base.knows([ClinicRecord("I1", "鈴木 一郎", date(1955, 4, 5))])
    for number in ("I1", "I9", "no number!"):
        with pytest.raises(UnknownPatientError):
            registrar.desk.register_one(RECEPTION, number)
    unable = ReferenceNumberDesk(registrar.base.store, world.clock, is_supported=False)
    with pytest.raises(NotSupportedError):
        unable.register_all(RECEPTION)


def test_each_is_written_down(registrar: Registrar, world: World) -> None:
    """Who committed them, and what became of each."""
    (person,) = ordinary_people(world, 1)
    registrar.base.knows([record_of(person, "J1")])
    registrar.sending.start()
    registrar.desk.register_one(RECEPTION, "J1")
    registrar.sees_all_ended()
    newest = registrar.base.store.read(lambda tx: tx.audit.recent(2))
    assert [(one.act, one.actor_id, one.reason) for one in newest] == [
        (Act.REFERENCE_NUMBER_ENDED, "terminal", "J1 accepted"),
        (Act.REFERENCE_NUMBERS_COMMITTED, RECEPTION.id, "J1"),
    ]
