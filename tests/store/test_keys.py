from __future__ import annotations

from pathlib import Path

import pytest

from terminal.errors import StoreKeyError, StoreUnwritableError
from terminal.store.keys import key_check_value, new_key, read_key_file, write_key_file


def test_key_file_round_trip(tmp_path: Path) -> None:
    """A key that was written is read again, and its file is open to its owner only."""
    key, path = new_key(), tmp_path / "store.key"
    write_key_file(path, key)
    assert read_key_file(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_key_file_is_never_overwritten(tmp_path: Path) -> None:
    """A second key does not take the place of the first."""
    first, path = new_key(), tmp_path / "store.key"
    write_key_file(path, first)
    with pytest.raises(StoreKeyError, match="never overwritten"):
        write_key_file(path, new_key())
    assert read_key_file(path) == first
    assert list(tmp_path.iterdir()) == [path]


def test_key_file_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Where no key file can be made, the message names it and nothing is left."""
    with pytest.raises(StoreUnwritableError, match=r"store\.key"):
        write_key_file(tmp_path / "gone" / "store.key", new_key())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """A key that others can read or change is no key."""
    path = tmp_path / "store.key"
    write_key_file(path, new_key())
    path.chmod(mode)
    with pytest.raises(StoreKeyError, match="must be 600"):
        read_key_file(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"ab" * 31, b"ab" * 33, b"AB" * 32, b"zz" * 32, b"ab" * 32 + b"\n\n", b"\xff" * 64],
)
def test_key_file_holds_64_hex_digits(tmp_path: Path, content: bytes) -> None:
    """What is not exactly 64 lower-case hex digits is refused, and not shown."""
    path = tmp_path / "store.key"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(StoreKeyError, match="64 hex digits") as caught:
        read_key_file(path)
    assert "abab" not in str(caught.value)


def test_absent_key_file_is_named(tmp_path: Path) -> None:
    """The message names the file that is not there."""
    with pytest.raises(StoreKeyError, match=r"gone\.key"):
        read_key_file(tmp_path / "gone.key")


@pytest.mark.parametrize("key", [b"", b"x" * 31, b"x" * 33])
def test_key_of_wrong_length_is_refused(tmp_path: Path, key: bytes) -> None:
    """Only 32 bytes are a key."""
    with pytest.raises(StoreKeyError, match="32 bytes"):
        write_key_file(tmp_path / "store.key", key)
    with pytest.raises(StoreKeyError):
        key_check_value(key)
    assert not list(tmp_path.iterdir())


def test_key_check_value_tells_keys_apart_and_hides_them() -> None:
    """The check value is constant for a key, differs between keys, and shows none of it."""
    one, other = new_key(), new_key()
    assert key_check_value(one) == key_check_value(one)
    assert key_check_value(one) != key_check_value(other)
    assert key_check_value(one)[:8] not in one.hex()
