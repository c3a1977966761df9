from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from terminal.reader import ReaderSettings, SocketReader
from terminal.reader.pcsc import PcscReader
from terminal.reader.types import CardReader, ReaderState, StateChanged
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.card.wallet import Wallet, make_wallet
from tests.ports import free_port
from tests.reader.place import ANSWER_SECONDS, Place, pcsc_has_no_card, wait_until


@pytest.fixture(scope="session")
def wallet(tmp_path_factory: pytest.TempPathFactory) -> Wallet:
    """Cards of invented people."""
    return make_wallet(tmp_path_factory.mktemp("wallet"))


@contextmanager
def _watched(reader: CardReader, port: Callable[[], int]) -> Iterator[Place]:
    place = Place(reader, None)  # type: ignore[arg-type]  # the slot needs the port, see below
    reader.start(place.events.put)
    try:
        with VirtualCardSlot(port()) as place.slot:
            assert place.sees(StateChanged).state is ReaderState.READY
            yield place
            if place.present:
                place.takes()
    finally:
        reader.stop()


@pytest.fixture
def pcsc_place(pcscd: PrivatePcscd) -> Iterator[Place]:
    """A PC/SC reader behind the real daemon."""
    wait_until(pcsc_has_no_card, "an empty reader")
    settings = ReaderSettings(pcsc_socket=pcscd.socket_path, answer_seconds=ANSWER_SECONDS)
    with _watched(PcscReader(settings), lambda: pcscd.port) as place:
        yield place


@pytest.fixture
def socket_place() -> Iterator[Place]:
    """The socket reader."""
    settings = ReaderSettings(kind="socket", socket_port=free_port(), answer_seconds=ANSWER_SECONDS)
    reader = SocketReader(settings)
    with _watched(reader, lambda: reader.port) as place:
        yield place


@pytest.fixture(params=["pcsc_place", "socket_place"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each kind of reader in turn: both keep the same promises."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Place)
    return found
