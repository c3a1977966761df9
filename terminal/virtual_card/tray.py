"""The demo's tray of cards: which there are, which lies on the reader."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from terminal.virtual_card import strangers
from terminal.virtual_card.applets import driving_licence
from terminal.virtual_card.card_os import CardOs, MuteCard
from terminal.virtual_card.issuing import IssuedPersona
from terminal.virtual_card.personas import Person, Story
from terminal.virtual_card.records import Face
from terminal.virtual_card.script import ScriptedCard, Step
from terminal.virtual_card.strangers import TransitCard
from terminal.virtual_card.trace import Exchange
from terminal.virtual_card.vpicc import VirtualCardSlot


class CardKind(StrEnum):
    """What a card is."""

    MY_NUMBER = "my-number"
    DRIVING_LICENCE = "driving-licence"
    RESIDENCE_CARD = "residence-card"
    PASSPORT = "passport"
    BANK_CARD = "bank-card"
    TRANSIT_CARD = "transit-card"
    MUTE = "mute"


class BeforeCamera(StrEnum):
    """Who stands before the kiosk's camera, where the demo has one."""

    SAME = "same"
    OTHER = "other"
    PRINT = "print"
    NOBODY = "nobody"


class UnknownTrayCardError(Exception):
    """There is no such card in the tray."""


@dataclass(frozen=True, slots=True)
class TrayCard:
    """One card of the tray.  ``person``, ``not_after``, ``face`` belong to My Number cards only."""

    slug: str
    kind: CardKind
    card: CardOs | MuteCard | TransitCard = field(repr=False)
    story: Story = field(repr=False)
    person: Person | None = field(default=None, repr=False)
    not_after: datetime | None = None
    face: Face | None = field(default=None, repr=False)

    @property
    def pin_tries_left(self) -> int | None:
        """Tries left of the authentication PIN; None where the card has none."""
        return self.card.pin_tries_left if isinstance(self.card, CardOs) else None


def other_cards() -> list[TrayCard]:
    """Return the cards that are no My Number cards."""
    return [
        TrayCard(
            "driving-licence",
            CardKind.DRIVING_LICENCE,
            driving_licence(),
            Story(
                ja="まちがえて置かれた運転免許証。端末は「マイナンバーカードではない」と伝えます。",
                en="A driving licence, put here by mistake. The terminal says what it is not.",
            ),
        ),
        TrayCard(
            "residence-card",
            CardKind.RESIDENCE_CARD,
            strangers.residence_card(),
            Story(
                ja="在留カード。マイナンバーカードと形は似ていますが、別のカードです。",
                en="A residence card: it looks alike and is another card.",
            ),
        ),
        TrayCard(
            "transit-card",
            CardKind.TRANSIT_CARD,
            TransitCard(),
            Story(
                ja="交通系ICカード。リーダーは気づきますが、保険のことは何も入っていません。",
                en="A transit card. The reader notices it; nothing of insurance is in it.",
            ),
        ),
        TrayCard(
            "bank-card",
            CardKind.BANK_CARD,
            strangers.bank_card(),
            Story(
                ja="タッチ決済のカード。端末は支払いの情報を読みません。",
                en="A contactless bank card. The terminal reads nothing of payments.",
            ),
        ),
        TrayCard(
            "passport",
            CardKind.PASSPORT,
            strangers.passport(),
            Story(
                ja="パスポート。ICチップはありますが、資格確認には使えません。",
                en="A passport: it has a chip, and is of no use for this.",
            ),
        ),
        TrayCard(
            "mute-card",
            CardKind.MUTE,
            MuteCard(),
            Story(
                ja="こわれたカード。返事をしません。端末は待ちすぎず、係員を呼べるようにします。",
                en="A broken card that never answers. The terminal gives up in time and says so.",
            ),
        ),
    ]


class Tray:
    """The cards and the one slot they go into; safe between threads."""

    def __init__(
        self,
        personas: Sequence[IssuedPersona],
        slot: VirtualCardSlot,
        portraits: Sequence[str] | None = None,
    ) -> None:
        """``personas``: the issued cards, in the order in which they lie there.

        ``portraits``: the cards whose holder can stand before the kiosk's camera; None where there
        is no camera.
        """
        self.portraits = portraits
        self.before_camera = BeforeCamera.SAME
        issued = [
            TrayCard(
                slug=item.person.persona or item.person.id,
                kind=CardKind.MY_NUMBER,
                card=item.card,
                story=item.person.story,
                person=item.person,
                not_after=item.not_after,
                face=item.face,
            )
            for item in personas
        ]
        self.cards = (*issued, *other_cards())
        self._by_slug = {card.slug: card for card in self.cards}
        self._slot = slot
        self._scripts: dict[str, tuple[Step, ...]] = {}
        self._lock = threading.Lock()

    @property
    def on_reader(self) -> str | None:
        """The card on the reader."""
        there = self._slot.card
        if isinstance(there, ScriptedCard):
            there = there.card
        return next((card.slug for card in self.cards if card.card is there), None)

    @property
    def reader_connected(self) -> bool:
        """Whether the reader has noticed the card."""
        return self._slot.connected

    def insert(self, slug: str) -> None:
        """Put a card on the reader, taking away the one that is there.

        A script that waits for this card is used up.  Raises UnknownTrayCardError.
        """
        card = self._find(slug).card
        with self._lock:
            steps = self._scripts.pop(slug, ())
            if steps:
                others = {other.slug: other.card for other in self.cards}
                self._slot.insert(ScriptedCard(card, steps, self._slot, others))
            elif self.on_reader != slug:
                self._slot.insert(card)

    def script(self, slug: str, steps: Sequence[Step]) -> None:
        """Have these steps happen at the next insertion of a card; none: as ever.

        Raises UnknownTrayCardError, also for a card that a swap names.
        """
        for name in (slug, *(step.card for step in steps if step.card is not None)):
            self._find(name)
        with self._lock:
            self._scripts[slug] = tuple(steps)

    def script_of(self, slug: str) -> tuple[Step, ...]:
        """Return the steps that wait for the next insertion of a card."""
        with self._lock:
            return self._scripts.get(slug, ())

    def remove(self) -> None:
        """Take the card away, if there is one."""
        with self._lock:
            self._slot.remove()

    def reset(self, slug: str) -> None:
        """Give a card the retry counters of its issue.  Raises UnknownTrayCardError."""
        self._find(slug).card.reissue()

    def trace(self, slug: str) -> tuple[Exchange, ...]:
        """Return the last exchanges of a card, oldest first.  Raises UnknownTrayCardError."""
        return self._find(slug).card.trace.entries()

    def face(self, slug: str) -> Face | None:
        """Return what is printed on a card; None for a phone and cards of other kinds.

        Raises UnknownTrayCardError.
        """
        return self._find(slug).face

    def _find(self, slug: str) -> TrayCard:
        try:
            return self._by_slug[slug]
        except KeyError:
            raise UnknownTrayCardError(slug) from None
