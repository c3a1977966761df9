"""Spoilt bytes for every parser of a card's files, and a hostile card for a whole session.

Each case follows from the wallet, the seed and its number alone, so that a failure can be repeated:
the wallet is made once and kept.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from terminal.errors import TerminalError
from terminal.virtual_card.files import Card
from terminal.virtual_card.sample_reader import SampleReader
from tests.card.wallet import Wallet, make_wallet
from tests.fuzz import guided
from tests.fuzz.session import Desk, Held, whole_session
from tests.fuzz.targets import NAMES, Parse, targets

KEPT = Path("var/fuzz")
SESSION = "session"
INTERESTING = (0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x83, 0x84, 0xFE, 0xFF, 0x30, 0x1F, 0x5F)
STATUS_WORDS = (
    0x9000, 0x6282, 0x6300, 0x63C0, 0x63C2, 0x6982, 0x6984, 0x6A82, 0x6A86, 0x6B00, 0x6C00,
    0x6C10, 0x6100, 0x6110, 0x6F00, 0x0000, 0xFFFF,
)  # fmt: skip


@dataclass
class Outcome:
    """What came of one target: ``failures`` count exceptions by kind, ``first`` is one of each."""

    cases: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)
    most_commands: int = 0

    def note(self, case: int, error: Exception) -> None:
        """Take down an exception that is none of ours."""
        kind = type(error).__name__
        self.failures[kind] += 1
        self.first.setdefault(kind, case)


def spoil(chance: random.Random, good: bytes) -> bytes:
    """Return ``good`` with some bytes changed, cut, doubled or moved; now and then only noise."""
    if chance.random() < 0.05:
        return chance.randbytes(chance.randrange(64))
    spoilt = bytearray(good)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 8))):
        at = chance.randrange(len(spoilt) + 1)
        match chance.randrange(5):
            case 0 if at < len(spoilt):
                spoilt[at] = chance.choice(INTERESTING)
            case 1 if at < len(spoilt):
                spoilt[at] ^= 1 << chance.randrange(8)
            case 2:
                del spoilt[at : at + chance.randrange(1, 9)]
            case 3:
                spoilt[at:at] = chance.randbytes(chance.randrange(1, 9))
            case _:
                del spoilt[at:]
                spoilt += good[chance.randrange(len(good)) :]
    return bytes(spoilt)


def case_of(seed: int, target: str, number: int) -> random.Random:
    """Return the source of chance of one case."""
    return random.Random(f"{seed} {target} {number}")  # noqa: S311  # repeatable, no secret


def fuzz_parser(parse: Parse, good: Sequence[bytes], seed: int, name: str, runs: int) -> Outcome:
    """Give ``parse`` spoilt input ``runs`` times."""
    outcome = Outcome()
    for number in range(runs):
        chance = case_of(seed, name, number)
        data = spoil(chance, chance.choice(good))
        outcome.cases += 1
        try:
            parse(data)
        except TerminalError:
            pass
        except Exception as error:  # noqa: BLE001  # what is looked for
            outcome.note(number, error)
    return outcome


class HostileCard(Held):
    """A connection to a card that lies now and then; ``wild``: the share of spoilt answers."""

    def __init__(self, card: Card, chance: random.Random, wild: float) -> None:
        super().__init__()
        self._card = card
        self._chance = chance
        self._wild = wild
        card.power_on()

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Answer, truly or not."""
        self.count()
        answer = self._card.transmit(bytes(apdu)) or b"\x6f\x00"
        data, sw = answer[:-2], int.from_bytes(answer[-2:])
        if self._chance.random() < self._wild:
            data = spoil(self._chance, data or b"\0")[: self._chance.choice((1, 256, 65536))]
        if self._chance.random() < self._wild:
            sw = self._chance.choice((0x9000, *STATUS_WORDS, self._chance.randrange(0x10000)))
        return data, sw

    def close(self) -> None:
        """Take the power away."""
        self._card.power_off()


def fuzz_sessions(wallet: Wallet, seed: int, runs: int) -> Outcome:
    """Hold ``runs`` sessions with a hostile card."""
    outcome = Outcome()
    desk, authenticator = Desk(wallet), SampleReader.load(wallet.folder)
    card = wallet.card()
    for number in range(runs):
        chance = case_of(seed, "session", number)
        outcome.cases += 1
        card.reissue()
        with HostileCard(card, chance, chance.choice((0.01, 0.05, 0.3, 1.0))) as connection:
            try:
                whole_session(connection, desk, authenticator)
            except Exception as error:  # noqa: BLE001  # what is looked for
                outcome.note(number, error)
        outcome.most_commands = max(outcome.most_commands, connection.commands)
    return outcome


def report(name: str, seed: int, outcome: Outcome) -> bool:
    """Print the line of a target; return whether nothing was found."""
    line: dict[str, object] = {"target": name, "seed": seed, "cases": outcome.cases}
    line |= {"failures": outcome.failures.total(), "kinds": outcome.first}
    if outcome.most_commands:
        line["most_commands"] = outcome.most_commands
    print(json.dumps(line), flush=True)  # noqa: T201  # its very purpose
    return not outcome.failures


def kept_wallet() -> Wallet:
    """Return the cards that every run begins with, made now where there are none."""
    folder = KEPT / "wallet"
    folder.mkdir(parents=True, exist_ok=True)
    return make_wallet(folder)


def _random(name: str, asked: argparse.Namespace) -> bool:
    if name == SESSION:
        return report(
            name, asked.seed, fuzz_sessions(kept_wallet(), asked.seed, asked.session_runs)
        )
    target = targets(kept_wallet())[name]
    outcome = fuzz_parser(target.parse, target.good, asked.seed, name, asked.runs)
    return report(name, asked.seed, outcome)


def _guided(name: str, asked: argparse.Namespace) -> bool:
    target = targets(kept_wallet())[name]
    found = guided.search(name, target.good, KEPT / "guided", asked.runs, asked.seed)
    print(json.dumps(found), flush=True)  # noqa: T201  # its very purpose
    return found["failures"] == 0


def main() -> int:
    """Run all targets; 1 where anything was found."""
    arguments = argparse.ArgumentParser(prog="./scripts/fuzz card")
    arguments.add_argument("--runs", type=int, default=10_000, help="cases of each parser")
    arguments.add_argument("--session-runs", type=int, default=200, help="sessions")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", action="append", choices=(*NAMES, SESSION), help="a target")
    arguments.add_argument("--guided", action="store_true", help="let coverage choose the input")
    asked = arguments.parse_args()
    logging.disable()  # a warning for each spoilt list would be all that there is to see
    # guided, a session with a hostile card is the target "answers"
    names = asked.only or (NAMES if asked.guided else (*NAMES, SESSION))
    fuzz = _guided if asked.guided else _random
    return 0 if all([fuzz(name, asked) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
