"""券面入力補助: the application with the four attributes as text (4情報).

File 0001, the Individual Number, is never read: see ElementaryFile.  照合番号B, the own PIN of
the application and the PIN of the authentication certificate each have a counter of their own.
"""

from __future__ import annotations

from eligibility.model import NOT_READ, HolderAttributes, NotRead
from terminal.card import protocol
from terminal.card.connection import CardConnection
from terminal.card.cv import CvCertificate, parse_cv_certificate
from terminal.card.holder import need, parse_date, parse_fields, parse_sex
from terminal.card.jpki import check_pin
from terminal.card.number_b import NumberB, select_secret
from terminal.card.protocol import TEXT_AID, ElementaryFile
from terminal.errors import CardProtocolError

ATTRIBUTES = ElementaryFile(TEXT_AID, 0x0002)
CV_CERTIFICATE = ElementaryFile(TEXT_AID, 0x0004)
OWN_PIN, NUMBER_B = 0x0011, 0x0015
NAME_TAG, ADDRESS_TAG, BIRTHDATE_TAG, SEX_TAG = 0xDF22, 0xDF23, 0xDF24, 0xDF25


def parse_attributes(content: bytes) -> HolderAttributes:
    """Read file 0002; texts are kept as the card writes them (names parted by U+3000).

    An empty text and a birthday that no calendar has are NOT_READ.  Raises CardProtocolError.
    """
    fields = parse_fields(content)
    return HolderAttributes(
        name=_text(need(fields, NAME_TAG)),
        address=_text(need(fields, ADDRESS_TAG)),
        birthdate=parse_date(need(fields, BIRTHDATE_TAG)),
        sex=parse_sex(need(fields, SEX_TAG)),
    )


def _text(value: bytes) -> str | NotRead:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        # the error would carry the bytes
        text = "\0"
    if any(character < " " or character == "\x7f" for character in text):
        msg = "a text of the record is not UTF-8 without control characters"
        raise CardProtocolError(msg)
    return text or NOT_READ


def read_cv_certificate(connection: CardConnection) -> CvCertificate:
    """SELECT the application and read its CV certificate.

    Raises UnknownCardError where the card lacks the application (a phone's does), and
    CardProtocolError.
    """
    protocol.enter_application(connection, TEXT_AID)
    return parse_cv_certificate(protocol.read_object(connection, CV_CERTIFICATE))


class TextSession:
    """The application, selected; holds until another application is selected.

    Every call raises CardRemovedError, CardUnreadableError or ReaderError as the connection does,
    and CardProtocolError for an answer that the card may not give.
    """

    def __init__(self, connection: CardConnection) -> None:
        """SELECT the application.  Raises UnknownCardError where there is none (a phone)."""
        self._connection = connection
        protocol.enter_application(connection, TEXT_AID)

    def number_b_tries_left(self) -> int | None:
        """Return how often 照合番号B may still be tried: 0 is blocked, None is not told."""
        select_secret(self._connection, NUMBER_B)
        return protocol.tries_left(self._connection)

    def own_pin_tries_left(self) -> int | None:
        """Return the same of the application's own PIN."""
        select_secret(self._connection, OWN_PIN)
        return protocol.tries_left(self._connection)

    def verify_number_b(self, number_b: NumberB) -> None:
        """Open the attributes by 照合番号B, tried once.

        Raises NumberBRefusedError with the tries left, NumberBBlockedError.
        """
        number_b.show(self._connection, NUMBER_B)

    def verify_own_pin(self, pin: bytearray) -> None:
        """Open the attributes by the application's own PIN (0011), tried once.

        It is another PIN with another counter than the authentication certificate's (JPKI 0018),
        though many holders chose the same digits.  Never tried unasked with a PIN that was typed
        for that one: only when the holder agreed to it.  The caller clears ``pin``.  Raises
        InvalidPinError with the tries left, PinBlockedError; ValueError for no four digits.
        """
        check_pin(pin)
        select_secret(self._connection, OWN_PIN)
        protocol.verify(self._connection, pin)

    def attributes(self) -> HolderAttributes:
        """Read name, address, birth date and sex; opened by 照合番号B or the own PIN."""
        return parse_attributes(protocol.read_object(self._connection, ATTRIBUTES))
