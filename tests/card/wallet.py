"""Invented people with cards in each condition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.issuing import issue, load_card
from terminal.virtual_card.personas import CardCondition, Person, Story

PIN = b"1234"


@dataclass(frozen=True, slots=True)
class Wallet:
    """A folder of issued cards; ``taro`` and ``hanako`` are well, others named by condition."""

    folder: Path

    def card(self, persona: str = "taro") -> CardOs:
        """Return the card as it was issued, with its counters new."""
        return load_card(self.folder, persona).card

    @property
    def anchor(self) -> bytes:
        """The test CA above the authentication certificates, PEM."""
        return (self.folder / "ca.pem").read_bytes()


def make_wallet(folder: Path) -> Wallet:
    """Issue the cards."""
    conditions = {
        "taro": CardCondition.NORMAL,
        "hanako": CardCondition.NORMAL,
        "blocked": CardCondition.PIN_BLOCKED,
        "expired": CardCondition.EXPIRED,
        "face-only": CardCondition.FACE_ONLY,
        "phone": CardCondition.PHONE,
        "not-loaded": CardCondition.NOT_LOADED,
    }
    people = [
        Person(
            id=f"p-{number}",
            persona=persona,
            name="試験 太郎",
            name_kana="シケン タロウ",
            birthdate=datetime(1980, 2, 17, tzinfo=UTC).date(),
            sex="1",
            address="東京都千代田区一番町１",
            story=Story(ja="試験", en="test"),
            card_condition=condition,
        )
        for number, (persona, condition) in enumerate(conditions.items())
    ]
    issue(people, folder, datetime.now(UTC))
    return Wallet(folder)
