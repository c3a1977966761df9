"""A desk that asks over drop folders in a process of its own, to be killed at any moment."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from eligibility.model import ConfirmationSource, NumberSubject
from terminal.access.accounts import Actor, Role
from terminal.app import Terminal
from terminal.config import load_config
from terminal.desk_enquiry import DocumentSeen
from terminal.payer.question import QuestionState
from terminal.references.reference_number import OPEN_REGISTRATIONS
from terminal.store import Store, Transaction
from terminal.store.keys import read_key_file
from tests.national.clinic import now

RECEPTION = Actor("suzuki", Role.RECEPTION, "鈴木")
PATIENCE = 120.0


@dataclass(frozen=True)
class Errand:
    """What a life of the desk has to ask: whom about, by visit id or patient number."""

    config: Path
    people: tuple[tuple[str, NumberSubject], ...]


def live(errand: Errand, told: Connection) -> None:
    """Ask about everybody, each under a visit id of their own, and say when nothing waits."""
    terminal = Terminal(load_config(errand.config))
    terminal.start()
    for visit_id, subject in errand.people:
        terminal.enquiry_desk.ask_by_number(RECEPTION, visit_id, subject, DocumentSeen.INSURED_CARD)
        told.send(visit_id)
    while terminal.store.read(lambda tx: tx.outbox.waiting_count()):
        time.sleep(0.02)
    told.send(None)
    terminal.stop()


def live_registering(errand: Errand, told: Connection) -> None:
    """Register everybody's reference number, and say when none is on its way."""
    terminal = Terminal(load_config(errand.config))
    terminal.start()
    for number, _ in errand.people:
        terminal.reference_numbers.register_one(RECEPTION, number)
        told.send(number)
    while any(
        terminal.store.read(lambda tx: tx.reference_numbers.counts()).get(one.value)
        for one in OPEN_REGISTRATIONS
    ):
        time.sleep(0.02)
    told.send(None)
    terminal.stop()


def killed(
    errand: Errand,
    chance: random.Random,
    *,
    finish: bool,
    live: Callable[[Errand, Connection], None] = live,
) -> int:
    """Run one life to its end, or kill it (SIGKILL) at some moment; return what it told of."""
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=live, args=(errand, theirs))
    process.start()
    theirs.close()
    wanted = chance.randint(1, len(errand.people))
    told, ended = 0, False
    try:
        while not ended and (finish or told < wanted):
            if not ours.poll(PATIENCE):
                msg = "the desk stands still"
                raise RuntimeError(msg)
            ended = ours.recv() is None
            told += not ended
        if not finish:
            # between commit, file, answer and confirmation, wherever that is
            time.sleep(chance.uniform(0, 0.1))
    finally:
        if ended:
            process.join()
        process.kill()
        process.join()
        ours.close()
    return told


@contextmanager
def opened_store(errand: Errand) -> Iterator[Store]:
    """Open the store of a desk that does not run."""
    config = load_config(errand.config)
    store = Store.open(
        config.store.path,
        read_key_file(config.store.key_file),
        config.store.store_id,
        desk_id=config.terminal.desk_id,
        now=now,
    )
    try:
        yield store
    finally:
        store.close()


def look(errand: Errand) -> Counter[str]:
    """Count what became of the questions in the desk's store."""
    with opened_store(errand) as store:
        return store.read(lambda tx: _count(tx, errand.people))


def _count(tx: Transaction, people: Sequence[tuple[str, NumberSubject]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for visit_id, subject in people:
        found["asked"] += 1
        questions = tx.outbox.all_of_visit(visit_id)
        found["doubled"] += len(questions) > 1
        if not questions or questions[-1].state is not QuestionState.ANSWERED:
            found["lost"] += 1
            continue
        found["again"] += questions[-1].attempts > 1
        live_ones = [
            one
            for one in tx.confirmations.of_visit(visit_id)
            if one.source is ConfirmationSource.LIVE
        ]
        found["lost"] += not live_ones
        found["doubled"] += len(live_ones) > 1
        found["wrong"] += any(tx.answers.get(one.answer_id).subject != subject for one in live_ones)
    return found
