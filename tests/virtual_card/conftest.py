"""Cards on disk, issued once; the run's PC/SC daemon; a slot of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.issuing import issue, load_card
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.virtual_card.parts import people

NOW = datetime.now(UTC)


@pytest.fixture(scope="session")
def now() -> datetime:
    """The moment at which the cards were issued."""
    return NOW


@pytest.fixture(scope="session")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one card for each condition."""
    folder = tmp_path_factory.mktemp("cards")
    issue(people(), folder, NOW)
    return folder


@pytest.fixture
def card(cards: Path) -> CardOs:
    """A fresh ordinary card, powered."""
    card = load_card(cards, "normal").card
    card.power_on()
    return card


@pytest.fixture
def daemon(pcscd: PrivatePcscd) -> Iterator[PrivatePcscd]:
    """The daemon of this process, running before and after, whatever the test does to it."""
    pcscd.start()
    yield pcscd
    pcscd.start()


@pytest.fixture(scope="session")
def first_slot(pcscd: PrivatePcscd) -> Iterator[VirtualCardSlot]:
    """The daemon's first slot."""
    with VirtualCardSlot(pcscd.port) as slot:
        yield slot


@pytest.fixture
def slot(daemon: PrivatePcscd, first_slot: VirtualCardSlot) -> Iterator[VirtualCardSlot]:
    """The daemon's first slot, empty."""
    first_slot.remove()
    yield first_slot
    first_slot.remove()
