"""All that a desk does with a card, each part for itself, against whatever the card answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from terminal.card import common, jpki, own_key, text, visual
from terminal.card.certificates import CertificateVerifier
from terminal.card.connection import CardConnection
from terminal.card.number_b import NumberB
from terminal.card.proof import digest_info, make_desk_challenge
from terminal.card.protocol import LONGEST_FILE
from terminal.card.terminal_authentication import TerminalAuthenticator, authenticate_terminal
from terminal.errors import TerminalError
from terminal.reader.types import ReaderEvent, ReaderState
from terminal.recognition import prove_pin, read_attributes, read_card
from terminal.virtual_card.files import Card
from terminal.virtual_card.personas import read_card as stored_card
from tests.card.wallet import PIN, Wallet

PERSONA = "taro"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
CHALLENGE = make_desk_challenge("desk-1", "visit-1", NOW, bytes(32))

MOST_COMMANDS = 12 * LONGEST_FILE
"""More than a session can need for its few files, even where each READ gives one byte."""


class TooManyCommandsError(Exception):
    """The session would not end."""


class Desk:
    """What a desk brings to a session: whom it trusts, and what the holder typed."""

    def __init__(self, wallet: Wallet) -> None:
        """``wallet``: whose card ``taro`` the desk expects."""
        stored = stored_card(wallet.folder / "cards" / f"{PERSONA}.json")
        self.verifier = CertificateVerifier([wallet.anchor], allow_test=True)
        self.issuers = own_key.RecordIssuers.load(
            [wallet.folder / "record-ca.pem"], allow_test=True
        )
        self._birthdate = stored.person.birthdate
        self._expiry_year = stored.expires_on.year
        self._code = stored.security_code.encode()

    def number_b(self) -> NumberB:
        """Return 照合番号B as typed."""
        return NumberB(self._birthdate, self._expiry_year, bytearray(self._code), today=NOW.date())


class _OneCard:
    """A reader with this one connection."""

    state = ReaderState.READY

    def __init__(self, connection: CardConnection) -> None:
        self._connection = connection

    def start(self, on_event: Callable[[ReaderEvent], None]) -> None:
        """Nothing comes or goes."""

    def stop(self) -> None:
        """Nothing watches."""

    def connect(self, reader: str) -> CardConnection:
        """Take the card."""
        del reader
        return self._connection


def whole_session(
    connection: CardConnection, desk: Desk, authenticator: TerminalAuthenticator
) -> list[str]:
    """Do all that a desk does with a card; return why parts of it ended before their end.

    Each part is done for itself, as one refusal ends a part.
    """
    reader = _OneCard(connection)

    def prove() -> None:
        card = read_card(reader, "card")
        desk.verifier.verify(card.certificate, NOW)
        with desk.number_b() as number:
            read_attributes(reader, card, number)
        prove_pin(reader, card, bytearray(PIN), CHALLENGE)

    def use_face() -> None:
        session = visual.VisualSession(connection)
        session.number_b_tries_left()
        with desk.number_b() as number:
            session.verify_number_b(number)
        record = session.record()
        own_key.prove_own_key(connection, record.content, desk.issuers, CHALLENGE)

    def use_text() -> None:
        session = text.TextSession(connection)
        session.number_b_tries_left()
        session.own_pin_tries_left()
        session.verify_own_pin(bytearray(PIN))
        session.attributes()

    def look_around() -> None:
        session = jpki.JpkiSession(connection)
        session.certificates_present()
        session.authentication_ca()
        _ = session.token_info().kind

    def use_certified_reader() -> None:
        session = jpki.JpkiSession(connection)
        authenticate_terminal(connection, authenticator)
        session.sign(digest_info(CHALLENGE.value))

    refused = []
    for part in (
        prove,
        use_face,
        use_text,
        look_around,
        use_certified_reader,
        lambda: jpki.recognise(connection),
        lambda: common.read_card_issue(connection),
        lambda: visual.read_municipality(connection),
        lambda: visual.read_cv_certificate(connection),
        lambda: text.read_cv_certificate(connection),
    ):
        try:
            part()
        except TerminalError as error:
            refused.append(f"{error!r}")
    return refused


class Held:
    """What every connection here has: it can be let go, and counts its commands."""

    def __init__(self) -> None:
        self.commands = 0

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def count(self) -> None:
        """Take note of a command; raises TooManyCommandsError where they have no end."""
        self.commands += 1
        if self.commands > MOST_COMMANDS:
            raise TooManyCommandsError


class AnswersFromBytes(Held):
    """A card whose answers stand in ``content``: status word, length (two bytes each), data.

    Once they are used up it answers 6F00.
    """

    def __init__(self, content: bytes) -> None:
        """``content``: all answers, one behind the other."""
        super().__init__()
        self._content = content
        self._at = 0
        self.sent: list[bytes] = []

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Give the next answer."""
        self.count()
        self.sent.append(bytes(apdu))
        head = self._content[self._at : self._at + 4]
        if len(head) < 4:
            return b"", 0x6F00
        size = int.from_bytes(head[2:]) % 0x201
        data = self._content[self._at + 4 : self._at + 4 + size]
        self._at += 4 + size
        return data, int.from_bytes(head[:2])


class _Recording(Held):
    """A good card whose answers are kept."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self._card = card
        self.content = b""
        card.power_on()

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Answer truly."""
        answer = self._card.transmit(bytes(apdu)) or b"\x6f\x00"
        data, sw = answer[:-2], answer[-2:]
        self.content += sw + len(data).to_bytes(2) + data
        return data, int.from_bytes(sw)

    def close(self) -> None:
        """Take the power away."""
        self._card.power_off()


def recorded(card: Card, desk: Desk, authenticator: TerminalAuthenticator) -> bytes:
    """Return the answers of a whole session with a good card, for :class:`AnswersFromBytes`."""
    connection = _Recording(card)
    whole_session(connection, desk, authenticator)
    return connection.content
