"""照合番号B: 14 digits off the card's face that open the holder's records without a PIN.

Birth date as YYMMDD in the year of the era (和暦), year of the card's expiry, security code.  A
card counts wrong entries and locks, so each part is checked before anything is sent.  It is
treated as a PIN: held in one buffer that is cleared, in no message, no log and no store.
"""

from __future__ import annotations

from datetime import date
from types import TracebackType
from typing import Self

from terminal.card import protocol
from terminal.card.connection import CardConnection
from terminal.errors import (
    CardProtocolError,
    InvalidPinError,
    NumberBBlockedError,
    NumberBEntryError,
    NumberBPart,
    NumberBReason,
    NumberBRefusedError,
    PinBlockedError,
)

REIWA, HEISEI = date(2019, 5, 1), date(1989, 1, 8)
SHOWA, TAISHO = date(1926, 12, 25), date(1912, 7, 30)
MEIJI_FIRST_YEAR = 1868
GREGORIAN = date(1873, 1, 1)
"""明治6年1月1日: the first day of this calendar in Japan."""

FIRST_CARDS = 2016
LONGEST_VALIDITY = 11
"""Years: a card holds to the tenth birthday after its issue."""

SECURITY_CODE_LENGTH = 4


def year_of_era(birthdate: date) -> int:
    """Return the year within 明治, 大正, 昭和, 平成 or 令和; its first year is 1.

    The day of a change belongs to the new era.
    """
    for begin in (REIWA, HEISEI, SHOWA, TAISHO):
        if birthdate >= begin:
            return birthdate.year - begin.year + 1
    return birthdate.year - MEIJI_FIRST_YEAR + 1


class NumberB:
    """照合番号B of one card; leaving a ``with`` block clears it."""

    __slots__ = ("_digits",)

    def __init__(
        self, birthdate: date, expiry_year: int, security_code: bytearray, *, today: date
    ) -> None:
        """Put the number together from what the face of the card shows.

        ``expiry_year``: Gregorian, four digits; ``security_code``: four ASCII digits, for the
        caller to clear; ``today``: in Japan.  Raises NumberBEntryError with the part and what is
        wrong with it.
        """
        if birthdate > today:
            raise NumberBEntryError(NumberBPart.BIRTHDATE, NumberBReason.IN_FUTURE)
        if birthdate < GREGORIAN:
            raise NumberBEntryError(NumberBPart.BIRTHDATE, NumberBReason.OUT_OF_RANGE)
        if not FIRST_CARDS <= expiry_year <= today.year + LONGEST_VALIDITY:
            raise NumberBEntryError(NumberBPart.EXPIRY_YEAR, NumberBReason.OUT_OF_RANGE)
        if len(security_code) != SECURITY_CODE_LENGTH or not security_code.isdigit():
            raise NumberBEntryError(NumberBPart.SECURITY_CODE, NumberBReason.FORM)
        self._digits = bytearray()
        for value, width in (
            (year_of_era(birthdate), 2),
            (birthdate.month, 2),
            (birthdate.day, 2),
            (expiry_year, 4),
        ):
            self._digits += b"%0*d" % (width, value)
        self._digits += security_code

    def show(self, connection: CardConnection, fid: int) -> None:
        """VERIFY the selected application's secret ``fid`` with this number, exactly once.

        Raises NumberBRefusedError with the tries left, NumberBBlockedError, ValueError once it was
        cleared, CardProtocolError, and what the connection raises.
        """
        if not self._digits:
            msg = "the number was cleared"
            raise ValueError(msg)
        select_secret(connection, fid)
        try:
            protocol.verify(connection, self._digits)
        except InvalidPinError as refusal:
            raise NumberBRefusedError(refusal.tries_left) from None
        except PinBlockedError:
            raise NumberBBlockedError from None

    def clear(self) -> None:
        """Overwrite the digits; may be called twice."""
        self._digits[:] = bytes(len(self._digits))
        self._digits.clear()

    def __repr__(self) -> str:
        """Tell nothing of it."""
        return "NumberB()"

    def __enter__(self) -> Self:
        """Hand itself out."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear it."""
        self.clear()


def select_secret(connection: CardConnection, fid: int) -> None:
    """SELECT a PIN or 照合番号 of the current application.  Raises CardProtocolError."""
    if not protocol.select_file(connection, fid):
        msg = f"the application has no secret {fid:04X}"
        raise CardProtocolError(msg)
