"""What a desk does with a card, step by step, as the desk's own code does it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from terminal.card import visual
from terminal.card.certificates import CertificateVerifier
from terminal.card.jpki import JpkiSession
from terminal.card.number_b import NumberB
from terminal.card.proof import make_desk_challenge
from terminal.reader.types import CardReader
from terminal.recognition import CardInReader, prove_pin, read_attributes, read_card
from terminal.virtual_card.personas import read_card as stored_card
from tests.card.wallet import PIN, Wallet

PERSONA = "taro"
PIN_VISIT = ("certificate", "signature")
NUMBER_B_VISIT = ("certificate", "attributes", "photo", "signature")


class Steps:
    """The steps of one visit; ``all`` holds them by name, in the order of a visit."""

    def __init__(self, reader: CardReader, name: str, wallet: Wallet) -> None:
        """``name``: the reader where the card ``taro`` of ``wallet`` lies."""
        self._reader = reader
        self._name = name
        self._verifier = CertificateVerifier([wallet.anchor], allow_test=True)
        stored = stored_card(wallet.folder / "cards" / f"{PERSONA}.json")
        self._face = stored.person.birthdate, stored.expires_on.year
        self._code = stored.security_code.encode()
        self._challenge = make_desk_challenge("desk-1", "visit-1", datetime.now(UTC), bytes(32))
        self._card: CardInReader | None = None
        self.all: dict[str, Callable[[], None]] = {
            "recognised": self.recognised,
            "certificate": self.certificate,
            "attributes": self.attributes,
            "photo": self.photo,
            "signature": self.signature,
        }

    def recognised(self) -> None:
        """SELECT JPKI: it is a My Number card, or a phone."""
        with self._reader.connect(self._name) as connection:
            JpkiSession(connection)

    def certificate(self) -> None:
        """All that the desk reads at a tap, and the check of the certificate."""
        self._card = read_card(self._reader, self._name)
        self._verifier.verify(self._card.certificate, datetime.now(UTC))

    def attributes(self) -> None:
        """照合番号B, the four attributes and the card's expiry."""
        with self._number_b() as number:
            assert self._card is not None
            read_attributes(self._reader, self._card, number)

    def photo(self) -> None:
        """照合番号B and the whole record of the card's face."""
        with self._reader.connect(self._name) as connection, self._number_b() as number:
            session = visual.VisualSession(connection)
            session.verify_number_b(number)
            assert session.record().photo, "the card has a photo"

    def signature(self) -> None:
        """PIN and signature."""
        assert self._card is not None
        prove_pin(self._reader, self._card, bytearray(PIN), self._challenge)

    def _number_b(self) -> NumberB:
        birthdate, year = self._face
        today = datetime.now(UTC).date()
        return NumberB(birthdate, year, bytearray(self._code), today=today)
