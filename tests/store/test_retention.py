"""What is older than it is kept: each visit goes whole or stays, and nothing of it is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import ConsentCategory
from eligibility.emergency import EmergencyAccess
from eligibility.history import History
from eligibility.model import CardSubject, NumberSubject
from terminal.bulk.run import BulkItem, BulkRun, ItemState, RunOrigin, RunState, RunWay
from terminal.decision import Decision, DecisionBasis
from terminal.desk_enquiry import DeskEnquiry, DocumentSeen
from terminal.expected.appointment import Appointment
from terminal.kept_history import KeptHistory, counts_of
from terminal.payer.calls import Call, DisclosureCall
from terminal.payer.question import QuestionState
from terminal.payer.told import ToldFile
from terminal.references.reference_number import ReferenceRegistration, RegistrationState
from terminal.register.record_link import LinkChoice, RecordLink
from terminal.register.right_name import RightName
from terminal.retention.run import Erasable
from terminal.store import Store, Transaction
from terminal.store.connection import connect
from terminal.store.history_content import pack
from terminal.store.retention import OF_VISITS
from terminal.visit import VisitState
from tests.history.records import medicine
from tests.store.builders import (
    MORNING,
    Clock,
    a_confirmation,
    a_consent,
    a_holder,
    a_question,
    a_visit,
    an_answer,
    an_entry,
    an_identification,
)
from tests.store.raw_pages import places_of

FIRST = date(2026, 11, 24)
"""The first day that is kept; MORNING lies in it."""
OLD = MORNING - timedelta(days=30)


def secret(ident: str) -> str:
    """Return what is planted in every row about this person."""
    return f"植えた名{ident}印"


def subject_of(ident: str) -> CardSubject:
    """Return this person's certificate."""
    return CardSubject("CN=test,O=JPKI-TEST", f"5ec{ident}")


def add_visit(tx: Transaction, ident: str, at: datetime = OLD, state: str = "finished") -> None:
    """Store a visit with a row in every table that hangs on visits."""
    name, subject = secret(ident), subject_of(ident)
    visit = a_visit(f"v-{ident}", subject=subject, opened_at=at, state=VisitState(state))
    tx.visits.add(visit)
    tx.identifications.add(an_identification(visit.id, certificate=name.encode() * 200))
    holder = a_holder(visit.id)
    tx.holders.add(replace(holder, attributes=replace(holder.attributes, name=name)))
    question = a_question(
        f"q-{ident}", visit.id, created_at=at, next_at=at, state=QuestionState.ANSWERED
    )
    tx.outbox.add(question)
    tx.calls.add(Call(f"l-{ident}", question.id, 1, at, "terminal", reply=name.encode()))
    answer = an_answer(f"a-{ident}", question.id, subject=subject, original=name.encode() * 900)
    (coverage,) = answer.results
    named = replace(coverage, person=replace(coverage.person, name=name))
    tx.answers.add(replace(answer, results=(named,), received_at=at))
    confirm(tx, ident, ident, at)
    tx.decisions.add(
        Decision(f"d-{ident}", visit.id, DecisionBasis.FULL_FEE, 100, at, name, f"a-{ident}")
    )
    tx.desk_enquiries.add(DeskEnquiry(visit.id, DocumentSeen.NONE, name, at))
    tx.told_files.add(ToldFile(visit.id, "file.xml", at, name.encode()))
    consent = a_consent(
        f"k-{ident}",
        visit.id,
        subject=subject,
        payer_patient=name,
        given_at=at,
        ends_at=at + timedelta(hours=1),
    )
    tx.consents.add(consent)
    access = EmergencyAccess(
        f"e-{ident}", visit.id, subject, name, at, at + timedelta(hours=1), name, name, "p-1"
    )
    # past the door that takes none for a visit with a card: here its row counts
    tx.emergencies._rows.insert(access.id, access)
    tx.disclosure_calls.add(DisclosureCall(f"s-{ident}", visit.id, consent.id, None, at, False))
    history = History.of_category(consent.id, at, ConsentCategory.YZK, [medicine(name=name)])
    kept = KeptHistory(consent.id, visit.id, at, counts_of(history))
    tx.histories.keep(kept, pack(history), at)
    tx.audit.append(an_entry(visit.id, subject=subject))


def confirm(tx: Transaction, visit: str, answer: str, at: datetime = OLD) -> None:
    """Let a visit rely on the answer to a visit."""
    ident = f"c-{visit}-{answer}"
    tx.confirmations.add(
        a_confirmation(ident, f"v-{visit}", answer_id=f"a-{answer}", made_at=at, as_of=at)
    )


def old_visits(store: Store) -> list[set[str]]:
    """Return the visits to be deleted, those that go together as one."""
    groups = store.read(lambda tx: tx.retention.old_visits(FIRST))
    return [{one.removeprefix("v-") for one in group} for group in groups]


def delete_old(store: Store) -> dict[Erasable, int]:
    """Delete them in one transaction each; return what went of the last."""
    counts: dict[Erasable, int] = {}
    for group in store.read(lambda tx: tx.retention.old_visits(FIRST)):
        counts = delete(store, group)
    return counts


def delete(store: Store, group: tuple[str, ...]) -> dict[Erasable, int]:
    """Delete visits that go together."""
    return store.write(lambda tx: tx.retention.delete_visits(group))


def rows(path: Path, key: bytes) -> dict[str, int]:
    """Return how many rows each table has that hangs on visits."""
    db = connect(path, key, read_only=True)
    try:
        return {
            table: db.conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # ours
            for table, _, _ in OF_VISITS
        }
    finally:
        db.close()


def needles(ident: str) -> list[bytes]:
    """Return what is looked for in the decrypted pages."""
    return [secret(ident).encode(), subject_of(ident).serial.encode()]


def test_every_table_that_hangs_on_visits_is_known(path: Path, key: bytes) -> None:
    """A table that refers to visits, over however many others, is deleted from, after those."""
    db = connect(path, key, read_only=True)
    refers: dict[str, set[str]] = {}
    for (table,) in db.conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        keys = db.conn.execute(f"PRAGMA foreign_key_list({table})").fetchall()
        refers[table] = {row[2] for row in keys}
    db.close()
    hang = {"visits"}
    while more := {table for table, to in refers.items() if to & hang} - hang:
        hang |= more
    order = [table for table, _, _ in OF_VISITS]
    assert set(order) == hang
    for table in order:
        later = {other for other in order[order.index(table) + 1 :] if table in refers[other]}
        assert not later, f"{table} goes before {later}, which refer to it"


def test_a_visit_goes_with_all_that_hangs_on_it_and_leaves_no_trace(
    store: Store, path: Path, key: bytes
) -> None:
    """Names, numbers and originals are in the pages before and in none after: free pages, log, all.

    Visits that stay around it, before and after it in every tree, are untouched.
    """
    for number in range(30):
        at = MORNING if number % 3 else OLD
        store.write(lambda tx, number=number, at=at: add_visit(tx, f"{number:02}", at))  # type: ignore[misc]  # bound now
    gone = [f"{number:02}" for number in range(0, 30, 3)]
    stays = [f"{number:02}" for number in range(30) if number % 3]
    traces = [one for ident in gone for one in needles(ident)]
    assert len(places_of(path, key, *traces)) > 50
    before = rows(path, key)
    counts = delete_old(store)
    assert counts[Erasable.ANSWERS] == counts[Erasable.CONSENTS] == counts[Erasable.VISITS] == 1
    assert path.with_name("desk.db-wal").stat().st_size == 0
    assert places_of(path, key, *traces) == []
    assert rows(path, key) == {table: count - len(gone) for table, count in before.items()}
    for ident in stays:
        assert store.read(lambda tx, ident=ident: tx.answers.get(f"a-{ident}")).original  # type: ignore[misc]  # bound now
    assert store.check().ok
    seen = store.read(lambda tx: tx.audit.of_visit("v-00"))
    assert [record.visit_id for record in seen] == ["v-00"]


def of_that_day(tx: Transaction) -> None:
    """Store a visit opened in the first moment that is kept."""
    add_visit(tx, "1", MORNING - timedelta(hours=9))


def not_ended(tx: Transaction) -> None:
    """Store an old visit that never came to its end."""
    add_visit(tx, "1", state="identified")


def confirmed_later(tx: Transaction) -> None:
    """Store an old visit whose confirmation was made again since."""
    add_visit(tx, "1")
    tx.confirmations.add(a_confirmation("c-9", "v-1", answer_id="a-1", made_at=MORNING))


def waiting(tx: Transaction) -> None:
    """Store an old visit with a question that has no answer yet."""
    add_visit(tx, "1")
    tx.outbox.add(a_question("q-9", "v-1", created_at=OLD, next_at=OLD))


def relied_on(tx: Transaction) -> None:
    """Store an old visit whose answer confirms another."""
    add_small(tx, "1", OLD)
    add_small(tx, "2", MORNING)
    confirm(tx, "2", "1")


def decided_by(tx: Transaction) -> None:
    """Store an old visit by whose answer staff decided in another."""
    add_small(tx, "1", OLD)
    add_small(tx, "2", MORNING)
    tx.decisions.add(
        Decision("d-2", "v-2", DecisionBasis.FULL_FEE, 100, MORNING, "s-1", answer_id="a-1")
    )


@pytest.mark.parametrize(
    "stored", [of_that_day, not_ended, confirmed_later, waiting, relied_on, decided_by]
)
def test_what_is_still_needed_stays(store: Store, stored: Callable[[Transaction], None]) -> None:
    """Whatever is of the first day that is kept, is not over, or is relied on."""
    store.write(stored)
    assert old_visits(store) == []


def test_the_last_moment_before_that_day_is_old(store: Store) -> None:
    """The day begins at midnight in Japan."""
    store.write(lambda tx: add_visit(tx, "1", MORNING - timedelta(hours=9, microseconds=1)))
    assert old_visits(store) == [{"1"}]


@settings(max_examples=25, deadline=None)
@given(
    old=st.lists(st.booleans(), min_size=2, max_size=7),
    data=st.data(),
)
def test_what_relies_on_each_other_goes_together_or_stays(
    tmp_path_factory: pytest.TempPathFactory, old: list[bool], data: st.DataObject
) -> None:
    """Nothing is deleted that a visit which stays relies on, over however many steps; else all."""
    visits = range(len(old))
    pairs = st.tuples(st.sampled_from(visits), st.sampled_from(visits))
    relies = data.draw(st.sets(pairs.filter(lambda pair: pair[0] != pair[1]), max_size=8))
    path = tmp_path_factory.mktemp("relying") / "desk.db"
    key = bytes(range(32))
    Store.create(path, key, "store-of-relying")
    store = Store.open(path, key, "store-of-relying", desk_id="desk-1", now=Clock().now)

    def fill(tx: Transaction) -> None:
        for number in visits:
            # one person, whose answers may serve several visits
            at = OLD if old[number] else MORNING
            add_small(tx, str(number), at)
        for relying, answered in relies:
            confirm(tx, str(relying), str(answered))

    try:
        store.write(fill)
        stays = {number for number in visits if not old[number]}
        while more := {to for of, to in relies if of in stays} - stays:
            stays |= more
        assert {int(one) for group in old_visits(store) for one in group} == set(visits) - stays
        delete_old(store)
        left = store.read(lambda tx: [n for n in visits if tx.visits.has(f"v-{n}")])
        assert set(left) == stays
        assert store.check().ok
    finally:
        store.close()


def add_small(tx: Transaction, ident: str, at: datetime) -> None:
    """Store a visit of one and the same person with its answer."""
    visit = a_visit(f"v-{ident}", opened_at=at, state=VisitState.FINISHED)
    tx.visits.add(visit)
    tx.outbox.add(
        a_question(f"q-{ident}", visit.id, created_at=at, next_at=at, state=QuestionState.ANSWERED)
    )
    tx.answers.add(an_answer(f"a-{ident}", f"q-{ident}"))
    confirm(tx, ident, ident, at)


# -- what is old by itself -------------------------------------------------------------------------


def insured(ident: str) -> NumberSubject:
    """Return a number of somebody."""
    return NumberSubject("06123456", f"33{ident}", date(1960, 1, 1))


def beside(tx: Transaction, ident: str, at: datetime) -> None:
    """Store one of each that is old by itself."""
    name = secret(ident)
    day = at.date()
    tx.appointments.replace_days([day], [Appointment("", day, name=name).with_id()])
    run = BulkRun(
        f"r-{ident}", day, RunOrigin.EVENING, RunWay.SINGLE, at, "terminal", RunState.DONE, at
    )
    tx.bulk.add_run(run)
    record = ClinicRecord(f"p-{ident}", name, date(1960, 1, 1))
    item = BulkItem(
        f"i-{ident}",
        run.id,
        f"key-{ident}",
        day,
        1,
        record.patient_number,
        record,
        insured(ident),
        ItemState.ANSWERED,
        ended_at=at,
    )
    tx.bulk.add_items([item])
    answer = an_answer(
        f"b-{ident}", item.id, subject=item.subject, original=name.encode() * 500, received_at=at
    )
    tx.bulk.add_answer(answer)
    tx.record_links.add(
        RecordLink(
            f"o-{ident}", subject_of(ident), LinkChoice.LINKED, at, name, f"v-{ident}", "p-1"
        )
    )
    tx.right_names.add(RightName(f"n-{ident}", subject_of(ident), name, at, "s-1", f"v-{ident}"))


def registration(ident: str, at: datetime, patient: str = "p-1") -> ReferenceRegistration:
    """Return a registration that the payer took."""
    return ReferenceRegistration(
        ident, patient, insured(ident), at, "s-1", RegistrationState.ACCEPTED, ended_at=at
    )


def delete_beside(store: Store, some: int) -> dict[Erasable, int]:
    """Delete all that is old by itself, in transactions of ``some`` rows; return what went."""
    counts = dict.fromkeys(Erasable, 0)
    while (gone := store.write(lambda tx: tx.retention.delete_beside(FIRST, some))) is not None:
        for kind, count in gone.items():
            counts[kind] += count
    return {kind: count for kind, count in counts.items() if count}


@pytest.mark.parametrize("some", [1, 500])
def test_what_is_old_by_itself_goes_too(store: Store, path: Path, key: bytes, some: int) -> None:
    """Lists of appointments, checks before the day, entries of staff."""

    def fill(tx: Transaction) -> None:
        beside(tx, "1", OLD)
        beside(tx, "2", MORNING)
        tx.reference_numbers.add_all(
            [registration("x-1", OLD), registration("x-2", OLD), registration("x-3", OLD, "p-2")]
        )

    store.write(fill)
    told = store.read(lambda tx: tx.retention.count_beside(FIRST))
    assert places_of(path, key, *needles("1"))
    gone = delete_beside(store, some)
    assert gone == told
    assert gone == {
        Erasable.ENTRIES: 2,
        Erasable.APPOINTMENTS: 1,
        Erasable.CHECKS: 1,
        Erasable.REFERENCE_NUMBERS: 1,
    }
    assert places_of(path, key, *needles("1")) == []
    assert places_of(path, key, *needles("2"))
    # the newest registration of each patient says how things stand
    assert set(store.read(lambda tx: tx.reference_numbers.latest_of_all())) == {"p-1", "p-2"}
    assert store.check().ok


def test_entries_of_a_holder_with_visits_stay(store: Store) -> None:
    """The right name and the link are needed while any visit of the card is kept."""
    store.write(lambda tx: add_visit(tx, "1", MORNING))
    store.write(lambda tx: beside(tx, "1", OLD))
    assert Erasable.ENTRIES not in delete_beside(store, 500)
    assert store.read(lambda tx: tx.right_names.of_subject(subject_of("1")))


def test_a_check_under_way_stays(store: Store) -> None:
    """A run that is not over keeps its people, however old it is."""
    store.write(lambda tx: beside(tx, "1", OLD))
    run = store.read(lambda tx: tx.bulk.run("r-1"))
    assert run is not None
    store.write(lambda tx: tx.bulk.save_run(replace(run, state=RunState.PAUSED, ended_at=None)))
    assert Erasable.CHECKS not in delete_beside(store, 500)


def _ids(groups: Iterable[Iterable[str]]) -> set[str]:
    return {one for group in groups for one in group}


def test_a_handful_is_looked_at_again(store: Store) -> None:
    """What came to be relied on meanwhile is not among it any more."""
    store.write(lambda tx: add_small(tx, "1", OLD))
    store.write(lambda tx: add_small(tx, "2", OLD))
    handful = _ids(store.read(lambda tx: tx.retention.old_visits(FIRST)))
    assert handful == {"v-1", "v-2"}
    store.write(lambda tx: add_small(tx, "3", MORNING))
    store.write(lambda tx: confirm(tx, "3", "1"))
    again = store.read(lambda tx: tx.retention.old_visits(FIRST, sorted(handful)))
    assert _ids(again) == {"v-2"}
