"""Cards that are no My Number cards: which they are, so that the kiosk can say what lies there.

Asked only once JPKI was not found, in at most four exchanges.  Nothing of such a card is read but
whether it answers to an application's name; what comes back is dropped, a transit card's number
included.  Names: 在留カード等仕様書 (D392F0004F02), 運転免許証及び運転免許証作成システム等仕様書
(A0000002310100), EMV book 1 (2PAY.SYS.DDF01), ICAO Doc 9303 part 10 (A0000002471001), PC/SC part 3
(GET DATA, which a reader answers itself for a FeliCa card).
"""

from __future__ import annotations

from terminal.card import protocol
from terminal.card.apdu import CommandApdu, Ins, Sw
from terminal.card.connection import CardConnection
from terminal.errors import ForeignCard

RESIDENCE_AID = bytes.fromhex("D392F0004F0200000000000000000000")
LICENCE_AID = bytes.fromhex("A0000002310100000000000000000000")
PASSPORT_AID = bytes.fromhex("A0000002471001")
PAYMENT_SYSTEM = b"2PAY.SYS.DDF01"

FELICA_NUMBER_LENGTH = 8
_GET_NUMBER = CommandApdu(0xFF, Ins.GET_DATA, 0x00, 0x00, le=256)


def _select(aid: bytes) -> CommandApdu:
    return CommandApdu(0x00, Ins.SELECT, 0x04, 0x0C, aid)


_APPLICATIONS = (
    (_select(RESIDENCE_AID), ForeignCard.RESIDENCE_CARD),
    (_select(LICENCE_AID), ForeignCard.DRIVING_LICENCE),
    # EMV knows only the form that answers with the list of applications; it is dropped unread
    (CommandApdu(0x00, Ins.SELECT, 0x04, 0x00, PAYMENT_SYSTEM, le=256), ForeignCard.BANK_CARD),
    (_select(PASSPORT_AID), ForeignCard.PASSPORT),
)


def recognise_foreign(connection: CardConnection) -> ForeignCard:
    """Return what kind of card this is, OTHER where nobody can tell.

    A card that finds the first name unknown (6A82) speaks ISO 7816-4 and is asked for the other
    names.  One that does not know the command at all is a storage card, which the reader tells by
    the length of its number: a FeliCa card's has eight bytes.
    """
    for command, kind in _APPLICATIONS:
        response = protocol.transmit(connection, command)
        if response.sw == Sw.OK:
            return kind
        if kind is ForeignCard.RESIDENCE_CARD and response.sw != Sw.FILE_NOT_FOUND:
            return _by_number(connection)
    return ForeignCard.OTHER


def _by_number(connection: CardConnection) -> ForeignCard:
    response = protocol.transmit(connection, _GET_NUMBER)
    is_felica = response.sw == Sw.OK and len(response.data) == FELICA_NUMBER_LENGTH
    return ForeignCard.TRANSIT_CARD if is_felica else ForeignCard.OTHER
