"""What the records of both 券面 applications have in common: their layout, birth date and sex.

``FF20`` { ``DF21`` table of offsets, two bytes a field, from the start of the file; ``DF22`` … }.
Layout from measurements on physical JPKI test cards published by soltia48/myna-card.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from eligibility.codes import Sex, UnknownCode
from eligibility.model import NOT_READ, NotRead
from terminal.card import tlv
from terminal.errors import CardProtocolError

RECORD_TAG, OFFSETS_TAG, FIRST_FIELD_TAG = 0xFF20, 0xDF21, 0xDF22
DATE_DIGITS = 8
CARD_SEX_TABLE = "ISO/IEC 5218"
_SEX = {"1": Sex.MALE, "2": Sex.FEMALE}


def parse_fields(content: bytes) -> Mapping[int, bytes]:
    """Return the fields of a record by their tags, each standing there once.

    Fields are found by tag alone.  The table of offsets, where there is one, must agree with where
    they stand; its entries for fields that are not there are left alone.  Raises CardProtocolError.
    """
    outer = tlv.parse(content)
    if outer.tag != RECORD_TAG:
        msg = f"expected a record of the holder, found data object {outer.tag:X}"
        raise CardProtocolError(msg)
    fields: dict[int, bytes] = {}
    starts: dict[int, int] = {}
    at = tlv.read_header(content).size
    for child in outer.children():
        if child.tag in fields:
            msg = f"data object {child.tag:X} stands twice in the record"
            raise CardProtocolError(msg)
        fields[child.tag], starts[child.tag] = child.value, at
        at += tlv.read_header(content[at:]).total
    _check_offsets(fields.pop(OFFSETS_TAG, b""), starts)
    return fields


def _check_offsets(table: bytes, starts: Mapping[int, int]) -> None:
    if len(table) % 2:
        msg = f"a table of offsets has an even size, not {len(table)}"
        raise CardProtocolError(msg)
    for index in range(len(table) // 2):
        tag = FIRST_FIELD_TAG + index
        offset = int.from_bytes(table[2 * index : 2 * index + 2])
        if starts.get(tag, offset) != offset:
            msg = f"data object {tag:X} stands elsewhere than the table of offsets says"
            raise CardProtocolError(msg)


def need(fields: Mapping[int, bytes], tag: int) -> bytes:
    """Return the field ``tag``.  Raises CardProtocolError where the record has none."""
    if tag not in fields:
        msg = f"the record holds no {tag:X}"
        raise CardProtocolError(msg)
    return fields[tag]


def parse_date(value: bytes) -> date | NotRead:
    """Read YYYYMMDD.  A date that no calendar has (a birthday partly unknown) is NOT_READ.

    Raises CardProtocolError for what is not eight digits.
    """
    if len(value) != DATE_DIGITS or not value.isdigit():
        msg = f"a date is not {DATE_DIGITS} digits"
        raise CardProtocolError(msg)
    try:
        return datetime.strptime(value.decode("ascii"), "%Y%m%d").date()  # noqa: DTZ007  # a day
    except ValueError:
        return NOT_READ


def parse_sex(value: bytes) -> Sex | UnknownCode:
    """Read the card's code: 1 male, 2 female; any other digit (0, 9, …) is kept as it is.

    It is not OQSCD007, whose 3 means "not set".  Raises CardProtocolError for no single digit.
    """
    if len(value) != 1 or not value.isdigit():
        msg = "sex is not one digit"
        raise CardProtocolError(msg)
    code = value.decode("ascii")
    return _SEX.get(code) or UnknownCode(CARD_SEX_TABLE, code)
