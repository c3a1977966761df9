"""Spoilt bytes for every parser of a card's files, and a hostile card for a whole session.

Each case follows from the seed and its number alone, so that a failure can be repeated.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from terminal.card import common, cv, jpki, text, tlv, visual
from terminal.card.certificates import CertificateVerifier, load_certificate, subject_of
from terminal.card.connection import CardConnection
from terminal.card.proof import check_signature, digest_info
from terminal.card.protocol import LONGEST_FILE
from terminal.errors import TerminalError
from terminal.virtual_card.files import Card
from terminal.virtual_card.records import tlv as encode
from tests.card.authority import Authority, Leaf
from tests.card.wallet import PIN, make_wallet

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
DEEPEST = 8

MOST_COMMANDS = 8 * LONGEST_FILE
"""More than a session can need for its few files, even where each READ gives one byte."""

Parse = Callable[[bytes], object]
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


def walk(found: tlv.Tlv, depth: int = 0) -> None:
    """Read all that lies in a data object."""
    for child in found.children():
        if depth < DEEPEST:
            try:
                walk(child, depth + 1)
            except TerminalError:
                continue  # a value that holds no objects


def parsers() -> dict[str, tuple[Parse, list[bytes]]]:
    """Return each parser with good input to spoil."""
    leaf = Leaf().der
    verifier = CertificateVerifier([Authority().pem], allow_test=True)
    record = bytes.fromhex("011C") + b"123456789012345" + b"13101" + b"20350217"
    body = b"6" + bytes(296)
    cv_certificate = encode(0x7F21, encode(0x5F4E, body) + encode(0x5F37, bytes(256)))
    municipality = encode(0xFF40, encode(0xDF34, b"13101"))
    nested = encode(0xFF20, encode(0xDF22, "試験".encode()) + encode(0xFF21, b"\x01\x01\x00"))
    return {
        "tlv": (
            lambda content: walk(tlv.parse(content)),
            [nested, municipality, cv_certificate, leaf],
        ),
        "record": (common.parse_card_record, [record]),
        "cv": (cv.parse_cv_certificate, [cv_certificate]),
        "municipality": (visual.parse_municipality, [municipality]),
        "certificates-present": (jpki.parse_certificates_present, [b"\x8f\x8f\x00"]),
        "certificate": (load_certificate, [leaf, Authority().der]),
        "subject": (subject_of, [leaf]),
        "verifier": (lambda content: verifier.verify(content, NOW), [leaf]),
    }


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


def fuzz_parser(parse: Parse, good: list[bytes], seed: int, name: str, runs: int) -> Outcome:
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


class TooManyCommandsError(Exception):
    """The session would not end."""


class HostileCard:
    """A connection to a card that lies now and then; ``wild``: the share of spoilt answers."""

    def __init__(self, card: Card, chance: random.Random, wild: float) -> None:
        self._card = card
        self._chance = chance
        self._wild = wild
        self.commands = 0
        card.power_on()

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Answer, truly or not."""
        self.commands += 1
        if self.commands > MOST_COMMANDS:
            raise TooManyCommandsError
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def whole_session(connection: CardConnection) -> None:
    """Do all that a desk does with a card; each part for itself, as one refusal ends a part."""
    for part in (
        jpki.recognise,
        common.read_card_issue,
        visual.read_municipality,
        visual.read_cv_certificate,
        text.read_cv_certificate,
        _prove,
    ):
        try:
            part(connection)
        except TerminalError:
            pass


def _prove(connection: CardConnection) -> None:
    session = jpki.JpkiSession(connection)
    certificate = session.authentication_certificate()
    session.certificates_present()
    session.pin_tries_left()
    session.verify_pin(bytearray(PIN))
    check_signature(certificate, b"challenge", session.sign(digest_info(b"challenge")))


def fuzz_sessions(cards: Callable[[], Card], seed: int, runs: int) -> Outcome:
    """Hold ``runs`` sessions with a hostile card."""
    outcome = Outcome()
    for number in range(runs):
        chance = case_of(seed, "session", number)
        outcome.cases += 1
        with HostileCard(cards(), chance, chance.choice((0.01, 0.05, 0.3, 1.0))) as connection:
            try:
                whole_session(connection)
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


def main() -> int:
    """Run all targets; 1 where anything was found."""
    arguments = argparse.ArgumentParser(prog="./scripts/fuzz card")
    arguments.add_argument("--runs", type=int, default=10_000, help="cases of each parser")
    arguments.add_argument("--session-runs", type=int, default=200, help="sessions")
    arguments.add_argument("--seed", type=int, default=1)
    asked = arguments.parse_args()
    well = True
    for name, (parse, good) in parsers().items():
        well &= report(name, asked.seed, fuzz_parser(parse, good, asked.seed, name, asked.runs))
    with tempfile.TemporaryDirectory() as folder:
        wallet = make_wallet(Path(folder))
        outcome = fuzz_sessions(wallet.card, asked.seed, asked.session_runs)
        well &= report("session", asked.seed, outcome)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
