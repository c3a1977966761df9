"""公的個人認証 (JPKI): the application with the holder's authentication certificate and key."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from terminal.card import protocol
from terminal.card.apdu import Ins
from terminal.card.connection import CardConnection, PinPad
from terminal.card.protocol import JPKI_AID, TEXT_AID, ElementaryFile
from terminal.errors import CardProtocolError

TOKEN_INFO = ElementaryFile(JPKI_AID, 0x0006)
CERTIFICATES_PRESENT = ElementaryFile(JPKI_AID, 0x0008)
AUTHENTICATION_CERTIFICATE = ElementaryFile(JPKI_AID, 0x000A)
AUTHENTICATION_CA = ElementaryFile(JPKI_AID, 0x000B)
AUTHENTICATION_KEY = 0x0017
AUTHENTICATION_PIN = 0x0018
PIN_LENGTH = 4
VERIFY_HEADER = bytes((0x00, Ins.VERIFY, 0x00, 0x80))
PRESENT = 0x8F
TOKEN_TEXTS = (32, 32, 16, 16)


@dataclass(frozen=True, slots=True)
class CertificatesPresent:
    """Which certificates are loaded; children under 15 have no signature certificate."""

    signature: bool
    authentication: bool


class TokenKind(StrEnum):
    """What holds the JPKI application, by the label of its token info."""

    CARD = "card"
    ANDROID = "android"
    IPHONE = "iphone"
    UNKNOWN = "unknown"


_LABELS = {
    "JPKIAPICCTOKEN2": TokenKind.CARD,
    "JPKIAPGPSETOKEN": TokenKind.ANDROID,
    "JPKIAPIOSTOKEN": TokenKind.IPHONE,
}


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """The texts of file 0006 (PKCS#11 CK_TOKEN_INFO), without the blanks that fill them up."""

    label: str
    maker: str
    model: str
    serial: str = field(repr=False)

    @property
    def kind(self) -> TokenKind:
        """A card or which phone; UNKNOWN for a label that nobody published."""
        return _LABELS.get(self.label, TokenKind.UNKNOWN)


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


def parse_token_info(content: bytes) -> TokenInfo:
    """Read file 0006: label and maker of 32 bytes, model and serial of 16, then counters.

    Raises CardProtocolError.
    """
    parts, at = [], 0
    for size in TOKEN_TEXTS:
        part = content[at : at + size]
        if len(part) < size or not part.isascii():
            msg = f"file 0006 does not hold {sum(TOKEN_TEXTS)} bytes of ASCII"
            raise CardProtocolError(msg)
        parts.append(part.decode("ascii").rstrip(" \0"))
        at += size
    return TokenInfo(*parts)


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
        self._pin_selected = False
        protocol.enter_application(connection, JPKI_AID, first=first)

    def authentication_certificate(self) -> bytes:
        """Return 利用者証明用電子証明書 as DER; free to read."""
        self._pin_selected = False
        return protocol.read_object(self._connection, AUTHENTICATION_CERTIFICATE)

    def carries(self, certificate: bytes) -> bool:
        """Tell whether this is the card that ``certificate`` (DER) was read from.

        Its head is read again, not the whole: issuer and serial number stand there.  That the card
        also has the key is for its signature to prove.
        """
        self._pin_selected = False
        head = protocol.read_first_block(self._connection, AUTHENTICATION_CERTIFICATE)
        if len(head) < min(len(certificate), protocol.BLOCK):
            return self.authentication_certificate() == certificate
        return head[: len(certificate)] == certificate[: protocol.BLOCK]

    def authentication_ca(self) -> bytes:
        """Return the CA certificate that the card carries (DER); free to read.

        It proves nothing: anchors come from configuration.
        """
        self._pin_selected = False
        return protocol.read_object(self._connection, AUTHENTICATION_CA)

    def token_info(self) -> TokenInfo:
        """Tell what the application lives in: a card, or which phone; free to read."""
        self._pin_selected = False
        return parse_token_info(protocol.read_first_block(self._connection, TOKEN_INFO))

    def certificates_present(self) -> CertificatesPresent:
        """Tell which certificates the card carries; free to read."""
        self._pin_selected = False
        return parse_certificates_present(
            protocol.read_first_block(self._connection, CERTIFICATES_PRESENT)
        )

    @property
    def has_pin(self) -> bool:
        """Whether the card has an authentication PIN at all.

        The PIN of a face-only card (顔認証マイナンバーカード) may be there and answer as blocked.
        """
        if not self._pin_selected:
            self._pin_selected = protocol.select_file(self._connection, AUTHENTICATION_PIN)
        return self._pin_selected

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
        self._pin_selected = False
        if not protocol.select_file(self._connection, AUTHENTICATION_KEY):
            msg = "the card has no authentication key"
            raise CardProtocolError(msg)
        return protocol.compute_signature(self._connection, digest_info)

    def _select_pin(self) -> None:
        if not self.has_pin:
            msg = "the card has no authentication PIN"
            raise CardProtocolError(msg)
