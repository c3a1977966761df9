"""The list of appointments as a CSV file: its columns, and bytes → appointments.  Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Any

from eligibility.numbers import normalise_insurer_number
from terminal.csv_file import (
    Columns,
    CsvFile,
    LineError,
    LineReason,
    read_csv_file,
    write_csv_file,
)
from terminal.expected.appointment import Appointment
from terminal.register.dates import read_birthdate
from terminal.register.file import REGISTER_COLUMNS, read_branch, read_patient_number
from terminal.register.file import Column as RegisterColumn


class Column(StrEnum):
    """The columns, by the names of :class:`~terminal.expected.appointment.Appointment`."""

    DAY = "day"
    TIME = "time"
    PATIENT_NUMBER = "patient_number"
    NAME = "name"
    NAME_KANA = "name_kana"
    BIRTHDATE = "birthdate"
    INSURER_NUMBER = "insurer_number"
    SYMBOL = "insured_card_symbol"
    NUMBER = "insured_identification_number"
    BRANCH = "insured_branch_number"


AppointmentFile = CsvFile[Appointment]

_TIME = re.compile(r"(\d{1,2})(?::(\d{2})(?::\d{2})?|時(?:(\d{2})分)?)", re.ASCII)
_OF_REGISTER = {column: RegisterColumn(column.value) for column in tuple(Column)[2:]}


def read_time(written: str) -> str:
    """Return a time of day as ``09:30``; taken are ``9:30``, ``09:30:00``, ``9時30分``, ``9時``.

    Raises ValueError.
    """
    found = _TIME.fullmatch(unicodedata.normalize("NFKC", written).strip())
    if found is None:
        msg = "this is no time of day"
        raise ValueError(msg)
    hour, minute = int(found[1]), int(found[2] or found[3] or 0)
    if hour > 23 or minute > 59:
        msg = "no clock shows this"
        raise ValueError(msg)
    return f"{hour:02}:{minute:02}"


APPOINTMENT_COLUMNS = Columns(
    kind=Column,
    headers={
        Column.DAY: ("予約日", "day", "date", "日付", "来院日", "来院予定日"),
        Column.TIME: ("予約時刻", "time", "時刻", "予約時間"),
        **{own: REGISTER_COLUMNS.headers[of] for own, of in _OF_REGISTER.items()},
    },
    required=(Column.DAY,),
    longest={
        own: REGISTER_COLUMNS.longest[of]
        for own, of in _OF_REGISTER.items()
        if of in REGISTER_COLUMNS.longest
    },
    read={
        Column.DAY: read_birthdate,
        Column.TIME: read_time,
        Column.PATIENT_NUMBER: read_patient_number,
        Column.BIRTHDATE: read_birthdate,
        Column.INSURER_NUMBER: normalise_insurer_number,
        Column.BRANCH: read_branch,
    },
)
"""The columns of the appointments' file; a patient's are those of the register's."""


def read_appointment_file(data: bytes, today: date) -> AppointmentFile:
    """Return what ``data`` holds; ``today``: the day in Japan, before which nobody is expected.

    A line names a patient number, or name and birth date.  Raises CsvFileError.
    """

    def make(values: dict[Column, Any]) -> Appointment:
        if values[Column.DAY] < today:
            raise LineError(LineReason.IN_PAST, Column.DAY)
        born = values.get(Column.BIRTHDATE)
        if born is not None and born > today:
            raise LineError(LineReason.IN_FUTURE, Column.BIRTHDATE)
        if Column.PATIENT_NUMBER not in values:
            for column in (Column.NAME, Column.BIRTHDATE):
                if column not in values:
                    raise LineError(LineReason.MISSING, column)
        return Appointment(id="", **values).with_id()

    return read_csv_file(data, APPOINTMENT_COLUMNS, make, lambda one: one.id)


def write_appointment_file(appointments: list[Appointment]) -> str:
    """Return the appointments as the CSV text that :func:`read_appointment_file` takes."""
    rows = []
    for one in appointments:
        values: dict[Column, object] = {column: getattr(one, column.value) for column in Column}
        values[Column.DAY] = one.day.isoformat()
        if one.birthdate is not None:
            values[Column.BIRTHDATE] = one.birthdate.isoformat()
        rows.append(values)
    return write_csv_file(APPOINTMENT_COLUMNS, rows)
