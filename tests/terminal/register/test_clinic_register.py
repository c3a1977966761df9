"""The clinic's register: looked at first, taken whole, searched with each look written down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from eligibility.clinic_record import ClinicRecord
from terminal.access.accounts import TERMINAL, Actor, Role
from terminal.audit import Act
from terminal.errors import CsvFileError, PreviewOutdatedError, RoleError
from terminal.previews import PREVIEW_LIVES
from terminal.register.clinic_register import PAGE, ClinicRegister
from terminal.register.file import write_register_file
from terminal.store import Store
from terminal.store.keys import new_key
from tests.store.builders import Clock

TANAKA = ClinicRecord("0001", "田中 花子", date(1948, 2, 29), "ﾀﾅｶ ﾊﾅｺ", address="東京都1")
SUZUKI = ClinicRecord("0002", "鈴木 一郎", date(1955, 4, 5), "スズキ イチロウ")
RECEPTION = Actor("r-1", Role.RECEPTION, "受付")
OTHER = Actor("r-2", Role.CLINICIAN, "医師")


@pytest.fixture
def clock() -> Clock:
    """A clock that goes on only when told."""
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A new store."""
    key = new_key()
    Store.create(tmp_path / "desk.db", key, "register-test")
    opened = Store.open(
        tmp_path / "desk.db",
        key,
        "register-test",
        desk_id="desk-1",
        now=clock.now,
        monotonic=clock.since_boot,
    )
    yield opened
    opened.close()


@pytest.fixture
def register(store: Store, clock: Clock) -> ClinicRegister:
    """The register of that store."""
    return ClinicRegister(store, clock.now)


def a_file(*records: ClinicRecord) -> bytes:
    """Return the file that holds these patients."""
    return write_register_file(list(records)).encode()


def taken(register: ClinicRegister, *records: ClinicRecord) -> None:
    """Import these patients."""
    register.take(RECEPTION, register.look_at(RECEPTION, a_file(*records)).id)


def acts(store: Store) -> list[tuple[Act, str | None]]:
    """Return what the audit log tells, the oldest first."""
    records = reversed(store.read(lambda tx: tx.audit.recent(10)))
    return [(one.act, one.reason) for one in records]


def test_a_look_takes_nothing(register: ClinicRegister, store: Store) -> None:
    """A preview says what an import would do and stores only that it was looked at."""
    preview = register.look_at(RECEPTION, a_file(TANAKA, SUZUKI))
    assert preview.changes is not None
    assert preview.changes.new == (TANAKA, SUZUKI)
    assert store.read(lambda tx: tx.clinic_records.state()) == (0, "")
    assert acts(store) == [(Act.REGISTER_FILE_SEEN, "2 lines")]


def test_an_import_updates_by_number_and_deletes_nobody(register: ClinicRegister) -> None:
    """New, changed and unchanged are told; who is missing in the file stays."""
    taken(register, TANAKA, SUZUKI)
    moved = ClinicRecord("0001", "田中 花子", date(1948, 2, 29), "ﾀﾅｶ ﾊﾅｺ", address="大阪府2")
    third = ClinicRecord("0003", "高橋 次郎", date(1990, 1, 1))
    changes = register.look_at(RECEPTION, a_file(moved, third)).changes
    assert changes is not None
    assert [one.fields for one in changes.changed] == [("address",)]
    assert (changes.new, changes.unchanged, changes.missing) == ((third,), 0, ("0002",))
    taken(register, moved, third)
    assert [one.record for one in register.search(RECEPTION, "").entries] == [moved, SUZUKI, third]
    again = register.look_at(RECEPTION, a_file(moved, third)).changes
    assert again is not None
    assert (again.new, again.changed, again.unchanged) == ((), (), 2)


def test_a_column_that_the_file_lacks_leaves_what_is_recorded(register: ClinicRegister) -> None:
    """A shorter export does not empty the register; an empty cell does."""
    taken(register, TANAKA)
    shorter = "患者番号,氏名,生年月日\n0001,田中 花,S23.2.29\n".encode()
    register.take(RECEPTION, register.look_at(RECEPTION, shorter).id)
    (entry,) = register.search(RECEPTION, "").entries
    assert (entry.record.name, entry.record.address) == ("田中 花", "東京都1")
    emptied = "患者番号,氏名,生年月日,住所\n0001,田中 花,S23.2.29,\n".encode()
    register.take(RECEPTION, register.look_at(RECEPTION, emptied).id)
    assert register.search(RECEPTION, "").entries[0].record.address is None


def test_a_file_with_a_wrong_line_is_taken_by_nobody(register: ClinicRegister) -> None:
    """One wrong line keeps the whole file out."""
    preview = register.look_at(RECEPTION, a_file(TANAKA) + b"0002,x,,nonsense,,,,,,,\n")
    assert preview.changes is None
    with pytest.raises(CsvFileError):
        register.take(RECEPTION, preview.id)
    assert register.search(RECEPTION, "").register_size == 0


def test_only_what_was_shown_is_taken(register: ClinicRegister, clock: Clock) -> None:
    """Another import in between, another person, a repeated press and a long wait take nothing."""
    mine = register.look_at(RECEPTION, a_file(TANAKA))
    theirs = register.look_at(OTHER, a_file(SUZUKI))
    with pytest.raises(PreviewOutdatedError):
        register.take(OTHER, mine.id)
    register.take(OTHER, theirs.id)
    with pytest.raises(PreviewOutdatedError):
        register.take(OTHER, theirs.id)
    with pytest.raises(PreviewOutdatedError):
        register.take(RECEPTION, mine.id)
    late = register.look_at(RECEPTION, a_file(TANAKA))
    clock.goes_on(PREVIEW_LIVES.total_seconds() + 1)
    with pytest.raises(PreviewOutdatedError):
        register.take(RECEPTION, late.id)
    assert [one.record for one in register.search(RECEPTION, "").entries] == [SUZUKI]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ["0001", "0002"]),
        ("000", ["0001", "0002"]),
        ("0002", ["0002"]),
        ("田中", ["0001"]),
        ("田中花子", ["0001"]),
        ("たなか", ["0001"]),
        ("ﾀﾅｶ", ["0001"]),
        ("すずき　いち", ["0002"]),
        ("昭和30年4月5日", ["0002"]),
        ("1948-02-29", ["0001"]),
        ("%", []),
        ("001", []),
    ],
)
def test_a_patient_is_found(register: ClinicRegister, text: str, numbers: list[str]) -> None:
    """By the start of the number, part of name or kana in any script, or the birth date."""
    taken(register, TANAKA, SUZUKI)
    found = register.search(RECEPTION, text)
    assert [one.record.patient_number for one in found.entries] == numbers
    assert (found.total, found.register_size) == (len(numbers), 2)


def test_a_long_register_has_pages(register: ClinicRegister) -> None:
    """Each page follows the other; one past the end is the last."""
    many = [
        ClinicRecord(f"{n:05}", "甲", date(2000, 1, 1) + timedelta(n)) for n in range(PAGE * 2 + 1)
    ]
    taken(register, *many)
    second, last = register.search(RECEPTION, "", 2), register.search(RECEPTION, "", 99)
    assert [one.record for one in second.entries] == many[PAGE : 2 * PAGE]
    assert [one.record for one in last.entries] == many[2 * PAGE :]
    assert (last.number, last.pages, last.total) == (3, 3, len(many))


def test_every_look_and_import_is_written_down(register: ClinicRegister, store: Store) -> None:
    """The log names the patients that were shown by their numbers, never more."""
    taken(register, TANAKA, SUZUKI)
    register.search(RECEPTION, "田中")
    register.search(RECEPTION, "nobody")
    assert acts(store) == [
        (Act.REGISTER_FILE_SEEN, "2 lines"),
        (Act.REGISTER_IMPORTED, "new 2, changed 0"),
        (Act.REGISTER_SEEN, "0001"),
    ]


def test_an_administrator_sees_no_patients(register: ClinicRegister) -> None:
    """Who may not see coverage may not see the register; the command line may import."""
    administrator = Actor("a-1", Role.ADMINISTRATOR, "管理者")
    with pytest.raises(RoleError):
        register.search(administrator, "")
    with pytest.raises(RoleError):
        register.look_at(administrator, a_file(TANAKA))
    with pytest.raises(RoleError):
        register.take(administrator, "x")
    register.take(TERMINAL, register.look_at(TERMINAL, a_file(TANAKA)).id)
