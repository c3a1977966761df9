"""A question over drop folders, from its commit to the answer in the list, and kills in the middle.

The link application is played by another process; how long it took for an answer is measured there
and taken off: what is left is our share.  Prints JSON lines.
"""

from __future__ import annotations

import json
import multiprocessing
import queue
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from eligibility.asking import NumberQuestion
from eligibility.calendar import JAPAN
from eligibility.model import NumberSubject
from terminal.app import Terminal
from terminal.config import TerminalConfig, load_config
from terminal.desk_enquiry import DocumentSeen
from terminal.payer.choice import national_payer
from terminal.payer.question import Question
from terminal.store import Store
from terminal.store.keys import new_key, write_key_file
from tests.benchmarks.payer import report
from tests.clinic import STORE_ID
from tests.national.clinic import now, write_national_config
from tests.national.desk import opened_link, subject_of
from tests.national.killing import RECEPTION, Errand, killed, look

GOAL_MS = 50
QUESTIONS = 500
KILLED_SETS = 10
KILLED_QUESTIONS = 200
WARM_UP = 20


@dataclass(frozen=True)
class OtherSide:
    """What the link application's process tells of itself."""

    config: Path
    people: tuple[NumberSubject, ...]
    pipe: Connection

    def milliseconds(self) -> dict[str, float]:
        """Return how long it took for each question that it still remembers, by id."""
        self.pipe.send("times")
        times: dict[str, float] = self.pipe.recv()
        return times


def _play(folder: Path, desk: Path, pipe: Connection) -> None:
    """Be the link application until told to end."""
    with opened_link(folder) as linked:
        linked.world.clock.moment = now()
        config = write_national_config(desk, linked)
        people = tuple(subject_of(coverage) for _, coverage in linked.people())
        pipe.send((config, people))
        while pipe.recv() == "times":
            rows = linked.world.running.requests.as_dict()["requests"]
            pipe.send({row["question"]: row["milliseconds"] for row in rows})


@contextmanager
def other_side(folder: Path) -> Iterator[OtherSide]:
    """Run the link application in a process of its own, and configure a desk for it."""
    desk = folder / "desk"
    desk.mkdir()
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=_play, args=(folder / "link", desk, theirs))
    process.start()
    try:
        config, people = ours.recv()
        yield OtherSide(config, people, ours)
    finally:
        ours.send("end")
        process.join()


def _make_store(config: TerminalConfig) -> None:
    for leftover in config.store.path.parent.glob("store.*"):
        leftover.unlink()
    key = new_key()
    write_key_file(config.store.key_file, key)
    Store.create(config.store.path, key, STORE_ID)


def measure_adapter(other: OtherSide, count: int) -> None:
    """Measure the adapter alone: question in, answer out."""
    payer = national_payer(load_config(other.config), now)
    today = now().astimezone(JAPAN).date()
    whole, shares = [], []
    for number in range(-WARM_UP, count):
        subject = other.people[number % len(other.people)]
        question = NumberQuestion(uuid.uuid4().hex, subject, today)
        started = time.perf_counter()
        payer.ask_by_number(question)
        taken = (time.perf_counter() - started) * 1000
        if number >= 0:
            whole.append(taken)
            shares.append(taken - other.milliseconds()[question.id])
    payer.close()
    report("national.ask", "ms", whole)
    report("national.ask.our-share", "ms", shares, goal_p95=GOAL_MS)


def measure_desk(other: OtherSide, count: int) -> None:
    """Measure a whole desk: from the command of staff until the answer stands in the list."""
    config = load_config(other.config)
    _make_store(config)
    terminal = Terminal(config)
    terminal.start()
    news = terminal.bus.subscribe()
    whole, shares = [], []
    for number in range(-WARM_UP, count):
        subject = other.people[number % len(other.people)]
        visit_id = uuid.uuid4().hex
        started = time.perf_counter()
        terminal.enquiry_desk.ask_by_number(RECEPTION, visit_id, subject, DocumentSeen.INSURED_CARD)
        while not _is_confirmed(terminal, visit_id):
            with suppress(queue.Empty):
                news.get(timeout=0.02)
        # the look itself is written to the audit log, so it is made once
        terminal.desk.visit(RECEPTION, visit_id)
        taken = (time.perf_counter() - started) * 1000
        asked = _question(terminal, visit_id)
        if number >= 0 and asked is not None:
            whole.append(taken)
            shares.append(taken - other.milliseconds()[asked.id])
    terminal.stop()
    report("national.shown", "ms", whole)
    report("national.shown.our-share", "ms", shares, goal_p95=GOAL_MS)


def _is_confirmed(terminal: Terminal, visit_id: str) -> bool:
    return bool(terminal.store.read(lambda tx: tx.confirmations.of_visit(visit_id)))


def _question(terminal: Terminal, visit_id: str) -> Question | None:
    return terminal.store.read(lambda tx: tx.outbox.of_visit(visit_id))


def measure_kills(other: OtherSide, sets: int, questions: int) -> int:
    """Kill the desk in the middle of sets of questions; return how many were lost or doubled."""
    chance = random.Random(20261130)  # noqa: S311  # moments to kill at
    found: Counter[str] = Counter()
    for _ in range(sets):
        _make_store(load_config(other.config))
        subjects = chance.choices(other.people, k=questions)
        errand = Errand(other.config, tuple((uuid.uuid4().hex, one) for one in subjects))
        killed(errand, chance, finish=False)
        killed(errand, chance, finish=True)
        found.update(look(errand))
    for what in ("lost", "doubled", "wrong"):
        line = {"name": f"national.kill.{what}", "unit": "questions", "value": found[what]}
        more = {"goal": 0, "questions": found["asked"], "kills": sets, "again": found["again"]}
        print(json.dumps({**line, **more}), flush=True)
    return found["lost"] + found["doubled"] + found["wrong"]


def main() -> None:
    """Measure; arguments: questions, sets to be killed, questions of each."""
    given = [int(one) for one in sys.argv[1:4]]
    count, sets, questions = (*given, *(QUESTIONS, KILLED_SETS, KILLED_QUESTIONS)[len(given) :])
    with tempfile.TemporaryDirectory() as name, other_side(Path(name)) as other:
        measure_adapter(other, count)
        measure_desk(other, count)
        if measure_kills(other, sets, questions):
            sys.exit(1)


if __name__ == "__main__":
    main()
