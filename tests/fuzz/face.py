"""Spoilt photos and odd frames for face verification, in a process of their own.

Each case follows from the seed and its number alone.  The process may take 2 GB, so that what is
too much is measured rather than refused by the system and mistaken for a damaged picture.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from face_auth import FaceAuthError, FaceMatcher, LivenessLimits, decode_photo, load_models
from face_auth.opencv import cv2
from tests.fuzz.card import case_of, spoil

if TYPE_CHECKING:
    from face_auth.types import Pixels

ROOT = Path(__file__).resolve().parents[2]
LIMIT_BYTES = 2 << 30
MOST_MEBIBYTES = 200
"""What no photo and no frame may cost."""
EXTREMES = (0, 1, 2, 3, 7, 8, 64, 255, 256, 2000, 2001, 4096, 30000, 65535, 1 << 20, (1 << 32) - 1)
Target = tuple[Callable[[random.Random], object], Callable[[object], object]]
"""Makes a case, and what has to stand it."""


def photos() -> list[bytes]:
    """Return small good photos: colour and grey, boxed and bare, with faces of no one."""
    y, x = np.mgrid[0:160, 0:120]
    face = (128 + 80 * np.sin(x / 9) * np.cos(y / 11)).astype(np.uint8)
    made = []
    for picture in (face, np.dstack([face, face // 2, 255 - face])):
        for rate in (30, 120):
            kept = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, rate]
            encoded = cv2.imencode(".jp2", picture, kept)[1].tobytes()
            made += [encoded, encoded[encoded.index(bytes.fromhex("FF4FFF51")) :]]
    return made


def spoil_photo(chance: random.Random, good: list[bytes]) -> bytes:
    """Return a photo with noise in it, or with an extreme in its headers, or with both."""
    content = chance.choice(good)
    kind = chance.random()
    if kind < 0.4:
        return spoil(chance, content)
    spoilt = bytearray(content)
    start = content.index(bytes.fromhex("FF4FFF51"))
    for _ in range(chance.choice((1, 1, 2, 3))):
        if chance.random() < 0.6:  # sizes and tiles of SIZ
            at = start + 8 + 4 * chance.randrange(8)
            struct.pack_into(">I", spoilt, at, chance.choice(EXTREMES))
        else:  # components, and the coding style behind them
            at = start + chance.randrange(40, min(80, len(content) - start))
            spoilt[at] = chance.choice((0, 1, 2, 5, 8, 32, 33, 127, 255, spoilt[at] ^ 1))
    return spoil(chance, bytes(spoilt)) if kind > 0.9 else bytes(spoilt)


def odd_frame(chance: random.Random) -> Pixels:
    """Return an array that is a frame, or nearly, or not at all."""
    numbers = np.random.default_rng(chance.randrange(1 << 30))
    sides = (0, 1, 2, 15, 16, 17, 31, 64, 240, 480, 640, 1280, 4096, 4097)
    shape: tuple[int, ...] = (chance.choice(sides), chance.choice(sides), 3)
    if chance.random() < 0.3:
        shape = chance.choice([shape[:2], (*shape[:2], 1), (*shape[:2], 4), (1, *shape), (5,), ()])
    kind = chance.choice(("uint8", "uint8", "uint8", "float32", "int16", "bool"))
    array = numbers.integers(0, 256, shape, dtype=np.uint8).astype(kind)
    if array.ndim == 3 and chance.random() < 0.2:
        array = array[::2, ::-1]
    return array


def targets() -> dict[str, Target]:
    """Return what is fuzzed."""
    good = photos()
    matcher = FaceMatcher(load_models(), liveness=LivenessLimits(turns=0))

    def photo(content: object) -> object:
        pixels = decode_photo(content)  # type: ignore[arg-type]  # bytes, as made below
        try:
            matcher.embed(pixels)
        except FaceAuthError:
            pass  # decoded, but no face: what a damaged photo comes to
        return pixels

    return {
        "photo": (lambda chance: spoil_photo(chance, good), photo),
        "frame": (odd_frame, matcher.embed),  # type: ignore[dict-item]  # not always pixels
    }


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
    most, slowest, answered = 0, 0.0, 0
    for number in range(runs):
        given = make(case_of(seed, f"face {name}", number))
        peak_kibibytes()
        resting = peak_kibibytes()
        began = time.perf_counter()
        try:
            stand(given)
            answered += 1
        except FaceAuthError:
            pass
        except Exception as error:  # noqa: BLE001  # whatever is none of ours is the finding
            failures.setdefault(type(error).__name__, number)
        slowest = max(slowest, time.perf_counter() - began)
        most = max(most, peak_kibibytes() - resting)
    return {
        "target": name,
        "cases": runs,
        "seed": seed,
        "answered": answered,
        "failures": failures,
        "most_mebibytes": round(most / 1024, 1),
        "slowest_seconds": round(slowest, 3),
    }


def run_apart(seed: int, runs: int) -> list[dict[str, object]]:
    """Fuzz all targets in a child process; a crash of it is a failure of all."""
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.face",
        "--apart",
        "--seed",
        str(seed),
        "--runs",
        str(runs),
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
    parser.add_argument("--apart", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.apart:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
        for name, target in targets().items():
            print(json.dumps(fuzz(name, target, given.seed, given.runs)), flush=True)  # noqa: T201
        return
    found = run_apart(given.seed, given.runs)
    for line in found:
        print(json.dumps(line))  # noqa: T201  # its very purpose
    bad = [
        line
        for line in found
        if line["failures"] or float(str(line["most_mebibytes"])) > MOST_MEBIBYTES
    ]
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
