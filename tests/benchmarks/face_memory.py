"""How much memory face verification adds to the terminal: prints MiB, at the most.

``python -m tests.benchmarks.face_memory FOLDER``: in it ``views.npy`` and ``photo.jp2``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import terminal.app
import web.cli
from face_auth import FaceMatcher, Frame, LivenessLimits, decode_photo, load_models

LOADED = (terminal.app, web.cli)
"""What a terminal without face verification has loaded."""


def resident(name: str) -> int:
    """Return a line of this process's status, in KiB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1])


def run(folder: Path) -> None:
    """Decide on the views and print what it took more than the terminal."""
    before = resident("VmRSS")
    import numpy as np

    matcher = FaceMatcher(load_models(), liveness=LivenessLimits(turns=0))
    views = np.load(folder / "views.npy", mmap_mode="r")
    photo = decode_photo((folder / "photo.jp2").read_bytes())
    for _ in range(3):
        matcher.decide(photo, (Frame(np.array(v), n, n / 15) for n, v in enumerate(views)))
    print((resident("VmHWM") - before) / 1024)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
