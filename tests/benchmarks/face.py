"""What face verification costs: prints JSON lines.  ``python -m tests.benchmarks.face [N]``.

Frames are rendered from two portraits, which is enough for times and memory and says nothing about
accuracy (``eligibility-terminal face evaluate`` does).  The camera is simulated: a frame is there
each fifteenth of a second, and whoever is busy meanwhile misses it; what the code takes is real.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
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
    from face_auth.types import Pixels

RATE = 15.0
ROOT = Path(__file__).resolve().parents[2]
HOUR_FRAMES = int(3600 * RATE)


def milliseconds(act: Callable[[], object]) -> float:
    """Return how long it took."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def measure_frames(models: FaceModels, views: list[Pixels], threads: int, size: str) -> list[float]:
    """Report each step of a frame; return the whole of each."""
    cv2.setNumThreads(threads)
    detector, embedder = FaceDetector(models), FaceEmbedder(models)
    steps: dict[str, list[float]] = {"detect": [], "quality": [], "embed": [], "decide": []}
    made = []
    busy: list[float] = []
    for view in [views[0], *views]:  # the first one pays for what is built once
        worked = time.process_time()
        began = time.perf_counter()
        faces = detector.detect(view)
        found = time.perf_counter()
        seen = look_at(view, faces[0])
        judged = time.perf_counter()
        made.append(embedder.embed(seen.crop))
        embedded = time.perf_counter()
        compare(fuse(made[-5:]), made[0])
        ended = time.perf_counter()
        busy.append((time.process_time() - worked) * 1000)
        marks = (began, found, judged, embedded, ended)
        for name, start, end in zip(steps, marks, marks[1:], strict=False):
            steps[name].append((end - start) * 1000)
    whole = [sum(values) for values in zip(*(found[1:] for found in steps.values()), strict=True)]
    threaded = f"{size}, {threads} thread{'s' if threads > 1 else ''}"
    for name, values in steps.items():
        report(f"frame: {name}, {threaded}", "ms", values[1:])
    report(f"frame: detect + quality + embed + decide, {threaded}", "ms", whole)
    report(f"frame: all of it, time of processors, {threaded}", "ms", busy[1:])
    return whole


class SimulatedCamera:
    """Gives the newest frame of the moment; the time that the taker needs passes meanwhile."""

    def __init__(self, performer: Performer) -> None:
        """Begin at time 0."""
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
            self.handed_at = time.perf_counter()
            yield frame
            self.now += time.perf_counter() - self.handed_at

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
    for turns in (0, 2):
        taken: list[float] = []
        for number in range(times):
            matcher = FaceMatcher(
                models,
                liveness=LivenessLimits(turns=turns),
                chance=random.Random(number),  # noqa: S311  # repeatable, no secret
            )
            camera = SimulatedCamera(Performer(sitter, seed=number))
            decision = matcher.decide(photo, camera.frames(), on_progress=camera.hear)
            ended = camera.now + time.perf_counter() - camera.handed_at
            start = camera.turned if turns else camera.first_good
            if decision.outcome != "match" or start is None:
                print(json.dumps({"undecided": decision.reason, "turns": turns, "run": number}))
                continue
            taken.append((ended - start) * 1000)
        name = "the last of two head turns" if turns else "the first good frame, no head turns,"
        report(f"from {name} to the decision, 1 thread", "ms", taken)


def measure_dropped(whole: list[float]) -> None:
    """Report the frames missed in an hour, where each costs what one of ``whole`` did."""
    chance = random.Random(1)  # noqa: S311  # repeatable, no secret
    now, taken, sequence = 0.0, 0, 0
    while sequence < HOUR_FRAMES:
        sequence = max(sequence + 1, int(now * RATE))
        now = max(now, sequence / RATE) + chance.choice(whole) / 1000
        taken += 1
    report(
        "frames dropped in an hour at 15 frames/s, simulated time", "frames", [HOUR_FRAMES - taken]
    )


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
    whole: list[float] = []
    for threads in (1, 2):
        found = measure_frames(models, views, threads, "640 x 480")
        whole = whole or found
        measure_frames(models, [np.asarray(v, np.uint8) for v in large], threads, "1280 x 720")
    measure_dropped(whole)
    measure_decisions(models, sitter, decode_photo(card), times)
    measure_memory(views, card)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
