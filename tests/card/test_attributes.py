"""Reading the holder's attributes from a tapped card: one hold, one try, the same card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from eligibility.codes import Sex
from eligibility.model import NOT_READ, HolderAttributes
from terminal.card.jpki import TokenKind
from terminal.card.number_b import NumberB
from terminal.errors import CardRemovedError, NumberBBlockedError, NumberBRefusedError
from terminal.reader.types import ReaderEvent, ReaderState
from terminal.recognition import CardInReader, read_attributes, read_card
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.issuing import issue, load_card
from terminal.virtual_card.personas import CardCondition, Person, Story
from terminal.virtual_card.personas import read_card as read_stored
from tests.card.cards import DirectConnection
from tests.card.wallet import Wallet

VERIFY = 0x20


class Table:
    """A reader that is a table: whatever card lies on it is connected without a daemon."""

    def __init__(self, card: CardOs) -> None:
        self.card = card
        self.connections: list[DirectConnection] = []

    @property
    def state(self) -> ReaderState:
        """Always there."""
        return ReaderState.READY

    def start(self, on_event: Callable[[ReaderEvent], None]) -> None:
        """Nothing to watch."""

    def stop(self) -> None:
        """Nothing was started."""

    def connect(self, reader: str) -> DirectConnection:
        """Power the card."""
        connection = DirectConnection(self.card)
        self.connections.append(connection)
        return connection


@dataclass
class Tap:
    """A card that was recognised and lies there still."""

    table: Table
    card: CardInReader

    def reads(self, number_b: NumberB) -> list[str]:
        """Read the attributes; return the files that were reached, in order."""
        self.table.card.trace.clear()
        read_attributes(self.table, self.card, number_b)
        return [exchange.target for exchange in self.table.card.trace.entries()]


def tapped(card: CardOs) -> Tap:
    """Lay a card on the table."""
    table = Table(card)
    return Tap(table, read_card(table, "table"))


def number_b(folder: Path, persona: str = "taro", *, wrong: bool = False) -> NumberB:
    """Return 照合番号B of a card, or one with another security code."""
    stored = read_stored(folder / "cards" / f"{persona}.json")
    code = (int(stored.security_code) + wrong) % 10000
    return NumberB(
        stored.person.birthdate,
        stored.expires_on.year,
        bytearray(b"%04d" % code),
        today=date(2026, 11, 24),
    )


def tries(tap: Tap) -> int:
    """Count the entries that the last hold sent to the card."""
    commands = tap.table.connections[-1].commands
    return sum(command[1] == VERIFY and len(command) > 4 for command in commands)


def test_the_attributes_and_the_card_s_expiry(wallet: Wallet) -> None:
    """What the card says of taro, and its last day."""
    tap = tapped(wallet.card())
    found = read_attributes(tap.table, tap.card, number_b(wallet.folder))
    stored = read_stored(wallet.folder / "cards" / "taro.json")
    assert found.attributes.name == "試験　太郎"
    assert (found.attributes.birthdate, found.attributes.sex) == (date(1980, 2, 17), Sex.MALE)
    assert found.expires_on == stored.expires_on
    assert found.token is TokenKind.CARD
    assert "太郎" not in repr(found)


def test_a_hold_is_eleven_commands_and_never_meets_the_individual_number(wallet: Wallet) -> None:
    """Of the certificate only the head is read again; no file is read twice, 0001 of text never."""
    assert tapped(wallet.card()).reads(number_b(wallet.folder)) == [
        "jpki",
        "jpki/000A",
        "jpki/000A",
        "common",
        "common/0001",
        "common/0001",
        "text",
        "text/0015",
        "text/0015",
        "text/0002",
        "text/0002",
    ]


def test_a_wrong_number_is_tried_once(wallet: Wallet) -> None:
    """The refusal tells the tries left; the right number sets the counter back."""
    tap = tapped(wallet.card())
    for left in (9, 8):
        with pytest.raises(NumberBRefusedError) as refusal:
            read_attributes(tap.table, tap.card, number_b(wallet.folder, wrong=True))
        assert refusal.value.tries_left == left
        assert tries(tap) == 1
    read_attributes(tap.table, tap.card, number_b(wallet.folder))
    with pytest.raises(NumberBRefusedError) as refusal:
        read_attributes(tap.table, tap.card, number_b(wallet.folder, wrong=True))
    assert refusal.value.tries_left == 9


def test_a_blocked_number_refuses_the_right_one(wallet: Wallet) -> None:
    """After ten wrong entries the right one is refused too, by an error of its own."""
    tap = tapped(wallet.card())
    for _ in range(9):
        with pytest.raises(NumberBRefusedError):
            read_attributes(tap.table, tap.card, number_b(wallet.folder, wrong=True))
    for wrong in (True, False):
        with pytest.raises(NumberBBlockedError):
            read_attributes(tap.table, tap.card, number_b(wallet.folder, wrong=wrong))


def test_another_card_is_not_tried(wallet: Wallet) -> None:
    """A card that was swapped meanwhile is told as taken away, and loses no try."""
    tap = tapped(wallet.card())
    tap.table.card = wallet.card("hanako")
    with pytest.raises(CardRemovedError):
        read_attributes(tap.table, tap.card, number_b(wallet.folder))
    assert tries(tap) == 0


def test_a_phone_tells_nothing_of_its_holder(tmp_path: Path) -> None:
    """A phone has JPKI alone: all NOT_READ, the label tells which phone, no try is made."""
    person = Person(
        id="p-1",
        persona="taro",
        name="試験 太郎",
        name_kana="シケン タロウ",
        birthdate=date(1980, 2, 17),
        sex="1",
        address="東京都千代田区一番町１",
        story=Story(ja="試験", en="test"),
        card_condition=CardCondition.PHONE,
    )
    issue([person], tmp_path, datetime.now(UTC))
    tap = tapped(load_card(tmp_path, "taro").card)
    found = read_attributes(tap.table, tap.card, number_b(tmp_path))
    assert found.attributes == HolderAttributes()
    assert (found.expires_on, found.token) == (NOT_READ, TokenKind.ANDROID)
    assert tries(tap) == 0
