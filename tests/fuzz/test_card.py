from __future__ import annotations

from pathlib import Path

import pytest

from tests.card.wallet import make_wallet
from tests.fuzz.card import MOST_COMMANDS, fuzz_parser, fuzz_sessions, parsers

SEED = 1


@pytest.mark.parametrize("name", parsers())
def test_spoilt_bytes_raise_nothing_but_our_own_errors(name: str) -> None:
    """A card may say anything: each parser answers with a value or one of our errors."""
    parse, good = parsers()[name]
    outcome = fuzz_parser(parse, good, SEED, name, 1000)
    assert outcome.cases == 1000
    assert outcome.first == {}


def test_a_hostile_card_ends_no_session_otherwise_than_by_our_own_errors(tmp_path: Path) -> None:
    """Lies in data and status words neither break the desk nor keep it busy without end."""
    outcome = fuzz_sessions(make_wallet(tmp_path).card, SEED, 40)
    assert outcome.first == {}
    assert 20 < outcome.most_commands < MOST_COMMANDS


def test_a_parser_that_breaks_is_found() -> None:
    """The search tells an exception that is none of ours, with the case that repeats it."""

    def broken(data: bytes) -> object:
        return data[5]

    outcome = fuzz_parser(broken, [b"123456"], SEED, "broken", 200)
    assert outcome.failures["IndexError"] > 0
    assert 0 <= outcome.first["IndexError"] < 200
