"""The list of appointments: what a file may hold, whom it lets the payer be asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.clinic_record import ClinicRecord
from eligibility.model import NumberSubject
from terminal.access.accounts import Actor, Role
from terminal.audit import Act
from terminal.csv_file import LineReason
from terminal.errors import CsvFileError, CsvFileReason, PreviewOutdatedError, RoleError
from terminal.expected.appointment import Appointment, Expected, NotAskable, expected_at
from terminal.expected.appointment_book import KEPT, AppointmentBook
from terminal.expected.appointment_file import (
    Column,
    read_appointment_file,
    read_time,
    write_appointment_file,
)
from terminal.register.clinic_register import ClinicRegister
from terminal.register.file import write_register_file
from terminal.store import Store
from terminal.store.keys import new_key
from tests.store.builders import MORNING, Clock

TODAY = date(2026, 11, 24)
TOMORROW = date(2026, 11, 25)
HEADER = "予約日,予約時刻,患者番号,氏名,カナ,生年月日,保険者番号,記号,番号,枝番"
INDIVIDUAL_NUMBER = "123456789018"
RECEPTION = Actor("r-1", Role.RECEPTION, "受付")
TANAKA = ClinicRecord(
    "0001",
    "田中 花子",
    date(1948, 2, 29),
    insurer_number="06123456",
    insured_card_symbol="12・3",
    insured_identification_number="87654321",
    insured_branch_number="01",
)
BARE = ClinicRecord("0002", "鈴木 一郎", date(1955, 4, 5))


def a_file(*lines: str, header: str = HEADER) -> bytes:
    """Return a file of these lines."""
    return "\r\n".join((header, *lines, "")).encode()


def first_of(*lines: str, header: str = HEADER) -> Appointment:
    """Return what the first line says."""
    file = read_appointment_file(a_file(*lines, header=header), TODAY)
    assert file.problems == ()
    return file.records[0]


@pytest.fixture
def clock() -> Clock:
    """A clock that goes on only when told."""
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A store whose register has two patients."""
    key = new_key()
    Store.create(tmp_path / "desk.db", key, "appointments")
    opened = Store.open(
        tmp_path / "desk.db",
        key,
        "appointments",
        desk_id="desk-1",
        now=clock.now,
        monotonic=clock.since_boot,
    )
    register = ClinicRegister(opened, clock.now)
    data = write_register_file([TANAKA, BARE]).encode()
    register.take(RECEPTION, register.look_at(RECEPTION, data).id)
    yield opened
    opened.close()


@pytest.fixture
def book(store: Store, clock: Clock) -> AppointmentBook:
    """The appointments of that store."""
    return AppointmentBook(store, clock.now)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932"])
def test_each_encoding_gives_the_same_appointment(codec: str) -> None:
    """UTF-8 and Shift_JIS lists say the same; a number that a spreadsheet cut is read again."""
    line = "2026/11/25,9:30,0001,田中 花子,ﾀﾅｶ ﾊﾅｺ,S23.2.29,06123456,12・3,87654321,1"
    data = a_file(line).decode().encode(codec)
    (one,) = read_appointment_file(data, TODAY).records
    expected = Appointment(
        "",
        TOMORROW,
        "09:30",
        "0001",
        "田中 花子",
        "ﾀﾅｶ ﾊﾅｺ",
        date(1948, 2, 29),
        "06123456",
        "12・3",
        "87654321",
        "01",
    )
    assert replace(one, id="") == expected


def test_a_patient_number_is_enough() -> None:
    """What the register has may be left out of the list, columns and all."""
    one = first_of("2026-11-25,0001", header="来院日,カルテ番号")
    assert (one.day, one.patient_number, one.name) == (TOMORROW, "0001", None)


@pytest.mark.parametrize(
    ("line", "reason", "column"),
    [
        (",9:00,0001,,,,,,,", LineReason.MISSING, Column.DAY),
        ("2026-11-23,9:00,0001,,,,,,,", LineReason.IN_PAST, Column.DAY),
        ("2026-11-25,25:00,0001,,,,,,,", LineReason.FORM, Column.TIME),
        ("2026-11-25,,,,,S23.2.29,,,,", LineReason.MISSING, Column.NAME),
        ("2026-11-25,,,田中,,,,,,", LineReason.MISSING, Column.BIRTHDATE),
        ("2026-11-25,,0001,,,2026-11-25,,,,", LineReason.IN_FUTURE, Column.BIRTHDATE),
        ("2026-11-25,,0001,,,,123,,,", LineReason.FORM, Column.INSURER_NUMBER),
        (
            f"2026-11-25,,0001,{INDIVIDUAL_NUMBER},,,,,,",
            LineReason.INDIVIDUAL_NUMBER,
            Column.NAME,
        ),
        ("2026-11-25,9:00", LineReason.CELLS, None),
    ],
)
def test_each_wrong_line_is_named(line: str, reason: LineReason, column: Column | None) -> None:
    """Line, column and why are told, what stands there is not, and the right lines stay out."""
    file = read_appointment_file(a_file("2026-11-25,,0002,,,,,,,", line), TODAY)
    assert file.records == ()
    assert [(one.line, one.reason, one.column) for one in file.problems] == [(3, reason, column)]
    assert INDIVIDUAL_NUMBER not in repr(file)


def test_the_same_line_twice_is_a_mistake_and_two_times_are_not() -> None:
    """A patient may come twice a day, but one appointment stands once in a list."""
    line = "2026-11-25,{},0001,,,,,,,"
    twice = read_appointment_file(a_file(line.format("9:00"), line.format("09:00")), TODAY)
    assert [(one.line, one.reason, one.other_line) for one in twice.problems] == [
        (3, LineReason.TWICE, 2)
    ]
    both = read_appointment_file(a_file(line.format("9:00"), line.format("16:00")), TODAY)
    assert [one.time for one in both.records] == ["09:00", "16:00"]


def test_a_column_for_the_individual_number_keeps_the_file_out() -> None:
    """Such a column is refused even where it is empty."""
    with pytest.raises(CsvFileError) as refused:
        read_appointment_file(a_file("2026-11-25,1,", header="予約日,患者番号,個人番号"), TODAY)
    assert refused.value.reason is CsvFileReason.INDIVIDUAL_NUMBER


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("9:30", "09:30"),
        ("０９：３０", "09:30"),
        ("9時", "09:00"),
        ("9時05分", "09:05"),
        ("23:59:59", "23:59"),
        ("24:00", None),
        ("9時5分", None),
        ("930", None),
        ("9:", None),
        ("", None),
    ],
)
def test_times_of_the_usual_forms(written: str, time: str | None) -> None:
    """A time is read in its usual forms, and never guessed."""
    if time is None:
        with pytest.raises(ValueError, match=r"clock|time"):
            read_time(written)
    else:
        assert read_time(written) == time


@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_no_bytes_break_it(data: bytes) -> None:
    """Whatever follows the header, there are appointments, problems or the one typed error."""
    for whole in (data, a_file() + data):
        try:
            file = read_appointment_file(whole, TODAY)
        except CsvFileError:
            continue
        assert file.problem_count or len(file.records) == file.lines


def test_what_is_written_reads_back() -> None:
    """A list that we write comes back the same, gaps and all."""
    listed = [first_of("2026-11-25,9:30,0001,,,,,,,"), first_of("2026-11-25,,,甲,,S23.2.29,,,,")]
    read = read_appointment_file(write_appointment_file(listed).encode(), TODAY)
    assert read.records == tuple(listed)


# -- whom to ask about --


def test_what_the_list_leaves_empty_is_taken_from_the_record() -> None:
    """Number, symbol, branch and birth date are the clinic's own of that patient."""
    expected = expected_at(first_of("2026-11-25,9:30,0001,,,,,,,"), TANAKA)
    assert isinstance(expected, Expected)
    assert expected.record == TANAKA
    assert expected.subject == NumberSubject(
        "06123456", "87654321", date(1948, 2, 29), "12・3", "01"
    )


def test_insurance_is_never_mixed_of_list_and_record() -> None:
    """Where the list names an insurer, symbol and branch of the record's do not go with it."""
    one = first_of("2026-11-25,,0001,,,,06139463,,777,")
    expected = expected_at(one, TANAKA)
    assert isinstance(expected, Expected)
    assert expected.subject == NumberSubject("06139463", "777", date(1948, 2, 29))
    half = first_of("2026-11-25,,0001,,,,06139463,,,")
    assert expected_at(half, TANAKA) is NotAskable.NUMBER_MISSING


@pytest.mark.parametrize(
    ("line", "record", "why"),
    [
        ("2026-11-25,,0009,,,,,,,", None, NotAskable.UNKNOWN_PATIENT),
        ("2026-11-25,,0009,甲,,,06123456,,1,", None, NotAskable.BIRTHDATE_MISSING),
        ("2026-11-25,,,甲,,S23.2.29,,,,", None, NotAskable.NUMBER_MISSING),
        ("2026-11-25,,0002,,,,,,,", BARE, NotAskable.NUMBER_MISSING),
        ("2026-11-25,,0001,,,S23.3.1,,,,", TANAKA, NotAskable.CONTRADICTS_RECORD),
        ("2026-11-25,,0001,高橋 次郎,,,,,,", TANAKA, NotAskable.CONTRADICTS_RECORD),
        (
            "2026-11-25,,0001,高橋 次郎,,S23.2.29,06123456,,1,",
            TANAKA,
            NotAskable.CONTRADICTS_RECORD,
        ),
    ],
)
def test_nobody_is_asked_about_in_doubt(
    line: str, record: ClinicRecord | None, why: NotAskable
) -> None:
    """A mistyped patient number brings nobody else's insurance: it is said what is wrong."""
    assert expected_at(first_of(line), record) is why


# -- the book --


def test_a_look_takes_nothing_and_says_what_it_would_do(
    book: AppointmentBook, store: Store
) -> None:
    """Day by day the preview counts new and gone, and names whom nobody can ask about."""
    data = a_file("2026-11-25,9:30,0001,,,,,,,", "2026-11-26,9:30,0002,,,,,,,")
    preview = book.look_at(RECEPTION, data)
    assert preview.changes is not None
    assert [(one.day.day, one.total, one.new) for one in preview.changes.days] == [
        (25, 1, 1),
        (26, 1, 1),
    ]
    assert [(one.patient_number, why) for one, why in preview.changes.not_askable] == [
        ("0002", NotAskable.NUMBER_MISSING)
    ]
    assert store.read(lambda tx: tx.appointments.on(TOMORROW)) == []


def test_a_day_of_the_file_replaces_that_day_and_no_other(
    book: AppointmentBook, store: Store
) -> None:
    """Who cancelled is gone from the day; other days stay as they were."""
    first = a_file("2026-11-25,9:30,0001,,,,,,,", "2026-11-26,9:30,0002,,,,,,,")
    book.take(RECEPTION, book.look_at(RECEPTION, first).id)
    second = a_file("2026-11-25,8:00,0002,,,,,,,", "2026-11-25,,0001,,,,,,,")
    changes = book.take(RECEPTION, book.look_at(RECEPTION, second).id)
    assert [(one.new, [gone.time for gone in one.gone]) for one in changes.days] == [(2, ["09:30"])]
    listed = store.read(lambda tx: tx.appointments.on(TOMORROW))
    assert [(one.time, one.patient_number) for one in listed] == [("08:00", "0002"), (None, "0001")]
    assert store.read(lambda tx: tx.appointments.count_on(date(2026, 11, 26))) == 1


def test_what_changed_since_the_look_is_not_taken(book: AppointmentBook, clock: Clock) -> None:
    """A preview that would now do something else, or is old, is refused; nothing is taken."""
    mine = book.look_at(RECEPTION, a_file("2026-11-25,9:30,0001,,,,,,,"))
    other = Actor("r-2", Role.RECEPTION, "受付2")
    theirs = book.look_at(other, a_file("2026-11-25,9:45,0001,,,,,,,"))
    book.take(other, theirs.id)
    with pytest.raises(PreviewOutdatedError):
        book.take(RECEPTION, mine.id)
    late = book.look_at(RECEPTION, a_file("2026-11-25,9:30,0001,,,,,,,"))
    clock.goes_on(901)
    with pytest.raises(PreviewOutdatedError):
        book.take(RECEPTION, late.id)


def test_lists_of_past_days_are_forgotten(
    book: AppointmentBook, store: Store, clock: Clock
) -> None:
    """A week after its day a list is deleted: nobody is expected by it any more."""
    book.take(RECEPTION, book.look_at(RECEPTION, a_file("2026-11-25,9:30,0001,,,,,,,")).id)
    clock.goes_on((KEPT + timedelta(days=2)).total_seconds())
    later = (MORNING + KEPT + timedelta(days=3)).date()
    book.take(RECEPTION, book.look_at(RECEPTION, a_file(f"{later},9:30,0001,,,,,,,")).id)
    assert store.read(lambda tx: tx.appointments.days_from(TODAY, 9)) == [later]


def test_looks_and_imports_are_written_down(book: AppointmentBook, store: Store) -> None:
    """The log tells days and counts, no name."""
    book.take(RECEPTION, book.look_at(RECEPTION, a_file("2026-11-25,9:30,0001,,,,,,,")).id)
    acts = [(one.act, one.reason) for one in store.read(lambda tx: tx.audit.recent(2))]
    assert acts == [
        (Act.APPOINTMENTS_IMPORTED, "2026-11-25:1"),
        (Act.APPOINTMENTS_FILE_SEEN, "1 lines"),
    ]


def test_an_administrator_sees_no_appointments(book: AppointmentBook) -> None:
    """Who may not see coverage may not import who comes."""
    administrator = Actor("a-1", Role.ADMINISTRATOR, "管理者")
    with pytest.raises(RoleError):
        book.look_at(administrator, a_file("2026-11-25,9:30,0001,,,,,,,"))
