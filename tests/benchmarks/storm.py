"""What all desks of the country do to a payer that comes back: prints JSON lines, draws an SVG.

210,000 desks ask at their own pace; from 10:00 the payer answers nobody for half an hour.  Every
desk runs the product's own AskingPolicy and Breaker, with a clock and chance passed in.  Beside it
a naive retry: each question again every five seconds.  The load is held at its value of 10:00,
which is the worst case: in truth it falls towards noon.
"""

from __future__ import annotations

import heapq
import json
import math
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from eligibility.retry import AskingPolicy, Breaker
from tests.benchmarks.storm_picture import Curve, Line, draw

DESKS = 210_000
SAMPLE = 21_000
NAIVE_SAMPLE = 2_100
QUESTIONS_PER_HOUR = 6.5
"""Mean of a desk at ten in the morning: 50 a day, 13 % of them in that hour."""
SPREAD = 0.9
"""Sigma of the lognormal spread between a small practice and a hospital."""

TEN = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
BEFORE, OUTAGE, AFTER = 600.0, 1800.0, 5400.0
ANSWER_SECONDS, TIMEOUT_SECONDS = 0.3, 10.0
CAPACITY = 3.0
"""How many times its normal load the payer can answer; what is above it is turned away."""
WINDOW = 10
"""Seconds over which that is counted, so that a sample of the desks behaves like all of them."""
AT_DESK = (20.0, 60.0)
"""How long a patient without an answer stands at the desk, in seconds."""
NAIVE_SECONDS = 5.0
GOAL_PEAK, GOAL_DESK_SHARE, GOAL_DESK_SECONDS, GOAL_DRAIN_MINUTES = 1.5, 0.95, 300.0, 75.0

NEW, DUE, ANSWERED, FAILED = range(4)
Seconds = float


def moment(seconds: Seconds) -> datetime:
    """Return the moment so many seconds after ten o'clock."""
    return TEN + timedelta(seconds=seconds)


def since_ten(at: datetime) -> Seconds:
    """Return the seconds after ten o'clock."""
    return (at - TEN).total_seconds()


class Rule(Protocol):
    """When one desk sends what; each call returns the moments at which questions are due."""

    def new(self, number: int, now: Seconds) -> Seconds:
        """Return when the new question goes out."""
        ...

    def may_send(self, number: int, now: Seconds) -> Seconds:
        """Return ``now`` if the question goes out now, else when to look again."""
        ...

    def failed(self, number: int, now: Seconds) -> Seconds:
        """Return when it goes out again."""
        ...

    def answered(self, number: int, now: Seconds) -> dict[int, Seconds]:
        """Return when others go out that waited for the payer."""
        ...


@dataclass(slots=True)
class Naive:
    """Each question again after a fixed time, for ever."""

    def new(self, _number: int, now: Seconds) -> Seconds:
        """Send at once."""
        return now

    def may_send(self, _number: int, now: Seconds) -> Seconds:
        """Send."""
        return now

    def failed(self, _number: int, now: Seconds) -> Seconds:
        """Send again soon."""
        return now + NAIVE_SECONDS

    def answered(self, _number: int, _now: Seconds) -> dict[int, Seconds]:
        """Change nothing for the others."""
        return {}


@dataclass(slots=True)
class Ours:
    """The product's policy and breaker, as terminal.payer.enquiries uses them."""

    policy: AskingPolicy
    chance: Callable[[], float]
    breaker: Breaker
    waiting: dict[int, tuple[datetime, int]] = field(default_factory=dict)
    """The questions without an answer: when asked, and attempts so far."""
    under_way: set[int] = field(default_factory=set)

    def new(self, number: int, now: Seconds) -> Seconds:
        """Take a question in."""
        at = moment(now)
        self.waiting[number] = (at, 0)
        return since_ten(self.policy.first_at(self.breaker, at, at, self.chance()))

    def may_send(self, number: int, now: Seconds) -> Seconds:
        """Send unless the breaker holds it back."""
        at = moment(now)
        asked_at, attempts = self.waiting[number]
        if self.breaker.allows(at, at_desk=self.policy.may_probe(asked_at, at)):
            self.breaker = self.breaker.after_sending(at)
            self.waiting[number] = (asked_at, attempts + 1)
            self.under_way.add(number)
            return now
        return since_ten(self.policy.held_until(self.breaker, asked_at, at, self.chance()))

    def failed(self, number: int, now: Seconds) -> Seconds:
        """Note the failure."""
        at = moment(now)
        self.under_way.discard(number)
        first = self.breaker.failures == 0
        probe_after = self.policy.probe_after(self.chance(), first=first)
        self.breaker = self.breaker.after_failure(at, probe_after)
        asked_at, attempts = self.waiting[number]
        return since_ten(self.policy.again_at(self.breaker, asked_at, attempts, at, self.chance()))

    def answered(self, number: int, now: Seconds) -> dict[int, Seconds]:
        """Note the answer, and let out what waited."""
        at, before = moment(now), self.breaker
        self.under_way.discard(number)
        del self.waiting[number]
        self.breaker = before.after_success(at)
        if before.failures == 0:
            return {}
        return {
            other: since_ten(self.policy.resumed_at(before, asked_at, at, self.chance()))
            for other, (asked_at, _) in self.waiting.items()
            if other not in self.under_way
        }


@dataclass(frozen=True)
class Outcome:
    """What came of one run.  ``load``: calls a minute, as multiples of the normal load."""

    load: NDArray[np.float64]
    asked: NDArray[np.float64]
    answered: NDArray[np.float64]

    @property
    def peak_in_outage(self) -> float:
        """The highest minute while the payer is silent."""
        start = int(BEFORE // 60)
        return float(self.load[start : start + int(OUTAGE // 60)].max())

    @property
    def peak_after(self) -> float:
        """The highest minute once it speaks again."""
        return float(self.load[int((BEFORE + OUTAGE) // 60) :].max())

    @property
    def drained_after(self) -> float:
        """Minutes from the payer's return until nothing is left that was asked before it."""
        waited = self.answered[self.asked < OUTAGE]
        return float((waited.max() - OUTAGE) / 60)

    def answered_at_desk(self, chance: np.random.Generator) -> float:
        """The share of those at the desk at the payer's return who were answered soon after it."""
        leaves = self.asked + chance.uniform(*AT_DESK, len(self.asked))
        there = (self.asked < OUTAGE) & (leaves > OUTAGE) & (self.answered > OUTAGE)
        return float((self.answered[there] <= OUTAGE + GOAL_DESK_SECONDS).mean())

    @property
    def new_patients_wait(self) -> float:
        """Seconds within which 95 % of those are answered who come in the quarter after it."""
        new = (self.asked >= OUTAGE) & (self.asked < OUTAGE + 900)
        return float(np.quantile(self.answered[new] - self.asked[new], 0.95))


def simulate(desks: int, rule: Callable[[Callable[[], float]], Rule], seed: int) -> Outcome:
    """Let so many desks ask from 9:50 until 12:00."""
    generator = np.random.default_rng(seed)
    chance = random.Random(seed).random  # noqa: S311  # a simulation
    rates = np.exp(generator.normal(-(SPREAD**2) / 2, SPREAD, desks)) * QUESTIONS_PER_HOUR / 3600
    counts = generator.poisson(rates * (BEFORE + OUTAGE + AFTER))
    whose = np.repeat(np.arange(desks), counts)
    asked = generator.uniform(-BEFORE, OUTAGE + AFTER, len(whose))
    order = np.argsort(asked)
    asked, whose = asked[order], whose[order]
    normal = float(rates.sum())
    rules: dict[int, Rule] = {}
    minutes = np.zeros(int((BEFORE + OUTAGE + AFTER) // 60) + 1)
    answered = np.full(len(asked), math.inf)
    heap: list[tuple[Seconds, int, int]] = []
    due = {}
    window, in_window = -math.inf, 0

    for now, kind, number in _events(asked.tolist(), heap):
        desk = int(whose[number])
        mine = rules.get(desk)
        if mine is None:
            mine = rules[desk] = rule(chance)
        if kind == ANSWERED:
            answered[number] = now
            for other, at in mine.answered(number, now).items():
                due[other] = at
                heapq.heappush(heap, (at, DUE, other))
            continue
        if kind == FAILED:
            at = mine.failed(number, now)
        elif kind == NEW:
            at = mine.new(number, now)
        elif due.get(number) != now:
            continue  # it was put to another time
        else:
            at = now
        if at <= now:
            at = mine.may_send(number, now)
        if at > now:
            due[number] = at
            heapq.heappush(heap, (at, DUE, number))
            continue
        due.pop(number, None)
        minutes[int((now + BEFORE) // 60)] += 1
        if now // WINDOW != window:
            window, in_window = now // WINDOW, 0
        in_window += 1
        if 0 <= now < OUTAGE:
            heapq.heappush(heap, (now + TIMEOUT_SECONDS, FAILED, number))
        elif in_window > CAPACITY * normal * WINDOW:
            heapq.heappush(heap, (now + ANSWER_SECONDS, FAILED, number))
        else:
            heapq.heappush(heap, (now + ANSWER_SECONDS, ANSWERED, number))
    return Outcome(minutes[:-1] / 60 / normal, asked, answered)


def _events(
    asked: list[Seconds], heap: list[tuple[Seconds, int, int]]
) -> Iterator[tuple[Seconds, int, int]]:
    """Yield new questions and what is in the heap, in the order of time, until noon."""
    for number, at in enumerate(asked):
        while heap and heap[0][0] <= at:
            yield heapq.heappop(heap)
        yield at, NEW, number
    while heap and heap[0][0] < OUTAGE + AFTER:
        yield heapq.heappop(heap)


def ours(policy: AskingPolicy) -> Callable[[Callable[[], float]], Rule]:
    """Return what makes a desk that runs ``policy``."""
    fresh = Breaker()
    return lambda chance: Ours(policy, chance, fresh)


def drained_in(seconds: float) -> AskingPolicy:
    """Return the product's policy with another time for what waited."""
    policy = AskingPolicy()
    return replace(
        policy,
        drain_seconds=seconds,
        share=policy.share * policy.drain_seconds / seconds,
        silent=replace(policy.silent, longest_seconds=seconds),
    )


def report(name: str, unit: str, value: float, **more: float | str) -> None:
    """Print one line."""
    print(json.dumps({"name": name, "unit": unit, "value": round(value, 3), **more}), flush=True)


def run(desks: int, folder: Path, seed: int) -> None:
    """Measure the product's policy, a naive one, and peak against time for other numbers."""
    result = simulate(desks, ours(AskingPolicy()), seed)
    report("storm.peak.in-outage", "times normal", result.peak_in_outage, goal=GOAL_PEAK)
    report("storm.peak.after", "times normal", result.peak_after, goal=GOAL_PEAK)
    at_desk = result.answered_at_desk(np.random.default_rng(seed))
    report("storm.at-desk.within-5-min", "share", at_desk, goal=GOAL_DESK_SHARE)
    report("storm.new-patients.p95", "s", result.new_patients_wait)
    report("storm.drained", "min", result.drained_after, goal=GOAL_DRAIN_MINUTES, desks=desks)
    naive = simulate(min(desks, NAIVE_SAMPLE), lambda _chance: Naive(), seed)
    report("storm.naive.peak", "times normal", float(naive.load.max()))
    report("storm.naive.drained", "min", naive.drained_after)
    curve = []
    for seconds in (1800, 2700, 3600, AskingPolicy().drain_seconds, 5100):
        other = result
        if seconds != AskingPolicy().drain_seconds:
            other = simulate(min(desks, SAMPLE), ours(drained_in(seconds)), seed)
        curve.append((other.drained_after, other.peak_after))
        report(
            "storm.curve",
            "times normal",
            other.peak_after,
            drain_seconds=seconds,
            drained_min=round(other.drained_after, 1),
        )
    folder.mkdir(exist_ok=True)
    start = -BEFORE / 60
    picture = draw(
        (Line("product", result.load, start), Line("naive retry", naive.load, start)),
        Curve(tuple(curve), (GOAL_DRAIN_MINUTES, GOAL_PEAK)),
        outage=(0, OUTAGE / 60),
    )
    (folder / "storm.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else DESKS, Path("build"), seed=20261124)
