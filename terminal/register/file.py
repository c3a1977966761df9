"""The clinic's register as a CSV file: its columns, and bytes → records.  Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Any

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import Sex
from eligibility.numbers import normalise_insurer_number
from terminal.csv_file import (
    Columns,
    CsvFile,
    LineError,
    LineReason,
    read_csv_file,
    write_csv_file,
)
from terminal.register.dates import read_birthdate


class Column(StrEnum):
    """The columns, by the names of :class:`~eligibility.clinic_record.ClinicRecord`."""

    PATIENT_NUMBER = "patient_number"
    NAME = "name"
    NAME_KANA = "name_kana"
    BIRTHDATE = "birthdate"
    SEX = "sex"
    POST_NUMBER = "post_number"
    ADDRESS = "address"
    INSURER_NUMBER = "insurer_number"
    SYMBOL = "insured_card_symbol"
    NUMBER = "insured_identification_number"
    BRANCH = "insured_branch_number"


RegisterFile = CsvFile[ClinicRecord]

_SEXES = {
    "1": Sex.MALE,
    "男": Sex.MALE,
    "男性": Sex.MALE,
    "2": Sex.FEMALE,
    "女": Sex.FEMALE,
    "女性": Sex.FEMALE,
    "3": Sex.NOT_SET,
    "未設定": Sex.NOT_SET,
}
_PATIENT_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,19}")
_POST_NUMBER = re.compile(r"〒?(\d{3})-?(\d{4})", re.ASCII)
_BRANCH = re.compile(r"\d{1,2}", re.ASCII)


def _narrow(written: str) -> str:
    return unicodedata.normalize("NFKC", written).strip()


def read_patient_number(written: str) -> str:
    """Return a patient number as it is kept: half width.  Raises ValueError for no such thing."""
    number = _narrow(written)
    if not _PATIENT_NUMBER.fullmatch(number):
        msg = "a patient number has up to 20 letters and digits"
        raise ValueError(msg)
    return number


def _sex(written: str) -> Sex:
    try:
        return _SEXES[_narrow(written)]
    except KeyError:
        raise ValueError from None


def _post_number(written: str) -> str:
    found = _POST_NUMBER.fullmatch(_narrow(written).replace("−", "-").replace("‐", "-"))
    if found is None:
        raise ValueError
    return f"{found[1]}-{found[2]}"


def read_branch(written: str) -> str:
    """Return 枝番, which has two digits: a spreadsheet may have taken the zero away.

    Raises ValueError.
    """
    if not _BRANCH.fullmatch(_narrow(written)):
        raise ValueError
    return _narrow(written).zfill(2)


REGISTER_COLUMNS = Columns(
    kind=Column,
    headers={
        Column.PATIENT_NUMBER: ("患者番号", "patient_number", "カルテ番号", "照会番号"),
        Column.NAME: ("氏名", "name", "患者氏名", "漢字氏名"),
        Column.NAME_KANA: ("カナ", "name_kana", "カナ氏名", "フリガナ", "氏名カナ"),
        Column.BIRTHDATE: ("生年月日", "birthdate", "date_of_birth"),
        Column.SEX: ("性別", "sex", "gender"),
        Column.POST_NUMBER: ("郵便番号", "post_number", "postal_code"),
        Column.ADDRESS: ("住所", "address"),
        Column.INSURER_NUMBER: ("保険者番号", "insurer_number"),
        Column.SYMBOL: ("記号", "insured_card_symbol", "symbol", "被保険者証記号"),
        Column.NUMBER: ("番号", "insured_identification_number", "number", "被保険者証番号"),
        Column.BRANCH: ("枝番", "insured_branch_number", "branch"),
    },
    required=(Column.PATIENT_NUMBER, Column.NAME, Column.BIRTHDATE),
    longest={Column.NAME: 100, Column.NAME_KANA: 100, Column.ADDRESS: 300},
    read={
        Column.PATIENT_NUMBER: read_patient_number,
        Column.BIRTHDATE: read_birthdate,
        Column.SEX: _sex,
        Column.POST_NUMBER: _post_number,
        Column.INSURER_NUMBER: normalise_insurer_number,
        Column.BRANCH: read_branch,
    },
)
"""The columns of the register's file."""


def read_register_file(data: bytes, today: date) -> RegisterFile:
    """Return what ``data`` holds; ``today``: the day in Japan, after which nobody is born.

    Raises CsvFileError where it is no register at all, or too large.
    """

    def make(values: dict[Column, Any]) -> ClinicRecord:
        if values[Column.BIRTHDATE] > today:
            raise LineError(LineReason.IN_FUTURE, Column.BIRTHDATE)
        return ClinicRecord(**values)

    return read_csv_file(
        data, REGISTER_COLUMNS, make, lambda record: record.patient_number, Column.PATIENT_NUMBER
    )


def write_register_file(records: list[ClinicRecord]) -> str:
    """Return the records as the CSV text that :func:`read_register_file` takes."""
    rows = []
    for record in records:
        values: dict[Column, object] = {column: getattr(record, column.value) for column in Column}
        if record.sex is not None:
            values[Column.SEX] = record.sex.value
        values[Column.BIRTHDATE] = record.birthdate.isoformat()
        rows.append(values)
    return write_csv_file(REGISTER_COLUMNS, rows)
