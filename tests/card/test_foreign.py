"""Cards that are none of ours are told apart, quickly and without reading anything of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.card.apdu import Ins
from terminal.card.foreign import recognise_foreign
from terminal.card.jpki import JpkiSession
from terminal.errors import ForeignCard, UnknownCardError
from terminal.virtual_card import strangers
from terminal.virtual_card.applets import driving_licence
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.files import Card
from tests.card.cards import DirectConnection, WrittenCard

SELECT_RESIDENCE = "00A4040C10D392F0004F0200000000000000000000"
GET_NUMBER = "FFCA000000"


@pytest.mark.parametrize(
    ("card", "kind"),
    [
        (strangers.residence_card, ForeignCard.RESIDENCE_CARD),
        (driving_licence, ForeignCard.DRIVING_LICENCE),
        (strangers.bank_card, ForeignCard.BANK_CARD),
        (strangers.passport, ForeignCard.PASSPORT),
        (strangers.TransitCard, ForeignCard.TRANSIT_CARD),
        (lambda: CardOs([]), ForeignCard.OTHER),
    ],
)
def test_each_stranger_is_named_in_four_exchanges(
    card: Callable[[], Card], kind: ForeignCard
) -> None:
    """After JPKI was not found, at most four names are called; no file, no record is read."""
    with DirectConnection(card()) as connection:
        with pytest.raises(UnknownCardError):
            JpkiSession(connection)
        before = len(connection.commands)
        assert recognise_foreign(connection) is kind
        asked = connection.commands[before:]
    assert len(asked) <= 4
    assert {command[1] for command in asked} <= {Ins.SELECT, Ins.GET_DATA}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("01010601CB0957039000", ForeignCard.TRANSIT_CARD),
        ("04A224BA9000", ForeignCard.OTHER),
        ("04A224BA5566779000", ForeignCard.OTHER),
        ("6A81", ForeignCard.OTHER),
        ("01010601CB0957036300", ForeignCard.OTHER),
    ],
)
def test_a_storage_card_is_a_transit_card_by_the_length_of_its_number(
    answer: str, kind: ForeignCard
) -> None:
    """Eight bytes are FeliCa's; a tag of another kind, or none, is not guessed at."""
    card = WrittenCard((SELECT_RESIDENCE, "6A81"), (GET_NUMBER, answer))
    assert recognise_foreign(card) is kind
    assert card.all_said


class _Contrary:
    """A card that answers each command by the next status word of a list, without data."""

    def __init__(self, words: list[int]) -> None:
        self._words = words
        self.commands = 0

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        self.commands += 1
        return b"", self._words[self.commands % len(self._words)]

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> _Contrary:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()


@given(st.lists(st.integers(0x6100, 0x9FFF), min_size=1, max_size=9))
def test_no_answer_of_a_stranger_is_an_error(words: list[int]) -> None:
    """Whatever a foreign card says, it gets a name or none, in few exchanges."""
    card = _Contrary(words)
    assert recognise_foreign(card) in ForeignCard
    # four names, each perhaps asked again by the rules of 61xx and 6Cxx
    assert card.commands <= 12
