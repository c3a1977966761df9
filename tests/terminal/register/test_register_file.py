"""The clinic's register as a file: what is taken, what is refused, and how it is said."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import Sex
from terminal.csv_file import LARGEST_FILE, MOST_LINES, MOST_PROBLEMS, LineProblem, LineReason
from terminal.errors import CsvFileError, CsvFileReason
from terminal.register.dates import read_birthdate
from terminal.register.file import Column, read_register_file, write_register_file

TODAY = date(2026, 11, 24)
INDIVIDUAL_NUMBER = "123456789018"
HEADER = "患者番号,氏名,カナ,生年月日,性別,郵便番号,住所,保険者番号,記号,番号,枝番"
LINE = "00123,田中 花子,ﾀﾅｶ ﾊﾅｺ,S23.2.29,女,100-0001,東京都千代田区1,06123456,12・3,87654321,1"
HANAKO = ClinicRecord(
    "00123",
    "田中 花子",
    date(1948, 2, 29),
    "ﾀﾅｶ ﾊﾅｺ",
    Sex.FEMALE,
    "100-0001",
    "東京都千代田区1",
    "06123456",
    "12・3",
    "87654321",
    "01",
)


def a_file(*lines: str, header: str = HEADER) -> bytes:
    """Return a file of these lines in UTF-8."""
    return "\r\n".join((header, *lines, "")).encode()


def problems(*lines: str, header: str = HEADER) -> list[LineProblem]:
    """Return what is wrong with these lines; none of them is then taken."""
    file = read_register_file(a_file(*lines, header=header), TODAY)
    assert not file.records
    return list(file.problems)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932"])
def test_each_encoding_gives_the_same_record(codec: str) -> None:
    """UTF-8 with and without a mark and Shift_JIS are told apart by their bytes."""
    file = read_register_file(a_file(LINE).decode().encode(codec), TODAY)
    assert file.records == (HANAKO,)
    assert file.encoding == ("Shift_JIS" if codec == "cp932" else "UTF-8")
    assert file.columns == tuple(Column)


def test_headers_may_be_english_and_in_any_order() -> None:
    """A column is known by its name, not by its place; strange ones are named and not taken."""
    data = a_file(
        "x,1948-02-29,田中 花子,00123,,09012345678",
        header="note,Birthdate,NAME,Patient Number,sex,電話",
    )
    file = read_register_file(data, TODAY)
    assert file.records == (ClinicRecord("00123", "田中 花子", date(1948, 2, 29)),)
    assert file.not_taken == ("note", "電話")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1955-04-05", date(1955, 4, 5)),
        ("1955/4/5", date(1955, 4, 5)),
        ("19550405", date(1955, 4, 5)),
        ("1955年4月5日", date(1955, 4, 5)),
        ("昭和30年4月5日", date(1955, 4, 5)),
        ("S30.4.5", date(1955, 4, 5)),
        ("Ｓ３０．０４．０５", date(1955, 4, 5)),
        ("s300405", date(1955, 4, 5)),
        ("3300405", date(1955, 4, 5)),
        ("昭30/4/5", date(1955, 4, 5)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("令和1年5月1日", date(2019, 5, 1)),
        ("大正15年12月24日", date(1926, 12, 24)),
        ("明治45年7月29日", date(1912, 7, 29)),
    ],
)
def test_dates_of_every_usual_form(written: str, day: date) -> None:
    """ISO, slashes, eras by name and letter, and the claims' seven digits name one day."""
    assert read_birthdate(written) == day


@pytest.mark.parametrize(
    "written",
    [
        "昭和64年1月8日",
        "平成元年1月7日",
        "令和元年4月30日",
        "S0.1.1",
        "X30.4.5",
        "30.4.5",
        "1955-02-30",
        "1955-4/5",
        "4/5/1955",
        "195545",
        "0000-01-01",
        "6010101",
        "平成年1月1日",
        "",
        "昭和30年4月5日生",
    ],
)
def test_a_doubtful_date_is_never_guessed(written: str) -> None:
    """A day outside its era or calendar, and an order that nobody named, is no date."""
    with pytest.raises(ValueError):  # noqa: PT011  # any, by contract
        read_birthdate(written)


@pytest.mark.parametrize(
    ("line", "reason", "column"),
    [
        (",甲,,S23.2.29,,,,,,,", LineReason.MISSING, Column.PATIENT_NUMBER),
        ("1, ,,S23.2.29,,,,,,,", LineReason.MISSING, Column.NAME),
        ("1,甲,,,,,,,,,", LineReason.MISSING, Column.BIRTHDATE),
        ("1,甲,,S99.2.29,,,,,,,", LineReason.FORM, Column.BIRTHDATE),
        ("1,甲,,2026-11-25,,,,,,,", LineReason.IN_FUTURE, Column.BIRTHDATE),
        ("1,甲,,S23.2.29,4,,,,,,", LineReason.FORM, Column.SEX),
        ("1,甲,,S23.2.29,,100,,,,,", LineReason.FORM, Column.POST_NUMBER),
        ("1,甲,,S23.2.29,,,,1130012,,,", LineReason.FORM, Column.INSURER_NUMBER),
        ("1,甲,,S23.2.29,,,,,,,123", LineReason.FORM, Column.BRANCH),
        ("1 2,甲,,S23.2.29,,,,,,,", LineReason.FORM, Column.PATIENT_NUMBER),
        (f"1,{'甲' * 101},,S23.2.29,,,,,,,", LineReason.TOO_LONG, Column.NAME),
        ("1,甲\x07,,S23.2.29,,,,,,,", LineReason.CONTROL_CHARACTER, Column.NAME),
        ("1,甲,,S23.2.29", LineReason.CELLS, None),
        (
            f"1,甲,,S23.2.29,,,,,,{INDIVIDUAL_NUMBER},",
            LineReason.INDIVIDUAL_NUMBER,
            Column.NUMBER,
        ),
        (
            "1,甲,,S23.2.29,,,１２３４ ５６７８ ９０１８,,,,",
            LineReason.INDIVIDUAL_NUMBER,
            Column.ADDRESS,
        ),
    ],
)
def test_each_wrong_line_is_named(line: str, reason: LineReason, column: Column | None) -> None:
    """A problem tells line, column and why, and keeps the right lines out as well."""
    assert problems(LINE, line) == [LineProblem(3, reason, column)]


def test_an_individual_number_is_refused_in_foreign_columns_too() -> None:
    """Columns that are not taken are looked through all the same, and nothing is repeated."""
    header = "患者番号,氏名,生年月日,備考"
    found = problems(f"1,甲,S23.2.29,{INDIVIDUAL_NUMBER}", header=header)
    assert found == [LineProblem(2, LineReason.INDIVIDUAL_NUMBER)]
    assert INDIVIDUAL_NUMBER not in repr(found)


def test_a_number_stands_once_in_a_file() -> None:
    """The second patient of a number is refused, with the line of the first."""
    found = problems(LINE, LINE)
    assert found == [LineProblem(3, LineReason.TWICE, Column.PATIENT_NUMBER, 2)]


def test_a_line_is_where_it_begins() -> None:
    """A cell with a line break does not move the numbers of the lines after it."""
    found = problems('1,甲,,S23.2.29,,,"a\nb",,,,', "2,乙,,,,,,,,,")
    assert [(one.line, one.reason) for one in found] == [
        (2, LineReason.CONTROL_CHARACTER),
        (4, LineReason.MISSING),
    ]


def test_many_problems_are_counted() -> None:
    """The first are told one by one, the rest is a number."""
    file = read_register_file(a_file(*["1,甲"] * (MOST_PROBLEMS + 7)), TODAY)
    assert (len(file.problems), file.problem_count) == (MOST_PROBLEMS, MOST_PROBLEMS + 7)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", CsvFileReason.EMPTY),
        (b" \r\n", CsvFileReason.EMPTY),
        (a_file(), CsvFileReason.EMPTY),
        ("患者番号".encode("utf-16"), CsvFileReason.ENCODING),
        (b"\xff\xfd\x81", CsvFileReason.ENCODING),
        (a_file('1,"甲'), CsvFileReason.NOT_CSV),
        (a_file(LINE, header="名前,誕生日"), CsvFileReason.COLUMN_MISSING),
        (a_file(LINE, header=HEADER + ",氏 名"), CsvFileReason.COLUMN_TWICE),
        (a_file(LINE, header=HEADER + ",個人番号"), CsvFileReason.INDIVIDUAL_NUMBER),
        (b"x" * (LARGEST_FILE + 1), CsvFileReason.TOO_LARGE),
        (a_file(*["1,"] * (MOST_LINES + 1)), CsvFileReason.TOO_MANY_LINES),
        (a_file('"' + "甲" * 200_000 + '"'), CsvFileReason.NOT_CSV),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_register_gives_one_clear_error(data: bytes, reason: CsvFileReason) -> None:
    """A file that cannot be read as a register is refused as a whole, with the reason."""
    with pytest.raises(CsvFileError) as refused:
        read_register_file(data, TODAY)
    assert refused.value.reason is reason


@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_no_bytes_break_it(data: bytes) -> None:
    """Whatever follows the header, there are records, problems or the one typed error."""
    for whole in (data, a_file() + data):
        try:
            file = read_register_file(whole, TODAY)
        except CsvFileError:
            continue
        assert file.problem_count or len(file.records) == file.lines


def test_what_is_written_reads_back() -> None:
    """A register that we write ourselves comes back the same, gaps and all."""
    records = [HANAKO, ClinicRecord("2", '乙 "次"郎', date(2001, 1, 1))]
    assert read_register_file(write_register_file(records).encode(), TODAY).records == tuple(
        records
    )
