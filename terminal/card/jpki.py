"""公的個人認証 (JPKI): the application with the holder's authentication certificate and key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from terminal.card import protocol
from terminal.card.apdu import Ins
from terminal.card.connection import CardConnection, PinPad
from terminal.card.protocol import JPKI_AID, TEXT_AID, ElementaryFile
from terminal.errors import CardProtocolError

CERTIFICATES_PRESENT = ElementaryFile(JPKI_AID, 0x0008)
AUTHENTICATION_CERTIFICATE = ElementaryFile(JPKI_AID, 0x000A)
AUTHENTICATION_KEY = 0x0017
AUTHENTICATION_PIN = 0x0018
PIN_LENGTH = 4
VERIFY_HEADER = bytes((0x00, Ins.VERIFY, 0x00, 0x80))
PRESENT = 0x8F


@dataclass(frozen=True, slots=True)
class CertificatesPresent:
    """Which certificates are loaded; children under 15 have no signature certificate."""

    signature: bool
    authentication: bool


class CardKind(StrEnum):
    """What lies on the reader, as far as two SELECTs tell."""

    MY_NUMBER_CARD = "my-number-card"
    PHONE_TOKEN = "phone-token"  # noqa: S105  # a kind of card, no secret
    UNKNOWN = "unknown"


def parse_certificates_present(content: bytes) -> CertificatesPresent:
    """Read file 0008: byte 0 stands for signature, byte 1 for authentication."""
    if len(content) < 2:
        msg = f"file 0008 holds {len(content)} bytes, not 3"
        raise CardProtocolError(msg)
    return CertificatesPresent(content[0] == PRESENT, content[1] == PRESENT)


def recognise(connection: CardConnection) -> CardKind:
    """Tell a My Number card from a foreign one by selecting JPKI, then 券面入力補助.

    Never by the ATR, which a contactless reader makes up.  Leaves another application selected.
    """
    if not protocol.select_application(connection, JPKI_AID, first=True):
        return CardKind.UNKNOWN
    if not protocol.select_application(connection, TEXT_AID):
        return CardKind.PHONE_TOKEN
    return CardKind.MY_NUMBER_CARD


def check_pin(pin: bytearray) -> None:
    """Raise ValueError for what cannot be the authentication PIN: it has four digits."""
    if len(pin) != PIN_LENGTH or not pin.isdigit():
        msg = "the authentication PIN has four digits"
        raise ValueError(msg)


class JpkiSession:
    """The JPKI application, selected; holds until another application is selected.

    Every call raises CardRemovedError, CardUnreadableError or ReaderError as the connection does,
    and CardProtocolError for an answer that the card may not give.
    """

    def __init__(self, connection: CardConnection, *, first: bool = True) -> None:
        """SELECT the application.  Raises UnknownCardError where the card has none.

        ``first``: nothing was sent since the card was powered.
        """
        self._connection = connection
        protocol.enter_application(connection, JPKI_AID, first=first)

    def authentication_certificate(self) -> bytes:
        """Return 利用者証明用電子証明書 as DER; free to read."""
        return protocol.read_object(self._connection, AUTHENTICATION_CERTIFICATE)

    def certificates_present(self) -> CertificatesPresent:
        """Tell which certificates the card carries; free to read."""
        return parse_certificates_present(
            protocol.read_first_block(self._connection, CERTIFICATES_PRESENT)
        )

    @property
    def has_pin(self) -> bool:
        """Whether the card has an authentication PIN at all.

        The PIN of a face-only card (顔認証マイナンバーカード) may be there and answer as blocked.
        """
        return protocol.select_file(self._connection, AUTHENTICATION_PIN)

    def pin_tries_left(self) -> int | None:
        """Return how often the PIN may still be tried: 0 is blocked, None is not told."""
        self._select_pin()
        return protocol.tries_left(self._connection)

    def verify_pin(self, pin: bytearray) -> None:
        """Show the card the four-digit PIN, once; the caller clears ``pin``.

        Raises InvalidPinError with the tries left, PinBlockedError, and ValueError for what is
        not four digits (nothing is sent then, no try is lost).
        """
        check_pin(pin)
        self._select_pin()
        protocol.verify(self._connection, pin)

    def verify_pin_on(self, pinpad: PinPad) -> None:
        """Let the holder type the PIN at the reader's own keypad; it never reaches this machine.

        Raises as :meth:`verify_pin`, and PinEntryError where nothing reached the card.
        """
        self._select_pin()
        protocol.check(pinpad.verify(VERIFY_HEADER, PIN_LENGTH), "VERIFY on the reader")

    def sign(self, digest_info: bytes) -> bytes:
        """Sign with the authentication key after a right PIN: see :mod:`terminal.card.proof`."""
        if not protocol.select_file(self._connection, AUTHENTICATION_KEY):
            msg = "the card has no authentication key"
            raise CardProtocolError(msg)
        return protocol.compute_signature(self._connection, digest_info)

    def _select_pin(self) -> None:
        if not self.has_pin:
            msg = "the card has no authentication PIN"
            raise CardProtocolError(msg)
