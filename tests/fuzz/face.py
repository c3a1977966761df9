"""Hostile photos and frames for face verification, in a process of their own.

Each case follows from the seed and its number alone.  The process may take 2 GB, so that what is
too much is measured rather than refused by the system and mistaken for a damaged picture.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from face_auth import (
    FaceAuthError,
    FaceMatcher,
    LivenessLimits,
    PhotoError,
    decode_photo,
    load_models,
)
from tests.fuzz.card import case_of
from tests.fuzz.face_cases import (
    good_photos,
    good_views,
    hostile_frame,
    hostile_frames,
    hostile_photo,
)

ROOT = Path(__file__).resolve().parents[2]
LIMIT_BYTES = 2 << 30
MOST_MEBIBYTES = 200
"""What no photo, no frame and no attempt's frame may cost."""
MOST_SECONDS = 1.0
"""Of the processor: a busy machine is no finding."""
Target = tuple[Callable[[random.Random], object], Callable[[object], str]]
"""Makes a case, and what has to stand it, and says what came of it."""


def targets() -> dict[str, Target]:
    """Return what is fuzzed."""
    photos, views, models = good_photos(), good_views(), load_models()
    still = FaceMatcher(models, liveness=LivenessLimits(turns=0))
    turning = FaceMatcher(models, chance=random.Random(1))  # noqa: S311  # no secret
    reference = decode_photo(next(one for one in photos if _has_face(still, one)))

    def photo(content: object) -> str:
        still.embed(decode_photo(content))  # type: ignore[arg-type]  # bytes, as made above
        return "answered"

    def frame(pixels: object) -> str:
        still.embed(pixels)  # type: ignore[arg-type]  # not always pixels
        return "answered"

    def attempt(frames: object) -> str:
        matcher = (still, turning)[len(frames) % 2]  # type: ignore[arg-type]  # a list
        decision = matcher.decide(reference, frames)  # type: ignore[arg-type]
        return f"{decision.outcome} {decision.reason}"

    return {
        "photo": (lambda chance: hostile_photo(chance, photos), photo),
        "frame": (lambda chance: hostile_frame(chance, views), frame),
        "attempt": (lambda chance: hostile_frames(chance, views), attempt),
    }


def _has_face(matcher: FaceMatcher, photo: bytes) -> bool:
    try:
        matcher.embed(decode_photo(photo))
    except PhotoError:
        return False
    return True


def give_back() -> None:
    """Give freed memory back to the system: what is kept for use again would hide a case's need."""
    ctypes.CDLL(None).malloc_trim(0)


def peak_kibibytes() -> int:
    """Return the most memory held since the last reset, and reset."""
    status = Path("/proc/self/status").read_text()
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    Path("/proc/self/clear_refs").write_text("5")
    return peak


def fuzz(name: str, target: Target, seed: int, runs: int) -> dict[str, object]:
    """Run the cases; return what came of them, memory in MiB above the start and in seconds."""
    make, stand = target
    failures: dict[str, int] = {}
    reasons: Counter[str] = Counter()
    most, slowest, worked = 0, 0.0, 0.0
    for number in range(runs):
        given = make(case_of(seed, f"face {name}", number))
        give_back()
        peak_kibibytes()
        resting = peak_kibibytes()
        began, busy = time.perf_counter(), time.process_time()
        try:
            reasons[stand(given)] += 1
        except PhotoError as error:
            reasons[error.reason] += 1
        except FaceAuthError as error:
            reasons[type(error).__name__] += 1
        except Exception as error:  # noqa: BLE001  # whatever is none of ours is the finding
            failures.setdefault(type(error).__name__, number)
        slowest = max(slowest, time.perf_counter() - began)
        worked = max(worked, time.process_time() - busy)
        most = max(most, peak_kibibytes() - resting)
    return {
        "target": name,
        "cases": runs,
        "seed": seed,
        "reasons": dict(reasons.most_common()),
        "failures": failures,
        "most_mebibytes": round(most / 1024, 1),
        "most_processor_seconds": round(worked, 3),
        "slowest_seconds": round(slowest, 3),
    }


def too_much(line: dict[str, object]) -> bool:
    """Whether a target broke, or took more than it may."""
    memory, busy = float(str(line["most_mebibytes"])), float(str(line["most_processor_seconds"]))
    return bool(line["failures"]) or memory > MOST_MEBIBYTES or busy > MOST_SECONDS


def run_apart(seed: int, runs: int, only: str | None = None) -> list[dict[str, object]]:
    """Fuzz the targets in a child process; a crash of it is a failure of all."""
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.face",
        "--apart",
        "--seed",
        str(seed),
        "--runs",
        str(runs),
        *(["--only", only] if only else []),
    ]
    result = subprocess.run(  # noqa: S603  # this very module
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise RuntimeError(f"the process ended with {result.returncode}: {result.stderr[-500:]}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def main() -> None:
    """Print a JSON line for each target; exit code 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("photo", "frame", "attempt"))
    parser.add_argument("--apart", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.apart:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
        for name, target in targets().items():
            if given.only in (None, name):
                print(json.dumps(fuzz(name, target, given.seed, given.runs)), flush=True)  # noqa: T201
        return
    found = run_apart(given.seed, given.runs, given.only)
    for line in found:
        print(json.dumps(line))  # noqa: T201  # its very purpose
    sys.exit(1 if any(map(too_much, found)) else 0)


if __name__ == "__main__":
    main()
