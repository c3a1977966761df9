"""Files that were set aside go after their time, oldest first; looks at them are written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from eligibility.national.exchange import AsideReason, SetAside
from terminal.access.accounts import TERMINAL
from terminal.audit import Act
from terminal.cli import cli
from terminal.errors import UnknownFileError
from terminal.payer.exchange_book import DeskExchangeBook
from terminal.payer.files_aside import DELETED_TOGETHER, FilesAsideKeeping
from terminal.store import Store
from terminal.store.keys import new_key, write_key_file
from tests.clinic import STORE_ID
from tests.national.clinic import write_national_config
from tests.national.desk import opened_link

KEY = bytes(range(32))
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@dataclass
class Kept:
    """A store with files, by the day on which each was set aside."""

    store: Store
    moment: datetime = NOON
    names: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        """Return the desk's moment."""
        return self.moment

    def keeping(self, *, days: int = 90, files: int = 1000) -> FilesAsideKeeping:
        """Return what looks after the files."""
        return FilesAsideKeeping(self.store, self.now, most_days=days, most_files=files)

    def set_aside(self, count: int, content: bytes | None = b"health data") -> None:
        """Set so many files aside."""
        book = DeskExchangeBook(self.store, self.now)
        for _ in range(count):
            name = f"OQSsiquc01res_{len(self.names):04}.xml"
            self.names.append(name)
            book.set_aside(SetAside(name, AsideReason.LATE, 11, content))

    def left(self) -> list[str]:
        """Return the names of what is kept, the oldest first."""
        return [one.name for one in self.store.read(lambda tx: tx.aside.all())][::-1]

    def acts(self, act: Act) -> list[str | None]:
        """Return the reasons of this act's rows, the newest first."""
        rows = self.store.read(lambda tx: tx.audit.recent(500))
        return [row.reason for row in rows if row.act is act]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """An empty store."""
    path = tmp_path / "desk.db"
    Store.create(path, KEY, "store-of-files")
    kept = Kept(Store.open(path, KEY, "store-of-files", desk_id="desk-1", now=lambda: NOON))
    yield kept
    kept.store.close()


def test_a_file_goes_after_its_days(kept: Kept) -> None:
    """With its bytes, and with a line in the audit log for each; the younger ones stay."""
    kept.set_aside(DELETED_TOGETHER + 5)
    kept.moment += timedelta(days=60)
    kept.set_aside(2)
    assert kept.keeping().delete_old() == 0
    kept.moment += timedelta(days=30, seconds=1)
    assert kept.keeping().delete_old() == DELETED_TOGETHER + 5
    assert kept.left() == kept.names[-2:]
    told = kept.acts(Act.FILE_ASIDE_DELETED)
    assert len(told) == DELETED_TOGETHER + 5
    assert all(one and one.startswith("kept long enough: late ") for one in told)
    assert kept.keeping().delete_old() == 0


def test_the_oldest_go_where_there_are_too_many(kept: Kept) -> None:
    """A flood of files fills no disk."""
    for _ in range(6):
        kept.set_aside(3)
        kept.moment += timedelta(minutes=1)
    assert kept.keeping(files=10).delete_old() == 8
    assert kept.left() == kept.names[-10:]


def test_one_that_is_met_again_is_kept_anew(kept: Kept) -> None:
    """Deleted is no mark: what lies in the folder again is set aside again, and told."""
    kept.set_aside(1)
    kept.moment += timedelta(days=91)
    kept.keeping().delete_old()
    kept.names.clear()
    kept.set_aside(1)
    assert len(kept.left()) == 1
    assert len(kept.acts(Act.FILE_SET_ASIDE)) == 2


def test_who_looks_and_takes_is_written_down(kept: Kept) -> None:
    """A list holds no bytes; one file is found by how its id begins."""
    kept.set_aside(2)
    kept.set_aside(1, content=None)
    keeping = kept.keeping()
    unread, file, _ = keeping.all(TERMINAL)
    assert (file.content, file.name) == (None, kept.names[1])
    assert keeping.content(TERMINAL, file.id[:12]) == b"health data"
    assert kept.acts(Act.FILES_ASIDE_SEEN) == ["3"]
    assert kept.acts(Act.ORIGINAL_TAKEN) == [f"file {file.id}"]
    for wrong in (unread.id, "", file.id[:3], "0" * 12, "%", "_" * 64):
        with pytest.raises(UnknownFileError):
            keeping.content(TERMINAL, wrong)


def test_all_that_are_named_are_deleted_or_none(kept: Kept) -> None:
    """A wrong id among them deletes nothing."""
    kept.set_aside(3)
    keeping = kept.keeping()
    ids = [one.id for one in keeping.all(TERMINAL)]
    with pytest.raises(UnknownFileError):
        keeping.delete(TERMINAL, [ids[0], "f" * 12])
    assert len(kept.left()) == 3
    assert keeping.delete(TERMINAL, [ids[0], ids[1][:12], ids[1]]) == 2
    assert kept.left() == kept.names[:1]
    assert len(kept.acts(Act.FILE_ASIDE_DELETED)) == 2


def test_the_command_does_so_beside_a_running_desk(tmp_path: Path) -> None:
    """List, take and delete; a name is printed so that a screen is not told what to do."""
    (tmp_path / "desk").mkdir()
    with opened_link(tmp_path / "link") as linked:
        config = write_national_config(tmp_path / "desk", linked, aside_days=30)
    key = new_key()
    write_key_file(tmp_path / "desk" / "store.key", key)
    path = tmp_path / "desk" / "store.db"
    Store.create(path, key, STORE_ID)
    store = Store.open(path, key, STORE_ID, desk_id="desk-1", now=lambda: NOON)
    try:
        book = DeskExchangeBook(store, lambda: NOON)
        book.set_aside(SetAside("a\x1b[2J患.xml", AsideReason.LATE, 5, b"\xff<x/>"))

        def says(*words: str) -> bytes:
            done = CliRunner().invoke(
                cli, ["payer", "aside", *words, "--config", str(config)], catch_exceptions=False
            )
            assert done.exit_code == 0, done.output
            return done.stdout_bytes

        listed = says("list").decode()
        assert "late" in listed
        assert "\x1b" not in listed
        file_id = listed.split()[0]
        assert says("take", file_id) == b"\xff<x/>"
        assert says("delete", file_id).decode() == "1 files are deleted.\n"
        assert says("list").decode() == "0 files are set aside.\n"
    finally:
        store.close()
