from __future__ import annotations

import pytest

from terminal.errors import CertificateRejectedError
from terminal.virtual_card.sample_reader import SampleReader
from tests.card.cards import DirectConnection
from tests.card.wallet import Wallet, make_wallet
from tests.fuzz.card import fuzz_parser, fuzz_sessions
from tests.fuzz.session import MOST_COMMANDS, AnswersFromBytes, Desk, recorded, whole_session
from tests.fuzz.targets import NAMES, FixedTerminal, Target, targets

SEED = 1
# a spoilt serial number may be negative, which is refused here and warned of there
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


@pytest.fixture(scope="module")
def wallet(tmp_path_factory: pytest.TempPathFactory) -> Wallet:
    """Cards of invented people."""
    return make_wallet(tmp_path_factory.mktemp("wallet"))


@pytest.fixture(scope="module")
def found(wallet: Wallet) -> dict[str, Target]:
    """All targets with their good input."""
    return targets(wallet)


@pytest.mark.parametrize("name", NAMES)
def test_spoilt_bytes_raise_nothing_but_our_own_errors(name: str, found: dict[str, Target]) -> None:
    """A card may say anything: each parser answers with a value or one of our errors."""
    outcome = fuzz_parser(found[name].parse, found[name].good, SEED, name, 500)
    assert outcome.cases == 500
    assert outcome.first == {}


@pytest.mark.parametrize("name", NAMES)
def test_good_input_is_taken_whole(name: str, found: dict[str, Target]) -> None:
    """What is spoilt begins as what a good card says; else only the first check would be tried."""
    for content in found[name].good:
        if name == "verifier-signed" and content == found[name].good[-1]:
            with pytest.raises(CertificateRejectedError):
                found[name].parse(content)
        else:
            found[name].parse(content)


def test_a_good_card_goes_through_the_whole_session(wallet: Wallet) -> None:
    """Every part ends well, so that a hostile card can lie in each; its answers can be replayed."""
    desk, reader = Desk(wallet), SampleReader.load(wallet.folder)
    card = wallet.card()
    assert whole_session(DirectConnection(card), desk, reader) == []
    answers = AnswersFromBytes(recorded(card, desk, FixedTerminal()))
    (refused,) = whole_session(answers, desk, FixedTerminal())
    assert "SET PUBLIC IC KEY" in refused


def test_a_hostile_card_ends_no_session_otherwise_than_by_our_own_errors(wallet: Wallet) -> None:
    """Lies in data and status words neither break the desk nor keep it busy without end."""
    outcome = fuzz_sessions(wallet, SEED, 40)
    assert outcome.first == {}
    assert 60 < outcome.most_commands < MOST_COMMANDS


def test_a_parser_that_breaks_is_found() -> None:
    """The search tells an exception that is none of ours, with the case that repeats it."""

    def broken(data: bytes) -> object:
        return data[5]

    outcome = fuzz_parser(broken, [b"123456"], SEED, "broken", 200)
    assert outcome.failures["IndexError"] > 0
    assert 0 <= outcome.first["IndexError"] < 200
