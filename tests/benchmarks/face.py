"""What face verification costs: prints JSON lines.  ``python -m tests.benchmarks.face [N]``.

Frames are rendered from two portraits, which is enough for times and memory and says nothing about
accuracy (``eligibility-terminal face evaluate`` does).  The camera is simulated: a frame is there
each fifteenth of a second, and whoever is busy meanwhile misses it; what the code takes is real.

Every time is told twice: by the clock, which counts what other programs took meanwhile, and as time
of processors, which does not.  The load stands first: above the number of processors, trust the
second.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from face_auth import (
    FaceMatcher,
    FaceModels,
    Frame,
    LivenessLimits,
    Progress,
    compare,
    decode_photo,
    fuse,
    load_models,
)
from face_auth.detector import FaceDetector
from face_auth.embedder import FaceEmbedder
from face_auth.opencv import cv2
from face_auth.quality import look_at
from tests.benchmarks.visit import report
from tests.face.heads import Performer, Sitter, seat
from tests.face.portraits import cut, jpeg_2000, read_portraits

if TYPE_CHECKING:
    from face_auth.types import Embedding, Pixels

RATE = 15.0
ROOT = Path(__file__).resolve().parents[2]
HOUR_FRAMES = int(3600 * RATE)


def milliseconds(act: Callable[[], object]) -> float:
    """Return how long it took."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


CLOCKS: Mapping[str, Callable[[], float]] = {
    "": time.perf_counter,
    ", time of processors": time.process_time,
}


def measure_frames(
    models: FaceModels, views: list[Pixels], threads: int, size: str
) -> dict[str, list[float]]:
    """Report each step of a frame; return the whole of each, by clock."""
    cv2.setNumThreads(threads)
    detector, embedder = FaceDetector(models), FaceEmbedder(models)
    made: list[Embedding] = []
    clocks = list(CLOCKS.values())
    marks: list[list[list[float]]] = []  # by frame, step and clock

    def mark() -> None:
        marks[-1].append([clock() for clock in clocks])

    for view in [views[0], *views]:  # the first one pays for what is built once
        marks.append([])
        mark()
        faces = detector.detect(view)
        mark()
        seen = look_at(view, faces[0])
        mark()
        made.append(embedder.embed(seen.crop))
        mark()
        compare(fuse(made[-5:]), made[0])
        mark()
    taken = 1000 * np.diff(np.array(marks[1:]), axis=1)
    threaded = f"{size}, {threads} thread{'s' if threads > 1 else ''}"
    whole = {}
    for number, clock in enumerate(CLOCKS):
        for step, name in enumerate(("detect", "quality", "embed", "decide")):
            report(f"frame: {name}, {threaded}{clock}", "ms", taken[:, step, number].tolist())
        whole[clock] = taken[:, :, number].sum(axis=1).tolist()
        name = f"frame: detect + quality + embed + decide, {threaded}{clock}"
        report(name, "ms", whole[clock])
    return whole


class SimulatedCamera:
    """Gives the newest frame of the moment; the time that the taker needs passes meanwhile."""

    def __init__(self, performer: Performer, clock: Callable[[], float]) -> None:
        """Begin at time 0; ``clock`` tells what the taker needs."""
        self._clock = clock
        self._performer = performer
        self.now = 0.0
        self.first_good: float | None = None
        self.turned: float | None = None
        self.handed_at = 0.0
        self._captured = 0.0

    def frames(self) -> Iterator[Frame]:
        """Yield frames without end."""
        sequence = 0
        while True:
            sequence = max(sequence + 1, int(self.now * RATE))
            self._captured = sequence / RATE
            self.now = max(self.now, self._captured)
            frame = Frame(self._performer.view(), sequence, self._captured)
            self.handed_at = self._clock()
            yield frame
            self.now += self._clock() - self.handed_at

    def hear(self, progress: Progress) -> None:
        """Take down when the first good frame and the last turn were seen."""
        self._performer.follow(progress)
        if progress.frames and self.first_good is None:
            self.first_good = self._captured
        if progress.step == "done" and self.turned is None:
            self.turned = self._captured


def measure_decisions(models: FaceModels, sitter: Sitter, photo: Pixels, times: int) -> None:
    """Report the time to a decision without and with head turns."""
    cv2.setNumThreads(1)
    for turns, (clock_name, clock) in itertools.product((0, 2), CLOCKS.items()):
        taken: list[float] = []
        for number in range(times):
            matcher = FaceMatcher(
                models,
                liveness=LivenessLimits(turns=turns),
                chance=random.Random(number),  # noqa: S311  # repeatable, no secret
            )
            camera = SimulatedCamera(Performer(sitter, seed=number), clock)
            decision = matcher.decide(photo, camera.frames(), on_progress=camera.hear)
            ended = camera.now + clock() - camera.handed_at
            start = camera.turned if turns else camera.first_good
            if decision.outcome != "match" or start is None:
                print(json.dumps({"undecided": decision.reason, "turns": turns, "run": number}))
                continue
            taken.append((ended - start) * 1000)
        name = "the last of two head turns" if turns else "the first good frame, no head turns,"
        report(f"from {name} to the decision, 1 thread{clock_name}", "ms", taken)


def measure_dropped(whole: Mapping[str, list[float]]) -> None:
    """Report the frames missed in an hour, where each costs what one of ``whole`` did."""
    for clock, costs in whole.items():
        chance = random.Random(1)  # noqa: S311  # repeatable, no secret
        now, taken, sequence = 0.0, 0, 0
        while sequence < HOUR_FRAMES:
            sequence = max(sequence + 1, int(now * RATE))
            now = max(now, sequence / RATE) + chance.choice(costs) / 1000
            taken += 1
        name = f"frames dropped in an hour at 15 frames/s, all embedded, simulated time{clock}"
        report(name, "frames", [HOUR_FRAMES - taken])


def measure_memory(views: list[Pixels], photo: bytes) -> None:
    """Report what a process holds more after decisions than before face_auth was loaded."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "views.npy", np.stack(views))
        (folder / "photo.jp2").write_bytes(photo)
        result = subprocess.run(  # a process that has loaded nothing of it yet
            [sys.executable, "-m", "tests.benchmarks.face_memory", name],
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    report("memory, peak above the terminal without it", "MiB", [float(result.stdout)])


def run(times: int) -> None:
    """Measure all of it."""
    report("load of the machine, last minute", "programs", [os.getloadavg()[0]])
    report("processors", "", [os.cpu_count() or 1])
    models = load_models()
    report("both models: read, verified, built", "ms", [milliseconds(lambda: FaceMatcher(models))])
    detector = FaceDetector(models)
    portraits = read_portraits()
    sitter = seat(portraits["a1"], detector.detect(portraits["a1"])[0])
    card = jpeg_2000(cut(portraits["a2"], detector), 240, 320, 25)
    report(
        "photo: headers and decoding, 240 x 320", "ms", [milliseconds(lambda: decode_photo(card))]
    )
    performer = Performer(sitter)
    views = [performer.view() for _ in range(40)]
    large = [cv2.copyMakeBorder(v, 120, 120, 320, 320, cv2.BORDER_REFLECT) for v in views[:20]]
    whole: dict[str, list[float]] = {}
    for threads in (1, 2):
        found = measure_frames(models, views, threads, "640 x 480")
        whole = whole or found
        measure_frames(models, [np.asarray(v, np.uint8) for v in large], threads, "1280 x 720")
    measure_dropped(whole)
    measure_decisions(models, sitter, decode_photo(card), times)
    measure_memory(views, card)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
