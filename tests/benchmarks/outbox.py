"""Kill the desk in the middle of 1,000 questions, 50 times over: what is lost, what is doubled?

One payer over TLS in another process; each set of questions has a store of its own.  The desk
commits questions, the consents that go with them, and for one in four a registration of the card as
an insurance card that goes before, while earlier ones are sent; it is killed
(SIGKILL) at a moment by chance, and a second life opens the same file, asks the rest and finishes.
Prints JSON lines.
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
from eligibility.payer import CardQuestion, CardRegistration, HolderEvidence
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from terminal.audit import Act
from terminal.payer.question import Question, QuestionKind, QuestionState
from terminal.store import Transaction
from terminal.store.encoding import Decoder
from tests.desk_outbox import DeskOutbox
from tests.fhir.desk import World, opened_world
from tests.fhir.scripted_server import Trust
from tests.simulator.desk import START, Clock

QUESTIONS = 1_000
SETS = 50
PATIENCE = 600.0
REGISTERS = 4
"""One card in so many is registered first."""
WRONG = (
    "lost",
    "doubled",
    "consents-lost",
    "consents-doubled",
    "registrations-lost",
    "registrations-doubled",
)
ENDED = (QuestionState.ANSWERED, QuestionState.REFUSED, QuestionState.GIVEN_TO_STAFF)

_asked = Decoder(CardQuestion)


@dataclass(frozen=True)
class Tapped:
    """Whom to ask for; ``evidence``: of a holder who wants the card registered first."""

    certificate: bytes
    subject: CardSubject
    evidence: HolderEvidence | None


@dataclass(frozen=True)
class Life:
    """What one life of the desk is given: where its parts are, and whom to ask for."""

    number: int
    path: Path
    settings: PayerSettings
    anchor: bytes
    cards: tuple[Tapped, ...]


def begins_at(life: int) -> datetime:
    """Return the moment at which a life begins: later than the one before it can have ended."""
    return START + timedelta(minutes=15 * life)


class GoingClock(Clock):
    """The payer's clock, which goes on as the desk's does: a set may take minutes."""

    def begins_at(self, moment: datetime) -> None:
        """Let it be this moment now."""
        self.moment, self._since = moment, time.monotonic()

    def __call__(self) -> datetime:
        """Return the present moment."""
        return self.moment + timedelta(seconds=time.monotonic() - self._since)


def live(life: Life, told: Connection) -> None:
    """Commit a question for each card and tell of it; then say when nothing waits any more."""
    began = time.monotonic()

    def now() -> datetime:
        passed = timedelta(seconds=time.monotonic() - began)
        return begins_at(life.number) + passed

    payer = FhirPayer(life.settings, DEFAULT_INSTITUTION, now=now)
    desk = DeskOutbox(life.path, payer, life.anchor, now)
    desk.start()
    for card in life.cards:
        if card.evidence is None:
            question = desk.asks(card.certificate, card.subject)
        else:
            question = desk.registers(card.certificate, card.subject, card.evidence)
        told.send((question.visit_id, question.id))
        desk.consents(question.visit_id)
    while not desk.is_idle:
        time.sleep(0.05)
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


def run(sets: int, questions: int, seed: int) -> None:
    """Kill the desk in the middle of so many sets of questions, and count over all of them."""
    chance = random.Random(seed)  # noqa: S311  # moments to kill at
    clock = GoingClock()
    clock.begins_at(START)
    logging.disable()  # the payer's side tells of each desk that is killed while it answers
    found: Counter[str] = Counter()
    kills_at = []
    with tempfile.TemporaryDirectory() as name, opened_world(Path(name), clock=clock) as world:
        for number in range(sets):
            path = Path(name) / f"desk-{number}.db"
            world.running.payer.forget()
            asked, told = _one_set(world, clock, path, number, questions, chance)
            kills_at.append(told)
            looked = _look(world, path, asked)
            found.update(looked)
            wrong = {what: looked[what] for what in (*WRONG, "broken")}
            print(json.dumps({"name": "outbox.set", "set": number + 1, **wrong}), flush=True)
            for leftover in Path(name).glob(f"desk-{number}.db*"):
                leftover.unlink()
    more = {"questions": found["asked"], "registrations": found["registered"], "kills": sets}
    for what in WRONG:
        line = {"name": f"outbox.{what}", "unit": "questions", "value": found[what], "goal": 0}
        print(json.dumps({**line, **more}), flush=True)
    states = {str(state): found[str(state)] for state in ENDED if found[str(state)]}
    line = {"name": "outbox.sent-again", "unit": "questions", "value": found["again"], **states}
    kills = {"killed_after_min": min(kills_at), "killed_after_max": max(kills_at)}
    print(json.dumps({**line, **kills, "stores_broken": found["broken"]}), flush=True)
    if any(found[what] for what in (*WRONG, "broken")):
        sys.exit(1)


def _one_set(
    world: World, clock: GoingClock, path: Path, number: int, questions: int, chance: random.Random
) -> tuple[list[tuple[str, str]], int]:
    """Ask one set through a life that is killed in its middle and one that may finish.

    Returns the visits and questions that were told of, and how many of them before the kill.
    """
    # how fast the payer is on this machine is not what is counted here
    settings = Trust(world.running.files).settings(world.running.port, answer_seconds=PATIENCE / 10)
    people = list(world.cards.values())
    told: list[tuple[str, str]] = []
    before = 0
    for finish in (False, True):
        minute = 2 * number + finish
        clock.begins_at(begins_at(minute))
        cards = tuple(
            Tapped(
                card.der,
                CardSubject(card.issuer, card.serial),
                None if place % REGISTERS else world.signed(card, world.desk_challenge()),
            )
            for place, card in enumerate(chance.choices(people, k=questions - len(told)))
        )
        life = Life(minute, path, settings, world.anchor, cards)
        told += killed_at_some_time(life, chance, finish=finish)
        before = before or len(told)
    return told, before


def _look(world: World, path: Path, told: list[tuple[str, str]]) -> Counter[str]:
    """Count what became of one set."""
    payer = world.payer()
    desk = DeskOutbox(path, payer, world.anchor, world.clock)
    found: Counter[str] = Counter(asked=len(told))
    for visit_id, question_id in told:
        question = desk.question(visit_id)
        found[str(question.state)] += 1
        found["again"] += question.attempts > 1
        found["lost"] += question.id != question_id or question.state not in ENDED
        if question.state is QuestionState.ANSWERED:
            answers = _answers(desk, question)
            found["lost"] += not answers
            found["doubled"] += len(answers) > 1
            # the payer answers an id once: its answer now is the one that is stored
            asked = _asked(question.payload.decode())
            found["doubled"] += answers[:1] != [_number(payer.ask(asked).original)]
            found += _look_at_registration(desk, payer, question, asked)
        found += _look_at_consent(desk, payer, visit_id)
    found["broken"] += not desk.store.check().ok
    desk.stop()
    world.close()
    return found


def _look_at_registration(
    desk: DeskOutbox, payer: FhirPayer, question: Question, asked: CardQuestion
) -> Counter[str]:
    """Say whether the payer has this question's registration, once, since the moment stored."""
    if question.kind is not QuestionKind.CARD_REGISTRATION:
        return Counter()
    if question.registered_at is None:
        return Counter({"registrations-lost": 1})
    since = payer.register_card(
        CardRegistration(
            question.id, asked.certificate, asked.subject, asked.evidence, question.created_at
        )
    )
    told = desk.store.read(
        lambda tx: [record.act for record in tx.audit.of_visit(question.visit_id)]
    )
    twice = since != question.registered_at or told.count(Act.CARD_REGISTERED) != 1
    return Counter({"registered": 1, "registrations-doubled": int(twice)})


def _look_at_consent(desk: DeskOutbox, payer: FhirPayer, visit_id: str) -> Counter[str]:
    """Say whether the payer has this visit's consent, once, under the number that is stored."""
    consent, patient = desk.store.read(
        lambda tx: (tx.consents.of_visit(visit_id), _payer_patient(tx, visit_id))
    )
    if consent is None or patient is None:
        return Counter()
    if consent.payer_ref is None:
        return Counter({"consents-lost": 1})
    receipt = payer.register_consent(consent, patient)
    return Counter({"consents-doubled": int(receipt.payer_ref != consent.payer_ref)})


def _payer_patient(tx: Transaction, visit_id: str) -> str | None:
    """Return whom the payer says that a visit is about."""
    for confirmation in tx.confirmations.of_visit(visit_id):
        if confirmation.source is ConfirmationSource.LIVE:
            return tx.answers.get(confirmation.answer_id).payer_patient
    return None


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
    sets, questions = (*map(int, sys.argv[1:]), *(SETS, QUESTIONS)[len(sys.argv) - 1 :])[:2]
    run(sets, questions, seed=20261124)
