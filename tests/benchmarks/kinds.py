"""How long each kind of card takes from being reached to being known for what it is.

``python -m tests.benchmarks.kinds N`` prints JSON lines over the modelled link, for each bit rate:
cards that are none of ours are named, ours are read with all that the desk needs.  The goal is
under a second for each.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from terminal.errors import CertificateRejectedError, UnknownCardError
from terminal.recognition import read_card
from terminal.virtual_card import strangers
from terminal.virtual_card.applets import driving_licence
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.files import Card
from tests.benchmarks.link import RATES, Cost, Link, ModelledLink, print_line
from tests.benchmarks.passing import OneCard
from tests.card.cards import DirectConnection
from tests.card.wallet import Wallet, make_wallet

STRANGERS: dict[str, Callable[[], Card]] = {
    "residence-card": strangers.residence_card,
    "driving-licence": driving_licence,
    "bank-card": strangers.bank_card,
    "passport": strangers.passport,
    "transit-card": strangers.TransitCard,
    "other": lambda: CardOs([]),
}
OURS = ("taro", "blocked", "face-only", "phone", "not-loaded")


def measure(name: str, card: Card, rate: int, n: int) -> None:
    """Print the line of one kind at one bit rate."""
    link, taken = Link(rate), []
    reader = OneCard(lambda _: ModelledLink(DirectConnection(card), link))
    for _ in range(n):
        link.cost = Cost()
        began = time.perf_counter()
        try:
            read_card(reader, "modelled")
        except (UnknownCardError, CertificateRejectedError):
            pass  # known for what it is
        taken.append((time.perf_counter() - began) * 1000)
    line: dict[str, object] = {"name": f"known.{name}", "unit": "ms", "kbit_s": rate, "n": n}
    line |= {"apdus": link.cost.commands, "bytes": link.cost.bytes_moved}
    print_line(line | {"p50": round(statistics.median(taken), 1), "worst": round(max(taken), 1)})


def cards(wallet: Wallet) -> dict[str, Card]:
    """Return one card of each kind."""
    return {name: make() for name, make in STRANGERS.items()} | {
        name: wallet.card(name) for name in OURS
    }


def main(n: int) -> None:
    """Print all lines."""
    with tempfile.TemporaryDirectory() as folder:
        for name, card in cards(make_wallet(Path(folder))).items():
            for rate in RATES:
                measure(name, card, rate, n)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
