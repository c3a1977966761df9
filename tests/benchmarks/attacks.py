"""What the signs of an attack catch and miss, on rendered heads and simulated attacks.

``python -m tests.benchmarks.attacks FOLDER [N]``: a folder of pictures for each person, of which
the first is the card's photo and the second sits before the camera; at most N persons.  Prints a
JSON line for each kind of presentation; ``no_sign`` counts those that passed the challenge without
any sign of an attack, whatever the comparison says.  Rendered heads are no heads: the figures
compare kinds, and none is an APCER of real attacks.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from face_auth import FaceMatcher, Frame, MatcherLimits, PhotoError, Progress, load_models
from face_auth.detector import FaceDetector
from face_auth.evaluation import read_persons
from face_auth.liveness import ChallengeState
from face_auth.opencv import cv2
from tests.face.heads import Performer, Sitter, seat

if TYPE_CHECKING:
    from face_auth.types import Pixels

RATE = 15.0
ONE_ATTEMPT = MatcherLimits(seconds=7, attempt_seconds=7, attempts=1)
FACE_WIDTH = 2.2
"""Eye distances."""
Stage = Callable[[Sitter, int], tuple[Iterator[Frame], Callable[[Progress], None]]]


def obedient(sitter: Sitter, seed: int) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
    """A head that turns as asked: bona fide."""
    performer = Performer(sitter, seed=seed)
    return performer.frames(), performer.follow


def print_turned(degrees: int, bent: float = 0.0) -> Stage:
    """A print that somebody turns as asked."""

    def stage(sitter: Sitter, seed: int) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
        performer = Performer(sitter, flat=not bent, bent=bent, degrees=degrees, seed=seed)
        return performer.frames(), performer.follow

    return stage


def held_still(sitter: Sitter, seed: int) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
    """A print or screen that shows the holder and does nothing."""
    return Performer(sitter, flat=True, seed=seed).frames(), lambda _progress: None


def replayed(sitter: Sitter, seed: int) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
    """A recording of the holder who answered another challenge."""
    performer = Performer(sitter, seed=seed)
    chance = random.Random(seed)  # noqa: S311  # repeatable, no secret
    script: list[str] = []
    while len(script) < 10 * RATE:
        script += ["look-straight"] * int(chance.uniform(0.4, 1.2) * RATE)
        script += [chance.choice(("turn-left", "turn-right"))] * int(
            chance.uniform(0.8, 1.4) * RATE
        )

    def frames() -> Iterator[Frame]:
        for number, frame in enumerate(performer.frames()):
            performer.step = script[number % len(script)]
            yield frame

    return frames(), lambda _progress: None


def on_a_screen(strength: float) -> Stage:
    """A turning head filmed from a screen, whose grid of 2.7 pixels is ``strength`` deep."""
    y, x = np.mgrid[0:480, 0:640].astype(np.float32)
    wave = np.cos(2 * np.pi * (x + 0.04 * y) / 2.7) + np.cos(2 * np.pi * (y - 0.04 * x) / 2.7)
    grid = (1 + strength * wave / 2)[..., None]

    def stage(sitter: Sitter, seed: int) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
        performer = Performer(sitter, seed=seed)

        def frames() -> Iterator[Frame]:
            for frame in performer.frames():
                shown = np.clip(frame.pixels * grid, 0, 255).astype(np.uint8)
                yield Frame(shown, frame.sequence, frame.captured_at)

        return frames(), performer.follow

    return stage


def carried(sitter: Sitter, seed: int) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
    """A bent print in a hand that is not still, before a room."""
    performer = Performer(sitter, bent=0.9 * FACE_WIDTH, degrees=40, seed=seed)
    chance = np.random.default_rng(seed)

    def frames() -> Iterator[Frame]:
        room = chance.integers(40, 210, (60, 80, 3), dtype=np.uint8)
        wall = np.asarray(cv2.resize(room, (640, 480), interpolation=cv2.INTER_NEAREST), np.uint8)
        x, y = 0.0, 0.0
        for frame in performer.frames():
            x, y = (0.7 * value + chance.normal(0, 10) for value in (x, y))
            view: Pixels = wall.copy()
            left, top = (
                100 + round(float(np.clip(x, -60, 60))),
                40 + round(float(np.clip(y, -35, 35))),
            )
            view[top : top + 400, left : left + 440] = frame.pixels[40:440, 100:540]
            yield Frame(view, frame.sequence, frame.captured_at)

    return frames(), performer.follow


KINDS: dict[str, Stage] = {
    "bona fide, turning as asked": obedient,
    "print, held still": held_still,
    "print, turned by 25 degrees": print_turned(25),
    "print, turned by 45 degrees": print_turned(45),
    "bent print, turned by 40 degrees": print_turned(40, 0.9 * FACE_WIDTH),
    "bent print, carried about": carried,
    "recording of other head turns": replayed,
    "screen, faint grid": on_a_screen(0.08),
    "screen, coarse grid": on_a_screen(0.25),
}


def run(folder: Path, most: int) -> None:
    """Present every kind for each person."""
    models = load_models()
    detector = FaceDetector(models)
    persons = read_persons(folder)[:most]
    for kind, stage in KINDS.items():
        outcomes: Counter[str] = Counter()
        signs: Counter[str] = Counter()
        challenge: Counter[str] = Counter()
        unsuspected = 0
        for seed, person in enumerate(persons):
            faces = detector.detect(person.pictures[1])
            if not faces:
                continue
            frames, follow = stage(seat(person.pictures[1], faces[0], seed), seed)
            chance = random.Random(1000 + seed)  # noqa: S311  # repeatable, no secret
            matcher = FaceMatcher(models, limits=ONE_ATTEMPT, chance=chance)
            try:
                decision = matcher.decide(person.pictures[0], frames, on_progress=follow)
            except PhotoError:
                continue
            outcomes[decision.outcome] += 1
            passed = decision.evidence.challenge is ChallengeState.PASSED
            unsuspected += passed and not decision.evidence.suspicious
            challenge[decision.evidence.challenge] += 1
            signs.update(decision.evidence.signs)
        line: dict[str, object] = {
            "presentation": kind,
            "n": outcomes.total(),
            "no_sign": unsuspected,
        }
        line |= {"outcome": outcomes}
        print(json.dumps(line | {"challenge": challenge, "signs": signs}), flush=True)


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 12)
