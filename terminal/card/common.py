"""共通カード: the application with the card's own expiry, free to read.

Its record also holds the card's serial number, which this desk has no use for and does not keep.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from terminal.card import protocol, tlv
from terminal.card.connection import CardConnection
from terminal.card.protocol import COMMON_AID, ElementaryFile
from terminal.errors import CardProtocolError

CARD_RECORD = ElementaryFile(COMMON_AID, 0x0001)
RECORD_TAG = 0x01
SERIAL_DIGITS, MUNICIPALITY_DIGITS, EXPIRY_DIGITS = 15, 5, 8
RECORD_DIGITS = SERIAL_DIGITS + MUNICIPALITY_DIGITS + EXPIRY_DIGITS


@dataclass(frozen=True, slots=True)
class CardIssue:
    """``municipality``: 市区町村コード, 5 digits; ``expires_on``: the card's last day in Japan."""

    municipality: str
    expires_on: date


def parse_card_record(record: bytes) -> CardIssue:
    """Read record 1 of file 0001: ``01 1C`` and 28 digits (serial, municipality, YYYYMMDD).

    Raises CardProtocolError.
    """
    found = tlv.parse(record)
    digits = found.value
    if found.tag != RECORD_TAG or len(digits) != RECORD_DIGITS or not digits.isdigit():
        msg = f"the card's record is not {RECORD_DIGITS} digits"
        raise CardProtocolError(msg)
    text = digits.decode("ascii")
    try:
        expires_on = datetime.strptime(text[-EXPIRY_DIGITS:], "%Y%m%d").date()  # noqa: DTZ007  # a day
    except ValueError as error:
        msg = "the card's expiry is no date"
        raise CardProtocolError(msg) from error
    return CardIssue(text[SERIAL_DIGITS : SERIAL_DIGITS + MUNICIPALITY_DIGITS], expires_on)


def read_card_issue(connection: CardConnection) -> CardIssue:
    """SELECT the application and read when the card expires; ends another one's session.

    Raises UnknownCardError where the card does not have it, and CardProtocolError.
    """
    protocol.enter_application(connection, COMMON_AID)
    return parse_card_record(protocol.read_record(connection, CARD_RECORD, 1))
