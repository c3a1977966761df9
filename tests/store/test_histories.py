"""Histories at rest: sealed under their consent, closed by its end, and gone without a trace."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.calendar import CalendarMonth
from eligibility.codes import ConsentCategory, UnknownCode
from eligibility.consenting import ConsentEnd
from eligibility.history import (
    CheckupObservation,
    CodedResult,
    DiagnosisRecord,
    History,
    MedicationRecord,
    OperationRecord,
    TreatmentRecord,
)
from eligibility.model import ConsentDecision
from terminal.consent_rules import ended
from terminal.errors import StoreDamagedError, VisitStateError
from terminal.kept_history import KeptHistory, counts_of
from terminal.store import Store, Transaction
from terminal.store.connection import connect
from terminal.store.history_content import pack, unpack
from tests.history.records import CLINIC, MEDICINES, OBSERVATIONS, medicine
from tests.store.builders import MORNING, Clock, a_consent, open_visit
from tests.store.raw_pages import places_of

YZK, SRJ, SHJ, TKK = (
    ConsentCategory.YZK,
    ConsentCategory.SRJ,
    ConsentCategory.SHJ,
    ConsentCategory.TKK,
)
MONTH = CalendarMonth(2026, 10)
DRUG = "アムロジピン錠５ｍｇ「見本」"


def a_history(medicines: int = 300, consent_id: str = "k-1") -> History:
    """Return medicines of many days."""
    records = [
        # words that repeat nothing, so that they fill pages also when they are compressed
        medicine(
            dispensed_on=date(2020, 1, 1) + timedelta(days=number),
            usage=hashlib.sha512(b"%d" % number).hexdigest(),
        )
        for number in range(medicines)
    ]
    return History.of_category(consent_id, MORNING, YZK, records)


def keep(store: Store, history: History, clock: Clock) -> None:
    """Keep a history under its consent."""
    kept = KeptHistory(history.consent_id, "v-1", clock.now(), counts_of(history))
    store.write(lambda tx: tx.histories.keep(kept, pack(history), clock.now()))


def opened(store: Store, clock: Clock) -> History | None:
    """Return what is opened now."""
    content = store.read(lambda tx: tx.histories.open("k-1", clock.now()))
    return None if content is None else unpack(content)


def add_consent(store: Store, ident: str) -> None:
    """Store another yes of the same visit."""
    store.write(lambda tx: tx.consents.add(a_consent(ident)))


def delete(store: Store, consent_id: str) -> KeptHistory | None:
    """Destroy what is kept under a consent."""
    return store.write(lambda tx: tx.histories.delete(consent_id))


@pytest.fixture
def consented(store: Store) -> Store:
    """A store with a visit whose patient said yes to medicines."""
    open_visit(store, "v-1")
    store.write(lambda tx: tx.consents.add(a_consent()))
    return store


def at_rest(path: Path, key: bytes) -> tuple[bytes, bytes]:
    """Return wrapped key and content as they stand in the row."""
    db = connect(path, key, read_only=True)
    try:
        row = db.conn.execute("SELECT wrapped_key, content FROM histories").fetchone()
        return bytes(row[0]), bytes(row[1])
    finally:
        db.close()


def pieces(content: bytes) -> list[bytes]:
    """Return short pieces of what fills many pages."""
    return [content[start : start + 24] for start in range(0, len(content) - 24, 500)]


@given(
    st.lists(MEDICINES, max_size=5),
    st.lists(OBSERVATIONS, max_size=5),
    st.decimals(allow_nan=False, allow_infinity=False),
)
def test_a_history_comes_back_as_it_was_fetched(
    medicines: list[MedicationRecord], observations: list[CheckupObservation], number: Decimal
) -> None:
    """To the last digit: 5.10 stays 5.10, words of digits stay words, an unknown code unknown."""
    odd = medicine(use=UnknownCode("MedicationUse", "77"), quantity=number)
    treatment = TreatmentRecord(
        MONTH, CLINIC, "初診料", date(2026, 10, 1), quantity=number, times=1
    )
    whole = History("k-1", MORNING, frozenset({YZK, SRJ, SHJ, TKK}))
    item = "9N736000000000011"
    history = replace(
        whole,
        medications=(*medicines, odd),
        treatments=(treatment,),
        operations=(OperationRecord(MONTH, CLINIC, "手術", inpatient=True),),
        diagnoses=(DiagnosisRecord(MONTH, CLINIC, "傷病", suspected=True, outcome=""),),
        checkups=(
            *observations,
            CheckupObservation(MORNING.date(), item, "x", number),
            CheckupObservation(MORNING.date(), item, "x", str(number)),
            CheckupObservation(MORNING.date(), item, "x", ""),
            CheckupObservation(MORNING.date(), item, "x", Decimal(0)),
            CheckupObservation(MORNING.date(), item, "x", CodedResult("1", None)),
        ),
    )
    packed = pack(history)
    assert packed.answered == history.answered
    back = unpack(packed.content)
    assert back == history
    assert [str(one.value) for one in back.checkups] == [str(one.value) for one in history.checkups]
    assert {type(one.value) for one in back.checkups} == {
        type(one.value) for one in history.checkups
    }
    assert sum(len(one.records) for one in back.drugs.entries) == len(history.medications)


def test_a_kept_history_is_there_after_reopening(
    consented: Store, open_store: Callable[[], Store], clock: Clock
) -> None:
    """What was kept is opened again by the next run, whole; what is told of it tells no content."""
    keep(consented, a_history(), clock)
    consented.close()
    store = open_store()
    (kept,) = store.read(lambda tx: tx.histories.all())
    assert (kept.visit_id, kept.told_counts) == ("v-1", "YZK=300")
    assert opened(store, clock) == a_history()
    assert store.check().ok


@pytest.mark.parametrize("seconds", [24 * 3600, 24 * 3600 + 1, -1])
def test_nothing_is_opened_outside_the_time_of_the_consent(
    consented: Store, clock: Clock, seconds: float
) -> None:
    """By the clock at the look, whether or not a job has deleted anything."""
    keep(consented, a_history(3), clock)
    clock.is_set(seconds)
    assert opened(consented, clock) is None


def test_a_withdrawn_consent_opens_nothing_that_is_left(consented: Store, clock: Clock) -> None:
    """Even where nobody deleted it yet."""
    keep(consented, a_history(3), clock)
    over = ended(a_consent(), ConsentEnd.PATIENT, clock.now())
    consented.write(lambda tx: tx.consents.save(over))
    assert opened(consented, clock) is None


@pytest.mark.parametrize(
    "history",
    [
        a_history(2, consent_id="k-2"),
        History("k-1", MORNING, frozenset({TKK})),
        History("k-1", MORNING, frozenset({YZK, SRJ})),
    ],
)
def test_only_what_the_consent_opens_is_kept(
    consented: Store, clock: Clock, history: History
) -> None:
    """Neither another consent's history nor a category that was refused or never asked."""
    with pytest.raises(VisitStateError):
        keep(consented, history, clock)
    assert consented.read(lambda tx: tx.histories.all()) == []


def test_a_history_is_bound_to_its_consent(
    consented: Store, path: Path, key: bytes, clock: Clock
) -> None:
    """A row under another consent's id cannot be opened: one person's is never another's."""
    keep(consented, a_history(3), clock)
    decisions = {YZK: ConsentDecision.YES}
    consented.write(lambda tx: tx.consents.add(a_consent("k-2", decisions=decisions)))
    db = connect(path, key)
    db.execute("UPDATE histories SET id = 'k-2', body = json_set(body, '$.consent_id', 'k-2')")
    db.close()
    with pytest.raises(StoreDamagedError):
        consented.read(lambda tx: tx.histories.open("k-2", clock.now()))


def test_each_history_has_a_key_of_its_own(
    consented: Store, path: Path, key: bytes, clock: Clock
) -> None:
    """Also when the same is fetched anew: nothing of the former key or content stays."""
    keep(consented, a_history(), clock)
    former_key, former = at_rest(path, key)
    keep(consented, a_history(), clock)
    new_key, _ = at_rest(path, key)
    assert former_key != new_key
    assert places_of(path, key, new_key)
    assert places_of(path, key, former_key, *pieces(former)) == []


def test_the_stores_key_alone_reads_nothing_of_a_history(
    consented: Store, path: Path, key: bytes, clock: Clock
) -> None:
    """In the decrypted pages stands the sealed content, and no word of it."""
    keep(consented, a_history(), clock)
    _, content = at_rest(path, key)
    assert places_of(path, key, *pieces(content))
    assert places_of(path, key, *(DRUG[:4].encode(), b"612170709")) == []


def test_a_deleted_history_is_in_no_page_and_no_frame(
    consented: Store, path: Path, key: bytes, clock: Clock
) -> None:
    """Key and content are in the decrypted pages before and nowhere after: free pages, log, all.

    Other rows come and go around it, so that pages are split and joined.
    """
    for number in range(40):
        ident = f"k-1{number:02}"
        add_consent(consented, ident)
        keep(consented, replace(a_history(20), consent_id=ident), clock)
    keep(consented, a_history(), clock)
    wrapped, content = at_rest_of(path, key, "k-1")
    needles = [wrapped, wrapped[:16], wrapped[-16:], *pieces(content)]
    assert len(places_of(path, key, *needles)) > 3
    for number in range(0, 40, 3):
        delete(consented, f"k-1{number:02}")
    assert delete(consented, "k-1") is not None
    assert path.with_name("desk.db-wal").stat().st_size == 0
    assert places_of(path, key, *needles) == []
    assert delete(consented, "k-1") is None
    assert consented.check().ok


def at_rest_of(path: Path, key: bytes, consent_id: str) -> tuple[bytes, bytes]:
    """Return wrapped key and content of one consent's row."""
    db = connect(path, key, read_only=True)
    try:
        row = db.conn.execute(
            "SELECT wrapped_key, content FROM histories WHERE id = ?", [consent_id]
        ).fetchone()
        return bytes(row[0]), bytes(row[1])
    finally:
        db.close()


def test_a_reader_that_holds_the_log_only_delays_its_end(
    consented: Store, path: Path, key: bytes, clock: Clock
) -> None:
    """The deletion does not wait for it; the log is cut off once the reader has gone."""
    keep(consented, a_history(), clock)
    wrapped, content = at_rest(path, key)
    reading, done = threading.Event(), threading.Event()

    def look(tx: Transaction) -> None:
        tx.histories.all()
        reading.set()
        assert done.wait(60)

    reader = threading.Thread(target=consented.read, args=(look,))
    reader.start()
    try:
        assert reading.wait(60)
        consented.write(lambda tx: tx.histories.delete("k-1"))
        assert consented.read(lambda tx: tx.histories.find("k-1")) is None
        assert not consented.erase_log()
        assert places_of(path, key, wrapped, *pieces(content))
    finally:
        done.set()
        reader.join()
    assert consented.erase_log()
    assert places_of(path, key, wrapped, *pieces(content)) == []
