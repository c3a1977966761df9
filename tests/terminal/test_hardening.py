"""Core dumps and the log of card traffic."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.card.apdu import Ins
from terminal.card.protocol import verify
from terminal.card.traffic import describe_command
from terminal.errors import InvalidPinError
from terminal.health import HealthState, check_dumps
from terminal.logs import TRAFFIC
from tests.card.cards import WrittenCard

PROBE = """
import resource
from pathlib import Path
from terminal.hardening import core_dumps_are_off, forbid_core_dumps
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
print(core_dumps_are_off())
forbid_core_dumps()
print(core_dumps_are_off(), resource.getrlimit(resource.RLIMIT_CORE))
"""


def test_core_dumps_are_off_once_they_were_forbidden() -> None:
    """A fresh process can be dumped; after the call the kernel says that it cannot."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)  # noqa: S603  # our own program
    assert done.stdout.splitlines() == ["False", "True (0, 0)"]


def test_a_process_that_can_be_dumped_is_told_to_staff() -> None:
    """The check tells the two states apart and says what to do."""
    assert check_dumps(off=True).state is HealthState.PASS
    found = check_dumps(off=False)
    assert (found.state, found.code) == (HealthState.WARN, "dumps.possible")
    assert found.remedy


@given(st.sampled_from([ins for ins in range(256) if ins != Ins.SELECT]), st.binary(min_size=1))
def test_no_command_but_select_shows_its_data(ins: int, data: bytes) -> None:
    """Whatever else a command carries, the log has its header and the count of bytes."""
    assert (
        describe_command(bytes((0, ins, 0, 0x80)) + data) == f"00{ins:02X}0080 +{len(data)} bytes"
    )


def test_the_traffic_of_a_refused_pin_tells_everything_but_the_pin(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log says that VERIFY was answered 63C2; the digits are not there in any form."""
    card = WrittenCard(("0020008004" + b"4711".hex(), "63C2"))
    with caplog.at_level(TRAFFIC), pytest.raises(InvalidPinError):
        verify(card, bytearray(b"4711"))
    assert caplog.messages == ["00200080 +5 bytes -> 0 bytes 63C2"]
    assert logging.getLevelName(TRAFFIC)
