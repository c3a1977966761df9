"""券面入力補助: the application with the four attributes as text; here what is free to read.

File 0001, the Individual Number, is never read: see ElementaryFile.
"""

from __future__ import annotations

from terminal.card import protocol
from terminal.card.connection import CardConnection
from terminal.card.cv import CvCertificate, parse_cv_certificate
from terminal.card.protocol import TEXT_AID, ElementaryFile

CV_CERTIFICATE = ElementaryFile(TEXT_AID, 0x0004)


def read_cv_certificate(connection: CardConnection) -> CvCertificate:
    """SELECT the application and read its CV certificate.

    Raises UnknownCardError where the card lacks the application (a phone's does), and
    CardProtocolError.
    """
    protocol.enter_application(connection, TEXT_AID)
    return parse_cv_certificate(protocol.read_object(connection, CV_CERTIFICATE))
