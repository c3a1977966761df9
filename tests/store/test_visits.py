from __future__ import annotations

from datetime import timedelta

import pytest

from terminal.errors import StoreError, UnknownVisitError, VisitStateError
from terminal.store import Store
from terminal.visit import CloseReason, VisitEvent, VisitState, after
from tests.store.builders import MORNING, a_visit, an_identification, open_visit


def test_visit_comes_back(store: Store) -> None:
    """A stored visit is read as it was."""
    visit = a_visit(clinic_patient_id="0042")
    assert store.write(lambda tx: tx.visits.add(visit))
    assert store.read(lambda tx: tx.visits.get("v-1")) == visit


def test_repeated_add_changes_nothing(store: Store) -> None:
    """The same command sent twice is stored once, and says so."""
    assert store.write(lambda tx: tx.visits.add(a_visit()))
    assert not store.write(lambda tx: tx.visits.add(a_visit()))
    assert len(store.read(lambda tx: tx.visits.unfinished())) == 1


def test_late_add_never_resets_a_visit(store: Store) -> None:
    """An add that arrives after the visit went on is refused."""
    store.write(lambda tx: tx.visits.add(a_visit()))
    called = after(a_visit(), VisitEvent.CALL_STAFF)
    store.write(lambda tx: tx.visits.save(called))
    with pytest.raises(VisitStateError, match="version 2"):
        store.write(lambda tx: tx.visits.add(a_visit()))
    assert store.read(lambda tx: tx.visits.get("v-1")) == called


def test_save_needs_the_version_before(store: Store) -> None:
    """Of two changes to the same version the first wins and the second is refused."""
    store.write(lambda tx: tx.visits.add(a_visit()))
    called = after(a_visit(), VisitEvent.CALL_STAFF)
    identified = after(a_visit(), VisitEvent.IDENTIFY)
    store.write(lambda tx: tx.visits.save(called))
    with pytest.raises(VisitStateError, match="version 2 cannot follow"):
        store.write(lambda tx: tx.visits.save(identified))
    skipped = after(after(called, VisitEvent.IDENTIFY), VisitEvent.FINISH)
    with pytest.raises(VisitStateError, match="version 4 cannot follow"):
        store.write(lambda tx: tx.visits.save(skipped))
    store.write(lambda tx: tx.visits.save(called))
    assert store.read(lambda tx: tx.visits.get("v-1")) == called


def test_unknown_visit(store: Store) -> None:
    """A visit that is not there is named, for reading and for saving."""
    with pytest.raises(UnknownVisitError, match="v-9"):
        store.read(lambda tx: tx.visits.get("v-9"))
    with pytest.raises(UnknownVisitError, match="v-9"):
        store.write(lambda tx: tx.visits.save(a_visit("v-9", version=2)))


def test_day_holds_its_first_moment_and_not_its_last(store: Store) -> None:
    """The visits of a span begin at its start, end before its end, and are newest first."""
    for number, seconds in enumerate((-1, 0, 3600, 86399, 86400)):
        opened_at = MORNING + timedelta(seconds=seconds)
        open_visit(store, f"v-{number}", opened_at=opened_at)
    day = store.read(
        lambda tx: tx.visits.opened_between(MORNING, MORNING + timedelta(days=1)),
    )
    assert [visit.id for visit in day] == ["v-3", "v-2", "v-1"]


def test_unfinished_visits(store: Store) -> None:
    """Visits that ended are left out; the others come oldest first."""
    ended = a_visit(
        "v-ended", state=VisitState.ABANDONED, close_reason=CloseReason.LEFT, closed_at=MORNING
    )
    later = a_visit("v-later", opened_at=MORNING + timedelta(seconds=1))
    with_staff = a_visit("v-staff", state=VisitState.WITH_STAFF)
    store.write(lambda tx: [tx.visits.add(visit) for visit in (later, ended, with_staff)])
    unfinished = store.read(lambda tx: tx.visits.unfinished())
    assert [visit.id for visit in unfinished] == ["v-staff", "v-later"]


def test_holder_is_identified_once(store: Store) -> None:
    """An identification is kept; a repeated one changes nothing, another one is refused."""
    open_visit(store, "v-1")
    assert store.read(lambda tx: tx.identifications.of_visit("v-1")) is None
    identification = an_identification()
    assert store.write(lambda tx: tx.identifications.add(identification))
    assert not store.write(lambda tx: tx.identifications.add(identification))
    with pytest.raises(VisitStateError, match="identified already"):
        store.write(lambda tx: tx.identifications.add(an_identification(actor="s-1")))
    assert store.read(lambda tx: tx.identifications.of_visit("v-1")) == identification


def test_nothing_is_stored_of_a_visit_that_is_not_there(store: Store) -> None:
    """A record that refers to no visit is refused by the database itself."""
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.write(lambda tx: tx.identifications.add(an_identification("v-9")))
