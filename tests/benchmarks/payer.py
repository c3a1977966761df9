"""What the payer's answers cost here: prints JSON lines; there is no pass and no fail.

Reading: answers a second by the desk's own reader, and by the models of fhir.resources on the same
bytes, which is how the reader was chosen.  Reconciling: the answers for 10,000 people of the
simulator's population, with errors planted, against card, earlier answer and the clinic's record.
A single check against the simulator over mutual TLS: the whole of it, and our own share, which is
the processor time of the asking thread; waiting for the payer is not in it.  There is no re-check
by 304: no GET of the profile means the standing.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fhir.resources.R4B import get_fhir_model_class

from eligibility.fhir.answers import read_answer
from eligibility.fhir.wire import parse_json
from eligibility.simulator.population import Population
from tests.benchmarks.planted import TODAY
from tests.benchmarks.planting import planted_desks
from tests.benchmarks.truth import PEOPLE, findings_of
from tests.fhir.desk import World, opened_world
from tests.fhir.samples import INSTITUTION, NOW, QUESTION, example

EXAMPLES = ("answer-valid", "answer-two-results", "answer-whole")
GOAL_MS = 10
WARM_UP = 20
SEED = 1


def report(name: str, unit: str, values: list[float], **more: float) -> None:
    """Print one line: name, unit, n, median and 95th percentile."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    line: dict[str, object] = {"name": name, "unit": unit, "n": len(values)}
    line |= {"p50": round(statistics.median(values), 3), "p95": round(p95, 3), **more}
    print(json.dumps(line), flush=True)


def _milliseconds(work: Callable[[], object], count: int) -> list[float]:
    """Return the processor time of each of ``count`` calls."""
    for _ in range(WARM_UP):
        work()
    taken = []
    for _ in range(count):
        started = time.thread_time()
        work()
        taken.append((time.thread_time() - started) * 1000)
    return taken


def measure_reading(count: int) -> None:
    """Measure our reader and the models of fhir.resources on documented answers."""
    model = get_fhir_model_class("CoverageEligibilityResponse")
    for name in EXAMPLES:
        answer = example(name)
        answer["request"]["identifier"]["value"] = QUESTION.id
        body = json.dumps(answer, ensure_ascii=False).encode()

        def ours(body: bytes = body) -> object:
            return read_answer(body, QUESTION, received_at=NOW, institution_code=INSTITUTION)

        def theirs(body: bytes = body) -> object:
            return model.model_validate(parse_json(body))

        for reader, work in (("ours", ours), ("fhir-resources", theirs)):
            taken = _milliseconds(work, count)
            a_second = round(1000 / statistics.mean(taken))
            report(
                f"payer.read.{reader}.{name}", "ms", taken, bytes=len(body), answers_per_s=a_second
            )


def measure_checks(world: World, count: int) -> None:
    """Measure single checks, each with a challenge of the desk, on a kept connection."""
    payer = world.payer()
    card = world.somebody()
    whole, own = [], []
    for number in range(count + WARM_UP):
        evidence = world.signed(card, world.desk_challenge())
        question = world.question(card, evidence)
        started, busy = time.perf_counter(), time.thread_time()
        payer.ask(question)
        taken = (time.perf_counter() - started) * 1000, (time.thread_time() - busy) * 1000
        if number >= WARM_UP:
            whole.append(taken[0])
            own.append(taken[1])
    report("payer.check.whole", "ms", whole)
    report("payer.check.own", "ms", own, goal_p95=GOAL_MS)


def measure_reconciling(people: int) -> None:
    """Measure each reconciliation of a whole population."""
    desks = list(planted_desks(Population(SEED, as_of=TODAY, size=people), SEED))
    for desk in desks[:WARM_UP]:
        findings_of(desk)
    taken = []
    for desk in desks:
        started = time.thread_time()
        findings_of(desk)
        taken.append((time.thread_time() - started) * 1000)
    a_second = round(1000 / statistics.mean(taken))
    report("payer.reconcile", "ms", taken, reconciled_per_s=a_second)


def main() -> None:
    """Measure; the first argument is how many answers and checks."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    measure_reading(count)
    measure_reconciling(PEOPLE)
    with tempfile.TemporaryDirectory() as name, opened_world(Path(name)) as world:
        try:
            measure_checks(world, count)
        finally:
            world.close()


if __name__ == "__main__":
    main()
