"""Cards that a soak run taps, and an account of which card said what, kept beside the desk.

The account is made from what the cards themselves were sent, so that what the desk stored can be
held against it.
"""

from __future__ import annotations

import bisect
import hashlib
import threading
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from eligibility.model import CardSubject
from terminal.card.apdu import Ins
from terminal.card.certificates import subject_of
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.files import Card
from terminal.virtual_card.issuing import load
from terminal.virtual_card.personas import CardCondition, Person, read_card

TAPPED = (
    CardCondition.NORMAL,
    CardCondition.EXPIRES_SOON,
    CardCondition.IN_GRACE,
    CardCondition.EXPIRED,
    CardCondition.PIN_BLOCKED,
    CardCondition.FACE_ONLY,
    CardCondition.PHONE,
    CardCondition.NOT_LOADED,
)


MISLINKED = "mislinked"
"""Whose answers name somebody else as they are made to: the payer holds a wrong number for it."""


class Account:
    """Which card was spoken to when, and which one made which signature."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moments: list[datetime] = []
        self._spoken_to: list[str] = []
        self._signed: dict[bytes, str] = {}

    def spoken_to(self, persona: str) -> None:
        """Note that this card is sent a command now."""
        with self._lock:
            if not self._spoken_to or self._spoken_to[-1] != persona:
                self._moments.append(datetime.now(UTC))
                self._spoken_to.append(persona)

    def signed(self, persona: str, signature: bytes) -> None:
        """Note a signature that this card made."""
        with self._lock:
            self._signed[hashlib.sha256(signature).digest()] = persona

    def at(self, moment: datetime) -> str | None:
        """Return the card that was spoken to last before ``moment``."""
        with self._lock:
            index = bisect.bisect_right(self._moments, moment)
            return self._spoken_to[index - 1] if index else None

    def signer(self, signature: bytes) -> str | None:
        """Return the card that made ``signature``, None where none of ours did."""
        with self._lock:
            return self._signed.get(hashlib.sha256(signature).digest())


class AccountedCard:
    """A card that writes into the account."""

    def __init__(self, persona: str, card: CardOs, account: Account) -> None:
        self.atr = card.atr
        self._persona = persona
        self._card = card
        self._account = account

    def power_on(self) -> None:
        """As the card."""
        self._card.power_on()

    def power_off(self) -> None:
        """As the card."""
        self._card.power_off()

    def reset(self) -> None:
        """As the card."""
        self._card.reset()

    def transmit(self, apdu: bytes) -> bytes | None:
        """Answer as the card, and note it."""
        self._account.spoken_to(self._persona)
        answer = self._card.transmit(apdu)
        if apdu[1] == Ins.PERFORM_SECURITY_OPERATION and answer.endswith(b"\x90\x00"):
            self._account.signed(self._persona, answer[:-2])
        return answer


class Holder:
    """One person with a card: ``subject`` and ``certificate`` (DER) as the issuer knows them.

    Both are None where no certificate was loaded.  ``stored``: what stands on the card's face.
    """

    def __init__(self, person: Person, card: CardOs, folder: Path, account: Account) -> None:
        self.person = person
        self.persona = str(person.persona)
        self._card = card
        self._account = account
        self.certificate: bytes | None = None
        self.subject: CardSubject | None = None
        self.stored = read_card(folder / "cards" / f"{self.persona}.json")
        if person.card_condition is not CardCondition.NOT_LOADED:
            certificate = x509.load_pem_x509_certificate(self.stored.auth_certificate.encode())
            self.certificate = certificate.public_bytes(Encoding.DER)
            self.subject = subject_of(self.certificate)

    @property
    def has_pin(self) -> bool:
        """Whether the PIN can be typed."""
        return self.person.card_condition not in (
            CardCondition.PIN_BLOCKED,
            CardCondition.FACE_ONLY,
        )

    def card(self) -> Card:
        """Return the card with its counters as issued."""
        self._card.reissue()
        return AccountedCard(self.persona, self._card, self._account)


def holders(folder: Path, account: Account) -> list[Holder]:
    """Return everybody whose card is tapped."""
    return [
        Holder(issued.person, issued.card, folder, account)
        for issued in load(folder)
        if issued.person.card_condition in TAPPED and issued.person.persona != MISLINKED
    ]
