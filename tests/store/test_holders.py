"""What cards say of their holders, as it is stored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eligibility.model import NOT_READ, HolderAttributes
from terminal.errors import VisitStateError
from terminal.identification import AttributesSource
from terminal.store import Store
from tests.store.builders import (
    MORNING,
    SATO,
    TANAKA,
    a_confirmation,
    a_holder,
    an_identification,
    confirm_visit,
    open_visit,
)


def test_a_card_is_read_once_for_a_visit(store: Store) -> None:
    """A repeated record changes nothing; another one for the same visit is refused."""
    open_visit(store, "v-1")
    assert store.read(lambda tx: tx.holders.of_visit("v-1")) is None
    assert store.write(lambda tx: tx.holders.add(a_holder()))
    assert not store.write(lambda tx: tx.holders.add(a_holder()))
    with pytest.raises(VisitStateError, match="v-1 is stored already"):
        store.write(lambda tx: tx.holders.add(a_holder(attributes=HolderAttributes())))
    assert store.read(lambda tx: tx.holders.of_visit("v-1")) == a_holder()


def test_what_was_not_read_comes_back_as_such(store: Store) -> None:
    """A field that nobody read is not read after it was stored, too."""
    open_visit(store, "v-1")
    store.write(lambda tx: tx.holders.add(a_holder(attributes=HolderAttributes("田中"))))
    stored = store.read(lambda tx: tx.holders.of_visit("v-1"))
    assert stored is not None
    assert (stored.attributes.name, stored.attributes.birthdate) == ("田中", NOT_READ)


def test_the_newest_record_of_a_certificate(store: Store) -> None:
    """A card that comes again is known by its certificate, never another card's record."""
    for ident, subject in (("v-1", TANAKA), ("v-2", TANAKA), ("v-3", SATO)):
        open_visit(store, ident, subject=subject)
    later = a_holder("v-1", read_at=MORNING + timedelta(hours=1))
    store.write(lambda tx: tx.holders.add(later))
    store.write(lambda tx: tx.holders.add(a_holder("v-2")))
    assert store.read(lambda tx: tx.holders.latest_of(TANAKA)) == later
    assert store.read(lambda tx: tx.holders.latest_of(SATO)) is None


def test_an_identification_learns_that_the_card_was_read(store: Store) -> None:
    """Attributes may come after the holder was identified, and before: then nothing is there."""
    open_visit(store, "v-1")
    store.write(lambda tx: tx.identifications.attributes_were_read("v-1"))
    assert store.read(lambda tx: tx.identifications.of_visit("v-1")) is None
    store.write(lambda tx: tx.identifications.add(an_identification()))
    store.write(lambda tx: tx.identifications.attributes_were_read("v-1"))
    assert store.read(lambda tx: tx.identifications.of_visit("v-1")) == an_identification(
        attributes_source=AttributesSource.CARD
    )


def test_a_superseded_confirmation_says_nothing_any_more(store: Store) -> None:
    """Of a visit that was confirmed again only the newest is found for its certificate."""
    confirm_visit(store)
    again = a_confirmation("c-2", made_at=MORNING + timedelta(minutes=1), supersedes="c-1")
    store.write(lambda tx: tx.confirmations.add(again))
    assert store.read(lambda tx: tx.confirmations.live_for(TANAKA)) == [again]
