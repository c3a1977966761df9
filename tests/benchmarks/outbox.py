"""Kill the desk in the middle of 1,000 questions, again and again: what is lost, what is doubled?

One store, one payer over TLS in another process.  Each life of the desk commits its share of the
questions, while earlier ones are sent; it is killed (SIGKILL) at a moment by chance, and the next
life opens the same file.  The last one may finish.  Prints JSON lines.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from eligibility.fhir.client import FhirPayer, PayerSettings
from eligibility.model import CardSubject, ConfirmationSource
from eligibility.payer import CardQuestion
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from terminal.question import Question, QuestionState
from terminal.store.encoding import Decoder
from tests.desk_outbox import DeskOutbox
from tests.fhir.desk import World, opened_world
from tests.fhir.scripted_server import Trust
from tests.simulator.desk import START

QUESTIONS = 1_000
KILLS = 50
PATIENCE = 600.0
ENDED = (QuestionState.ANSWERED, QuestionState.REFUSED, QuestionState.GIVEN_TO_STAFF)

_asked = Decoder(CardQuestion)


@dataclass(frozen=True)
class Life:
    """What one life of the desk is given: where its parts are, and whom to ask for."""

    number: int
    path: Path
    settings: PayerSettings
    anchor: bytes
    cards: tuple[tuple[bytes, CardSubject], ...]


def live(life: Life, told: Connection) -> None:
    """Commit a question for each card and tell of it; then say when nothing waits any more."""
    began = time.monotonic()

    def now() -> datetime:
        passed = timedelta(seconds=time.monotonic() - began)
        return START + timedelta(minutes=life.number) + passed

    payer = FhirPayer(life.settings, DEFAULT_INSTITUTION, now=now)
    desk = DeskOutbox(life.path, payer, life.anchor, now)
    desk.start()
    for certificate, subject in life.cards:
        question = desk.asks(certificate, subject)
        told.send((question.visit_id, question.id))
    while desk.store.read(lambda tx: tx.outbox.waiting_count()):
        time.sleep(0.01)
    told.send(None)
    desk.stop()
    payer.close()


def killed_at_some_time(
    life: Life, chance: random.Random, *, finish: bool
) -> list[tuple[str, str]]:
    """Run one life, to its end or until it is killed; return what it told of."""
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=live, args=(life, theirs))
    process.start()
    theirs.close()
    told: list[tuple[str, str]] = []
    wanted = chance.randint(1, len(life.cards)) if life.cards else 0
    ended = False
    try:
        while not ended and (finish or len(told) < wanted):
            if not ours.poll(PATIENCE):
                msg = f"life {life.number} of the desk stands still"
                raise RuntimeError(msg)
            word = ours.recv()
            ended = word is None
            if word is not None:
                told.append(word)
        if not finish:
            time.sleep(chance.uniform(0, 0.05))
    finally:
        if ended:
            process.join()
        process.kill()
        process.join()
    try:
        while True:
            word = ours.recv()
            if word is not None:
                told.append(word)
    except (EOFError, OSError):
        ours.close()
    return told


def run(kills: int, seed: int) -> None:
    """Ask 1,000 questions through so many killed desks, then look at what became of them."""
    chance = random.Random(seed)  # noqa: S311  # moments to kill at
    logging.disable()  # the payer's side tells of each desk that is killed while it answers
    with tempfile.TemporaryDirectory() as name, opened_world(Path(name)) as world:
        path = Path(name) / "desk.db"
        settings = Trust(world.running.files).settings(world.running.port)
        people = list(world.cards.values())
        told: list[tuple[str, str]] = []
        for number in range(kills + 1):
            world.clock.moment = START + timedelta(minutes=number)
            finish = number == kills
            left = QUESTIONS - len(told)
            share = left if finish else max(1, left // (kills - number + 1))
            cards = tuple(
                (card.der, CardSubject(card.issuer, card.serial))
                for card in chance.choices(people, k=share)
            )
            life = Life(number, path, settings, world.anchor, cards)
            told += killed_at_some_time(life, chance, finish=finish)
        _look(world, path, told, kills)


def _look(world: World, path: Path, told: list[tuple[str, str]], kills: int) -> None:
    payer = world.payer()
    desk = DeskOutbox(path, payer, world.anchor, world.clock)
    states: Counter[QuestionState] = Counter()
    lost = doubled = again = 0
    for visit_id, question_id in told:
        question = desk.question(visit_id)
        states[question.state] += 1
        again += question.attempts > 1
        lost += question.id != question_id or question.state not in ENDED
        if question.state is QuestionState.ANSWERED:
            answers = _answers(desk, question)
            lost += not answers
            doubled += len(answers) > 1
            # the payer answers an id once: its answer now is the one that is stored
            asked = _asked(question.payload.decode())
            doubled += answers[:1] != [_number(payer.ask(asked).original)]
    whole = desk.store.check().ok
    desk.stop()
    for what, count in (("lost", lost), ("doubled", doubled)):
        line = {"name": f"outbox.{what}", "unit": "questions", "value": count, "goal": 0}
        print(json.dumps({**line, "questions": len(told), "kills": kills}), flush=True)
    more = {str(state): count for state, count in states.items()}
    line = {"name": "outbox.sent-again", "unit": "questions", "value": again, **more}
    print(json.dumps({**line, "store_whole": whole}), flush=True)
    if lost or doubled or not whole:
        sys.exit(1)


def _answers(desk: DeskOutbox, question: Question) -> list[str]:
    """Return the payer's numbers of the answers on which the visit's confirmations stand."""
    live_ones = [
        confirmation
        for confirmation in desk.confirmations(question.visit_id)
        if confirmation.source is ConfirmationSource.LIVE
    ]
    ids = [confirmation.answer_id for confirmation in live_ones]
    stored = desk.store.read(lambda tx: [tx.answers.get(ident) for ident in ids])
    return [_number(answer.original) for answer in stored]


def _number(original: bytes) -> str:
    return str(json.loads(original)["id"])


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS, seed=20261124)
