"""券面事項確認: the application with the card's face.

File 0005, an image of the Individual Number, is never read: see ElementaryFile.  Nor is 0001, the
age record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from eligibility.codes import Sex, UnknownCode
from eligibility.model import NOT_READ, NotRead
from terminal.card import protocol, tlv
from terminal.card.connection import CardConnection
from terminal.card.cv import CvCertificate, parse_cv_certificate
from terminal.card.holder import need, parse_date, parse_fields, parse_sex
from terminal.card.number_b import NumberB, select_secret
from terminal.card.protocol import VISUAL_AID, ElementaryFile
from terminal.errors import CardProtocolError

FACE = ElementaryFile(VISUAL_AID, 0x0002)
BASIC_DATA = ElementaryFile(VISUAL_AID, 0x0003)
CV_CERTIFICATE = ElementaryFile(VISUAL_AID, 0x0004)
NUMBER_B = 0x0012
MUNICIPALITY_TAG = 0xDF34
BIRTHDATE_TAG, SEX_TAG, NAME_TAG, ADDRESS_TAG, PHOTO_TAG = 0xDF22, 0xDF23, 0xDF25, 0xDF26, 0xDF27
EXPIRY_TAG, SECURITY_CODE_TAG = 0xDF29, 0xDF2A
PNG = (b"\x89PNG\r\n\x1a\n",)
JPEG_2000 = (bytes.fromhex("0000000C6A5020200D0A870A"), bytes.fromhex("FF4FFF51"))
"""The heads of the boxed file and of the bare codestream (ISO/IEC 15444-1)."""


@dataclass(frozen=True, slots=True)
class VisualRecord:
    """What stands on the card's face; nothing of it is verified yet.

    ``content``: the whole object, whose signed groups, key and signature
    :mod:`terminal.card.own_key` takes apart and checks.  ``name_image``, ``address_image``,
    ``security_code_image``: PNG, 1 bit deep; ``photo``: JPEG 2000, boxed or bare.  A picture is
    None where the card holds none: absent, empty or no such picture (an infant's card).  Only the
    head of a picture was looked at.  ``expires_on`` and ``security_code_image`` are not signed.
    """

    content: bytes = field(repr=False)
    birthdate: date | NotRead = field(repr=False)
    sex: Sex | UnknownCode = field(repr=False)
    name_image: bytes | None = field(repr=False)
    address_image: bytes | None = field(repr=False)
    photo: bytes | None = field(repr=False)
    expires_on: date | NotRead
    security_code_image: bytes | None = field(repr=False)


def parse_visual_record(content: bytes) -> VisualRecord:
    """Read file 0002.  Raises CardProtocolError."""
    fields = parse_fields(content)
    return VisualRecord(
        content=content[: tlv.read_header(content).total],
        birthdate=parse_date(need(fields, BIRTHDATE_TAG)),
        sex=parse_sex(need(fields, SEX_TAG)),
        name_image=_picture(fields, NAME_TAG, PNG),
        address_image=_picture(fields, ADDRESS_TAG, PNG),
        photo=_picture(fields, PHOTO_TAG, JPEG_2000),
        expires_on=parse_date(fields[EXPIRY_TAG]) if EXPIRY_TAG in fields else NOT_READ,
        security_code_image=_picture(fields, SECURITY_CODE_TAG, PNG),
    )


def _picture(fields: Mapping[int, bytes], tag: int, heads: tuple[bytes, ...]) -> bytes | None:
    value = fields.get(tag, b"")
    return value if value.startswith(heads) else None


def parse_municipality(content: bytes) -> str:
    """Return 市区町村コード from file 0003.  Raises CardProtocolError."""
    code = tlv.parse(content).find(MUNICIPALITY_TAG)
    if not code.isdigit():
        msg = "the municipality's code is not made of digits"
        raise CardProtocolError(msg)
    return code.decode("ascii")


def read_municipality(connection: CardConnection) -> str:
    """SELECT the application and read which municipality issued the card.

    Raises UnknownCardError where the card lacks the application (a phone's does), and
    CardProtocolError.
    """
    protocol.enter_application(connection, VISUAL_AID)
    return parse_municipality(protocol.read_object(connection, BASIC_DATA))


def read_cv_certificate(connection: CardConnection) -> CvCertificate:
    """SELECT the application and read its CV certificate; errors as above."""
    protocol.enter_application(connection, VISUAL_AID)
    return parse_cv_certificate(protocol.read_object(connection, CV_CERTIFICATE))


class VisualSession:
    """The application, selected; holds until another application is selected.

    Every call raises CardRemovedError, CardUnreadableError or ReaderError as the connection does,
    and CardProtocolError for an answer that the card may not give.
    """

    def __init__(self, connection: CardConnection) -> None:
        """SELECT the application.  Raises UnknownCardError where there is none (a phone)."""
        self._connection = connection
        protocol.enter_application(connection, VISUAL_AID)

    def number_b_tries_left(self) -> int | None:
        """Return how often 照合番号B may still be tried here: 0 is blocked, None is not told."""
        select_secret(self._connection, NUMBER_B)
        return protocol.tries_left(self._connection)

    def verify_number_b(self, number_b: NumberB) -> None:
        """Open the card's face by 照合番号B, tried once, against this application's counter.

        Raises NumberBRefusedError with the tries left, NumberBBlockedError.
        """
        number_b.show(self._connection, NUMBER_B)

    def record(self) -> VisualRecord:
        """Read the card's face; opened by 照合番号B."""
        return parse_visual_record(protocol.read_object(self._connection, FACE))
