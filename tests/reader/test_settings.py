from __future__ import annotations

import sys
from typing import Any

import pytest
from pydantic import ValidationError

from terminal.errors import PcscUnavailableError
from terminal.reader import ReaderSettings, SocketReader, make_reader
from terminal.reader.pcsc import PcscReader


def test_a_desk_without_settings_has_a_pcsc_reader() -> None:
    """PC/SC by the machine's own daemon is what an empty section means."""
    settings = ReaderSettings()
    assert (settings.kind, settings.pcsc_socket) == ("pcsc", None)
    assert isinstance(make_reader(settings), PcscReader)
    assert isinstance(make_reader(ReaderSettings(kind="socket")), SocketReader)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "usb"},
        {"socket_port": 65536},
        {"socket_port": -1},
        {"answer_seconds": 0},
        {"answer_seconds": 61},
        {"name": "x"},
    ],
)
def test_wrong_or_unknown_settings_are_refused(wrong: dict[str, Any]) -> None:
    """Each names its key."""
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        ReaderSettings(**wrong)


def test_without_pyscard_only_the_socket_reader_can_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A machine where pyscard could not be built is told what still works."""
    monkeypatch.delitem(sys.modules, "terminal.reader.pcsc")
    monkeypatch.delattr(sys.modules["terminal.reader"], "pcsc")
    monkeypatch.setitem(sys.modules, "terminal.reader.pcsc", None)
    with pytest.raises(PcscUnavailableError, match="socket"):
        make_reader(ReaderSettings())
    assert isinstance(make_reader(ReaderSettings(kind="socket")), SocketReader)
