"""券面事項確認: the application with the card's face; here the files that are free to read.

File 0005, an image of the Individual Number, is never read: see ElementaryFile.
"""

from __future__ import annotations

from terminal.card import protocol, tlv
from terminal.card.connection import CardConnection
from terminal.card.cv import CvCertificate, parse_cv_certificate
from terminal.card.protocol import VISUAL_AID, ElementaryFile
from terminal.errors import CardProtocolError

BASIC_DATA = ElementaryFile(VISUAL_AID, 0x0003)
CV_CERTIFICATE = ElementaryFile(VISUAL_AID, 0x0004)
MUNICIPALITY_TAG = 0xDF34


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
