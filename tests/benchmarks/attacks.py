"""What the signs of an attack catch and miss, on rendered heads and simulated attacks.

``python -m tests.benchmarks.attacks FOLDER [N] [MESH]``: a folder of pictures for each person, of
which the first is the card's photo and the second sits before the camera; at most N persons; with
the file ``face_landmark.tflite`` its mesh judges the turns too.  Prints a JSON line for each kind
of presentation: ``no_sign`` counts those that passed the challenge without any sign of an attack,
``matched`` those of them that were also told as the holder.  Rendered heads are no heads: the
figures compare kinds, and none is an APCER of real attacks.
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

from face_auth import (
    FaceMatcher,
    Frame,
    MatcherLimits,
    Outcome,
    PhotoError,
    Progress,
    load_models,
)
from face_auth.detector import FaceDetector
from face_auth.evaluation import read_persons
from face_auth.liveness import ChallengeState
from face_auth.mesh import FaceMesh
from face_auth.opencv import cv2
from tests.face.heads import Performer, Sitter, seat

if TYPE_CHECKING:
    from face_auth.types import Pixels

RATE = 15.0
ONE_ATTEMPT = MatcherLimits(seconds=7, attempt_seconds=7, attempts=1)
FACE_WIDTH = 2.2
"""Eye distances."""
Stage = Callable[[Sitter, int], tuple[Iterator[Frame], Callable[[Progress], None]]]
Exchange = Callable[[list[str | None], float], bool]
"""Given what was asked so far and the seconds, whether the other person is seen."""
PICTURE_SECONDS = 4.0


def obedient(sitter: Sitter, seed: int) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
    """A head that turns as asked: bona fide."""
    performer = Performer(sitter, seed=seed)
    return performer.frames(), performer.follow


def swaying(sitter: Sitter, seed: int) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
    """A head with hair and shoulders that goes from side to side and turns as asked: bona fide."""
    performer = Performer(sitter, sways=40, seed=seed)
    return performer.frames(), performer.follow


def turning(degrees: int, *, flat: bool = False, bent: float = 0.0) -> Stage:
    """A head, or a print in somebody's hands, that is turned as asked."""

    def stage(sitter: Sitter, seed: int) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
        performer = Performer(sitter, flat=flat, bent=bent, degrees=degrees, seed=seed)
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
    return in_the_hand(performer, seed), performer.follow


def in_the_hand(performer: Performer, seed: int) -> Iterator[Frame]:
    """Yield the performer's picture smaller than the view, before a room, in an unsteady hand."""
    chance = np.random.default_rng(seed)
    room = chance.integers(40, 210, (60, 80, 3), dtype=np.uint8)
    wall = np.asarray(cv2.resize(room, (640, 480), interpolation=cv2.INTER_NEAREST), np.uint8)
    x, y = 0.0, 0.0
    for frame in performer.frames():
        x, y = (0.7 * value + chance.normal(0, 10) for value in (x, y))
        view: Pixels = wall.copy()
        left = 100 + round(float(np.clip(x, -60, 60)))
        top = 40 + round(float(np.clip(y, -35, 35)))
        view[top : top + 400, left : left + 440] = frame.pixels[40:440, 100:540]
        yield Frame(view, frame.sequence, frame.captured_at)


def still_before_a_room(
    sitter: Sitter, seed: int
) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
    """A flat print, smaller than the view, moved in the hand and not turned."""
    performer = Performer(sitter, flat=True, degrees=0, seed=seed)
    return in_the_hand(performer, seed), lambda _progress: None


def injected(sitter: Sitter, seed: int) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
    """Frames of a turning head put in behind the lens: kept and given again as asked."""
    performer = Performer(sitter, seed=seed)

    def frames() -> Iterator[Frame]:
        kept: dict[str | None, list[Pixels]] = {}
        shown: Counter[str | None] = Counter()
        for frame in performer.frames():
            clip = kept.setdefault(performer.step, [])
            shown[performer.step] += 1
            if len(clip) < 6:
                clip.append(frame.pixels.copy())
            pixels = clip[shown[performer.step] % len(clip)].copy()
            yield Frame(pixels, frame.sequence, frame.captured_at)

    return frames(), performer.follow


def exchanged(
    sitter: Sitter, seed: int, other: Sitter, is_other: Exchange, *, picture: bool = False
) -> tuple[Iterator[Frame], Callable[[Progress], None]]:
    """The holder's head, or a ``picture`` of it held still, but another's where ``is_other``."""
    first = Performer(sitter, seed=seed, degrees=0 if picture else 30)
    second = Performer(other, seed=seed)

    def frames() -> Iterator[Frame]:
        steps: list[str | None] = []
        for one, two in zip(first.frames(), second.frames(), strict=False):
            steps.append(second.step)
            yield two if is_other(steps, one.captured_at) else one

    def follow(progress: Progress) -> None:
        first.follow(progress)
        second.follow(progress)

    return frames(), follow


def _is_turn(step: str | None) -> bool:
    return step in ("turn-left", "turn-right")


KINDS: dict[str, Stage] = {
    "bona fide, turning by 30 degrees": obedient,
    "bona fide, turning by 20 degrees": turning(20),
    "bona fide, swaying and turning by 30 degrees": swaying,
    "print, held still": held_still,
    "print, turned by 15 degrees": turning(15, flat=True),
    "print, turned by 25 degrees": turning(25, flat=True),
    "print, turned by 45 degrees": turning(45, flat=True),
    "bent print (0.9 face widths), turned by 25 degrees": turning(25, bent=0.9 * FACE_WIDTH),
    "bent print (0.9 face widths), turned by 40 degrees": turning(40, bent=0.9 * FACE_WIDTH),
    "bent print (0.6 face widths), turned by 40 degrees": turning(40, bent=0.6 * FACE_WIDTH),
    "bent print, carried about": carried,
    "print before a room, moved, not turned": still_before_a_room,
    "video of turns at other times": replayed,
    "screen, faint grid, turns as asked": on_a_screen(0.08),
    "screen, coarse grid, turns as asked": on_a_screen(0.25),
    "frames put in, given again": injected,
}
EXCHANGES: dict[str, tuple[Exchange, bool]] = {
    "another person from the first turn on": (lambda steps, _at: any(map(_is_turn, steps)), False),
    "another person at the turns only": (lambda steps, _at: _is_turn(steps[-1]), True),
    "picture for 4 seconds, then another person": (lambda _steps, at: at >= PICTURE_SECONDS, True),
}
"""With whether it is a picture of the holder that is held still, not a head that turns."""


def run(folder: Path, most: int, mesh: FaceMesh | None) -> None:
    """Present every kind for each person."""
    models = load_models()
    detector = FaceDetector(models)
    sitters: list[tuple[Pixels, Sitter]] = []
    for seed, person in enumerate(read_persons(folder)[:most]):
        faces = detector.detect(person.pictures[1])
        if faces:
            sitters.append((person.pictures[0], seat(person.pictures[1], faces[0], seed)))
    others = [sitters[(at + 1) % len(sitters)][1] for at in range(len(sitters))]
    for kind in (*KINDS, *EXCHANGES):
        outcomes: Counter[str] = Counter()
        signs: Counter[str] = Counter()
        challenge: Counter[str] = Counter()
        unsuspected = 0
        for seed, (photo, sitter) in enumerate(sitters):
            if kind in EXCHANGES:
                is_other, picture = EXCHANGES[kind]
                frames, follow = exchanged(sitter, seed, others[seed], is_other, picture=picture)
            else:
                frames, follow = KINDS[kind](sitter, seed)
            chance = random.Random(1000 + seed)  # noqa: S311  # repeatable, no secret
            matcher = FaceMatcher(models, limits=ONE_ATTEMPT, chance=chance, mesh=mesh)
            try:
                decision = matcher.decide(photo, frames, on_progress=follow)
            except PhotoError:
                continue
            outcomes[decision.outcome] += 1
            passed = decision.evidence.challenge is ChallengeState.PASSED
            unsuspected += passed and not decision.evidence.suspicious
            challenge[decision.evidence.challenge] += 1
            signs.update(decision.evidence.signs)
        line: dict[str, object] = {
            "presentation": kind,
            "mesh": mesh is not None,
            "n": outcomes.total(),
            "no_sign": unsuspected,
            "matched": outcomes[Outcome.MATCH],
            "outcome": outcomes,
        }
        print(json.dumps(line | {"challenge": challenge, "signs": signs}), flush=True)


if __name__ == "__main__":
    run(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 12,
        FaceMesh(Path(sys.argv[3])) if len(sys.argv) > 3 else None,
    )
