"""What the national messages may be spoilt to: a value, or one error of ours, within bounds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from eligibility.national.kinds import DAY
from eligibility.national.wire import parse_message
from tests.fuzz.xml import NAMES, XmlTarget, fuzz_reader, targets
from tests.fuzz.xml_cases import GOOD

pytestmark = pytest.mark.long

SEED = 1
FOUND = targets()


@pytest.mark.parametrize("name", NAMES)
def test_spoilt_messages_raise_nothing_but_our_own_errors(name: str) -> None:
    """Bytes and elements spoilt in any way; what is read all the same can be written and read."""
    outcome = fuzz_reader(FOUND[name], SEED, name, 300)
    assert outcome.cases == 300
    assert outcome.first == {}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "answer"])
def test_good_messages_are_taken_whole(name: str) -> None:
    """What is spoilt begins as a good message; else only the first check would be tried."""
    for good in FOUND[name].good:
        FOUND[name].parse(GOOD[good].encode())


def test_giants_are_read_in_a_process_that_may_hold_only_so_much() -> None:
    """Sixteen giants of up to 100 MB for the largest message there is."""
    done = subprocess.run(  # this very interpreter
        [sys.executable, "-m", "tests.fuzz.xml", "--child", "bulk-answers", "--runs", "1"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"bulk-answers giants", "cases": 16, "failures": 0' in done.stdout


def test_a_reader_that_breaks_is_found() -> None:
    """The search tells an error that is none of ours, with the case that repeats it."""

    def broken(body: bytes) -> object:
        return DAY.read(parse_message(body)[0][0].text)

    outcome = fuzz_reader(XmlTarget(broken, ("confirmation",)), SEED, "broken", 300)
    assert "ValueError" in outcome.failures
    assert all(0 <= case < 300 for case in outcome.first.values())
