"""Thousands of visits at one desk: does anything leak, and does any visit mix two cards?

``python -m tests.benchmarks.soak [--visits N] [--seed S] [--reader socket|pcsc]``.  Progress goes
to standard error as JSON lines, the result to standard output as one; the exit status is 1 where a
visit mixed two cards, got stuck, or handles or threads grew.

The whole desk in this process, the payer in another one.  With the socket reader the desk is
restarted now and then, with PC/SC the daemon, killed or ended.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import logging
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from eligibility.simulator.setup import initialise
from terminal.app import Terminal, system_clock
from terminal.config import TerminalConfig, load_config
from terminal.recognition import KnownCard
from terminal.store import Store
from terminal.store.keys import new_key, read_key_file, write_key_file
from terminal.virtual_card.issuing import issue
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.personas import read_people
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.benchmarks.soak_cards import Account, holders
from tests.benchmarks.soak_check import Verdict, check_visits
from tests.benchmarks.soak_visits import SHARES, Diary, Manner, Place, StuckError, Visitors
from tests.clinic import STORE_ID, Stage, wait_for, write_config
from tests.ports import free_port, free_ports

SPEED = 20.0
"""How fast the kiosk's time of silence passes: somebody who walks away is waited for in seconds."""

SAMPLES = 200
WARM_UP = 0.2


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process holds after so many visits."""

    visits: int
    handles: int
    threads: int
    resident: int

    @staticmethod
    def take(visits: int) -> Sample:
        """Look now."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        handles = len(list(Path("/proc/self/fd").iterdir()))
        return Sample(visits, handles, _threads(), pages * os.sysconf("SC_PAGE_SIZE"))


def _threads() -> int:
    """Count threads; of pools, whose workers come as they are needed, what is there twice."""
    names = [thread.name for thread in threading.enumerate()]
    workers = {name for name in names if POOL_WORKER.fullmatch(name)}
    return len(names) - len(workers)


@dataclass
class Result:
    """What came of a run.

    ``cards_held``: accepted cards that came into memory and are still there.  ``planted``: the
    verdict with every card taken for the next person's, which shows that mixing is found.
    """

    verdict: Verdict
    diary: Diary
    samples: list[Sample] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cards_held: int = 0
    planted: Verdict = field(default_factory=Verdict)

    @property
    def waiting(self) -> int:
        """Visits that staff never came to; their cards may be kept."""
        return sum(
            count for ending, count in self.verdict.endings.items() if "with-staff" in ending
        )

    @property
    def settled(self) -> list[Sample]:
        """The samples after the warm-up."""
        return self.samples[int(len(self.samples) * WARM_UP) :]

    def growth(self, of: Callable[[Sample], int]) -> float:
        """Return how much something grows with each visit after the warm-up (least squares)."""
        visits, values = [one.visits for one in self.settled], [of(one) for one in self.settled]
        return statistics.linear_regression(visits, values).slope

    @property
    def is_well(self) -> bool:
        """Whether nothing mixed, nothing stuck, and no handle or thread was left behind."""
        first, last = self.settled[0], self.settled[-1]
        grown = last.handles > first.handles + SPARE or last.threads > first.threads + SPARE
        blind = len(self.planted.mixed) < self.verdict.proved
        return not (self.verdict.mixed or self.stuck or grown or blind)

    def line(self) -> dict[str, object]:
        """Return the figures."""
        first, last = self.settled[0], self.settled[-1]
        return {
            "name": "soak",
            "taps": self.diary.taps,
            "visits": self.verdict.visits,
            "proved": self.verdict.proved,
            "answered": self.verdict.answered,
            "consents": self.verdict.consents,
            "histories_compared": self.verdict.histories,
            "holder_records": self.verdict.records,
            "mixed": self.verdict.mixed,
            "stuck": self.stuck,
            "endings": dict(self.verdict.endings.most_common()),
            "manners": dict(self.diary.manners.most_common()),
            "problems": dict(self.diary.problems.most_common()),
            "seconds": round(self.seconds, 1),
            "handles": [first.handles, max(one.handles for one in self.settled), last.handles],
            "threads": [first.threads, max(one.threads for one in self.settled), last.threads],
            "resident_mib": [round(first.resident / 2**20, 1), round(last.resident / 2**20, 1)],
            "resident_bytes_a_visit": round(self.growth(lambda one: one.resident)),
            "cards_held": self.cards_held,
            "planted_mixes_found": len({words.split()[1] for words in self.planted.mixed}),
        }


POOL_WORKER = re.compile(r"(challenge|revocation|history|retention|store-writer)_\d+")
SPARE = 3
"""Handles and threads that may be there at one moment and not at another: a card, a connection."""


class SocketPlace(Place):
    """A desk with the socket reader; it is restarted on the same store."""

    def __init__(self, config: TerminalConfig) -> None:
        """``config``: with a fixed socket port."""
        self._config = config
        self.terminal = self._started()
        # a hand that swaps cards leaves a moment between them
        self.slot = VirtualCardSlot(config.reader.socket_port, gap_seconds=0.005)

    def _started(self) -> Terminal:
        terminal = Terminal(self._config, monotonic=lambda: time.monotonic() * SPEED)
        terminal.start()
        return terminal

    def disturb(self, meanwhile: Callable[[], None]) -> None:
        """Restart the desk."""
        self.terminal.stop()
        meanwhile()
        self.terminal = self._started()

    def close(self) -> None:
        """End it all."""
        self.slot.close()
        self.terminal.stop()


class PcscPlace(SocketPlace):
    """A desk with PC/SC; the daemon is restarted."""

    shares = MappingProxyType({**SHARES, Manner.DISTURBED: 150})

    def __init__(self, config: TerminalConfig, daemon: PrivatePcscd) -> None:
        """``daemon``: the one that ``config`` names."""
        self._config = config
        self._daemon = daemon
        self._restarts = 0
        self.terminal = self._started()
        self.slot = VirtualCardSlot(daemon.port)

    def disturb(self, meanwhile: Callable[[], None]) -> None:
        """Kill the daemon, or end it, and start it again."""
        self._restarts += 1
        if self._restarts % 2:
            self._daemon.kill()
        else:
            self._daemon.stop()
        meanwhile()
        self._daemon.start()


def run(place: SocketPlace, stage: Stage, visits: int, seed: int) -> Result:
    """Hold so many visits (taps by persons) and look at what is left of them."""
    account, diary = Account(), Diary()
    people = holders(stage.cards_dir, account)
    result = Result(Verdict(), diary)
    visitors = Visitors(place, people, diary)
    every = max(1, visits // SAMPLES)
    known_before = _known_cards()
    begin, began = system_clock(), time.monotonic()
    for number in range(visits):
        chance = random.Random(f"{seed} {number}")  # noqa: S311  # repeatable, no secret
        try:
            visitors.one_comes(chance)
        except StuckError as error:
            result.stuck.append(f"person {number}: {error}")
            place.disturb(place.slot.remove)
        if number % every == every - 1:
            gc.collect()
            sample = Sample.take(number + 1)
            result.samples.append(sample)
            _tell(sample, began, result)
    result.seconds = time.monotonic() - began
    result.cards_held = _known_cards() - known_before
    second = timedelta(seconds=1)

    def check(turned: int = 0) -> Verdict:
        return check_visits(
            place.terminal.store,
            (begin - second, system_clock() + second),
            account,
            {one.persona: people[index - turned] for index, one in enumerate(people)},
            diary,
        )

    result.verdict, result.planted = check(), check(turned=1)
    return result


def _known_cards() -> int:
    gc.collect()
    return sum(isinstance(one, KnownCard) for one in gc.get_objects())


def _tell(sample: Sample, began: float, result: Result) -> None:
    line = {"visits": sample.visits, "seconds": round(time.monotonic() - began, 1)}
    line |= {"handles": sample.handles, "threads": sample.threads}
    line |= {"resident_mib": round(sample.resident / 2**20, 1), "stuck": len(result.stuck)}
    print(json.dumps(line), file=sys.stderr, flush=True)


def make_stage(folder: Path, pcsc_socket: Path, vpcd_port: int) -> Stage:
    """Make certificates of a payer, and cards of its people."""
    payer, cards = folder / "payer", folder / "cards"
    initialise(payer, system_clock())
    issue(read_people(payer / "people.json"), cards, system_clock())
    return Stage(payer, cards, pcsc_socket, vpcd_port)


@contextlib.contextmanager
def separate_payer(stage: Stage) -> Iterator[str]:
    """Start the payer as a process of its own, so that its memory is not counted; its address."""
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "eligibility.simulator", "serve", "--dir", stage.payer_dir),
            *("--port", str(port), "--card-ca", stage.cards_dir / "ca.pem"),
            *("--issued", stage.cards_dir / "issued.json"),
            *("--record-ca", stage.cards_dir / "record-ca.pem"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: _listens(port), "the payer")
        yield f"https://localhost:{port}/fhir"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _listens(port: int) -> bool:
    text = Path("/proc/net/tcp").read_text()
    return f":{port:04X} 00000000:0000 0A" in text


def make_config(folder: Path, stage: Stage, base_url: str, kind: str) -> TerminalConfig:
    """Write a configuration with a new store."""
    folder.mkdir()
    reader = f'kind = "{kind}"\nsocket_port = {free_port()}\nanswer_seconds = 1.0\n'
    config = load_config(write_config(folder, stage, base_url, reader=reader))
    key = new_key()
    write_key_file(config.store.key_file, key)
    Store.create(config.store.path, read_key_file(config.store.key_file), STORE_ID)
    return config


@contextlib.contextmanager
def _place(folder: Path, kind: str) -> Iterator[tuple[SocketPlace, Stage]]:
    socket_path = folder / "pcscd.comm"
    os.environ["PCSCLITE_CSOCK_NAME"] = str(socket_path)
    port = free_ports(2)
    stage = make_stage(folder, socket_path, port)
    with contextlib.ExitStack() as stack:
        base_url = stack.enter_context(separate_payer(stage))
        config = make_config(folder / "desk", stage, base_url, kind)
        if kind == "pcsc":
            daemon = stack.enter_context(PrivatePcscd(socket_path, port))
            place: SocketPlace = PcscPlace(config, daemon)
        else:
            place = SocketPlace(config)
        stack.callback(place.close)
        yield place, stage


def main() -> int:
    """Run and print."""
    arguments = argparse.ArgumentParser(prog="./scripts/bench soak")
    arguments.add_argument("--visits", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--reader", choices=("socket", "pcsc"), default="socket")
    asked = arguments.parse_args()
    logging.disable()
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as name,
        _place(Path(name), asked.reader) as (place, stage),
    ):
        result = run(place, stage, asked.visits, asked.seed)
        print(json.dumps({"reader": asked.reader, "seed": asked.seed} | result.line()))
    return 0 if result.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
