import errno
import os
import resource
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.errors import FolderAwayError
from eligibility.national.folder import Folder, NotAName, Unreadable

EVERYTHING = lambda _name: True  # noqa: E731  # a filter is a function


def test_a_file_appears_whole_and_nothing_else_stays(tmp_path: Path) -> None:
    """A request is published under its name only once all of it is there."""
    folder = Folder(tmp_path)
    seen: set[bytes] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            content = folder.read("a.xml")
            if isinstance(content, bytes):
                seen.add(content)

    reader = threading.Thread(target=look)
    reader.start()
    contents = [bytes([letter]) * 300_000 for letter in b"abcdefgh"]
    for content in contents:
        folder.publish("a.xml", content)
    done.set()
    reader.join()
    assert seen <= set(contents)
    assert folder.read("a.xml") == contents[-1]
    assert [one.name for one in tmp_path.iterdir()] == ["a.xml"]


def test_no_reader_takes_a_half_published_file_for_a_request(tmp_path: Path) -> None:
    """While a request is written it has a name that begins with a dot and does not end in .xml."""
    names: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            names.update(one.name for one in os.scandir(tmp_path))

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(50):
        Folder(tmp_path).publish("a.xml", b"x" * 100_000)
    done.set()
    reader.join()
    others = names - {"a.xml"}
    assert all(name.startswith(".") and not name.endswith(".xml") for name in others)


def test_what_a_crash_left_half_published_is_removed_once_it_is_old(tmp_path: Path) -> None:
    """Only our own left-over goes, and not while it may still be written."""
    folder = Folder(tmp_path)
    (tmp_path / ".eligibility-0123456789abcdef.part").write_bytes(b"half")
    (tmp_path / ".other.part").write_bytes(b"somebody else's")
    assert folder.remove_leftovers(time.time_ns() - 60_000_000_000) == 0
    assert folder.remove_leftovers(time.time_ns() + 1_000_000_000) == 1
    assert [one.name for one in tmp_path.iterdir()] == [".other.part"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../a", "/etc/passwd", "a\0b", "a\nb", "x" * 300, ".a", "a\\b"]
)
def test_a_name_with_path_parts_is_never_used(tmp_path: Path, name: str) -> None:
    """A name is a name, and no way out of the folder."""
    with pytest.raises(NotAName):
        Folder(tmp_path).publish(name, b"")
    assert list(tmp_path.iterdir()) == []


@given(name=st.text(max_size=40))
def test_no_name_leads_out_of_the_folder(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    """Whatever a name is made of, a file appears in the folder under it or not at all."""
    outside = tmp_path_factory.mktemp("outside")
    inside = outside / "in"
    inside.mkdir()
    try:
        Folder(inside).publish(name, b"content")
    except NotAName:
        assert list(inside.iterdir()) == []
    else:
        assert [one.name for one in inside.iterdir()] == [name]
    assert list(outside.iterdir()) == [inside]


def test_what_is_no_plain_file_is_not_read(tmp_path: Path) -> None:
    """A link, a folder, a pipe, a socket and a device are refused, and none of them holds us."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"not to be read")
    box = tmp_path / "box"
    box.mkdir()
    (box / "link").symlink_to(secret)
    (box / "broken").symlink_to(tmp_path / "nothing")
    (box / "loop").symlink_to(box / "loop")
    (box / "null").symlink_to("/dev/null")
    (box / "folder").mkdir()
    os.mkfifo(box / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(box / "socket"))
        folder = Folder(box)
        entries = folder.entries(EVERYTHING)
        assert len(entries) == 7
        for entry in entries:
            assert not entry.is_file
            assert folder.read(entry.name) is Unreadable.NOT_A_FILE


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    """Size is looked at before a byte is read: a huge file costs neither time nor memory."""
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(10**12)
    assert Folder(tmp_path).read("huge") is Unreadable.TOO_LARGE
    (tmp_path / "fits").write_bytes(b"x" * 10)
    assert Folder(tmp_path).read("fits", 10) == b"x" * 10
    assert Folder(tmp_path).read("fits", 9) is Unreadable.TOO_LARGE


def test_a_file_that_goes_while_it_is_looked_at_is_not_there(tmp_path: Path) -> None:
    """What another program moved or deleted is nothing, and removing it again is nothing either."""
    folder = Folder(tmp_path)
    (tmp_path / "a.xml").write_bytes(b"x")
    entry = folder.entries(EVERYTHING)[0]
    (tmp_path / "a.xml").unlink()
    assert folder.read(entry.name) is None
    assert folder.entry(entry.name) is None
    folder.remove(entry.name)


def test_a_folder_that_is_away_says_so_and_comes_back(tmp_path: Path) -> None:
    """Each operation names the state, and needs nothing to go on when the folder is back."""
    path = tmp_path / "req"
    folder = Folder(path)
    for operation in (
        folder.check,
        folder.identity,
        lambda: folder.entries(EVERYTHING),
        lambda: folder.read("a.xml"),
        lambda: folder.publish("a.xml", b""),
        lambda: folder.remove("a.xml"),
    ):
        with pytest.raises(FolderAwayError, match="req"):
            operation()
    path.mkdir()
    folder.check()
    folder.publish("a.xml", b"here")
    path.rename(tmp_path / "moved")
    with pytest.raises(FolderAwayError):
        folder.read("a.xml")
    (tmp_path / "moved").rename(path)
    assert folder.read("a.xml") == b"here"


def test_a_file_in_place_of_the_folder_is_no_folder(tmp_path: Path) -> None:
    """What stands under the folder's name must be one."""
    (tmp_path / "req").write_bytes(b"")
    with pytest.raises(FolderAwayError):
        Folder(tmp_path / "req").check()


def test_a_full_disk_leaves_nothing_half(tmp_path: Path) -> None:
    """A request that cannot be written whole does not appear, and leaves no part of itself."""
    limit = 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OSError) as caught:  # noqa: PT011  # the number is looked at below
            Folder(tmp_path).publish("a.xml", b"x" * (10 * limit))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, former)
    assert caught.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []
