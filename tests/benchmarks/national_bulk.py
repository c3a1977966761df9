"""The check of expected patients: 10,000 people, kill -9 in the middle, and the desk meanwhile.

The payer stands in this process, each life of the desk in one of its own.  Singly over FHIR and
together over the link application's folders: time and memory of one life that is left alone; then
lives that are killed (SIGKILL) at moments by chance until the last may finish: who is lost, who is
answered twice?  At last what a question at the desk takes while the check goes on, in turns with
none going on.  Prints JSON lines; there is no pass and no fail but for what is lost or doubled.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import random
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from eligibility.clinic_record import ClinicRecord
from eligibility.fhir.client import FhirPayer, PayerSettings
from eligibility.model import CardSubject
from eligibility.national.client import NationalPayer
from eligibility.national.settings import NationalSettings
from eligibility.payer import Payer
from eligibility.simulator.link_application import DropFolders
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.setup import initialise
from terminal.bulk.check import BulkCheck
from terminal.bulk.commands import BulkCommands
from terminal.bulk.run import ItemState, RunState
from terminal.events import Topic
from terminal.payer.exchange_book import DeskExchangeBook
from terminal.payer.question import QuestionState
from terminal.store import Store
from tests.desk_bulk import DeskBulk, record_of, settings
from tests.desk_outbox import RECEPTION, DeskOutbox
from tests.fhir.desk import World, opened_world
from tests.fhir.scripted_server import Trust
from tests.simulator.desk import START

PEOPLE = 10_000
KILLS = 10
DESK_QUESTIONS = 400
IN_TURN = 20
TOMORROW = date(2026, 11, 25)
PATIENCE = 1800.0
FASTEST = 6000
SAMPLE = 300
CARDHOLDERS = 200
ENDED = (ItemState.ANSWERED, ItemState.REFUSED, ItemState.FAILED)


@dataclass(frozen=True)
class Life:
    """What one life of the desk is given.  ``folders``: None over FHIR."""

    path: Path
    settings: PayerSettings
    folders: DropFolders | None
    records: tuple[ClinicRecord, ...] = ()

    def payer(self, store: Store) -> Payer:
        """Return the adapter that this life asks through."""
        if self.folders is None:
            return FhirPayer(self.settings, DEFAULT_INSTITUTION, now=clock)
        values = {"req_dir": self.folders.req, "res_dir": self.folders.res, "poll_seconds": 0.5}
        national = NationalSettings.model_validate(values)
        book = DeskExchangeBook(store, clock)
        return NationalPayer(national, DEFAULT_INSTITUTION, now=clock, book=book)


_began = time.monotonic()


def clock() -> datetime:
    """Return the desk's moment: on the payer's day, whatever day it is here."""
    return START + timedelta(seconds=time.monotonic() - _began)


def live(life: Life, told: Connection) -> None:
    """Begin where nothing is begun, go on where something is; tell how far it got."""
    desk = DeskBulk(life.path, life.payer, clock, settings(questions_per_minute=FASTEST))
    if life.records:
        desk.knows(life.records)
        desk.expects(TOMORROW, [one.patient_number for one in life.records])
        desk.begins(TOMORROW)
    told.send(("begun", 0))
    started = time.monotonic()
    desk.check.start()
    while True:
        standing = desk.standing(TOMORROW)
        assert standing.run is not None
        assert standing.progress is not None
        told.send(("ended", standing.progress.ended))
        if standing.run.state is RunState.DONE:
            break
        time.sleep(0.1)
    seconds = time.monotonic() - started
    told.send(("done", seconds))
    told.send(("memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))
    desk.stop()


def run_life(life: Life, kill_after: float | None) -> dict[str, float]:
    """Run one life to its end, or until it is killed; return what it told last of each thing."""
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=live, args=(life, theirs))
    process.start()
    theirs.close()
    told: dict[str, float] = {}
    ends_at = time.monotonic() + PATIENCE
    try:
        while "memory" not in told and time.monotonic() < ends_at:
            if ours.poll(0.02):
                what, value = ours.recv()
                if what == "begun" and kill_after is not None:
                    ends_at = time.monotonic() + kill_after
                told[what] = value
    except EOFError:
        pass
    finally:
        if "memory" in told:
            process.join()
        process.kill()
        process.join()
        ours.close()
    return told


def measure_way(world: World, folder: Path, name: str, life: Life, kills: int, seed: int) -> bool:
    """Measure one way of asking; return whether nobody was lost or doubled."""
    records = life.records
    alone = run_life(Life(folder / f"{name}.db", life.settings, life.folders, records), None)
    seconds = alone["done"]
    line = {"name": f"national.bulk.{name}", "unit": "s", "value": round(seconds, 1)}
    more = {
        "people": len(records),
        "a_second": round(len(records) / seconds, 1),
        "peak_mib": alone["memory"],
    }
    print(json.dumps(line | more), flush=True)
    world.running.payer.forget()
    chance = random.Random(seed)  # noqa: S311  # moments to kill at
    path = folder / f"{name}-killed.db"
    ended_at = []
    for number in range(kills):
        given = records if number == 0 else ()
        longest = 2 * seconds / (kills + 1)
        told = run_life(Life(path, life.settings, life.folders, given), chance.uniform(0, longest))
        ended_at.append(int(told.get("ended", 0)))
        if "memory" in told:
            break
    run_life(Life(path, life.settings, life.folders), None)
    found = look(world, life, path, len(records))
    for what in ("lost", "doubled"):
        line = {"name": f"national.bulk.{name}.{what}", "unit": "people", "value": found[what]}
        print(json.dumps(line | {"goal": 0, "kills": kills, "at": ended_at}), flush=True)
    return not found["lost"] and not found["doubled"] and not found["broken"]


def look(world: World, life: Life, path: Path, people: int) -> Counter[str]:
    """Count what became of a day's people."""
    desk = DeskBulk(path, life.payer, clock)
    items = desk.items(TOMORROW)
    found: Counter[str] = Counter(lost=people - len(items), broken=0)
    runs = desk.store.read(lambda tx: tx.bulk.of_day(TOMORROW))
    found["doubled"] += len(runs) - 1
    seen: set[str] = set()
    for item in items:
        found["lost"] += item.state not in ENDED
        if item.state is ItemState.ANSWERED:
            answer = desk.answer_to(item)
            found["lost"] += answer is None
            if answer is not None:
                found["doubled"] += answer.id in seen
                seen.add(answer.id)
    if life.folders is None:
        # the payer answers an id once: its answer now is the one that is stored
        for item in random.Random(1).sample(items, min(SAMPLE, len(items))):  # noqa: S311
            stored = desk.answer_to(item)
            if stored is not None and item.asked_on is not None:
                now = desk.payer.ask_by_number(item.question(item.asked_on))
                found["doubled"] += _number(now.original) != _number(stored.original)
    found["broken"] += not desk.store.check().ok
    desk.stop()
    desk.payer.close()
    return found


def _number(original: bytes) -> str:
    return str(json.loads(original)["id"])


@dataclass(frozen=True)
class Desk:
    """What the desk is given whose questions are timed."""

    life: Life
    anchor: bytes
    cards: tuple[tuple[bytes, CardSubject], ...]
    questions: int
    a_minute: int


def ask_meanwhile(given: Desk, told: Connection) -> None:
    """Time questions at the desk in turns, without and with the check going on."""
    life = given.life
    base = DeskBulk(life.path, life.payer, clock)
    base.knows(life.records)
    base.expects(TOMORROW, [one.patient_number for one in life.records])
    base.stop()
    payer = FhirPayer(life.settings, DEFAULT_INSTITUTION, now=clock)
    desk = DeskOutbox(life.path, payer, given.anchor, clock)
    pace = settings(questions_per_minute=given.a_minute)
    check = BulkCheck(
        desk.store,
        payer,
        desk.bus,
        clock,
        line=desk.line,
        desk_is_asking=lambda: desk.enquiries.is_asking,
        payer_spoke=desk.enquiries.payer_spoke,
        settings=pace,
    )
    commands = BulkCommands(desk.store, payer, clock, pace, check.kick)
    desk.start()
    check.start()
    run = commands.begin(RECEPTION, TOMORROW)
    assert run is not None
    commands.pause(RECEPTION, run.id)
    chance = random.Random(2)  # noqa: S311  # patients
    taken: dict[str, list[float]] = {"without": [], "with": []}
    for turn in range(2 * given.questions // IN_TURN):
        name = ("without", "with")[turn % 2]
        for _ in range(IN_TURN):
            time.sleep(chance.uniform(0.05, 0.25))
            taken[name].append(_seconds(desk, *chance.choice(given.cards)) * 1000)
        (commands.resume if name == "without" else commands.pause)(RECEPTION, run.id)
    answered = desk.store.read(lambda tx: tx.bulk.progress(run.id)).answered
    told.send((taken, answered))
    check.stop()
    desk.stop()
    payer.close()


def _seconds(desk: DeskOutbox, certificate: bytes, subject: CardSubject) -> float:
    """Return how long it takes from the card's identification to the stored answer."""
    events = desk.bus.subscribe()
    started = time.perf_counter()
    question = desk.asks(certificate, subject)
    try:
        while True:
            event = events.get(timeout=60)
            if event.topic is Topic.VISIT and event.id == question.visit_id:
                state = desk.question(question.visit_id).state
                if state not in (QuestionState.PENDING, QuestionState.SENT):
                    return time.perf_counter() - started
    finally:
        desk.bus.unsubscribe(events)


def measure_desk(world: World, life: Life, folder: Path, questions: int, a_minute: int) -> None:
    """Measure what the desk's questions take while the check goes on at this pace."""
    cards = tuple(
        (card.der, CardSubject(card.issuer, card.serial)) for card in world.cards.values()
    )
    path = folder / f"desk-{a_minute}.db"
    given = Desk(
        Life(path, life.settings, None, life.records), world.anchor, cards, questions, a_minute
    )
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=ask_meanwhile, args=(given, theirs))
    process.start()
    theirs.close()
    taken, answered = ours.recv()
    process.join()
    figures = {name: _figures(values) for name, values in taken.items()}
    growth = figures["with"]["p99"] / figures["without"]["p99"] - 1
    line = {"name": "national.desk.p99", "unit": "%", "value": round(100 * growth, 1), "goal": 20}
    more = {"questions_per_minute": a_minute, "asked_meanwhile": answered, "n": questions}
    print(json.dumps(line | more | {f"{k}_ms": v for k, v in figures.items()}), flush=True)


def _figures(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))
    return {"p50": round(statistics.median(values), 1), "p99": round(ordered[at], 1)}


def main() -> None:
    """Run: national_bulk [PEOPLE [KILLS [DESK_QUESTIONS]]]."""
    given = [*map(int, sys.argv[1:]), *(PEOPLE, KILLS, DESK_QUESTIONS)[len(sys.argv) - 1 :]]
    people, kills, questions = given[:3]
    logging.disable()  # the payer's side tells of each desk that is killed while it answers
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        initialise(folder / "payer", START, size=people + 100)
        with opened_world(folder / "payer", folder / "oqs", cardholders=CARDHOLDERS) as world:
            known = world.running.payer.population.people[:people]
            records = tuple(record_of(one, f"{n:06}") for n, one in enumerate(known))
            access = Trust(world.running.files).settings(world.running.port)
            folders = DropFolders(folder / "oqs")
            over_fhir = Life(folder / "x", access, None, records)
            over_folders = Life(folder / "x", access, folders, records)
            whole = measure_way(world, folder, "together", over_folders, kills, seed=1)
            whole &= measure_way(world, folder, "singly", over_fhir, kills, seed=2)
            for a_minute in (60, FASTEST):
                measure_desk(world, over_fhir, folder, questions, a_minute)
    if not whole:
        sys.exit(1)


if __name__ == "__main__":
    main()
